/* forward/abi.h - layouts that the BPF programs and the daemon share. Host order, unless a comment says
 * "as on the wire". The fast path's tables are plain arrays that the daemon maps into its memory, so
 * kernel program, C twin and daemon work on the same bytes with the same code (forward/stage_*.h). */
#pragma once
#include <linux/types.h>
#ifndef __bpf__
#include <assert.h>
#include <stddef.h>
#endif

/* The tag multiplexer: a frame that arrived on a port with these tags goes out of another interface
 * with other tags. {0,0} untagged, {0,c} one tag, {s,c} two tags with outer s. */
struct tagmux_key {
    __u32 ifindex;
    __u16 outer, inner;
};

struct tagmux_action {
    __u32 ifindex;       /* where the frame leaves */
    __u16 outer, inner;  /* tags it leaves with; 0: none */
    __u16 ethertype;     /* of the outer tag, 0x8100 or 0x88a8; the inner one is always 0x8100 */
    __u16 unused;
    __u32 unused2;
    __u64 packets, bytes; /* counted by the program */
};

/* Frames with tags that nobody was given, per port and tags. */
struct tagmux_unknown {
    __u64 packets;
};

/* --- the fast path --- */

/* What can become of a frame, in the order of `fairlead edge drops`. PUNT: the domain's namespace gets
 * it, as if there were no fast path. */
#define FAST_FORWARD_KIND 0
#define FAST_PUNT_KIND 1
#define FAST_DROP_KIND 2
// clang-format off
#define FAST_FATE_MAP(X)                                                                           \
    X(FORWARDED,       FORWARD, "forwarded")                                                       \
    X(NO_ATTACHMENT,   PUNT,    "tags belong to nobody")                                           \
    X(CONTROL,         PUNT,    "control traffic")                                                 \
    X(LOCAL,           PUNT,    "addressed to the router")                                         \
    X(NO_ROUTE,        PUNT,    "no route")                                                        \
    X(NO_NEIGHBOUR,    PUNT,    "neighbour not resolved")                                          \
    X(TTL,             PUNT,    "time to live exceeded")                                           \
    X(TOO_BIG,         PUNT,    "larger than the next link's MTU")                                 \
    X(OPTIONS,         PUNT,    "IP options or extension headers")                                 \
    X(FRAGMENT,        PUNT,    "fragment")                                                        \
    X(SLOW_PORT,       PUNT,    "port that takes no redirected frames")                            \
    X(UNREADY,         PUNT,    "configuration is being read")                                     \
    X(RUNT,            DROP,    "frame shorter than its headers")                                  \
    X(MALFORMED,       DROP,    "malformed header")                                                \
    X(OTHER_STATION,   DROP,    "addressed to another station")                                    \
    X(MARTIAN,         DROP,    "source or destination nobody can have")                           \
    X(SPOOFED,         DROP,    "source not allowed on this attachment")                           \
    X(ACL,             DROP,    "denied by the access list")                                       \
    X(BLACKHOLE,       DROP,    "route discards")                                                  \
    X(POLICED,         DROP,    "above the circuit's rate")                                        \
    X(CONTROL_LIMIT,   DROP,    "too much control traffic")                                        \
    X(PUNT_LIMIT,      DROP,    "too much for the slow path")                                      \
    X(NAT_NO_BINDING,  DROP,    "no NAT binding for this packet")                                  \
    X(NAT_PROTOCOL,    DROP,    "protocol that NAT cannot translate")                              \
    X(NAT_FRAGMENT,    DROP,    "fragment or options where NAT is needed")                         \
    X(NAT_HAIRPIN,     DROP,    "NAT hairpin: inside host to a pool address")                      \
    X(NAT_HOST_LIMIT,  DROP,    "inside host has all its NAT bindings")                            \
    X(NAT_POOL_FULL,   DROP,    "NAT pool has no port block left")                                 \
    X(NAT_TABLE_FULL,  DROP,    "NAT table is full")                                               \
    X(NO_OUTPUT,       DROP,    "port to leave by is not there")
// clang-format on

enum fast_fate {
#define X(name, kind, text) FAST_##name,
    FAST_FATE_MAP(X)
#undef X
        FAST_FATES
};
/* Beside the fates: a stage has no objection. */
#define FAST_GO (-1)

