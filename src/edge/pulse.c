/* edge/pulse.c - counting what a process had, between an unanswered question and now. run_delay in schedstat
 * grows only when a wait ends, so a process that is runnable and has not run since the last sample waited all
 * the time; what run_delay adds for it later is not counted twice, because no interval can count for less than
 * nothing. */
#include "edge/pulse.h"
#include <string.h>

/* We were not run either: time we did not see does not count against anybody. */
enum { SEEN_MOST_US = 2 * PULSE_SAMPLE_MS * 1000 };

static void forget(struct pulse *p)
{
    p->sampled = NEVER;
    p->unanswered = p->starved = (duration){0};
}

void pulse_begin(struct pulse *p)
{
    *p = (struct pulse){0};
    forget(p);
}

uint32_t pulse_ask(struct pulse *p) { return ++p->asked; }

void pulse_answer(struct pulse *p, uint32_t token)
{
    p->answered = token;
    forget(p);
}

static int64_t waited_us(const struct pulse_reading *last, const struct pulse_reading *r, int64_t seen_us)
{
    if (r->runnable && r->ran_ns == last->ran_ns && r->waited_ns == last->waited_ns) return seen_us;
    int64_t us = (int64_t)((r->waited_ns - last->waited_ns) / 1000);
    return us < seen_us ? us : seen_us;
}

static int64_t longest_wait_us(const struct pulse *p, const struct pulse_reading *threads, size_t n, int64_t seen_us)
{
    int64_t most = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t us = waited_us(&p->last[i], &threads[i], seen_us);
        if (us > most) most = us;
    }
    return most;
}

void pulse_sample(struct pulse *p, const struct pulse_reading *threads, size_t n, instant now)
{
    if (n > PULSE_THREADS_MOST) n = PULSE_THREADS_MOST;
    if (p->sampled.us != NEVER.us) {
        int64_t seen = now.us - p->sampled.us;
        if (seen > SEEN_MOST_US) seen = SEEN_MOST_US;
        int64_t waited = longest_wait_us(p, threads, n, seen);
        p->starved.us += waited;
        p->unanswered.us += seen - waited;
    }
    p->sampled = now;
    memcpy(p->last, threads, n * sizeof *threads);
}

bool pulse_deaf(const struct pulse *p) { return p->unanswered.us >= duration_s(PULSE_DEAF_S).us; }
