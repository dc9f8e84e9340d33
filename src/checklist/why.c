/* checklist/why.c - one function a rung.
 * BFD stands below BGP on the wire but follows it in configuration: where the session is down BFD is
 * silent because the session never came up, so the session is asked. */
#include "checklist/why_priv.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 600 };

const char *why_step_name(enum why_step s)
{
    static const char *const names[WHY_STEPS] = {
        [WHY_LINK] = "link",     [WHY_TAG] = "tag",     [WHY_ARP] = "arp", [WHY_BFD] = "bfd", [WHY_BGP] = "bgp",
        [WHY_POLICY] = "policy", [WHY_ROUTE] = "route", [WHY_NAT] = "nat", [WHY_QOS] = "qos", [WHY_REPLY] = "reply"};
    return names[s];
}

bool why_public(const struct addr *a)
{
    struct prefix p = {*a, a->family == FAMILY_IPV6 ? 128 : 32};
    return prefix_is_public(&p, true);
}

/* ---- what rungs say ---- */

const char *why_keep(struct climb *k, const char *s)
{
    const char *copy = arena_text(k->arena, s);
    return copy ? copy : "";
}

void why_say(struct climb *k, enum why_answer ok, const char *owner, const char *remedy, const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    k->rung->ok = ok;
    k->rung->rule = why_keep(k, text);
    k->rung->owner = ok == WHY_YES ? "" : owner;
    k->rung->remedy = ok == WHY_YES ? "" : remedy;
}

void why_cite(struct climb *k, const struct fact *f)
{
    char text[TEXT_MAX];
    int64_t age = (k->in->now_ms - f->at_ms) / 1000;
    const char *before = k->rung->evidence;
    if (strlen(before) > TEXT_MAX / 2) return;
    snprintf(text, sizeof text, "%s%s%s = %.200s (%s, %lld s ago)", before, *before ? "; " : "", fact_kinds[f->name].name,
             f->value, f->source, (long long)(age > 0 ? age : 0));
    k->rung->evidence = why_keep(k, text);
}

bool why_fresh(const struct climb *k, const struct fact *f)
{
    return fact_kinds[f->name].lasting || (k->in->now_ms - f->at_ms) / 1000 <= k->in->freshness_s;
}

/* The newest fresh value, cited; NULL if there is none. */
const char *why_seen(struct climb *k, enum fact_name name, const char *subject)
{
    struct fact_range r = facts_of(k->in->facts, name, subject);
    const struct fact *best = NULL;
    for (size_t i = 0; i < r.n; i++)
        if (why_fresh(k, &r.first[i]) && (!best || r.first[i].at_ms > best->at_ms)) best = &r.first[i];
    if (best) why_cite(k, best);
    return best ? best->value : NULL;
}

/* Among facts that begin with a prefix: the longest that has the address. *out_any: is there any? */
static const struct fact *why_covering(const struct climb *k, enum fact_name name, const char *subject,
                                   const struct addr *a, bool *out_any)
{
    struct fact_range r = facts_of(k->in->facts, name, subject);
    const struct fact *best = NULL;
    int longest = -1;
    *out_any = false;
    for (size_t i = 0; i < r.n; i++) {
        char text[PREFIX_TEXT_MAX];
        struct prefix p;
        if (!why_fresh(k, &r.first[i])) continue;
        if (sscanf(r.first[i].value, "%49s", text) != 1 || prefix_parse(text, &p) != PREFIX_FINE) continue;
        *out_any = true;
        if (prefix_has(&p, a) && (int)p.len > longest) longest = p.len, best = &r.first[i];
    }
    return best;
}

const char *why_show(struct climb *k, const struct addr *a)
{
    char text[ADDR_TEXT_MAX];
    return why_keep(k, addr_text(a, text));
}

const char *why_party(const struct climb *k) /* who runs the customer's side of the session */
{
    return k->circuit->l3_managed_by == PARTY_PROVIDER ? "provider" : "customer";
}

const char *why_router(const struct climb *k)
{
    const char *r = k->circuit->links[k->leg].router;
    return *r ? r : "the customer's router";
}

/* ---- the rungs ---- */

