/* proto/nat_guard.c - see nat_guard.h. */
#include "proto/nat_guard.h"
#include <string.h>

const char *const nat_guard_names[NAT_GUARD_FATES] = {
#define X(name, text) [NAT_GUARD_##name] = text,
    NAT_GUARD_MAP(X)
#undef X
};

void nat_guard_init(struct nat_guard *g, const struct nat_guard_mac *mac, uint64_t session, uint64_t nonce)
{
    *g = (struct nat_guard){.mac = *mac, .session = session, .nonce = nonce ? nonce : 1};
}

void nat_guard_keys(struct nat_guard *g, const uint32_t *tags, size_t n)
{
    g->keys_n = n < NAT_GUARD_KEYS ? n : NAT_GUARD_KEYS;
    memcpy(g->tags, tags, g->keys_n * sizeof *tags);
    g->sealing = g->greeting = g->partner ? g->keys_n - 1 : 0; /* a partner in session knows the one before for certain */
}

uint32_t nat_guard_tag(const uint8_t mac[static NATSYNC_SEAL_MAC])
{
    struct cursor c = cursor_of(span_of(mac, NATSYNC_SEAL_MAC));
    return cursor_u32(&c);
}

size_t nat_guard_seal(struct nat_guard *g, struct span datagram, uint8_t *out)
{
    struct writer w = writer_on(out, NATSYNC_SEALED_MAX);
    uint8_t mac[NATSYNC_SEAL_MAC];
    size_t key = datagram.n ? g->sealing : g->greeting;
    natsync_put_seal(&w, &(struct natsync_seal){.key = g->tags[key], .wish = g->tags[0], .session = g->session,
                                                .nonce = g->nonce, .echo = g->echo, .counter = ++g->counter});
    writer_copy(&w, datagram);
    g->mac.sign(g->mac.ctx, key, writer_span(&w), mac);
    writer_bytes(&w, mac, sizeof mac);
    g->owes_greeting = false;
    return writer_len(&w);
}

/* --- in --- */

static bool same(const uint8_t *a, const uint8_t *b, size_t n)
{
    uint8_t differs = 0;
    for (size_t k = 0; k < n; k++) differs |= a[k] ^ b[k]; /* takes as long for every guess */
    return differs == 0;
}

static bool key_tagged(const struct nat_guard *g, uint32_t tag, size_t *out)
{
    for (size_t k = 0; k < g->keys_n; k++)
        if (g->tags[k] == tag) return *out = k, true;
    return false;
}

static uint64_t *seen_word(struct nat_guard *g, uint64_t counter)
{
    return &g->seen[counter % NAT_GUARD_WINDOW / 64];
}

/* False if it was there before, or is older than the window. */
static bool take_counter(struct nat_guard *g, uint64_t counter)
{
    uint64_t bit = (uint64_t)1 << counter % 64;
    if (counter == 0 || counter + NAT_GUARD_WINDOW <= g->newest) return false;
    if (counter > g->newest) {
        if (counter - g->newest >= NAT_GUARD_WINDOW) memset(g->seen, 0, sizeof g->seen);
        else
            for (uint64_t k = g->newest + 1; k <= counter; k++) *seen_word(g, k) &= ~((uint64_t)1 << k % 64);
        g->newest = counter;
    } else if (*seen_word(g, counter) & bit) {
        return false;
    }
    *seen_word(g, counter) |= bit;
    return true;
}

static void take_up(struct nat_guard *g, const struct natsync_seal *s, uint64_t fresh)
{
    g->partner = s->session;
    g->newest = 0;
    memset(g->seen, 0, sizeof g->seen);
    g->nonce = fresh ? fresh : 1;
    g->owes_greeting = true; /* so that it takes up ours */
}

static void choose_key(struct nat_guard *g, const struct natsync_seal *s, size_t used)
{
    g->sealing = s->wish == g->tags[0] ? 0 : used;
    g->greeting = used;
    if (used == 0) g->keys_n = 1; /* it has the new one: the one before is not taken any more */
}

static enum nat_fate judge_session(struct nat_guard *g, const struct natsync_seal *s, size_t used, uint64_t fresh)
{
    if (s->session == g->session) return NAT_GUARD_OWN;
    bool present = s->session == g->partner, knows_us = s->echo == g->nonce;
    if (!present && !knows_us) {
        g->echo = s->nonce;
        g->owes_greeting = true;
        g->greeting = used;
        return NAT_GUARD_GREETED;
    }
    if (!present) take_up(g, s, fresh);
    if (!take_counter(g, s->counter)) return NAT_GUARD_REPLAY;
    g->echo = s->nonce;
    choose_key(g, s, used);
    return NAT_GUARD_TAKEN;
}

static enum nat_fate judge(struct nat_guard *g, struct span sealed, uint64_t fresh, struct span *out)
{
    struct cursor c = cursor_of(sealed), peek = c;
    struct natsync_seal s;
    uint8_t mac[NATSYNC_SEAL_MAC];
    size_t used;
    if (cursor_u32(&peek) == NATSYNC_MAGIC) return NAT_GUARD_PLAIN;
    if (natsync_read_seal(&c, &s) || cursor_left(&c) < NATSYNC_SEAL_MAC || sealed.n > NATSYNC_SEALED_MAX) return NAT_GUARD_MALFORMED;
    struct span inner = cursor_span(&c, cursor_left(&c) - NATSYNC_SEAL_MAC), theirs = cursor_rest(&c);
    if (!key_tagged(g, s.key, &used)) return NAT_GUARD_KEY;
    g->mac.sign(g->mac.ctx, used, span_of(sealed.p, sealed.n - NATSYNC_SEAL_MAC), mac);
    if (!same(mac, theirs.p, sizeof mac)) return NAT_GUARD_MAC;
    *out = inner;
    return judge_session(g, &s, used, fresh);
}

enum nat_fate nat_guard_open(struct nat_guard *g, struct span sealed, uint64_t fresh, struct span *out)
{
    struct span inner = {0};
    enum nat_fate fate = judge(g, sealed, fresh, &inner);
    g->counts[fate]++;
    if (fate == NAT_GUARD_TAKEN) *out = inner;
    return fate;
}
