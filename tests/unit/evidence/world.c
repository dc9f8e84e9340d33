#include "check.h"
#include "world.h"
#include "model/design_json.h"

static const char design_text[] =
    "{\"name\":\"t\",\"resource_group\":\"rg1\","
    "\"sites\":[{\"name\":\"hq\",\"routers\":[{\"name\":\"ce1\"},{\"name\":\"ce2\"}]}],"
    "\"circuits\":[{\"name\":\"er1\",\"links\":{\"primary\":{\"router\":\"ce1\"},\"secondary\":{\"router\":\"ce2\"}},"
    "\"peerings\":{\"private\":{\"vlan\":100,\"peer_asn\":65010,\"primary_prefix\":\"192.168.1.0/30\","
    "\"secondary_prefix\":\"192.168.1.4/30\"}}}]}";

void world_make(struct world *w)
{
    struct problems ps;
    arena_init(&w->arena, 4 << 20);
    problems_init(&ps, &w->arena);
    json_t *json = json_loads(design_text, 0, NULL);
    w->design = design_from_json(json, &w->arena, &ps);
    json_decref(json);
    assert_non_null(w->design);
    facts_init(&w->facts);
}

void world_drop(struct world *w)
{
    facts_drop(&w->facts);
    arena_drop(&w->arena);
}

struct collector world_collector(struct world *w)
{
    return (struct collector){.facts = &w->facts, .design = w->design, .source = "test", .at_ms = 1000};
}

size_t world_count(struct world *w, enum fact_name name, const char *subject)
{
    facts_sort(&w->facts);
    return facts_of(&w->facts, name, subject).n;
}

const char *world_fact(struct world *w, enum fact_name name, const char *subject)
{
    facts_sort(&w->facts);
    struct fact_range r = facts_of(&w->facts, name, subject);
    if (r.n != 1) print_error("%zu facts %s of %s\n", r.n, fact_kinds[name].name, subject);
    assert_int_equal(r.n, 1);
    return r.first->value;
}
