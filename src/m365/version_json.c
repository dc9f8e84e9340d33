/* m365/version_json.c - three spellings of one small table. */
#include "m365/version_json.h"
#include <stdlib.h>
#include <string.h>
#include "m365/changes.h"
#include "m365/feed_json.h"

enum { VERSION_BYTES_MAX = 1 << 20, VERSIONS_MAX = 4096, ROWS_MAX = 64 };

bool version_is_sane(const char *s)
{
    char date[9];
    int64_t days;
    if (strlen(s) != 10 || strspn(s, "0123456789") != 10) return false;
    memcpy(date, s, 8);
    date[8] = 0;
    return date_parse(date, &days);
}

static void blame(struct problems *ps, const char *what)
{
    problem_add(ps, "", "", "", "%s", what);
}

static void row_add(struct versions *v, enum feed_instance i, const char *latest)
{
    if (v->n == ROWS_MAX) return;
    struct version_row *r = &v->row[v->n++];
    *r = (struct version_row){.instance = i};
    memcpy(r->latest, latest, 10);
}

static bool rows_init(struct versions *v, struct arena *a)
{
    *v = (struct versions){.row = arena_take_array(a, ROWS_MAX, sizeof *v->row)};
    return v->row != NULL;
}

static void read_all_versions(const json_t *list, struct arena *a, struct problems *ps,
                              struct version_row *row)
{
    size_t i, n = json_array_size(list);
    json_t *v;
    if (n > VERSIONS_MAX || !(row->versions = arena_take_array(a, n + 1, sizeof *row->versions))) {
        blame(ps, "too many versions");
        return;
    }
    json_array_foreach(list, i, v)
    {
        const char *s = json_is_string(v) ? json_string_value(v) : "";
        if (!version_is_sane(s))
            blame(ps, "the list of versions holds something that is no version");
        else if (!(row->versions[row->version_count++] = arena_text(a, s)))
            blame(ps, "too many versions");
    }
}

static void read_row(const json_t *o, struct arena *a, struct problems *ps, struct versions *out)
{
    enum feed_instance i;
    const json_t *name = json_object_get(o, "instance"), *latest = json_object_get(o, "latest");
    if (!json_is_string(name) || !json_is_string(latest) ||
        !version_is_sane(json_string_value(latest))) {
        blame(ps, "each row needs a text \"instance\" and \"latest\" as ten digits YYYYMMDDNN");
        return;
    }
    if (!instance_parse(json_string_value(name), &i)) return;
    size_t before = out->n;
    row_add(out, i, json_string_value(latest));
    const json_t *all = json_object_get(o, "versions");
    if (all && out->n > before) read_all_versions(all, a, ps, &out->row[before]);
}

bool versions_parse_json(const char *bytes, size_t n, struct arena *a, struct problems *ps,
                         struct versions *out)
{
    size_t before = ps->count, i;
    struct versions v;
    json_t *doc = document_load(bytes, n, VERSION_BYTES_MAX, ps), *o;
    if (!doc) return false;
    if (!rows_init(&v, a))
        blame(ps, "out of the memory allowed");
    else if (json_is_object(doc))
        read_row(doc, a, ps, &v);
    else if (json_is_array(doc))
        json_array_foreach(doc, i, o) read_row(o, a, ps, &v);
    else
        blame(ps, "must be an object or a list of objects");
    json_decref(doc);
    if (ps->count != before) return false;
    *out = v;
    return true;
}

/* A copy that ends in NUL, so that text functions may read it. */
static char *text_of(const char *bytes, size_t n, struct arena *a, struct problems *ps)
{
    char *s = n <= VERSION_BYTES_MAX ? arena_take(a, n + 1) : NULL;
    if (!s) {
        blame(ps, "the document is too large");
        return NULL;
    }
    if (n) memcpy(s, bytes, n);
    return s;
}

bool versions_parse_csv(const char *bytes, size_t n, struct arena *a, struct problems *ps,
                        struct versions *out)
{
    size_t before = ps->count;
    struct versions v;
    char *s = text_of(bytes, n, a, ps);
    if (!s || !rows_init(&v, a)) return false;
    size_t head = strcspn(s, "\r\n");
    if (head != 15 || strncmp(s, "instance,latest", 15))
        blame(ps, "the first line must be instance,latest");
    for (char *line = s + head; *(line += strspn(line, "\r\n"));) {
        size_t len = strcspn(line, "\r\n");
        char *next = line + len, end = *next;
        *next = 0;
        char *comma = strchr(line, ',');
        enum feed_instance i;
        if (!comma || !version_is_sane(comma + 1))
            blame(ps, "a line must be an instance, a comma and ten digits");
        else if (*comma = 0, instance_parse(line, &i))
            row_add(&v, i, comma + 1);
        *next = end;
        line = next;
    }
    if (ps->count != before) return false;
    *out = v;
    return true;
}

static int newest_first(const void *a, const void *b)
{
    return strcmp(*(const char *const *)b, *(const char *const *)a);
}

/* "...://host/changes/<Instance>/<version>" */
static enum feed_instance instance_in_link(const char *s)
{
    const char *at = strstr(s, "/changes/");
    enum feed_instance found = INSTANCE_UNKNOWN;
    if (!at) return found;
    at += strlen("/changes/");
    size_t n = strcspn(at, "/<");
    char name[24];
    if (n >= sizeof name) return found;
    memcpy(name, at, n);
    name[n] = 0;
    return instance_parse(name, &found) ? found : INSTANCE_UNKNOWN;
}

static void read_guid(const char *at, struct arena *a, struct problems *ps, struct version_row *row)
{
    char version[11] = {0};
    const char *open = strchr(at, '>');
    if (open && strlen(open) > 10) memcpy(version, open + 1, 10);
    if (!version_is_sane(version) || row->version_count == VERSIONS_MAX) {
        blame(ps, "a guid that is no version");
        return;
    }
    if (!(row->versions[row->version_count++] = arena_text(a, version)))
        blame(ps, "too many versions");
}

bool versions_parse_rss(const char *bytes, size_t n, struct arena *a, struct problems *ps,
                        struct versions *out)
{
    size_t before = ps->count;
    struct versions v;
    struct version_row row = {0};
    char *s = text_of(bytes, n, a, ps);
    if (!s || !rows_init(&v, a)) return false;
    if (!(row.versions = arena_take_array(a, VERSIONS_MAX, sizeof *row.versions))) return false;
    for (const char *at = s; (at = strstr(at, "<guid")); at++) read_guid(at, a, ps, &row);
    row.instance = instance_in_link(s);
    if (!row.version_count || !row.instance)
        blame(ps, "no item with a version and a link was found");
    if (ps->count != before) return false;
    qsort(row.versions, row.version_count, sizeof *row.versions, newest_first);
    memcpy(row.latest, row.versions[0], 10);
    v.row[v.n++] = row;
    *out = v;
    return true;
}

bool versions_parse(const char *bytes, size_t n, struct arena *a, struct problems *ps,
                    struct versions *out)
{
    size_t at = 0;
    while (at < n && strchr(" \t\r\n", bytes[at])) at++;
    char first = at < n ? bytes[at] : 0;
    if (first == '<') return versions_parse_rss(bytes, n, a, ps, out);
    if (first == 'i' || first == 'I') return versions_parse_csv(bytes, n, a, ps, out);
    return versions_parse_json(bytes, n, a, ps, out);
}

const struct version_row *versions_of(const struct versions *v, enum feed_instance i)
{
    for (size_t k = 0; k < v->n; k++)
        if (v->row[k].instance == i) return &v->row[k];
    return NULL;
}
