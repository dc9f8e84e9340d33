#include "check.h"
#include "model/catalogue_json.h"
#include "sys/data_files.h"

struct fixture {
    struct arena arena;
    struct problems problems;
    struct catalogue *c;
    json_t *files[4];
};

static int load(void **state)
{
    static struct fixture f;
    static const char *const names[] = {"providers.json", "peering_locations.json", "limits.json",
                                        "gateway_skus.json"};
    struct text why = {0};
    arena_init(&f.arena, 8 << 20);
    problems_init(&f.problems, &f.arena);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (!(f.files[i] = data_file_json(names[i], &why))) print_message("%s\n", text_get(&why));
    text_drop(&why);
    f.c = catalogue_from_json(&(struct catalogue_files){f.files[0], f.files[1], f.files[2], f.files[3]},
                              &f.arena, &f.problems);
    for (const struct problem *p = f.problems.first; p; p = p->next)
        print_message("%s: %s\n", p->where, p->what);
    *state = &f;
    return f.c ? 0 : -1;
}

static int unload(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < 4; i++) json_decref(f->files[i]);
    arena_drop(&f->arena);
    return 0;
}

static void providers_are_known_by_any_spelling_and_by_cloud(void **state)
{
    const struct catalogue *c = ((struct fixture *)*state)->c;
    const struct catalogue_provider *p = catalogue_provider(c, "equinix");
    assert_non_null(p);
    assert_true(p->is_exchange);
    assert_true(catalogue_serves(p, "global", "Amsterdam"));
    assert_false(catalogue_serves(p, "china", "Amsterdam"));
    assert_false(catalogue_serves(p, "global", "Busan"));
    assert_non_null(catalogue_provider(c, "Interxion (Digital Realty)"));
    assert_null(catalogue_provider(c, "Nobody"));
    assert_string_equal(catalogue_near_provider(c, "Equinx"), "Equinix");
    assert_string_equal(catalogue_near_location(c, "global", "Amsterdm"), "Amsterdam");
}

static void regions_are_the_same_with_and_without_spaces(void **state)
{
    const struct catalogue *c = ((struct fixture *)*state)->c;
    assert_true(catalogue_region_same("West Europe", "westeurope"));
    assert_false(catalogue_region_same("West Europe", "westeurope2"));
    assert_string_equal(catalogue_geography_of(c, "westeurope")->name, "Europe");
    const struct catalogue_location *l = catalogue_location(c, "global", "amsterdam");
    assert_non_null(l);
    assert_true(catalogue_region_local(l, "westeurope"));
    assert_false(catalogue_region_local(l, "northeurope"));
}

static void limits_grow_with_size_on_premium_only(void **state)
{
    const struct catalogue_limits *l = &((struct fixture *)*state)->c->limits;
    assert_int_equal(catalogue_links(l, false, 10000), 10);
    assert_int_equal(catalogue_links(l, true, 50), 20);
    assert_int_equal(catalogue_links(l, true, 200), 25);
    assert_int_equal(catalogue_links(l, true, 10000), 100);
    assert_true(catalogue_bandwidth_is(l->bandwidths[KIND_PROVIDER], 500));
    assert_false(catalogue_bandwidth_is(l->bandwidths[KIND_PROVIDER], 300));
    assert_int_equal(l->private_ipv4_premium, 10000);
}

static void carriers_reach_exchanges(void **state)
{
    const struct catalogue *c = ((struct fixture *)*state)->c;
    assert_true(catalogue_carrier_reaches(c, "Eurofiber", "Equinix", "Amsterdam"));
    assert_false(catalogue_carrier_reaches(c, "Eurofiber", "Equinix", "Tokyo"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(providers_are_known_by_any_spelling_and_by_cloud),
        cmocka_unit_test(regions_are_the_same_with_and_without_spaces),
        cmocka_unit_test(limits_grow_with_size_on_premium_only),
        cmocka_unit_test(carriers_reach_exchanges),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
