/* lab/watch.c - the routers' own answers to "show bgp", gathered. */
#include "lab/watch.h"
#include <stdio.h>
#include <string.h>

static const enum lab_node_id asked[] = {NODE_CE1, NODE_EDGE1, NODE_EDGE2, NODE_GW};

static const char *text_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static enum watch_bfd bfd_of(const char *s)
{
    if (strcmp(s, "up") == 0) return WATCH_BFD_UP;
    return strcmp(s, "down") == 0 ? WATCH_BFD_DOWN : WATCH_BFD_OFF;
}

static void take_row(struct watch *w, enum lab_node_id node, const json_t *peer)
{
    if (w->n == WATCH_ROWS_MAX) return;
    struct watch_row *r = &w->rows[w->n++];
    const json_t *prefixes = json_object_get(peer, "prefixes");
    *r = (struct watch_row){.node = node, .bfd = bfd_of(text_of(peer, "bfd"))};
    snprintf(r->domain, sizeof r->domain, "%s", text_of(peer, "domain"));
    snprintf(r->peer, sizeof r->peer, "%s", text_of(peer, "name"));
    snprintf(r->state, sizeof r->state, "%s", text_of(peer, "state"));
    r->accepted = (uint32_t)json_integer_value(json_object_get(prefixes, "accepted"));
    if (!addr_parse(text_of(peer, "address"), &r->address)) r->address = (struct addr){0};
}

static bool take_node(const struct lab_state *state, const struct lab_hooks *hooks,
                      enum lab_node_id node, struct watch *w, struct text *why)
{
    struct text ignored = {0};
    char socket[LAB_PATH_MAX];
    lab_path(state, socket, "%s/control.sock", lab_nodes[node].name);
    json_t *answer = hooks->ask(socket, "bgp", why ? why : &ignored), *peer;
    size_t i;
    json_array_foreach(json_object_get(answer, "peers"), i, peer) take_row(w, node, peer);
    json_decref(answer);
    text_drop(&ignored);
    return answer != NULL;
}

bool watch_take(const struct lab_state *state, const struct lab_hooks *hooks, struct watch *out,
                struct text *why)
{
    bool all = true;
    out->n = 0;
    for (size_t i = 0; i < ARRAY_LEN(asked); i++)
        all = take_node(state, hooks, asked[i], out, all ? why : NULL) && all;
    return all;
}

const struct watch_row *watch_find(const struct watch *w, enum lab_node_id node,
                                   const struct addr *peer)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->rows[i].node == node && addr_equal(&w->rows[i].address, peer)) return &w->rows[i];
    return NULL;
}

bool watch_row_fine(const struct watch_row *r, bool bfd)
{
    return strcmp(r->state, "Established") == 0 && (!bfd || r->bfd == WATCH_BFD_UP);
}

static bool stands(const struct watch_row *r, bool bfd, const char *who, const char *session,
                   struct watch_missing *missing)
{
    if (r && watch_row_fine(r, bfd)) return true;
    snprintf(missing->who, sizeof missing->who, "%s", who);
    if (!r)
        snprintf(missing->what, sizeof missing->what, "%s is not configured yet", session);
    else if (!watch_row_fine(r, false))
        snprintf(missing->what, sizeof missing->what, "%s is %s", session, r->state);
    else
        snprintf(missing->what, sizeof missing->what, "%s is Established, its BFD is not up",
                 session);
    return false;
}

/* The gateway's sessions are with addresses that the plan chose, so they are counted, not named. */
static bool gateway_stands(const struct watch *w, const struct lab_params *p,
                           struct watch_missing *missing)
{
    size_t there = 0;
    for (size_t i = 0; i < w->n; i++) {
        const struct watch_row *r = &w->rows[i];
        if (r->node != NODE_GW) continue;
        if (!stands(r, p->bfd, "gateway", r->peer, missing)) return false;
        there++;
    }
    if (there >= LAB_LEGS) return true;
    snprintf(missing->who, sizeof missing->who, "gateway");
    snprintf(missing->what, sizeof missing->what,
             "%zu of %d sessions with the edges are configured", there, LAB_LEGS);
    return false;
}

bool watch_complete(const struct watch *w, const struct lab_params *p,
                    struct watch_missing *missing)
{
    static const char *const legs[LAB_LEGS] = {"BGP of the primary leg",
                                               "BGP of the secondary leg"};
    static const char *const routers[LAB_LEGS] = {"ce1", "ce2"};
    for (enum lab_leg leg = 0; leg < LAB_LEGS; leg++) {
        enum lab_node_id edge = leg == LEG_PRIMARY ? NODE_EDGE1 : NODE_EDGE2;
        const struct watch_row *r = watch_find(w, edge, &p->legs[leg].customer);
        if (!stands(r, p->bfd, routers[leg], legs[leg], missing)) return false;
    }
    const struct watch_row *near = watch_find(w, NODE_CE1, &p->legs[LEG_PRIMARY].cloud);
    const struct watch_row *site = watch_find(w, NODE_CE1, &p->ce[LEG_SECONDARY]);
    return stands(near, p->bfd, "ce1", legs[LEG_PRIMARY], missing) &&
           stands(site, false, "ce2", "BGP between the customer routers", missing) &&
           gateway_stands(w, p, missing);
}
