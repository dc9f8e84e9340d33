/* forward/twin.h - the fast path as plain C: the very stages that the kernel runs, on memory. What tests
 * and fuzzers compare the kernel with, and what explains a packet's way without sending it. Pure. */
#pragma once
#include "base/defs.h"
#include "forward/tables.h"

struct twin;
struct twin *twin_new(struct fast_tables *tables); /* borrows the tables */
void twin_free(struct twin *t);
void twin_set_clock(struct twin *t, uint64_t ns);
void twin_miss_port(struct twin *t, uint32_t port); /* is not there to leave by; 0: all are */

enum { TWIN_ROOM = 64 }; /* in front of a frame, for tags */

struct twin_frame {
    uint8_t *bytes; /* in: TWIN_ROOM bytes behind the beginning of what may be used; out: where it begins */
    size_t n;
    uint32_t port;  /* in: where it came from; out: where it leaves, when forwarded */
};
/* Runs one frame: its fate. Dropped and punted frames may have been changed as the kernel would. */
enum fast_fate twin_run(struct twin *t, struct twin_frame *f);
struct fast_count twin_count(const struct twin *t, uint32_t domain, enum fast_fate fate);
/* Events since the last call: how many, the first `room` of them copied. */
size_t twin_events(struct twin *t, struct fast_event *to, size_t room);

extern const struct fast_fate_row {
    const char *name, *text;
    int kind; /* FAST_FORWARD_KIND ... */
} fast_fates[FAST_FATES];
