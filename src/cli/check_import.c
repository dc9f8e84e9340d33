/* cli/check_import.c - a directory of exported files as the source of a check.
 * A file is recognised by what is in it; only live tables, which do not say whose they are, go by
 * their name: CIRCUIT.PEERING.LEG.KIND.json, as `fairlead import` writes them. A name that leaves
 * circuit, peering or leg open is completed when the export has only one. What cannot be read or
 * placed is named and left out: a check of the rest is worth more than none. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "cli/arm_pull.h"
#include "cli/check_input.h"
#include "cli/check_office.h"
#include "cli/command.h"
#include "cli/export_steps.h"
#include "evidence/arm_design_json.h"
#include "evidence/bird.h"
#include "evidence/edge_json.h"
#include "evidence/encoding.h"
#include "evidence/frr_json.h"
#include "evidence/records_json.h"
#include "evidence/site_json.h"
#include "lab/state.h"
#include "model/design_json.h"

enum { FILES_MAX = 2000, FILE_MAX = 16 << 20, NAME_LEN = 256, DEPTH_MAX = 2 };

struct import_file {
    char name[NAME_LEN]; /* below DIR */
    char source[NAME_LEN + 8];
    struct text text;
    json_t *json;
    int64_t at_ms;
    bool taken; /* a copy of the feed, or its changes */
    char circuit[100], peering[20], leg[12]; /* of a live table */
};

struct import {
    struct check *k;
    const char *dir;
    struct import_file *files;
    size_t files_n;
    struct arm_export arm;
    struct arm_pull pull;
    struct office_kit office;
    int64_t collected_ms; /* 0: files' own times */
};

static void note(struct import *m, const char *file, const char *what)
{
    fprintf(stderr, "fairlead: %s/%s: %s\n", m->dir, file, what);
}

/* ---- reading the directory ---- */

static bool read_small(const char *path, struct text *out, int64_t *at_ms)
{
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX) return false;
    *at_ms = (int64_t)st.st_mtime * 1000;
    return lab_read_file(path, out);
}

static void add_file(struct import *m, const char *path, const char *name)
{
    if (m->files_n == FILES_MAX) return;
    m->files = realloc(m->files, (m->files_n + 1) * sizeof *m->files);
    if (!m->files) abort();
    struct import_file *f = &m->files[m->files_n];
    *f = (struct import_file){0};
    snprintf(f->name, sizeof f->name, "%s", name);
    snprintf(f->source, sizeof f->source, "file %s", name);
    if (!read_small(path, &f->text, &f->at_ms)) {
        note(m, name, "not read: no plain file of at most 16 MiB");
    } else if (!text_plain(&f->text)) {
        note(m, name, "damaged UTF-16; the file is left out");
        text_drop(&f->text);
    } else {
        m->files_n++;
    }
}

static void walk(struct import *m, const char *below, int depth)
{
    char path[1200], name[NAME_LEN];
    snprintf(path, sizeof path, "%s%s%s", m->dir, *below ? "/" : "", below);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        struct stat st;
        if (e->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s%s%s/%s", m->dir, *below ? "/" : "", below, e->d_name);
        if (stat(path, &st) != 0) continue;
        if ((size_t)snprintf(name, sizeof name, "%s%s%s", below, *below ? "/" : "", e->d_name) >= sizeof name) continue;
        if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) walk(m, name, depth + 1);
        else if (S_ISREG(st.st_mode)) add_file(m, path, name);
    }
    if (d) closedir(d);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct import_file *)a)->name, ((const struct import_file *)b)->name);
}

