/* m365/mirror_json.c - a table of paths; each row makes one kind of document from the copies. */
#include "m365/mirror_json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "m365/changes_json.h"
#include "m365/feed_json.h"
#include "m365/lists.h"
#include "m365/pac.h"
#include "m365/version_json.h"

enum { HOUR_S = 3600, GUID_LENGTH = 36 };

#define JSON_TYPE "application/json; charset=utf-8"
#define PLAIN_TYPE "text/plain; charset=utf-8"

struct asked { /* one request in hand */
    const struct mirror *m;
    const char *const *segment;
    size_t n;
    const struct mirror_query *q;
    struct arena *arena;
    struct mirror_answer *out;
    const struct cache *copy; /* of the instance in the path */
};

bool mirror_add(struct mirror *m, const struct cache *c)
{
    if (m->n == MIRROR_COPIES_MAX) return false;
    size_t at = m->n++;
    for (; at > 0; at--) {
        const struct cache *before = m->copy[at - 1];
        if (before->instance < c->instance) break;
        if (before->instance == c->instance && strcmp(before->version, c->version) <= 0) break;
        m->copy[at] = before;
    }
    m->copy[at] = c;
    return true;
}

const struct cache *mirror_newest(const struct mirror *m, enum feed_instance i)
{
    const struct cache *found = NULL;
    for (size_t k = 0; k < m->n; k++)
        if (m->copy[k]->instance == i) found = m->copy[k];
    return found;
}

/* ---- answers ---- */

static void refuse(struct asked *r, unsigned status, const char *what)
{
    r->out->status = status;
    r->out->type = PLAIN_TYPE;
    r->out->max_age_s = 0;
    text_drop(&r->out->body);
    text_addf(&r->out->body, "%s\n", what);
}

