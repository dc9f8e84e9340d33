/* See scenario.h. One table says how each kind of message becomes words, and how words become one;
 * the codecs under test do the real work, raw bytes can always be given instead. */
#include "scenario.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA = 4 << 20, AS_TRANS = 23456 };

const char *words_value(const struct words *w, const char *key)
{
    size_t n = strlen(key);
    for (size_t i = 0; i < w->n; i++)
        if (strncmp(w->w[i], key, n) == 0 && w->w[i][n] == '=') return w->w[i] + n + 1;
    return NULL;
}

bool words_has(const struct words *w, const char *word)
{
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->w[i], word) == 0) return true;
    return false;
}

uint32_t far_asn(const struct far *f)
{
    return (uint32_t)json_integer_value(json_object_get(f->conf, "asn"));
}

static uint32_t number(const struct words *w, const char *key, uint32_t otherwise)
{
    const char *s = words_value(w, key);
    return s ? (uint32_t)strtoul(s, NULL, 0) : otherwise;
}

bool hex_of(const char *s, struct writer *out)
{
    while (*s) {
        char pair[3] = {s[0], s[1], 0}, *end;
        if (*s == ' ') {
            s++;
            continue;
        }
        uint8_t byte = (uint8_t)strtoul(pair, &end, 16);
        if (end != pair + 2) return false;
        writer_u8(out, byte);
        s += 2;
    }
    return !out->bad;
}

static void put_hex(struct text *t, const char *key, struct span s)
{
    if (s.n == 0) return;
    text_addf(t, " %s=", key);
    for (size_t i = 0; i < s.n; i++) text_addf(t, "%02x", s.p[i]);
}

/* --- families and flags --- */

static const struct {
    const char *name;
    uint32_t bit;
} families[] = {{"ipv4-unicast", BGP_IPV4_UNICAST}, {"ipv6-unicast", BGP_IPV6_UNICAST}};

static void put_families(struct text *t, const char *key, uint32_t bits)
{
    const char *between = "";
    if (!bits) return;
    text_addf(t, " %s=", key);
    for (size_t i = 0; i < ARRAY_LEN(families); i++) {
        if (!(bits & families[i].bit)) continue;
        text_addf(t, "%s%s", between, families[i].name);
        between = ",";
    }
}

static uint32_t families_of(const char *s, uint32_t otherwise)
{
    uint32_t bits = 0;
    if (!s) return otherwise;
    for (size_t i = 0; i < ARRAY_LEN(families); i++)
        if (strstr(s, families[i].name)) bits |= families[i].bit;
    return bits;
}

static const char *const roles[] = {"provider", "rs", "rs-client", "customer", "peer", NULL};

/* --- messages into words --- */

static void put_id(struct text *t, const char *key, uint32_t id)
{
    char buf[ADDR_TEXT_MAX];
    struct addr a = addr_v4(id);
    text_addf(t, " %s=%s", key, addr_text(&a, buf));
}

static void open_words(struct span m, struct text *t)
{
    struct bgp_open o;
    struct bgp_fault f = {0};
    bool fine = bgp_open_decode(m, &o, &f);
    text_addf(t, " version=%u asn=%u hold=%u", o.version, o.asn, o.hold_s);
    put_id(t, "id", o.id);
    if (!fine) text_addf(t, " fault=%u/%u", f.code, f.subcode);
    put_families(t, "families", o.caps.families);
    text_addf(t, "%s%s%s%s", o.caps.refresh ? " refresh" : "", o.caps.enhanced_refresh ? " enhanced-refresh" : "",
              o.caps.extended_messages ? " extended-messages" : "", o.caps.as4 ? " as4" : "");
    if (o.caps.role_set) text_addf(t, " role=%s", o.caps.role < 5 ? roles[o.caps.role] : "?");
    if (!o.caps.restart) return;
    text_addf(t, " restart=%u%s", o.caps.restart_s, o.caps.restarting ? " restarting" : "");
    if (o.caps.restart_notify) text_add(t, " notify");
    put_families(t, "restart-families", o.caps.restart_families);
    put_families(t, "forwarding", o.caps.forwarding_families);
}

