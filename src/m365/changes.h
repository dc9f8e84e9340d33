/* m365/changes.h - what changed between two versions of the feed: records of the service's change
 * log, records computed by us, and their application to a feed. Pure; arena memory. */
#pragma once
#include "m365/feed.h"

enum disposition { DISPOSITION_CHANGE, DISPOSITION_ADD, DISPOSITION_REMOVE, DISPOSITIONS };
const char *disposition_text(enum disposition d);
MUST_USE bool disposition_parse(const char *s, enum disposition *out);

/* Which scalars a record names. */
enum scalar {
    SCALAR_EXPRESS_ROUTE = 1 << 0,
    SCALAR_AREA = 1 << 1,
    SCALAR_CATEGORY = 1 << 2,
    SCALAR_REQUIRED = 1 << 3,
    SCALAR_TCP = 1 << 4,
    SCALAR_UDP = 1 << 5,
    SCALAR_NOTES = 1 << 6,
};
struct scalars {
    unsigned has;
    struct endpoint_set v; /* only the scalars are meaningful */
};

struct change {
    uint32_t id, set_id;
    enum disposition disposition;
    const char *impact; /* as the service spells it; "" before 2018112800 */
    const char *version;
    struct scalars previous, current;
    const char *effective; /* "20190207" or "" */
    const char *description;
    struct endpoint_set add, remove; /* only urls and ips are meaningful */
};
struct changes {
    struct change *c; /* by version, then id */
    size_t n;
};

/* What a person must do, by impact. An impact nobody knows is work until somebody looked. */
enum urgency { URGENT_NOW, URGENT_BY_DATE, URGENT_REVIEW, URGENT_CLEAN_UP, URGENT_NOT };
struct impact_row {
    const char *impact;
    enum urgency urgency;
    const char *action;
};
const struct impact_row *impact_of(const struct change *c); /* never NULL; any case */
const char *urgency_text(enum urgency u);
/* Did the record turn the circuit flag of a set? Such records are not always named so. */
bool change_turns_express_route(const struct change *c);

/* Records that turn `before` into `after`. version: of `after`, copied. False: arena full. */
MUST_USE bool changes_between(const struct feed *before, const struct feed *after,
                              const char *version, struct arena *a, struct changes *out);
/* Applies in order of version and id. A record for a set that is not there is counted, not applied.
 * False: arena full. */
MUST_USE bool changes_apply(const struct feed *f, const struct changes *changes, struct arena *a,
                            struct feed *out, size_t *out_orphans);
void changes_sort(struct changes *c);

/* Days since 1970-01-01 of "YYYYMMDD" or "YYYY-MM-DD"; false if it is no date. */
MUST_USE bool date_parse(const char *s, int64_t *out_days);
