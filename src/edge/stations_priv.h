/* edge/stations_priv.h - what the two halves of stations share: stations.c has the connections, stations_told.c
 * what is written into them. Only those two include it. */
#pragma once
#include "edge/stations.h"
#include "wire/bgp.h"
#include "wire/bmp.h"

enum {
    MOST = 8,
    RETRY_FIRST_S = 1,
    RETRY_LAST_S = 60,
    CONNECT_S = 10,
    STATISTICS_S = 60,
    SLICE = 512, /* prefixes a turn */
    PACK = 64,   /* prefixes a message of the whole picture */
    PACKS = 8,   /* such messages being filled */
    MESSAGE_MOST = BGP_MESSAGE_EXTENDED_MAX + 512,
};

enum link_state { WAITING, ASKED, CONNECTING, UP };
enum phase { PHASE_IN, PHASE_TABLES, PHASE_OUT, PHASE_LIVE };

struct known { /* of a neighbour, for the header of each message */
    bool up, as4;
    uint32_t families;
    struct bmp_peer peer;
};

struct told_table { /* a domain's, by domain_ref */
    bool up;
    struct bmp_peer peer;
    char name[48];
};

/* Prefixes of one origin with the same attributes, waiting to become one message. A walk fills these and sends
 * them before it returns, as long as attributes keep their place. */
struct pack {
    size_t n;
    enum bmp_view view;
    struct bmp_peer peer;
    uint32_t from, attrs_id;
    struct attrs attrs;
    struct prefix prefixes[PACK];
};

struct station {
    struct stations *all;
    struct intent_endpoint at;
    enum link_state state;
    struct watch watch;
    uint32_t token; /* of the connection being asked for */
    instant next;   /* retry, end of patience, or statistics */
    unsigned retry_s;
    uint8_t *buf;
    size_t from, n, cap;
    enum phase phase;
    struct router_walk walk;
    peer_ref walk_peer;
    struct pack packs[PACKS];
    uint64_t connects, overruns, messages, bytes;
    char last[80];
};

struct stations {
    struct loop *loop;
    struct router *router;
    void (*ask)(void *ctx, uint32_t token, const struct intent_endpoint *at);
    void *ctx;
    struct station *list[MOST];
    size_t n;
    bool rib_out, rib_in_pre, loc_rib;
    uint32_t own_asn, own_id;
    struct told_table *tables;
    size_t tables_n;
    uint32_t buffer, last_token;
    uint32_t number_from; /* of domains, in route distinguishers */
    char name[48];
    struct known *known; /* by peer_ref */
    size_t known_n;
};

/* stations.c: room for one more message behind what waits. The caller writes, and says how much by commit; one that
 * does not fit ends the connection. */
struct writer station_room(struct station *t);
void station_commit(struct station *t, const struct writer *w);

/* stations_told.c */
void station_greet(struct station *t);          /* who we are, sessions and tables that are up */
bool station_may_walk(const struct station *t); /* there is room for a slice of the whole picture */
void station_walk(struct station *t);           /* one such slice, if it is not told whole */
void station_statistics(struct station *t);
void stations_follow_tables(struct stations *s); /* which domains there are now */
