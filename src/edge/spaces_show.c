/* edge/spaces_show.c - attachments, neighbours and unknown tags as the evidence document wants them. */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "edge/json_out.h"
#include "edge/spaces_priv.h"

static void put_mac(struct text *out, const uint8_t mac[6])
{
    text_addf(out, ",\"mac\":\"%02x:%02x:%02x:%02x:%02x:%02x\"", mac[0], mac[1], mac[2], mac[3], mac[4],
              mac[5]);
}

static void put_rule(const struct intent_rule *r, struct text *out)
{
    static const char *const actions[] = {"permit", "deny", "count"};
    static const char *const protocols[] = {"any", "tcp", "udp", "icmp", "icmpv6"};
    char source[PREFIX_TEXT_MAX], target[PREFIX_TEXT_MAX];
    bool any_source = r->source.addr.family == FAMILY_NONE, any_target = r->target.addr.family == FAMILY_NONE;
    text_addf(out, "{\"action\":\"%s\",\"source\":\"%s\",\"target\":\"%s\",\"protocol\":\"%s\",\"port\":%u,\"port_to\":%u}",
              actions[r->action], any_source ? "any" : prefix_text(&r->source, source),
              any_target ? "any" : prefix_text(&r->target, target), protocols[r->protocol], r->port,
              r->port_to ? r->port_to : r->port);
}

/* What the data plane does to packets of the attachment besides forwarding them. */
static void put_forwarding(const struct intent_attachment *a, struct text *out)
{
    char prefix[PREFIX_TEXT_MAX];
    text_addf(out, ",\"outside\":%s,\"rate_mbps\":%u,\"source\":\"%s\",\"sources\":[", a->outside ? "true" : "false",
              a->rate_mbps, a->source == SOURCE_STRICT ? "strict" : "any");
    for (size_t k = 0; k < a->sources_n; k++)
        text_addf(out, "%s\"%s\"", k ? "," : "", prefix_text(&a->sources[k], prefix));
    text_add(out, "],\"acl\":[");
    for (size_t k = 0; k < a->acl_n; k++) {
        text_add(out, k ? "," : "");
        put_rule(&a->acl[k], out);
    }
    text_add(out, "]");
}

/* The kernel counts what it forwards itself, the fast path what it forwards past the kernel. */
static void put_bytes(const struct spaces *s, const struct space *sp, const struct intent_attachment *a,
                      const struct netlink_link *l, struct text *out)
{
    struct text rows = {0};
    struct fast_bytes fast = {0};
    if (s->fast && sp) fast = fast_show_classes(s->fast, sp->name, a->name, &rows);
    text_addf(out, ",\"rx_packets\":%llu,\"rx_bytes\":%llu,\"tx_packets\":%llu,\"tx_bytes\":%llu,\"classes\":[%s]}",
              (unsigned long long)l->rx_packets, (unsigned long long)(l->rx_bytes + fast.rx),
              (unsigned long long)l->tx_packets, (unsigned long long)(l->tx_bytes + fast.tx), rows.n ? text_get(&rows) : "");
    text_drop(&rows);
}

static void put_attachment(const struct spaces *s, struct space *sp, const struct intent_attachment *a, struct text *out)
{
    struct netlink_link l = {0};
    char addr[ADDR_TEXT_MAX];
    bool there = sp && sp->nl && netlink_link_find(sp->nl, a->name, &l);
    text_add(out, "{\"name\":");
    json_put(out, a->name);
    json_put_key(out, "domain", sp ? sp->name : "");
    json_put_key(out, "subject", a->subject);
    json_put_key(out, "port", a->port);
    text_addf(out, ",\"stag\":%u,\"ctag\":%u", a->tags.s, a->tags.c);
    if (a->tags.s) text_addf(out, ",\"ethertype\":\"0x%04x\"", a->ethertype ? a->ethertype : ETHERTYPE_CTAG);
    put_mac(out, l.mac);
    text_addf(out, ",\"up\":%s,\"mtu\":%u,\"addresses\":[", there && l.up ? "true" : "false", a->mtu);
    for (size_t k = 0; k < a->addresses_n; k++)
        text_addf(out, "%s\"%s/%u\"", k ? "," : "", addr_text(&a->addresses[k].addr, addr),
                  a->addresses[k].len);
    text_add(out, "]");
    put_forwarding(a, out);
    put_bytes(s, sp, a, &l, out);
}

void spaces_show_attachments(struct spaces *s, const struct intent *i, struct text *out)
{
    const char *between = "";
    text_add(out, "[");
    for (size_t d = 0; d < i->domains_n; d++)
        for (size_t k = 0; k < i->domains[d].attachments_n; k++) {
            text_add(out, between);
            put_attachment(s, space_named(s, i->domains[d].name), &i->domains[d].attachments[k], out);
            between = ",";
        }
    text_add(out, "]");
}

/* --- neighbours --- */

struct neighbours {
    const struct intent_domain *d;
    struct { unsigned index; const struct intent_attachment *a; } at[256];
    size_t n;
    struct text *out;
    bool first;
};

static void see_neighbour(void *ctx, const struct netlink_neighbour *n)
{
    struct neighbours *w = ctx;
    char addr[ADDR_TEXT_MAX];
    const struct intent_attachment *a = NULL;
    for (size_t k = 0; k < w->n; k++)
        if (w->at[k].index == n->index) a = w->at[k].a;
    if (!a) return;
    text_addf(w->out, "%s{\"domain\":", w->first ? "" : ",");
    w->first = false;
    json_put(w->out, w->d->name);
    json_put_key(w->out, "attachment", a->name);
    json_put_key(w->out, "subject", a->subject);
    json_put_key(w->out, "address", addr_text(&n->addr, addr));
    put_mac(w->out, n->mac);
    json_put_key(w->out, "state", n->state);
    text_addf(w->out, ",\"age_s\":%u}", n->age_s);
}

