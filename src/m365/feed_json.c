/* m365/feed_json.c - one endpoint set is a record of ten fields, one reader function each, in a
 * table. A field that is absent keeps the blank's value unless the table says it is required. */
#include "m365/feed_json.h"
#include <stdio.h>
#include <string.h>
#include "base/text.h"

json_t *document_load(const char *bytes, size_t n, size_t most, struct problems *ps)
{
    static const char bom[] = "\xef\xbb\xbf";
    if (n > most) {
        problem_add(ps, "", "", "", "the document has %zu bytes, more than the limit of %zu", n,
                    most);
        return NULL;
    }
    if (n >= 3 && !memcmp(bytes, bom, 3)) {
        bytes += 3;
        n -= 3;
    }
    json_error_t e;
    json_t *v = json_loadb(bytes, n, JSON_REJECT_DUPLICATES, &e);
    if (!v) {
        struct text t = {0};
        text_add_escaped(&t, e.text, strlen(e.text), sizeof e.text);
        problem_add(ps, "", "", "", "not JSON: line %d, column %d: %s", e.line, e.column,
                    text_get(&t));
        text_drop(&t);
    }
    return v;
}

/* Text from outside inside a message: escaped and short. */
static const char *shown(const char *s, struct arena *a)
{
    struct text t = {0};
    text_add_escaped(&t, s, strlen(s), 60);
    const char *copy = arena_text(a, text_get(&t));
    text_drop(&t);
    return copy ? copy : "";
}

static const struct {
    enum prefix_fault fault;
    const char *what, *fix;
} prefix_faults[] = {
    {PREFIX_BAD_ADDRESS, "is no address", "four decimal numbers or IPv6 text, then /length"},
    {PREFIX_BAD_LENGTH, "has no length, or one that does not fit the family",
     "for one host: /32 or /128"},
    {PREFIX_HOST_BITS, "has bits set beyond its length", "the network address"},
};

static void blame_prefix(struct problems *ps, const char *where, size_t i, const char *s,
                         enum prefix_fault fault)
{
    for (size_t k = 0; k < ARRAY_LEN(prefix_faults); k++) {
        if (prefix_faults[k].fault != fault) continue;
        char at[200];
        snprintf(at, sizeof at, "%s/%zu", where, i);
        problem_add(ps, at, "a prefix", prefix_faults[k].fix, "'%s' %s", shown(s, ps->arena),
                    prefix_faults[k].what);
    }
}

static bool is_list(const json_t *v, const char *where, size_t most, struct problems *ps)
{
    if (!json_is_array(v)) {
        problem_add(ps, where, "", "", "must be a list");
        return false;
    }
    if (json_array_size(v) > most) {
        problem_add(ps, where, "", "", "has %zu entries, more than %zu", json_array_size(v), most);
        return false;
    }
    return true;
}

bool prefixes_read(const json_t *v, const char *where, size_t most, struct prefixes *out,
                   struct problems *ps)
{
    size_t before = ps->count, i;
    json_t *item;
    if (!is_list(v, where, most, ps)) return false;
    json_array_foreach(v, i, item)
    {
        struct prefix p;
        const char *s = json_is_string(item) ? json_string_value(item) : "";
        enum prefix_fault fault = prefix_parse(s, &p);
        if (fault != PREFIX_FINE)
            blame_prefix(ps, where, i, s, fault);
        else
            prefixes_add(out, &p);
    }
    prefixes_sort(out);
    if (out->full) problem_add(ps, where, "", "", "too many prefixes for the memory allowed");
    return ps->count == before;
}

static const char *pattern_copy(const char *s, struct arena *a)
{
    char *copy = arena_text(a, s);
    if (!copy) return NULL;
    for (char *c = copy; *c; c++)
        if (*c >= 'A' && *c <= 'Z') *c = (char)(*c - 'A' + 'a');
    return pattern_is_sane(copy) ? copy : NULL;
}

