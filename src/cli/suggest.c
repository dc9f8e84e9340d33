/* cli/suggest.c - a row's function says which key gets which value; the rest is finding the key's line
 * and writing it anew. A key that is not there yet is added below its mapping. */
#include "cli/suggest.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "net/asn.h"
#include "lab/state.h"

enum { POINTER_MAX = 200, VALUE_MAX = 80, LINES_MAX = 200000, CHANGES_MAX = 500 };

struct target { /* what a finding is about */
    const struct check *k;
    const struct finding *f;
    const struct design_circuit *c;
    const struct design_peering *p;
    size_t index;          /* of the circuit, gateway or connection */
    enum peering_kind kind;
    enum leg leg;
};

struct change {
    char pointer[POINTER_MAX], value[VALUE_MAX];
};

static bool set(struct change *out, const char *value, const char *fmt, ...) PRINTF_LIKE(3, 4);
static bool set(struct change *out, const char *value, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(out->pointer, sizeof out->pointer, fmt, args);
    va_end(args);
    snprintf(out->value, sizeof out->value, "%s", value);
    return true;
}

static bool set_number(struct change *out, const struct target *t, const char *key, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    return set(out, text, "/circuits/%zu/peerings/%s/%s", t->index, peering_kind_name(t->kind), key);
}

static bool set_at_edge(struct change *out, const struct target *t, const char *key, const char *value)
{
    return set(out, value, "/circuits/%zu/peerings/%s/edge/%s/%s", t->index, peering_kind_name(t->kind), leg_name(t->leg), key);
}

static bool number_at_edge(struct change *out, const struct target *t, const char *key, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    return set_at_edge(out, t, key, text);
}

/* ---- one function a row; `turn` counts up while it gives changes ---- */

static bool same_vlan(struct target *t, int turn, struct change *out)
{
    for (int leg = turn; leg < LEGS; leg++) {
        const struct design_edge *e = &t->p->edge[leg];
        t->leg = (enum leg)leg;
        if (e->vlan && t->p->vlan && e->vlan != t->p->vlan) return number_at_edge(out, t, "vlan", t->p->vlan);
    }
    return false;
}

static bool own_vlan(struct target *t, int turn, struct change *out)
{
    uint16_t most = 0;
    if (turn) return false;
    for (int k = 0; k < PEERING_KINDS; k++)
        if (t->c->peerings[k].there && t->c->peerings[k].vlan <= 4094 && t->c->peerings[k].vlan > most) most = t->c->peerings[k].vlan;
    return set_number(out, t, "vlan", most < 4094 && most ? most + 1 : 100);
}

static bool leg_tags(struct target *t, int turn, struct change *out)
{
    const struct design_edge *e = &t->p->edge[t->leg];
    uint16_t agreed = t->c->links[t->leg].outer_tag;
    if (turn == 0 && e->vlan && t->p->vlan && e->vlan != t->p->vlan) return number_at_edge(out, t, "vlan", t->p->vlan);
    return turn == 0 && e->outer_tag && agreed && e->outer_tag != agreed && number_at_edge(out, t, "outer_tag", agreed);
}

static bool cloud_asn(struct target *t, int turn, struct change *out)
{
    return turn == 0 && t->p->edge[t->leg].remote_asn && number_at_edge(out, t, "remote_asn", ASN_CLOUD);
}

static bool peer_asn(struct target *t, int turn, struct change *out)
{
    for (int leg = turn; leg < LEGS; leg++) {
        t->leg = (enum leg)leg;
        uint32_t own = t->p->edge[leg].asn;
        if (own && own != t->p->peer_asn && asn_check_peer(t->p->peer_asn) == ASN_USABLE)
            return number_at_edge(out, t, "asn", t->p->peer_asn);
    }
    return false;
}

static bool timers(struct target *t, int turn, struct change *out)
{
    const struct design_edge *e = &t->p->edge[t->leg];
    if (turn == 0 && e->hold_s) return number_at_edge(out, t, "hold", 180);
    return turn <= 1 && e->keepalive_s && turn == (e->hold_s ? 1 : 0) && number_at_edge(out, t, "keepalive", 60);
}