static void put_prefixes(struct text *t, const char *key, const struct bgp_nlri *list, size_t n)
{
    const char *between = "";
    if (n == 0) return;
    text_addf(t, " %s=", key);
    for (size_t i = 0; i < n; i++) {
        struct cursor c = cursor_of(list[i].bytes);
        struct prefix p;
        uint32_t id;
        char buf[PREFIX_TEXT_MAX];
        while (bgp_nlri_next(&c, &list[i], &p, &id)) {
            text_addf(t, "%s%s", between, prefix_text(&p, buf));
            between = ",";
        }
    }
}

static void put_numbers(struct text *t, const char *key, struct span list, size_t parts, size_t width)
{
    struct cursor c = cursor_of(list);
    const char *between = "";
    if (list.n == 0) return;
    text_addf(t, " %s=", key);
    while (cursor_left(&c)) {
        text_add(t, between);
        for (size_t i = 0; i < parts; i++)
            text_addf(t, "%s%u", i ? ":" : "", width == 2 ? cursor_u16(&c) : cursor_u32(&c));
        between = ",";
    }
}

static void put_path(struct text *t, struct span path)
{
    char buf[4096];
    text_addf(t, " path=");
    for (const char *s = as_path_text(path, buf, sizeof buf); *s; s++)
        text_add_n(t, *s == ' ' ? "," : s, 1);
}

static void attr_words(const struct bgp_update *u, struct text *t)
{
    static const char *const origins[] = {"igp", "egp", "incomplete"};
    const struct attrs *a = &u->attrs;
    const struct addr *hop = addr_is_none(&u->mp_next_hop) ? &a->next_hop : &u->mp_next_hop;
    char buf[ADDR_TEXT_MAX];
    if (a->has & HAS_ORIGIN) text_addf(t, " origin=%s", origins[a->origin]);
    if (a->has & HAS_AS_PATH) put_path(t, a->as_path);
    if (!addr_is_none(hop)) text_addf(t, " nexthop=%s", addr_text(hop, buf));
    if (!addr_is_none(&u->mp_next_hop_link))
        text_addf(t, " nexthop-link=%s", addr_text(&u->mp_next_hop_link, buf));
    if (a->has & HAS_MED) text_addf(t, " med=%u", a->med);
    if (a->has & HAS_LOCAL_PREF) text_addf(t, " localpref=%u", a->local_pref);
    if (a->has & HAS_ATOMIC_AGGREGATE) text_add(t, " atomic");
    if (a->has & HAS_AGGREGATOR) text_addf(t, " aggregator=%u", a->aggregator_as);
    if (a->has & HAS_ORIGINATOR_ID) put_id(t, "originator", a->originator_id);
    if (a->has & HAS_ONLY_TO_CUSTOMER) text_addf(t, " otc=%u", a->only_to_customer);
    put_numbers(t, "communities", a->communities, 2, 2);
    put_numbers(t, "large", a->large_communities, 3, 4);
    put_hex(t, "ext", a->ext_communities);
    put_hex(t, "clusters", a->cluster_list);
    put_hex(t, "unknown", a->unknown);
}

static void update_words(struct span m, bool as4, struct text *t)
{
    struct bgp_rules rules = {.as4 = as4, .families = BGP_IPV4_UNICAST | BGP_IPV6_UNICAST, .allow_as_set = true};
    struct bgp_fault f;
    struct arena a;
    arena_init(&a, ARENA);
    const struct bgp_update *u = bgp_update_decode(m, &rules, &a, &f);
    if (!u) {
        text_addf(t, " fault=%u/%u", f.code, f.subcode);
    } else {
        put_families(t, "eor", u->end_of_rib);
        put_prefixes(t, "withdraw", u->withdrawn, u->withdrawn_n);
        put_prefixes(t, "announce", u->announced, u->announced_n);
        attr_words(u, t);
        for (const struct bgp_attr_fault *x = u->faults; x; x = x->next)
            text_addf(t, " attribute-fault=%u", x->type);
    }
    arena_drop(&a);
}

static void notification_words(struct span m, struct text *t)
{
    struct bgp_notification n;
    if (!bgp_notification_decode(m, &n)) return;
    text_addf(t, " %u/%u", n.code, n.subcode);
    put_hex(t, "data", n.data);
    bool spoken = n.code == 6 && (n.subcode == 2 || n.subcode == 4) && n.data.n > 1;
    if (!spoken || n.data.p[0] > n.data.n - 1) return;
    text_add(t, " text=");
    size_t from = t->n;
    text_add_escaped(t, (const char *)n.data.p + 1, n.data.p[0], 255);
    for (; from < t->n; from++)
        if (t->s[from] == ' ') t->s[from] = '_';
}

