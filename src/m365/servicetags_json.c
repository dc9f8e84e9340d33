/* m365/servicetags_json.c - reading a service tag file. Old editions lack regionId and
 * networkFeatures; fields nobody here needs are not looked at. */
#include "m365/servicetags_json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "m365/feed_json.h"

static void blame(struct problems *ps, size_t i, const char *field, const char *what)
{
    char where[80];
    snprintf(where, sizeof where, "/values/%zu/%s", i, field);
    problem_add(ps, where, "", "", "%s", what);
}

static const char *text_at(const json_t *o, const char *key, struct arena *a)
{
    const json_t *v = json_object_get(o, key);
    const char *s = json_is_string(v) ? arena_text(a, json_string_value(v)) : "";
    return s ? s : "";
}

static bool number_at(const json_t *o, const char *key, uint32_t *out)
{
    const json_t *v = json_object_get(o, key);
    json_int_t n = json_is_integer(v) ? json_integer_value(v) : -1;
    if (n < 0 || n > UINT32_MAX) return false;
    *out = (uint32_t)n;
    return true;
}

static void read_tag(const json_t *o, size_t i, struct arena *a, struct problems *ps,
                     struct service_tag *tag)
{
    char where[80];
    const json_t *p = json_object_get(o, "properties"),
                 *list = json_object_get(p, "addressPrefixes");
    tag->name = text_at(o, "name", a);
    tag->region = text_at(p, "region", a);
    tag->service = text_at(p, "systemService", a);
    tag->prefixes = prefixes_in(a);
    if (!*tag->name) blame(ps, i, "name", "must be a name");
    if (!number_at(p, "changeNumber", &tag->change_number))
        blame(ps, i, "properties/changeNumber", "must be a whole number");
    snprintf(where, sizeof where, "/values/%zu/properties/addressPrefixes", i);
    if (!prefixes_read(list, where, TAG_PREFIXES_MAX, &tag->prefixes, ps)) return;
}

static int by_name(const void *a, const void *b)
{
    const struct service_tag *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static void read_values(const json_t *values, struct arena *a, struct problems *ps,
                        struct service_tags *t)
{
    size_t i;
    json_t *o;
    json_array_foreach(values, i, o)
    {
        read_tag(o, i, a, ps, &t->tag[i]);
        t->entries +=
            json_array_size(json_object_get(json_object_get(o, "properties"), "addressPrefixes"));
        t->n++;
    }
    if (t->n) qsort(t->tag, t->n, sizeof *t->tag, by_name);
    for (i = 1; i < t->n; i++)
        if (!strcmp(t->tag[i - 1].name, t->tag[i].name))
            problem_add(ps, "/values", "", "", "two tags have one name");
}

bool tags_parse(const char *bytes, size_t n, struct arena *a, struct problems *ps,
                struct service_tags *out)
{
    size_t before = ps->count;
    struct service_tags t = {0};
    json_t *doc = document_load(bytes, n, TAGS_BYTES_MAX, ps);
    if (!doc) return false;
    const json_t *values = json_object_get(doc, "values");
    t.cloud = text_at(doc, "cloud", a);
    if (!number_at(doc, "changeNumber", &t.change_number))
        problem_add(ps, "/changeNumber", "", "", "must be a whole number");
    if (!json_is_array(values) || !json_array_size(values) || json_array_size(values) > TAGS_MAX)
        problem_add(ps, "/values", "", "", "must be a list of 1 to %d tags", TAGS_MAX);
    else if ((t.tag = arena_take_array(a, json_array_size(values), sizeof *t.tag)))
        read_values(values, a, ps, &t);
    json_decref(doc);
    if (ps->count != before || !t.tag) return false;
    *out = t;
    return true;
}

static json_t *number_or_null(const struct service_tag *tag)
{
    return tag ? json_integer(tag->change_number) : json_null();
}

json_t *tag_changes_write(const struct tag_changes *d)
{
    json_t *list = json_array();
    for (size_t i = 0; i < d->n; i++) {
        const struct tag_change *c = &d->c[i];
        const struct service_tag *any = c->after ? c->after : c->before;
        json_array_append_new(list, json_pack("{s:s,s:s,s:o,s:o,s:o,s:o}", "tag", any->name,
                                              "disposition",
                                              !c->before  ? "Add"
                                              : !c->after ? "Remove"
                                                          : "Change",
                                              "previousChangeNumber", number_or_null(c->before),
                                              "changeNumber", number_or_null(c->after), "added",
                                              prefixes_write(&c->added, FAMILY_NONE), "removed",
                                              prefixes_write(&c->removed, FAMILY_NONE)));
    }
    return list;
}

json_t *tags_stats_write(const struct service_tags *t, struct arena *scratch)
{
    struct arena_mark mark = arena_mark(scratch);
    struct prefixes all = tags_unique(t, scratch);
    json_t *o = json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:I}", "cloud", t->cloud, "changeNumber",
                          (json_int_t)t->change_number, "tags", (json_int_t)t->n, "prefixes",
                          (json_int_t)t->entries, "uniquePrefixes", (json_int_t)all.n, "ipv4",
                          (json_int_t)prefixes_count(&all, FAMILY_IPV4), "ipv6",
                          (json_int_t)prefixes_count(&all, FAMILY_IPV6));
    arena_rewind(scratch, mark);
    return o;
}
