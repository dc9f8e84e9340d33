/* evidence/edge_forward_json.c - see the header. */
#include "evidence/edge_forward_json.h"
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "evidence/fields_json.h"

struct place { /* an attachment that is a leg */
    const struct collector *c;
    const json_t *document, *row;
    char subject[SUBJECT_MAX];
    bool customer; /* the customer's router, not the cloud's edge */
};

static bool place_of(const struct collector *c, const json_t *document, const json_t *row, struct place *out)
{
    size_t i;
    json_t *v;
    *out = (struct place){.c = c, .document = document, .row = row};
    json_array_foreach(json_object_get(row, "addresses"), i, v)
    {
        char text[ADDR_TEXT_MAX];
        struct addr a;
        const char *s = json_string_value(v);
        if (!s || sscanf(s, "%45[^/]", text) != 1 || !addr_parse(text, &a)) continue;
        if (leg_of_address(c->design, &a, SIDE_CUSTOMER, out->subject)) return out->customer = true;
        if (leg_of_address(c->design, &a, SIDE_CLOUD, out->subject)) return true;
    }
    return false;
}

static void tell_rules(const struct place *p)
{
    size_t i;
    json_t *r;
    json_array_foreach(json_object_get(p->row, "acl"), i, r)
    {
        facts_addf(p->c->facts, p->customer ? FACT_CUSTOMER_FILTER : FACT_EDGE_FILTER, p->subject, p->c->source, p->c->at_ms,
                   "%02zu %s %s %s %s %u-%u", i + 1, field_text(r, "action"), field_text(r, "source"), field_text(r, "target"),
                   field_text(r, "protocol"), (unsigned)field_number(r, "port"), (unsigned)field_number(r, "port_to"));
    }
}

static void tell_limits(const struct place *p)
{
    size_t i;
    json_t *v;
    if (p->customer) return;
    if (strcmp(field_text(p->row, "source"), "strict") == 0) put(p->c, FACT_EDGE_SOURCE, p->subject, "strict");
    json_array_foreach(json_object_get(p->row, "sources"), i, v) { put(p->c, FACT_EDGE_SOURCE, p->subject, json_string_value(v)); }
    if (field_number(p->row, "rate_mbps")) put_number(p->c, FACT_EDGE_RATE, p->subject, field_number(p->row, "rate_mbps"));
}

/* "all", or "0,10,18,34,46" */
static void tell_kept(const struct place *p)
{
    size_t i, k;
    json_t *a, *d;
    if (p->customer) return;
    json_array_foreach(json_object_get(json_object_get(p->document, "qos"), "attachments"), i, a)
    {
        struct text list = {0};
        const json_t *kept = json_object_get(a, "dscp_kept_in");
        if (strcmp(field_text(a, "name"), field_text(p->row, "name")) != 0 ||
            strcmp(field_text(a, "domain"), field_text(p->row, "domain")) != 0)
            continue;
        if (json_is_string(kept)) text_add(&list, json_string_value(kept));
        json_array_foreach((json_t *)kept, k, d) { text_addf(&list, "%s%lld", k ? "," : "", (long long)json_integer_value(d)); }
        put(p->c, FACT_EDGE_KEPT, p->subject, text_get(&list));
        text_drop(&list);
    }
}

static const json_t *pool_of(const json_t *document, const char *domain)
{
    size_t i;
    json_t *pool;
    json_array_foreach(json_object_get(json_object_get(document, "nat"), "pools"), i, pool)
    {
        if (strcmp(field_text(pool, "domain"), domain) == 0) return pool;
    }
    return NULL;
}

static void tell_translation(const struct place *p)
{
    const json_t *pool = pool_of(p->document, field_text(p->row, "domain"));
    if (!p->customer || !json_object_get(p->document, "nat")) return;
    if (!pool || !json_is_true(json_object_get(p->row, "outside"))) put(p->c, FACT_CUSTOMER_NAT, p->subject, "off");
    else
        facts_addf(p->c->facts, FACT_CUSTOMER_NAT, p->subject, p->c->source, p->c->at_ms, "%s %s", field_text(pool, "first"),
                   field_text(pool, "last"));
}

/* Packets of a name in a domain; the list is short. */
static uint64_t drops_of(const json_t *document, const char *where, const char *name)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(document, "fates"), i, row)
    {
        if (strcmp(field_text(row, "where"), where) == 0 && strcmp(field_text(row, "name"), name) == 0) return field_number(row, "packets");
    }
    return 0;
}

/* A router that was started anew in between counts from nothing: then all it has is new. */
static void tell_drops(const struct place *p)
{
    char where[120];
    size_t i;
    json_t *row;
    bool any = false;
    enum fact_name name = p->customer ? FACT_CUSTOMER_DROP : FACT_EDGE_DROP;
    if (!p->c->before || !json_object_get(p->document, "fates")) return;
    snprintf(where, sizeof where, "domain %.80s", field_text(p->row, "domain"));
    json_array_foreach(json_object_get(p->document, "fates"), i, row)
    {
        uint64_t now_n = field_number(row, "packets"), then = drops_of(p->c->before, where, field_text(row, "name"));
        if (strcmp(field_text(row, "where"), where) != 0 || now_n == then) continue;
        any = true;
        facts_addf(p->c->facts, name, p->subject, p->c->source, p->c->at_ms, "%s %llu", field_text(row, "name"),
                   (unsigned long long)(now_n > then ? now_n - then : now_n));
    }
    if (!any) put(p->c, name, p->subject, "none");
}

void edge_forward_take(const struct collector *c, const json_t *document)
{
    static void (*const tells[])(const struct place *) = {tell_rules, tell_limits, tell_kept, tell_translation, tell_drops};
    size_t i;
    json_t *row;
    struct place p;
    json_array_foreach(json_object_get(document, "attachments"), i, row)
    {
        if (!place_of(c, document, row, &p)) continue;
        for (size_t k = 0; k < ARRAY_LEN(tells); k++) tells[k](&p);
    }
}
