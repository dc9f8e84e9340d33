/* forward/queues.h - the queues of a shaped circuit: which there are, what each is given of the rate, and
 * which DSCP values go where. Control and voice come first, bounded (RFC 3246: EF leaves no slower than it
 * may come, and cannot starve the others), interactive and default share the rest 8 to 5 and lend each
 * other what they do not use. Pure. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum queue_name { QUEUE_CONTROL, QUEUE_VOICE, QUEUE_INTERACTIVE, QUEUE_DEFAULT, QUEUES };

struct queue {
    const char *name;
    uint64_t rate, ceiling; /* bytes a second: granted, and at most */
    uint32_t backlog;       /* bytes that may wait */
    bool managed;           /* its delay may be managed (fq_codel), where the kernel can */
    uint64_t dscp;          /* bit set: that value waits here; the default queue has all others */
};

enum { QUEUE_VOICE_PERCENT = 30, QUEUE_BURST_MS = 4 };

/* `bits` a second, `voice_percent` of them for voice (0: QUEUE_VOICE_PERCENT); `signalling`: CS3 is
 * interactive (profile 2015-10). */
void queues_plan(uint64_t bits, uint32_t voice_percent, bool signalling, struct queue out[static QUEUES]);
/* For how long at `rate` bytes a second it may send at once: long enough that no timer is needed for each
 * packet, and at least two packets. */
uint64_t queue_burst_ns(uint64_t rate);
