/* capacity/plan_json.c - the file a person writes, as tables of fields; numbers with decimals
 * become fractions at once. Names are resolved here, so that the plan itself cannot meet an unknown
 * one. */
#include "capacity/plan_json.h"
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "net/fields_json.h"

#define SITE(member) offsetof(struct plan_site, member)
#define PERSONA(member) offsetof(struct persona, member)
#define CIRCUIT(member) offsetof(struct plan_circuit, member)
#define POOL(member) offsetof(struct plan_pool, member)
#define BUDGET(member) offsetof(struct plan_prefixes, member)
#define SAMPLES(member) offsetof(struct plan_samples, member)
#define INPUT(member) offsetof(struct capacity_input, member)

enum { USERS_MOST = 10000000, STREAMS_MOST = 1000000, COPIES_MOST = 10000 };

/* A number not below 0 with at most six decimals. */
static void read_number(const struct fields_reader *r, const json_t *v, struct exact *out,
                        const char *pointer)
{
    char text[64];
    const double most = 100000000;
    if (!json_is_number(v) || json_number_value(v) < 0 || json_number_value(v) > most) {
        problem_add(r->problems, pointer, "0 to 100,000,000", "", "must be a number");
        return;
    }
    snprintf(text, sizeof text, "%.6f", json_number_value(v));
    if (!exact_parse(text, out)) problem_add(r->problems, pointer, "", "", "must be a number");
}

#define NUMBER_READER(function, type, member)                                                      \
    static void function(const struct fields_reader *r, const json_t *v, void *record,             \
                         const char *pointer)                                                      \
    {                                                                                              \
        read_number(r, v, &((struct type *)record)->member, pointer);                              \
    }
NUMBER_READER(read_access, plan_site, access_mbps)
NUMBER_READER(read_flow, plan_site, flow_mbps)
NUMBER_READER(read_loss, plan_site, loss_percent)
NUMBER_READER(read_measured_up, plan_site, measured_up_kbps)
NUMBER_READER(read_measured_down, plan_site, measured_down_kbps)
NUMBER_READER(read_ef, plan_circuit, ef_mbps)

static void read_rtt(const struct fields_reader *r, const json_t *v, void *record,
                     const char *pointer)
{
    struct exact ms = {0, 1};
    read_number(r, v, &ms, pointer);
    if (exact_compare(ms, exact_whole(60000)) > 0)
        problem_add(r->problems, pointer, "0 to 60000 ms", "", "is too long");
    else
        ((struct plan_site *)record)->rtt_us =
            (uint32_t)exact_ceil(exact_times(ms, exact_whole(1000)));
}

/* --- maps by workload ------------------------------------------------------------------------ */

static int workload_of(const struct fields_reader *r, const char *key, const char *pointer)
{
    for (int w = 0; w < WORKLOADS; w++)
        if (!strcmp(workload_names[w], key)) return w;
    const char *near = text_nearest(key, workload_names);
    problem_add(r->problems, fields_pointer(r->arena, pointer, key),
                "p2p-audio, p2p-video, conference-audio, conference-video, sharing, pstn, sip",
                near ? near : "", "is no workload");
    return -1;
}

static const struct {
    const char *word;
    struct exact share;
} levels[] = {
    {"none", {0, 1}}, {"light", {1, 15}}, {"medium", {1, 10}}, {"heavy", {1, 5}}, {"all", {1, 1}}};

/* "medium", "1/12", "5%", 0.05 */
static bool concurrency_of(const json_t *v, struct exact *out)
{
    char text[64];
    int64_t a, b;
    if (json_is_number(v)) {
        snprintf(text, sizeof text, "%.6f", json_number_value(v));
        return json_number_value(v) >= 0 && json_number_value(v) <= 100 && exact_parse(text, out);
    }
    const char *s = json_is_string(v) ? json_string_value(v) : "";
    for (size_t i = 0; i < ARRAY_LEN(levels); i++)
        if (text_same_nocase(s, levels[i].word)) return *out = levels[i].share, true;
    long long num, den;
    int used = 0;
    if (sscanf(s, "%lld/%lld%n", &num, &den, &used) == 2 && !s[used]) {
        a = num, b = den;
        return a >= 0 && a <= 1000000 && b > 0 && b <= 1000000 ? (*out = exact_of(a, b), true)
                                                               : false;
    }
    size_t n = strlen(s);
    if (n < 2 || n > 12 || s[n - 1] != '%') return false;
    memcpy(text, s, n - 1);
    text[n - 1] = 0;
    if (!exact_parse(text, out)) return false;
    *out = exact_times(*out, exact_of(1, 100));
    return true;
}

