/* An UPDATE's body under rules chosen by the first octet; what is accepted is walked, its attributes
 * are written and must read the same. */
#include "net/attrs.h"
#include "target.h"
#include "wire/bgp.h"

enum { ARENA = 1 << 20, BODY_MOST = 65535 - BGP_HEADER };

static void walk(const struct bgp_nlri *n)
{
    struct cursor c = cursor_of(n->bytes);
    struct prefix p;
    uint32_t id;
    size_t count = 0;
    while (bgp_nlri_next(&c, n, &p, &id)) {
        struct prefix clean = prefix_of(&p.addr, p.len);
        MUST_HOLD(prefix_equal(&p, &clean));
        count++;
    }
    MUST_HOLD(count == n->count && !c.bad);
}

static struct span message_of(uint8_t *room, const uint8_t *body, size_t n)
{
    memset(room, 0xff, 16);
    room[16] = (uint8_t)((n + BGP_HEADER) >> 8);
    room[17] = (uint8_t)(n + BGP_HEADER);
    room[18] = BGP_UPDATE;
    if (n) memcpy(room + BGP_HEADER, body, n);
    return span_of(room, n + BGP_HEADER);
}

static void write_back(const struct bgp_update *u, const struct bgp_rules *rules, struct arena *a)
{
    static uint8_t room[1 << 17], copy[1 << 17];
    struct writer w = writer_on(room, 65000);
    struct bgp_rules lax = *rules;
    struct bgp_fault f;
    lax.peer_asn = 0;
    lax.add_path = 0;
    writer_u16(&w, 0);
    size_t hole = writer_hole16(&w);
    bgp_attrs_encode(&w, &u->attrs, rules->as4, rules->external);
    writer_fill16(&w, hole);
    writer_u8(&w, 0); /* a default route, so that there is something to withdraw */
    if (w.bad) return;
    struct bgp_update *b = bgp_update_decode(message_of(copy, room, writer_len(&w)), &lax, a, &f);
    MUST_HOLD(b);
    if (b->verdict != BGP_UPDATE_FINE) return; /* some attribute was missing before as well */
    MUST_HOLD(b->attrs.origin == u->attrs.origin && b->attrs.med == u->attrs.med);
    MUST_HOLD(as_path_hops(b->attrs.as_path) == as_path_hops(u->attrs.as_path));
    MUST_HOLD(b->attrs.communities.n == u->attrs.communities.n);
    MUST_HOLD(b->attrs.unknown.n == u->attrs.unknown.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t room[1 << 17];
    struct bgp_fault f;
    struct arena a;
    if (size < 1 || size > BODY_MOST) return 0;
    uint8_t how = data[0];
    struct bgp_rules rules = {.as4 = how & 1, .external = how & 2, .allow_as_set = how & 4,
                              .families = BGP_IPV4_UNICAST | BGP_IPV6_UNICAST,
                              .add_path = how & 8 ? BGP_IPV4_UNICAST | BGP_IPV6_UNICAST : 0,
                              .peer_asn = how & 16 ? 65001 : 0};
    arena_init(&a, ARENA);
    struct bgp_update *u = bgp_update_decode(message_of(room, data + 1, size - 1), &rules, &a, &f);
    if (!u) {
        MUST_HOLD((f.code == 3 || f.code == 6) && f.what);
    } else {
        for (size_t i = 0; i < u->withdrawn_n; i++) walk(&u->withdrawn[i]);
        for (size_t i = 0; i < u->announced_n; i++) walk(&u->announced[i]);
        char text[256];
        as_path_text(u->attrs.as_path, text, sizeof text);
        if (u->verdict == BGP_UPDATE_FINE) write_back(u, &rules, &a);
    }
    arena_drop(&a);
    return 0;
}
