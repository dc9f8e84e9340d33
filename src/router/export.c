/* router/export.c - tables into UPDATEs, when a neighbour can take them: per attribute set the path
 * is rewritten once per message and followed by as many prefixes as fit. Withdrawals go first, then
 * announcements, then End-of-RIB. RFC 4271 9.2, RFC 4760, RFC 7313, RB-071..074, RB-080, RB-081. */
#include "router/router_priv.h"
#include <stdlib.h>

enum {
    SMALLEST_ROOM = 512, /* do not begin a message in less */
    MARKER = 16,
    AFI_IPV4 = 1,
    AFI_IPV6 = 2,
    SAFI_UNICAST = 1,
    FLAGS_MP = 0x90, /* optional, extended length */
};

/* --- who may be told what --- */

static enum policy_peer peer_kind(const struct router *r, source_ref source)
{
    return source == SOURCE_LOCAL ? POLICY_PEER_SELF : r->peers[source_peer(source)]->rules.peer;
}

enum policy_reason export_verdict(const struct router *r, const struct policy_matrix *to,
                                  const struct path *best)
{
    uint8_t marks = attr_set_of(&r->rib.attrs, best->attrs)->marks, known = 0;
    if (marks) {
        if (marks & (MARK_NO_EXPORT | MARK_NO_EXPORT_SUBCONFED)) known |= POLICY_MARK_NO_EXPORT;
        if (marks & MARK_NO_ADVERTISE) known |= POLICY_MARK_NO_ADVERTISE;
        if (marks & MARK_BLACKHOLE) known |= POLICY_MARK_BLACKHOLE;
    }
    return (enum policy_reason)to->reason[peer_kind(r, best->source)][known];
}

struct out_context {
    struct router *r;
    peer_ref peer;
    size_t rank; /* of paths that may be told: 0 the first */
    bool many;   /* there are others for the other ranks (RFC 7911) */
};

static bool may_be_told(const struct out_context *c, const struct peer *p, const struct path *path)
{
    if (source_peer(path->source) == c->peer) return false;
    if (export_verdict(c->r, &p->may, path) != POLICY_FINE) return false;
    if (!policy_looks_at_path(&p->rules)) return true;
    struct attrs a = attr_view(&c->r->rib.attrs, path->attrs);
    return policy_export_path(&p->rules, &a) == POLICY_FINE;
}

/* The best paths stand first in the node. */
static attr_ref wanted_of_rank(const struct out_context *c, const struct peer *p, const struct node *node)
{
    size_t left = c->rank;
    for (size_t i = 0; i < node->paths_n; i++) {
        const struct path *path = &node_paths(node)[i];
        if (path->flags & PATH_REFUSED || !may_be_told(c, p, path)) continue;
        if (left-- == 0) return path->attrs;
    }
    return 0;
}

static attr_ref wanted(void *ctx, const struct table *t, node_ref n)
{
    const struct out_context *c = ctx;
    const struct peer *p = c->r->peers[c->peer];
    const struct node *node = table_node(t, n);
    if (c->many) return wanted_of_rank(c, p, node);
    const struct path *best = node_best(node);
    return best && may_be_told(c, p, best) ? best->attrs : 0;
}

/* --- our next hop, as this neighbour can use it --- */

static const struct intent_attachment *link_of(const struct intent_domain *d, const struct addr *peer)
{
    for (size_t i = 0; i < d->attachments_n; i++)
        for (size_t k = 0; k < d->attachments[i].addresses_n; k++) {
            const struct intent_address *own = &d->attachments[i].addresses[k];
            struct prefix net = prefix_of(&own->addr, own->len);
            if (own->addr.family == peer->family && prefix_has(&net, peer))
                return &d->attachments[i];
        }
    return NULL;
}

static struct addr own_on_link(const struct intent_attachment *a, enum family f)
{
    for (size_t k = 0; a && k < a->addresses_n; k++)
        if (a->addresses[k].addr.family == f && !addr_is_link_local(&a->addresses[k].addr))
            return a->addresses[k].addr;
    return (struct addr){0};
}

static struct addr mapped(const struct addr *v4)
{
    struct addr a = {.family = FAMILY_IPV6, .b = {[10] = 0xff, [11] = 0xff}};
    memcpy(a.b + 12, v4->b, 4);
    return a;
}

/* The session's own address for its own family; for the other family the address of the same link;
 * without one an IPv4-mapped address (RFC 4291 2.5.5.2) or the router identifier, as others do. */