void spaces_show_neighbors(struct spaces *s, const struct intent *i, struct text *out)
{
    struct neighbours w = {.out = out, .first = true};
    text_add(out, "[");
    for (size_t d = 0; d < i->domains_n; d++) {
        struct space *sp = space_named(s, i->domains[d].name);
        if (!sp || !sp->nl) continue;
        w.d = &i->domains[d];
        w.n = 0;
        for (size_t k = 0; k < w.d->attachments_n && w.n < ARRAY_LEN(w.at); k++) {
            struct netlink_link l;
            if (!netlink_link_find(sp->nl, w.d->attachments[k].name, &l)) continue;
            w.at[w.n].index = l.index;
            w.at[w.n++].a = &w.d->attachments[k];
        }
        netlink_each_neighbour(sp->nl, see_neighbour, &w);
    }
    text_add(out, "]");
}

/* --- tags nobody was given --- */

struct unknown {
    struct text *out;
    bool first;
};

static void see_unknown(void *ctx, unsigned ifindex, struct tags tags, uint64_t packets)
{
    struct unknown *w = ctx;
    char name[IF_NAMESIZE] = "";
    text_addf(w->out, "%s{\"port\":", w->first ? "" : ",");
    w->first = false;
    json_put(w->out, if_indextoname(ifindex, name) ? name : "");
    text_addf(w->out, ",\"outer\":%u,\"inner\":%u,\"packets\":%llu}", tags.s, tags.c,
              (unsigned long long)packets);
}

void spaces_show_unknown_tags(struct spaces *s, struct text *out)
{
    struct unknown w = {out, true};
    text_add(out, "[");
    if (s->mux) tagmux_each_unknown(s->mux, see_unknown, &w);
    text_add(out, "]");
}

/* --- drops --- */

static void put_drop(struct text *out, const char *where, const char *reason, uint64_t packets)
{
    text_add(out, ",{\"where\":");
    json_put(out, where);
    json_put_key(out, "reason", reason);
    text_addf(out, ",\"packets\":%llu}", (unsigned long long)packets);
}

static void see_unknown_drop(void *ctx, unsigned ifindex, struct tags tags, uint64_t packets)
{
    char name[IF_NAMESIZE] = "", where[40], reason[60];
    snprintf(where, sizeof where, "port %s", if_indextoname(ifindex, name) ? name : "?");
    snprintf(reason, sizeof reason, "tags %u.%u belong to nobody", tags.s, tags.c);
    put_drop(ctx, where, reason, packets);
}

static const struct {
    const char *counter, *reason;
} md5_counters[] = {{"TCPMD5NotFound", "segments without the MD5 signature"},
                    {"TCPMD5Unexpected", "segments with an MD5 signature nobody set"},
                    {"TCPMD5Failure", "segments with a wrong MD5 signature"}};

/* Of the two TcpExt lines of netstat: names, then values in the same order. */
static void put_md5_drops(char *names, char *values, const char *where, struct text *out)
{
    char *n, *v, *at = NULL, *bt = NULL;
    for (n = strtok_r(names, " \n", &at), v = strtok_r(values, " \n", &bt); n && v;
         n = strtok_r(NULL, " \n", &at), v = strtok_r(NULL, " \n", &bt))
        for (size_t k = 0; k < ARRAY_LEN(md5_counters); k++)
            if (strcmp(n, md5_counters[k].counter) == 0 && strcmp(v, "0") != 0)
                put_drop(out, where, md5_counters[k].reason, strtoull(v, NULL, 10));
}

static void put_space_drops(const struct space *sp, struct text *out)
{
    enum { LINE = 8192 };
    static char names[LINE], values[LINE];
    struct netns_visit v;
    struct text why = {0};
    char where[60];
    if (sp->ns >= 0 && !netns_enter_fd(&v, sp->ns, &why)) {
        text_drop(&why);
        return;
    }
    FILE *f = fopen("/proc/thread-self/net/netstat", "re");
    if (sp->ns >= 0) netns_leave(&v);
    snprintf(where, sizeof where, *sp->name ? "domain %s" : "router", sp->name);
    if (f && fgets(names, LINE, f) && fgets(values, LINE, f)) put_md5_drops(names, values, where, out);
    if (f) fclose(f);
}

void spaces_show_drops(struct spaces *s, struct text *out)
{
    if (s->mux) tagmux_each_unknown(s->mux, see_unknown_drop, out);
    if (s->fast) fast_show_drops(s->fast, out);
    for (const struct space *sp = s->first; sp; sp = sp->next) put_space_drops(sp, out);
}

void spaces_show_fast(struct spaces *s, struct text *out)
{
    if (s->fast)
        fast_show(s->fast, out);
    else
        text_add(out, "{\"working\":false}");
}

/* Drops by domain and name, as they stand since the edge began. */
void spaces_show_fates(struct spaces *s, struct text *out)
{
    struct text rows = {0};
    if (s->fast) fast_show_drops(s->fast, &rows);
    text_addf(out, "[%s]", rows.n ? text_get(&rows) + 1 : "");
    text_drop(&rows);
}

void spaces_show_qos(struct spaces *s, struct text *out)
{
    if (s->fast)
        fast_show_qos(s->fast, out);
    else
        text_add(out, "{\"configured\":false,\"rules\":[]");
    text_add(out, ",\"queues\":[");
    queues_show(s, out);
    text_add(out, "]}");
}

void spaces_show_nat(struct spaces *s, struct text *out)
{
    if (s->fast)
        fast_show_nat(s->fast, out);
    else
        text_add(out, "{\"configured\":false,\"pools\":[]}");
}
