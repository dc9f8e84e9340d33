/* control/page_circuit.c - a circuit as a picture and as tables. The picture is what the resources
 * say; its colours and dashes are what the edges reported lately, and "no evidence" when they did
 * not. */
#include <stdio.h>
#include <string.h>
#include "control/page_parts.h"
#include "net/prefix.h"

enum { LEGS = 2, GATEWAYS_MAX = 6 };

static const char *const leg_names[LEGS] = {"primary", "secondary"};

struct drawing {                     /* one circuit */
    const json_t *circuit, *peering; /* peering: the private one, or the first; NULL: none */
    const char *label, *word;        /* "private" */
    const json_t *connections[GATEWAYS_MAX];
    size_t connections_n, connections_all;
    int height;
};

/* --- what belongs to a circuit --- */

static bool of_circuit(const json_t *connection, const json_t *circuit)
{
    return is_type(connection, "connections") &&
           text_same_nocase(internal(connection, "circuit"), text_in(circuit, "id"));
}

static void gather(const struct page *p, const json_t *circuit, struct drawing *d)
{
    size_t i;
    json_t *r;
    *d = (struct drawing){
        .circuit = circuit, .label = internal(circuit, "label"), .word = "private"};
    json_array_foreach((json_t *)p->resources, i, r)
    {
        bool peering = is_type(r, "expressRouteCircuits/peerings") && below(r, circuit);
        bool private = strcmp(text_in(r, "name"), "AzurePrivatePeering") == 0;
        if (peering && (private || !d->peering)) {
            d->peering = r;
            d->word = private ? "private" : "microsoft";
        }
        if (!of_circuit(r, circuit)) continue;
        if (d->connections_n < GATEWAYS_MAX) d->connections[d->connections_n++] = r;
        d->connections_all++;
    }
    size_t rows = d->connections_n > 2 ? d->connections_n : 2;
    d->height = (int)(60 + 110 * rows);
}

/* The n-th host of a link's prefix, as text. */
static const char *host_of(const char *prefix, unsigned n, char out[static ADDR_TEXT_MAX])
{
    struct prefix net;
    if (prefix_parse(prefix, &net) != PREFIX_FINE) return "";
    struct addr a = addr_plus(&net.addr, n);
    return addr_text(&a, out);
}

static const char *link_prefix(const struct drawing *d, int leg)
{
    return d->peering
               ? prop(d->peering, leg ? "secondaryPeerAddressPrefix" : "primaryPeerAddressPrefix")
               : "";
}

static const char *edge_name(const struct page *p, const struct drawing *d, int leg)
{
    size_t i;
    json_t *e;
    const json_t *props = json_object_get(d->circuit, "properties");
    const char *at =
        text_in(json_object_get(props, "serviceProviderProperties"), "peeringLocation");
    json_array_foreach((json_t *)p->edges, i, e)
    {
        if (strcmp(text_in(e, "leg"), leg_names[leg]) == 0 &&
            text_same_nocase(text_in(e, "location"), at))
            return text_in(e, "name");
    }
    return "";
}

/* --- the picture --- */

/* Left and right ends of each column. */
enum {
    CE = 0,
    CE_END = 150,
    X = 245,
    X_END = 375,
    EDGE = 475,
    EDGE_END = 635,
    GW = 715,
    GW_END = 855,
    NET = 890,
    NET_END = 1000,
};
enum { TOP = 18, LEG_STEP = 110, BOX = 74 };

static int leg_y(const struct drawing *d, int leg)
{
    int middle = d->height / 2;
    return middle + (leg ? LEG_STEP : -LEG_STEP) / 2 * (d->height - 60) / 220;
}

static int gateway_y(const struct drawing *d, size_t i)
{
    return (int)((size_t)d->height * (2 * i + 1) / (2 * d->connections_n));
}

static void box(struct page *p, int left, int right, int top, int height, const char *kind)
{
    putf(p, "<rect class=\"box %s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"9\"/>", kind,
         left + 1, top, right - left - 2, height);
}

static void label(struct page *p, int x, int y, const char *kind, const char *s)
{
    putf(p, "<text text-anchor=\"middle\" class=\"%s\" x=\"%d\" y=\"%d\">", kind, x, y);
    put_safe(p, s);
    put(p, "</text>");
}

