/* Two edges and somebody between them who records, repeats, changes and makes up datagrams. The HMAC here is a
 * keyed sum: what is tested is who is taken, not the digest. */
#include "check.h"
#include <string.h>
#include "base/hash.h"
#include "proto/nat_guard.h"

struct edge {
    struct nat_guard guard;
    uint64_t keys[NAT_GUARD_KEYS]; /* 0: none */
};

struct sealed {
    uint8_t bytes[NATSYNC_SEALED_MAX];
    size_t n;
};

static uint64_t random_state = 7;
static uint64_t fresh(void) { return random_state = (random_state * 6364136223846793005u + 1442695040888963407u) | 1; }

static void sign(void *ctx, size_t key, struct span bytes, uint8_t out[static NATSYNC_SEAL_MAC])
{
    const struct edge *e = ctx;
    const struct hash_key k = {e->keys[key], 1};
    uint64_t h = hash_bytes(&k, bytes.p, bytes.n);
    memcpy(out, &h, sizeof h);
    memcpy(out + 8, &h, sizeof h);
}

static void give_keys(struct edge *e, uint64_t present, uint64_t before)
{
    const uint32_t tags[] = {(uint32_t)present, (uint32_t)before};
    e->keys[0] = present, e->keys[1] = before;
    nat_guard_keys(&e->guard, tags, before ? 2 : 1);
}

static void start(struct edge *e, uint64_t key)
{
    nat_guard_init(&e->guard, &(struct nat_guard_mac){e, sign}, fresh(), fresh());
    give_keys(e, key, 0);
}

static struct sealed speak(struct edge *e)
{
    struct sealed s;
    s.n = nat_guard_seal(&e->guard, span_of("hello", 5), s.bytes);
    return s;
}

static enum nat_fate hear(struct edge *e, const struct sealed *s)
{
    struct span inner = {0};
    enum nat_fate fate = nat_guard_open(&e->guard, span_of(s->bytes, s->n), fresh(), &inner);
    if (fate == NAT_GUARD_TAKEN && inner.n) assert_memory_equal(inner.p, "hello", 5);
    if (fate != NAT_GUARD_TAKEN) assert_null(inner.p);
    return fate;
}

/* Each answers as long as it owes a greeting. */
static void settle(struct edge *a, struct edge *b)
{
    for (int k = 0; k < 8; k++) {
        struct edge *from = k % 2 ? b : a, *to = k % 2 ? a : b;
        if (!from->guard.owes_greeting) continue;
        struct sealed s;
        s.n = nat_guard_seal(&from->guard, (struct span){0}, s.bytes);
        hear(to, &s);
    }
    assert_false(a->guard.owes_greeting || b->guard.owes_greeting);
}

static void meet(struct edge *a, struct edge *b)
{
    struct sealed s = speak(a);
    hear(b, &s);
    settle(a, b);
    for (int k = 0; k < 2; k++) {
        s = speak(k ? b : a);
        assert_int_equal(hear(k ? a : b, &s), NAT_GUARD_TAKEN);
    }
}

static void two_edges_meet_and_a_restarted_one_is_met_again(void **state)
{
    (void)state;
    struct edge a, b;
    start(&a, 11), start(&b, 11);
    meet(&a, &b);
    for (int k = 0; k < 5; k++) {
        start(&b, 11);
        meet(&a, &b);
    }
    start(&a, 11), start(&b, 11);
    meet(&b, &a);
}

static void each_datagram_is_taken_once_in_whatever_order(void **state)
{
    (void)state;
    enum { MANY = 200 };
    static struct sealed s[MANY], late;
    struct edge a, b;
    start(&a, 11), start(&b, 11);
    meet(&a, &b);
    late = speak(&a);
    for (size_t k = 0; k < MANY; k++) s[k] = speak(&a);
    for (size_t k = 0; k < MANY; k++) assert_int_equal(hear(&b, &s[k * 77 % MANY]), NAT_GUARD_TAKEN);
    for (size_t k = 0; k < MANY; k++) assert_int_equal(hear(&b, &s[k]), NAT_GUARD_REPLAY);
    for (size_t k = 0; k < NAT_GUARD_WINDOW; k++) s[0] = speak(&a);
    assert_int_equal(hear(&b, &s[0]), NAT_GUARD_TAKEN);
    assert_int_equal(hear(&b, &late), NAT_GUARD_REPLAY); /* too old to be known */
    assert_int_equal(b.guard.counts[NAT_GUARD_REPLAY], MANY + 1);
}

