/* api/resilience.c - a gateway that is reached over several peering locations: what would be left
 * if one went, and tests that take one away. A test holds the sessions of the gateway's connections
 * to a location down until it is stopped; nothing else is touched, and stopping puts them back.
 * Kept with the gateway, out of sight: its tests, the newest last. */
#include <stdio.h>
#include <string.h>
#include "api/kinds.h"
#include "base/date.h"
#include "base/text.h"

enum { TESTS_KEPT = 20, SITES_MOST = 16 };

static json_t *time_text(int64_t ms)
{
    char text[DATE_TEXT_MAX];
    return json_string(ms > 0 ? date_time_text(ms / 1000, text) : "");
}

static const char *member(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

/* --- where the gateway's circuits are --- */

struct site {
    const char *location;
    size_t connections;
};

struct sites {
    struct site list[SITES_MOST];
    size_t n;
};

static const char *location_of(struct call *c, const struct record *connection)
{
    const struct record *circuit = record_load(c, internal_text(connection, "circuit"));
    return circuit ? circuit_terms_of(circuit).location : "";
}

static struct sites sites_of(struct call *c, const struct record *gateway)
{
    struct sites s = {.n = 0};
    struct keys users = users_of(c, gateway->key);
    for (size_t i = 0; i < users.n; i++) {
        const struct record *u = record_load(c, users.keys[i]);
        const char *at = u ? location_of(c, u) : "";
        size_t k = 0;
        while (k < s.n && strcmp(s.list[k].location, at) != 0) k++;
        if (k == SITES_MOST || !*at) continue;
        if (k == s.n) s.list[s.n++] = (struct site){at, 0};
        s.list[k].connections++;
    }
    return s;
}

/* --- routes by the location they came over --- */

struct routes {
    struct call *c;
    const struct record *gateway;
    json_t *by_network; /* network -> list of locations */
};

static const char *connection_location(struct call *c, const struct record *gateway,
                                       const char *subject)
{
    struct keys users = users_of(c, gateway->key);
    for (size_t i = 0; i < users.n; i++) {
        const struct record *u = record_load(c, users.keys[i]);
        char *prefix =
            u ? arena_printf(&c->arena, "connection/%s/", internal_text(u, "label")) : NULL;
        if (prefix && strncmp(subject, prefix, strlen(prefix)) == 0) return location_of(c, u);
    }
    return "";
}

static void add_route(const json_t *evidence, const json_t *row, void *ctx)
{
    struct routes *t = ctx;
    const char *network = member(row, "prefix");
    (void)evidence;
    if (strcmp(member(row, "domain"), internal_text(t->gateway, "label")) != 0) return;
    if (json_is_false(json_object_get(row, "accepted"))) return;
    const char *at = connection_location(t->c, t->gateway, member(row, "subject"));
    json_t *list = json_object_get(t->by_network, network), *v;
    size_t i;
    if (!*at || !*network) return;
    if (!list) {
        list = json_array();
        json_object_set_new(t->by_network, network, list);
    }
    json_array_foreach(list, i, v) if (strcmp(json_string_value(v), at) == 0) return;
    json_array_append_new(list, json_string(at));
}

static struct routes routes_of(struct call *c, const struct record *gateway)
{
    struct routes t = {c, gateway, own(c, json_object())};
    live_rows(c, "routes", add_route, &t);
    return t;
}

/* --- tests --- */

static json_t *tests_of(const struct record *gateway)
{
    json_t *internal = record_internal(gateway), *tests = json_object_get(internal, "tests");
    if (!tests) {
        tests = json_array();
        json_object_set_new(internal, "tests", tests);
    }
    return tests;
}

static json_t *running_test(const struct record *gateway)
{
    json_t *t;
    size_t i;
    json_array_foreach(tests_of(gateway), i,
                       t) if (strcmp(member(t, "status"), "Running") == 0) return t;
    return NULL;
}

static void hold(struct call *c, const struct record *gateway, const char *location, bool down)
{
    struct keys users = users_of(c, gateway->key);
    for (size_t i = 0; i < users.n; i++) {
        struct record *u = record_load(c, users.keys[i]);
        if (!u || !text_same_nocase(location_of(c, u), location)) continue;
        if (down)
            json_object_set_new(record_internal(u), "held", json_true());
        else
            json_object_del(record_internal(u), "held");
        record_save(c, u);
    }
}

void failover_start(struct call *c, struct record *gateway, const char *argument)
{
    const char *location = target_param(&c->target, "peeringLocation");
    struct sites sites = sites_of(c, gateway);
    const json_t *running = running_test(gateway);
    size_t k = 0;
    (void)argument;
    while (location && k < sites.n && !text_same_nocase(sites.list[k].location, location)) k++;
    if (!location || k == sites.n) {
        fault_add(&c->faults, FAULT_SiteFailoverTestInvalid, "peeringLocation",
                  "The gateway has no circuit at '%s'. Name one of its peering locations.",
                  location ? location : "");
        return;
    }
    if (running) {
        fault_add(&c->faults, FAULT_SiteFailoverTestRunning, "",
                  "A failover test of '%s' is running. Stop it first.",
                  member(running, "location"));
        return;
    }
    json_t *tests = tests_of(gateway);
    json_array_append_new(tests, json_pack("{s:s, s:s, s:s, s:I}", "guid", call_guid(c), "location",
                                           sites.list[k].location, "status", "Running", "start",
                                           (json_int_t)c->now_ms));
    if (json_array_size(tests) > TESTS_KEPT) json_array_remove(tests, 0);
    hold(c, gateway, sites.list[k].location, true);
    record_save(c, gateway);
}

void failover_stop(struct call *c, struct record *gateway, const char *argument)
{
    const json_t *body = request_object(c);
    json_t *test = body ? running_test(gateway) : NULL;
    const char *location = member(body, "peeringLocation");
    (void)argument;
    if (!body) return;
    if (!test || (*location && !text_same_nocase(member(test, "location"), location))) {
        fault_add(&c->faults, FAULT_SiteFailoverTestInvalid, "/peeringLocation",
                  "No failover test of '%s' is running.", location);
        return;
    }
    const json_t *ok = json_object_get(body, "wasSimulationSuccessful");
    const json_t *details = json_object_get(body, "details");
    json_object_set_new(test, "status", json_string("Completed"));
    json_object_set_new(test, "end", json_integer(c->now_ms));
    if (json_is_boolean(ok)) json_object_set(test, "successful", (json_t *)ok);
    if (json_is_array(details)) json_object_set(test, "details", (json_t *)details);
    hold(c, gateway, member(test, "location"), false);
    record_save(c, gateway);
}

/* --- what is told about tests --- */

static json_t *test_connections(struct call *c, const struct record *gateway, const char *location,
                                json_t *circuits)
{
    json_t *list = json_array();
    struct keys users = users_of(c, gateway->key);
    for (size_t i = 0; i < users.n; i++) {
        const struct record *u = record_load(c, users.keys[i]);
        const struct record *circuit = u ? record_load(c, internal_text(u, "circuit")) : NULL;
        json_int_t in, out;
        if (!circuit || strcmp(location_of(c, u), location) != 0) continue;
        const char *status =
            live_connection_status(c, internal_text(u, "label"), "connection", &in, &out);
        bool up = strcmp(status, "Connected") == 0;
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o}", "nrpResourceUri",
                                              record_text(u, "id"), "name", record_text(u, "name"),
                                              "status", up ? "Connected" : "Disconnected",
                                              "lastUpdatedTime", time_text(c->now_ms)));
        json_array_append_new(circuits, json_pack("{s:s, s:s, s:s}", "nrpResourceUri",
                                                  record_text(circuit, "id"), "name",
                                                  record_text(circuit, "name"), "connectionName",
                                                  record_text(u, "name")));
    }
    return list;
}