static void node(struct page *p, int left, int right, int y, const char *name, const char *one,
                 const char *two)
{
    int x = (left + right) / 2;
    box(p, left, right, y - BOX / 2, BOX, "");
    label(p, x, y - 12, "name", name);
    label(p, x, y + 7, "sub", one);
    label(p, x, y + 24, "sub", two);
}

static void wire(struct page *p, int x1, int y1, int x2, int y2, const char *look)
{
    int bend = (x1 + x2) / 2;
    putf(p, "<path class=\"wire %s\" d=\"M%d %dC%d %d %d %d %d %d\"/>", look, x1, y1, bend, y1,
         bend, y2, x2, y2);
}

static void draw_leg(struct page *p, const struct drawing *d, int leg)
{
    int y = leg_y(d, leg);
    char subject[160], text[64], a[ADDR_TEXT_MAX], b[ADDR_TEXT_MAX];
    const json_t *props = d->peering ? json_object_get(d->peering, "properties") : NULL;
    snprintf(subject, sizeof subject, "circuit/%s/%s/%s", d->label, d->word, leg_names[leg]);
    enum session s = session_of(p, subject);
    wire(p, CE_END, y, X, y, session_look(s));
    wire(p, X_END, y, EDGE, y, session_look(s));
    snprintf(text, sizeof text, "AS %.0f", number_in(props, "peerASN"));
    node(p, CE, CE_END, y, leg ? "Customer edge 2" : "Customer edge 1", props ? text : "",
         host_of(link_prefix(d, leg), 1, a));
    const char *name = edge_name(p, d, leg);
    node(p, EDGE, EDGE_END, y, *name ? name : "no router",
         *name ? "cloud edge, AS 12076" : "is registered", host_of(link_prefix(d, leg), 2, b));
    snprintf(text, sizeof text, "VLAN %.0f", number_in(props, "vlanId"));
    if (props) label(p, (CE_END + X) / 2, y - 9, "sub", text);
    label(p, (X_END + EDGE) / 2, y - 9, "sub", leg_names[leg]);
    snprintf(text, sizeof text, "state %s", session_look(s));
    label(p, (X_END + EDGE) / 2, y + 19, text, session_word(s));
}

static void draw_exchange(struct page *p, const struct drawing *d)
{
    char text[64];
    const json_t *props = json_object_get(d->circuit, "properties");
    const json_t *at = json_object_get(props, "serviceProviderProperties");
    double stag = number_in(json_object_get(d->circuit, "internal"), "stag");
    int x = (X + X_END) / 2, y = d->height / 2;
    box(p, X, X_END, TOP, d->height - 2 * TOP, "");
    label(p, x, y - 18, "name", text_in(at, "serviceProviderName"));
    label(p, x, y + 2, "sub", text_in(at, "peeringLocation"));
    snprintf(text, sizeof text, "S-tag %.0f", stag);
    if (stag > 0) label(p, x, y + 20, "sub", text);
}

static void draw_gateway(struct page *p, const struct drawing *d, size_t i)
{
    int y = gateway_y(d, i);
    char subject[160];
    const json_t *c = d->connections[i], *gateway = by_key(p, internal(c, "gateway"));
    const json_t *vnet = gateway ? by_key(p, internal(gateway, "vnet")) : NULL;
    const json_t *space = json_object_get(json_object_get(vnet, "properties"), "addressSpace");
    const char *first =
        json_string_value(json_array_get(json_object_get(space, "addressPrefixes"), 0));
    for (int leg = 0; leg < LEGS; leg++) {
        snprintf(subject, sizeof subject, "connection/%s/%s", internal(c, "label"), leg_names[leg]);
        wire(p, EDGE_END, leg_y(d, leg), GW, y, session_look(session_of(p, subject)));
    }
    wire(p, GW_END, y, NET, y, "good");
    node(p, GW, GW_END, y, text_in(gateway, "name"), "gateway, AS 65515", text_in(c, "name"));
    node(p, NET, NET_END, y, text_in(vnet, "name"), "network", first ? first : "");
}

