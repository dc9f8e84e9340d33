/* api/api.c - the front door: takes the target apart, checks what every call must have, passes on.
 */
#include "api/api.h"
#include <stdlib.h>
#include <string.h>
#include "api/api_priv.h"
#include "model/catalogue_json.h"

enum { CATALOGUE_BYTES = 16 << 20 };

/* Microsoft.Network's and Microsoft.Resources' versions that stock clients use; one handler serves
 * all of them. */
const char *const api_versions[] = {
    "2015-06-15", "2016-03-30", "2016-06-01", "2016-09-01", "2016-12-01", "2017-03-01",
    "2017-06-01", "2017-08-01", "2017-09-01", "2017-10-01", "2017-11-01", "2018-01-01",
    "2018-02-01", "2018-04-01", "2018-06-01", "2018-07-01", "2018-08-01", "2018-10-01",
    "2018-11-01", "2018-12-01", "2019-02-01", "2019-04-01", "2019-06-01", "2019-07-01",
    "2019-08-01", "2019-09-01", "2019-11-01", "2019-12-01", "2020-03-01", "2020-04-01",
    "2020-05-01", "2020-06-01", "2020-07-01", "2020-08-01", "2020-11-01", "2021-02-01",
    "2021-03-01", "2021-04-01", "2021-05-01", "2021-08-01", "2022-01-01", "2022-05-01",
    "2022-07-01", "2022-09-01", "2022-11-01", "2023-02-01", "2023-04-01", "2023-05-01",
    "2023-06-01", "2023-07-01", "2023-09-01", "2023-11-01", "2024-01-01", "2024-03-01",
    "2024-05-01", "2024-10-01", "2025-01-01", "2025-05-01", NULL,
};

bool api_method_parse(const char *s, enum api_method *out)
{
    static const char *const names[API_METHODS] = {"GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"};
    for (int i = 0; i < API_METHODS; i++)
        if (strcmp(names[i], s) == 0) {
            *out = (enum api_method)i;
            return true;
        }
    return false;
}

static json_t *catalogue_file(const char *name, const char *text, struct problems *problems)
{
    json_error_t error = {.text = "it was not given"};
    json_t *json = text ? json_loads(text, JSON_REJECT_DUPLICATES, &error) : NULL;
    if (!json) problem_add(problems, name, "a JSON file of data/", "", "%s: %s", name, error.text);
    return json;
}

static struct catalogue *catalogue_open(struct api *a, struct problems *problems)
{
    enum { FILES = 5 };
    const struct api_catalogues *t = &a->world.catalogues;
    json_t *json[FILES] = {
        catalogue_file("providers", t->providers, problems),
        catalogue_file("peering_locations", t->peering_locations, problems),
        catalogue_file("limits", t->limits, problems),
        catalogue_file("gateway_skus", t->gateway_skus, problems),
        catalogue_file("bgp_communities", t->bgp_communities, problems),
    };
    struct catalogue *c = NULL;
    if (json[0] && json[1] && json[2] && json[3] && json[4])
        c = catalogue_from_json(
            &(struct catalogue_files){json[0], json[1], json[2], json[3], json[4]}, &a->arena,
            problems);
    for (int i = 0; i < FILES; i++) json_decref(json[i]);
    return c;
}

struct api *api_new(const struct api_world *w, int64_t now_ms, struct problems *problems)
{
    struct api *a = calloc(1, sizeof *a);
    if (!a) abort();
    a->world = *w;
    arena_init(&a->arena, CATALOGUE_BYTES);
    a->catalogue = catalogue_open(a, problems);
    if (a->catalogue && operations_resume(a, now_ms)) return a;
    if (a->catalogue)
        problem_add(problems, "store", "the store can be read", "",
                    "the operations cannot be read");
    api_drop(a);
    return NULL;
}

void api_drop(struct api *a)
{
    if (!a) return;
    for (size_t i = 0; i < a->running_n; i++) free(a->running[i].root);
    free(a->running);
    pool_hints_drop(a);
    snapshot_drop(a->snapshot);
    arena_drop(&a->arena);
    free(a);
}

/* A poll may come with any version: clients add their own to the address they were given. */
static bool is_poll(const struct target *t)
{
    return t->n == 8 && strncmp(t->segments[6], "operation", 9) == 0;
}

static bool version_fine(struct call *c)
{
    const char *version = target_param(&c->target, "api-version");
    c->version = version ? version : "";
    if (is_poll(&c->target)) return true;
    if (!*c->version)
        return FAIL(
            c, MissingApiVersionParameter, "api-version",
            "The api-version query parameter (?api-version=) is required for all requests.");
    for (size_t i = 0; api_versions[i]; i++)
        if (strcmp(api_versions[i], c->version) == 0) return true;
    struct text known = {0};
    for (size_t i = 0; api_versions[i]; i++)
        text_addf(&known, "%s%s", i ? ", " : "", api_versions[i]);
    fault_add(
        &c->faults, FAULT_NoRegisteredProviderFound, "api-version",
        "No registered resource provider found for API version '%s'. The supported versions are "
        "'%s'.",
        c->version, text_get(&known));
    text_drop(&known);
    return false;
}

static void common_headers(struct call *c)
{
    const char *id = call_guid(c);
    answer_header(c, "Cache-Control", "no-cache");
    answer_header(c, "x-ms-request-id", "%s", id);
    answer_header(c, "x-ms-correlation-request-id", "%s", id);
}

/* False: others wrote to the store meanwhile, and the answer is about what was before. */
static bool handle_once(struct api *a, const struct api_request *req, int64_t now_ms,
                        struct api_response *out)
{
    struct call c;
    call_init(&c, a, now_ms);
    c.req = req;
    c.out = out;
    common_headers(&c);
    if (store_sync(a->world.store) != STORE_OK)
        fault_add(&c.faults, FAULT_ServiceUnavailable, "",
                  "The store cannot be reached now. Try again.");
    else if (!target_parse(req->target, &c.arena, &c.target))
        fault_add(&c.faults, FAULT_InvalidRequestUri, "",
                  "The request URI is malformed, too long, or escapes a separator.");
    else if (version_fine(&c))
        groups_handle(&c);
    if (c.faults.n > 0) answer_faults(&c);
    if (req->method == API_HEAD) text_clear(&out->body);
    bool outrun = c.outrun;
    call_drop(&c);
    return !outrun;
}

void api_handle(struct api *a, const struct api_request *req, int64_t now_ms,
                struct api_response *out)
{
    api_tick(a, now_ms);
    for (int i = 0; !handle_once(a, req, now_ms, out) && i < OUTRUN_TRIES; i++) {
        api_response_drop(out);
        *out = (struct api_response){0};
    }
}
