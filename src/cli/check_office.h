/* cli/check_office.h - what is at hand of the endpoint feed for a check: copies that `fairlead m365 sync`
 * keeps, in the cache of whoever runs a check of a lab or among exported files. */
#pragma once
#include "cli/check_input.h"
#include "evidence/office_json.h"

enum { OFFICE_COPIES_MAX = 64 };
struct office_kit { /* lives in the check's arena */
    struct cache *copies;
    struct changes *changes;
    size_t copies_n;
    int64_t copies_ms; /* when the copies were looked at, wall clock */
    const char *source;
};

/* A copy or a log of changes among other files; false: it is neither. What is damaged is noted. */
bool office_take_text(struct check *k, struct office_kit *o, const char *name, const char *bytes, size_t n, int64_t at_ms);
/* All copies of the cache directory of whoever runs this. */
void office_take_cache(struct check *k, struct office_kit *o);
/* A file for a check of a design alone: a copy, or the feed as the service gives it. Exit status. */
int office_open_feed(struct check *k, const char *file);
/* The newest copy becomes the check's feed, unless a file was named. */
void office_choose_feed(struct check *k, const struct office_kit *o);
/* Once all other facts are there: adds what the feed tells beside them. Sorts. */
void office_facts(struct check *k, const struct office_kit *o);
