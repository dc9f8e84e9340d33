/* edge/pulse.h - is a process deaf, or only kept from the processor (RB-185)? Questions are asked of it every
 * few seconds. While one is not answered, time counts against it in which it ran or did not want to run; time
 * spent waiting for a processor does not. A process that loops or is blocked or stopped is deaf after DEAF_S;
 * one that a crowded machine does not run is left alone, because another one would not run there either. Any of
 * its threads may be the one that owes the answer, so time in which one of them waited does not count.
 * Pure: readings and an instant in, a judgement out. */
#pragma once
#include "base/instant.h"

enum { PULSE_DEAF_S = 10, PULSE_SAMPLE_MS = 1000, PULSE_THREADS_MOST = 24 };

struct pulse_reading { /* of a thread; proc(5): schedstat and stat */
    uint64_t ran_ns, waited_ns;
    bool runnable; /* state R: waiting now, unless ran_ns grows */
};

struct pulse {
    uint32_t asked, answered;
    struct pulse_reading last[PULSE_THREADS_MOST];
    instant sampled;     /* NEVER: the next reading begins anew */
    duration unanswered; /* what counts against it */
    duration starved;    /* what does not */
};

void pulse_begin(struct pulse *p);
uint32_t pulse_ask(struct pulse *p); /* the token to send */
void pulse_answer(struct pulse *p, uint32_t token);
static inline bool pulse_waits(const struct pulse *p) { return p->asked != p->answered; }
/* To be called every PULSE_SAMPLE_MS while pulse_waits, with the process's threads in the same order each time. */
void pulse_sample(struct pulse *p, const struct pulse_reading *threads, size_t n, instant now);
bool pulse_deaf(const struct pulse *p);