static void rung_link(struct climb *k)
{
    const char *up = why_seen(k, FACT_ATTACHMENT_UP, k->subject);
    if (!up) why_say(k, WHY_UNKNOWN, "", "", "nobody reports the sub-interface of the leg");
    else if (strcmp(up, "true") == 0) why_say(k, WHY_YES, "", "", "the cloud edge's sub-interface of the leg is up");
    else
        why_say(k, WHY_NO, "cloud", "Look at the edge's port and cable; the interface has no carrier or is switched off.",
            "the cloud edge's sub-interface of the leg is down");
}

static void rung_tag(struct climb *k)
{
    const char *ctag = why_seen(k, FACT_ATTACHMENT_CTAG, k->subject), *stag = why_seen(k, FACT_ATTACHMENT_STAG, k->subject);
    const char *agreed = why_seen(k, FACT_CROSS_STAG, k->on_circuit), *foreign = why_seen(k, FACT_WRONG_TAG, k->subject);
    unsigned outer, inner;
    if (foreign && sscanf(foreign, "%u %u", &outer, &inner) == 2)
        why_say(k, WHY_NO, why_party(k), "Set the sub-interface of the leg to the peering's VLAN id.",
            "frames arrive with C-tag %u, the peering has VLAN %u", inner, k->peering->vlan);
    else if (ctag && (unsigned)atoi(ctag) != k->peering->vlan && k->peering->vlan)
        why_say(k, WHY_NO, why_party(k), "Give peering and routers one VLAN id.", "the edge uses C-tag %s, the design VLAN %u", ctag,
            k->peering->vlan);
    else if (stag && agreed && strcmp(stag, agreed) != 0)
        why_say(k, WHY_NO, "provider", "Agree on one S-tag for both ends of the cross-connection.",
            "the edge uses S-tag %s, the cross-connection %s", stag, agreed);
    else if (ctag || (stag && agreed)) why_say(k, WHY_YES, "", "", "both ends use the same tags, and no foreign tag arrives");
    else why_say(k, WHY_UNKNOWN, "", "", "nobody reports the tags in use");
}

static bool resolved(const char *entry)
{
    char mac[32], state[32];
    return sscanf(entry, "%*s %31s %31s", mac, state) == 2 && strcmp(mac, "00:00:00:00:00:00") != 0 &&
           strcmp(state, "failed") != 0 && strcmp(state, "incomplete") != 0;
}

static void rung_arp(struct climb *k)
{
    struct prefix link;
    bool six = k->cloud.family == FAMILY_IPV6;
    if (!design_link_subnet(six ? &k->peering->ipv6 : &k->peering->ipv4, k->leg, &link)) {
        why_say(k, WHY_UNKNOWN, "", "", "the design gives no subnet for the leg");
        return;
    }
    struct addr customer = prefix_host(&link, 1);
    struct fact_range r = facts_of(k->in->facts, FACT_NEIGHBOR, k->subject);
    bool told = false; /* by somebody, lately */
    const char *want = why_show(k, &customer), *what = six ? "neighbour discovery" : "ARP";
    for (size_t i = 0; i < r.n; i++) {
        size_t n = strlen(want);
        told = told || why_fresh(k, &r.first[i]);
        if (!why_fresh(k, &r.first[i]) || strncmp(r.first[i].value, want, n) != 0 || r.first[i].value[n] != ' ') continue;
        why_cite(k, &r.first[i]);
        if (resolved(r.first[i].value)) {
            why_say(k, WHY_YES, "", "", "%s answers %s", want, what);
            return;
        }
    }
    if (!why_seen(k, FACT_ATTACHMENT_ADDRESS, k->subject) && !told)
        why_say(k, WHY_UNKNOWN, "", "", "nobody reports %s on the leg", what);
    else
        why_say(k, WHY_NO, why_party(k), "Check port, tags and address of the router: the customer has the first address of the subnet.",
            "%s does not answer %s", want, what);
}

