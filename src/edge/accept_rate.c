/* edge/accept_rate.c - seconds of their own for a few hundred addresses. */
#include "edge/accept_rate.h"
#include "base/hash.h"

static size_t set_of(const struct addr *a)
{
    static const struct hash_key key = {0x61636365, 0x7074}; /* no secret: whoever meets another's set shares four rows with it */
    return (size_t)hash_bytes(&key, a->b, sizeof a->b) % ACCEPT_SETS;
}

bool accept_rate_take(struct accept_rate *r, const struct addr *from, instant now)
{
    size_t set = set_of(from), at = 0;
    for (size_t i = 0; i < ACCEPT_WAYS; i++) {
        if (r->rows[set][i].n && addr_equal(&r->rows[set][i].from, from)) {
            at = i;
            break;
        }
        if (r->rows[set][i].begun.us < r->rows[set][at].begun.us) at = i;
    }
    bool known = r->rows[set][at].n && addr_equal(&r->rows[set][at].from, from);
    if (!known || instant_since(now, r->rows[set][at].begun).us >= duration_s(1).us) {
        r->rows[set][at].from = *from;
        r->rows[set][at].begun = now;
        r->rows[set][at].n = 0;
    }
    bool fine = ++r->rows[set][at].n <= ACCEPT_RATE;
    r->refused += !fine;
    return fine;
}
