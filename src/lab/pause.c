/* lab/pause.c - clock, pauses and the interrupt flag. */
#include "lab/pause.h"
#include <signal.h>
#include <time.h>

static volatile sig_atomic_t caught;

static void on_signal(int sig) { caught = sig; }

instant now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (instant){(int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000};
}

void interrupts_catch(void)
{
    struct sigaction a = {.sa_handler = on_signal};
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
    sigaction(SIGHUP, &a, NULL);
}

bool interrupted(void) { return caught != 0; }
void interrupts_forget(void) { caught = 0; }

void pause_for(duration d)
{
    if (interrupted() || d.us <= 0) return;
    nanosleep(&(struct timespec){d.us / 1000000, d.us % 1000000 * 1000}, NULL);
}
