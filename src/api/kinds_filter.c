/* api/kinds_filter.c - route filters and their rules: which services a Microsoft peering gets. */
#include <string.h>
#include "api/kinds.h"

const char *const *filter_communities(struct call *c, const char *filter_key, size_t *out_n)
{
    struct keys rules = children_of(c, filter_key, KIND_ROUTE_FILTER_RULE);
    const char **all = NULL;
    *out_n = 0;
    for (size_t i = 0; i < rules.n; i++) {
        const struct record *r = record_load(c, rules.keys[i]);
        const json_t *list = r ? json_object_get(record_props(r), "communities") : NULL;
        if (!r || strcmp(props_text(r, "access"), "Allow") != 0) continue;
        all = arena_take_array(&c->arena, json_array_size(list) + 1, sizeof *all);
        for (size_t k = 0; all && k < json_array_size(list); k++) {
            const char *s = json_string_value(json_array_get(list, k));
            if (s) all[(*out_n)++] = s;
        }
        return all; /* a filter has one rule */
    }
    return all;
}

void filter_write(struct write *w) { (void)w; }

/* Peerings that use the filter, for one address family or the other. */
static json_t *peerings_of(struct call *c, const struct record *filter, bool six)
{
    json_t *list = json_array();
    struct keys users = users_of(c, filter->key);
    for (size_t i = 0; i < users.n; i++) {
        const struct record *p = record_load(c, users.keys[i]);
        const json_t *props = p ? record_props(p) : NULL;
        const json_t *config = six ? json_object_get(props, "ipv6PeeringConfig") : props;
        const json_t *reference = json_object_get(config, "routeFilter");
        const char *id = json_string_value(json_object_get(reference, "id"));
        const char *key = id ? resource_key(id, &c->arena) : NULL;
        if (key && strcmp(key, filter->key) == 0)
            json_array_append_new(list, json_pack("{s:s}", "id", record_text(p, "id")));
    }
    return list;
}

void filter_render(struct call *c, const struct record *r, json_t *out)
{
    json_t *props = json_object_get(out, "properties");
    json_object_set(props, "rules", children_render(c, r->key, KIND_ROUTE_FILTER_RULE));
    json_object_set_new(props, "peerings", peerings_of(c, r, false));
    json_object_set_new(props, "ipv6Peerings", peerings_of(c, r, true));
}

/* A filter that is attached must stay one that may be attached. */
static void attached_check(const struct write *w, const struct record_filter_rule *r)
{
    struct call *c = w->c;
    struct keys users = users_of(c, w->parent->key);
    for (size_t i = 0; r->access == RECORD_ALLOW && i < users.n; i++) {
        const char *key = circuit_key_of(c, users.keys[i]);
        const struct record *circuit = record_load(c, key);
        struct circuit_terms terms;
        if (!circuit) continue;
        terms = circuit_terms_of(circuit);
        if (!filter_attach_check(c->api->catalogue, r->communities, r->communities_n, &terms,
                                 !c->api->world.no_m365, "/properties/communities", &c->faults))
            return;
    }
}

void filter_rule_write(struct write *w)
{
    struct call *c = w->c;
    const struct record_filter_rule *r = w->record;
    struct keys rules = children_of(c, w->parent->key, KIND_ROUTE_FILTER_RULE);
    size_t others = 0;
    for (size_t i = 0; i < rules.n; i++) others += strcmp(rules.keys[i], w->next->key) != 0;
    if (!filter_rule_check(c->api->catalogue, r, others, &c->faults)) return;
    attached_check(w, r);
    json_t *props = record_props(w->next);
    if (!json_object_get(props, "access"))
        json_object_set_new(props, "access", json_string("Allow"));
    json_object_set_new(props, "routeFilterRuleType", json_string("Community"));
}
