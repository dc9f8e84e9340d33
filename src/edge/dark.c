/* edge/dark.c - which attachments carry nothing: the port they come from or the interface in the domain's
 * namespace is down, has no carrier or is not there. Next hops behind them are no next hops (RFC 4271
 * 9.1.2.1); the router process, which sees no interface, is told. */
#include <string.h>
#include "edge/spaces_priv.h"

enum { LINKS_MOST = 4096 };

struct lit { /* names of the interfaces of a namespace that are up */
    struct text names; /* each with its NUL */
};

static void note_lit(void *ctx, const struct netlink_link *l)
{
    struct lit *lit = ctx;
    if (l->up && lit->names.n < LINKS_MOST * LINK_NAME_MAX)
        text_add_n(&lit->names, l->name, strlen(l->name) + 1);
}

static bool is_lit(const struct lit *lit, const char *name)
{
    for (size_t at = 0; at < lit->names.n; at += strlen(lit->names.s + at) + 1)
        if (strcmp(lit->names.s + at, name) == 0) return true;
    return false;
}

static void look(struct space *sp, const struct intent_domain *d, const struct lit *ports, struct text *out)
{
    struct lit inside = {0};
    netlink_each_link(sp->nl, note_lit, &inside);
    for (size_t i = 0; i < d->attachments_n; i++) {
        const struct intent_attachment *a = &d->attachments[i];
        bool port = !a->port || !*a->port || is_lit(ports, a->port);
        if (port && is_lit(&inside, a->name)) continue;
        char n = (char)strlen(a->name);
        text_add_n(out, &n, 1);
        text_add_n(out, a->name, (size_t)n);
    }
    text_drop(&inside.names);
}

void spaces_each_dark(struct spaces *s, const struct intent *i, bool all,
                      void (*seen)(void *ctx, const char *domain, struct span names), void *ctx)
{
    struct lit ports = {0};
    if (!s->forwards) return;
    netlink_each_link(s->nl, note_lit, &ports);
    for (size_t k = 0; k < i->domains_n; k++) {
        struct space *sp = space_named(s, i->domains[k].name);
        if (!sp || !sp->nl) continue;
        struct text now = {0};
        look(sp, &i->domains[k], &ports, &now);
        bool same = now.n == sp->dark.n && (now.n == 0 || memcmp(now.s, sp->dark.s, now.n) == 0);
        if (all || !same) seen(ctx, sp->name, span_of(now.s, now.n));
        text_drop(&sp->dark);
        sp->dark = now;
    }
    text_drop(&ports.names);
}