static bool bfd(struct target *t, int turn, struct change *out)
{
    return turn == 0 && set(out, "true", "/circuits/%zu/peerings/%s/bfd", t->index, peering_kind_name(t->kind));
}

static bool enabled(struct target *t, int turn, struct change *out)
{
    return turn == 0 && t->p->disabled == SAID_YES && set(out, "false", "/circuits/%zu/peerings/%s/disabled", t->index, peering_kind_name(t->kind));
}

static bool addresses(struct target *t, int turn, struct change *out)
{
    const struct design_edge *e = &t->p->edge[t->leg];
    struct prefix link;
    char text[ADDR_TEXT_MAX];
    if (turn > 1 || !design_link_subnet(&t->p->ipv4, t->leg, &link)) return false;
    struct addr customer = prefix_host(&link, 1), cloud = prefix_host(&link, 2);
    bool first = e->address.family == FAMILY_IPV4 && !addr_equal(&e->address, &customer);
    bool second = e->neighbor.family == FAMILY_IPV4 && !addr_equal(&e->neighbor, &cloud);
    if (turn == 0 && first) return set_at_edge(out, t, "address", addr_text(&customer, text));
    return second && turn == (first ? 1 : 0) && set_at_edge(out, t, "neighbor", addr_text(&cloud, text));
}

static bool active(struct target *t, int turn, struct change *out)
{
    const struct design_edge *e = t->p->edge;
    if (turn == 0 && e[LEG_FIRST].prepend != e[LEG_SECOND].prepend) {
        t->leg = e[LEG_FIRST].prepend > e[LEG_SECOND].prepend ? LEG_FIRST : LEG_SECOND;
        return number_at_edge(out, t, "prepend", e[1 - t->leg].prepend);
    }
    t->leg = LEG_SECOND;
    return turn == (e[LEG_FIRST].prepend != e[LEG_SECOND].prepend) && e[LEG_FIRST].med != e[LEG_SECOND].med &&
           number_at_edge(out, t, "med", e[LEG_FIRST].med);
}

static bool listed(struct target *t, int turn, struct change *out)
{
    const struct design *d = t->k->design;
    const char *place = catalogue_location(t->k->catalogue, d->cloud, t->c->peering_location)
                            ? NULL : catalogue_near_location(t->k->catalogue, d->cloud, t->c->peering_location);
    const char *provider = catalogue_provider(t->k->catalogue, t->c->provider) ? NULL : catalogue_near_provider(t->k->catalogue, t->c->provider);
    if (turn == 0 && place) return set(out, place, "/circuits/%zu/peering_location", t->index);
    return turn == (place != NULL) && provider && set(out, provider, "/circuits/%zu/provider", t->index);
}

static bool sku(struct target *t, int turn, struct change *out)
{
    return turn == 0 && strncmp(t->c->sku, "Local", 5) == 0 && set(out, "Local_UnlimitedData", "/circuits/%zu/sku", t->index);
}

static bool size(struct target *t, int turn, struct change *out)
{
    static const uint32_t sizes[] = {50, 100, 200, 500, 1000, 2000, 5000, 10000};
    char text[24];
    if (turn || *t->c->port) return false;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        if (sizes[i] < t->c->bandwidth_mbps) continue;
        snprintf(text, sizeof text, "%u", sizes[i]);
        return set(out, text, "/circuits/%zu/bandwidth_mbps", t->index);
    }
    return false;
}

static bool manager(struct target *t, int turn, struct change *out)
{
    const char *who = t->c->model == MODEL_IPVPN ? "provider" : t->c->model == MODEL_DIRECT ? "customer" : NULL;
    return turn == 0 && who && set(out, who, "/circuits/%zu/l3_managed_by", t->index);
}

