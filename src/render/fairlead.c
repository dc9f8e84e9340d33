/* render/fairlead.c - the file of a fairlead-edge (docs/edge-config.md). A routing domain for each
 * peering, so that public and private routes never meet. */
#include "render/render_priv.h"

enum { RULES_MAX = 28, INSIDE_MAX = 4 }; /* the edge takes 32 rules and 4 prefixes */

/* The pool that a Microsoft session's sources are translated to; NULL: none. A domain has one. */
static const struct design_pool *pool_for(const struct render_router *r, const struct render_session *s)
{
    for (size_t i = 0; s->kind == PEERING_MICROSOFT && i < r->pools_n; i++) {
        const struct design_pool *p = r->pools[i];
        bool here = (!*p->circuit || strcmp(p->circuit, s->circuit) == 0) && (!*p->leg || strcmp(p->leg, leg_name(s->leg)) == 0);
        if (here && p->prefix.addr.family == FAMILY_IPV4 && p->prefix.len >= 20) return p;
    }
    return NULL;
}

static const struct render_session *translated(const struct render_router *r)
{
    for (size_t i = 0; i < r->sessions_n; i++)
        if (pool_for(r, &r->sessions[i])) return &r->sessions[i];
    return NULL;
}

static void put_permit(const struct prefix *target, struct text *out)
{
    text_addf(out, "          - {action: permit, target: \"%s\"}\n", PREFIX(target));
}

/* What may arrive from the cloud: the link itself, and what this leg announces. No match denies. */
static void put_acl(const struct render_session *s, struct text *out)
{
    if (!s->inbound_deny || s->announce_n > RULES_MAX) return;
    text_add(out, "        acl:\n");
    if (has_addr(&s->customer)) put_permit(&s->link, out);
    if (has_addr(&s->customer6)) put_permit(&s->link6, out);
    for (size_t i = 0; i < s->announce_n; i++) put_permit(&s->announce[i], out);
}

static void put_forwarding(const struct render_router *r, const struct render_session *s, struct text *out)
{
    bool queues = r->classes_n && s->bandwidth_mbps;
    if (translated(r) && pool_for(r, s)) text_add(out, "        outside: true\n");
    if (s->bandwidth_mbps && (translated(r) || queues)) text_addf(out, "        rate_mbps: %u\n", s->bandwidth_mbps);
    if (queues) text_add(out, "        queues: true\n");
    if (translated(r)) put_acl(s, out); /* the data plane of namespaces has none */
}

static bool has_other_leg(const struct render_router *r, const struct render_session *s)
{
    for (size_t i = 0; i < r->sessions_n; i++)
        if (r->sessions[i].kind == s->kind && r->sessions[i].leg != s->leg && strcmp(r->sessions[i].circuit, s->circuit) == 0) return true;
    return false;
}

/* A pool of both legs whose other leg ends on another router is split: each edge gives out its own half. */
static void put_nat(const struct render_router *r, struct text *out)
{
    const struct render_session *s = translated(r);
    const struct design_pool *p = s ? pool_for(r, s) : NULL;
    if (!p) return;
    struct addr last = prefix_host(&p->prefix, (1U << (32 - p->prefix.len)) - 1);
    text_addf(out, "    nat:   # pool %s; sources come in by an attachment of the perimeter, to be added above\n      first: %s\n      last: %s\n", p->name,
              ADDR(&p->prefix.addr), ADDR(&last));
    for (size_t k = 0; k < p->sources_n && k < INSIDE_MAX; k++)
        text_addf(out, "%s\"%s\"", k ? ", " : "      inside: [", PREFIX(&p->sources[k]));
    if (p->sources_n) text_add(out, "]\n");
    if (!*p->leg && !has_other_leg(r, s))
        text_addf(out, "      side: %d   # of sides; set partner and local to the other edge's and this one's address on a link of their own\n      sides: 2\n",
                  s->leg == LEG_SECOND);
}

static void put_attachment(const struct render_router *r, const struct render_session *s, struct text *out)
{
    text_addf(out, "      - name: leg-%s\n        subject: circuit/%s/%s/%s\n        port: %s\n", leg_name(s->leg), s->circuit, peering_kind_name(s->kind), leg_name(s->leg), s->linux_port);
    text_addf(out, "        stag: %u\n        ctag: %u\n        addresses: [", s->stag, s->vlan);
    if (has_addr(&s->customer)) text_addf(out, "\"%s/%u\"", ADDR(&s->customer), s->link.len);
    if (has_addr(&s->customer6)) text_addf(out, "%s\"%s/%u\"", has_addr(&s->customer) ? ", " : "", ADDR(&s->customer6), s->link6.len);
    text_add(out, "]\n");
    put_forwarding(r, s, out);
}

