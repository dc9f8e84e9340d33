/* edge/attach.c - attachments: (port, S-tag, C-tag) joined to an interface in a domain's namespace by
 * a veth pair and two mappings of the tag multiplexer. The near end stays in the router's namespace
 * under a name made from domain and attachment, so that a new keeper finds it again. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "edge/spaces_priv.h"
#include "sys/log.h"

#define ALIAS_MARK "fairlead:"
enum { TAG_BYTES = 4, SUBJECT_ROOM = 80 };

/* A fixed key: the name must be the same in every process that ever asks. */
static const struct hash_key name_key = {0x6661697261626c65, 0x6c65616461626c65};

const char *near_name(const char *domain, const char *attachment, char buf[static LINK_NAME_MAX])
{
    char both[80];
    int n = snprintf(both, sizeof both, "%s/%s", domain, attachment);
    uint64_t h = hash_bytes(&name_key, both, (size_t)n);
    snprintf(buf, LINK_NAME_MAX, "fl%012llx", (unsigned long long)(h & 0xffffffffffff));
    return buf;
}

static const char *subject_of(const struct space *sp, const struct intent_attachment *a,
                              char buf[static SUBJECT_ROOM])
{
    snprintf(buf, SUBJECT_ROOM, "%s/%s", sp->name, a->name);
    return buf;
}

/* --- the pair --- */

static bool pair_make(struct spaces *s, struct space *sp, const struct intent_attachment *a,
                      const char *near, struct text *why)
{
    char key[64], alias[LINK_ALIAS_MAX];
    struct netlink_link l;
    if (!netlink_veth_make(s->nl, near, a->name, sp->ns, a->mtu, why)) return false;
    snprintf(key, sizeof key, "ipv6/conf/%s/disable_ipv6", near); /* nobody lives at the near end */
    if (!netns_sysctl(key, "1", why)) text_drop(why);
    snprintf(alias, sizeof alias, ALIAS_MARK "%s/%s", sp->name, a->name);
    return netlink_link_find(s->nl, near, &l) && netlink_link_set(s->nl, l.index, true, 0, alias, why);
}

static bool pair_ensure(struct spaces *s, struct space *sp, const struct intent_attachment *a,
                        struct netlink_link *near, struct netlink_link *far, struct text *why)
{
    char name[LINK_NAME_MAX];
    near_name(sp->name, a->name, name);
    bool there = netlink_link_find(s->nl, name, near), inside = netlink_link_find(sp->nl, a->name, far);
    if (there && !inside) netlink_link_delete(s->nl, near->index);
    if (!there && inside) {
        text_addf(why, "an interface %s that is not ours is in the way", a->name);
        return false;
    }
    if (!(there && inside) && !pair_make(s, sp, a, name, why)) return false;
    if (!netlink_link_find(s->nl, name, near) || !netlink_link_find(sp->nl, a->name, far)) {
        text_add(why, "the interface pair went away again");
        return false;
    }
    if (near->enabled && far->enabled && near->mtu == a->mtu && far->mtu == a->mtu) return true;
    return netlink_link_set(s->nl, near->index, true, a->mtu, NULL, why) &&
           netlink_link_set(sp->nl, far->index, true, a->mtu, NULL, why);
}

/* --- addresses --- */

struct address_sync {
    const struct intent_attachment *a;
    struct intent_address extra[64];
    size_t extra_n;
    uint64_t there; /* bits of a->addresses */
};

static void see_address(void *ctx, const struct addr *addr, uint8_t len)
{
    struct address_sync *y = ctx;
    for (size_t k = 0; k < y->a->addresses_n && k < 64; k++)
        if (addr_equal(&y->a->addresses[k].addr, addr) && y->a->addresses[k].len == len) {
            y->there |= 1ULL << k;
            return;
        }
    if (y->extra_n < ARRAY_LEN(y->extra)) y->extra[y->extra_n++] = (struct intent_address){*addr, len};
}