static void find_next_hops(const struct router *r, struct peer *p)
{
    const struct intent_attachment *link = link_of(r->domains[p->domain]->conf, &p->conf->address);
    if (addr_is_none(&p->local)) p->local = p->conf->local;
    if (addr_is_none(&p->local)) p->local = own_on_link(link, p->conf->address.family);
    p->next_hop[0] = p->local.family == FAMILY_IPV4 ? p->local : own_on_link(link, FAMILY_IPV4);
    p->next_hop[1] = p->local.family == FAMILY_IPV6 ? p->local : own_on_link(link, FAMILY_IPV6);
    struct addr *missing = &p->next_hop[p->other.family == FAMILY_IPV6];
    if (addr_is_none(missing)) *missing = p->other;
    if (addr_is_none(&p->next_hop[0])) p->next_hop[0] = addr_v4(running(r)->router.id);
    if (addr_is_none(&p->next_hop[1])) p->next_hop[1] = mapped(&p->next_hop[0]);
}

/* --- opening and closing --- */

static void groups_in_use(struct domain *d)
{
    for (size_t f = 0; f < FAMILIES; f++) {
        d->listening[f] = 0;
        for (size_t g = 0; g < GROUPS; g++)
            if (d->journals[f][g].outs_n) d->listening[f] |= 1u << g;
    }
}

/* How many paths to a prefix the neighbour is told, and the output of each rank. */
static size_t ranks_of(const struct peer *p, size_t f)
{
    if (!p->out[f]) return 0;
    return p->add_path_out & family_bit(f) ? p->conf->add_path_send : 1;
}

static struct out **rank_at(struct peer *p, size_t f, size_t rank)
{
    return rank ? &p->more[f][rank - 1] : &p->out[f];
}

static struct out *rank_open(struct router *r, peer_ref ref, size_t f, size_t rank)
{
    struct peer *p = r->peers[ref];
    struct out_context *ctx = malloc(sizeof *ctx);
    if (!ctx) abort();
    *ctx = (struct out_context){r, ref, rank, p->add_path_out & family_bit(f)};
    struct out *o = out_new(&r->domains[p->domain]->journals[f][group_of(p)], wanted, ctx);
    o->path_id = ctx->many ? (uint32_t)rank + 1 : 0;
    return o;
}

void export_open(struct router *r, peer_ref ref)
{
    struct peer *p = r->peers[ref];
    struct domain *d = r->domains[p->domain];
    find_next_hops(r, p);
    for (size_t f = 0; f < FAMILIES; f++) {
        if (!(p->families & family_bit(f))) continue;
        p->out[f] = rank_open(r, ref, f, 0);
        for (size_t k = 1; k < ranks_of(p, f); k++) *rank_at(p, f, k) = rank_open(r, ref, f, k);
    }
    p->untold = 0;
    d->may[group_of(p)] = p->may;
    groups_in_use(d);
    d->any_noted = d->noted[0][group_of(p)] = true;
}

void export_close(struct router *r, peer_ref ref)
{
    struct peer *p = r->peers[ref];
    for (size_t f = 0; f < FAMILIES; f++)
        for (size_t k = 0; k < ADD_PATH_OUT; k++) {
            struct out **o = rank_at(p, f, k);
            if (!*o) continue;
            free((*o)->ctx);
            out_free(*o);
            *o = NULL;
        }
    if (r->domains[p->domain]->used) groups_in_use(r->domains[p->domain]);
}

void export_again(struct router *r, peer_ref ref, uint32_t families, bool markers)
{
    struct peer *p = r->peers[ref];
    struct domain *d = r->domains[p->domain];
    for (size_t f = 0; f < FAMILIES; f++) {
        if (!p->out[f] || !(families & family_bit(f))) continue;
        for (size_t k = 0; k < ranks_of(p, f); k++) out_again(*rank_at(p, f, k));
        if (markers && bgp_view(p->session).enhanced_refresh) {
            p->refresh_begin |= family_bit(f);
            p->refresh_end |= family_bit(f);
        }
        d->noted[f][group_of(p)] = d->any_noted = true;
    }
}

static bool eor_due(const struct peer *p, size_t f)
{
    if (!p->out[f] || (p->eor_sent & family_bit(f)) || !out_walked(p->out[f])) return false;
    for (size_t k = 1; k < ranks_of(p, f); k++)
        if (!out_walked(p->more[f][k - 1])) return false;
    return true;
}

