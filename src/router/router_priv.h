/* router/router_priv.h - what the files of this folder share: the router's own structures.
 *   router.c  facts in, session effects, timers, questions
 *   apply.c   an intent: copied, checked, compared, applied
 *   import.c  UPDATEs into tables, prefix limits
 *   judge.c   verdicts by prefix, and once more when payloads change
 *   export.c  tables into UPDATEs
 *   encoded.c path attributes, encoded once for neighbours that get the same
 *   show.c    everything as JSON text
 *   look.c    single routes, walks, the tap */
#pragma once
#include <assert.h>
#include "policy/limit.h"
#include "policy/rov.h"
#include "rib/journal.h"
#include "rib/path_ids.h"
#include "router/encoded.h"
#include "router/faults.h"
#include "router/look.h"
#include "router/router.h"

enum {
    FAMILIES = 2,
    GROUPS = POLICY_PEER_SELF * 4,
    PEERS_MOST = 8191,
    ADD_PATH_IN = 8,  /* paths of one neighbour to one prefix, each a source of its own: a lane */
    ADD_PATH_OUT = 8,
};
static_assert(ADD_PATH_IN * (PEERS_MOST + 1) <= UINT16_MAX + 1, "each lane of each neighbour has a number");

static inline uint32_t family_bit(size_t slot) { return slot ? BGP_IPV6_UNICAST : BGP_IPV4_UNICAST; }
/* The sources of a neighbour. Without path identifiers all its paths are in lane 0. */
static inline source_ref source_of(peer_ref ref, size_t lane)
{
    return (source_ref)(lane * (PEERS_MOST + 1u) + ref + 1u);
}
static inline size_t source_lane(source_ref s) { return s / (PEERS_MOST + 1u); }
static inline peer_ref source_peer(source_ref s) /* NO_REF: the router itself */
{
    return s % (PEERS_MOST + 1u) - 1u;
}

static inline size_t family_slot(enum bgp_family f) { return f == BGP_IPV6_UNICAST; }

struct intent_copy { /* an intent of our own, kept while anything points into it */
    struct arena arena;
    struct intent *intent;
    struct intent_copy *older;
};

enum bfd_state { BFD_OFF, BFD_DOWN_STATE, BFD_UP_STATE };

struct open_copy { /* the first message of a connection */
    uint8_t *p;
    size_t n;
    bool whole;
};

struct peer {
    bool used;
    bool leaving;        /* dropped by an intent; kept until its NOTIFICATION had time to go out */
    bool up;
    bool limited;        /* down because of its prefix limit */
    uint8_t limit_times; /* so often before, without having kept to it in between */
    bool eor_awaited;    /* its End-of-RIB, or the end of our patience, is still to come */
    bool signalled;      /* writable was reported, nothing pulled dry since */
    domain_ref domain;
    source_ref source;   /* lane 0 */
    uint8_t lanes_n;     /* in use since it is here */
    const struct intent_peer *conf;
    struct policy_rules rules;
    struct policy_matrix may; /* what of whom it may be told */
    struct bgp_session *session;
    struct addr local;   /* ours on this session, as far as known */
    struct addr other;   /* of the other family, on the same interface */
    struct addr next_hop[FAMILIES], next_hop_link; /* ours, as the neighbour can use them */
    uint32_t families;   /* agreed, while up */
    struct bgp_caps caps; /* what the neighbour offered in the last session */
    uint32_t refresh_wanted, refresh_begin, refresh_end; /* family bits: messages to be sent */
    uint32_t eor_sent, eor_got, stale;
    uint32_t retelling;  /* family bits: between the markers of an enhanced refresh (RFC 7313) */
    uint32_t untold;     /* routes that did not fit the neighbour's message size */
    enum bfd_state bfd;
    struct intent_bfd bfd_conf;
    enum limit_level level[FAMILIES];
    uint64_t ignored_prefixes;
    uint64_t refused[POLICY_REASONS_N]; /* announcements refused or lowered so far, by reason */
    struct out *out[FAMILIES];
    struct out *more[FAMILIES][ADD_PATH_OUT - 1]; /* the second path to a prefix, the third ... */
    uint32_t add_path_out; /* agreed, while up: families in which it is told several paths */
    struct faults *faults; /* NULL: none yet */
    struct shape shape[FAMILIES]; /* of what it is told, and their numbers */
    uint16_t shape_number[FAMILIES];
    struct open_copy open_sent[BGP_CONNS], open_got[BGP_CONNS];
    duration limit_pause; /* the last one */
    instant limited_until, stale_until, leaving_until, up_since, retelling_until;
};

struct domain {
    bool used, settled;
    bool waiting; /* scratch of settle_domains */
    const struct intent_domain *conf;
    instant settle_until;
    struct table tables[FAMILIES];
    struct journal journals[FAMILIES][GROUPS];
    bool noted[FAMILIES][GROUPS]; /* notes since the last round of writable reports */
    bool any_noted;
    struct path_ids path_ids[FAMILIES];
    uint8_t *dark; /* names of attachments that are down, as they came */
    size_t dark_n;
    uint32_t listening[FAMILIES];     /* bits: groups with somebody in them */
    struct policy_matrix may[GROUPS]; /* of each such group */
};

struct judging { /* where the walk of judge_slice stands */
    bool on;
    instant due;
    domain_ref domain;
    size_t slot;
    node_ref node;
    uint64_t changed;
};