static bool addresses_ensure(struct space *sp, const struct intent_attachment *a, unsigned index,
                             struct text *why)
{
    struct address_sync y = {.a = a};
    netlink_each_address(sp->nl, index, see_address, &y);
    for (size_t k = 0; k < y.extra_n; k++)
        netlink_address_delete(sp->nl, index, &y.extra[k].addr, y.extra[k].len);
    for (size_t k = 0; k < a->addresses_n; k++)
        if (!(k < 64 && y.there >> k & 1) &&
            !netlink_address_add(sp->nl, index, &a->addresses[k].addr, a->addresses[k].len, why))
            return false;
    return true;
}

/* --- the multiplexer --- */

static bool mux_ready(struct spaces *s, unsigned port, struct text *why)
{
    struct text none = {0};
    if (s->mux) return true;
    s->mux = tagmux_find(port, &none); /* an earlier keeper's: traffic flows through it now */
    text_drop(&none);
    return s->mux || (s->mux = tagmux_open(why));
}

static bool mux_attach(struct spaces *s, unsigned index, struct text *why)
{
    for (size_t k = 0; k < s->attached_n; k++)
        if (s->attached[k] == index) return true;
    if (!tagmux_attach(s->mux, index, why)) return false;
    s->attached = realloc(s->attached, (s->attached_n + 1) * sizeof *s->attached);
    if (!s->attached) abort();
    s->attached[s->attached_n++] = index;
    return true;
}

static bool map(struct spaces *s, unsigned from, struct tags tags, const struct tagmux_to *to, struct text *why)
{
    s->mappings = realloc(s->mappings, (s->mappings_n + 1) * sizeof *s->mappings);
    if (!s->mappings) abort();
    s->mappings[s->mappings_n++] = (struct mapping){from, tags};
    return tagmux_set(s->mux, from, tags, to, why);
}

static bool port_ensure(struct spaces *s, const struct intent_attachment *a, struct netlink_link *port,
                        struct text *why)
{
    if (!netlink_link_find(s->nl, a->port, port)) {
        text_addf(why, "there is no port %s", a->port);
        return false;
    }
    unsigned tags = (a->tags.s != 0) + (a->tags.c != 0);
    if (port->mtu < a->mtu + tags * TAG_BYTES)
        log_line(LOG_LINE_WARN, "port-mtu", a->port, "MTU %u; %u-byte packets with %u tags need %u",
                 port->mtu, a->mtu, tags, a->mtu + tags * TAG_BYTES);
    return port->enabled || netlink_link_set(s->nl, port->index, true, 0, NULL, why);
}

static bool join(struct spaces *s, const struct intent_attachment *a, unsigned near, unsigned *out_port,
                 struct text *why)
{
    struct netlink_link port;
    if (!port_ensure(s, a, &port, why) || !mux_ready(s, port.index, why) ||
        !map(s, port.index, a->tags, &(struct tagmux_to){.ifindex = near}, why) ||
        !map(s, near, (struct tags){0}, &(struct tagmux_to){port.index, a->tags, a->ethertype}, why) ||
        !mux_attach(s, near, why) || !mux_attach(s, port.index, why))
        return false;
    *out_port = port.index;
    return true;
}

void attachments_ensure(struct spaces *s, struct space *sp, const struct intent_domain *d)
{
    for (size_t k = 0; k < d->attachments_n; k++) {
        const struct intent_attachment *a = &d->attachments[k];
        struct netlink_link near, far;
        struct text why = {0};
        char subject[SUBJECT_ROOM];
        unsigned port;
        if (!pair_ensure(s, sp, a, &near, &far, &why) || !addresses_ensure(sp, a, far.index, &why) ||
            !queues_ensure(s, sp, a, far.index, &why) || !join(s, a, near.index, &port, &why))
            fault(s, "attachment", subject_of(sp, a, subject), &why);
        else if (s->fast)
            fast_attachment(s->fast, &(struct fast_want){d, a, port, &far});
    }
}