static json_t *all_tests(struct call *c, const struct record *gateway, const char *argument)
{
    json_t *list = json_array(), *t;
    size_t i;
    (void)argument;
    json_array_foreach(tests_of(gateway), i, t)
    {
        json_t *circuits = json_array();
        json_t *links = test_connections(c, gateway, member(t, "location"), circuits);
        json_array_append_new(
            list,
            json_pack("{s:s, s:o, s:s, s:o, s:o, s:o, s:s, s:s, s:[]}", "peeringLocation",
                      member(t, "location"), "circuits", circuits, "status", member(t, "status"),
                      "startTime", time_text(json_integer_value(json_object_get(t, "start"))),
                      "endTime", time_text(json_integer_value(json_object_get(t, "end"))),
                      "connections", links, "testGuid", member(t, "guid"), "testType",
                      "SingleSiteFailover", "issues"));
    }
    return list;
}

/* Which networks would go with the location, and which have another way. */
static void add_redundancy(struct call *c, const struct record *gateway, const char *location,
                           json_t *out)
{
    struct routes t = routes_of(c, gateway);
    json_t *alone = json_array(), *shared = json_array(), *places;
    const char *network;
    json_object_foreach(t.by_network, network, places)
    {
        bool here = false;
        json_t *others = json_array(), *v;
        size_t i;
        json_array_foreach(places, i, v) if (strcmp(json_string_value(v), location) == 0) here =
            true;
        else json_array_append(others, v);
        if (here && json_array_size(others) == 0)
            json_array_append_new(alone, json_string(network));
        else if (here)
            json_array_append_new(
                shared, json_pack("{s:O, s:[s]}", "peeringLocations", others, "routes", network));
        json_decref(others);
    }
    json_object_set_new(out, "redundantRoutes", shared);
    json_object_set_new(out, "nonRedundantRoutes", alone);
}

