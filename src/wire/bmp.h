/* wire/bmp.h - messages to a BGP monitoring station (RFC 7854; RFC 8671 for what is sent, RFC
 * 9069 for the tables). Encoders
 * only: nothing is ever read from a station. Pure. A writer that went bad holds no whole message.
 */
#pragma once
#include "base/writer.h"
#include "net/attrs.h"
#include "net/prefix.h"

enum { BMP_VERSION = 3, BMP_COMMON = 6, BMP_PEER = 42 };
enum bmp_type {
    BMP_ROUTE_MONITORING,
    BMP_STATISTICS,
    BMP_PEER_DOWN,
    BMP_PEER_UP,
    BMP_INITIATION,
    BMP_TERMINATION
};

enum bmp_view {              /* which table a message is about */
    BMP_ADJ_RIB_IN_PRE,      /* of the neighbour, before policy: messages as they came */
    BMP_ADJ_RIB_IN,          /* after policy: paths as they are used */
    BMP_ADJ_RIB_OUT,         /* after policy: messages as they were sent */
    BMP_LOC_RIB,             /* the best paths of a domain; its bmp_peer is bmp_table_of */
};

struct bmp_peer {
    uint32_t rd_asn,
        rd_number; /* route distinguisher of type 2 (RFC 4364): whose domain; 0, 0: global */
    struct addr address;
    uint32_t asn, id;
    int64_t wall_us; /* of the event */
    bool loc_rib;    /* not a neighbour but a table of ours (RFC 9069 4.1) */
};
/* The peer header's values for a domain's table. */
struct bmp_peer bmp_table_of(uint32_t own_asn, uint32_t own_id, uint32_t domain_number);

/* Who we are; the first message of a session. */
void bmp_initiation(struct writer *w, const char *name, const char *description);
enum bmp_why { BMP_ENDS_ADMINISTRATIVELY = 0, BMP_ENDS_OUT_OF_RESOURCES = 2 };
void bmp_termination(struct writer *w, enum bmp_why why);

struct bmp_up {
    struct addr local; /* ours on the session; none: not known */
    uint16_t local_port, remote_port;
    struct span open_sent, open_received; /* whole messages */
    const char *name;                     /* of the neighbour, as free text */
};
void bmp_peer_up(struct writer *w, const struct bmp_peer *p, const struct bmp_up *up);

enum bmp_down { /* RFC 7854 4.9 */
                BMP_DOWN_LOCAL_NOTIFICATION = 1,
                BMP_DOWN_LOCAL = 2,
                BMP_DOWN_REMOTE_NOTIFICATION = 3,
                BMP_DOWN_REMOTE = 4,
                BMP_DOWN_FORGOTTEN = 5,
};
/* 1 and 3 carry the NOTIFICATION, 2 an event of RFC 4271 8.1. */
void bmp_peer_down(struct writer *w, const struct bmp_peer *p, enum bmp_down why,
                   struct span notification, uint16_t event);

/* A table is told from now on, and no more (reason 6); `name` is the domain's (RFC 9069 5.2, 5.3). */
void bmp_table_up(struct writer *w, const struct bmp_peer *p, const char *name);
void bmp_table_down(struct writer *w, const struct bmp_peer *p, const char *name);

/* A whole UPDATE. `as4`: its AS_PATH has four-octet numbers. */
void bmp_update(struct writer *w, const struct bmp_peer *p, enum bmp_view view, bool as4,
                struct span message);
/* The neighbour's path to a prefix is this one; NULL: it has none any more. */
void bmp_path(struct writer *w, const struct bmp_peer *p, enum bmp_view view,
              const struct prefix *prefix, const struct attrs *a);
/* Prefixes of one family with the same attributes. All in one UPDATE: a caller has few enough that they fit. */
void bmp_paths(struct writer *w, const struct bmp_peer *p, enum bmp_view view, const struct prefix *prefixes,
               size_t n, const struct attrs *a);
/* A view is told whole. */
void bmp_end_of_rib(struct writer *w, const struct bmp_peer *p, enum bmp_view view, bool six);

#define BMP_STATISTICS_MAP(X)                                                                      \
    X(REFUSED, 0, 4)           /* prefixes refused by policy */                                    \
    X(UPDATES_WITHDRAW, 11, 4) /* UPDATEs treated as withdraw */                                   \
    X(RIB_IN, 7, 8)            /* routes in Adj-RIB-In */                                          \
    X(LOC_RIB, 8, 8)           /* routes in the domain's table */                                  \
    X(RIB_OUT, 15, 8)          /* routes in Adj-RIB-Out, RFC 8671 6 */

enum bmp_statistic {
#define X(name, type, bytes) BMP_STATISTIC_##name,
    BMP_STATISTICS_MAP(X)
#undef X
        BMP_STATISTICS_N
};
void bmp_statistics(struct writer *w, const struct bmp_peer *p,
                    const uint64_t values[BMP_STATISTICS_N]);
/* Of a table: its routes, all and by family (types 8 and 10). */
void bmp_table_statistics(struct writer *w, const struct bmp_peer *p, uint64_t ipv4, uint64_t ipv6);
