/* edge/bfd_engine.h - BFD in a thread of its own, so that route computation never delays a packet
 * (RB-118, RB-200). Worker threads, each a user of the engine, say which sessions there should be and ask
 * what happened; everything shared is behind one lock, held for microseconds. */
#pragma once
#include "base/text.h"
#include "intent/intent.h"
#include "proto/bfd_session.h"

struct bfd_engine;

/* Starts the thread and waits until it runs: what the C library asks of the kernel for a new thread
 * (rseq, robust futexes) is done by then, so a filter of system calls may follow that allows none of
 * it. */
struct bfd_engine *bfd_engine_start(void);

/* A socket packets arrive on. `id` names it later; domain "" serves every domain. */
void bfd_engine_port(struct bfd_engine *e, uint32_t id, const char *domain, int fd);
void bfd_engine_port_gone(struct bfd_engine *e, uint32_t id);

/* A user and its sessions; to be made before system calls are limited. Users do not see each other. */
struct bfd_user;
struct bfd_user *bfd_user_new(struct bfd_engine *e);
int bfd_user_wake(const struct bfd_user *u); /* readable: call bfd_user_reports */

struct bfd_wanted {
    uint32_t ref; /* the user's name for the neighbour */
    const char *peer, *domain, *subject;
    struct addr address;
    struct intent_bfd conf;
    int fd; /* sends to the neighbour; the engine's from now on */
};
void bfd_user_add(struct bfd_user *u, const struct bfd_wanted *w, instant now);
/* Other intervals or another multiplier for a session there is, which stays up (RFC 5880 6.8.3). False: there
 * is none. */
bool bfd_user_change(struct bfd_user *u, uint32_t ref, const struct intent_bfd *conf, instant now);
/* Tells the neighbour that the session ends on purpose, for one detection time, then forgets it. */
void bfd_user_remove(struct bfd_user *u, uint32_t ref, instant now);

/* Calls `seen` for each change since the last call, in order. */
enum bfd_news { BFD_NEWS_DOWN, BFD_NEWS_UP, BFD_NEWS_OFF /* by the neighbour's operator */ };
/* How it came to that, as far as this end can know: an alarm is the neighbour's or the path's only when our
 * own thread ran in time, and one the neighbour raises is ours when we sent too late. */
struct bfd_story {
    const char *why;            /* the diagnostic's meaning */
    bool independent;           /* of the neighbour's control plane, it says (C bit) */
    instant at;
    int64_t silent_us;          /* since the kernel took in the last packet */
    int64_t detect_us, late_us; /* our thread's longest delay in two detection times */
    int64_t gap_us;             /* the longest time between two packets of ours */
};
void bfd_user_reports(struct bfd_user *u,
                      void (*seen)(void *ctx, uint32_t ref, enum bfd_news what, const struct bfd_story *how),
                      void *ctx);

/* `[{"peer": ...}, ...]` of the user's own, and `{"reason": ..., "packets": N}, ...` of packets the whole
 * engine dropped. */
void bfd_user_show(struct bfd_user *u, struct text *out);
void bfd_user_show_drops(struct bfd_user *u, struct text *out);
