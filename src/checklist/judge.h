/* checklist/judge.h - what a judging function is made of; for the files of this folder.
 * A row's two functions are called once for each subject of its scope and say what they find with the
 * words below. Saying several things keeps the worst. Saying nothing leaves "not applicable". */
#pragma once
#include "checklist/checklist.h"
#include "checklist/links.h"

enum scope { /* what a row is asked about, one finding each */
    SCOPE_DESIGN,
    SCOPE_CIRCUIT,
    SCOPE_PEERING, /* "circuit/C/private" */
    SCOPE_LEG,     /* "circuit/C/private/primary" */
    SCOPE_CONNECTION,
    SCOPE_GATEWAY,
    SCOPE_NETWORK,
    SCOPE_PORT,
    SCOPE_REACH,
    SCOPE_CHANGE,
    SCOPE_SITE,
    SCOPE_WORKLOAD,
    SCOPE_RECOVERY, /* a set of circuits that stand in for each other: "recovery/NAME" */
    SCOPE_VPN,
    SCOPE_POOL,     /* NAT: "nat/NAME" */
    SCOPE_INBOUND,
    SCOPE_FLOW,
    SCOPE_FILTER,   /* "route-filter/NAME" */
    SCOPE_IPSEC,
    SCOPES
};

struct judging {
    const struct checklist_input *in;
    struct arena *arena;
    const struct checklist_row *row;
    const struct design *d;
    const struct catalogue *cat;
    struct links **links;           /* of the whole run; made when first needed */
    bool *used;                     /* of each statement of the design: has a row asked for it? */
    const struct design_circuit *c; /* of the scope; NULL where it has none */
    const struct design_peering *p;
    const struct design_connection *k;
    const struct design_gateway *g;
    const struct design_vnet *v;
    const struct design_port *port;
    const struct design_reach *reach;
    const struct design_change *change;
    const struct design_site *site;
    const struct design_workload *work;
    const struct design_recovery *set;
    const struct design_vpn *vpn;
    const struct design_pool *pool;
    const struct design_inbound *inbound;
    const struct design_flow *flow;
    const struct design_filter *filter;
    const struct design_ipsec *ipsec;
    enum peering_kind kind;
    enum leg leg;
    const char *subject, *where;
    const char *at; /* the place now looked at; a finding remembers the one that made it worse */
    bool asks;      /* the design was silent where it should tell */
    struct finding f;
};

struct judge_row {
    const char *id;
    enum scope scope;
    const char *(*applies)(const struct judging *j); /* NULL result: it does; else why not. May be NULL */
    void (*design)(struct judging *j);               /* may be NULL: no design side */
    void (*live)(struct judging *j);                 /* may be NULL: no live side */
};

