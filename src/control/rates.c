/* control/rates.c - see the header. */
#include "control/rates.h"

static void leak(struct bucket *b, double rate, instant now)
{
    b->level -= (double)instant_since(now, b->at).us / 1e6 * rate;
    if (b->level < 0) b->level = 0;
    b->at = now;
}

bool rate_take(struct bucket *b, double rate, double burst, instant now)
{
    leak(b, rate, now);
    if (b->level + 1 > burst) return false;
    b->level++;
    return true;
}

unsigned rate_wait_s(struct bucket *b, double rate, double burst, instant now)
{
    leak(b, rate, now);
    double over = b->level + 1 - burst;
    return over > 0 ? (unsigned)(over / rate) + 1 : 0;
}
