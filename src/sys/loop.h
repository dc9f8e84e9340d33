/* sys/loop.h - waiting for descriptors: an epoll set, watches owned by their users, one reading of
 * the clock per turn. A program's heart is
 *     for (;;) { instant t = loop_turn(l, next deadline); do what is due at t; }
 * A watch forgotten while a turn is being dispatched is not called any more in that turn. */
#pragma once
#include "base/instant.h"

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_LOST = 4 }; /* LOST: hang-up or error, always reported */

struct loop;
struct watch { /* zeroed: watches nothing */
    int fd;
    unsigned events; /* what is waited for; 0: only LOOP_LOST */
    void (*ready)(struct watch *w, unsigned events, instant now);
    void *ctx; /* the owner's */
    bool on;
};

struct loop *loop_new(void);
void loop_free(struct loop *l);

void loop_watch(struct loop *l, struct watch *w, int fd, unsigned events);
void loop_expect(struct loop *l, struct watch *w, unsigned events);
void loop_forget(struct loop *l, struct watch *w); /* before the descriptor is closed; twice is fine */

/* Waits until something is ready or the deadline has come, calls watches; the time of this turn. */
instant loop_turn(struct loop *l, instant deadline);

instant clock_now(void);       /* monotonic */
int64_t clock_wall_us(void);   /* since 1970 */
