/* proto/bfd_session.h - one BFD session, asynchronous mode, single hop (RFC 5880, 5881).
 * Facts and an instant in, effects out. The edge runs these in a thread of its own. */
#pragma once
#include "base/cursor.h"
#include "base/instant.h"

enum { BFD_PORT = 3784, BFD_PACKET = 24, BFD_DEFAULT_US = 300000, BFD_DEFAULT_MULT = 3 };

enum bfd_state { BFD_ADMIN_DOWN, BFD_DOWN, BFD_INIT, BFD_UP };
const char *bfd_state_name(enum bfd_state s);

enum bfd_drop { /* RFC 5880 6.8.6 in its order; RB-110..115. Counted per reason */
    BFD_ACCEPTED, BFD_BAD_TTL, BFD_BAD_VERSION, BFD_BAD_LENGTH, BFD_BAD_MULT, BFD_MULTIPOINT,
    BFD_NO_MY_DISCR, BFD_UNKNOWN_YOUR_DISCR, BFD_YOUR_DISCR_ZERO, BFD_AUTH_MISMATCH, BFD_DROPS
};
const char *bfd_drop_name(enum bfd_drop d);
const char *bfd_diag_name(uint8_t diag); /* RFC 5880 4.1 */

struct bfd_conf {
    uint32_t local_discr;          /* unique, random, not 0 */
    uint32_t min_tx_us, min_rx_us; /* what we want when Up */
    uint8_t mult;
    bool passive;                  /* never sends first */
    uint32_t jitter_seed;
};

struct bfd_session {
    struct bfd_conf conf;
    enum bfd_state state, remote_state;
    uint8_t diag, remote_diag;
    uint32_t remote_discr, remote_min_rx_us, remote_min_tx_us;
    uint8_t remote_mult;
    bool remote_c_bit;             /* control plane independent (RFC 5882) */
    bool poll_sent, final_due;
    uint32_t old_tx_us, old_rx_us; /* in force until the poll of a change is answered (6.8.3); 0: none */
    uint32_t tx_us;                /* the interval in use for sending, before jitter */
    uint32_t detect_us;            /* 0 until the peer spoke */
    uint32_t random;
    instant next_tx, expires, since;
    bool spared;                   /* had its last moment since the last packet */
    uint64_t sent, received, drops[BFD_DROPS];
    uint32_t times_up, times_down;
};

struct bfd_effects {
    bool send;                     /* packet[] is to be sent, TTL 255, source port 49152.. */
    uint8_t packet[BFD_PACKET];
    bool rose, fell;               /* state became Up / left Up */
    bool off;                      /* with fell: the neighbour's operator did it (AdminDown, RFC 5882 3.2) */
    uint8_t why;                   /* diagnostic when it fell */
};

void bfd_init(struct bfd_session *s, const struct bfd_conf *c, instant now);
/* Finds which session a packet is for without touching one: the "your discriminator" field, 0 if the
 * packet names none, and whether it is long enough to ask. */
bool bfd_peek_discr(struct span packet, uint32_t *your_discr);
enum bfd_drop bfd_input(struct bfd_session *s, struct span packet, uint8_t ttl, instant now,
                        struct bfd_effects *fx);
void bfd_tick(struct bfd_session *s, instant now, struct bfd_effects *fx);
instant bfd_next(const struct bfd_session *s);
/* The caller could not listen: it woke `late` after the deadline it had asked for. Packets that came
 * meanwhile have been given to bfd_input; if there was none, the neighbour gets a last moment to be heard,
 * as long as the delay and at most 5 % of the detection time or 10 ms, whichever is larger (RB-118).
 * Once for each packet heard. True: bfd_tick would have declared it down now, and will not yet. */
bool bfd_woke_late(struct bfd_session *s, duration late, instant now);
/* Intervals changed by the operator: poll sequence (RFC 5880 6.8.3). */
void bfd_reconfigure(struct bfd_session *s, const struct bfd_conf *c, instant now);
/* Administratively down: signalled for one detection time before the caller forgets the session. */
void bfd_shutdown(struct bfd_session *s, instant now, struct bfd_effects *fx);