static void refresh_words(struct span m, struct text *t)
{
    static const char *const kinds[] = {"request", "begin", "end"};
    struct bgp_refresh q;
    struct bgp_fault f;
    if (!bgp_refresh_decode(m, &q, &f)) return;
    text_addf(t, " %s", q.kind < ARRAY_LEN(kinds) ? kinds[q.kind] : "?");
    put_families(t, "family", q.family);
}

char *words_of_message(struct span m, bool as4)
{
    static const char *const names[] = {"?", "OPEN", "UPDATE", "NOTIFICATION", "KEEPALIVE", "REFRESH"};
    struct text t = {0};
    uint8_t type = m.p[18];
    text_add(&t, names[type <= BGP_ROUTE_REFRESH ? type : 0]);
    switch ((enum bgp_type)type) {
    case BGP_OPEN: open_words(m, &t); break;
    case BGP_UPDATE: update_words(m, as4, &t); break;
    case BGP_NOTIFICATION: notification_words(m, &t); break;
    case BGP_ROUTE_REFRESH: refresh_words(m, &t); break;
    case BGP_KEEPALIVE: break;
    }
    return t.s;
}

/* --- words into messages --- */

static bool refuse(struct text *why, const char *what, const char *value)
{
    text_addf(why, "%s '%s' cannot be read", what, value ? value : "");
    return false;
}

static struct writer scratch_begin(void)
{
    static uint8_t room[MESSAGE_ROOM];
    return writer_on(room, sizeof room);
}

static void put_frame(struct writer *out, enum bgp_type type, struct span body)
{
    for (int i = 0; i < 16; i++) writer_u8(out, 0xff);
    writer_u16(out, (uint16_t)(BGP_HEADER + body.n));
    writer_u8(out, (uint8_t)type);
    writer_copy(out, body);
}

static bool parse_id(const char *s, uint32_t *out)
{
    struct addr a;
    if (!addr_parse(s, &a) || a.family != FAMILY_IPV4) return false;
    *out = addr_v4_value(&a);
    return true;
}

static uint32_t conf_families(const struct far *f)
{
    const json_t *list = json_object_get(f->conf, "families"), *s;
    size_t i;
    uint32_t bits = 0;
    json_array_foreach(list, i, s) bits |= families_of(json_string_value(s), 0);
    const char *address = json_string_value(json_object_get(f->conf, "address"));
    return bits ? bits : strchr(address, ':') ? BGP_IPV6_UNICAST : BGP_IPV4_UNICAST;
}

static struct bgp_caps caps_of(const struct words *w, const struct far *f)
{
    const char *list = words_value(w, "caps"), *role = words_value(w, "role");
    if (!list) list = "refresh,enhanced-refresh,extended-messages,as4";
    struct bgp_caps c = {.families = families_of(words_value(w, "families"), conf_families(f)),
                         .refresh = strncmp(list, "refresh", 7) == 0 || strstr(list, ",refresh"),
                         .enhanced_refresh = strstr(list, "enhanced-refresh"),
                         .extended_messages = strstr(list, "extended-messages"),
                         .as4 = strstr(list, "as4")};
    for (uint8_t i = 0; role && roles[i]; i++)
        if (strcmp(role, roles[i]) == 0) c.role_set = true, c.role = i;
    c.restart = words_value(w, "restart") != NULL;
    c.restart_s = (uint16_t)number(w, "restart", 0);
    c.restarting = words_has(w, "restarting");
    c.restart_notify = words_has(w, "notify");
    c.restart_families = families_of(words_value(w, "restart-families"), c.families);
    c.forwarding_families = families_of(words_value(w, "forwarding"), 0);
    return c;
}