static bool seen(const struct texts *t, const char *s)
{
    for (size_t i = 0; i < t->n; i++)
        if (!strcmp(t->s[i], s)) return true;
    return false;
}

bool urls_read(const json_t *v, const char *where, struct arena *a, struct problems *ps,
               struct texts *out)
{
    enum { URLS_MAX = 1024 };
    size_t before = ps->count, i;
    json_t *item;
    if (!is_list(v, where, URLS_MAX, ps)) return false;
    *out = (struct texts){.s = arena_take_array(a, json_array_size(v) + 1, sizeof *out->s)};
    if (!out->s) return false;
    json_array_foreach(v, i, item)
    {
        const char *s = json_is_string(item) ? json_string_value(item) : "";
        const char *copy = pattern_copy(s, a);
        char at[200];
        snprintf(at, sizeof at, "%s/%zu", where, i);
        if (!copy)
            problem_add(ps, at, "a host pattern: letters, digits, - _ . and *", "",
                        "'%s' is no host pattern", shown(s, ps->arena));
        else if (!seen(out, copy))
            out->s[out->n++] = copy;
    }
    return ps->count == before;
}

struct set_reader {
    struct arena *arena;
    struct problems *ps;
    struct endpoint_set *set;
    const char *where; /* of the field */
};

static void read_id(struct set_reader *r, const json_t *v)
{
    json_int_t n = json_is_integer(v) ? json_integer_value(v) : -1;
    if (n < 0 || n > UINT32_MAX)
        problem_add(r->ps, r->where, "", "", "must be a whole number from 0 to 4294967295");
    else
        r->set->id = (uint32_t)n;
}

static const char *read_text(struct set_reader *r, const json_t *v)
{
    enum { TEXT_MAX = 4096 };
    const char *s = json_is_string(v) ? json_string_value(v) : NULL;
    if (!s || strlen(s) > TEXT_MAX) {
        problem_add(r->ps, r->where, "", "", "must be a string of at most %d bytes", TEXT_MAX);
        return "";
    }
    const char *copy = arena_text(r->arena, s);
    return copy ? copy : "";
}

static void read_area(struct set_reader *r, const json_t *v)
{
    r->set->area = read_text(r, v);
    if (json_is_string(v) && (!*r->set->area || strlen(r->set->area) > 40))
        problem_add(r->ps, r->where, "", "", "a service area has 1 to 40 characters");
}
static void read_area_name(struct set_reader *r, const json_t *v)
{
    r->set->area_name = read_text(r, v);
}
static void read_notes(struct set_reader *r, const json_t *v) { r->set->notes = read_text(r, v); }

static void read_urls(struct set_reader *r, const json_t *v)
{
    struct texts t = {0};
    if (!urls_read(v, r->where, r->arena, r->ps, &t)) return;
    r->set->urls = t.s;
    r->set->url_count = t.n;
}

static void read_ips(struct set_reader *r, const json_t *v)
{
    struct prefixes p = prefixes_in(r->arena);
    if (!prefixes_read(v, r->where, FEED_LIST_MAX, &p, r->ps)) return;
    r->set->ips = p.p;
    r->set->ip_count = p.n;
}

static void read_ports(struct set_reader *r, const json_t *v, struct ports *out)
{
    const char *s = json_is_string(v) ? json_string_value(v) : "not a string";
    if (!s[strspn(s, " ")]) return; /* China set 26 of 2025-12 says "udpPorts": "" */
    if (!ports_parse(s, r->arena, out))
        problem_add(r->ps, r->where, "ports 0-65535, ranges a-b, commas between them", "",
                    "'%s' is no list of ports", shown(s, r->ps->arena));
}
static void read_tcp(struct set_reader *r, const json_t *v) { read_ports(r, v, &r->set->tcp); }
static void read_udp(struct set_reader *r, const json_t *v) { read_ports(r, v, &r->set->udp); }