/* What a function may find. `broken` weighs by the row's level: fail, warn or note. */
void holds(struct judging *j);
void broken(struct judging *j, const char *fmt, ...) PRINTF_LIKE(2, 3);
void unclear(struct judging *j, const char *fmt, ...) PRINTF_LIKE(2, 3);
void fails(struct judging *j, const char *fmt, ...) PRINTF_LIKE(2, 3); /* whatever the row's level */
void warns(struct judging *j, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The design does not tell. A statement of a person about this row and subject decides in its place;
 * without one, or with one older than a year, the row is unclear. */
void untold(struct judging *j, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A key that must say `good`; `wrong` is the message when it says the opposite, and `key` is its place
 * under the subject, which untold names when it says nothing. */
void must_say(struct judging *j, enum said value, enum said good, const char *key, const char *wrong);
/* The design's key that is at fault: "/peer_asn" under the subject's place. Before broken or unclear. */
void at_key(struct judging *j, const char *key);
void owned_by(struct judging *j, const char *owner); /* who must act, when not the row's usual party */

/* Facts. Each becomes part of the evidence. `seen` gives the newest fresh value, or NULL after saying
 * `unclear`; `seen_if` is silent when there is none. */
const char *seen(struct judging *j, enum fact_name name, const char *subject);
const char *seen_if(struct judging *j, enum fact_name name, const char *subject);
/* All fresh values; *out_n 0 without a word when there is none. In the arena. */
const struct fact *const *seen_all(struct judging *j, enum fact_name name, const char *subject,
                                   size_t *out_n);
/* Says broken unless the value is the wanted one; silent (unclear) when it was not seen. */
void wants(struct judging *j, enum fact_name name, const char *subject, const char *wanted);
bool seen_number(struct judging *j, enum fact_name name, const char *subject, uint64_t *out);

const char *leg_subject(struct judging *j, enum leg leg); /* of the peering under judgement */
const char *circuit_subject(struct judging *j);
const char *say(struct judging *j, const char *fmt, ...) PRINTF_LIKE(2, 3); /* text in the arena */
const char *show_prefix(struct judging *j, const struct prefix *p);
const char *show_addr(struct judging *j, const struct addr *a);
int64_t today(const struct judging *j); /* days since 1970 */

/* Shared conditions, for `applies`. */
const char *if_provider_circuit(const struct judging *j);
const char *if_direct(const struct judging *j);
const char *if_microsoft(const struct judging *j);
const char *if_private(const struct judging *j);

/* Both subnets of a leg that the design declares: IPv4 then IPv6. */
size_t leg_subnets(const struct judging *j, enum leg leg, struct prefix out[static 2]);
/* Do two declared paths share an element? Its name, or NULL. */
const char *shared_element(const char *const *a, size_t a_n, const char *const *b, size_t b_n);
/* Virtual networks linked to a circuit, at most `most`. */
size_t linked_networks(const struct judging *j, const struct design_circuit *c,
                       const struct design_vnet **out, size_t most);
/* The record of an exercise on a leg: lasting fact. NULL if there is none. */
const struct fact *drill_of(struct judging *j, const char *leg);

/* Has the design Microsoft peering anywhere, on a circuit, on this one? */
bool has_microsoft(const struct design *d);
const char *if_any_microsoft(const struct judging *j);
const char *if_microsoft_circuit(const struct judging *j);
const char *if_m365(const struct judging *j);
const char *if_gateways(const struct judging *j);

/* What the current peering announces on a leg (design_leg_of). */
struct announced {
    const struct prefix *list;
    size_t n;
};
struct announced announced_on(const struct judging *j, enum leg leg);
/* Prefix of a list that covers one, the longest; NULL. A default route covers nothing. */
const struct prefix *covered_by(const struct prefix *list, size_t n, const struct prefix *p);
/* The longest prefix that a circuit's Microsoft peering announces on any leg and that covers one. */
const struct prefix *circuit_covers(const struct judging *j, const struct design_circuit *c,
                                    const struct prefix *p);
/* The longest covering prefix announced to the Internet. */
const struct prefix *internet_covers(const struct design *d, const struct prefix *p);
bool text_in(const char *const *list, size_t n, const char *s);
/* The prefix, hops and AS path of a FACT_ROUTE; path may be "". False if the value is none. */
struct route_seen {
    struct prefix prefix;
    unsigned long med, hops;
    const char *path;
};
bool route_parse(const char *value, struct route_seen *out);
/* AS numbers of a path one after the other; false at its end. */
bool path_next(const char **path, uint32_t *out_asn);

/* The tables, ended by a row without id. */
extern const struct judge_row judges_account[], judges_provider[], judges_circuit[], judges_layer2[],
    judges_redundancy[], judges_address[], judges_session[], judges_prefix[], judges_gateway[],
    judges_recovery[], judges_routing[], judges_microsoft[], judges_nat[], judges_qos[], judges_security[],
    judges_operations[], judges_m365[], judges_m365_paths[], judges_m365_plan[], judges_dynamics[],
    judges_capacity[];
const struct judge_row *judge_row(const char *id); /* NULL: not yet judged */