/* params=HEX: the optional parameters, their length octet in front is counted. */
static bool open_of(const struct words *w, const struct far *f, struct writer *out, struct text *why)
{
    const char *id = words_value(w, "id"), *params = words_value(w, "params");
    struct bgp_open o = {.version = (uint8_t)number(w, "version", BGP_VERSION), .asn = number(w, "asn", far_asn(f)),
                         .hold_s = (uint16_t)number(w, "hold", 90), .id = 0xc000020au + f->number,
                         .caps = caps_of(w, f)};
    o.caps.asn = o.asn;
    if (id && !parse_id(id, &o.id)) return refuse(why, "id", id);
    if (!params) {
        bgp_open_encode(out, &o);
        return true;
    }
    struct writer body = scratch_begin();
    writer_u8(&body, o.version);
    writer_u16(&body, o.asn > UINT16_MAX ? AS_TRANS : (uint16_t)o.asn);
    writer_u16(&body, o.hold_s);
    writer_u32(&body, o.id);
    uint8_t *length = writer_take(&body, 1);
    size_t from = writer_len(&body);
    if (strcmp(params, "none") != 0 && !hex_of(params, &body)) return refuse(why, "params", params);
    *length = (uint8_t)(writer_len(&body) - from);
    put_frame(out, BGP_OPEN, writer_span(&body));
    return true;
}

/* One comma separated list: each member through `take`. */
static bool each(const char *s, bool (*take)(const char *item, void *ctx), void *ctx)
{
    char item[128];
    while (s && *s) {
        size_t n = strcspn(s, ",");
        if (n >= sizeof item) return false;
        memcpy(item, s, n);
        item[n] = 0;
        if (!take(item, ctx)) return false;
        s += n + (s[n] == ',');
    }
    return true;
}

struct split { /* prefixes by family, in wire form */
    struct writer v4, v6;
    bool all_mp;
};

static bool take_prefix(const char *s, void *ctx)
{
    struct split *to = ctx;
    struct prefix p;
    if (prefix_parse(s, &p) != PREFIX_FINE) return false;
    bgp_nlri_put(p.addr.family == FAMILY_IPV6 ? &to->v6 : &to->v4, &p);
    return true;
}

/* "65001,65002,{65003,65004}"; a path of one sequence, sets as segments of their own. */
static bool put_segments(const char *s, bool as4, struct writer *out)
{
    uint8_t *count = NULL;
    bool in_set = false;
    while (*s) {
        if (*s == '{' || !count) {
            in_set = *s == '{';
            s += in_set;
            writer_u8(out, in_set ? AS_SET : AS_SEQUENCE);
            count = writer_take(out, 1);
            if (!count) return false;
            *count = 0;
        }
        char *end;
        uint32_t asn = (uint32_t)strtoul(s, &end, 10);
        if (end == s) return false;
        if (as4) writer_u32(out, asn);
        else writer_u16(out, asn > UINT16_MAX ? AS_TRANS : (uint16_t)asn);
        ++*count;
        s = end;
        if (*s == '}') count = NULL, s++;
        if (*s == ',') s++;
        if (*s == '{') count = NULL;
    }
    return !out->bad;
}

static void put_attr(struct writer *w, uint8_t flags, uint8_t type, struct span value)
{
    bool extended = value.n > UINT8_MAX;
    writer_u8(w, extended ? flags | 0x10 : flags);
    writer_u8(w, type);
    if (extended) writer_u16(w, (uint16_t)value.n);
    else writer_u8(w, (uint8_t)value.n);
    writer_copy(w, value);
}

static bool take_number(const char *s, void *ctx)
{
    char *end;
    uint32_t v[3];
    size_t n = 0;
    for (; n < 3; s = end + 1) {
        v[n++] = (uint32_t)strtoul(s, &end, 10);
        if (end == s) return false;
        if (*end != ':') break;
    }
    for (size_t i = 0; i < n; i++)
        if (n == 2) writer_u16(ctx, (uint16_t)v[i]);
        else writer_u32(ctx, v[i]);
    return !*end;
}

enum shape { SHAPE_U32, SHAPE_ID, SHAPE_NUMBERS, SHAPE_HEX, SHAPE_EMPTY };
static const struct attr_row {
    const char *key;
    uint8_t flags, type;
    enum shape shape;
} attr_rows[] = {
    {"med", 0x80, 4, SHAPE_U32},
    {"localpref", 0x40, 5, SHAPE_U32},
    {"atomic", 0x40, 6, SHAPE_EMPTY},
    {"aggregator", 0xc0, 7, SHAPE_HEX},
    {"communities", 0xc0, 8, SHAPE_NUMBERS},
    {"originator", 0x80, 9, SHAPE_ID},
    {"clusters", 0x80, 10, SHAPE_HEX},
    {"ext", 0xc0, 16, SHAPE_HEX},
    {"as4path", 0xc0, 17, SHAPE_HEX},
    {"as4aggregator", 0xc0, 18, SHAPE_HEX},
    {"large", 0xc0, 32, SHAPE_NUMBERS},
    {"otc", 0xc0, 35, SHAPE_U32},
};

