/* checklist/links.c - a hash table of link subnets by address and length. A prefix overlaps a link if one
 * covers the other: links that cover it are looked up at each length any link has, and a link that it
 * covers finds it when the link looks for what covers itself. Sites hold millions of prefixes, links a
 * few thousands, so the links are the table and the prefixes are what is asked. */
#include "checklist/links.h"
#include <string.h>
#include "base/arena.h"
#include "base/hash.h"

enum { FAMILIES = 2, PER_CIRCUIT = PEERING_KINDS * LEGS * FAMILIES, LENGTHS = 129 };

struct link {
    bool there;
    struct prefix prefix;
    struct link_clash *clashes;
    struct link *chain; /* of one place of the table */
};

struct links {
    struct link *list; /* circuits_n * PER_CIRCUIT */
    struct link **table;
    size_t mask, n;
    struct arena *arena;
    const struct design *d;
    bool lengths[FAMILIES][LENGTHS];
    unsigned longest[FAMILIES];
    bool coarse;             /* an IPv4 link shorter than /16: the map below tells nothing */
    uint8_t near[1 << 13];   /* a bit for each /16 with an IPv4 link in it: most prefixes of sites are far */
};

/* The key is fixed: who writes a design may slow down the judging of that design only. */
static size_t place_of(const struct links *l, const struct prefix *p)
{
    static const struct hash_key key = {0x6c696e6b73, 0x636865636b};
    uint8_t bytes[18];
    memcpy(bytes, p->addr.b, 16);
    bytes[16] = p->addr.family;
    bytes[17] = p->len;
    return (size_t)hash_bytes(&key, bytes, sizeof bytes) & l->mask;
}

static int family_of(const struct prefix *p) { return p->addr.family == FAMILY_IPV6; }

static size_t slot(size_t circuit, int kind, enum leg leg, int family)
{
    return circuit * PER_CIRCUIT + ((size_t)kind * LEGS + (size_t)leg) * FAMILIES + (size_t)family;
}

static void put_link(struct links *l, struct link *k)
{
    size_t at = place_of(l, &k->prefix);
    k->there = true;
    k->chain = l->table[at];
    l->table[at] = k;
    l->lengths[family_of(&k->prefix)][k->prefix.len] = true;
    if (k->prefix.len > l->longest[family_of(&k->prefix)]) l->longest[family_of(&k->prefix)] = k->prefix.len;
    if (k->prefix.addr.family != FAMILY_IPV4) return;
    l->coarse = l->coarse || k->prefix.len < 16;
    l->near[k->prefix.addr.b[0] << 5 | k->prefix.addr.b[1] >> 3] |= (uint8_t)(1 << (k->prefix.addr.b[1] & 7));
}

static bool is_far(const struct links *l, const struct prefix *p)
{
    if (l->coarse || p->addr.family != FAMILY_IPV4 || p->len < 16) return false;
    return !(l->near[p->addr.b[0] << 5 | p->addr.b[1] >> 3] >> (p->addr.b[1] & 7) & 1);
}

static void put_peering(struct links *l, size_t circuit, int kind)
{
    const struct design_peering *p = &l->d->circuits[circuit].peerings[kind];
    const struct design_subnets *subnets[FAMILIES] = {&p->ipv4, &p->ipv6};
    for (enum leg leg = LEG_FIRST; p->there && leg < LEGS; leg++)
        for (int f = 0; f < FAMILIES; f++) {
            struct link *k = &l->list[slot(circuit, kind, leg, f)];
            if (design_link_subnet(subnets[f], leg, &k->prefix)) put_link(l, k);
        }
}

static void clash(struct links *l, struct link *k, const char *what, const struct design_peering *peering, enum leg leg)
{
    struct link_clash *c = arena_take(l->arena, sizeof *c);
    if (!c || !what) return;
    *c = (struct link_clash){k->clashes, what, peering, leg};
    k->clashes = c;
}

