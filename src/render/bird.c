/* render/bird.c - BIRD 2. */
#include <ctype.h>
#include <stdio.h>
#include "render/render_priv.h"

/* "er-demo-private-primary" -> "er_demo_private_primary": a symbol of the language. */
static const char *symbol(const char *name, char buf[static 80])
{
    size_t n = 0;
    for (; *name && n < 79; name++) buf[n++] = isalnum((unsigned char)*name) ? *name : '_';
    buf[n] = 0;
    return buf;
}

static void put_set(const struct prefix *list, size_t n, bool six, bool longer, struct text *out)
{
    const char *between = "";
    text_add(out, "[ ");
    for (size_t i = 0; i < n; i++) {
        if (is_six(&list[i]) != six) continue;
        text_addf(out, "%s%s%s", between, PREFIX(&list[i]), longer ? "+" : "");
        between = ", ";
    }
    text_add(out, " ]");
}

static bool any_of(const struct prefix *list, size_t n, bool six)
{
    for (size_t i = 0; i < n; i++)
        if (is_six(&list[i]) == six) return true;
    return false;
}

static void put_filters(const struct render_session *s, bool six, const struct render_router *r, struct text *out)
{
    char name[80];
    const char *v = six ? "6" : "";
    symbol(s->name, name);
    text_addf(out, "filter %s_out%s {\n", name, v);
    if (any_of(s->announce, s->announce_n, six)) {
        text_add(out, "  if net !~ ");
        put_set(s->announce, s->announce_n, six, false, out);
        text_add(out, " then reject;\n");
        for (uint8_t i = 0; i < s->prepend; i++) text_addf(out, "  bgp_path.prepend(%u);\n", r->asn);
        if (s->med) text_addf(out, "  bgp_med = %u;\n", s->med);
        text_add(out, "  accept;\n}\n");
    } else {
        text_add(out, "  reject;\n}\n");
    }
    text_addf(out, "filter %s_in%s {\n", name, v);
    if (s->accept_n && any_of(s->accept, s->accept_n, six)) {
        text_add(out, "  if net !~ ");
        put_set(s->accept, s->accept_n, six, true, out);
        text_add(out, " then reject;\n");
    } else if (s->accept_n) {
        text_add(out, "  reject;\n");
    } else {
        text_addf(out, "  if net = %s then reject;\n", six ? "::/0" : "0.0.0.0/0");
    }
    if (s->communities_n) {
        text_add(out, "  if bgp_community !~ [ ");
        for (size_t i = 0; i < s->communities_n; i++) {
            unsigned a = 0, b = 0;
            sscanf(s->communities[i], "%u:%u", &a, &b);
            text_addf(out, "%s(%u,%u)", i ? ", " : "", a, b);
        }
        text_add(out, " ] then reject;\n");
    }
    if (s->local_pref) text_addf(out, "  bgp_local_pref = %u;\n", s->local_pref);
    text_add(out, "  accept;\n}\n");
}

static void put_session(const struct render_session *s, bool six, const struct render_router *r, struct text *out)
{
    char name[80];
    const struct addr *cloud = six ? &s->cloud6 : &s->cloud, *own = six ? &s->customer6 : &s->customer;
    const char *v = six ? "6" : "";
    symbol(s->name, name);
    put_filters(s, six, r, out);
    text_addf(out, "protocol bgp %s%s {\n  description \"%s\";\n  local %s as %u;\n  neighbor %s as %u;\n", name, v, s->name,
              ADDR(own), r->asn, ADDR(cloud), s->remote_asn);
    text_addf(out, "  hold time %u;\n  keepalive time %u;\n  connect retry time 5;\n  connect delay time 1;\n  error wait time 1, 10;\n"
                   "  graceful restart on;\n", s->hold_s, s->keepalive_s);
    if (*s->key) text_addf(out, "  password \"%s\";\n", s->key);
    if (s->bfd.on == SAID_YES) text_add(out, "  bfd on;\n");
    text_addf(out, "  %s { import filter %s_in%s; export filter %s_out%s; import limit %u action warn; next hop self; };\n}\n\n",
              six ? "ipv6" : "ipv4", name, v, name, v, s->max_prefixes);
}

static void put_near(const struct render_router *r, struct text *out)
{
    char name[80];
    for (size_t i = 0; i < r->near_n; i++)
        text_addf(out, "protocol bgp near_%s {\n  local %s as %u;\n  neighbor %s as %u;\n  direct;\n"
                       "  ipv4 { import all; export where source = RTS_BGP; next hop self; };\n}\n\n",
                  symbol(r->near[i].name, name), ADDR(&r->lan), r->asn, ADDR(&r->near[i].address), r->asn);
}

static void put_bfd(const struct render_router *r, struct text *out)
{
    bool any = false;
    for (size_t i = 0; i < r->sessions_n; i++) any = any || r->sessions[i].bfd.on == SAID_YES;
    if (!any) return;
    text_add(out, "protocol bfd {\n");
    for (size_t i = 0; i < r->sessions_n; i++) {
        const struct render_session *s = &r->sessions[i];
        if (s->bfd.on == SAID_YES)
            text_addf(out, "  interface \"%s\" { min rx interval %u ms; min tx interval %u ms; idle tx interval 1 s; multiplier %u; };\n",
                      s->interface, s->bfd.min_rx_ms, s->bfd.min_tx_ms, s->bfd.multiplier);
    }
    text_add(out, "}\n\n");
}

static void put_static(const struct render_router *r, bool six, struct text *out)
{
    if (!any_of(r->own, r->own_n, six)) return;
    text_addf(out, "protocol static own%s {\n  ipv%s;\n", six ? "6" : "", six ? "6" : "4");
    for (size_t i = 0; i < r->own_n; i++)
        if (is_six(&r->own[i]) == six) text_addf(out, "  route %s unreachable;\n", PREFIX(&r->own[i]));
    text_add(out, "}\n\n");
}

void render_bird(const struct render_router *r, struct text *out)
{
    bool six = has_six(r->own, r->own_n);
    for (size_t i = 0; i < r->sessions_n; i++) six = six || has_addr(&r->sessions[i].cloud6);
    render_head(r, "#", out);
    render_linux(r, "#", out);
    text_addf(out, "router id %s;\nlog stderr all;\n\nprotocol device { }\n\n", ADDR(&r->id));
    put_static(r, false, out);
    if (six) put_static(r, true, out);
    text_add(out, "protocol kernel { ipv4 { import none; export where source = RTS_BGP; }; merge paths on; }\n");
    if (six) text_add(out, "protocol kernel { ipv6 { import none; export where source = RTS_BGP; }; merge paths on; }\n");
    text_add(out, "\n");
    put_bfd(r, out);
    for (size_t i = 0; i < r->sessions_n; i++) {
        if (has_addr(&r->sessions[i].cloud)) put_session(&r->sessions[i], false, r, out);
        if (has_addr(&r->sessions[i].cloud6)) put_session(&r->sessions[i], true, r, out);
    }
    put_near(r, out);
}
