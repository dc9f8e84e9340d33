/* api/live.c - the live tables: what edges reported, in the shapes the clients know. Evidence is
 * filed under subjects made of labels ("circuit/LABEL/private/primary",
 * "connection/LABEL/primary"); what no edge reported is an empty table, never an invented row. */
#include <stdio.h>
#include <string.h>
#include "api/api_priv.h"
#include "base/text.h"

static const char *text(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static json_int_t number(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

/* An edge that has been silent for so long is not known to be what it last said it was. */
enum { FRESH_S = 60, ANY_AGE = INT32_MAX };

static void rows_not_older(const struct call *c, const char *list, int32_t most_s,
                           void (*each)(const json_t *evidence, const json_t *row, void *ctx),
                           void *ctx)
{
    const struct api_world *w = &c->api->world;
    const json_t *all = w->evidence ? w->evidence(w->ctx) : NULL;
    json_t *edge, *row;
    size_t i, j;
    json_array_foreach(json_object_get(all, "edges"), i, edge)
    {
        const json_t *evidence = json_object_get(edge, "evidence");
        if (json_number_value(json_object_get(edge, "age_s")) > most_s) continue;
        json_array_foreach(json_object_get(evidence, list), j, row) each(evidence, row, ctx);
    }
}

void live_rows(const struct call *c, const char *list,
               void (*each)(const json_t *evidence, const json_t *row, void *ctx), void *ctx)
{
    rows_not_older(c, list, ANY_AGE, each, ctx);
}

/* --- counters --- */

struct counted {
    const char *prefix; /* "circuit/LABEL/" */
    json_int_t in[2], out[2];
};

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

static void count_row(const json_t *evidence, const json_t *row, void *ctx)
{
    struct counted *t = ctx;
    const char *subject = text(row, "subject");
    (void)evidence;
    if (strncmp(subject, t->prefix, strlen(t->prefix)) != 0) return;
    int leg = ends_with(subject, "/secondary");
    t->in[leg] += number(row, "rx_bytes");
    t->out[leg] += number(row, "tx_bytes");
}

static const char *circuit_label(struct call *c, const struct record *r)
{
    const struct record *circuit = r;
    if (r->kind == KIND_PEERING) {
        const char *end = strstr(r->key, "/peerings/");
        char *key = end ? arena_printf(&c->arena, "%.*s", (int)(end - r->key), r->key) : NULL;
        circuit = key ? record_load(c, key) : NULL;
    }
    return circuit ? internal_text(circuit, "label") : "";
}

static const char *peering_word(const struct record *r)
{
    return ends_with(r->key, "/microsoftpeering") ? "microsoft" : "private";
}

json_t *live_stats(struct call *c, const struct record *r)
{
    const char *label = circuit_label(c, r);
    struct counted t = {.prefix =
                            r->kind == KIND_PEERING
                                ? arena_printf(&c->arena, "circuit/%s/%s/", label, peering_word(r))
                                : arena_printf(&c->arena, "circuit/%s/", label)};
    if (t.prefix) live_rows(c, "attachments", count_row, &t);
    return json_pack("{s:I, s:I, s:I, s:I}", "primarybytesIn", t.in[0], "primarybytesOut", t.out[0],
                     "secondarybytesIn", t.in[1], "secondarybytesOut", t.out[1]);
}

struct connected {
    const char *prefix;
    json_int_t in, out;
    bool seen, up;
};

static void connected_bytes(const json_t *evidence, const json_t *row, void *ctx)
{
    struct connected *t = ctx;
    (void)evidence;
    if (strncmp(text(row, "subject"), t->prefix, strlen(t->prefix)) != 0) return;
    t->in += number(row, "rx_bytes");
    t->out += number(row, "tx_bytes");
}

static void connected_peer(const json_t *evidence, const json_t *row, void *ctx)
{
    struct connected *t = ctx;
    (void)evidence;
    if (strncmp(text(row, "subject"), t->prefix, strlen(t->prefix)) != 0) return;
    t->seen = true;
    t->up = t->up || text_same_nocase(text(row, "state"), "Established");
}

const char *live_connection_status(struct call *c, const char *label, const char *what,
                                   json_int_t *in, json_int_t *out)
{
    struct connected t = {.prefix = arena_printf(&c->arena, "%s/%s/", what, label)};
    if (t.prefix) {
        live_rows(c, "attachments", connected_bytes, &t);
        rows_not_older(c, "peers", FRESH_S, connected_peer, &t);
    }
    *in = t.in;
    *out = t.out;
    return t.up ? "Connected" : t.seen ? "Connecting" : "NotConnected";
}

/* --- tables of a circuit's leg --- */

struct table {
    json_t *rows;
    const char *subject; /* of the leg */
    const char *domain;
    const json_t *edge; /* evidence in which the leg's attachment stands */
    bool provider;      /* the provider's shape of the summary */
};

static const char *mac_text(const char *mac, char out[static 16])
{
    size_t n = 0;
    for (; *mac && n < 14; mac++) {
        if (*mac == ':') continue;
        if (n == 4 || n == 9) out[n++] = '.';
        out[n++] = *mac;
    }
    out[n] = '\0';
    return out;
}

static void arp_own(const json_t *evidence, const json_t *row, void *ctx)
{
    struct table *t = ctx;
    const json_t *address = json_array_get(json_object_get(row, "addresses"), 0);
    const char *s = json_string_value(address);
    char mac[16], ip[64];
    (void)evidence;
    if (strcmp(text(row, "subject"), t->subject) != 0) return;
    snprintf(ip, sizeof ip, "%.*s", (int)strcspn(s ? s : "", "/"), s ? s : "");
    json_array_append_new(t->rows, json_pack("{s:i, s:s, s:s, s:s}", "age", 0, "interface",
                                             "Microsoft", "ipAddress", ip, "macAddress",
                                             mac_text(text(row, "mac"), mac)));
}

static void arp_theirs(const json_t *evidence, const json_t *row, void *ctx)
{
    struct table *t = ctx;
    char mac[16];
    (void)evidence;
    if (strcmp(text(row, "subject"), t->subject) != 0 || !*text(row, "mac")) return;
    json_array_append_new(t->rows,
                          json_pack("{s:I, s:s, s:s, s:s}", "age", number(row, "age_s") / 60,
                                    "interface", "On-Prem", "ipAddress", text(row, "address"),
                                    "macAddress", mac_text(text(row, "mac"), mac)));
}

static void arp_table(struct call *c, struct table *t)
{
    live_rows(c, "neighbors", arp_theirs, t);
    live_rows(c, "attachments", arp_own, t);
}

static void find_domain(const json_t *evidence, const json_t *row, void *ctx)
{
    struct table *t = ctx;
    if (strcmp(text(row, "subject"), t->subject) != 0) return;
    t->domain = text(row, "domain");
    t->edge = evidence;
}

static void route_row(const json_t *evidence, const json_t *row, void *ctx)
{
    struct table *t = ctx;
    char pref[24];
    if (evidence != t->edge || strcmp(text(row, "domain"), t->domain) != 0) return;
    if (json_is_false(json_object_get(row, "accepted"))) return;
    snprintf(pref, sizeof pref, "%lld", (long long)number(row, "local_pref"));
    json_array_append_new(t->rows,
                          json_pack("{s:s, s:s, s:s, s:i, s:s}", "network", text(row, "prefix"),
                                    "nextHop", text(row, "next_hop"), "locPrf", pref, "weight", 0,
                                    "path", text(row, "as_path")));
}

static void route_table(struct call *c, struct table *t)
{
    live_rows(c, "attachments", find_domain, t);
    if (t->edge) live_rows(c, "routes", route_row, t);
}

static const char *clock_text(json_int_t s, char out[static 32])
{
    if (s >= 86400)
        snprintf(out, 32, "%lldd%02lldh", (long long)(s / 86400), (long long)(s / 3600 % 24));
    else
        snprintf(out, 32, "%02lld:%02lld:%02lld", (long long)(s / 3600), (long long)(s / 60 % 60),
                 (long long)(s % 60));
    return out;
}

static void summary_row(const json_t *evidence, const json_t *row, void *ctx)
{
    struct table *t = ctx;
    bool up = text_same_nocase(text(row, "state"), "Established");
    char since[32], state[32];
    (void)evidence;
    if (strcmp(text(row, "subject"), t->subject) != 0) return;
    if (up)
        snprintf(state, sizeof state, "%lld",
                 (long long)number(json_object_get(row, "prefixes"), "received"));
    else
        snprintf(state, sizeof state, "%.30s", text(row, "state"));
    const char *when = up ? clock_text(number(row, "uptime_s"), since) : "never";
    json_array_append_new(
        t->rows,
        t->provider
            ? json_pack("{s:s, s:I, s:s, s:s}", "neighbor", text(row, "address"), "asn",
                        number(row, "asn"), "upDown", when, "stateOrPrefixesReceived", state)
            : json_pack("{s:s, s:i, s:I, s:s, s:s}", "neighbor", text(row, "address"), "v", 4, "as",
                        number(row, "asn"), "upDown", when, "statePfxRcd", state));
}

static void summary_table(struct call *c, struct table *t)
{
    live_rows(c, "peers", summary_row, t);
}

/* --- tables of a gateway --- */

struct gateway_table {
    json_t *rows;
    struct call *c;
    const char *domain, *peer; /* peer: "" all */
    const json_t *prefixes;    /* of the network, for the advertised ones */
};

/* Our address towards a peer: that of the attachment with the same subject on the same router. */
static const char *local_of(struct call *c, const json_t *evidence, const char *subject)
{
    json_t *row;
    size_t i;
    json_array_foreach(json_object_get(evidence, "attachments"), i, row)
    {
        const char *a = json_string_value(json_array_get(json_object_get(row, "addresses"), 0));
        if (!a || strcmp(text(row, "subject"), subject) != 0) continue;
        const char *copy = arena_printf(&c->arena, "%.*s", (int)strcspn(a, "/"), a);
        return copy ? copy : "";
    }
    return "";
}

static bool is_gateway_peer(const struct gateway_table *t, const json_t *row)
{
    return strcmp(text(row, "domain"), t->domain) == 0 && strcmp(text(row, "role"), "cloud") == 0 &&
           (!*t->peer || strcmp(text(row, "address"), t->peer) == 0);
}

static void gateway_peer(const json_t *evidence, const json_t *row, void *ctx)
{
    struct gateway_table *t = ctx;
    bool up = text_same_nocase(text(row, "state"), "Established");
    const json_t *messages = json_object_get(row, "messages");
    char since[32];
    if (!is_gateway_peer(t, row)) return;
    json_array_append_new(
        t->rows, json_pack("{s:s, s:s, s:I, s:s, s:s, s:I, s:I, s:I}", "localAddress",
                           local_of(t->c, evidence, text(row, "subject")), "neighbor",
                           text(row, "address"), "asn", number(row, "asn"), "state",
                           up ? "Connected" : "Connecting", "connectedDuration",
                           clock_text(up ? number(row, "uptime_s") : 0, since), "routesReceived",
                           number(json_object_get(row, "prefixes"), "received"), "messagesSent",
                           number(messages, "out"), "messagesReceived", number(messages, "in")));
}

static const char *path_text(struct call *c, const char *path) /* "12076 65010" -> "12076-65010" */
{
    char *copy = arena_text(&c->arena, path);
    for (char *p = copy; p && *p; p++)
        if (*p == ' ') *p = '-';
    return copy ? copy : "";
}

static void gateway_learned(const json_t *evidence, const json_t *row, void *ctx)
{
    struct gateway_table *t = ctx;
    if (strcmp(text(row, "domain"), t->domain) != 0) return;
    if (json_is_false(json_object_get(row, "accepted"))) return;
    json_array_append_new(t->rows,
                          json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i}", "localAddress",
                                    local_of(t->c, evidence, text(row, "subject")), "network",
                                    text(row, "prefix"), "nextHop", text(row, "next_hop"),
                                    "sourcePeer", text(row, "next_hop"), "origin", "EBgp", "asPath",
                                    path_text(t->c, text(row, "as_path")), "weight", 32769));
}