static void rung_bfd(struct climb *k)
{
    const char *state = why_seen(k, FACT_BFD_STATE, k->subject), *theirs = why_seen(k, FACT_CUSTOMER_BFD, k->subject);
    bool wanted = design_leg_of(k->in->design, k->circuit, k->kind, k->leg).bfd.on == SAID_YES;
    if (!state) why_say(k, WHY_UNKNOWN, "", "", "nobody reports BFD on the leg");
    else if (strcmp(state, "up") == 0) why_say(k, WHY_YES, "", "", "BFD is up");
    else if (!k->session_up) why_say(k, WHY_UNKNOWN, "", "", "BFD is %s because the session is: see bgp", state);
    else if (!wanted) why_say(k, WHY_YES, "", "", "the design does not ask for BFD here");
    else
        why_say(k, WHY_NO, why_party(k), "Switch BFD on for the neighbour on both routers, and reset an old peering once.",
            "the session stands without BFD: %s at the edge, %s at %s", state, theirs ? theirs : "not known", why_router(k));
}

static void rung_bgp(struct climb *k)
{
    const char *state = why_seen(k, FACT_SESSION_STATE, k->subject), *theirs = why_seen(k, FACT_CUSTOMER_STATE, k->subject);
    const char *fault = why_seen(k, FACT_KEY_FAULT, k->subject), *asn = why_seen(k, FACT_CUSTOMER_REMOTE_ASN, k->subject);
    const char *peer_asn = why_seen(k, FACT_SESSION_ASN, k->subject);
    const char *enabled = why_seen(k, FACT_PEERING_STATE, k->on_peering);
    if (!state) why_say(k, WHY_UNKNOWN, "", "", "nobody reports the session of the leg");
    else if (strcmp(state, "Established") == 0) why_say(k, WHY_YES, "", "", "the session is Established");
    else if (fault) why_say(k, WHY_NO, why_party(k), "Configure one key at both ends of the session.", "the keys differ: %s", fault);
    else if (enabled && strcmp(enabled, "Disabled") == 0)
        why_say(k, WHY_NO, "customer", "Enable the peering.", "the peering is disabled");
    else if (asn && strcmp(asn, "12076") != 0)
        why_say(k, WHY_NO, why_party(k), "The cloud's AS number is 12076.", "%s expects AS %s", why_router(k), asn);
    else {
        const char *last = why_seen(k, FACT_SESSION_ERROR, k->subject);
        bool shut = theirs && (strcmp(theirs, "Idle") == 0 || strcmp(theirs, "Down") == 0);
        why_say(k, WHY_NO, why_party(k),
            shut ? "Switch the session on at the customer's router." : "Compare addresses, AS numbers and key of both ends.",
            "the session is %s at the edge, %s at %s%s%s%s%s", state, theirs ? theirs : "not known", why_router(k),
            last && *last ? "; it last ended with: " : "", last ? last : "", peer_asn ? "; the edge expects AS " : "",
            peer_asn ? peer_asn : "");
    }
}

static void rung_policy(struct climb *k)
{
    bool any, any_accepted;
    const struct fact *refused = why_covering(k, FACT_ROUTE_REFUSED, k->subject, &k->outer, &any);
    const struct fact *accepted = why_covering(k, FACT_ROUTE, k->subject, &k->outer, &any_accepted);
    const char *filter = k->kind == PEERING_MICROSOFT ? why_seen(k, FACT_FILTER_RULE, k->on_peering) : NULL;
    if (accepted) {
        why_cite(k, accepted);
        why_say(k, WHY_YES, "", "", "what the customer announces for %s is accepted", why_show(k, &k->outer));
    } else if (refused) {
        why_cite(k, refused);
        const char *reason = strchr(refused->value, ' ');
        why_say(k, WHY_NO, why_party(k), "Announce what the peering's rules accept.", "the announcement of %s is refused: %s",
            why_show(k, &k->outer), reason ? reason + 1 : "");
    } else if (k->kind == PEERING_MICROSOFT && !filter) {
        why_say(k, WHY_UNKNOWN, "", "", "nobody reports the route filter of the peering");
    } else if (any_accepted || any) {
        why_say(k, WHY_YES, "", "", "nothing for %s is refused", why_show(k, &k->outer));
    } else {
        why_say(k, WHY_UNKNOWN, "", "", "nobody reports what is announced on the leg");
    }
}