/* RFC 4724 4.1: a router that restarted tells its choice once it knows what there is to choose from. */
static bool held_back(const struct router *r, const struct peer *p)
{
    return r->restarting && !r->domains[p->domain]->settled;
}

bool export_pending(const struct router *r, const struct peer *p)
{
    for (size_t f = 0; f < FAMILIES && !held_back(r, p); f++) {
        if (p->out[f] && (out_pending(p->out[f]) || eor_due(p, f))) return true;
        for (size_t k = 1; k < ranks_of(p, f); k++)
            if (out_pending(p->more[f][k - 1])) return true;
    }
    return p->refresh_wanted || p->refresh_begin || p->refresh_end;
}

/* --- messages --- */

struct message {
    struct writer w; /* on this message's room only */
    size_t length_at;
};

static struct message message_begin(uint8_t *buf, size_t room)
{
    struct message m = {.w = writer_on(buf, room)};
    uint8_t *marker = writer_take(&m.w, MARKER);
    if (marker) memset(marker, 0xff, MARKER);
    m.length_at = writer_hole16(&m.w);
    writer_u8(&m.w, BGP_UPDATE);
    return m;
}

/* The length counts the whole message, marker included. */
static size_t message_end(struct message *m)
{
    size_t n = writer_len(&m->w);
    if (m->w.bad) return 0;
    m->w.start[m->length_at] = (uint8_t)(n >> 8);
    m->w.start[m->length_at + 1] = (uint8_t)n;
    return n;
}

static size_t widest_prefix(const struct out *o, size_t f) { return (o->path_id ? 4u : 0u) + 1 + (f ? 16u : 4u); }

static void put_prefix(struct writer *w, const struct out *o, const struct prefix *p)
{
    if (o->path_id) writer_u32(w, o->path_id);
    bgp_nlri_put(w, p);
}

static void put_prefixes(struct writer *w, struct out *o, size_t f)
{
    struct prefix p;
    size_t widest = widest_prefix(o, f);
    while (writer_room(w) >= widest && out_take(o, &p)) put_prefix(w, o, &p);
}

static void put_family(struct writer *w, size_t f)
{
    writer_u16(w, f ? AFI_IPV6 : AFI_IPV4);
    writer_u8(w, SAFI_UNICAST);
}

static size_t write_withdrawals(struct out *o, size_t f, uint8_t *buf, size_t room)
{
    struct message m = message_begin(buf, room);
    if (f == 0) {
        m.w.end -= 2; /* the empty attribute length behind the list */
        size_t hole = writer_hole16(&m.w);
        put_prefixes(&m.w, o, f);
        writer_fill16(&m.w, hole);
        m.w.end += 2;
        writer_u16(&m.w, 0);
        return message_end(&m);
    }
    writer_u16(&m.w, 0);
    size_t attrs = writer_hole16(&m.w);
    writer_u8(&m.w, FLAGS_MP);
    writer_u8(&m.w, ATTR_MP_UNREACH);
    size_t value = writer_hole16(&m.w);
    put_family(&m.w, f);
    put_prefixes(&m.w, o, f);
    writer_fill16(&m.w, value);
    writer_fill16(&m.w, attrs);
    return message_end(&m);
}

/* A set as the neighbour gets it: octets without MP_REACH_NLRI, and the next hop for that. */
struct block {
    struct span octets; /* empty: it cannot be written */
    const struct addr *next_hop, *next_hop_link;
};

static bool encode(struct router *r, const struct peer *p, size_t f, const struct attr_set *set, attr_ref ref,
                   struct encoded *e)
{
    const struct shape *s = &p->shape[f];
    struct arena_mark mark = arena_mark(&r->scratch);
    struct attrs in = attr_view(&r->rib.attrs, ref), a;
    bool from_self = addr_is_none(&in.next_hop);
    struct writer w = writer_on(r->encoding, sizeof r->encoding);
    bool fits = policy_export_attrs(&p->rules, &in, from_self, &s->next_hop, &s->next_hop_link,
                                    &r->scratch, &a);
    if (fits) {
        a.has = f ? a.has & ~(uint32_t)HAS_NEXT_HOP : a.has | HAS_NEXT_HOP;
        bgp_attrs_encode(&w, &a, s->as4, s->external);
        *e = (struct encoded){.next_hop = a.next_hop, .next_hop_link = a.next_hop_link};
    }
    arena_rewind(&r->scratch, mark);
    if (!fits || w.bad) return false;
    e->n = (uint16_t)writer_len(&w);
    if (e->n > ENCODED_MOST) return true; /* stays in r->encoding, for this once */
    e->attrs = ref;
    e->born = set->born;
    e->shape = p->shape_number[f];
    memcpy(e->octets, r->encoding, e->n);
    return true;
}