static void gateway_advertised(const json_t *evidence, const json_t *row, void *ctx)
{
    struct gateway_table *t = ctx;
    const char *local;
    json_t *p;
    size_t i;
    if (!is_gateway_peer(t, row) || !text_same_nocase(text(row, "state"), "Established")) return;
    local = local_of(t->c, evidence, text(row, "subject"));
    json_array_foreach((json_t *)t->prefixes, i, p)
    {
        json_array_append_new(t->rows,
                              json_pack("{s:s, s:O, s:s, s:s, s:s, s:s, s:i}", "localAddress",
                                        local, "network", p, "nextHop", local, "sourcePeer", local,
                                        "origin", "Igp", "asPath", "65515", "weight", 0));
    }
}

static void gateway_peers_table(struct gateway_table *t)
{
    live_rows(t->c, "peers", gateway_peer, t);
}
static void gateway_learned_table(struct gateway_table *t)
{
    live_rows(t->c, "routes", gateway_learned, t);
}
static void gateway_advertised_table(struct gateway_table *t)
{
    live_rows(t->c, "peers", gateway_advertised, t);
}

static json_t *gateway_make(struct call *c, const struct record *r, const char *action,
                            const char *peer)
{
    static const struct {
        const char *action;
        void (*fill)(struct gateway_table *);
    } rows[] = {{"getBgpPeerStatus", gateway_peers_table},
                {"getLearnedRoutes", gateway_learned_table},
                {"getAdvertisedRoutes", gateway_advertised_table}};
    const struct record *vnet = record_load(c, internal_text(r, "vnet"));
    struct gateway_table t = {json_array(), c, internal_text(r, "label"), peer, NULL};
    if (vnet)
        t.prefixes =
            json_object_get(json_object_get(record_props(vnet), "addressSpace"), "addressPrefixes");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].action, action) == 0) rows[i].fill(&t);
    return t.rows;
}

