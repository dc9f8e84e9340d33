/* Clashes of link subnets, held against a slow twin that compares all with all. */
#include "check.h"
#include <stdlib.h>
#include "base/arena.h"
#include "checklist/links.h"

enum { CIRCUITS = 40, SITES = 5, PREFIXES = 60, ROUNDS = 200 };

static uint32_t next(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

/* Few addresses and many lengths, so that much overlaps. */
static struct prefix some_prefix(uint64_t *seed)
{
    struct addr a = addr_v4(0x0a000000u | (next(seed) % 4) << 16 | (next(seed) % 8) << 4 | (next(seed) % 16));
    static const uint8_t lengths[] = {8, 16, 17, 28, 29, 30, 30, 30, 31, 32};
    return prefix_of(&a, lengths[next(seed) % sizeof lengths]);
}

static size_t slow_clashes(const struct design *d, const struct design_peering *p, enum leg leg)
{
    struct prefix mine, other;
    size_t n = 0;
    if (!design_link_subnet(&p->ipv4, leg, &mine)) return 0;
    for (size_t i = 0; i < d->circuits_n; i++)
        for (int k = 0; k < PEERING_KINDS; k++)
            for (enum leg l = LEG_FIRST; l < LEGS; l++) {
                const struct design_peering *q = &d->circuits[i].peerings[k];
                if (!q->there || (q == p && l == leg) || !design_link_subnet(&q->ipv4, l, &other)) continue;
                n += prefix_overlaps(&mine, &other);
            }
    for (size_t i = 0; i < d->sites_n; i++)
        for (size_t k = 0; k < d->sites[i].prefixes_n; k++)
            n += !prefix_is_default(&d->sites[i].prefixes[k]) && prefix_overlaps(&mine, &d->sites[i].prefixes[k]);
    return n;
}

static void fill(struct design *d, uint64_t *seed)
{
    for (size_t i = 0; i < CIRCUITS; i++) {
        struct design_peering *p = &d->circuits[i].peerings[PEERING_PRIVATE];
        d->circuits[i].name = "c";
        p->there = next(seed) % 8 != 0;
        p->ipv4.primary = some_prefix(seed);
        p->ipv4.secondary = some_prefix(seed);
    }
    for (size_t i = 0; i < SITES; i++) {
        d->sites[i].name = "s";
        d->sites[i].prefixes_n = next(seed) % PREFIXES;
        for (size_t k = 0; k < d->sites[i].prefixes_n; k++) d->sites[i].prefixes[k] = some_prefix(seed);
    }
}

static void clashes_are_those_of_the_slow_twin(void **state)
{
    static struct design_circuit circuits[CIRCUITS];
    static struct design_site sites[SITES];
    static struct prefix prefixes[SITES][PREFIXES];
    struct design d = {.circuits = circuits, .circuits_n = CIRCUITS, .sites = sites, .sites_n = SITES};
    uint64_t seed = 20261125;
    (void)state;
    for (size_t i = 0; i < SITES; i++) sites[i].prefixes = prefixes[i];
    for (int round = 0; round < ROUNDS; round++) {
        struct arena arena;
        arena_init(&arena, 64 << 20);
        fill(&d, &seed);
        struct links *l = links_make(&d, &arena);
        assert_non_null(l);
        for (size_t i = 0; i < CIRCUITS; i++)
            for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
                const struct design_peering *p = &circuits[i].peerings[PEERING_PRIVATE];
                size_t n = 0;
                if (!p->there) continue;
                for (const struct link_clash *c = links_clashes(l, &d, p, leg, 0); c; c = c->next) n++;
                if (n != slow_clashes(&d, p, leg)) fail_msg("round %d, circuit %zu: %zu, not %zu", round, i, n, slow_clashes(&d, p, leg));
            }
        arena_drop(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(clashes_are_those_of_the_slow_twin)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
