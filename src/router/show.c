/* router/show.c - the router's state as JSON text. Written by hand instead of through JSON values,
 * because a table may have a million rows; the shapes are in docs/edge-config.md. */
#include <stdio.h>
#include <string.h>
#include "router/router_priv.h"

/* --- JSON, as much as is needed --- */

void show_string(struct text *t, const char *s)
{
    text_add(t, "\"");
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\') text_addf(t, "\\%c", c);
        else if (c < 0x20 || c >= 0x7f) text_addf(t, "\\u%04x", c);
        else text_add_n(t, s, 1);
    }
    text_add(t, "\"");
}

void show_key(struct text *t, const char *key, const char *value)
{
    text_addf(t, ",\"%s\":", key);
    show_string(t, value ? value : "");
}

static void put_addr(struct text *t, const char *key, const struct addr *a)
{
    char buf[ADDR_TEXT_MAX];
    show_key(t, key, addr_is_none(a) ? "" : addr_text(a, buf));
}

/* Days to a civil date (proleptic Gregorian), for RFC 3339. */
void show_date(struct text *t, int64_t us)
{
    int64_t s = us / 1000000, days = s / 86400, rest = s % 86400;
    int64_t z = days + 719468, era = z / 146097, doe = z % 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int64_t day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
    int64_t year = yoe + era * 400 + (month <= 2);
    text_addf(t, "\"%04d-%02d-%02dT%02d:%02d:%02dZ\"", (int)year, (int)month, (int)day,
              (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
}

static const char *separator(bool *first)
{
    const char *s = *first ? "" : ",";
    *first = false;
    return s;
}

/* --- neighbours --- */

static const char *const role_names[] = {"plain", "customer", "gateway", "cloud", "internal"};
static const char *const bfd_names[] = {"off", "down", "up"};

static uint32_t advertised(const struct peer *p)
{
    return (p->out[0] ? p->out[0]->told_n : 0) + (p->out[1] ? p->out[1]->told_n : 0);
}

static void put_prefix_counts(struct text *t, const struct router *r, const struct peer *p)
{
    const uint32_t received[] = {peer_received(r, p, 0), peer_received(r, p, 1)};
    const uint32_t accepted[] = {peer_accepted(r, p, 0), peer_accepted(r, p, 1)};
    text_addf(t, ",\"prefixes\":{\"received\":%u,\"accepted\":%u,\"advertised\":%u",
              received[0] + received[1], accepted[0] + accepted[1], advertised(p));
    for (size_t f = 0; f < FAMILIES; f++)
        text_addf(t, ",\"ipv%c\":{\"received\":%u,\"accepted\":%u,\"advertised\":%u,\"limit\":%u}",
                  f ? '6' : '4', received[f], accepted[f], p->out[f] ? p->out[f]->told_n : 0,
                  peer_limit(r, p, f));
    text_addf(t, ",\"ignored\":%llu}", (unsigned long long)p->ignored_prefixes);
}

static void put_refused(struct text *t, const struct peer *p)
{
    bool first = true;
    text_add(t, ",\"refused\":{");
    for (size_t i = POLICY_FINE + 1; i < POLICY_REASONS_N; i++)
        if (p->refused[i])
            text_addf(t, "%s\"%s\":%llu", separator(&first), policy_reason_name((enum policy_reason)i),
                      (unsigned long long)p->refused[i]);
    text_add(t, "}");
}

static void put_last_error(struct text *t, const struct peer *p, const struct bgp_view *v)
{
    text_addf(t, ",\"last_error\":{\"code\":%u,\"subcode\":%u,\"text\":", v->last_code, v->last_subcode);
    show_string(t, p->limited ? "limit reached" : v->last_text ? v->last_text : "");
    text_add(t, "}");
}

static void put_families(struct text *t, uint32_t families)
{
    bool first = true;
    text_add(t, ",\"families\":[");
    if (families & BGP_IPV4_UNICAST) text_addf(t, "%s\"ipv4-unicast\"", separator(&first));
    if (families & BGP_IPV6_UNICAST) text_addf(t, "%s\"ipv6-unicast\"", separator(&first));
    text_add(t, "]");
}

static void put_peer(struct text *t, const struct router *r, const struct peer *p, instant now,
                     int64_t wall_us)
{
    struct bgp_view v = bgp_view(p->session);
    text_add(t, "{\"name\":");
    show_string(t, p->conf->name);
    show_key(t, "domain", r->domains[p->domain]->conf->name);
    show_key(t, "subject", p->conf->subject);
    show_key(t, "role", role_names[p->conf->role]);
    put_addr(t, "address", &p->conf->address);
    put_addr(t, "local", &p->local);
    text_addf(t, ",\"asn\":%u", p->conf->asn);
    show_key(t, "state", bgp_state_name(v.state));
    text_add(t, ",\"since\":");
    show_date(t, v.since.us + wall_us);
    int64_t up_s = p->up ? duration_to_s(instant_since(now, p->up_since)) : 0;
    text_addf(t, ",\"uptime_s\":%lld,\"hold_s\":%u", (long long)up_s, v.hold_s);
    if (p->up)
        text_addf(t, ",\"add_path\":{\"send\":%u,\"receive\":%s}", p->add_path_out ? p->conf->add_path_send : 0u,
                  v.add_path_receive ? "true" : "false");
    put_families(t, p->up ? v.families : p->conf->families);
    put_prefix_counts(t, r, p);
    put_refused(t, p);
    text_addf(t, ",\"messages\":{\"in\":%llu,\"out\":%llu},\"updates\":{\"in\":%llu,\"out\":%llu}",
              (unsigned long long)v.messages_in, (unsigned long long)v.messages_out,
              (unsigned long long)v.updates_in, (unsigned long long)v.updates_out);
    text_addf(t, ",\"faults\":{\"treated_as_withdraw\":%llu,\"attributes_discarded\":%llu}",
              (unsigned long long)v.treated_as_withdraw, (unsigned long long)v.attrs_discarded);
    put_last_error(t, p, &v);
    show_key(t, "bfd", bfd_names[p->bfd]);
    text_addf(t, ",\"established_count\":%u,\"md5\":%s,\"admin_down\":%s,\"limited\":%s,\"stale\":%s}",
              v.established_count, p->conf->md5 && *p->conf->md5 ? "true" : "false",
              p->conf->admin_down ? "true" : "false", p->limited ? "true" : "false",
              p->stale ? "true" : "false");
}

void router_show_peers(const struct router *r, instant now, int64_t wall_us, struct text *t)
{
    bool first = true;
    text_add(t, "\"peers\":[");
    for (size_t i = 0; i < r->peers_n; i++) {
        const struct peer *p = r->peers[i];
        if (!p->used || p->leaving) continue;
        text_add(t, separator(&first));
        put_peer(t, r, p, now, wall_us);
    }
    text_add(t, "]");
}

void router_show_bgp(const struct router *r, instant now, int64_t wall_us, struct text *out)
{
    text_add(out, "{");
    router_show_peers(r, now, wall_us, out);
    text_add(out, "}");
}

/* --- routes --- */

static void put_communities(struct text *t, struct span communities)
{
    struct cursor c = cursor_of(communities);
    bool first = true;
    text_add(t, ",\"communities\":[");
    while (cursor_left(&c) >= 4) {
        uint16_t high = cursor_u16(&c), low = cursor_u16(&c);
        text_addf(t, "%s\"%u:%u\"", separator(&first), high, low);
    }
    text_add(t, "]");
}

void show_attrs(struct text *t, const struct attrs *a)
{
    char path[4096];
    put_addr(t, "next_hop", &a->next_hop);
    show_key(t, "as_path", as_path_text(a->as_path, path, sizeof path));
    text_addf(t, ",\"local_pref\":%u", a->has & HAS_LOCAL_PREF ? a->local_pref : 100);
    if (a->has & HAS_MED) text_addf(t, ",\"med\":%u", a->med);
    put_communities(t, a->communities);
}

static const struct peer *from_of(const struct router *r, const struct path *p)
{
    return p->source == SOURCE_LOCAL ? NULL : r->peers[source_peer(p->source)];
}

struct row { /* one path of one prefix */
    const struct table *table;
    node_ref node;
    size_t at;
};

static void put_path(struct text *t, const struct router *r, const struct row *row)
{
    const struct node *n = table_node(row->table, row->node);
    const struct path *p = &node_paths(n)[row->at];
    const struct peer *from = from_of(r, p);
    struct attrs a = attr_view(&r->rib.attrs, p->attrs);
    struct prefix prefix = table_prefix(row->table, row->node);
    show_key(t, "peer", from ? from->conf->name : "");
    show_key(t, "subject", from ? from->conf->subject : "");
    show_attrs(t, &a);
    bool accepted = !(p->flags & PATH_REFUSED);
    text_addf(t, ",\"best\":%s,\"equal_cost\":%s,\"accepted\":%s,\"stale\":%s",
              n->equals_n && row->at == 0 ? "true" : "false", row->at < n->equals_n ? "true" : "false",
              accepted ? "true" : "false", p->flags & PATH_STALE ? "true" : "false");
    show_key(t, "reason", policy_reason_name((enum policy_reason)p->reason));
    if (p->reason != POLICY_FINE) show_key(t, "rule", policy_reason_text((enum policy_reason)p->reason));
    if (from && from->rules.origin != POLICY_ORIGIN_OFF)
        show_key(t, "origin_validation", rov_state_name(origin_state(r, from, &prefix, &a)));
}

static void put_decided(struct text *t, const struct router *r, const struct row *row)
{
    const struct node *n = table_node(row->table, row->node);
    const struct path *paths = node_paths(n);
    if (n->equals_n == 0) {
        show_key(t, "decided_by", best_step_text(BEST_NONE));
        return;
    }
    enum best_step step = row->at == 0 ? (enum best_step)n->step
                                       : best_explain(&r->rib, &paths[0], &paths[row->at]);
    show_key(t, "decided_by", best_step_text(step));
}

void show_prefix(struct text *t, const struct table *table, node_ref n)
{
    char buf[PREFIX_TEXT_MAX];
    struct prefix p = table_prefix(table, n);
    text_add(t, "\"prefix\":");
    show_string(t, prefix_text(&p, buf));
}

void show_route(struct text *t, const struct router *r, const struct domain *d, const struct table *table,
                node_ref n, size_t at)
{
    struct row row = {table, n, at};
    text_add(t, "\"domain\":");
    show_string(t, d->conf->name);
    text_add(t, ",");
    show_prefix(t, table, n);
    put_path(t, r, &row);
    put_decided(t, r, &row);
}

typedef bool row_wanted(const struct router *r, const struct path *p);

static bool every_row(const struct router *r, const struct path *p)
{
    (void)r, (void)p;
    return true;
}

static bool evidence_row(const struct router *r, const struct path *p)
{
    const struct peer *from = from_of(r, p);
    return from && (from->conf->role == PEER_CUSTOMER || from->conf->role == PEER_GATEWAY ||
                    from->conf->role == PEER_CLOUD);
}

static void put_table(struct text *t, const struct router *r, const struct domain *d, size_t f,
                      row_wanted *want, bool *first)
{
    const struct table *table = &d->tables[f];
    for (node_ref n = 0; (n = table_next(table, n)) != 0;) {
        const struct node *node = table_node(table, n);
        for (size_t k = 0; k < node->paths_n; k++) {
            if (!want(r, &node_paths(node)[k])) continue;
            text_add(t, separator(first));
            text_add(t, "{");
            show_route(t, r, d, table, n, k);
            text_add(t, "}");
        }
    }
}

static void put_routes(struct text *t, const struct router *r, const char *domain, row_wanted *want)
{
    bool first = true;
    text_add(t, "\"routes\":[");
    for (size_t i = 0; i < r->domains_n; i++) {
        const struct domain *d = r->domains[i];
        if (!d->used || (domain && strcmp(domain, d->conf->name) != 0)) continue;
        for (size_t f = 0; f < FAMILIES; f++) put_table(t, r, d, f, want, &first);
    }
    text_add(t, "]");
}

void router_show_routes(const struct router *r, const char *domain, struct text *out)
{
    text_add(out, "{");
    put_routes(out, r, domain, every_row);
    text_add(out, "}");
}

void router_show_evidence(const struct router *r, instant now, int64_t wall_us, struct text *out)
{
    router_show_peers(r, now, wall_us, out);
    text_add(out, ",");
    put_routes(out, r, NULL, evidence_row);
}

/* --- origin validation --- */

static void count_states(const struct router *r, const struct domain *d, size_t counts[static 3])
{
    for (size_t f = 0; f < FAMILIES; f++) {
        const struct table *table = &d->tables[f];
        for (node_ref n = 0; (n = table_next(table, n)) != 0;)
            for (size_t k = 0; k < table_node(table, n)->paths_n; k++) {
                const struct path *p = &node_paths(table_node(table, n))[k];
                const struct peer *from = from_of(r, p);
                if (!from || from->rules.origin == POLICY_ORIGIN_OFF) continue;
                struct prefix prefix = table_prefix(table, n);
                struct attrs a = attr_view(&r->rib.attrs, p->attrs);
                counts[origin_state(r, from, &prefix, &a)]++;
            }
    }
}

void router_show_payloads(const struct router *r, struct text *out)
{
    text_add(out, "\"rpki\":[");
    for (size_t f = 0; r->vrps && f < FAMILIES; f++)
        text_addf(out, "%s{\"name\":\"ipv%c\",\"payloads\":%zu}", f ? "," : "", f ? '6' : '4',
                  rov_count(r->vrps, f ? FAMILY_IPV6 : FAMILY_IPV4));
    text_add(out, "]");
}

void router_show_rpki(const struct router *r, struct text *out)
{
    static const char *const modes[] = {"off", "report", "depref", "drop"};
    bool first = true;
    text_addf(out, "\"payloads\":{\"ipv4\":%zu,\"ipv6\":%zu},\"judging\":%s,\"domains\":[",
              r->vrps ? rov_count(r->vrps, FAMILY_IPV4) : 0, r->vrps ? rov_count(r->vrps, FAMILY_IPV6) : 0,
              r->judging.on ? "true" : "false");
    for (size_t i = 0; i < r->domains_n; i++) {
        const struct domain *d = r->domains[i];
        if (!d->used || d->conf->origin_validation == ORIGIN_VALIDATION_OFF) continue;
        size_t counts[3] = {0};
        count_states(r, d, counts);
        text_addf(out, "%s{\"domain\":", separator(&first));
        show_string(out, d->conf->name);
        text_addf(out, ",\"invalid_routes\":\"%s\",\"routes\":{\"valid\":%zu,\"invalid\":%zu,\"not_found\":%zu}}",
                  modes[d->conf->origin_validation], counts[ROV_VALID], counts[ROV_INVALID],
                  counts[ROV_NOT_FOUND]);
    }
    text_add(out, "]");
}