static bool is_map(const struct fields_reader *r, const json_t *v, const char *pointer)
{
    if (json_is_object(v)) return true;
    problem_add(r->problems, pointer, "", "{name: value, ...}", "must be a map, not %s",
                fields_type_name(v));
    return false;
}

static void read_media(const struct fields_reader *r, const json_t *v, void *record,
                       const char *pointer)
{
    struct persona *p = record;
    const char *key;
    json_t *item;
    if (!is_map(r, v, pointer)) return;
    json_object_foreach((json_t *)v, key, item)
    {
        int w = workload_of(r, key, pointer);
        if (w >= 0 && !concurrency_of(item, &p->concurrency[w]))
            problem_add(r->problems, fields_pointer(r->arena, pointer, key),
                        "none, light, medium, heavy, all, a share (0.05), a percentage (\"5%\") or "
                        "a fraction (\"1/12\")",
                        "", "is no concurrency");
    }
}

static void read_streams(const struct fields_reader *r, const json_t *v, void *record,
                         const char *pointer)
{
    struct plan_site *s = record;
    const char *key;
    json_t *item;
    if (!is_map(r, v, pointer)) return;
    s->streams_given = true;
    json_object_foreach((json_t *)v, key, item)
    {
        int w = workload_of(r, key, pointer);
        json_int_t n = json_is_integer(item) ? json_integer_value(item) : -1;
        if (w < 0) continue;
        if (n < 0 || n > STREAMS_MOST)
            problem_add(r->problems, fields_pointer(r->arena, pointer, key), "0 to 1,000,000", "",
                        "must be a whole number of streams");
        else
            s->streams[w] = (uint32_t)n;
    }
}

static void read_rates(const struct fields_reader *r, const json_t *v, void *record,
                       const char *pointer)
{
    struct plan_site *s = record;
    const char *key;
    json_t *item;
    if (!is_map(r, v, pointer)) return;
    json_object_foreach((json_t *)v, key, item)
    {
        int w = workload_of(r, key, pointer);
        if (w >= 0) read_number(r, item, &s->rate_kbps[w], fields_pointer(r->arena, pointer, key));
    }
}

static void read_users(const struct fields_reader *r, const json_t *v, void *record,
                       const char *pointer)
{
    struct plan_site *s = record;
    const char *key;
    json_t *item;
    if (!is_map(r, v, pointer)) return;
    s->users = arena_take_array(r->arena, json_object_size(v) + 1, sizeof *s->users);
    if (!s->users) return;
    json_object_foreach((json_t *)v, key, item)
    {
        json_int_t n = json_is_integer(item) ? json_integer_value(item) : -1;
        const char *name = arena_text(r->arena, key);
        if (n < 0 || n > USERS_MOST || !name)
            problem_add(r->problems, fields_pointer(r->arena, pointer, key), "0 to 10,000,000", "",
                        "must be a whole number of users");
        else
            s->users[s->user_kinds++] = (struct site_users){name, (uint32_t)n};
    }
}

static void read_mail(const struct fields_reader *r, const json_t *v, void *record,
                      const char *pointer);

static void read_values(const struct fields_reader *r, const json_t *v, void *record,
                        const char *pointer)
{
    enum { VALUES_MOST = 1000000 };
    struct plan_samples *s = record;
    if (!is_map(r, v, pointer)) return;
    for (int m = 0; m < METRICS; m++) {
        const json_t *list = json_object_get(v, metric_rows[m].name);
        size_t n = json_array_size(list), i;
        json_t *item;
        if (!list) continue;
        if (!json_is_array(list) || n > VALUES_MOST ||
            !(s->v[m] = arena_take_array(r->arena, n + 1, sizeof(double)))) {
            problem_add(r->problems, fields_pointer(r->arena, pointer, metric_rows[m].name), "", "",
                        "must be a list of numbers");
            continue;
        }
        json_array_foreach((json_t *)list, i, item)
        {
            if (json_is_number(item))
                s->v[m][s->n[m]++] = json_number_value(item);
            else
                problem_add(
                    r->problems,
                    fields_pointer_at(r->arena,
                                      fields_pointer(r->arena, pointer, metric_rows[m].name), i),
                    "", "", "must be a number");
        }
    }
}

/* --- tables ---------------------------------------------------------------------------------- */