static bool put_value(const struct attr_row *row, const char *s, struct writer *v)
{
    uint32_t id;
    switch (row->shape) {
    case SHAPE_U32: writer_u32(v, (uint32_t)strtoul(s, NULL, 0)); return true;
    case SHAPE_ID:
        if (!parse_id(s, &id)) return false;
        writer_u32(v, id);
        return true;
    case SHAPE_NUMBERS: return each(s, take_number, v);
    case SHAPE_HEX: return hex_of(s, v);
    case SHAPE_EMPTY: return true;
    }
    return false;
}

static bool put_optional(const struct words *w, struct writer *out, struct text *why)
{
    for (size_t i = 0; i < ARRAY_LEN(attr_rows); i++) {
        uint8_t room[4096];
        struct writer v = writer_on(room, sizeof room);
        const char *s = words_value(w, attr_rows[i].key);
        if (!s && !words_has(w, attr_rows[i].key)) continue;
        if (!put_value(&attr_rows[i], s ? s : "", &v)) return refuse(why, attr_rows[i].key, s);
        put_attr(out, attr_rows[i].flags, attr_rows[i].type, writer_span(&v));
    }
    return true;
}

static bool put_well_known(const struct words *w, const struct far *f, bool as4, bool classic,
                           struct writer *out, struct text *why)
{
    const char *origin = words_value(w, "origin"), *path = words_value(w, "path");
    const char *hop = words_value(w, "nexthop");
    char own[16];
    uint8_t room[4096];
    struct writer v = writer_on(room, sizeof room);
    snprintf(own, sizeof own, "%u", far_asn(f));
    bool internal = words_has(w, "internal");
    if (!path) path = internal ? "empty" : own;
    uint8_t code = !origin || strcmp(origin, "igp") == 0 ? 0 : strcmp(origin, "egp") == 0 ? 1 : 2;
    if (!origin || strcmp(origin, "none") != 0) put_attr(out, 0x40, 1, span_of(&code, 1));
    if (strcmp(path, "empty") != 0 && strcmp(path, "none") != 0 && !put_segments(path, as4, &v))
        return refuse(why, "path", path);
    if (strcmp(path, "none") != 0) put_attr(out, 0x40, 2, writer_span(&v));
    if (!classic || (hop && strcmp(hop, "none") == 0)) return true;
    struct addr a = addr_v4(0xc000020au + f->number);
    if (hop && !addr_parse(hop, &a)) return refuse(why, "nexthop", hop);
    if (a.family == FAMILY_IPV4) put_attr(out, 0x40, 3, span_of(a.b, 4));
    return true;
}

static bool put_reach(const struct words *w, const struct far *f, bool six, struct span nlri, struct writer *out,
                      struct text *why)
{
    uint8_t room[8192];
    struct writer v = writer_on(room, sizeof room);
    const char *hop = words_value(w, six ? "nexthop6" : "nexthop"), *link = words_value(w, "nexthop-link");
    struct addr a = addr_v4(0xc000020au + f->number), second;
    if (six) (void)!addr_parse("2001:db8::10", &a);
    if (!hop) hop = words_value(w, "nexthop");
    if (hop && !addr_parse(hop, &a)) return refuse(why, "nexthop", hop);
    if (link && !addr_parse(link, &second)) return refuse(why, "nexthop-link", link);
    writer_u16(&v, six ? 2 : 1);
    writer_u8(&v, 1);
    writer_u8(&v, (uint8_t)(addr_bytes((enum family)a.family) + (link ? 16 : 0)));
    writer_bytes(&v, a.b, addr_bytes((enum family)a.family));
    if (link) writer_bytes(&v, second.b, 16);
    writer_u8(&v, 0);
    writer_copy(&v, nlri);
    put_attr(out, 0x80, 14, writer_span(&v));
    return true;
}