enum {
    FAST_ABI = 3,                 /* raised when a layout below changes */
    FAST_ATTACHMENTS = 4096,      /* identifiers; 0 is never used */
    FAST_PLACES = 4 * FAST_ATTACHMENTS, /* of one configuration, by port and tags */
    FAST_PROBES = 8,              /* how far from its home an entry can be */
    FAST_BLOCK_ENTRIES = 256,
    FAST_HOPS = 16384,            /* next hops; 0 means no route */
    FAST_ACL_ROWS = 8,            /* of one part of a list */
    FAST_ACL_PARTS = 4,           /* of one list */
    FAST_POLICERS = 4096,
    FAST_CLASSES = 4,
    FAST_POOL_INSIDES = 4,
    FAST_POOL_STATICS = 4,
    FAST_PORT_TRIES = 32,         /* outside ports that a new flow is offered */
    FAST_DOMAINS = 1024,          /* numbers; a domain's pool has the same one */
    FAST_NAME_BYTES = 48,
};

/* Read once by every packet: changing `slot` switches the whole configuration. */
struct fast_config {
    __u32 abi, slot;              /* slot 0 or 1: which rows of attachments and places are in force */
    __u32 flow_mask, root_mask;   /* sizes of the hash tables, less one */
    __u64 seed;                   /* of the hashes */
    __u64 fixed_clock;            /* ns; 0: the kernel's clock. Tests set it */
    __u64 class_low, class_high;  /* two bits a DSCP value: its policing class */
    __u64 ready;                  /* 0: everything is punted */
    __u64 spare;
};

/* Where a frame belongs: port, outer and inner tag -> attachment. Linear probing, two tables of
 * FAST_PLACES rows. */
struct fast_place {
    __u64 key;                    /* fast_place_key(); 0: free */
    __u32 attachment, unused;
};

enum fast_attachment_flags {
    FAST_STRICT = 1 << 0,         /* the route to the source leads out of this attachment */
    FAST_DECLARED = 1 << 1,       /* the source is in the attachment's own table */
    FAST_OUTSIDE = 1 << 2,        /* the public side of NAT */
    FAST_ACL_IN = 1 << 3,
    FAST_POLICE_IN = 1 << 4,
    FAST_POLICE_OUT = 1 << 5,
    FAST_TX = 1 << 6,             /* the port takes redirected frames */
};

/* Row 2 * id + slot. Two cache lines; the second is read where the frame leaves. */
struct fast_attachment {
    __u32 domain;                 /* of counters */
    __u32 flags;
    __u32 root4, root6;           /* the domain's tables: a block, and a number for hashed roots */
    __u32 source4, source6;       /* the attachment's own, FAST_DECLARED */
    __u32 acl;                    /* first part of the list */
    __u32 policer_in;
    __u64 dscp_in;                /* bit set: that value is kept on arrival; otherwise it becomes 0 */
    __u32 pool;                   /* of the domain; 0: none */
    __u8 mac[6];                  /* ours */
    __u16 mtu;                    /* of packets that leave */
    __u32 punt;                   /* row of fast_punt */
    __u32 unused[2];
    /* where the frame leaves */
    __u32 port;                   /* interface */
    __u16 outer, inner, ethertype; /* the type of the outer of two tags as on the wire */
    __u16 unused2;
    __u32 policer_out;
    __u64 dscp_out;
    __u64 unused3[5];
};

/* One KiB of a multi-bit trie of strides of 8 bits. An entry is a next hop's index, or with FAST_CHILD
 * the index of the block below; 0: nothing. IPv4: four levels below the domain's root block. IPv6: the
 * first four bytes by fast_root (or, for prefixes up to /31, by blocks below the domain's root), the
 * rest by blocks. */
#define FAST_CHILD 0x80000000u
struct fast_block {
    __u32 entry[FAST_BLOCK_ENTRIES];
};

/* IPv6 routes longer than /31, by domain and their first 32 bits (as on the wire). Linear probing. */
struct fast_root {
    __u32 table, top;
    __u32 entry;                  /* as in a block; 0: free */
    __u32 gone;                   /* was removed: probing goes on */
};

enum fast_hop_kind { FAST_HOP_NONE, FAST_HOP_VIA, FAST_HOP_UNRESOLVED, FAST_HOP_LOCAL, FAST_HOP_DISCARD,
                     FAST_HOP_GROUP };