static struct block block_of(struct router *r, const struct peer *p, size_t f, attr_ref ref,
                             struct encoded *own)
{
    const struct attr_set *set = attr_set_of(&r->rib.attrs, ref);
    uint16_t shape = p->shape_number[f];
    bool shared = shape && p->out[f]->journal->outs_n > 1;
    struct encoded *e = shared ? encoded_place(&r->encoded, shape, ref) : own;
    if (!shared || !encoded_is(e, shape, ref, set->born))
        if (!encode(r, p, f, set, ref, e)) return (struct block){0};
    return (struct block){span_of(e->n > ENCODED_MOST ? r->encoding : e->octets, e->n), &e->next_hop,
                          &e->next_hop_link};
}

static void find_shape(struct router *r, struct peer *p, size_t f, bool as4)
{
    const struct policy_rules *u = &p->rules;
    struct shape s = {
        .as4 = as4,
        .external = u->external,
        .next_hop_self = u->next_hop_self,
        .hides_private = policy_hides_private(u),
        .graceful_shutdown = u->graceful_shutdown,
        .ipv6 = f == 1,
        .prepend = u->prepend,
        .local_asn = u->local_asn,
        .next_hop = p->next_hop[f],
        .next_hop_link = p->next_hop_link,
    };
    if (p->shape_number[f] && shape_equal(&s, &p->shape[f])) return;
    p->shape[f] = s;
    p->shape_number[f] = encoded_shape(&r->encoded, &s);
}

static void put_mp_next_hop(struct writer *w, const struct block *k)
{
    bool link = !addr_is_none(k->next_hop_link);
    writer_u8(w, link ? 32 : 16);
    writer_bytes(w, k->next_hop->b, 16);
    if (link) writer_bytes(w, k->next_hop_link->b, 16);
    writer_u8(w, 0);
}

/* MP_REACH_NLRI stands first (RFC 7606 5.1); the room the other attributes need is known. */
static size_t write_announcements6(struct out *o, const struct block *k, uint8_t *buf, size_t room)
{
    struct message m = message_begin(buf, room);
    writer_u16(&m.w, 0);
    size_t attrs = writer_hole16(&m.w);
    writer_u8(&m.w, FLAGS_MP);
    writer_u8(&m.w, ATTR_MP_REACH);
    size_t value = writer_hole16(&m.w);
    put_family(&m.w, 1);
    put_mp_next_hop(&m.w, k);
    if (m.w.bad || writer_room(&m.w) < k->octets.n + widest_prefix(o, 1)) return 0;
    m.w.end -= k->octets.n;
    put_prefixes(&m.w, o, 1);
    m.w.end += k->octets.n;
    writer_fill16(&m.w, value);
    writer_copy(&m.w, k->octets);
    writer_fill16(&m.w, attrs);
    return message_end(&m);
}

static size_t write_announcements4(struct out *o, const struct block *k, uint8_t *buf, size_t room)
{
    struct message m = message_begin(buf, room);
    writer_u16(&m.w, 0);
    writer_u16(&m.w, (uint16_t)k->octets.n);
    writer_copy(&m.w, k->octets);
    if (m.w.bad || writer_room(&m.w) < widest_prefix(o, 0)) return 0;
    put_prefixes(&m.w, o, 0);
    return message_end(&m);
}

static size_t write_end_of_rib(size_t f, uint8_t *buf, size_t room)
{
    struct message m = message_begin(buf, room);
    writer_u16(&m.w, 0);
    size_t attrs = writer_hole16(&m.w);
    if (f) {
        writer_u8(&m.w, FLAGS_MP);
        writer_u8(&m.w, ATTR_MP_UNREACH);
        size_t value = writer_hole16(&m.w);
        put_family(&m.w, f);
        writer_fill16(&m.w, value);
    }
    writer_fill16(&m.w, attrs);
    return message_end(&m);
}

