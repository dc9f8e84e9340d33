/* edge/natsync.h - the keeper's side of the process that keeps the bindings of two edges the same
 * (proto/nat_sync.h): the process is started while there is a partner, gets the connected socket and the
 * keys, and hands in bindings that were authenticated, numbered and read. What they mean is for the
 * sink to judge. Bindings told go out with natsync_flush. */
#pragma once
#include "base/writer.h"
#include "edge/child.h"
#include "intent/intent.h"
#include "wire/natsync.h"

enum { NATSYNC_KEY_ROOM = 81 };

// clang-format off
#define NATSYNC_FIGURES_MAP(X)                                                                     \
    X(UNACKNOWLEDGED, "unacknowledged") X(RECORDS_OUT, "records_out") X(RECORDS_IN, "records_in")  \
    X(DATAGRAMS_OUT, "datagrams_out") X(DATAGRAMS_IN, "datagrams_in") X(AGAIN, "again")            \
    X(OUT_OF_ORDER, "out_of_order") X(ROUNDS, "rounds") X(UNREADABLE, "unreadable")
// clang-format on
enum natsync_figure { /* and behind them the fates of proto/nat_guard.h */
#define X(name, text) NATSYNC_##name,
    NATSYNC_FIGURES_MAP(X)
#undef X
        NATSYNC_FIGURES
};
enum { NATSYNC_COUNTS = NATSYNC_FIGURES + 16 };

struct natsync_sink {
    void *ctx;
    void (*record)(void *ctx, const struct natsync_record *r);
    /* So many more of all bindings are wanted; another round: from the beginning. True: these were the last. */
    bool (*walk)(void *ctx, uint32_t round, uint64_t n);
};

struct natsync {
    struct child child;
    struct loop *loop;
    struct natsync_sink sink;
    struct addr partner, local; /* none: no partner */
    uint16_t port;
    char key[NATSYNC_KEY_ROOM], key_before[NATSYNC_KEY_ROOM];
    bool up, told_all, lost; /* lost: the process has to tell everything */
    uint64_t counts[NATSYNC_COUNTS];
    size_t counts_n;
    uint8_t buf[LINK_PART_MAX / NATSYNC_RECORD * NATSYNC_RECORD];
    struct writer told;
};

void natsync_init(struct natsync *n, struct loop *l);
/* The partner of an intent; NULL: none. Another key does not disturb what runs. */
void natsync_apply(struct natsync *n, const struct intent_nat *nat, instant now);
void natsync_tell(struct natsync *n, const struct natsync_record *r);
void natsync_flush(struct natsync *n);
void natsync_show(const struct natsync *n, struct text *out); /* members of an object */
static inline bool natsync_wanted(const struct natsync *n) { return !addr_is_none(&n->partner); }

void natsync_tick(struct natsync *n, instant now);
instant natsync_next(const struct natsync *n);
void natsync_ended(struct natsync *n, instant now);
void natsync_stop(struct natsync *n);