/* The site's router has a route to the cloud's end over this leg; the edge has one to the gateway. */
static void way_to_cloud(struct climb *k)
{
    bool any_customer, any_edge = false;
    const struct fact *customer = why_covering(k, FACT_CUSTOMER_ROUTE, k->subject, &k->cloud, &any_customer);
    const struct fact *edge = k->connection ? why_covering(k, FACT_ROUTE, k->on_connection, &k->cloud, &any_edge) : NULL;
    const char *count = why_seen(k, FACT_CUSTOMER_IMPORTED, k->subject), *to = why_show(k, &k->cloud);
    if (customer) why_cite(k, customer);
    if (edge) why_cite(k, edge);
    if (k->connection && any_edge && !edge)
        why_say(k, WHY_NO, "cloud", "Look at the gateway's connection and the network's address space.",
            "the edge has no route to %s from the gateway", to);
    else if (customer) why_say(k, WHY_YES, "", "", "%s has a route to %s over this leg", why_router(k), to);
    else if (any_customer)
        why_say(k, WHY_NO, why_party(k), "Accept the cloud's announcement on the router; look at its import filter.",
            "%s has no route to %s over this leg", why_router(k), to);
    else if (count && strcmp(count, "0") == 0)
        why_say(k, WHY_NO, k->kind == PEERING_MICROSOFT ? "customer" : "cloud",
            k->kind == PEERING_MICROSOFT ? "Hang a route filter with the service's community on the peering."
                                         : "Look at the connection between circuit and gateway.",
            "the cloud announces nothing on this leg");
    else why_say(k, WHY_UNKNOWN, "", "", "nobody reports the routes of %s", why_router(k));
}

/* The edge has a route to the site over this leg, and the gateway has one to the edge. */
static void way_to_site(struct climb *k)
{
    bool any_edge, any_gateway = false;
    const struct fact *edge = why_covering(k, FACT_ROUTE, k->subject, &k->outer, &any_edge);
    const struct fact *gateway =
        k->connection ? why_covering(k, FACT_GATEWAY_ROUTE, k->on_connection, &k->outer, &any_gateway) : NULL;
    const char *to = why_show(k, &k->outer), *received = why_seen(k, FACT_SESSION_RECEIVED, k->subject);
    bool silent = received && strcmp(received, "0") == 0; /* none is known, not just none reported */
    if (edge) why_cite(k, edge);
    if (gateway) why_cite(k, gateway);
    if ((any_edge || silent) && !edge)
        why_say(k, WHY_NO, why_party(k), "Announce the site's prefix on this leg too.", "%s does not announce %s on this leg",
            why_router(k), to);
    else if (!edge) why_say(k, WHY_UNKNOWN, "", "", "nobody reports what is announced on the leg");
    else if (!k->connection) why_say(k, WHY_YES, "", "", "the edge has a route to %s over this leg", to);
    else if (gateway) why_say(k, WHY_YES, "", "", "the gateway sends to %s over this leg", to);
    else if (any_gateway)
        why_say(k, WHY_NO, "cloud", "Look at the session between this edge and the gateway, and at the gateway's limits.",
            "the gateway has no route to %s over this leg", to);
    else why_say(k, WHY_UNKNOWN, "", "", "the edge has a route to %s; nobody reports the gateway's routes", to);
}

/* Whoever receives packets of a direction may filter them: the cloud's edge what comes from the site, the
 * customer's router what comes from the cloud. */
static void rung_route(struct climb *k)
{
    (k->from_site ? way_to_cloud : way_to_site)(k);
    if (k->rung->ok != WHY_NO) why_filters(k, k->from_site);
}
static void rung_reply(struct climb *k)
{
    (k->from_site ? way_to_site : way_to_cloud)(k);
    if (k->rung->ok != WHY_NO) why_filters(k, !k->from_site);
}

static void (*const rungs[WHY_STEPS])(struct climb *k) = {
    [WHY_LINK] = rung_link,     [WHY_TAG] = rung_tag,     [WHY_ARP] = rung_arp, [WHY_BFD] = rung_bfd,
    [WHY_BGP] = rung_bgp,       [WHY_POLICY] = rung_policy, [WHY_ROUTE] = rung_route, [WHY_NAT] = why_rung_nat,
    [WHY_QOS] = why_rung_qos,       [WHY_REPLY] = rung_reply,
};