/* clang-format off */
static const char *const segment_names[] = {"client", "edge", NULL};

static const struct field mail_fields[] = {
    {"client",     FIELD_ENUM, PERSONA(mail_client),  .names = mail_client_names},
    {"profile",    FIELD_ENUM, PERSONA(mail_profile), .names = mail_profile_names},
    {"message_kb", FIELD_U32,  PERSONA(message_kb),   .min = 1, .max = 100000},
    {0},
};

static const struct field persona_fields[] = {
    {"name",         FIELD_TEXT,   PERSONA(name), FIELD_REQUIRED, .max = 64},
    {"media",        FIELD_CUSTOM, 0, .read = read_media},
    {"mail",         FIELD_CUSTOM, 0, .read = read_mail},
    {"files_mb_day", FIELD_U32,    PERSONA(files_mb_day), .max = 1000000},
    {"installs",     FIELD_U32,    PERSONA(installs), .max = 100},
    {"devices",      FIELD_U32,    PERSONA(devices),  .max = 100},
    {0},
};

static const struct field site_fields[] = {
    {"name",               FIELD_TEXT,   SITE(name), FIELD_REQUIRED, .max = 64},
    {"region",             FIELD_TEXT,   SITE(region), .max = 64},
    {"copies",             FIELD_U32,    SITE(copies), .min = 1, .max = COPIES_MOST},
    {"users",              FIELD_CUSTOM, 0, .read = read_users},
    {"streams",            FIELD_CUSTOM, 0, .read = read_streams},
    {"rates_kbps",         FIELD_CUSTOM, 0, .read = read_rates},
    {"measured_up_kbps",   FIELD_CUSTOM, 0, .read = read_measured_up},
    {"measured_down_kbps", FIELD_CUSTOM, 0, .read = read_measured_down},
    {"remote_users",       FIELD_U32,    SITE(remote_users), .max = USERS_MOST},
    {"access_mbps",        FIELD_CUSTOM, 0, .read = read_access},
    {"rtt_ms",             FIELD_CUSTOM, 0, .read = read_rtt},
    {"flow_mbps",          FIELD_CUSTOM, 0, .read = read_flow},
    {"loss_percent",       FIELD_CUSTOM, 0, .read = read_loss},
    {"window_bytes",       FIELD_U32,    SITE(window_bytes), .max = 1 << 30},
    {0},
};

static const struct field circuit_fields[] = {
    {"name",     FIELD_TEXT,   CIRCUIT(name), FIELD_REQUIRED, .max = 64},
    {"region",   FIELD_TEXT,   CIRCUIT(region), .max = 64},
    {"location", FIELD_TEXT,   CIRCUIT(location), .max = 64},
    {"mbps",     FIELD_U32,    CIRCUIT(mbps), FIELD_REQUIRED, .min = 1, .max = 400000},
    {"ef_mbps",  FIELD_CUSTOM, 0, .read = read_ef},
    {0},
};

static const struct field pool_fields[] = {
    {"name",        FIELD_TEXT, POOL(name), FIELD_REQUIRED, .max = 64},
    {"circuit",     FIELD_TEXT, POOL(circuit), .max = 64},
    {"addresses",   FIELD_U32,  POOL(addresses), FIELD_REQUIRED, .min = 1, .max = 65536},
    {"ports",       FIELD_U32,  POOL(ports), .min = 1, .max = 65535},
    {"restricted",  FIELD_U32,  POOL(restricted), .max = 65535},
    {"peak_ports",  FIELD_U32,  POOL(peak_ports), .min = 1, .max = 65535},
    {"peak_factor", FIELD_U32,  POOL(peak_factor), .max = 1000},
    {"measured",    FIELD_BOOL, POOL(measured)},
    {"devices",     FIELD_U32,  POOL(devices), .max = 100000000},
    {0},
};

static const struct field budget_fields[] = {
    {"circuit",      FIELD_TEXT, BUDGET(circuit), FIELD_REQUIRED, .max = 64},
    {"private_ipv4", FIELD_U32,  BUDGET(private_ipv4), .max = 10000000},
    {"private_ipv6", FIELD_U32,  BUDGET(private_ipv6), .max = 10000000},
    {"microsoft",    FIELD_U32,  BUDGET(microsoft),    .max = 10000000},
    {"premium",      FIELD_BOOL, BUDGET(premium)},
    {0},
};