/* --- what nobody wants --- */

struct sweep {
    struct spaces *s;
    const struct intent *i; /* NULL: nothing is wanted */
    unsigned *doomed;
    size_t doomed_n;
};

static bool is_wanted(const struct intent *i, const char *near)
{
    char name[LINK_NAME_MAX];
    for (size_t d = 0; i && d < i->domains_n; d++)
        for (size_t k = 0; k < i->domains[d].attachments_n; k++)
            if (strcmp(near, near_name(i->domains[d].name, i->domains[d].attachments[k].name, name)) == 0)
                return true;
    return false;
}

static void see_link(void *ctx, const struct netlink_link *l)
{
    struct sweep *w = ctx;
    bool ours = strncmp(l->alias, ALIAS_MARK, strlen(ALIAS_MARK)) == 0;
    if (!ours || is_wanted(w->i, l->name)) return;
    w->doomed = realloc(w->doomed, (w->doomed_n + 1) * sizeof *w->doomed);
    if (!w->doomed) abort();
    w->doomed[w->doomed_n++] = l->index;
}

static void forget_attached(struct spaces *s, unsigned index)
{
    for (size_t k = 0; k < s->attached_n; k++)
        if (s->attached[k] == index) s->attached[k--] = s->attached[--s->attached_n];
}

static void delete_pairs(struct spaces *s, const struct intent *i)
{
    struct sweep w = {s, i, NULL, 0};
    netlink_each_link(s->nl, see_link, &w);
    for (size_t k = 0; k < w.doomed_n; k++) {
        netlink_link_delete(s->nl, w.doomed[k]);
        forget_attached(s, w.doomed[k]);
    }
    free(w.doomed);
}

static void see_mapping(void *ctx, unsigned from, struct tags tags, unsigned to)
{
    struct spaces *s = ctx;
    (void)to;
    for (size_t k = 0; k < s->mappings_n; k++)
        if (s->mappings[k].from == from && tags_equal(s->mappings[k].tags, tags)) return;
    tagmux_clear(s->mux, from, tags);
}

void attachments_trim(struct spaces *s, const struct intent *i)
{
    if (s->mux) tagmux_each(s->mux, see_mapping, s);
    delete_pairs(s, i);
}

void attachments_remove(struct spaces *s)
{
    s->mappings_n = 0;
    attachments_trim(s, NULL);
    for (size_t k = 0; k < s->attached_n; k++) tagmux_detach(s->attached[k]);
    s->attached_n = 0;
    tagmux_close(s->mux);
    s->mux = NULL;
}

/* --- disturbance --- */

struct shape {
    struct spaces *s;
    const struct intent *i;
    uint64_t sum;
};

static bool is_port(const struct intent *i, const char *name)
{
    for (size_t d = 0; d < i->domains_n; d++)
        for (size_t k = 0; k < i->domains[d].attachments_n; k++)
            if (strcmp(i->domains[d].attachments[k].port, name) == 0) return true;
    return false;
}

static void add_shape(void *ctx, const struct netlink_link *l)
{
    struct shape *h = ctx;
    struct {
        char name[LINK_NAME_MAX];
        unsigned index, mtu, enabled;
    } v = {.index = l->index, .mtu = l->mtu, .enabled = l->enabled};
    if (!is_port(h->i, l->name) && strncmp(l->alias, ALIAS_MARK, strlen(ALIAS_MARK)) != 0) return;
    memcpy(v.name, l->name, sizeof v.name);
    h->sum += hash_bytes(&h->s->key, &v, sizeof v); /* in whatever order they come */
}

uint64_t attachments_shape(struct spaces *s, const struct intent *i)
{
    struct shape h = {s, i, 0};
    netlink_each_link(s->nl, add_shape, &h);
    return h.sum;
}