static json_t *leg_make(struct call *c, const struct record *r, const char *action, const char *leg)
{
    static const struct {
        const char *action;
        void (*fill)(struct call *, struct table *);
    } rows[] = {{"arpTables", arp_table},
                {"routeTables", route_table},
                {"routeTablesSummary", summary_table}};
    const char *lower = resource_key(leg, &c->arena);
    struct table t = {.rows = json_array(),
                      .domain = "",
                      .provider = ends_with(action, "!"),
                      .subject = arena_printf(&c->arena, "circuit/%s/%s/%s", circuit_label(c, r),
                                              peering_word(r), lower ? lower : "")};
    for (size_t i = 0; t.subject && i < ARRAY_LEN(rows); i++) {
        size_t n = strlen(rows[i].action);
        if (strncmp(rows[i].action, action, n) == 0 && (!action[n] || action[n] == '!'))
            rows[i].fill(c, &t);
    }
    return t.rows;
}

json_t *live_make(struct call *c, const struct record *r, const char *action, const char *argument)
{
    /* Instances of a gateway are the edges' business: a reset has nothing to do but to answer. */
    if (strcmp(action, "reset") == 0) return json_incref(resource_render(c, r));
    if (strcmp(action, "resetconnection") == 0) return json_null();
    json_t *resilience = r->kind == KIND_GATEWAY ? resilience_make(c, r, action, argument) : NULL;
    if (resilience) return resilience;
    json_t *rows = r->kind == KIND_GATEWAY ? gateway_make(c, r, action, argument)
                                           : leg_make(c, r, action, argument);
    return json_pack("{s:o}", "value", rows);
}
