/* render/ios_xe.c - Cisco IOS-XE. */
#include "render/render_priv.h"

/* /30 -> 255.255.255.252 */
static const char *mask(uint8_t len, char buf[static ADDR_TEXT_MAX])
{
    struct addr m = addr_v4(len ? ~0U << (32 - len) : 0);
    return addr_text(&m, buf);
}

static void put_interface(const struct render_session *s, struct text *out)
{
    char m[ADDR_TEXT_MAX];
    text_addf(out, "interface %s.%u\n description %s\n", s->port, s->vlan, s->name);
    if (s->stag) text_addf(out, " encapsulation dot1Q %u second-dot1q %u\n", s->stag, s->vlan);
    else text_addf(out, " encapsulation dot1Q %u\n", s->vlan);
    if (has_addr(&s->customer)) text_addf(out, " ip address %s %s\n", ADDR(&s->customer), mask(s->link.len, m));
    if (has_addr(&s->customer6)) text_addf(out, " ipv6 address %s/%u\n", ADDR(&s->customer6), s->link6.len);
    if (s->kind == PEERING_MICROSOFT) text_add(out, " ip nat outside\n");
    if (s->bfd.on == SAID_YES)
        text_addf(out, " bfd interval %u min_rx %u multiplier %u\n no bfd echo\n", s->bfd.min_tx_ms, s->bfd.min_rx_ms, s->bfd.multiplier);
    text_add(out, " service-policy output CIRCUIT\n no shutdown\n!\n");
}

static void put_lists(const struct render_session *s, struct text *out)
{
    size_t seq = 5;
    for (size_t i = 0; i < s->announce_n; i++, seq += 5)
        text_addf(out, "%s prefix-list %s-out%s seq %zu permit %s\n", is_six(&s->announce[i]) ? "ipv6" : "ip", s->name,
                  is_six(&s->announce[i]) ? "6" : "", seq, PREFIX(&s->announce[i]));
    seq = 5;
    for (size_t i = 0; i < s->accept_n; i++, seq += 5)
        text_addf(out, "%s prefix-list %s-in%s seq %zu permit %s le %u\n", is_six(&s->accept[i]) ? "ipv6" : "ip", s->name,
                  is_six(&s->accept[i]) ? "6" : "", seq, PREFIX(&s->accept[i]), is_six(&s->accept[i]) ? 128 : 32);
    if (!s->accept_n)
        text_addf(out, "ip prefix-list %s-in seq 5 deny 0.0.0.0/0\nip prefix-list %s-in seq 10 permit 0.0.0.0/0 le 32\n", s->name, s->name);
    for (size_t i = 0; i < s->communities_n; i++)
        text_addf(out, "ip community-list standard %s-services permit %s\n", s->name, s->communities[i]);
}

static void put_map(const struct render_session *s, bool six, const struct render_router *r, struct text *out)
{
    const char *v = six ? "6" : "", *word = six ? "ipv6" : "ip";
    text_addf(out, "route-map %s-out%s permit 10\n match %s address prefix-list %s-out%s\n", s->name, v, word, s->name, v);
    if (s->prepend) {
        text_add(out, " set as-path prepend");
        for (uint8_t i = 0; i < s->prepend; i++) text_addf(out, " %u", r->asn);
        text_add(out, "\n");
    }
    if (s->med) text_addf(out, " set metric %u\n", s->med);
    text_addf(out, "route-map %s-in%s permit 10\n match %s address prefix-list %s-in%s\n", s->name, v, word, s->name, v);
    if (s->communities_n) text_addf(out, " match community %s-services\n", s->name);
    if (s->local_pref) text_addf(out, " set local-preference %u\n", s->local_pref);
    text_add(out, "!\n");
}

static void put_neighbor(const struct render_session *s, const struct addr *cloud, struct text *out)
{
    char a[ADDR_TEXT_MAX];
    addr_text(cloud, a);
    text_addf(out, " neighbor %s remote-as %u\n neighbor %s description %s\n neighbor %s timers %u %u\n", a, s->remote_asn, a, s->name, a,
              s->keepalive_s, s->hold_s);
    if (*s->key) text_addf(out, " neighbor %s password %s\n", a, s->key);
    if (s->bfd.on == SAID_YES) text_addf(out, " neighbor %s fall-over bfd\n", a);
}

