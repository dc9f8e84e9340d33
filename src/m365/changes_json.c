/* m365/changes_json.c - change records and JSON. Old spellings are read too: "ExpressRoute" beside
 * "expressRoute", dispositions in any case, records without impact. */
#include "m365/changes_json.h"
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "m365/feed_json.h"

struct change_reader {
    struct arena *arena;
    struct problems *ps;
    size_t index;
};

static void blame(struct change_reader *r, const char *field, const char *what)
{
    char where[120];
    snprintf(where, sizeof where, "/%zu/%s", r->index, field);
    problem_add(r->ps, where, "", "", "%s", what);
}

static uint32_t read_u32(struct change_reader *r, const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    json_int_t n = json_is_integer(v) ? json_integer_value(v) : -1;
    if (n >= 0 && n <= UINT32_MAX) return (uint32_t)n;
    blame(r, key, "must be a whole number");
    return 0;
}

static const char *read_text(struct change_reader *r, const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    if (!v || json_is_null(v)) return "";
    const char *s = json_is_string(v) ? arena_text(r->arena, json_string_value(v)) : NULL;
    if (!s) blame(r, key, "must be a string");
    return s ? s : "";
}

static bool read_flag(struct change_reader *r, const json_t *v, const char *key)
{
    if (!json_is_boolean(v)) blame(r, key, "must be true or false");
    return json_is_true(v);
}

static void read_ports(struct change_reader *r, const json_t *o, const char *key, unsigned bit,
                       struct ports *out, unsigned *has)
{
    const json_t *v = json_object_get(o, key);
    if (!v || json_is_null(v) || (json_is_string(v) && !*json_string_value(v))) return;
    if (!json_is_string(v) || !ports_parse(json_string_value(v), r->arena, out))
        blame(r, key, "is no list of ports");
    *has |= bit;
}

static void read_scalars(struct change_reader *r, const json_t *record, const char *key,
                         struct scalars *out)
{
    const json_t *o = json_object_get(record, key), *v;
    *out = (struct scalars){.v = {.area = "", .area_name = "", .notes = ""}};
    if (!json_is_object(o)) return;
    if ((v = json_object_get(o, "expressRoute")) || (v = json_object_get(o, "ExpressRoute"))) {
        out->v.express_route = read_flag(r, v, key);
        out->has |= SCALAR_EXPRESS_ROUTE;
    }
    if ((v = json_object_get(o, "required"))) {
        out->v.required = read_flag(r, v, key);
        out->has |= SCALAR_REQUIRED;
    }
    if ((v = json_object_get(o, "category"))) {
        if (!json_is_string(v) || !category_parse(json_string_value(v), &out->v.category))
            blame(r, key, "has a category that is none");
        out->has |= SCALAR_CATEGORY;
    }
    out->v.area = read_text(r, o, "serviceArea");
    out->v.notes = read_text(r, o, "notes");
    out->has |= (*out->v.area ? SCALAR_AREA : 0u) | (*out->v.notes ? SCALAR_NOTES : 0u);
    read_ports(r, o, "tcpPorts", SCALAR_TCP, &out->v.tcp, &out->has);
    read_ports(r, o, "udpPorts", SCALAR_UDP, &out->v.udp, &out->has);
}

static void read_lists(struct change_reader *r, const json_t *record, const char *key,
                       struct endpoint_set *out)
{
    const json_t *o = json_object_get(record, key), *v;
    char where[120];
    *out = (struct endpoint_set){.area = "", .area_name = "", .notes = ""};
    snprintf(where, sizeof where, "/%zu/%s", r->index, key);
    if ((v = json_object_get(o, "ips"))) {
        struct prefixes p = prefixes_in(r->arena);
        if (prefixes_read(v, where, FEED_LIST_MAX, &p, r->ps)) {
            out->ips = p.p;
            out->ip_count = p.n;
        }
    }
    struct texts t = {0};
    if ((v = json_object_get(o, "urls")) && urls_read(v, where, r->arena, r->ps, &t)) {
        out->urls = t.s;
        out->url_count = t.n;
    }
}

static void read_change(struct change_reader *r, const json_t *o, struct change *c)
{
    *c = (struct change){.id = read_u32(r, o, "id"), .set_id = read_u32(r, o, "endpointSetId")};
    if (!disposition_parse(read_text(r, o, "disposition"), &c->disposition))
        blame(r, "disposition", "must be Change, Add or Remove");
    c->impact = read_text(r, o, "impact");
    c->version = read_text(r, o, "version");
    c->description = read_text(r, o, "changeDescription");
    const json_t *add = json_object_get(o, "add");
    c->effective = json_is_object(add) ? read_text(r, add, "effectiveDate") : "";
    read_scalars(r, o, "previous", &c->previous);
    read_scalars(r, o, "current", &c->current);
    read_lists(r, o, "add", &c->add);
    read_lists(r, o, "remove", &c->remove);
}

