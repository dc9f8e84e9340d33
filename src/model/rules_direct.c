/* model/rules_direct.c - ports of one's own (ExpressRoute Direct) and the gateways of hubs: what
 * may be had, and how it may change. */
#include <string.h>
#include "base/text.h"
#include "model/rules.h"

#define CLOUD "global"

/* --- where there are ports --- */

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* Appends the letters and digits of n bytes, runs of others as one `blank` (0: left out). */
static char *add_words(char *to, const char *s, size_t n, char blank)
{
    bool gap = false;
    for (size_t i = 0; i < n; i++) {
        if (is_word(s[i])) {
            if (gap && blank) *to++ = blank;
            *to++ = s[i];
        }
        gap = !is_word(s[i]) && i > 0;
    }
    return to;
}

const char *port_location_name(const struct catalogue_location *l, size_t facility, struct arena *a)
{
    const char *f = facility < l->facilities.n ? l->facilities.list[facility] : "";
    const char *space = strrchr(f, ' ');
    size_t head = space ? (size_t)(space - f) : strlen(f);
    char *name = arena_take(a, strlen(f) + strlen(l->name) + 4), *to = name;
    if (!name) return "";
    to = add_words(to, f, head, '-');
    if (to > name) *to++ = '-';
    to = add_words(to, l->name, strlen(l->name), '\0');
    if (space) {
        *to++ = '-';
        to = add_words(to, space + 1, strlen(space + 1), '-');
    }
    *to = '\0';
    return name;
}

const struct catalogue_location *port_location_find(const struct catalogue *c, const char *name,
                                                    struct arena *a)
{
    for (size_t i = 0; i < c->locations_n; i++) {
        const struct catalogue_location *l = &c->locations[i];
        if (!l->has_direct || strcmp(l->cloud, CLOUD) != 0) continue;
        if (catalogue_region_same(l->name, name)) return l;
        for (size_t f = 0; f < l->facilities.n; f++)
            if (text_same_nocase(port_location_name(l, f, a), name)) return l;
    }
    return NULL;
}

/* --- ports --- */

static void fixed_check(const struct record_port *r, const struct record_port *old, size_t circuits,
                        struct faults *fs)
{
    if (!text_same_nocase(r->location, old->location))
        fault_add(fs, FAULT_ExpressRoutePortCannotBeChanged, "/properties/peeringLocation",
                  "Ports cannot move from '%s' to '%s'. Create other ports there.", old->location,
                  r->location);
    if (r->gbps != old->gbps)
        fault_add(fs, FAULT_ExpressRoutePortCannotBeChanged, "/properties/bandwidthInGbps",
                  "The speed of ports is fixed at %llu Gbps. Create other ports.",
                  (unsigned long long)old->gbps);
    if (r->encapsulation >= 0 && r->encapsulation != old->encapsulation && circuits > 0)
        fault_add(fs, FAULT_ExpressRoutePortCannotBeChanged, "/properties/encapsulation",
                  "The encapsulation is fixed while the ports carry circuits (%zu). Delete them "
                  "first.",
                  circuits);
}

static void links_check(const struct record_port *r, struct faults *fs)
{
    for (size_t i = 0; i < r->links_n; i++) {
        const struct record_port_link *l = &r->links[i];
        const char *at = arena_printf(fs->arena, "/properties/links/%zu", i);
        if (!text_same_nocase(l->name, "link1") && !text_same_nocase(l->name, "link2"))
            fault_add(fs, FAULT_ExpressRoutePortLinkInvalid, at ? at : "",
                      "There is no link '%s'. A pair of ports has link1 and link2.", l->name);
        if (!*l->macsec.ckn != !*l->macsec.cak)
            fault_add(fs, FAULT_ExpressRoutePortMacSecInvalid, at ? at : "",
                      "MACsec needs both secrets. Give cknSecretIdentifier and "
                      "cakSecretIdentifier.");
    }
}

bool port_check(const struct catalogue *c, const struct record_port *r,
                const struct record_port *old, size_t circuits, struct faults *fs,
                const struct catalogue_location **out)
{
    size_t before = fs->n;
    const struct catalogue_location *l = port_location_find(c, r->location, fs->arena);
    if (!l || !catalogue_direct(&c->limits, r->gbps))
        fault_add(fs, FAULT_ExpressRoutePortsNotAvailable,
                  l ? "/properties/bandwidthInGbps" : "/properties/peeringLocation",
                  "Express Route Ports cannot be created as requested bandwidth %llu is not "
                  "available at peering location %s. See the list of ports locations.",
                  (unsigned long long)r->gbps, r->location);
    if (old) fixed_check(r, old, circuits, fs);
    links_check(r, fs);
    if (fs->n != before) return false;
    *out = l;
    return true;
}

/* --- hubs --- */

enum { UNITS_MOST = 10 }; /* of 2 Gbps each */

bool hub_gateway_check(const struct record_hub_gateway *r, struct faults *fs)
{
    size_t before = fs->n;
    const char *bounds = "/properties/autoScaleConfiguration/bounds";
    if (!strstr(r->hub.id, "/virtualHubs/") && !strstr(r->hub.id, "/virtualhubs/"))
        fault_add(fs, FAULT_InvalidResourceReference, "/properties/virtualHub/id",
                  "'%s' names no Microsoft.Network/virtualHubs. Give the identifier of the hub.",
                  r->hub.id);
    if (r->least > UNITS_MOST || r->most > UNITS_MOST || (r->most && r->most < r->least))
        fault_add(fs, FAULT_ExpressRouteGatewayScaleInvalid, bounds,
                  "The scale units are %llu to %llu. Use 1 to %d, the least not above the most.",
                  (unsigned long long)r->least, (unsigned long long)r->most, UNITS_MOST);
    return fs->n == before;
}
