/* edge/fast_priv.h - shared by fast.c (configuration), fast_routes.c (what the kernel forwards by) and
 * fast_show.c. */
#pragma once
#include "edge/fast.h"
#include "forward/rivals.h"
#include "forward/trie.h"
#include "forward/twin.h"
#include "sys/fastpath.h"
#include "sys/fib_follow.h"

enum { FAST_NAME_ROOM = 41, HOP_LOCAL = 1, HOP_DISCARD = 2, HOPS_FIXED = 8, HOP_BUCKETS = 256, FAST_ACLS = 1024 };

struct known_hop { /* a next hop or a group, in the order of its row */
    struct known_hop *next; /* in its bucket */
    struct fast_dom *domain;
    struct addr via;        /* none: the subnet of the interface */
    unsigned ifindex;
    uint32_t row, refs;
    uint16_t members[8], members_n; /* of a group */
    bool idle;
};

struct fast_dom {
    struct fast_dom *next;
    struct fast *fast;
    char name[FAST_NAME_ROOM];
    uint32_t number;        /* of counters; also of its prefixes among the rivals */
    uint32_t root4, root6;
    struct fib_follow *follow;
    int ns;                 /* borrowed from the space, during a round */
    bool wanted, lost, overflowed;
    const struct intent_domain *wish; /* during a round */
    bool has_pool;
    double growth;          /* of used port blocks, a second */
    uint32_t used_before;
};

struct fast_att {
    struct fast_att *next;
    struct fast_dom *domain;
    char name[LINK_NAME_MAX];
    uint32_t id;
    unsigned port, inside;
    struct fast_attachment row; /* as wanted, but for what the tables say */
    const struct intent_attachment *wish; /* during a round */
    struct att_rules {
        uint64_t acl_shape, source_shape, rate_shape; /* of what was written; 0: nothing */
        uint32_t acl, source4, source6, policer_in, policer_out;
        bool declared;
    } rules;
    uint32_t punt_pps;      /* what its bucket is filled for; 0: not yet */
    bool queues;            /* the kernel's queues have to see what leaves by it */
    bool wanted;
};

struct fast_port {
    unsigned ifindex;
    char name[LINK_NAME_MAX];
    bool wanted, known, attached; /* known: the program may send frames to it */
    bool takes;                   /* takes redirected frames */
};

struct fast {
    struct hash_key key;
    struct natsync *natsync;       /* the keeper's */
    int epoll;
    const struct intent *intent;
    struct fastpath *path;         /* NULL until the first commit */
    struct fast_tables tables;
    struct fastpath *old;          /* outgrown in this commit, in force until the ports have the new one */
    struct fast_tables old_tables;
    struct trie *trie;
    struct rivals *rivals;
    struct known_hop *buckets[HOP_BUCKETS], **by_row;
    uint16_t *free_rows, *retired_rows;
    size_t free_rows_n, retired_rows_n;
    struct fast_dom *domains;
    struct fast_att *atts;
    struct fast_port ports[64];
    size_t ports_n;
    uint32_t nowhere;              /* a table without routes */
    bool numbers[FAST_DOMAINS], ids[FAST_ATTACHMENTS], policers[FAST_POLICERS], acls[FAST_ACLS];
    struct att_rules *old_rules;   /* replaced in this round, in force until it ends */
    size_t old_rules_n;
    instant probe_at;
    struct {
        uint32_t walk_row, walk_round, age_row;
        instant recover_until;     /* so long our own bindings may come from the partner */
        uint64_t made, aged, taken, strays, full;
    } nat;
    bool failed;                   /* the program does not load here */
    uint64_t commits, resyncs, shape; /* shape: of the rows in force */
};

/* fast_routes.c */
void hops_init(struct fast *f);
void hops_free(struct fast *f);
bool routes_follow(struct fast_dom *d, struct text *why); /* opens and reads everything */
void routes_read(struct fast_dom *d);    /* changes there are */
void routes_leave(struct fast_dom *d);   /* follows no more; what is in the tables stays */
void routes_forget(struct fast_dom *d);  /* all of them, and the tables */
void routes_probe_idle(struct fast *f);
void routes_resolve(struct fast *f);      /* next hops that nobody needed yet */
void fast_settle(struct fast *f);        /* a grace period, then what was retired is free */
/* An attachment is not wanted any more, or sits elsewhere: hops by its interface are the kernel's. */
void hops_rewrite(struct fast *f, const struct fast_dom *d, unsigned ifindex);
const struct fast_att *fast_att_inside(const struct fast_dom *d, unsigned ifindex);

/* fast_rules.c: what an attachment's packets may and get, in rows of their own; a change makes new rows,
 * the old ones are free after the switch. */
void classes_write(struct fast *f);
bool rules_write(struct fast *f, struct fast_att *a, struct text *why);
void rules_settled(struct fast *f);
void rules_drop(struct fast *f, struct fast_att *a);

/* fast_nat.c */
uint32_t nat_flows(const struct intent_nat *n);  /* bindings at most */
uint32_t nat_blocks(const struct intent_nat *n); /* port blocks of the whole pool */
bool nat_write(struct fast *f, struct fast_dom *d, struct text *why); /* the pool, as the intent says */
uint32_t nat_carry(struct fast *f); /* bindings of the old tables into the new ones; how many there are now */
void nat_forget(struct fast *f, uint32_t number); /* pool and bindings of a domain's number */
void nat_partner(struct fast *f); /* opens, changes or closes the way to it */
void nat_close(struct fast *f);
void nat_event(struct fast *f, const struct fast_event *e);
void nat_tick(struct fast *f);                   /* ageing, forecasts */
void nat_show(const struct fast *f, struct text *out);