bool changes_parse(const char *bytes, size_t n, struct arena *a, struct problems *ps,
                   struct changes *out)
{
    size_t before = ps->count, i;
    json_t *list = document_load(bytes, n, FEED_BYTES_MAX, ps), *o;
    if (!list) return false;
    if (!json_is_array(list) || json_array_size(list) > CHANGES_MAX)
        problem_add(ps, "", "", "", "must be a list of at most %d records", CHANGES_MAX);
    struct changes cs = {.c = arena_take_array(a, json_array_size(list) + 1, sizeof *cs.c)};
    if (cs.c && ps->count == before) {
        json_array_foreach(list, i, o)
        {
            struct change_reader r = {a, ps, i};
            read_change(&r, o, &cs.c[cs.n++]);
        }
    }
    json_decref(list);
    if (!cs.c || ps->count != before) return false;
    changes_sort(&cs);
    *out = cs;
    return true;
}

static void put_text(json_t *o, const char *key, const char *s)
{
    if (*s) json_object_set_new(o, key, json_string(s));
}

static void put_ports(json_t *o, const char *key, const struct ports *p)
{
    char text[1024];
    json_object_set_new(o, key, json_string(ports_text(p, text, sizeof text)));
}

static void put_scalars(json_t *record, const char *key, const struct scalars *s)
{
    if (!s->has) return;
    json_t *o = json_object();
    const struct endpoint_set *v = &s->v;
    if (s->has & SCALAR_EXPRESS_ROUTE)
        json_object_set_new(o, "expressRoute", json_boolean(v->express_route));
    if (s->has & SCALAR_AREA) json_object_set_new(o, "serviceArea", json_string(v->area));
    if (s->has & SCALAR_CATEGORY)
        json_object_set_new(o, "category", json_string(category_text(v->category)));
    if (s->has & SCALAR_REQUIRED) json_object_set_new(o, "required", json_boolean(v->required));
    if (s->has & SCALAR_TCP) put_ports(o, "tcpPorts", &v->tcp);
    if (s->has & SCALAR_UDP) put_ports(o, "udpPorts", &v->udp);
    if (s->has & SCALAR_NOTES) json_object_set_new(o, "notes", json_string(v->notes));
    json_object_set_new(record, key, o);
}

static void put_lists(json_t *record, const char *key, const struct endpoint_set *s,
                      const char *effective)
{
    if (!s->url_count && !s->ip_count) return;
    struct prefixes ips = {.p = s->ips, .n = s->ip_count};
    json_t *o = json_object();
    put_text(o, "effectiveDate", effective);
    if (s->ip_count) json_object_set_new(o, "ips", prefixes_write(&ips, FAMILY_NONE));
    if (s->url_count) json_object_set_new(o, "urls", texts_write(s->urls, s->url_count));
    json_object_set_new(record, key, o);
}

json_t *change_write(const struct change *c)
{
    json_t *o = json_object();
    json_object_set_new(o, "id", json_integer(c->id));
    json_object_set_new(o, "endpointSetId", json_integer(c->set_id));
    json_object_set_new(o, "disposition", json_string(disposition_text(c->disposition)));
    put_text(o, "impact", c->impact);
    put_text(o, "version", c->version);
    put_scalars(o, "previous", &c->previous);
    put_scalars(o, "current", &c->current);
    put_lists(o, "add", &c->add, c->effective);
    put_lists(o, "remove", &c->remove, "");
    put_text(o, "changeDescription", c->description);
    return o;
}

static json_t *change_judged(const struct change *c, int64_t today)
{
    const struct impact_row *row = impact_of(c);
    json_t *o = change_write(c);
    int64_t due;
    json_object_set_new(o, "urgency", json_string(urgency_text(row->urgency)));
    json_object_set_new(o, "action", json_string(row->action));
    json_object_set_new(o, "turnsExpressRoute", json_boolean(change_turns_express_route(c)));
    if (today >= 0 && date_parse(c->effective, &due))
        json_object_set_new(o, "daysLeft", json_integer(due - today));
    return o;
}

json_t *changes_report(const struct changes *cs, int64_t today)
{
    json_t *summary = json_object(), *list = json_array();
    for (size_t i = 0; i < cs->n; i++) {
        const char *impact = *cs->c[i].impact ? cs->c[i].impact : "none";
        json_int_t n = json_integer_value(json_object_get(summary, impact));
        json_object_set_new(summary, impact, json_integer(n + 1));
        json_array_append_new(list, change_judged(&cs->c[i], today));
    }
    return json_pack("{s:I,s:o,s:o}", "total", (json_int_t)cs->n, "summary", summary, "changes",
                     list);
}
