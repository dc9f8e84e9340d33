/* Origin validation: the sentences of RFC 6811, and a slow list that must agree with the table. */
#include <stdio.h>
#include <stdlib.h>
#include "check.h"
#include "policy/rov.h"

static const struct hash_key key = {3, 4};

static struct prefix px(const char *s)
{
    struct prefix p;
    assert_int_equal(prefix_parse(s, &p), PREFIX_FINE);
    return p;
}

static void give(struct rov_table *t, const char *prefix, uint8_t max_len, uint32_t asn)
{
    const struct vrp v = {px(prefix), max_len, asn};
    assert_true(vrp_valid(&v));
    assert_true(rov_add(t, &v));
}

static const char *state_of(const struct rov_table *t, const char *prefix, uint32_t origin)
{
    struct prefix p = px(prefix);
    return rov_state_name(rov_check(t, &p, origin));
}

static void test_states_of_rfc_6811(void **state)
{
    (void)state;
    struct rov_table *t = rov_new(&key);
    give(t, "198.51.100.0/22", 24, 65010);
    give(t, "198.51.100.0/24", 24, 65020);
    give(t, "203.0.113.0/24", 24, 0); /* RFC 6483 section 4: nobody may */
    give(t, "2001:db8::/32", 48, 65010);
    static const struct {
        const char *prefix;
        uint32_t origin;
        const char *state;
    } rows[] = {
        {"192.0.2.0/24", 65010, "not-found"},
        {"198.51.100.0/22", 65010, "valid"},
        {"198.51.101.0/24", 65010, "valid"},
        {"198.51.100.0/25", 65010, "invalid"}, /* longer than allowed */
        {"198.51.100.0/22", 65011, "invalid"}, /* somebody else */
        {"198.51.100.0/24", 65020, "valid"},   /* one payload that matches is enough */
        {"198.51.100.0/24", 65010, "valid"},
        {"198.51.101.0/24", 65020, "invalid"},
        {"198.48.0.0/13", 65011, "not-found"}, /* covers, is not covered */
        {"198.51.100.0/24", 0, "invalid"},     /* ends in a set: nobody answers */
        {"203.0.113.0/24", 65010, "invalid"},
        {"203.0.113.0/24", 0, "invalid"}, /* AS 0 never matches */
        {"2001:db8:7::/48", 65010, "valid"},
        {"2001:db8:7::/49", 65010, "invalid"},
        {"2001:db9::/32", 65010, "not-found"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_string_equal(state_of(t, rows[i].prefix, rows[i].origin), rows[i].state);
    assert_int_equal(rov_count(t, FAMILY_IPV4), 3);
    assert_int_equal(rov_count(t, FAMILY_IPV6), 1);
    rov_free(t);
}

static void test_default_routes_and_hosts_can_have_payloads(void **state)
{
    (void)state;
    struct rov_table *t = rov_new(&key);
    assert_string_equal(state_of(t, "0.0.0.0/0", 1), "not-found");
    give(t, "0.0.0.0/0", 32, 1);
    give(t, "::1:0/128", 128, 2);
    assert_string_equal(state_of(t, "10.0.0.1/32", 1), "valid");
    assert_string_equal(state_of(t, "10.0.0.1/32", 2), "invalid");
    assert_string_equal(state_of(t, "::1:0/128", 2), "valid");
    assert_string_equal(state_of(t, "::/0", 1), "not-found");
    rov_free(t);
}

static void test_payloads_that_make_no_sense_are_none(void **state)
{
    (void)state;
    const struct vrp bad[] = {{px("10.0.0.0/16"), 15, 1},
                              {px("10.0.0.0/16"), 33, 1},
                              {px("2001:db8::/32"), 129, 1},
                              {{{0}, 0}, 0, 1}};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) assert_false(vrp_valid(&bad[i]));
}

/* --- the twin: a list that is searched from end to end --- */

enum { LIST = 600, STEPS = 200000 };

struct list {
    struct vrp v[LIST];
    size_t n;
};

static bool list_same(const struct vrp *a, const struct vrp *b)
{
    return a->asn == b->asn && a->max_len == b->max_len && prefix_equal(&a->prefix, &b->prefix);
}

static size_t list_times(const struct list *l, const struct vrp *v)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) n += list_same(&l->v[i], v);
    return n;
}

static bool list_add(struct list *l, const struct vrp *v)
{
    l->v[l->n++] = *v;
    return list_times(l, v) == 1;
}

static bool list_remove(struct list *l, const struct vrp *v)
{
    for (size_t i = 0; i < l->n; i++)
        if (list_same(&l->v[i], v)) return l->v[i] = l->v[--l->n], list_times(l, v) == 0;
    return false;
}

static size_t list_kinds(const struct list *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        bool first = true;
        for (size_t k = 0; k < i && first; k++) first = !list_same(&l->v[i], &l->v[k]);
        n += first;
    }
    return n;
}

static enum rov_state list_check(const struct list *l, const struct prefix *p, uint32_t origin)
{
    enum rov_state s = ROV_NOT_FOUND;
    for (size_t i = 0; i < l->n; i++) {
        const struct vrp *v = &l->v[i];
        if (v->prefix.addr.family != p->addr.family || !prefix_covers(&v->prefix, p)) continue;
        s = s == ROV_VALID || (origin && v->asn == origin && p->len <= v->max_len) ? ROV_VALID
                                                                                   : ROV_INVALID;
    }
    return s;
}

static uint32_t next(uint64_t *s)
{
    *s ^= *s << 13, *s ^= *s >> 7, *s ^= *s << 17;
    return (uint32_t)(*s >> 16);
}

/* A small space, so that prefixes cover each other and payloads come again. */
static struct prefix random_prefix(uint64_t *s)
{
    struct addr a = {.family = next(s) % 3 ? FAMILY_IPV4 : FAMILY_IPV6,
                     .b = {10, (uint8_t)(next(s) % 4)}};
    a.b[2] = (uint8_t)next(s);
    return prefix_of(&a, (uint8_t)(8 + next(s) % 17));
}

static void test_the_table_agrees_with_the_list(void **state)
{
    (void)state;
    const char *given = getenv("FL_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : 0x5eed2026, s = seed;
    struct rov_table *t = rov_new(&key);
    struct list *l = calloc(1, sizeof *l);
    for (int step = 0; step < STEPS; step++) {
        struct vrp v = {.prefix = random_prefix(&s), .asn = next(&s) % 5};
        v.max_len = (uint8_t)(v.prefix.len + next(&s) % 4);
        bool same = true;
        if (l->n < LIST && next(&s) % 5 < 2)
            same = rov_add(t, &v) == list_add(l, &v);
        else if (next(&s) % 2)
            same = rov_remove(t, &v) == list_remove(l, &v);
        struct prefix p = random_prefix(&s);
        uint32_t origin = next(&s) % 5;
        same =
            same && rov_check(t, &p, origin) == list_check(l, &p, origin) &&
            (step % 512 || rov_count(t, FAMILY_IPV4) + rov_count(t, FAMILY_IPV6) == list_kinds(l));
        if (!same) fail_msg("seed %llu step %d", (unsigned long long)seed, step);
    }
    free(l);
    rov_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states_of_rfc_6811),
        cmocka_unit_test(test_default_routes_and_hosts_can_have_payloads),
        cmocka_unit_test(test_payloads_that_make_no_sense_are_none),
        cmocka_unit_test(test_the_table_agrees_with_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
