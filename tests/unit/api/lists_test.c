/* Lists page by page against a walk over everything; the kept snapshot against a fresh one; a group
 * that is too large to be deleted in one batch. */
#include "world.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
#define SUB "/subscriptions/" CUSTOMER_SUB

static const char *const groups[] = {"rg", "rg-a", "rg.b", "rg1", "rga", "RG_C"};
enum { CIRCUITS = 23 };

static void put_circuit(struct world *w, const char *group, int i)
{
    char path[300];
    snprintf(path, sizeof path, SUB "/resourceGroups/%s/providers/Microsoft.Network/expressRouteCircuits/c%d%s",
             group, i, i % 3 == 0 ? "-x" : i % 3 == 1 ? ".y" : "");
    EXPECT(201, put(w, path, CIRCUIT_BODY));
    if (i % 4) return;
    strcat(path, "/peerings/AzurePrivatePeering");
    EXPECT(201, put(w, path, PEERING_BODY));
}

static void fill(struct world *w)
{
    char path[300];
    for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
        snprintf(path, sizeof path, SUB "/resourceGroups/%s", groups[g]);
        EXPECT(201, put(w, path, "{\"location\":\"westeurope\"}"));
        for (int i = 0; i < CIRCUITS; i++) put_circuit(w, groups[g], i);
    }
}

/* Follows nextLink; counts items, and that none comes twice. */
static size_t walk_pages(struct world *w, const char *first, size_t most)
{
    json_t *seen = json_object(), *v;
    size_t n = 0, i, pages = 0;
    char target[2048];
    snprintf(target, sizeof target, "%s", first);
    for (;;) {
        EXPECT(200, get(w, target));
        assert_true(json_array_size(at(w->json, "value")) <= most);
        json_array_foreach((json_t *)at(w->json, "value"), i, v)
        {
            const char *id = json_string_value(json_object_get(v, "id"));
            assert_non_null(id);
            assert_null(json_object_get(seen, id));
            json_object_set_new(seen, id, json_true());
            n++;
        }
        const char *next = json_string_value(at(w->json, "nextLink"));
        if (!next) break;
        assert_true(json_array_size(at(w->json, "value")) == most);
        assert_true(++pages < 1000);
        snprintf(target, sizeof target, "%s", link_target(next));
    }
    json_decref(seen);
    return n;
}

static void every_page_size_shows_everything_once(void **state)
{
    struct world *w = *state;
    static const size_t sizes[] = {1, 7, 22, 23, 24, 100};
    char target[300];
    fill(w);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        snprintf(target, sizeof target, SUB "/providers/Microsoft.Network/expressRouteCircuits"
                 "?api-version=2022-01-01&$top=%zu", sizes[i]);
        assert_int_equal(walk_pages(w, target, sizes[i]), ARRAY_LEN(groups) * CIRCUITS);
        for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
            snprintf(target, sizeof target, SUB "/resourceGroups/%s/providers/Microsoft.Network/"
                     "expressRouteCircuits?api-version=2022-01-01&$top=%zu", groups[g], sizes[i]);
            assert_int_equal(walk_pages(w, target, sizes[i]), CIRCUITS);
        }
        snprintf(target, sizeof target, SUB "/resources?api-version=2021-04-01&$top=%zu", sizes[i]);
        assert_int_equal(walk_pages(w, target, sizes[i]), ARRAY_LEN(groups) * CIRCUITS);
        snprintf(target, sizeof target, SUB "/resourcegroups?api-version=2021-04-01&$top=%zu", sizes[i]);
        assert_int_equal(walk_pages(w, target, sizes[i]), ARRAY_LEN(groups));
    }
    assert_int_equal(walk_pages(w, SUB "/providers/Microsoft.Network/expressRouteCircuits"
                                   "?api-version=2022-01-01", 100), ARRAY_LEN(groups) * CIRCUITS);
    EXPECT(200, get(w, SUB "/resourceGroups/rg-a/resources?api-version=2021-04-01&$filter="
                       "resourceType%20eq%20'Microsoft.Network/expressRouteCircuits'"));
    assert_int_equal(json_array_size(at(w->json, "value")), CIRCUITS);
}

static void a_strange_token_is_no_harm(void **state)
{
    struct world *w = *state;
    static const char *const tokens[] = {"", "x", "/", "%ff", "/subscriptions/zzz", "a%20b",
                                         "/subscriptions/" FOREIGN_SUB "/resourcegroups/x/y/z/a/b"};
    char target[300];
    fill(w);
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        snprintf(target, sizeof target, SUB "/providers/Microsoft.Network/expressRouteCircuits"
                 "?api-version=2022-01-01&$skiptoken=%s", tokens[i]);
        EXPECT(200, get(w, target));
    }
}

static void the_kept_snapshot_is_what_a_fresh_one_would_be(void **state)
{
    struct world *w = *state;
    uint64_t seed = 88172645463325252u;
    make_group(w);
    for (int step = 0; step < 400; step++) {
        char path[256];
        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        snprintf(path, sizeof path, NET "/expressRouteCircuits/c%d", (int)(seed % 9));
        if (seed >> 8 & 1)
            put(w, path, CIRCUIT_BODY);
        else
            ask(w, &owner, API_DELETE, path, NULL);
        if (step % 5) continue;
        json_t *kept = api_resources(w->api);
        struct api *other = w->api;
        world_open(w); /* another one on the same store */
        json_t *fresh = api_resources(w->api);
        if (!json_equal(kept, fresh)) print_message("step %d\n", step);
        assert_true(json_equal(kept, fresh));
        json_decref(kept);
        json_decref(fresh);
        api_drop(w->api);
        w->api = other;
    }
}

static void a_group_of_any_size_can_be_deleted(void **state)
{
    struct world *w = *state;
    make_group(w);
    for (int i = 0; i < 1500; i++) {
        char path[256];
        snprintf(path, sizeof path, NET "/expressRouteCircuits/c%d", i);
        put(w, path, CIRCUIT_BODY);
        assert_int_equal(w->out.status, 201);
    }
    EXPECT(202, ask(w, &owner, API_DELETE, RG, NULL));
    EXPECT(404, get(w, RG));
    json_t *all = api_resources(w->api);
    assert_int_equal(json_array_size(all), 0);
    json_decref(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_page_size_shows_everything_once),
        TEST(a_strange_token_is_no_harm),
        TEST(the_kept_snapshot_is_what_a_fresh_one_would_be),
        TEST(a_group_of_any_size_can_be_deleted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
