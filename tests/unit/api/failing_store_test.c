/* The store fails at the n-th call, for every n of a whole life: the answer is an error, nothing is
 * half done, and when the store is well again everything can be done. */
#include "world.h"

struct failing {
    struct store store;
    struct store *real;
    long left; /* calls until one fails; negative: never */
    bool failed;
};

static bool fails(struct store *s)
{
    struct failing *f = (struct failing *)s;
    if (f->left < 0 || f->left-- > 0) return false;
    f->failed = true;
    return true;
}

static struct store *real_of(struct store *s) { return ((struct failing *)s)->real; }

static enum store_result f_get(struct store *s, const char *key, struct arena *a, struct store_item *out)
{
    return fails(s) ? STORE_UNAVAILABLE : store_get(real_of(s), key, a, out);
}
static enum store_result f_list(struct store *s, const char *prefix, const char *after, size_t limit,
                                bool values, struct arena *a, struct store_items *out)
{
    if (fails(s)) return STORE_UNAVAILABLE;
    return (values ? store_list : store_keys)(real_of(s), prefix, after, limit, a, out);
}
static enum store_result f_changes(struct store *s, const char *prefix, int64_t since, size_t limit,
                                   struct arena *a, struct store_items *out)
{
    return fails(s) ? STORE_UNAVAILABLE : store_changes(real_of(s), prefix, since, limit, a, out);
}
static enum store_result f_batch(struct store *s, const struct store_write *w, size_t n, int64_t *out)
{
    return fails(s) ? STORE_UNAVAILABLE : store_batch(real_of(s), w, n, out);
}
static int64_t f_revision(struct store *s) { return store_revision(real_of(s)); }
static void f_drop(struct store *s) { store_drop(real_of(s)); }

static const struct store_ops failing_ops = {f_get, f_list, f_changes, f_batch, f_revision, f_drop};

static const struct {
    enum api_method method;
    const char *path, *body;
    bool provision; /* by the provider, first */
} life[] = {
    {API_PUT, RG, "{\"location\":\"westeurope\"}", false},
    {API_PUT, CIRCUIT, CIRCUIT_BODY, false},
    {API_PUT, PRIVATE, PEERING_BODY, true},
    {API_PUT, CIRCUIT "/authorizations/a", "{}", false},
    {API_PUT, VNET, VNET_BODY, false},
    {API_PUT, GATEWAY, GATEWAY_BODY, false},
    {API_PUT, CONNECTION, CONNECTION_BODY, false},
    {API_GET, CIRCUIT, NULL, false},
    {API_GET, NET "/connections", NULL, false},
    {API_DELETE, CONNECTION, NULL, false},
    {API_DELETE, GATEWAY, NULL, false},
    {API_DELETE, VNET, NULL, false},
    {API_DELETE, PRIVATE, NULL, false},
};

/* Does one step; with `countdown` the store fails once on the way. True when it failed. */
static bool step(struct world *w, struct failing *f, size_t i, long countdown)
{
    int64_t before = store_revision(f->real);
    int64_t running = api_next(w->api);
    f->failed = false;
    f->left = countdown;
    int status = ask(w, &owner, life[i].method, life[i].path, life[i].body);
    f->left = -1;
    if (!f->failed) {
        if (status >= 300) print_message("%s: %d %s\n", life[i].path, status, text_get(&w->out.body));
        assert_true(status < 300);
    } else if (status >= 300) {
        /* 409: what failed was the end of the operation before, which therefore still runs */
        if (status == 409 && running != INT64_MAX) expect_fault(w, 409, "AnotherOperationInProgress");
        else expect_fault(w, 503, "ServiceUnavailable");
        if (running == INT64_MAX) assert_int_equal(store_revision(f->real), before);
    }
    return f->failed;
}

static void settle(struct world *w)
{
    for (int i = 0; i < 5; i++) {
        w->now_ms += 2000;
        api_tick(w->api, w->now_ms);
    }
    assert_int_equal(api_next(w->api), INT64_MAX);
}

static void every_call_of_the_store_may_fail_once(void **state)
{
    struct world *w = *state;
    struct failing f = {{&failing_ops}, w->is.store, -1, false};
    size_t failures = 0;
    api_drop(w->api);
    w->is.store = &f.store;
    world_open(w);
    for (size_t i = 0; i < ARRAY_LEN(life); i++) {
        if (life[i].provision) provision(w, "Provisioned");
        long n = 0;
        while (step(w, &f, i, n)) {
            n++;
            failures++;
            settle(w);
            assert_true(n < 2000);
        }
        settle(w);
    }
    assert_true(failures > 50);
    w->is.store = f.real;
}

static void an_operation_whose_end_cannot_be_written_ends_later(void **state)
{
    struct world *w = *state;
    struct failing f = {{&failing_ops}, w->is.store, -1, false};
    make_circuit(w);
    get(w, CIRCUIT);
    api_drop(w->api);
    w->is.store = &f.store;
    world_open(w);
    for (long n = 0; n < 40; n++) {
        EXPECT(200, put(w, CIRCUIT, CIRCUIT_BODY));
        f.left = n;
        api_tick(w->api, w->now_ms);
        f.left = -1;
        settle(w);
        EXPECT(200, get(w, CIRCUIT));
        assert_string_equal(says(w, "properties.provisioningState"), "Succeeded");
    }
    w->is.store = f.real;
}

static void a_store_that_cannot_be_read_opens_no_api(void **state)
{
    struct world *w = *state;
    struct failing f = {{&failing_ops}, w->is.store, 0, false};
    struct arena a;
    struct problems ps;
    struct api_world broken = w->is;
    broken.store = &f.store;
    arena_init(&a, 1 << 20);
    problems_init(&ps, &a);
    assert_null(api_new(&broken, w->now_ms, &ps));
    assert_int_equal(ps.count, 1);
    broken = w->is;
    broken.catalogues.limits = "{";
    assert_null(api_new(&broken, w->now_ms, &ps));
    assert_int_equal(ps.count, 2);
    arena_drop(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_call_of_the_store_may_fail_once, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(an_operation_whose_end_cannot_be_written_ends_later, world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(a_store_that_cannot_be_read_opens_no_api, world_setup,
                                        world_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
