/* m365/preview_json.c - counting what a route filter would let through. One community may come in
 * several resources (IPv4 and IPv6 apart); they are added up by value. */
#include "m365/preview_json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "m365/feed_json.h"
#include "m365/servicetags_json.h"

static struct listed_community *listed_of(struct preview *p, uint16_t value, bool make)
{
    for (size_t i = 0; i < p->listed_count; i++)
        if (p->listed[i].value == value) return &p->listed[i];
    if (!make || p->listed_count == PREVIEW_LISTED_MAX) return NULL;
    struct listed_community *l = &p->listed[p->listed_count++];
    *l = (struct listed_community){.value = value, .prefixes = prefixes_in(p->arena)};
    return l;
}

/* "12076:5010" -> 5010; 0 if it is not one of these. */
static uint16_t value_of(const json_t *v)
{
    const char *s = json_is_string(v) ? json_string_value(v) : "";
    char *end;
    if (strncmp(s, "12076:", 6)) return 0;
    unsigned long n = strtoul(s + 6, &end, 10);
    return *end || n > UINT16_MAX ? 0 : (uint16_t)n;
}

static void read_listed(const json_t *o, struct preview *p, struct problems *ps)
{
    uint16_t value = value_of(json_object_get(o, "communityValue"));
    struct listed_community *l = value ? listed_of(p, value, true) : NULL;
    if (!l) return;
    l->authorised = json_is_true(json_object_get(o, "isAuthorizedToUse"));
    const json_t *list = json_object_get(o, "communityPrefixes");
    /* Only counted, never configured: host bits are cleared, not refused. */
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        struct prefix prefix;
        enum prefix_fault fault =
            prefix_parse(json_is_string(item) ? json_string_value(item) : "", &prefix);
        if (fault == PREFIX_FINE || fault == PREFIX_HOST_BITS)
            prefixes_add(&l->prefixes, &prefix);
        else
            problem_add(ps, "", "", "", "a community has something that is no prefix");
    }
    prefixes_sort(&l->prefixes);
}

bool preview_communities(const char *bytes, size_t n, struct preview *p, struct problems *ps)
{
    size_t before = ps->count, i, k;
    json_t *doc = document_load(bytes, n, TAGS_BYTES_MAX, ps), *resource, *o;
    if (!doc) return false;
    if (!json_is_array(doc)) problem_add(ps, "", "", "", "must be a list of service communities");
    json_array_foreach(doc, i, resource)
    {
        const json_t *list = json_object_get(resource, "bgpCommunities");
        json_array_foreach(list, k, o) read_listed(o, p, ps);
    }
    json_decref(doc);
    return ps->count == before;
}

static void note_add(struct preview *p, const char *note)
{
    if (note && p->notes < PREVIEW_NOTES_MAX) p->note[p->notes++] = note;
}

static void row_add(struct preview *p, uint16_t value, const char *name, enum approval approval,
                    const struct prefixes *prefixes, const char *source)
{
    if (p->n == PREVIEW_ROWS_MAX) return;
    const struct listed_community *l = listed_of(p, value, false);
    struct preview_row row = {.value = value, .name = name, .source = source, .approval = approval};
    if (l) {
        prefixes = &l->prefixes;
        row.source = "the subscription's list of communities";
        row.authorised_known = true;
        row.authorised = l->authorised;
    }
    row.known = prefixes != NULL;
    if (prefixes) {
        row.ipv4 = prefixes_count(prefixes, FAMILY_IPV4);
        row.ipv6 = prefixes_count(prefixes, FAMILY_IPV6);
    }
    p->row[p->n++] = row;
}

void preview_area(struct preview *p, const char *area)
{
    const struct service_community *c = community_of_area(area, p->instance);
    if (!c) {
        note_add(p, arena_printf(p->arena, "no community carries %s of instance %s", area,
                                 instance_text(p->instance)));
        return;
    }
    struct selection sel = {.areas = {c->area}, .express_route = true};
    struct prefixes prefixes = feed_prefixes(p->feed, &sel, p->arena);
    row_add(p, c->value, c->name, c->approval, &prefixes, "the endpoint feed");
}

void preview_region(struct preview *p, const struct region_community *r)
{
    const struct service_tag *tag = p->tags ? tags_find(p->tags, r->tag) : NULL;
    row_add(p, r->value, r->display, APPROVAL_NONE, tag ? &tag->prefixes : NULL,
            tag       ? r->tag
            : p->tags ? "no such tag in the file"
                      : "give --tags FILE");
    note_add(p, arena_printf(p->arena,
                             "12076:%u brings all Azure public services of %s: plan bandwidth and "
                             "symmetry for them too",
                             r->value, r->display));
}

static bool has_row(const struct preview *p, uint16_t value)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->row[i].value == value) return true;
    return false;
}

void preview_finish(struct preview *p)
{
    size_t office = 0, unknown = 0, refused = 0;
    for (size_t i = 0; i < p->n; i++) {
        p->ipv4 += p->row[i].ipv4;
        p->ipv6 += p->row[i].ipv6;
        office += p->row[i].approval == APPROVAL_MICROSOFT;
        unknown += !p->row[i].known;
        refused += p->row[i].authorised_known && !p->row[i].authorised;
    }
    if (office)
        note_add(p, "Office communities need Microsoft's authorisation and a Premium circuit");
    if (refused)
        note_add(
            p,
            "the list says isAuthorizedToUse=false for some of these: the filter would be refused");
    if (office && !has_row(p, 5100) && !has_row(p, 5200))
        note_add(
            p, "without Other Office 365 services (5100) sign-in and portal stay on the internet");
    if (unknown) note_add(p, "rows with ? are not counted");
}

json_t *preview_write(const struct preview *p)
{
    json_t *rows = json_array(), *notes = json_array();
    for (size_t i = 0; i < p->n; i++) {
        const struct preview_row *r = &p->row[i];
        char value[16];
        snprintf(value, sizeof value, "12076:%u", r->value);
        json_t *o = json_pack("{s:s,s:s,s:s,s:b}", "community", value, "name", r->name, "source",
                              r->source, "needsAuthorisation", r->approval == APPROVAL_MICROSOFT);
        json_object_set_new(o, "ipv4", r->known ? json_integer((json_int_t)r->ipv4) : json_null());
        json_object_set_new(o, "ipv6", r->known ? json_integer((json_int_t)r->ipv6) : json_null());
        if (r->authorised_known)
            json_object_set_new(o, "isAuthorizedToUse", json_boolean(r->authorised));
        json_array_append_new(rows, o);
    }
    for (size_t i = 0; i < p->notes; i++) json_array_append_new(notes, json_string(p->note[i]));
    return json_pack("{s:o,s:{s:I,s:I},s:{s:I,s:I},s:o}", "communities", rows, "expected", "ipv4",
                     (json_int_t)p->ipv4, "ipv6", (json_int_t)p->ipv6, "recommendedLimit", "ipv4",
                     (json_int_t)p->ipv4 * 2, "ipv6", (json_int_t)p->ipv6 * 2, "notes", notes);
}