static void put_unreach(bool six, struct span nlri, struct writer *out)
{
    uint8_t room[8192];
    struct writer v = writer_on(room, sizeof room);
    writer_u16(&v, six ? 2 : 1);
    writer_u8(&v, 1);
    writer_copy(&v, nlri);
    put_attr(out, 0x80, 15, writer_span(&v));
}

static bool put_attrs(const struct words *w, const struct far *f, bool as4, const struct split *lost,
                      const struct split *got, struct writer *out, struct text *why)
{
    const char *only = words_value(w, "only-attrs"), *more = words_value(w, "attrs");
    if (only) return hex_of(only, out) || refuse(why, "only-attrs", only);
    bool classic = (writer_len(&got->v4) && !got->all_mp) || words_value(w, "nlri");
    bool reach4 = writer_len(&got->v4) && got->all_mp, reach6 = writer_len(&got->v6);
    const char *eor = words_value(w, "eor");
    if (reach4 && !put_reach(w, f, false, writer_span(&got->v4), out, why)) return false;
    if (reach6 && !put_reach(w, f, true, writer_span(&got->v6), out, why)) return false;
    if (writer_len(&lost->v6)) put_unreach(true, writer_span(&lost->v6), out);
    if (eor && families_of(eor, 0) == BGP_IPV6_UNICAST) put_unreach(true, (struct span){0}, out);
    bool any = classic || reach4 || reach6;
    if (any && (!put_well_known(w, f, as4, classic, out, why) || !put_optional(w, out, why))) return false;
    return !more || hex_of(more, out) || refuse(why, "attrs", more);
}

static bool update_of(const struct words *w, const struct far *f, bool as4, struct writer *out, struct text *why)
{
    static uint8_t room[5][1 << 15], body_room[MESSAGE_ROOM];
    struct split lost = {writer_on(room[0], sizeof room[0]), writer_on(room[1], sizeof room[1]), false};
    struct split got = {writer_on(room[2], sizeof room[2]), writer_on(room[3], sizeof room[3]), words_has(w, "mp")};
    const char *withdrawn = words_value(w, "withdrawn"), *nlri = words_value(w, "nlri");
    if (!each(words_value(w, "withdraw"), take_prefix, &lost)) return refuse(why, "withdraw", words_value(w, "withdraw"));
    if (!each(words_value(w, "announce"), take_prefix, &got)) return refuse(why, "announce", words_value(w, "announce"));
    if (withdrawn && !hex_of(withdrawn, &lost.v4)) return refuse(why, "withdrawn", withdrawn);
    struct writer attrs = writer_on(room[4], sizeof room[4]), body = writer_on(body_room, sizeof body_room);
    if (!put_attrs(w, f, as4, &lost, &got, &attrs, why)) return false;
    writer_u16(&body, (uint16_t)writer_len(&lost.v4));
    writer_copy(&body, writer_span(&lost.v4));
    writer_u16(&body, (uint16_t)writer_len(&attrs));
    writer_copy(&body, writer_span(&attrs));
    if (!got.all_mp) writer_copy(&body, writer_span(&got.v4));
    if (nlri && !hex_of(nlri, &body)) return refuse(why, "nlri", nlri);
    put_frame(out, BGP_UPDATE, writer_span(&body));
    return true;
}

static bool notification_of(const struct words *w, struct writer *out, struct text *why)
{
    unsigned code, subcode;
    const char *text = words_value(w, "text"), *data = words_value(w, "data");
    struct writer v = scratch_begin();
    if (w->n < 2 || sscanf(w->w[1], "%u/%u", &code, &subcode) != 2) return refuse(why, "code/subcode", w->w[1]);
    if (text) {
        writer_u8(&v, (uint8_t)strlen(text));
        writer_bytes(&v, text, strlen(text));
    }
    if (data && !hex_of(data, &v)) return refuse(why, "data", data);
    bgp_notification_encode(out, (uint8_t)code, (uint8_t)subcode, writer_span(&v));
    return true;
}

static bool refresh_of(const struct words *w, struct writer *out)
{
    enum bgp_refresh_kind kind = words_has(w, "begin") ? BGP_REFRESH_BEGIN
                                 : words_has(w, "end") ? BGP_REFRESH_END
                                                       : BGP_REFRESH_REQUEST;
    bgp_refresh_encode(out, (enum bgp_family)families_of(words_value(w, "family"), BGP_IPV4_UNICAST), kind);
    return true;
}