struct router {
    struct router_sink sink;
    struct hash_key key;
    uint32_t seed;
    struct rib rib;
    struct intent_copy *copies; /* newest first; the first one runs */
    struct peer **peers;        /* by peer_ref */
    struct domain **domains;    /* by domain_ref */
    size_t peers_n, domains_n;
    struct arena scratch;       /* rewound after each use */
    struct bgp_effects fx[3];   /* one per depth: an effect may stop a session */
    unsigned depth;
    bool restarting;            /* our process restarted: keep neighbours patient (RFC 4724) */
    uint64_t changes;           /* best paths changed so far */
    struct rov_table *vrps, *vrps_next; /* NULL: none were ever given; being put together */
    struct judging judging;
    struct router_tap tap;
    struct encoded_cache encoded;
    uint8_t encoding[BGP_MESSAGE_EXTENDED_MAX];
};

static inline const struct intent *running(const struct router *r)
{
    return r->copies ? r->copies->intent : NULL;
}
struct peer *peer_at(const struct router *r, peer_ref ref);     /* NULL: stale */
struct domain *domain_at(const struct router *r, domain_ref ref);
/* Neighbours of a group read one journal. Those that get several paths (odd numbers) have groups of
 * their own, because they are told of changes behind the best path too. */
static inline size_t group_of(const struct peer *p)
{
    return ((size_t)p->rules.peer * 2 + p->rules.external) * 2 + (p->add_path_out != 0);
}
static inline bool group_gets_many(size_t g) { return g & 1; }
enum { GROUPS_THAT_GET_MANY = 0xaaaaa };
/* Paths of a neighbour in the tables, all lanes together. */
uint32_t peer_received(const struct router *r, const struct peer *p, size_t slot);
uint32_t peer_accepted(const struct router *r, const struct peer *p, size_t slot);

/* router.c */
void say(struct router *r, domain_ref d, peer_ref p, const char *name, const char *fmt, ...)
    PRINTF_LIKE(5, 6);
void peer_start(struct router *r, peer_ref ref, instant now);
void peer_stop(struct router *r, peer_ref ref, uint8_t subcode, struct span data, bool again,
               instant now);
void peer_shutdown(struct router *r, peer_ref ref, instant now); /* 6/2, with the operator's words */
void peer_bfd_apply(struct router *r, peer_ref ref); /* start, stop or change to what is declared */
void signal_writers(struct router *r);
void settle_domains(struct router *r, instant now);
void free_old_copies(struct router *r); /* once no leaving neighbour points into them */

/* apply.c */
void peer_rules(const struct router *r, struct peer *p);

/* import.c */
void import_update(struct router *r, peer_ref ref, const struct bgp_update *u, instant now);
void import_mark_stale(struct router *r, peer_ref ref, size_t slot);
void import_drop(struct router *r, peer_ref ref, size_t slot, bool stale_only);
void import_network(struct router *r, domain_ref d, const struct intent_network *n, bool present);
/* Does a next hop lie on a link of the domain that is up, or behind a static route over one? */
bool next_hop_reachable(const struct router *r, const struct domain *d, const struct addr *a);
bool limits_hold(struct router *r, peer_ref ref, instant now); /* false: the session was ended */
uint32_t peer_limit(const struct router *r, const struct peer *p, size_t slot);
void import_changed(struct router *r, domain_ref d, size_t slot, const struct table_change *c);

/* judge.c */
enum policy_reason judge(const struct router *r, const struct peer *p, const struct prefix *prefix,
                         uint32_t origin);
enum rov_state origin_state(const struct router *r, const struct peer *p, const struct prefix *prefix,
                            const struct attrs *a);
attr_ref lowered_attrs(struct router *r, attr_ref attrs); /* a reference of its own */
void judge_again(struct router *r, instant now);          /* everything, over the next turns */
void judge_slice(struct router *r, instant now);

/* export.c */
void export_open(struct router *r, peer_ref ref);  /* the session came up */
void export_close(struct router *r, peer_ref ref);
void export_again(struct router *r, peer_ref ref, uint32_t families, bool markers);
bool export_pending(const struct router *r, const struct peer *p);
/* May this best path go to such neighbours, by the rules alone? */
enum policy_reason export_verdict(const struct router *r, const struct policy_matrix *to,
                                  const struct path *best);
size_t export_write(struct router *r, peer_ref ref, uint8_t *buf, size_t room, size_t *messages);

/* look.c */
void open_keep(struct open_copy *o, struct span bytes); /* of the stream, from its beginning */
void open_forget(struct open_copy *o);
/* Tells the listener how the neighbour's path to this prefix stands now. */
void tap_path_told(struct router *r, peer_ref ref, const struct table *t, node_ref n);
static inline void tap_path(struct router *r, peer_ref ref, const struct table *t, node_ref n)
{
    if (r->tap.path) tap_path_told(r, ref, t, n); /* once per prefix received: no call when nobody listens */
}
void tap_best_told(struct router *r, domain_ref ref, const struct table *t, node_ref n);
void tap_sent(struct router *r, peer_ref ref, struct span messages);

/* show.c: parts of rows, each with what separates it from the one before */
void show_date(struct text *t, int64_t wall_us); /* quoted, RFC 3339 */
void show_string(struct text *t, const char *s);
void show_key(struct text *t, const char *key, const char *value);
void show_prefix(struct text *t, const struct table *table, node_ref n);
void show_attrs(struct text *t, const struct attrs *a);
/* One path of a prefix, without braces. */
void show_route(struct text *t, const struct router *r, const struct domain *d, const struct table *table,
                node_ref n, size_t at);
