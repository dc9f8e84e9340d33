/* forward/queues.c - see queues.h. */
#include "forward/queues.h"

enum {
    PERCENT = 100,
    CONTROL_SHARE = 5, /* percent */
    INTERACTIVE_PARTS = 8, DEFAULT_PARTS = 5, /* of what control and voice leave */
    BACKLOG_LEAST = 15000, /* ten packets */
    BURST_BYTES_LEAST = 3100,
};

static const struct {
    const char *name;
    uint64_t dscp;
    uint32_t wait_ms; /* of its ceiling, or of its rate where it is bounded */
    bool bounded, managed;
} kinds[QUEUES] = {
    [QUEUE_CONTROL]     = {"control", 1ULL << 48, 100, true, false},
    [QUEUE_VOICE]       = {"voice", 1ULL << 46, 10, true, false},
    [QUEUE_INTERACTIVE] = {"interactive", 1ULL << 34 | 1ULL << 18, 20, false, true},
    [QUEUE_DEFAULT]     = {"default", 0, 50, false, true},
};

static struct queue one(enum queue_name k, uint64_t rate, uint64_t all)
{
    struct queue q = {.name = kinds[k].name, .rate = rate ? rate : 1, .managed = kinds[k].managed, .dscp = kinds[k].dscp};
    uint64_t backlog;
    q.ceiling = kinds[k].bounded ? q.rate : all;
    backlog = q.ceiling * kinds[k].wait_ms / 1000;
    q.backlog = backlog < BACKLOG_LEAST ? BACKLOG_LEAST : backlog > UINT32_MAX ? UINT32_MAX : (uint32_t)backlog;
    return q;
}

void queues_plan(uint64_t bits, uint32_t voice_percent, bool signalling, struct queue out[static QUEUES])
{
    uint64_t all = bits / 8, control = all * CONTROL_SHARE / PERCENT;
    uint64_t voice = all * (voice_percent ? voice_percent : QUEUE_VOICE_PERCENT) / PERCENT, rest, interactive;
    if (voice > all - control) voice = all - control;
    rest = all - control - voice;
    interactive = rest * INTERACTIVE_PARTS / (INTERACTIVE_PARTS + DEFAULT_PARTS);
    out[QUEUE_CONTROL] = one(QUEUE_CONTROL, control, all);
    out[QUEUE_VOICE] = one(QUEUE_VOICE, voice, all);
    out[QUEUE_INTERACTIVE] = one(QUEUE_INTERACTIVE, interactive, all);
    out[QUEUE_DEFAULT] = one(QUEUE_DEFAULT, rest - interactive, all);
    if (signalling) out[QUEUE_INTERACTIVE].dscp |= 1ULL << 24;
}

uint64_t queue_burst_ns(uint64_t rate)
{
    uint64_t usual = QUEUE_BURST_MS * 1000000ULL, two_packets = rate ? BURST_BYTES_LEAST * 1000000000ULL / rate : usual;
    return two_packets > usual ? two_packets : usual;
}