/* ---- climbing ---- */

static void climb_leg(struct climb *k, struct why_leg *out)
{
    struct why_rung spare = {.rule = "", .evidence = "", .owner = "", .remedy = ""};
    *out = (struct why_leg){.leg = k->leg, .ok = WHY_YES, .broken = WHY_STEPS};
    k->rung = &spare;
    const char *state = why_seen(k, FACT_SESSION_STATE, k->subject);
    k->session_up = state && strcmp(state, "Established") == 0;
    for (enum why_step s = 0; s < WHY_STEPS; s++) {
        k->rung = &out->rungs[s];
        *k->rung = spare;
        k->rung->evidence = "";
        if (out->broken != WHY_STEPS) {
            why_say(k, WHY_UNKNOWN, "", "", "rests on %s", why_step_name(out->broken));
            continue;
        }
        rungs[s](k);
        if (k->rung->ok == WHY_NO) out->broken = s, out->ok = WHY_NO;
        if (k->rung->ok == WHY_UNKNOWN && out->ok == WHY_YES) out->ok = WHY_UNKNOWN;
    }
}

/* ---- which circuit ---- */

static bool in_site(const struct design_site *s, const struct addr *a)
{
    if (!addr_is_none(&s->lan.addr) && prefix_has(&s->lan, a)) return true;
    for (size_t i = 0; i < s->prefixes_n; i++)
        if (!prefix_is_default(&s->prefixes[i]) && prefix_has(&s->prefixes[i], a)) return true;
    for (size_t i = 0; i < s->hosts_n; i++)
        if (addr_equal(&s->hosts[i].address, a)) return true;
    return false;
}

static bool in_network(const struct design_vnet *v, const struct addr *a)
{
    for (size_t i = 0; i < v->address_spaces_n; i++)
        if (prefix_has(&v->address_spaces[i], a)) return true;
    return false;
}

static bool site_of_circuit(const struct design *d, const struct design_circuit *c, const struct addr *a)
{
    bool any_router = false;
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        const struct design_site *s = NULL;
        if (!*c->links[leg].router) continue;
        any_router = design_router(d, c->links[leg].router, &s) != NULL || any_router;
        if (s && in_site(s, a)) return true;
    }
    /* A design derived from an export knows no sites: whatever is not in a network is the customer's. */
    for (size_t i = 0; i < d->virtual_networks_n; i++)
        if (in_network(&d->virtual_networks[i], a)) return false;
    return !any_router && d->sites_n == 0;
}

static bool network_reached(const struct design *d, const struct design_connection *k, const struct addr *a)
{
    const struct design_gateway *g = design_gateway(d, k->gateway);
    const struct design_vnet *v = g ? design_vnet(d, g->virtual_network) : NULL;
    if (!v) return false;
    if (in_network(v, a)) return true;
    for (size_t i = 0; i < v->peers_n; i++) {
        const struct design_vnet *p = design_vnet(d, v->peers[i]);
        if (p && in_network(p, a)) return true;
    }
    return false;
}

/* Fills circuit, peering, connection for (site, cloud) ends. */
static bool find_way(struct climb *k, const struct addr *site, const struct addr *cloud)
{
    const struct design *d = k->in->design;
    for (size_t c = 0; c < d->circuits_n; c++) {
        k->circuit = &d->circuits[c];
        if (!site_of_circuit(d, k->circuit, site)) continue;
        for (size_t i = 0; i < d->connections_n; i++) {
            k->connection = &d->connections[i];
            k->kind = PEERING_PRIVATE;
            if (strcmp(k->connection->circuit, k->circuit->name) == 0 && k->circuit->peerings[k->kind].there &&
                network_reached(d, k->connection, cloud))
                return true;
        }
        k->connection = NULL;
        k->kind = PEERING_MICROSOFT;
        if (k->circuit->peerings[k->kind].there && why_public(cloud)) return true;
    }
    return false;
}