static json_t *single_test(struct call *c, const struct record *gateway, const char *argument)
{
    json_t *list = json_array(), *t;
    size_t i;
    json_array_foreach(tests_of(gateway), i, t)
    {
        const json_t *ok = json_object_get(t, "successful");
        const json_t *details = json_object_get(t, "details");
        if (*argument && !text_same_nocase(argument, member(t, "location")) &&
            !text_same_nocase(argument, member(t, "guid")))
            continue;
        json_t *row =
            json_pack("{s:s, s:s, s:o, s:o, s:b}", "peeringLocation", member(t, "location"),
                      "status", member(t, "status"), "startTimeUtc",
                      time_text(json_integer_value(json_object_get(t, "start"))), "endTimeUtc",
                      time_text(json_integer_value(json_object_get(t, "end"))),
                      "wasSimulationSuccessful", json_is_true(ok));
        json_object_set_new(row, "failoverConnectionDetails",
                            details ? json_deep_copy(details) : json_array());
        add_redundancy(c, gateway, member(t, "location"), row);
        json_array_append_new(list, row);
    }
    return list;
}

static json_t *started(struct call *c, const struct record *gateway, const char *argument)
{
    const json_t *t = running_test(gateway);
    (void)c;
    (void)argument;
    return json_string(member(t, "guid"));
}

static json_t *stopped(struct call *c, const struct record *gateway, const char *argument)
{
    const json_t *tests = tests_of(gateway);
    size_t n = json_array_size(tests);
    (void)c;
    (void)argument;
    return json_string(n ? member(json_array_get(tests, n - 1), "guid") : "");
}

/* --- what is told about routes and resiliency --- */