static void read_flag(struct set_reader *r, const json_t *v, bool *out)
{
    if (json_is_boolean(v))
        *out = json_is_true(v);
    else
        problem_add(r->ps, r->where, "", "", "must be true or false");
}
static void read_er(struct set_reader *r, const json_t *v)
{
    read_flag(r, v, &r->set->express_route);
}
static void read_required(struct set_reader *r, const json_t *v)
{
    read_flag(r, v, &r->set->required);
}

static void read_category(struct set_reader *r, const json_t *v)
{
    if (!json_is_string(v) || !category_parse(json_string_value(v), &r->set->category))
        problem_add(r->ps, r->where, "Optimize, Allow or Default", "", "is no category");
}

static const struct {
    const char *name;
    bool required;
    void (*read)(struct set_reader *r, const json_t *v);
} set_fields[] = {
    {"id", true, read_id},
    {"serviceArea", true, read_area},
    {"serviceAreaDisplayName", false, read_area_name},
    {"urls", false, read_urls},
    {"ips", false, read_ips},
    {"tcpPorts", false, read_tcp},
    {"udpPorts", false, read_udp},
    {"expressRoute", true, read_er},
    {"category", true, read_category},
    {"required", true, read_required},
    {"notes", false, read_notes},
};

static void read_set(const json_t *v, size_t i, struct arena *a, struct problems *ps,
                     struct endpoint_set *set)
{
    char where[80];
    *set = (struct endpoint_set){.area = "", .area_name = "", .notes = ""};
    for (size_t k = 0; k < ARRAY_LEN(set_fields); k++) {
        const json_t *field = json_object_get(v, set_fields[k].name);
        snprintf(where, sizeof where, "/%zu/%s", i, set_fields[k].name);
        struct set_reader r = {a, ps, set, where};
        if (field && !json_is_null(field))
            set_fields[k].read(&r, field);
        else if (set_fields[k].required)
            problem_add(ps, where, "", "", "is missing");
    }
}

static void sort_by_id(struct feed *f)
{
    for (size_t i = 1; i < f->count; i++) { /* nearly always sorted already */
        struct endpoint_set s = f->sets[i];
        size_t k = i;
        for (; k && f->sets[k - 1].id > s.id; k--) f->sets[k] = f->sets[k - 1];
        f->sets[k] = s;
    }
}

static void refuse_twins(const struct feed *f, struct problems *ps)
{
    for (size_t i = 1; i < f->count; i++)
        if (f->sets[i].id == f->sets[i - 1].id)
            problem_add(ps, "", "", "", "two sets have id %u", f->sets[i].id);
}

bool feed_read(const json_t *sets, struct arena *a, struct problems *ps, struct feed *out)
{
    size_t before = ps->count, i;
    json_t *v;
    if (!is_list(sets, "", FEED_SETS_MAX, ps)) return false;
    struct feed f = {.count = json_array_size(sets)};
    if (!f.count) problem_add(ps, "", "", "", "a feed without any endpoint set");
    f.sets = arena_take_array(a, f.count + 1, sizeof *f.sets);
    if (!f.sets) return false;
    json_array_foreach(sets, i, v) read_set(v, i, a, ps, &f.sets[i]);
    sort_by_id(&f);
    refuse_twins(&f, ps);
    if (ps->count != before) return false;
    *out = f;
    return true;
}

bool feed_parse(const char *bytes, size_t n, struct arena *a, struct problems *ps, struct feed *out)
{
    json_t *v = document_load(bytes, n, FEED_BYTES_MAX, ps);
    if (!v) return false;
    bool fine = feed_read(v, a, ps, out);
    json_decref(v);
    return fine;
}

json_t *prefixes_write(const struct prefixes *p, enum family f)
{
    json_t *list = json_array();
    char text[PREFIX_TEXT_MAX];
    for (size_t i = 0; i < p->n; i++)
        if (!f || p->p[i].addr.family == f)
            json_array_append_new(list, json_string(prefix_text(&p->p[i], text)));
    return list;
}