static void draw(struct page *p, const struct drawing *d)
{
    putf(p, "<div class=\"scroll\"><svg role=\"img\" viewBox=\"0 0 1000 %d\"><title>", d->height);
    put(p, "Circuit ");
    put_safe(p, text_in(d->circuit, "name"));
    put(p, ": customer edges, exchange, cloud edges, gateways, networks</title>");
    draw_exchange(p, d);
    for (size_t i = 0; i < d->connections_n; i++) draw_gateway(p, d, i);
    for (int leg = 0; leg < LEGS; leg++) draw_leg(p, d, leg);
    if (d->connections_n == 0) {
        box(p, GW, NET_END, d->height / 2 - BOX / 2, BOX, "far");
        label(p, (GW + NET_END) / 2, d->height / 2 + 4, "sub", "no network is linked");
    }
    put(p, "</svg></div>");
}

/* --- what is to be done next --- */

static bool not_provisioned(const struct page *p, const struct drawing *d)
{
    (void)p;
    return strcmp(prop(d->circuit, "serviceProviderProvisioningState"), "Provisioned") != 0;
}
static bool no_peering(const struct page *p, const struct drawing *d)
{
    return (void)p, !d->peering;
}
static bool no_edge(const struct page *p, const struct drawing *d)
{
    return !*edge_name(p, d, 0) || !*edge_name(p, d, 1);
}
static bool no_connection(const struct page *p, const struct drawing *d)
{
    return (void)p, d->connections_all == 0;
}
static bool leg_is(const struct page *p, const struct drawing *d, int leg, enum session s)
{
    char subject[160];
    snprintf(subject, sizeof subject, "circuit/%s/%s/%s", d->label, d->word, leg_names[leg]);
    return session_of(p, subject) == s;
}
static bool silent(const struct page *p, const struct drawing *d)
{
    return leg_is(p, d, 0, SESSION_UNKNOWN) || leg_is(p, d, 1, SESSION_UNKNOWN);
}
static bool both_down(const struct page *p, const struct drawing *d)
{
    return leg_is(p, d, 0, SESSION_DOWN) && leg_is(p, d, 1, SESSION_DOWN);
}
static bool one_down(const struct page *p, const struct drawing *d)
{
    return leg_is(p, d, 0, SESSION_DOWN) || leg_is(p, d, 1, SESSION_DOWN);
}

/* The first that holds is what stands in the way; it names who must act. */
static const struct {
    bool (*holds)(const struct page *p, const struct drawing *d);
    const char *says;
} ladder[] = {
    {not_provisioned,
     "<b>Provider:</b> the circuit is ordered and waits to be provisioned. Give the "
     "provider its service key."},
    {no_peering, "<b>Customer:</b> the circuit is provisioned. Configure its private peering."},
    {no_edge, "<b>Operator:</b> no router is registered for both legs of this peering location."},
    {silent, "<b>Operator:</b> a router of this circuit has not reported lately; its sessions are "
             "unknown, not down."},
    {both_down,
     "<b>Customer:</b> both sessions are down: compare addresses, VLAN, AS number and key "
     "with your routers."},
    {one_down, "<b>Customer:</b> one session is down. Traffic goes over the other leg; nothing "
               "protects it now."},
    {no_connection,
     "<b>Customer:</b> both sessions are up. Link a virtual network to the circuit."},
};

static void next_step(struct page *p, const struct drawing *d)
{
    for (size_t i = 0; i < ARRAY_LEN(ladder); i++) {
        if (!ladder[i].holds(p, d)) continue;
        put(p, "<p class=\"next\">");
        put(p, ladder[i].says);
        put(p, "</p>");
        return;
    }
}

/* --- the table of sessions --- */

static void number_cell(struct page *p, const json_t *o, const char *key)
{
    putf(p, "<td class=\"n\">%.0f</td>", number_in(o, key));
}

static void last_error(struct page *p, const json_t *peer)
{
    const json_t *e = json_object_get(peer, "last_error");
    put(p, "<td>");
    put_safe(p, text_in(e, "text"));
    put(p, "</td>");
}