static void put_peer(const struct render_session *s, const struct addr *cloud, const struct addr *own, const char *suffix,
                     struct text *out)
{
    text_addf(out, "      - name: %s%s\n        subject: circuit/%s/%s/%s\n        role: cloud\n", s->name, suffix, s->circuit,
              peering_kind_name(s->kind), leg_name(s->leg));
    text_addf(out, "        address: \"%s\"\n        local: \"%s\"\n        asn: %u\n        hold: %u\n", ADDR(cloud), ADDR(own),
              s->remote_asn, s->hold_s);
    if (*s->key) text_addf(out, "        md5: \"%s\"\n", s->key);
    if (s->bfd.on == SAID_YES)
        text_addf(out, "        bfd: {min_tx_ms: %u, min_rx_ms: %u, multiplier: %u}\n", s->bfd.min_tx_ms, s->bfd.min_rx_ms,
                  s->bfd.multiplier);
    text_addf(out, "        max_prefixes: {%s: %u}\n", cloud->family == FAMILY_IPV6 ? "ipv6" : "ipv4", s->max_prefixes);
    if (s->prepend) text_addf(out, "        prepend: %u\n", s->prepend);
    if (s->local_pref) text_addf(out, "        local_pref: %u\n", s->local_pref);
}

static void put_near(const struct render_router *r, struct text *out)
{
    for (size_t i = 0; i < r->near_n; i++)
        text_addf(out, "      - name: %s\n        role: internal\n        address: %s\n        local: %s\n        asn: %u\n"
                       "        next_hop_self: true\n", r->near[i].name, ADDR(&r->near[i].address), ADDR(&r->lan), r->asn);
}

static void put_domain(const struct render_router *r, enum peering_kind kind, struct text *out)
{
    struct prefix seen[RENDER_PREFIXES_MAX];
    size_t n = 0;
    bool lan = kind == PEERING_PRIVATE && has_addr(&r->lan);
    text_addf(out, "  - name: %s\n    kind: plain\n    attachments:\n", peering_kind_name(kind));
    if (lan) text_addf(out, "      - {name: lan, port: lan0, stag: 0, ctag: 0, addresses: [\"%s/%u\"]}\n", ADDR(&r->lan), r->lan_len);
    for (size_t i = 0; i < r->sessions_n; i++)
        if (r->sessions[i].kind == kind) put_attachment(r, &r->sessions[i], out);
    text_add(out, "    peers:\n");
    for (size_t i = 0; i < r->sessions_n; i++) {
        const struct render_session *s = &r->sessions[i];
        if (s->kind != kind) continue;
        if (has_addr(&s->cloud)) put_peer(s, &s->cloud, &s->customer, "", out);
        if (has_addr(&s->cloud6)) put_peer(s, &s->cloud6, &s->customer6, "-v6", out);
        for (size_t k = 0; k < s->announce_n; k++) {
            bool twice = false;
            for (size_t m = 0; m < n; m++) twice = twice || prefix_equal(&seen[m], &s->announce[k]);
            if (!twice && n < RENDER_PREFIXES_MAX) seen[n++] = s->announce[k];
        }
    }
    if (lan) put_near(r, out);
    text_add(out, "    networks:\n");
    for (size_t i = 0; i < n; i++) text_addf(out, "      - {prefix: \"%s\"}\n", PREFIX(&seen[i]));
    if (kind == PEERING_MICROSOFT) put_nat(r, out);
}

/* Which prefixes come in is the cloud's decision and bounded by max_prefixes; what goes out are the
 * networks. A router that translates runs the fast path, which also has access lists; another one forwards
 * and, where classes are declared, shapes. Classes go by DSCP: who marks, and by which ports, the design does
 * not say. */
void render_fairlead(const struct render_router *r, struct text *out)
{
    render_head(r, "#", out);
    text_addf(out, "router:\n  name: %s\n  id: %s\n  asn: %u\ndataplane: %s\ndomains:\n", r->name, ADDR(&r->id), r->asn, translated(r) ? "fast" : "namespaces");
    for (int k = 0; k < PEERING_PUBLIC; k++) {
        bool any = false;
        for (size_t i = 0; i < r->sessions_n; i++) any = any || r->sessions[i].kind == (enum peering_kind)k;
        if (any) put_domain(r, (enum peering_kind)k, out);
    }
    for (size_t p = 0; !translated(r) && p < r->pools_n; p++)
        for (size_t k = 0; k < r->pools[p]->sources_n; k++)
            text_addf(out, "# translate %s to %s (pool %s) in front of the Microsoft peering\n", PREFIX(&r->pools[p]->sources[k]),
                      PREFIX(&r->pools[p]->prefix), r->pools[p]->name);
    for (size_t k = 0; k < r->classes_n; k++) {
        char dscp[8];
        text_addf(out, "# %s is expected with DSCP %s; where clients do not mark, say it by mark: [...] of the attachment it comes in by\n",
                  r->classes[k]->workload, dscp_class(r->classes[k]->dscp, dscp));
    }
}
