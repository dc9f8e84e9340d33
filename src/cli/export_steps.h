/* cli/export_steps.h - which command supplies which fact of a field check: one table, from which
 * `fairlead import` prints what to run and a check says what is missing. */
#pragma once
#include "base/text.h"
#include "intent/facts.h"

enum export_per { PER_EXPORT, PER_CIRCUIT, PER_PEERING, PER_LEG, PER_ROUTER, PER_OFFICE, PER_SITE }; /* the last two: where Office 365 is used */
enum export_dialect { DIALECT_AZ, DIALECT_POWERSHELL, DIALECTS };
enum { EXPORT_FACTS_MAX = 8 };

struct export_step {
    enum export_per per;
    const char *router_kind;         /* of PER_ROUTER: "frr", "bird", "fairlead" */
    const char *file;                /* {circuit} and the like are filled in */
    const char *command[DIALECTS];   /* NULL: there is none in this dialect */
    enum fact_name facts[EXPORT_FACTS_MAX];
    size_t facts_n;
};
extern const struct export_step export_steps[];
extern const size_t export_steps_n;

struct export_names { /* texts for {group}, {circuit} and so on; NULL or "": a placeholder like $GROUP */
    const char *group, *circuit, *peering, *leg, *router;
    const char *site, *applied; /* {applied}: version of the feed that is in use */
};
/* "az network ... > er1.private.primary.arp.json" is appended. */
void export_step_text(const struct export_step *s, enum export_dialect d, const struct export_names *n,
                      struct text *out);
/* The step whose command supplies the fact; NULL if none does. A router's steps only for that kind;
 * `kind` "" takes the first. */
const struct export_step *export_step_for(enum fact_name fact, const char *router_kind);