static const char *link_text(const struct links *l, const struct link *k)
{
    char text[PREFIX_TEXT_MAX];
    size_t at = (size_t)(k - l->list), circuit = at / PER_CIRCUIT, kind = at % PER_CIRCUIT / (LEGS * FAMILIES);
    return arena_printf(l->arena, "%s of %s/%s", prefix_text(&k->prefix, text), l->d->circuits[circuit].name,
                        peering_kind_name((enum peering_kind)kind));
}
static const struct design_peering *peering_of(const struct links *l, const struct link *k)
{
    size_t at = (size_t)(k - l->list);
    return &l->d->circuits[at / PER_CIRCUIT].peerings[at % PER_CIRCUIT / (LEGS * FAMILIES)];
}
static enum leg leg_of(const struct links *l, const struct link *k)
{
    return (enum leg)((size_t)(k - l->list) / FAMILIES % LEGS);
}

static void both_clash(struct links *l, struct link *a, struct link *b)
{
    clash(l, a, link_text(l, b), peering_of(l, b), leg_of(l, b));
    clash(l, b, link_text(l, a), peering_of(l, a), leg_of(l, a));
}

/* Calls `found` for each link that covers the prefix or equals it. */
static void covering(struct links *l, const struct prefix *p, void (*found)(struct links *, struct link *, const void *),
                     const void *ctx)
{
    for (unsigned len = 0; len <= p->len; len++) {
        if (!l->lengths[family_of(p)][len]) continue;
        struct prefix key = prefix_of(&p->addr, (uint8_t)len);
        for (struct link *k = l->table[place_of(l, &key)]; k; k = k->chain)
            if (prefix_equal(&k->prefix, &key)) found(l, k, ctx);
    }
}

static void link_found(struct links *l, struct link *k, const void *ctx)
{
    struct link *self = l->list + (*(const size_t *)ctx);
    /* equal subnets find each other twice: the later one counts */
    if (k == self || (prefix_equal(&k->prefix, &self->prefix) && k > self)) return;
    both_clash(l, self, k);
}

struct site_prefix {
    const struct prefix *prefix;
    const char *site;
};
static void site_found(struct links *l, struct link *k, const void *ctx)
{
    const struct site_prefix *s = ctx;
    char text[PREFIX_TEXT_MAX];
    clash(l, k, arena_printf(l->arena, "%s of site %s", prefix_text(s->prefix, text), s->site), NULL, LEG_FIRST);
}

/* Site prefixes shorter than the shortest link can only cover links: rare, and each link is asked. */
static void covered_links(struct links *l, const struct site_prefix *s)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->list[i].there && l->list[i].prefix.len > s->prefix->len && prefix_covers(s->prefix, &l->list[i].prefix))
            site_found(l, &l->list[i], s);
}

static void against_sites(struct links *l)
{
    for (size_t i = 0; i < l->d->sites_n; i++)
        for (size_t k = 0; k < l->d->sites[i].prefixes_n; k++) {
            const struct site_prefix s = {&l->d->sites[i].prefixes[k], l->d->sites[i].name};
            if (prefix_is_default(s.prefix) || is_far(l, s.prefix)) continue;
            covering(l, s.prefix, site_found, &s);
            if (s.prefix->len < l->longest[family_of(s.prefix)]) covered_links(l, &s);
        }
}

struct links *links_make(const struct design *d, struct arena *arena)
{
    struct links *l = arena_take(arena, sizeof *l);
    size_t places = 64;
    if (!l) return NULL;
    *l = (struct links){.d = d, .arena = arena, .n = d->circuits_n * PER_CIRCUIT};
    while (places < l->n * 2) places *= 2;
    l->mask = places - 1;
    l->list = arena_take_array(arena, l->n + 1, sizeof *l->list);
    l->table = arena_take_array(arena, places, sizeof(struct link *));
    if (!l->list || !l->table) return NULL;
    for (size_t i = 0; i < d->circuits_n; i++)
        for (int k = 0; k < PEERING_KINDS; k++) put_peering(l, i, k);
    for (size_t i = 0; i < l->n; i++)
        if (l->list[i].there) covering(l, &l->list[i].prefix, link_found, &i);
    against_sites(l);
    return l;
}

const struct link_clash *links_clashes(const struct links *l, const struct design *d, const struct design_peering *p,
                                       enum leg leg, int family)
{
    for (size_t i = 0; i < d->circuits_n; i++)
        if (p >= d->circuits[i].peerings && p < d->circuits[i].peerings + PEERING_KINDS)
            return l->list[slot(i, (int)(p - d->circuits[i].peerings), leg, family)].clashes;
    return NULL;
}