static void what_was_recorded_begins_no_session(void **state)
{
    (void)state;
    enum { MANY = 32 };
    static struct sealed old[MANY];
    struct edge a, b;
    start(&a, 11), start(&b, 11);
    meet(&a, &b);
    for (size_t k = 0; k < MANY; k++) old[k] = speak(&a);
    start(&a, 11); /* the partner begins anew: nothing of its earlier life is taken */
    meet(&a, &b);
    uint64_t partner = b.guard.partner;
    for (size_t k = 0; k < MANY; k++) {
        assert_int_equal(hear(&b, &old[k]), NAT_GUARD_GREETED);
        settle(&a, &b);
    }
    assert_int_equal(b.guard.partner, partner);
    start(&b, 11); /* nor by one who forgot everything */
    for (size_t k = 0; k < MANY; k++) assert_int_equal(hear(&b, &old[k]), NAT_GUARD_GREETED);
    assert_int_equal(b.guard.partner, 0);
    meet(&a, &b);
}

static void what_is_changed_or_made_up_is_refused_by_name(void **state)
{
    (void)state;
    struct edge a, b, stranger;
    struct sealed s, good;
    start(&a, 11), start(&b, 11), start(&stranger, 12);
    meet(&a, &b);
    good = speak(&a);
    for (size_t k = 0; k < good.n * 8; k++) {
        s = good;
        s.bytes[k / 8] ^= (uint8_t)(1u << k % 8);
        assert_true(hear(&b, &s) != NAT_GUARD_TAKEN);
    }
    for (s = good, s.n = 0; s.n < good.n; s.n++) assert_true(hear(&b, &s) != NAT_GUARD_TAKEN);
    assert_int_equal(hear(&b, &good), NAT_GUARD_TAKEN);
    s = speak(&stranger);
    assert_int_equal(hear(&b, &s), NAT_GUARD_KEY);
    s = speak(&b);
    assert_int_equal(hear(&b, &s), NAT_GUARD_OWN);
    s.n = 100;
    memcpy(s.bytes, "FLNS", 4);
    assert_int_equal(hear(&b, &s), NAT_GUARD_PLAIN);
    assert_true(b.guard.counts[NAT_GUARD_MAC] > 0 && b.guard.counts[NAT_GUARD_MALFORMED] > 0);
}

static void both_ways(struct edge *a, struct edge *b)
{
    struct sealed s = speak(a);
    assert_int_equal(hear(b, &s), NAT_GUARD_TAKEN);
    s = speak(b);
    assert_int_equal(hear(a, &s), NAT_GUARD_TAKEN);
}

static void a_key_is_replaced_without_losing_a_datagram(void **state)
{
    (void)state;
    struct edge a, b;
    start(&a, 11), start(&b, 11);
    meet(&a, &b);
    give_keys(&a, 22, 11);
    for (int k = 0; k < 3; k++) both_ways(&a, &b);
    assert_int_equal(a.guard.keys_n, 2); /* the other one does not have it yet */
    give_keys(&b, 22, 11);
    for (int k = 0; k < 3; k++) both_ways(&a, &b);
    assert_true(a.guard.keys_n == 1 && b.guard.keys_n == 1); /* the old one is not taken any more */
    start(&b, 11);
    struct sealed s = speak(&b);
    assert_int_equal(hear(&a, &s), NAT_GUARD_KEY);
}

static void a_restart_amid_a_change_of_keys_finds_together(void **state)
{
    (void)state;
    struct edge a, b;
    start(&a, 11), start(&b, 11);
    meet(&a, &b);
    give_keys(&a, 22, 11);
    start(&b, 22); /* it has never known the old one, and is heard first */
    meet(&b, &a);
    give_keys(&b, 33, 22);
    start(&a, 22); /* and this one does not have the newest */
    meet(&b, &a);
    meet(&a, &b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_edges_meet_and_a_restarted_one_is_met_again),
        cmocka_unit_test(each_datagram_is_taken_once_in_whatever_order),
        cmocka_unit_test(what_was_recorded_begins_no_session),
        cmocka_unit_test(what_is_changed_or_made_up_is_refused_by_name),
        cmocka_unit_test(a_key_is_replaced_without_losing_a_datagram),
        cmocka_unit_test(a_restart_amid_a_change_of_keys_finds_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