static const char *no_way(struct climb *k)
{
    const struct design *d = k->in->design;
    const struct addr *ends[] = {&k->in->src, &k->in->dst};
    for (size_t e = 0; e < 2; e++) {
        bool known = why_public(ends[e]) || d->sites_n == 0;
        for (size_t i = 0; i < d->sites_n; i++) known = known || in_site(&d->sites[i], ends[e]);
        for (size_t i = 0; i < d->virtual_networks_n; i++) known = known || in_network(&d->virtual_networks[i], ends[e]);
        if (!known) return arena_printf(k->arena, "%s is in no site and no virtual network of the design", why_show(k, ends[e]));
    }
    return "no circuit of the design joins the two: no connection, or no Microsoft peering for a public address";
}

bool why_address(const struct design *d, const char *s, struct addr *out)
{
    if (addr_parse(s, out)) return true;
    for (size_t i = 0; i < d->sites_n; i++)
        for (size_t h = 0; h < d->sites[i].hosts_n; h++)
            if (strcmp(d->sites[i].hosts[h].name, s) == 0) return *out = d->sites[i].hosts[h].address, true;
    for (size_t i = 0; i < d->virtual_networks_n; i++)
        for (size_t h = 0; h < d->virtual_networks[i].hosts_n; h++)
            if (strcmp(d->virtual_networks[i].hosts[h].name, s) == 0)
                return *out = d->virtual_networks[i].hosts[h].address, true;
    return false;
}

/* ---- both legs together ---- */

static enum why_answer direction(const struct why_leg *l, enum why_step s)
{
    return l->broken != WHY_STEPS && l->broken < s ? WHY_NO : l->rungs[s].ok;
}

static enum why_answer same_legs(const struct why *w)
{
    for (enum leg leg = LEG_FIRST; leg < LEGS; leg++) {
        enum why_answer there = direction(&w->legs[leg], WHY_ROUTE), back = direction(&w->legs[leg], WHY_REPLY);
        if (there == WHY_UNKNOWN || back == WHY_UNKNOWN) return WHY_UNKNOWN;
        if (there != back) return WHY_NO;
    }
    return WHY_YES;
}

static void sum_up(struct why *w)
{
    enum why_answer a = w->legs[LEG_FIRST].ok, b = w->legs[LEG_SECOND].ok;
    w->ok = a == WHY_NO || b == WHY_NO ? WHY_NO : a == WHY_YES && b == WHY_YES ? WHY_YES : WHY_UNKNOWN;
    w->reachable = a == WHY_YES || b == WHY_YES ? WHY_YES : a == WHY_NO && b == WHY_NO ? WHY_NO : WHY_UNKNOWN;
    w->symmetric = same_legs(w);
}

static void name_subjects(struct climb *k)
{
    const char *peering = peering_kind_name(k->kind), *leg = leg_name(k->leg);
    snprintf(k->subject, sizeof k->subject, "circuit/%s/%s/%s", k->circuit->name, peering, leg);
    snprintf(k->on_peering, sizeof k->on_peering, "circuit/%s/%s", k->circuit->name, peering);
    snprintf(k->on_circuit, sizeof k->on_circuit, "circuit/%s", k->circuit->name);
    snprintf(k->on_connection, sizeof k->on_connection, "connection/%s/%s", k->connection ? k->connection->name : "", leg);
}

struct why *why_climb(const struct why_input *in, struct arena *arena, const char **out_reason)
{
    struct climb k = {.in = in, .arena = arena, .from_site = true};
    struct why *w = arena_take(arena, sizeof *w);
    *out_reason = "the arena is full";
    if (!w) return NULL;
    k.from_site = find_way(&k, &in->src, &in->dst);
    if (!k.from_site && !find_way(&k, &in->dst, &in->src)) {
        *out_reason = no_way(&k);
        return NULL;
    }
    k.site = k.from_site ? in->src : in->dst;
    k.cloud = k.from_site ? in->dst : in->src;
    k.peering = &k.circuit->peerings[k.kind];
    *w = (struct why){.src = in->src, .dst = in->dst, .circuit = k.circuit->name, .peering = peering_kind_name(k.kind)};
    for (k.leg = LEG_FIRST; k.leg < LEGS; k.leg++) {
        name_subjects(&k);
        k.outer = why_outer(&k);
        climb_leg(&k, &w->legs[k.leg]);
    }
    sum_up(w);
    return w;
}
