/* render/frr.c - FRR 8 and newer: one file for zebra, bgpd and bfdd (vtysh -b, or -f of each daemon). */
#include "render/render_priv.h"

static const char *family_word(bool six) { return six ? "ipv6" : "ip"; }

static void put_list(const char *name, const char *suffix, bool six, const struct prefix *list, size_t n, bool longer,
                     struct text *out)
{
    size_t seq = 5;
    for (size_t i = 0; i < n; i++) {
        if (is_six(&list[i]) != six) continue;
        text_addf(out, "%s prefix-list %s%s%s seq %zu permit %s", family_word(six), name, suffix, six ? "6" : "", seq, PREFIX(&list[i]));
        if (longer && list[i].len < (six ? 128 : 32)) text_addf(out, " le %u", six ? 128 : 32);
        text_add(out, "\n");
        seq += 5;
    }
    if (seq == 5) text_addf(out, "%s prefix-list %s%s%s seq 5 deny any\n", family_word(six), name, suffix, six ? "6" : "");
}

static void put_filters(const struct render_session *s, bool six, const struct render_router *r, struct text *out)
{
    const char *v = six ? "6" : "", *word = family_word(six);
    put_list(s->name, "-out", six, s->announce, s->announce_n, false, out);
    if (s->accept_n) {
        put_list(s->name, "-in", six, s->accept, s->accept_n, true, out);
    } else {
        text_addf(out, "%s prefix-list %s-in%s seq 5 deny %s\n", word, s->name, v, six ? "::/0" : "0.0.0.0/0");
        text_addf(out, "%s prefix-list %s-in%s seq 10 permit any\n", word, s->name, v);
    }
    text_addf(out, "route-map %s-out%s permit 10\n match %s address prefix-list %s-out%s\n", s->name, v, word, s->name, v);
    for (uint8_t i = 0; i < s->prepend; i++) {
        if (i == 0) text_add(out, " set as-path prepend");
        text_addf(out, " %u", r->asn);
        if (i + 1 == s->prepend) text_add(out, "\n");
    }
    if (s->med) text_addf(out, " set metric %u\n", s->med);
    text_addf(out, "exit\nroute-map %s-in%s permit 10\n match %s address prefix-list %s-in%s\n", s->name, v, word, s->name, v);
    if (s->communities_n) text_addf(out, " match community %s-services\n", s->name);
    if (s->local_pref) text_addf(out, " set local-preference %u\n", s->local_pref);
    text_add(out, "exit\n");
}

static void put_neighbor(const struct render_session *s, const struct addr *cloud, struct text *out)
{
    char a[ADDR_TEXT_MAX];
    addr_text(cloud, a);
    text_addf(out, " neighbor %s remote-as %u\n neighbor %s description %s\n neighbor %s timers %u %u\n neighbor %s timers connect 5\n",
              a, s->remote_asn, a, s->name, a, s->keepalive_s, s->hold_s, a);
    if (*s->key) text_addf(out, " neighbor %s password %s\n", a, s->key);
    if (s->bfd.on == SAID_YES)
        text_addf(out, " neighbor %s bfd %u %u %u\n", a, s->bfd.multiplier, s->bfd.min_rx_ms, s->bfd.min_tx_ms);
}

static void put_family(const struct render_router *r, bool six, struct text *out)
{
    text_addf(out, " address-family %s unicast\n", six ? "ipv6" : "ipv4");
    for (size_t i = 0; i < r->own_n; i++)
        if (is_six(&r->own[i]) == six) text_addf(out, "  network %s\n", PREFIX(&r->own[i]));
    for (size_t i = 0; i < r->sessions_n; i++) {
        const struct render_session *s = &r->sessions[i];
        const struct addr *cloud = six ? &s->cloud6 : &s->cloud;
        const char *v = six ? "6" : "";
        char a[ADDR_TEXT_MAX];
        if (!has_addr(cloud)) continue;
        addr_text(cloud, a);
        text_addf(out, "  neighbor %s activate\n  neighbor %s route-map %s-in%s in\n  neighbor %s route-map %s-out%s out\n"
                       "  neighbor %s maximum-prefix %u 80 restart 5\n", a, a, s->name, v, a, s->name, v, a, s->max_prefixes);
    }
    for (size_t i = 0; !six && i < r->near_n; i++)
        text_addf(out, "  neighbor %s activate\n  neighbor %s next-hop-self\n", ADDR(&r->near[i].address), ADDR(&r->near[i].address));
    text_add(out, " exit-address-family\n");
}

static bool any_six(const struct render_router *r)
{
    for (size_t i = 0; i < r->sessions_n; i++)
        if (has_addr(&r->sessions[i].cloud6)) return true;
    return false;
}

void render_frr(const struct render_router *r, struct text *out)
{
    render_head(r, "!", out);
    render_linux(r, "!", out);
    text_addf(out, "frr defaults traditional\nhostname %s\n!\n", r->name);
    for (size_t i = 0; i < r->own_n; i++)
        text_addf(out, "%s route %s blackhole 250\n", family_word(is_six(&r->own[i])), PREFIX(&r->own[i]));
    for (size_t i = 0; i < r->sessions_n; i++) {
        const struct render_session *s = &r->sessions[i];
        for (size_t k = 0; k < s->communities_n; k++)
            text_addf(out, "bgp community-list standard %s-services seq %zu permit %s\n", s->name, (k + 1) * 5, s->communities[k]);
        if (has_addr(&s->cloud)) put_filters(s, false, r, out);
        if (has_addr(&s->cloud6)) put_filters(s, true, r, out);
    }
    text_addf(out, "!\nrouter bgp %u\n bgp router-id %s\n no bgp default ipv4-unicast\n bgp graceful-restart\n", r->asn, ADDR(&r->id));
    for (size_t i = 0; i < r->sessions_n; i++) {
        if (has_addr(&r->sessions[i].cloud)) put_neighbor(&r->sessions[i], &r->sessions[i].cloud, out);
        if (has_addr(&r->sessions[i].cloud6)) put_neighbor(&r->sessions[i], &r->sessions[i].cloud6, out);
    }
    for (size_t i = 0; i < r->near_n; i++)
        text_addf(out, " neighbor %s remote-as %u\n neighbor %s description %s\n", ADDR(&r->near[i].address), r->asn,
                  ADDR(&r->near[i].address), r->near[i].name);
    put_family(r, false, out);
    if (any_six(r)) put_family(r, true, out);
    text_add(out, "exit\n!\n");
}