static const struct field sample_fields[] = {
    {"name",    FIELD_TEXT,   SAMPLES(name), FIELD_REQUIRED, .max = 64},
    {"segment", FIELD_ENUM,   SAMPLES(segment), .names = segment_names},
    {"values",  FIELD_CUSTOM, 0, FIELD_REQUIRED, .read = read_values},
    {0},
};

#define NO_RATES {{0, 1}, {0, 1}, {0, 1}, {0, 1}, {0, 1}, {0, 1}, {0, 1}}
static_assert(WORKLOADS == 7, "one zero a workload");
static const struct persona       blank_persona = {.mail_client = OUTLOOK_CACHED, .mail_profile = MAIL_MEDIUM, .message_kb = 75, .installs = 1, .devices = 1,
                                                   .concurrency = NO_RATES};
static const struct plan_site     blank_site = {.region = "default", .copies = 1, .measured_up_kbps = {0, 1}, .measured_down_kbps = {0, 1}, .access_mbps = {0, 1},
                                                .flow_mbps = {0, 1}, .loss_percent = {0, 1}, .rate_kbps = NO_RATES};
static const struct plan_circuit  blank_circuit = {.region = "default", .location = "", .ef_mbps = {0, 1}};
static const struct plan_pool     blank_pool = {.circuit = "", .ports = NAT_PORTS, .restricted = 4000, .peak_ports = 6, .peak_factor = NAT_PEAK_FACTOR};
static const struct plan_prefixes blank_budget = {.circuit = ""};
static const struct plan_samples  blank_samples = {.segment = SEGMENT_CLIENT};

#define LIST(key, pointer, count, fields, empty) \
    {key, FIELD_LIST, INPUT(pointer), .sub = fields, .size = sizeof empty, .count_at = INPUT(count), .blank = &empty}

static const struct field input_fields[] = {
    {"name",             FIELD_TEXT, INPUT(name), .max = 100},
    {"headroom_percent", FIELD_U32,  INPUT(headroom), .min = HEADROOM_LEAST, .max = HEADROOM_WASTE},
    {"media",            FIELD_ENUM, INPUT(edition), .names = edition_names},
    LIST("personas", personas, persona_count, persona_fields, blank_persona),
    LIST("sites",    sites,    site_count,    site_fields,    blank_site),
    LIST("circuits", circuits, circuit_count, circuit_fields, blank_circuit),
    LIST("nat",      pools,    pool_count,    pool_fields,    blank_pool),
    LIST("prefixes", prefixes, prefix_count,  budget_fields,  blank_budget),
    LIST("samples",  samples,  sample_count,  sample_fields,  blank_samples),
    {0},
};
/* clang-format on */

static void read_mail(const struct fields_reader *r, const json_t *v, void *record,
                      const char *pointer)
{
    struct persona *p = record;
    if (!is_map(r, v, pointer)) return;
    p->mail = true;
    fields_read(mail_fields, v, p, r->arena, r->problems, pointer);
}

/* --- names ----------------------------------------------------------------------------------- */

static void check_personas(const struct capacity_input *in, struct arena *a, struct problems *ps)
{
    for (size_t i = 0; i < in->site_count; i++)
        for (size_t k = 0; k < in->sites[i].user_kinds; k++) {
            const char *name = in->sites[i].users[k].persona;
            bool found = false;
            for (size_t p = 0; p < in->persona_count && !found; p++)
                found = !strcmp(in->personas[p].name, name);
            if (!found)
                problem_add(
                    ps,
                    fields_pointer(a, fields_pointer(a, fields_pointer_at(a, "/sites", i), "users"),
                                   name),
                    "", "", "there is no persona of that name");
        }
}

static void check_pools(const struct capacity_input *in, struct arena *a, struct problems *ps)
{
    for (size_t i = 0; i < in->pool_count; i++) {
        bool found = in->pools[i].devices > 0;
        for (size_t c = 0; c < in->circuit_count && !found; c++)
            found = !strcmp(in->circuits[c].name, in->pools[i].circuit);
        if (!found)
            problem_add(ps, fields_pointer_at(a, "/nat", i), "", "circuit: NAME, or devices: N",
                        "a pool needs a circuit of this plan, or its own number of devices");
    }
}