/* Everything about a next hop behind one index: moving all routes of a next hop is one write. */
struct fast_hop {
    __u16 kind, members_n;        /* of a group: rows from `members` on, equal shares */
    __u32 attachment;             /* identifier; where the frame leaves */
    __u8 mac[6];
    __u16 unused;
    __u16 members[8];
};

struct fast_acl4 { /* addresses and masks as on the wire */
    __u32 source, source_mask, target, target_mask;
    __u16 port_low, port_high;    /* of the target, or of the source; 0..65535: whatever */
    __u8 proto, action, mark, used; /* proto 0: any; mark: DSCP to be set, 255 none; enum fast_row_flags */
    __u64 packets;
};
struct fast_acl6 {
    __u64 source[2], source_mask[2], target[2], target_mask[2];
    __u16 port_low, port_high;
    __u8 proto, action, mark, used;
    __u64 packets;
};
enum fast_action { FAST_PERMIT, FAST_DENY, FAST_COUNT };
#define FAST_UNMARKED 255
enum fast_row_flags { FAST_ROW_USED = 1, FAST_ROW_SOURCE_PORT = 2 /* the ports are of the source */ };

/* Rows in order, first match ends (FAST_COUNT goes on, and marks what nobody marked yet); without a
 * match: denied. */
struct fast_acl {
    struct fast_acl4 v4[FAST_ACL_ROWS];
    struct fast_acl6 v6[FAST_ACL_ROWS];
    __u32 next, unused;           /* part; 0: the end */
};

/* Of one domain and one fate it is per processor, in row domain * FAST_FATES + fate. */
struct fast_count {
    __u64 packets, bytes;
};

/* A virtual-clock bucket without a lock: `tat` is when the bucket would be empty again. Times in 1/64
 * ns. Classes may fill different shares of it; class 0 (voice) has a small bucket of its own first. */
struct fast_bucket {
    __u64 tat;
    __u64 cost;                   /* 1/64 ns a byte, 16 fractional bits; 0: no limit */
};
struct fast_policer {
    struct fast_bucket all, voice;
    __u64 limit[FAST_CLASSES], voice_limit; /* backlog allowed */
    struct fast_count passed[FAST_CLASSES], dropped[FAST_CLASSES];
    __u64 unused[7];
};

/* What an attachment may hand to its namespace: packets a second. */
struct fast_punt {
    struct fast_bucket control, other; /* cost a packet */
    __u64 control_limit, other_limit;
    __u64 unused[2];
};

/* NAT. A pool is a range of addresses, each cut into blocks of ports; a block belongs to one inside
 * host at a time. With two edges block n may be given out by edge n % 2 only. */
struct fast_static { __u32 inside, outside, mask; }; /* as on the wire; one to one */
struct fast_pool {
    __u32 first, last;            /* addresses, host order */
    __u32 blocks_at;              /* of fast_port_block */
    __u32 blocks_per_address;
    __u32 side, sides;            /* this edge is `side` of `sides` */
    __u16 port_low, block_ports;
    __u32 host_limit;             /* bindings of a block */
    __u32 insides_n, statics_n;
    __u32 inside[FAST_POOL_INSIDES], inside_mask[FAST_POOL_INSIDES]; /* as on the wire */
    struct fast_static statics[FAST_POOL_STATICS];
    __u32 unused[18];
};

enum fast_flow_state { FAST_FLOW_FREE, FAST_FLOW_BUSY, FAST_FLOW_USED, FAST_FLOW_GONE };
enum fast_flow_marks { FAST_FLOW_SYN = 1, FAST_FLOW_FIN = 2, FAST_FLOW_RST = 4, FAST_FLOW_ACK = 8,
                       FAST_FLOW_THEIRS = 16 /* made by the partner */ };

/* What a packet is looked up by, compared as two words. `head` is fast_key_head(): state, protocol and
 * domain in one, so that a row in use is told from others by the same comparison. Addresses and ports as
 * on the wire. */
struct fast_key {
    __u32 head;                   /* enum fast_flow_state, protocol << 8, domain << 16 */
    __u32 near_addr, far_addr;
    __u16 near_port, far_port;
} __attribute__((aligned(16)));