static bool bytes_of(const struct words *w, struct writer *out, struct text *why)
{
    for (size_t i = 1; i < w->n; i++)
        if (!hex_of(w->w[i], out)) return refuse(why, "hex", w->w[i]);
    return true;
}

/* MESSAGE TYPE HEX...: marker and length are added, right for what is in it. */
static bool message_of(const struct words *w, struct writer *out, struct text *why)
{
    struct writer body = scratch_begin();
    for (size_t i = 2; i < w->n; i++)
        if (!hex_of(w->w[i], &body)) return refuse(why, "hex", w->w[i]);
    put_frame(out, (enum bgp_type)(w->n > 1 ? strtoul(w->w[1], NULL, 10) : 0), writer_span(&body));
    return true;
}

bool message_of_words(const struct words *w, const struct far *far, bool as4, struct writer *out,
                      struct text *why)
{
    const char *kind = w->n ? w->w[0] : "";
    if (strcmp(kind, "OPEN") == 0) return open_of(w, far, out, why);
    if (strcmp(kind, "UPDATE") == 0) return update_of(w, far, as4, out, why);
    if (strcmp(kind, "NOTIFICATION") == 0) return notification_of(w, out, why);
    if (strcmp(kind, "REFRESH") == 0) return refresh_of(w, out);
    if (strcmp(kind, "MESSAGE") == 0) return message_of(w, out, why);
    if (strcmp(kind, "BYTES") == 0) return bytes_of(w, out, why);
    if (strcmp(kind, "KEEPALIVE") != 0) return refuse(why, "message", kind);
    bgp_keepalive_encode(out);
    return true;
}

/* --- BFD --- */

enum { POLL = 0x20, FINAL = 0x10, C_BIT = 0x08, AUTH = 0x04, DEMAND = 0x02, MULTIPOINT = 0x01 };
static const struct {
    const char *name;
    uint8_t bit;
} flags[] = {{"poll", POLL}, {"final", FINAL}, {"independent", C_BIT},
             {"auth", AUTH}, {"demand", DEMAND}, {"multipoint", MULTIPOINT}};

char *words_of_bfd(struct span packet)
{
    struct cursor c = cursor_of(packet);
    struct text t = {0};
    uint8_t first = cursor_u8(&c), second = cursor_u8(&c), mult = cursor_u8(&c);
    cursor_u8(&c);
    text_addf(&t, "BFD state=%s diag=%u mult=%u", bfd_state_name((enum bfd_state)(second >> 6)), first & 31, mult);
    uint32_t my = cursor_u32(&c), your = cursor_u32(&c), tx = cursor_u32(&c), rx = cursor_u32(&c);
    text_addf(&t, " my=%u your=%u tx=%u rx=%u", my, your, tx / 1000, rx / 1000);
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        if (second & flags[i].bit) text_addf(&t, " %s", flags[i].name);
    return t.s;
}

bool bfd_of_words(const struct words *w, const struct far *far, struct writer *out, struct text *why)
{
    const char *state = words_value(w, "state"), *your = words_value(w, "your"), *bytes = words_value(w, "bytes");
    uint8_t second = 0, length = (uint8_t)number(w, "length", BFD_PACKET);
    if (bytes) return hex_of(bytes, out) || refuse(why, "bytes", bytes);
    for (enum bfd_state s = BFD_ADMIN_DOWN; s <= BFD_UP; s++)
        if (state && strcmp(state, bfd_state_name(s)) == 0) second = (uint8_t)(s << 6);
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        if (words_has(w, flags[i].name)) second |= flags[i].bit;
    writer_u8(out, (uint8_t)(number(w, "version", 1) << 5 | number(w, "diag", 0)));
    writer_u8(out, second);
    writer_u8(out, (uint8_t)number(w, "mult", 3));
    writer_u8(out, length);
    writer_u32(out, number(w, "my", 7));
    writer_u32(out, your && strcmp(your, "us") == 0 ? far->bfd.conf.local_discr : number(w, "your", 0));
    writer_u32(out, number(w, "tx", 300) * 1000);
    writer_u32(out, number(w, "rx", 300) * 1000);
    writer_u32(out, 0);
    for (size_t i = BFD_PACKET; i < length; i++) writer_u8(out, 0);
    return true;
}