static const char *base_of(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

/* ---- what a file is ---- */

/* The published examples wrap an answer: {"parameters": ..., "responses": {"200": {"body": ...}}}. */
static json_t *unwrap(json_t *v, struct import_file *f)
{
    json_t *body = json_object_get(json_object_get(json_object_get(v, "responses"), "200"), "body");
    const json_t *p = json_object_get(v, "parameters");
    if (!body) return v;
    snprintf(f->circuit, sizeof f->circuit, "%s", arm_text(p, "circuitName"));
    snprintf(f->peering, sizeof f->peering, "%s", arm_peering_word(arm_text(p, "peeringName")));
    snprintf(f->leg, sizeof f->leg, "%s", arm_text(p, "devicePath"));
    return body;
}

static bool table_kind(const json_t *v, enum arm_table_kind *out)
{
    const json_t *rows = json_is_array(v) ? v : json_object_get(v, "value");
    const json_t *first = rows ? json_array_get(rows, 0) : v;
    if (arm_get(v, "primarybytesIn")) return *out = ARM_STATS, true;
    if (arm_get(first, "ipAddress") && arm_get(first, "macAddress")) return *out = ARM_ARP, true;
    if (arm_get(first, "network") && arm_get(first, "nextHop") && arm_get(first, "path")) return *out = ARM_ROUTES, true;
    if (arm_get(first, "neighbor") && (arm_get(first, "statePfxRcd") || arm_get(first, "stateOrPrefixesReceived")))
        return *out = ARM_SUMMARY, true;
    return false;
}

/* An empty table has no rows to know it by, only its name. */
static bool table_kind_by_name(const char *name, enum arm_table_kind *out)
{
    static const struct {
        const char *end;
        enum arm_table_kind kind;
    } rows[] = {{".arp.json", ARM_ARP}, {".routes.json", ARM_ROUTES}, {".summary.json", ARM_SUMMARY},
                {".stats.json", ARM_STATS}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (ends_with(name, rows[i].end)) return *out = rows[i].kind, true;
    return false;
}

static bool word_in(const char *name, const char *word)
{
    for (size_t n = strlen(word); *name; name++)
        if (strncasecmp(name, word, n) == 0) return true;
    return false;
}

static const struct arm_document *only_circuit(const struct import *m)
{
    const struct arm_document *found = NULL;
    for (size_t i = 0; i < m->arm.documents_n; i++) {
        if (m->arm.documents[i].kind != ARM_CIRCUIT) continue;
        if (found) return NULL;
        found = &m->arm.documents[i];
    }
    return found;
}

static void consider_circuit(struct import_file *f, const char *name, size_t *best)
{
    if (strlen(name) <= *best || !word_in(base_of(f->name), name)) return;
    *best = strlen(name);
    snprintf(f->circuit, sizeof f->circuit, "%s", name);
}

/* The longest name of a circuit, exported or of the design, that the file's name holds; else the only one. */
static void guess_circuit(const struct import *m, struct import_file *f)
{
    size_t best = 0;
    const struct design *d = m->k->design;
    for (size_t i = 0; i < m->arm.documents_n; i++)
        if (m->arm.documents[i].kind == ARM_CIRCUIT) consider_circuit(f, arm_name(m->arm.documents[i].resource), &best);
    for (size_t i = 0; i < d->circuits_n; i++) consider_circuit(f, d->circuits[i].name, &best);
    const struct arm_document *only = only_circuit(m);
    if (!*f->circuit && only) snprintf(f->circuit, sizeof f->circuit, "%s", arm_name(only->resource));
    if (!*f->circuit && d->circuits_n == 1) snprintf(f->circuit, sizeof f->circuit, "%s", d->circuits[0].name);
}

static const char *only_peering(const struct import *m, const char *circuit)
{
    const char *found = "";
    size_t k;
    json_t *p;
    for (size_t i = 0; i < m->arm.documents_n; i++) {
        const struct arm_document *d = &m->arm.documents[i];
        if (d->kind != ARM_CIRCUIT || strcmp(arm_name(d->resource), circuit) != 0) continue;
        json_array_foreach(arm_get(d->resource, "peerings"), k, p)
        {
            if (*found) return "";
            found = arm_peering_word(arm_name(p));
        }
    }
    return found;
}

static bool place_table(const struct import *m, struct import_file *f, enum arm_table_kind kind)
{
    const char *name = base_of(f->name);
    if (!*f->circuit) guess_circuit(m, f);
    if (!*f->peering)
        snprintf(f->peering, sizeof f->peering, "%s",
                 word_in(name, "microsoft") ? "microsoft" : word_in(name, "private") ? "private"
                                                                                     : only_peering(m, f->circuit));
    if (!*f->leg) snprintf(f->leg, sizeof f->leg, "%s", word_in(name, "primary") ? "primary" : word_in(name, "secondary") ? "secondary" : "");
    return *f->circuit && *f->peering && (*f->leg || kind == ARM_STATS);
}

static void take_table(struct import *m, struct import_file *f, const json_t *v, enum arm_table_kind kind)
{
    if (!place_table(m, f, kind)) {
        note(m, f->name, "whose table is it? call the file CIRCUIT.PEERING.LEG.arp.json (routes, summary) or CIRCUIT.PEERING.stats.json");
        return;
    }
    arm_export_add_table(&m->arm, &(struct arm_table){kind, f->circuit, f->peering, f->leg, v, f->source, f->at_ms});
}

/* ---- two passes: resources make the design, then routers and tables are placed by it ---- */

static const char *skip_blank(const char *s) { return s + strspn(s, " \n\r\t"); }

static int line_at(const struct import_file *f, const char *at)
{
    int line = 1;
    for (const char *s = text_get(&f->text); s < at; s++) line += *s == '\n';
    return line;
}

/* One document, or several one after the other, which then count as a list. */
static void parse(struct import *m, struct import_file *f)
{
    const char *s = skip_blank(text_get(&f->text));
    json_t *many = NULL;
    json_error_t e;
    if (*s != '{' && *s != '[') return;
    while (*s == '{' || *s == '[') {
        json_t *one = json_loads(s, JSON_DISABLE_EOF_CHECK, &e);
        if (!one) break;
        if (f->json && !many) many = json_pack("[o]", f->json);
        if (many) json_array_append_new(many, one);
        f->json = many ? many : one;
        s = skip_blank(s + e.position);
    }
    if (*s) {
        char what[200];
        snprintf(what, sizeof what, "line %d, column %d: %.100s; the file is left out", line_at(f, s), e.column, e.text);
        note(m, f->name, what);
        json_decref(f->json);
        f->json = NULL;
    }
}

static bool is_router_file(const json_t *v)
{
    return edge_evidence_is(v) || frr_document_is(v) || drill_record_is(v) || measured_is(v) || rehearsal_is(v) || site_document_is(v);
}

static void take_resources(struct import *m, struct import_file *f)
{
    enum arm_table_kind kind;
    const json_t *v = f->json ? unwrap(f->json, f) : NULL;
    if (v && office_take_text(m->k, &m->office, f->name, text_get(&f->text), f->text.n, f->at_ms)) f->taken = true;
    if (!v || f->taken || is_router_file(v) || table_kind(v, &kind) || table_kind_by_name(f->name, &kind)) return;
    bool empty = json_is_array(v) ? json_array_size(v) == 0 : json_is_array(json_object_get(v, "value")) && !json_array_size(json_object_get(v, "value"));
    if (empty && word_in(base_of(f->name), "connections")) m->arm.no_connections = true; /* an empty list has only its name */
    if (arm_export_add(&m->arm, v, f->source, f->at_ms) == 0 && json_array_size(json_object_get(v, "value")) + json_array_size(v) > 0)
        note(m, f->name, "no resource, table or router state that is known; left out");
}

static void router_of(const char *file, char out[static 64])
{
    const char *base = base_of(file);
    snprintf(out, 64, "%.*s", (int)strcspn(base, "."), base);
}

/* What programs print for people. */
static void take_text(struct import *m, const struct collector *c, const struct import_file *f, const char *name)
{
    const char *text = text_get(&f->text);
    if (bird_text_is(text)) bird_take(c, name, text);
    else if (site_text_is(text)) site_text_take(c, name, text);
    else if (conntrack_text_is(text)) conntrack_take(c, m->k->feed, text);
}

static void take_state(struct import *m, struct import_file *f)
{
    char router[64];
    struct collector c = {&m->k->facts, m->k->design, f->source, f->at_ms, .tells_both_ends = true};
    enum arm_table_kind kind;
    const json_t *v = f->json ? unwrap(f->json, f) : NULL;
    if (f->taken) return;
    router_of(f->name, router);
    if (!v) take_text(m, &c, f, router);
    if (!v) return;
    if (edge_evidence_is(v)) edge_evidence_take(&c, v);
    else if (rehearsal_is(v)) rehearsal_take(&c, v);
    else if (site_document_is(v)) site_take(&c, router, word_in(f->name, "edge-media"), v, &m->k->arena);
    else if (frr_document_is(v)) frr_take(&c, router, v);
    else if (drill_record_is(v)) drill_record_take(&c, v);
    else if (measured_is(v) && m->k->design->circuits_n) measured_take(&c, m->k->design->circuits[0].name, v);
    else if (table_kind(v, &kind) || table_kind_by_name(f->name, &kind)) take_table(m, f, v, kind);
}

/* collected-at: one line, the time at which the export was made; copies of files lose theirs. */
static void take_collected_at(struct import *m)
{
    for (size_t i = 0; i < m->files_n; i++)
        if (strcmp(m->files[i].name, "collected-at") == 0 && record_time(text_get(&m->files[i].text), &m->collected_ms))
            for (size_t k = 0; k < m->files_n; k++) m->files[k].at_ms = m->collected_ms;
}

static bool has_file(const struct import *m, const char *name)
{
    for (size_t i = 0; i < m->files_n; i++)
        if (strcmp(m->files[i].name, name) == 0) return true;
    return false;
}

static int derive_design(struct import *m)
{
    struct problems ps;
    problems_init(&ps, &m->k->arena);
    if (m->arm.documents_n == 0) {
        fprintf(stderr, "fairlead: no circuit was found%s%s; fairlead import prints what to export\n",
                m->dir ? " in " : "", m->dir ? m->dir : "");
        return EXIT_ERROR;
    }
    json_t *json = arm_export_design(&m->arm);
    m->k->design = design_from_json(json, &m->k->arena, &ps);
    json_decref(json);
    for (const struct problem *p = ps.first; p; p = p->next)
        fprintf(stderr, "fairlead: the exported resources make no design: %s: %s; %s\n", p->where, p->what, p->rule);
    return m->k->design ? EXIT_FINE : EXIT_ERROR;
}

static int find_design(struct import *m, const char *given)
{
    char path[1200];
    if (given) return check_load_design(m->k, given);
    if (!m->dir || !has_file(m, "design.yaml")) return derive_design(m);
    snprintf(path, sizeof path, "%s/design.yaml", m->dir);
    return check_load_design(m->k, path);
}

static int read_dir(struct import *m)
{
    struct stat st;
    if (stat(m->dir, &st) != 0 || !S_ISDIR(st.st_mode)) {
        fprintf(stderr, "fairlead: %s: %s\n", m->dir, errno == ENOENT ? "there is no such directory" : "no directory");
        return EXIT_ERROR;
    }
    walk(m, "", 0);
    if (m->files_n) qsort(m->files, m->files_n, sizeof *m->files, by_name);
    take_collected_at(m);
    for (size_t i = 0; i < m->files_n; i++) parse(m, &m->files[i]);
    for (size_t i = 0; i < m->files_n; i++) take_resources(m, &m->files[i]);
    return EXIT_FINE;
}

static int pull_api(struct import *m, const struct check_source *s)
{
    struct text why = {0};
    m->pull = (struct arm_pull){.url = s->arm, .ca_file = s->arm_ca, .subscription = s->subscription};
    bool fine = arm_pull_take(&m->pull, &m->arm, &m->k->silent, &why);
    if (!fine) fprintf(stderr, "fairlead: %s\n", text_get(&why));
    text_drop(&why);
    return fine ? EXIT_FINE : EXIT_ERROR;
}

static void drop(struct import *m)
{
    for (size_t i = 0; i < m->files_n; i++) {
        json_decref(m->files[i].json);
        text_drop(&m->files[i].text);
    }
    free(m->files);
    arm_export_drop(&m->arm);
    arm_pull_drop(&m->pull);
}

int check_take_import(struct check *k, const struct check_source *s)
{
    struct import m = {.k = k, .dir = s->import};
    int status = s->import ? read_dir(&m) : EXIT_FINE;
    if (status == EXIT_FINE && s->arm) status = pull_api(&m, s);
    if (status == EXIT_FINE) status = find_design(&m, s->design);
    if (status == EXIT_FINE) {
        facts_init(&k->facts);
        k->has_facts = true;
        k->mode = "field";
        office_choose_feed(k, &m.office);
        for (size_t i = 0; i < m.files_n; i++) take_state(&m, &m.files[i]);
        arm_export_facts(&m.arm, &k->facts, k->design);
        facts_sort(&k->facts);
        office_facts(k, &m.office);
    }
    drop(&m);
    return status;
}

/* ---- what is missing ---- */

/* A finding that lacks a fact says so by the fact's name and its subject. */
static const struct export_step *lacking(const struct finding *f, const char **subject)
{
    for (enum fact_name n = 0; n < FACT_NAMES; n++) {
        char lead[120];
        int len = snprintf(lead, sizeof lead, "no evidence of %s for ", fact_kinds[n].name);
        const char *at = strstr(f->message, lead);
        const struct export_step *s = at ? export_step_for(n, "") : NULL;
        if (!s) continue;
        *subject = at + len;
        return s;
    }
    return NULL;
}

/* "circuit/er-demo/private/primary; no evidence ...", "site/ams" */
static void split_subject(struct arena *a, const char *s, struct export_names *out)
{
    bool site = strncmp(s, "site/", 5) == 0;
    const char **parts[] = {NULL, site ? &out->site : &out->circuit, &out->peering, &out->leg};
    for (size_t i = 0; i < ARRAY_LEN(parts) && *s && *s != ';'; i++) {
        size_t n = strcspn(s, "/;");
        const char *word = arena_printf(a, "%.*s", (int)n, s);
        if (parts[i] && word) *parts[i] = word;
        s += n + (s[n] == '/');
    }
}

void check_hint_missing(struct check *k, struct report *r)
{
    const char *group = *k->design->resource_group ? k->design->resource_group : "$GROUP", *subject;
    for (size_t i = 0; i < r->findings_n; i++) {
        struct finding *f = &r->findings[i];
        const struct export_step *s = f->verdict == VERDICT_UNKNOWN ? lacking(f, &subject) : NULL;
        struct export_names n = {group, "$CIRCUIT", "private", "primary", "$ROUTER", NULL, k->design->m365.feed.version};
        struct text t = {0};
        if (!s) continue;
        split_subject(&k->arena, subject, &n);
        export_step_text(s, DIALECT_AZ, &n, &t);
        const char *remedy = arena_printf(&k->arena, "Export what is missing: %s", text_get(&t));
        if (remedy) f->remedy = remedy;
        text_drop(&t);
    }
}