/* RB-074: a set that cannot be written within the neighbour's message size is withdrawn from it. */
static size_t too_long(struct router *r, peer_ref ref, size_t f, struct out *o, uint8_t *buf, size_t room)
{
    struct peer *p = r->peers[ref];
    struct prefix prefix;
    bool told;
    if (!out_void(o, &prefix, &told)) return 0;
    char text[PREFIX_TEXT_MAX];
    if (p->untold++ == 0)
        say(r, p->domain, ref, "route-too-long", "%s: attributes do not fit a message",
            prefix_text(&prefix, text));
    if (!told) return 0;
    struct message m = message_begin(buf, room);
    if (f == 0) {
        size_t hole = writer_hole16(&m.w);
        put_prefix(&m.w, o, &prefix);
        writer_fill16(&m.w, hole);
        writer_u16(&m.w, 0);
        return message_end(&m);
    }
    writer_u16(&m.w, 0);
    size_t attrs = writer_hole16(&m.w);
    writer_u8(&m.w, FLAGS_MP);
    writer_u8(&m.w, ATTR_MP_UNREACH);
    size_t value = writer_hole16(&m.w);
    put_family(&m.w, f);
    put_prefix(&m.w, o, &prefix);
    writer_fill16(&m.w, value);
    writer_fill16(&m.w, attrs);
    return message_end(&m);
}

static size_t write_announcements(struct router *r, peer_ref ref, size_t f, struct out *o, attr_ref attrs,
                                  uint8_t *buf, size_t room)
{
    struct encoded own;
    struct block k = block_of(r, r->peers[ref], f, attrs, &own);
    size_t n = 0;
    if (k.octets.n) n = f ? write_announcements6(o, &k, buf, room) : write_announcements4(o, &k, buf, room);
    return n ? n : too_long(r, ref, f, o, buf, room);
}

static size_t write_refresh(uint32_t *bits, enum bgp_refresh_kind kind, uint8_t *buf, size_t room)
{
    struct writer w = writer_on(buf, room);
    for (size_t f = 0; f < FAMILIES; f++)
        if (*bits & family_bit(f)) bgp_refresh_encode(&w, (enum bgp_family)family_bit(f), kind);
    *bits = 0;
    return writer_len(&w);
}

struct page { /* the caller's buffer, message by message */
    uint8_t *buf;
    size_t room, n, largest, messages;
};

/* Room for one more message of full size; a short buffer is used as it is when still empty. */
static size_t page_room(const struct page *g)
{
    size_t left = g->room - g->n;
    if (left >= g->largest) return g->largest;
    return g->n == 0 && left >= SMALLEST_ROOM ? left : 0;
}

static bool write_rank(struct router *r, peer_ref ref, size_t f, struct out *o, struct page *g)
{
    attr_ref attrs;
    size_t room;
    while ((room = page_room(g)) != 0) {
        if (!out_begin(o, &attrs)) return true;
        uint8_t *at = g->buf + g->n;
        size_t n = attrs ? write_announcements(r, ref, f, o, attrs, at, room) : write_withdrawals(o, f, at, room);
        g->n += n;
        g->messages += n != 0;
    }
    return false;
}

static bool write_family(struct router *r, peer_ref ref, size_t f, struct page *g)
{
    struct peer *p = r->peers[ref];
    for (size_t k = 0; k < ranks_of(p, f); k++)
        if (!write_rank(r, ref, f, *rank_at(p, f, k), g)) return false;
    return true;
}

static void write_markers(struct peer *p, size_t f, struct page *g)
{
    uint32_t bit = family_bit(f), end = p->refresh_end & bit;
    if (page_room(g) == 0) return;
    if (end) {
        p->refresh_end &= ~bit;
        g->n += write_refresh(&end, BGP_REFRESH_END, g->buf + g->n, page_room(g));
    }
    if (page_room(g) && eor_due(p, f)) {
        p->eor_sent |= bit;
        g->n += write_end_of_rib(f, g->buf + g->n, page_room(g));
        g->messages++;
    }
}

size_t export_write(struct router *r, peer_ref ref, uint8_t *buf, size_t room, size_t *messages)
{
    struct peer *p = r->peers[ref];
    if (!export_pending(r, p)) return 0;
    struct bgp_view v = bgp_view(p->session);
    struct page g = {.buf = buf, .room = room, .largest = v.message_max};
    if (page_room(&g) == 0) return 0;
    g.n += write_refresh(&p->refresh_wanted, BGP_REFRESH_REQUEST, buf, room);
    if (p->refresh_begin)
        g.n += write_refresh(&p->refresh_begin, BGP_REFRESH_BEGIN, buf + g.n, room - g.n);
    for (size_t f = 0; f < FAMILIES; f++) {
        if (!p->out[f] || held_back(r, p)) continue;
        find_shape(r, p, f, v.as4);
        if (write_family(r, ref, f, &g)) write_markers(p, f, &g);
    }
    *messages = g.messages;
    return g.n;
}