static void session_row(struct page *p, const json_t *edge, const json_t *peer, void *ctx)
{
    const char *state = text_in(peer, "state"), *bfd = text_in(peer, "bfd");
    bool up = text_same_nocase(state, "established");
    bool stale = number_in(edge, "age_s") > PAGE_STALE_S;
    const json_t *prefixes = json_object_get(peer, "prefixes");
    *(bool *)ctx = true;
    put(p, "<tr><td>");
    const char *subject = text_in(peer, "subject"), *slash = strchr(subject, '/');
    put_safe(p, slash ? slash + 1 : subject);
    put(p, "</td><td>");
    put_safe(p, text_in(edge, "name"));
    put(p, "</td><td>");
    put_safe(p, text_in(peer, "address"));
    putf(p, " <span class=\"dim\">AS&nbsp;%.0f</span></td><td>", number_in(peer, "asn"));
    put_badge(p, stale ? "unknown" : up ? "good" : "bad", state);
    put(p, "</td><td class=\"n\">");
    if (up)
        put_age(p, number_in(peer, "uptime_s") + number_in(edge, "age_s"));
    else
        put(p, "&ndash;");
    put(p, "</td><td>");
    if (*bfd && strcmp(bfd, "off") != 0)
        put_badge(p, stale ? "unknown" : strcmp(bfd, "up") == 0 ? "good" : "bad", bfd);
    put(p, "</td>");
    number_cell(p, prefixes, "received");
    number_cell(p, prefixes, "accepted");
    number_cell(p, prefixes, "advertised");
    last_error(p, peer);
    put(p, "<td class=\"n\">");
    put_age(p, number_in(edge, "age_s"));
    put(p, " ago</td></tr>");
}

static void sessions(struct page *p, const struct drawing *d)
{
    bool any = false;
    char subject[160];
    size_t before = p->out->n;
    put(p, "<div "
           "class=\"scroll\"><table><tr><th>session</th><th>router</th><th>peer</th><th>state</th>"
           "<th>up for</th><th>BFD</th><th>received</th><th>accepted</th><th>sent</th>"
           "<th>last error</th><th>seen</th></tr>");
    snprintf(subject, sizeof subject, "circuit/%s/", d->label);
    each_peer(p, subject, session_row, &any);
    for (size_t i = 0; i < d->connections_n; i++) {
        snprintf(subject, sizeof subject, "connection/%s/", internal(d->connections[i], "label"));
        each_peer(p, subject, session_row, &any);
    }
    put(p, "</table></div>");
    if (!any) p->out->s[p->out->n = before] = '\0';
}

/* --- a circuit --- */

static void heading(struct page *p, const struct drawing *d)
{
    const json_t *props = json_object_get(d->circuit, "properties");
    const json_t *at = json_object_get(props, "serviceProviderProperties");
    const char *provider = prop(d->circuit, "serviceProviderProvisioningState");
    const char *state = prop(d->circuit, "provisioningState");
    put(p, "<div class=\"top\"><h3>");
    put_safe(p, text_in(d->circuit, "name"));
    put(p, "</h3><span class=\"dim\">");
    putf(p, "%.0f Mbps, ", number_in(at, "bandwidthInMbps"));
    put_safe(p, text_in(json_object_get(d->circuit, "sku"), "name"));
    put(p, ", ");
    put_safe(p, text_in(d->circuit, "location"));
    put(p, "</span>");
    put_badge(p, strcmp(provider, "Provisioned") == 0 ? "good" : "warn", provider);
    if (strcmp(state, "Succeeded") != 0)
        put_badge(p, strcmp(state, "Failed") == 0 ? "bad" : "warn", state);
    put(p, "</div>");
}

void page_circuits(struct page *p)
{
    size_t i, shown = 0;
    json_t *r;
    put(p, "<h2>Circuits</h2>");
    json_array_foreach((json_t *)p->resources, i, r)
    {
        struct drawing d;
        if (!is_type(r, "expressRouteCircuits")) continue;
        gather(p, r, &d);
        put(p, "<section class=\"card\">");
        heading(p, &d);
        next_step(p, &d);
        draw(p, &d);
        sessions(p, &d);
        put(p, "</section>");
        shown++;
    }
    if (shown == 0)
        put(p,
            "<section class=\"card\"><p>No circuit was ordered yet. <code>fairlead circuit create"
            "</code> orders one; <code>fairlead lab up</code> builds a whole interconnect.</p>"
            "</section>");
}