static void give_json(struct asked *r, json_t *v, unsigned max_age_s)
{
    char *s = json_dumps(v, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    json_decref(v);
    if (!s) abort();
    text_add(&r->out->body, s);
    free(s);
    r->out->type = JSON_TYPE;
    r->out->max_age_s = max_age_s;
}

static void give_plain(struct asked *r, const char *type)
{
    r->out->type = type;
    r->out->max_age_s = HOUR_S;
}

static bool is_true(const char *s) { return s && (text_same_nocase(s, "true") || strcmp(s, "1") == 0); }

static bool wants_format(const struct asked *r, const char *format)
{
    return text_same_nocase(r->q->format ? r->q->format : "JSON", format);
}

/* ---- version ---- */

static json_t *version_write(const struct mirror *m, const struct cache *newest, bool all)
{
    json_t *o = json_pack("{s:s,s:s}", "instance", instance_text(newest->instance), "latest", newest->version);
    json_t *list = all ? json_array() : NULL;
    for (size_t k = m->n; all && k-- > 0;)
        if (m->copy[k]->instance == newest->instance)
            json_array_append_new(list, json_string(m->copy[k]->version));
    if (list) json_object_set_new(o, "versions", list);
    return o;
}

static void version_csv(struct asked *r, enum feed_instance only)
{
    text_add(&r->out->body, "instance,latest\r\n");
    for (int i = 1; i < INSTANCES; i++) {
        const struct cache *c = mirror_newest(r->m, (enum feed_instance)i);
        if (c && (!only || only == c->instance))
            text_addf(&r->out->body, "%s,%s\r\n", instance_text(c->instance), c->version);
    }
    r->out->type = "text/csv; charset=utf-8";
    r->out->max_age_s = HOUR_S;
}

static void serve_version(struct asked *r)
{
    const char *name = r->n > 1 ? r->segment[1] : r->q->instance;
    enum feed_instance only = INSTANCE_UNKNOWN;
    if (name && (!instance_parse(name, &only) || !mirror_newest(r->m, only))) {
        refuse(r, 404, "there is no copy of that instance");
    } else if (wants_format(r, "CSV")) {
        version_csv(r, only);
    } else if (!wants_format(r, "JSON")) {
        refuse(r, 400, "the format is JSON or CSV");
    } else if (only) {
        give_json(r, version_write(r->m, mirror_newest(r->m, only), is_true(r->q->all_versions)), HOUR_S);
    } else {
        json_t *list = json_array();
        for (int i = 1; i < INSTANCES; i++) {
            const struct cache *c = mirror_newest(r->m, (enum feed_instance)i);
            if (c) json_array_append_new(list, version_write(r->m, c, is_true(r->q->all_versions)));
        }
        give_json(r, list, HOUR_S);
    }
}

/* ---- endpoints ---- */

/* "Exchange,Skype" into the selection; Common always comes along. False: too many. */
static bool take_areas(struct asked *r, struct selection *sel)
{
    char *copy = arena_text(r->arena, r->q->service_areas);
    size_t n = 0;
    for (char *word = copy; word && *word;) {
        char *comma = strchr(word, ',');
        if (comma) *comma = 0;
        if (n + 2 >= ARRAY_LEN(sel->areas)) return false;
        sel->areas[n++] = word;
        word = comma ? comma + 1 : NULL;
    }
    if (copy && n) sel->areas[n] = "Common";
    return copy != NULL;
}

static void drop_ipv6(json_t *sets)
{
    size_t i;
    json_t *set;
    json_array_foreach(sets, i, set)
    {
        json_t *ips = json_object_get(set, "ips");
        for (size_t k = json_array_size(ips); k-- > 0;)
            if (strchr(json_string_value(json_array_get(ips, k)), ':')) json_array_remove(ips, k);
        if (ips && !json_array_size(ips)) json_object_del(set, "ips");
    }
}

static void serve_endpoints(struct asked *r)
{
    struct selection sel = {0};
    if (!wants_format(r, "JSON")) {
        refuse(r, 400, "the format is JSON");
        return;
    }
    if (r->q->service_areas && !take_areas(r, &sel)) {
        refuse(r, 400, "too many service areas");
        return;
    }
    json_t *sets = feed_write(&r->copy->feed, &sel);
    if (is_true(r->q->no_ipv6)) drop_ipv6(sets);
    give_json(r, sets, 0);
    r->out->limited = true;
}

/* ---- changes ---- */

/* The copy to start from: the newest that is not younger than the version asked for. */
static size_t start_of(const struct asked *r, const char *version)
{
    size_t at = SIZE_MAX;
    for (size_t k = 0; k < r->m->n; k++)
        if (r->m->copy[k]->instance == r->copy->instance && strcmp(r->m->copy[k]->version, version) <= 0) at = k;
    return at;
}

static bool append_changes(struct asked *r, const struct feed *before, const struct cache *after, json_t *list)
{
    struct changes cs;
    if (!changes_between(before, &after->feed, after->version, r->arena, &cs)) return false;
    for (size_t i = 0; i < cs.n; i++) {
        cs.c[i].id = (uint32_t)json_array_size(list) + 1;
        json_array_append_new(list, change_write(&cs.c[i]));
    }
    return true;
}

static void serve_changes(struct asked *r)
{
    static const struct feed nothing;
    const char *version = r->segment[2];
    bool whole = true, begins = strcmp(version, "0000000000") == 0;
    json_t *list = json_array();
    if (!begins && !version_is_sane(version)) {
        json_decref(list);
        refuse(r, 400, "a version has ten digits, YYYYMMDDNN");
        return;
    }
    size_t from = start_of(r, version);
    const struct feed *before = from == SIZE_MAX ? &nothing : &r->m->copy[from]->feed;
    for (size_t k = from == SIZE_MAX ? 0 : from + 1; whole && k < r->m->n; k++) {
        if (r->m->copy[k]->instance != r->copy->instance) continue;
        whole = append_changes(r, before, r->m->copy[k], list);
        before = &r->m->copy[k]->feed;
        if (r->q->single_version) break;
    }
    r->out->limited = true;
    if (whole) give_json(r, list, 0);
    else json_decref(list), refuse(r, 400, "that is more than can be compared at once");
}

/* ---- our own documents ---- */

static void serve_pac(struct asked *r)
{
    enum pac_type type;
    struct pac_sets sets;
    if (!pac_type_parse(r->segment[2], &type)) {
        refuse(r, 404, "a PAC file is of type 1, 2 or er");
    } else if (!pac_compute(&r->copy->feed, type, r->arena, &sets)) {
        refuse(r, 400, "the feed is too large for a PAC file");
    } else {
        pac_write(&sets, type, r->m->proxy, &r->out->body);
        give_plain(r, "application/x-ns-proxy-autoconfig");
    }
}

static void serve_list(struct asked *r)
{
    const char *kind = r->segment[2];
    const struct selection all = {0}, circuit = {.express_route = true};
    const struct feed *f = &r->copy->feed;
    enum router_language l;
    give_plain(r, PLAIN_TYPE);
    if (text_same_nocase(kind, "nft")) {
        if (!list_nft(f, &all, r->arena, &r->out->body)) refuse(r, 400, "the feed is too large");
    } else if (text_same_nocase(kind, "firewall")) {
        list_firewall(f, &all, &r->out->body);
    } else if (text_same_nocase(kind, "urls")) {
        struct texts t = feed_urls(f, &all, r->arena);
        list_texts(&t, &r->out->body);
    } else if (text_same_nocase(kind, "prefixes")) {
        struct prefixes p = feed_prefixes(f, &all, r->arena);
        list_prefixes(&p, &r->out->body);
    } else if (router_language_parse(kind, &l)) {
        struct prefixes p = feed_prefixes(f, &circuit, r->arena);
        prefixes_merge(&p);
        list_router(&p, l, "M365", &r->out->body);
    } else {
        refuse(r, 404, "lists are nft, firewall, urls, prefixes, frr, bird, ios-xe and junos");
    }
}

/* ---- the table ---- */

static const struct {
    const char *name;
    size_t least, most; /* segments */
    bool client;        /* the service asks who calls */
    void (*serve)(struct asked *r);
} rows[] = {
    {"version", 1, 2, true, serve_version},  {"endpoints", 2, 2, true, serve_endpoints},
    {"changes", 3, 3, true, serve_changes},  {"pac", 3, 3, false, serve_pac},
    {"lists", 3, 3, false, serve_list},
};

static bool is_guid(const char *s)
{
    for (size_t i = 0; i < GUID_LENGTH; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (!s || !s[i] || (dash ? s[i] != '-' : !strchr("0123456789abcdefABCDEF", s[i]))) return false;
    }
    return s[GUID_LENGTH] == 0;
}

bool mirror_answer(const struct mirror *m, const char *const *segments, size_t n, const struct mirror_query *q,
                   struct arena *a, struct mirror_answer *out)
{
    struct asked r = {m, segments, n, q, a, out, NULL};
    size_t i = 0;
    enum feed_instance instance = INSTANCE_UNKNOWN;
    while (i < ARRAY_LEN(rows) && (n == 0 || !text_same_nocase(rows[i].name, segments[0]))) i++;
    if (i == ARRAY_LEN(rows) || n < rows[i].least || n > rows[i].most) return false;
    *out = (struct mirror_answer){.status = 200};
    if (rows[i].least > 1 && instance_parse(segments[1], &instance)) r.copy = mirror_newest(m, instance);
    if (rows[i].client && !is_guid(q->client_request_id))
        refuse(&r, 400, "ClientRequestId is missing: a GUID of your own, made once and kept");
    else if (rows[i].least > 1 && !r.copy)
        refuse(&r, 404, "there is no copy of that instance");
    else
        rows[i].serve(&r);
    return true;
}

/* ---- manners ---- */

unsigned mirror_wait(struct mirror_clients *c, const char *id, int64_t now_s)
{
    size_t at = 0;
    for (size_t i = 0; i < MIRROR_CLIENTS_MAX; i++) {
        if (text_same_nocase(c->row[i].id, id)) {
            at = i;
            break;
        }
        if (c->row[i].since_s < c->row[at].since_s) at = i;
    }
    if (!text_same_nocase(c->row[at].id, id) || now_s - c->row[at].since_s >= HOUR_S) {
        snprintf(c->row[at].id, sizeof c->row[at].id, "%s", id);
        c->row[at].since_s = now_s;
        c->row[at].asked = 0;
    }
    if (c->row[at].asked >= MIRROR_CHANGES_A_HOUR) return (unsigned)(c->row[at].since_s + HOUR_S - now_s);
    c->row[at].asked++;
    return 0;
}