static json_t *routes_information(struct call *c, const struct record *gateway,
                                  const char *argument)
{
    struct routes t = routes_of(c, gateway);
    struct keys users = users_of(c, gateway->key);
    json_t *sets = json_array(), *circuits = json_object(), *places;
    const char *network;
    (void)argument;
    json_object_foreach(t.by_network, network, places)
        json_array_append_new(sets, json_pack("{s:s, s:O, s:{s:[]}}", "name", network, "locations",
                                              places, "details", network));
    for (size_t i = 0; i < users.n; i++) {
        const struct record *u = record_load(c, users.keys[i]);
        const struct record *circuit = u ? record_load(c, internal_text(u, "circuit")) : NULL;
        if (circuit)
            json_object_set_new(circuits, record_text(circuit, "name"),
                                json_pack("{s:s, s:s, s:s}", "name", record_text(circuit, "name"),
                                          "link", record_text(circuit, "id"), "location",
                                          circuit_terms_of(circuit).location));
    }
    return json_pack("{s:o, s:o, s:s, s:o, s:o}", "lastComputedTime", time_text(c->now_ms),
                     "nextEligibleComputeTime", time_text(c->now_ms), "routeSetVersion", "1",
                     "routeSets", sets, "circuitsMetadataMap", circuits);
}

/* Three parts: sites (half), zones of the gateway (a quarter), a test in its memory (a quarter). */
struct part {
    const char *name, *title, *text;
    int most, got;
};

static json_t *part_render(const struct part *p)
{
    json_t *advice = json_array();
    if (p->got < p->most)
        json_array_append_new(
            advice, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "recommendationTitle", p->title,
                              "recommendationId", p->name, "severity", "High", "recommendationText",
                              p->text, "callToActionText", "", "callToActionLink", ""));
    return json_pack("{s:s, s:o, s:o, s:o}", "name", p->name, "currentScore",
                     json_sprintf("%d", p->got), "maxScore", json_sprintf("%d", p->most),
                     "recommendations", advice);
}

static bool test_passed(const struct record *gateway)
{
    json_t *t;
    size_t i;
    json_array_foreach(tests_of(gateway), i,
                       t) if (json_is_true(json_object_get(t, "successful"))) return true;
    return false;
}

static json_t *resiliency(struct call *c, const struct record *gateway, const char *argument)
{
    struct sites sites = sites_of(c, gateway);
    const json_t *sku = json_object_get(record_props(gateway), "sku");
    const struct catalogue_gateway *size =
        catalogue_gateway(c->api->catalogue, member(sku, "name"));
    bool zonal = size && size->zone_class && strcmp(size->zone_class, "none") != 0;
    const struct part parts[] = {
        {"SiteResiliency", "Connect circuits of two peering locations",
         "Every circuit of the gateway is at one location, or it has none.", 50,
         sites.n > 1    ? 50
         : sites.n == 1 ? 20
                        : 0},
        {"ZoneRedundancy", "Use a zone-redundant gateway",
         "The gateway's instances may stand in one zone. Use ErGw1AZ, ErGw2AZ, ErGw3AZ or "
         "ErGwScale.",
         25, zonal ? 25 : 0},
        {"ResiliencyValidation", "Run a failover test",
         "No site failover test of the gateway was successful yet.", 25,
         test_passed(gateway) ? 25 : 0}};
    json_t *list = json_array();
    int got = 0;
    (void)argument;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        got += parts[i].got;
        json_array_append_new(list, part_render(&parts[i]));
    }
    return json_pack("{s:o, s:s, s:s, s:s, s:o, s:o, s:o}", "overallScore", json_sprintf("%d", got),
                     "scoreChange", "0", "minScoreFromRecommendations", "0",
                     "maxScoreFromRecommendations", "100", "lastComputedTime", time_text(c->now_ms),
                     "nextEligibleComputeTime", time_text(c->now_ms), "components", list);
}

json_t *resilience_make(struct call *c, const struct record *gateway, const char *action,
                        const char *argument)
{
    static const struct {
        const char *action;
        json_t *(*make)(struct call *, const struct record *, const char *);
    } rows[] = {
        {"getResiliencyInformation", resiliency},  {"getRoutesInformation", routes_information},
        {"startSiteFailoverTest", started},        {"stopSiteFailoverTest", stopped},
        {"getFailoverAllTestsDetails", all_tests}, {"getFailoverSingleTestDetails", single_test}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].action, action) == 0) return rows[i].make(c, gateway, argument);
    return NULL;
}