static bool zones(struct target *t, int turn, struct change *out)
{
    static const char *const skus[][2] = {{"Standard", "ErGw1AZ"}, {"HighPerformance", "ErGw2AZ"}, {"UltraPerformance", "ErGw3AZ"}};
    const struct design_gateway *g = &t->k->design->gateways[t->index];
    for (size_t i = 0; turn == 0 && i < ARRAY_LEN(skus); i++)
        if (strcmp(g->sku, skus[i][0]) == 0) return set(out, skus[i][1], "/gateways/%zu/sku", t->index);
    return turn == 0 && g->zones != ZONES_REDUNDANT && set(out, "redundant", "/gateways/%zu/zones", t->index);
}

static bool weight(struct target *t, int turn, struct change *out)
{
    return turn == 0 && set(out, "32000", "/connections/%zu/weight", t->index);
}

static const struct {
    const char *row;
    bool (*make)(struct target *t, int turn, struct change *out);
} fixes[] = {
    {"NET-L2-01", own_vlan},  {"NET-L2-02", same_vlan}, {"NET-L2-03", leg_tags},  {"NET-BGP-01", cloud_asn},
    {"NET-BGP-02", peer_asn}, {"NET-BGP-06", timers},   {"NET-BGP-07", bfd},      {"NET-BGP-10", enabled},
    {"NET-IP-02", addresses}, {"NET-RED-07", active},   {"PRV-01", listed},       {"PRV-03", size},
    {"PRV-04", manager},      {"CIR-01", sku},          {"CIR-02", size},         {"GWY-06", zones},
    {"GWY-08", weight},
};

/* ---- from a finding to what it is about ---- */

static bool find_target(const struct check *k, const struct finding *f, struct target *t)
{
    const struct design *d = k->design;
    const char *s = f->subject;
    char leg[16] = "", kind[16] = "", name[128] = "";
    *t = (struct target){.k = k, .f = f};
    if (sscanf(s, "gateway/%127[^/]", name) == 1)
        for (t->index = 0; t->index < d->gateways_n; t->index++)
            if (strcmp(d->gateways[t->index].name, name) == 0) return true;
    if (sscanf(s, "connection/%127[^/]", name) == 1)
        for (t->index = 0; t->index < d->connections_n; t->index++)
            if (strcmp(d->connections[t->index].name, name) == 0) return true;
    if (sscanf(s, "circuit/%127[^/]/%15[^/]/%15s", name, kind, leg) < 1) return false;
    for (t->index = 0; t->index < d->circuits_n; t->index++)
        if (strcmp(d->circuits[t->index].name, name) == 0) t->c = &d->circuits[t->index];
        else if (t->c) break;
    for (t->index = 0; t->index < d->circuits_n && &d->circuits[t->index] != t->c;) t->index++;
    for (int n = 0; t->c && n < PEERING_KINDS; n++)
        if (strcmp(peering_kind_name((enum peering_kind)n), kind) == 0) t->kind = (enum peering_kind)n, t->p = &t->c->peerings[n];
    t->leg = strcmp(leg, "secondary") == 0 ? LEG_SECOND : LEG_FIRST;
    return t->c != NULL;
}

static bool needs_peering(const char *row) { return strncmp(row, "NET-", 4) == 0; }

/* ---- the line of a key ---- */

static const json_t *value_at(const json_t *v, const char *pointer)
{
    char key[128];
    while (v && *pointer == '/') {
        size_t n = strcspn(++pointer, "/");
        snprintf(key, sizeof key, "%.*s", (int)n, pointer);
        v = json_is_array(v) ? json_array_get(v, strtoul(key, NULL, 10)) : json_object_get(v, key);
        pointer += n;
    }
    return v;
}

struct lines {
    struct text text;
    const char **at;
    size_t n;
};

static bool split(struct lines *l, const char *file)
{
    if (!lab_read_file(file, &l->text)) return false;
    l->at = calloc(LINES_MAX, sizeof *l->at);
    if (!l->at) abort();
    for (const char *s = text_get(&l->text); s && *s && l->n < LINES_MAX; s = strchr(s, '\n'), s = s ? s + 1 : NULL) l->at[l->n++] = s;
    return true;
}