bool capacity_read(const json_t *doc, struct arena *a, struct problems *ps,
                   struct capacity_input *out)
{
    size_t before = ps->count;
    struct capacity_input in = {.name = "", .headroom = HEADROOM_LEAST, .edition = EDITION_TEAMS};
    if (!json_is_object(doc)) {
        problem_add(ps, "", "", "", "a plan is a map, not %s", fields_type_name(doc));
        return false;
    }
    fields_read(input_fields, doc, &in, a, ps, "");
    if (ps->count == before && !in.site_count && !in.pool_count && !in.sample_count &&
        !in.prefix_count)
        problem_add(ps, "", "", "sites, nat, prefixes or samples", "there is nothing to plan");
    if (ps->count == before) check_personas(&in, a, ps);
    if (ps->count == before) check_pools(&in, a, ps);
    *out = in;
    return ps->count == before;
}

/* --- the report ------------------------------------------------------------------------------ */

static json_t *kbps_of(int64_t bps) { return json_real((double)bps / 1000); }

static json_t *site_write(const struct site_load *l)
{
    json_t *streams = json_object(), *classes = json_object(), *o = json_object();
    for (int w = 0; w < WORKLOADS; w++)
        json_object_set_new(streams, workload_names[w], json_integer(l->streams[w]));
    for (int c = 0; c < MEDIA_CLASSES; c++)
        json_object_set_new(classes, media_class_text((enum media_class)c),
                            kbps_of(l->class_bps[c]));
    json_object_set_new(o, "name", json_string(l->site->name));
    json_object_set_new(o, "region", json_string(l->site->region));
    json_object_set_new(o, "copies", json_integer(l->site->copies));
    json_object_set_new(o, "users", json_integer(l->users));
    json_object_set_new(o, "measured", json_boolean(l->measured));
    json_object_set_new(o, "streams", streams);
    json_object_set_new(o, "classKbps", classes);
    json_object_set_new(o, "circuitUpKbps", kbps_of(l->circuit_up_bps));
    json_object_set_new(o, "circuitDownKbps", kbps_of(l->circuit_down_bps));
    json_object_set_new(o, "wanKbps", kbps_of(l->wan_bps));
    json_object_set_new(o, "mailKbps", kbps_of(l->mail_bps));
    json_object_set_new(o, "filesKbps", kbps_of(l->files_bps));
    return o;
}

static json_t *region_write(const struct region_load *g, unsigned headroom)
{
    int64_t d = g->up_bps > g->down_bps ? g->up_bps : g->down_bps;
    json_t *o = json_object();
    json_object_set_new(o, "region", json_string(g->region));
    json_object_set_new(o, "upKbps", kbps_of(g->up_bps));
    json_object_set_new(o, "downKbps", kbps_of(g->down_bps));
    json_object_set_new(o, "voiceKbps", kbps_of(g->ef_bps));
    json_object_set_new(o, "devices", json_integer(g->devices));
    json_object_set_new(o, "neededMbps", json_real(exact_double(need_bps(d, headroom)) / 1e6));
    json_object_set_new(o, "skuMbps", g->sku_mbps ? json_integer(g->sku_mbps) : json_null());
    return o;
}

static json_t *figure_write(const struct figure *f)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "subject", f->subject, "name", f->name,
                     "value", f->value, "unit", f->unit, "formula", f->formula, "assumption",
                     f->assumption, "source", f->source);
}

static json_t *verdict_write(const struct verdict *v)
{
    return json_pack("{s:s,s:s,s:s,s:s}", "row", v->row, "subject", v->subject, "verdict",
                     judgement_text(v->judgement), "message", v->message);
}

json_t *capacity_write(const struct capacity_report *r)
{
    json_t *o = json_object(), *sites = json_array(), *regions = json_array(),
           *figures = json_array(), *verdicts = json_array();
    for (size_t i = 0; i < r->in->site_count; i++)
        json_array_append_new(sites, site_write(&r->sites[i]));
    for (size_t i = 0; i < r->region_count; i++)
        json_array_append_new(regions, region_write(&r->regions[i], r->in->headroom));
    for (size_t i = 0; i < r->figure_count; i++)
        json_array_append_new(figures, figure_write(&r->figures[i]));
    for (size_t i = 0; i < r->verdict_count; i++)
        json_array_append_new(verdicts, verdict_write(&r->verdicts[i]));
    json_object_set_new(o, "name", json_string(r->in->name));
    json_object_set_new(o, "headroomPercent", json_integer(r->in->headroom));
    json_object_set_new(o, "media", json_string(edition_names[r->in->edition]));
    json_object_set_new(o, "sites", sites);
    json_object_set_new(o, "regions", regions);
    json_object_set_new(o, "figures", figures);
    json_object_set_new(o, "verdicts", verdicts);
    return o;
}
