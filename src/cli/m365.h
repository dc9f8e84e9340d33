/* cli/m365.h - what the views of `fairlead m365` share: options, input files, printing. */
#pragma once
#include <jansson.h>
#include <stdio.h>
#include "base/text.h"
#include "cli/options.h"
#include "m365/feed_json.h"
#include "m365/servicetags_json.h"

enum { M365_WORDS_MAX = 8 };

struct m365_args {
    const char *word[M365_WORDS_MAX]; /* the view and its arguments */
    int words;
    const char *from, *cache, *url, *tags, *communities, *proxy, *name, *today, *type, *ca;
    const char *services, *regions, *expect, *instance_text, *client, *output_text;
    const char *environment, *release, *cloud;
    enum output output;
    bool merged, by_community, force;
    enum feed_instance instance; /* INSTANCE_UNKNOWN: to be guessed */
    struct selection selection;
};

/* One command's memory: everything read is dropped at its end. */
struct m365_run {
    struct m365_args args;
    struct arena arena;
    struct problems problems;
    struct feed feed;              /* of --from or the cache, when the view asked for it */
    const char *version, *fetched; /* of the cache; "" with --from */
    bool stale;
};

static inline bool m365_json(const struct m365_run *r) { return r->args.output == OUTPUT_JSON; }

/* Views: exit status. The feed has been read where the table of views says so. */
typedef int m365_view(struct m365_run *r);
m365_view m365_stats, m365_sets, m365_prefixes, m365_urls, m365_explain;
m365_view m365_pac, m365_nft, m365_firewall, m365_prefix_list, m365_route_filter;
m365_view m365_diff, m365_changes, m365_replay, m365_tags, m365_tags_diff, m365_coverage;
m365_view m365_decide, m365_dynamics, m365_rehearse;

/* False, with the reason on stderr: no such file, larger than `most`, nonsense. */
MUST_USE bool m365_read_feed(struct m365_run *r, const char *path, struct feed *out);
MUST_USE bool m365_read_tags(struct m365_run *r, const char *path, struct service_tags *out);
/* The whole file, owned by the caller; NULL with the reason on stderr. "-" is standard input. */
char *m365_read_file(const char *path, size_t most, size_t *out_n);
/* Prints "PATH: where: what; rule; write: fix" a line; returns EXIT_ERROR. */
int m365_refuse(const struct m365_run *r, const char *path);

int m365_print_json(json_t *v);      /* takes the reference; EXIT_FINE */
int m365_print_text(struct text *t); /* drops the text; EXIT_FINE */
int m365_usage(const char *what);    /* EXIT_USAGE */
/* "exchange,teams" -> areas of the selection; false with the reason on stderr. */
MUST_USE bool m365_select_services(const char *list, struct arena *a, struct selection *out);