static void put_family(const struct render_router *r, bool six, struct text *out)
{
    char m[ADDR_TEXT_MAX];
    text_addf(out, " address-family %s unicast\n", six ? "ipv6" : "ipv4");
    for (size_t i = 0; i < r->own_n; i++) {
        if (is_six(&r->own[i]) != six) continue;
        if (six) text_addf(out, "  network %s\n", PREFIX(&r->own[i]));
        else text_addf(out, "  network %s mask %s\n", ADDR(&r->own[i].addr), mask(r->own[i].len, m));
    }
    for (size_t i = 0; i < r->sessions_n; i++) {
        const struct render_session *s = &r->sessions[i];
        const struct addr *cloud = six ? &s->cloud6 : &s->cloud;
        char a[ADDR_TEXT_MAX];
        if (!has_addr(cloud)) continue;
        addr_text(cloud, a);
        text_addf(out, "  neighbor %s activate\n  neighbor %s route-map %s-in%s in\n  neighbor %s route-map %s-out%s out\n"
                       "  neighbor %s maximum-prefix %u 80 warning-only\n  neighbor %s send-community\n", a, a, s->name, six ? "6" : "", a,
                  s->name, six ? "6" : "", a, s->max_prefixes, a);
    }
    for (size_t i = 0; !six && i < r->near_n; i++)
        text_addf(out, "  neighbor %s activate\n  neighbor %s next-hop-self\n", ADDR(&r->near[i].address), ADDR(&r->near[i].address));
    if (!six) text_add(out, "  maximum-paths 2\n");
    text_add(out, " exit-address-family\n");
}

static void put_nat(const struct render_router *r, struct text *out)
{
    char m[ADDR_TEXT_MAX];
    for (size_t p = 0; p < r->pools_n; p++) {
        const struct design_pool *pool = r->pools[p];
        struct prefix whole = pool->prefix;
        struct addr last = prefix_host(&whole, (whole.len < 32 ? (1U << (32 - whole.len)) : 1U) - 1);
        text_addf(out, "ip nat pool %s %s %s prefix-length %u\nip access-list standard %s-sources\n", pool->name, ADDR(&whole.addr), ADDR(&last),
                  whole.len, pool->name);
        for (size_t k = 0; k < pool->sources_n; k++) {
            struct addr wild = addr_v4(pool->sources[k].len ? (uint32_t)((1ULL << (32 - pool->sources[k].len)) - 1) : ~0U);
            text_addf(out, " permit %s %s\n", ADDR(&pool->sources[k].addr), addr_text(&wild, m));
        }
        text_addf(out, "ip nat inside source list %s-sources pool %s overload\n!\n", pool->name, pool->name);
    }
}

static void put_qos(const struct render_router *r, struct text *out)
{
    for (size_t k = 0; k < r->classes_n; k++) {
        char dscp[8];
        text_addf(out, "class-map match-any %s\n match dscp %s\n", r->classes[k]->workload, dscp_class(r->classes[k]->dscp, dscp));
    }
    if (r->classes_n) text_add(out, "policy-map CLASSES\n");
    for (size_t k = 0; k < r->classes_n; k++)
        text_addf(out, " class %s\n  %s\n", r->classes[k]->workload, r->classes[k]->dscp == 46 ? "priority percent 30" : "bandwidth remaining percent 20");
    text_addf(out, "policy-map CIRCUIT\n class class-default\n  shape average %u000000\n%s!\n", r->sessions[0].bandwidth_mbps,
              r->classes_n ? "  service-policy CLASSES\n" : "");
}

void render_ios_xe(const struct render_router *r, struct text *out)
{
    bool six = false;
    char m[ADDR_TEXT_MAX];
    render_head(r, "!", out);
    text_addf(out, "hostname %s\n!\n", r->name);
    put_qos(r, out);
    for (size_t i = 0; i < r->sessions_n; i++) put_interface(&r->sessions[i], out);
    for (size_t i = 0; i < r->own_n; i++) {
        if (is_six(&r->own[i])) text_addf(out, "ipv6 route %s Null0 250\n", PREFIX(&r->own[i]));
        else text_addf(out, "ip route %s %s Null0 250\n", ADDR(&r->own[i].addr), mask(r->own[i].len, m));
    }
    put_nat(r, out);
    for (size_t i = 0; i < r->sessions_n; i++) {
        const struct render_session *s = &r->sessions[i];
        put_lists(s, out);
        if (has_addr(&s->cloud)) put_map(s, false, r, out);
        if (has_addr(&s->cloud6)) put_map(s, true, r, out), six = true;
    }
    text_addf(out, "router bgp %u\n bgp router-id %s\n no bgp default ipv4-unicast\n bgp log-neighbor-changes\n bgp graceful-restart\n",
              r->asn, ADDR(&r->id));
    for (size_t i = 0; i < r->sessions_n; i++) {
        if (has_addr(&r->sessions[i].cloud)) put_neighbor(&r->sessions[i], &r->sessions[i].cloud, out);
        if (has_addr(&r->sessions[i].cloud6)) put_neighbor(&r->sessions[i], &r->sessions[i].cloud6, out);
    }
    for (size_t i = 0; i < r->near_n; i++)
        text_addf(out, " neighbor %s remote-as %u\n neighbor %s description %s\n", ADDR(&r->near[i].address), r->asn, ADDR(&r->near[i].address), r->near[i].name);
    put_family(r, false, out);
    if (six) put_family(r, true, out);
    text_add(out, "end\n");
}