/* A NAT binding seen from one side; each has two rows that know each other, one in the table of packets
 * going out (near: inside host) and one in that of packets coming in (near: pool address). Half a cache
 * line, for what a look-up costs is how much memory all bindings lie in: which port block it belongs to
 * follows from its outside port, and what only the daemon knows about it stands in fast_note. */
struct fast_flow {
    struct fast_key key;
    __u32 to_addr;
    __u16 to_port;
    __u8 marks, touched;          /* fast_nat_expect() */
    __u32 seen;                   /* 2^30 ns */
    __u32 other;                  /* row of the other table */
};

/* The daemon's, beside a row of flows_out. */
struct fast_note {
    __u32 told;                   /* when the partner heard of the binding last, 2^30 ns; 0: never */
    __u32 unused;                 /* rows of maps are multiples of eight bytes */
};

struct fast_port_block {
    __u32 state;                  /* enum fast_flow_state */
    __u32 domain, host;           /* host as on the wire */
    __u32 flows;
    __u32 since;                  /* 2^30 ns */
    __u32 pool;
    __u64 refused;
};

/* To the daemon, when something new was made: a flow's row in the table of packets going out, or a
 * port block. */
enum fast_event_kind { FAST_EVENT_FLOW, FAST_EVENT_BLOCK };
struct fast_event {
    __u32 kind, row;
};

/* Whose number a domain's is: bindings and counters outlive the daemon that gave it. */
struct fast_name {
    char text[FAST_NAME_BYTES];
};

/* Lengths less one of the tables whose length is chosen when they are made: powers of two, constants of the
 * program. */
struct fast_masks {
    __u32 blocks, roots, flows;
};

/* The tables: name, what a row is, how many there are (0: chosen when the tables are made). */
// clang-format off
#define FAST_TABLE_MAP(X)                                                                          \
    X(config,      struct fast_config,     1)                                                      \
    X(places,      struct fast_place,      2 * FAST_PLACES)                                        \
    X(attachments, struct fast_attachment, 2 * FAST_ATTACHMENTS)                                   \
    X(blocks,      struct fast_block,      0)                                                      \
    X(roots,       struct fast_root,       0)                                                      \
    X(hops,        struct fast_hop,        FAST_HOPS)                                              \
    X(acls,        struct fast_acl,        0)                                                      \
    X(policers,    struct fast_policer,    FAST_POLICERS)                                          \
    X(punts,       struct fast_punt,       FAST_ATTACHMENTS)                                       \
    X(pools,       struct fast_pool,       FAST_DOMAINS)                                            \
    X(names,       struct fast_name,       FAST_DOMAINS)                                            \
    X(port_blocks, struct fast_port_block, 0)                                                      \
    X(flows_out,   struct fast_flow,       0)                                                      \
    X(flows_in,    struct fast_flow,       0)                                                      \
    X(notes,       struct fast_note,       0)
// clang-format on

#ifndef __bpf__
static_assert(sizeof(struct tagmux_key) == 8, "map key layout");
static_assert(sizeof(struct tagmux_action) == 32, "map value layout");
static_assert(sizeof(struct tagmux_unknown) == 8, "map value layout");
static_assert(sizeof(struct fast_config) == 64, "one cache line");
static_assert(sizeof(struct fast_place) == 16, "four to a cache line");
static_assert(sizeof(struct fast_attachment) == 128, "two cache lines");
static_assert(offsetof(struct fast_attachment, port) == 64, "departure has a line of its own");
static_assert(sizeof(struct fast_block) == 1024, "one block");
static_assert(sizeof(struct fast_root) == 16, "four to a cache line");
static_assert(sizeof(struct fast_hop) == 32, "row layout");
static_assert(sizeof(struct fast_acl4) == 32, "row layout");
static_assert(sizeof(struct fast_acl6) == 80, "row layout");
static_assert(sizeof(struct fast_policer) == 256, "four cache lines");
static_assert(sizeof(struct fast_punt) == 64, "one cache line");
static_assert(sizeof(struct fast_pool) == 192, "three cache lines");
static_assert(sizeof(struct fast_key) == 16, "two words");
static_assert(sizeof(struct fast_flow) == 32, "half a cache line");
static_assert(sizeof(struct fast_port_block) == 32, "two to a cache line");
#endif