json_t *texts_write(const char *const *s, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(list, json_string(s[i]));
    return list;
}

static void put_ports(json_t *o, const char *key, const struct ports *p)
{
    char text[1024];
    if (p->n) json_object_set_new(o, key, json_string(ports_text(p, text, sizeof text)));
}

json_t *set_write(const struct endpoint_set *s)
{
    struct prefixes ips = {.p = s->ips, .n = s->ip_count};
    json_t *o = json_object();
    json_object_set_new(o, "id", json_integer(s->id));
    json_object_set_new(o, "serviceArea", json_string(s->area));
    json_object_set_new(o, "serviceAreaDisplayName", json_string(s->area_name));
    if (s->url_count) json_object_set_new(o, "urls", texts_write(s->urls, s->url_count));
    if (s->ip_count) json_object_set_new(o, "ips", prefixes_write(&ips, FAMILY_NONE));
    put_ports(o, "tcpPorts", &s->tcp);
    put_ports(o, "udpPorts", &s->udp);
    json_object_set_new(o, "expressRoute", json_boolean(s->express_route));
    json_object_set_new(o, "category", json_string(category_text(s->category)));
    json_object_set_new(o, "required", json_boolean(s->required));
    if (*s->notes) json_object_set_new(o, "notes", json_string(s->notes));
    return o;
}

json_t *feed_write(const struct feed *f, const struct selection *sel)
{
    json_t *list = json_array();
    for (size_t i = 0; i < f->count; i++)
        if (selection_has(sel, &f->sets[i])) json_array_append_new(list, set_write(&f->sets[i]));
    return list;
}

static json_t *families(size_t ipv4, size_t ipv6)
{
    return json_pack("{s:I,s:I}", "ipv4", (json_int_t)ipv4, "ipv6", (json_int_t)ipv6);
}

static json_t *area_write(const struct area_stats *a)
{
    return json_pack("{s:I,s:I,s:I}", "sets", (json_int_t)a->er_sets, "ipv4",
                     (json_int_t)a->er_ipv4, "ipv6", (json_int_t)a->er_ipv6);
}

json_t *feed_stats_write(const struct feed_stats *st)
{
    json_t *by_category = json_object(), *by_area = json_object(), *er_by_area = json_object();
    for (int c = 0; c < CATEGORIES; c++)
        json_object_set_new(by_category, category_text((enum category)c),
                            json_integer((json_int_t)st->by_category[c]));
    for (size_t i = 0; i < st->area_count; i++) {
        json_object_set_new(by_area, st->areas[i].area,
                            json_integer((json_int_t)st->areas[i].sets));
        if (st->areas[i].er_sets)
            json_object_set_new(er_by_area, st->areas[i].area, area_write(&st->areas[i]));
    }
    json_t *o = json_object();
    json_object_set_new(o, "sets", json_integer((json_int_t)st->sets));
    json_object_set_new(o, "urls", json_integer((json_int_t)st->urls));
    json_object_set_new(o, "ipv4", json_integer((json_int_t)st->ipv4));
    json_object_set_new(o, "ipv6", json_integer((json_int_t)st->ipv6));
    json_object_set_new(o, "requiredSets", json_integer((json_int_t)st->required));
    json_object_set_new(o, "expressRouteSets", json_integer((json_int_t)st->er_sets));
    json_object_set_new(o, "byCategory", by_category);
    json_object_set_new(o, "byServiceArea", by_area);
    json_object_set_new(o, "expressRoutePrefixes", families(st->er_ipv4, st->er_ipv6));
    json_object_set_new(o, "expressRouteMerged", families(st->er_merged_ipv4, st->er_merged_ipv6));
    json_object_set_new(o, "optimizePrefixes", families(st->optimize_ipv4, st->optimize_ipv6));
    json_object_set_new(o, "expressRouteByServiceArea", er_by_area);
    return o;
}