static int line_len(const char *s) { return (int)strcspn(s, "\r\n"); }

/* Where the value of the key at `column` begins and how long it is. */
static bool span_value(const char *line, unsigned column, size_t *from, size_t *n)
{
    size_t len = (size_t)line_len(line), at = column ? column - 1 : 0;
    bool flow = false;
    for (size_t i = 0; i < at && i < len; i++) flow = flow || line[i] == '{';
    while (at < len && line[at] != ':') at++;
    if (at >= len) return false;
    for (at++; at < len && line[at] == ' ';) at++;
    *from = at;
    while (at < len && !(line[at] == ' ' && line[at + 1] == '#') && !(flow && (line[at] == ',' || line[at] == '}'))) at++;
    while (at > *from && line[at - 1] == ' ') at--;
    *n = at - *from;
    return true;
}

static void print_replaced(const struct lines *l, struct yaml_place at, const struct change *c, FILE *out)
{
    const char *line = l->at[at.line - 1];
    size_t from, n;
    if (!span_value(line, at.column, &from, &n)) return;
    fprintf(out, "- %.*s\n+ %.*s%s%.*s\n", line_len(line), line, (int)from, line, c->value, line_len(line) - (int)(from + n), line + from + n);
}

/* Below the mapping, indented like its first key. */
static void print_added(const struct check *k, const struct lines *l, const struct change *c, FILE *out)
{
    char parent[POINTER_MAX], first[POINTER_MAX + 130];
    const char *slash = strrchr(c->pointer, '/');
    snprintf(parent, sizeof parent, "%.*s", (int)(slash - c->pointer), c->pointer);
    const json_t *mapping = value_at(yaml_root(k->doc), parent);
    void *it = json_object_iter((json_t *)mapping);
    if (!it) return;
    snprintf(first, sizeof first, "%s/%.120s", parent, json_object_iter_key(it));
    struct yaml_place at = yaml_place_of(k->doc, first);
    if (!at.line || at.line > l->n) return;
    const char *line = l->at[at.line - 1];
    fprintf(out, "  %.*s\n+ %*s%s: %s\n", line_len(line), line, (int)at.column - 1, "", slash + 1, c->value);
}

static void print_change(const struct check *k, const struct lines *l, const struct finding *f, const struct change *c, FILE *out)
{
    struct yaml_place at = yaml_place_of(k->doc, c->pointer);
    if (!at.line || at.line > l->n) return;
    fprintf(out, "%s:%u  (%s %s)\n", k->file, at.line, f->row->id, f->row->title);
    if (value_at(yaml_root(k->doc), c->pointer)) print_replaced(l, at, c, out);
    else print_added(k, l, c, out);
}

static bool said_before(const struct change *list, size_t n, const struct change *c)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].pointer, c->pointer) == 0) return true;
    return false;
}

size_t suggest_print(struct check *k, const struct report *r, FILE *out)
{
    struct lines l = {0};
    struct change *said = calloc(CHANGES_MAX, sizeof *said);
    size_t n = 0;
    if (!said) abort();
    if (k->doc && strcmp(k->file, "-") != 0 && split(&l, k->file))
        for (size_t i = 0; i < r->findings_n; i++) {
            const struct finding *f = &r->findings[i];
            struct target t;
            if (f->verdict < VERDICT_NOTE || !find_target(k, f, &t) || (needs_peering(f->row->id) && !t.p)) continue;
            for (size_t x = 0; x < ARRAY_LEN(fixes); x++)
                for (int turn = 0; strcmp(fixes[x].row, f->row->id) == 0 && n < CHANGES_MAX && fixes[x].make(&t, turn, &said[n]); turn++) {
                    if (said_before(said, n, &said[n])) continue;
                    print_change(k, &l, f, &said[n], out);
                    n++;
                }
        }
    free(said);
    free(l.at);
    text_drop(&l.text);
    return n;
}
