/* model/rules_peering.c - the rules of a peering: VLAN, AS number, link prefixes, key, and for
 * Microsoft peering the announced prefixes. An address family is checked when one of its prefixes
 * is given; without any, the IPv4 side is what is missing. */
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "model/rules.h"
#include "net/asn.h"
#include "net/tags.h"

enum { SHARED_KEY_MAX = 25 };

static const char *const kinds[] = {"AzurePrivatePeering", "MicrosoftPeering",
                                    "AzurePublicPeering"};

const char *peering_type_name(enum peering_type k) { return kinds[k]; }

bool peering_type_parse(const char *s, enum peering_type *out)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (text_same_nocase(s, kinds[i])) {
            *out = (enum peering_type)i;
            return true;
        }
    return false;
}

static void type_check(enum peering_type kind, const struct record_peering *r, struct faults *fs)
{
    enum peering_type said;
    if (kind == PEERING_TYPE_PUBLIC)
        fault_add(fs, FAULT_ExpressRoutePeeringTypeInvalid, "/properties/peeringType",
                  "Public peering is retired. Use MicrosoftPeering.");
    if (*r->type && (!peering_type_parse(r->type, &said) || said != kind))
        fault_add(
            fs, FAULT_ExpressRoutePeeringTypeInvalid, "/properties/peeringType",
            "The peering is called '%s', so its type cannot be '%s'. Name and type are the same.",
            kinds[kind], r->type);
}

static void vlan_check(uint64_t vlan, const struct peering_around *around, struct faults *fs)
{
    if (vlan < 1 || vlan > TAG_MAX) {
        fault_add(fs, FAULT_ExpressRoutePeeringVlanIdInvalid, "/properties/vlanId",
                  "The VLAN identifier %llu is out of range. Use 1 to %d.",
                  (unsigned long long)vlan, TAG_MAX);
        return;
    }
    for (size_t i = 0; i < around->others_n; i++)
        if (around->others[i].vlan == vlan)
            fault_add(
                fs, FAULT_ExpressRoutePeeringVlanIdInUse, "/properties/vlanId",
                "The VLAN identifier %llu is used by %s. Every peering of a circuit has its own.",
                (unsigned long long)vlan, kinds[around->others[i].kind]);
    for (size_t i = 0; i < around->vlans_n; i++)
        if (around->vlans[i] == vlan)
            fault_add(fs, FAULT_ExpressRoutePeeringVlanIdInUse, "/properties/vlanId",
                      "The VLAN identifier %llu is used by another circuit on these ports, which "
                      "are Dot1Q: one tag tells all peerings apart. Use another one.",
                      (unsigned long long)vlan);
}

/* Documentation numbers are refused where they may not stand in a path: on Microsoft peering. */
static void asn_check(enum peering_type kind, uint64_t asn, struct faults *fs)
{
    enum asn_refusal why = asn > UINT32_MAX ? ASN_ZERO : asn_check_peer((uint32_t)asn);
    if (why == ASN_USABLE || (why == ASN_IS_DOCUMENTATION && kind == PEERING_TYPE_PRIVATE)) return;
    fault_add(fs, FAULT_ExpressRoutePeeringAsnInvalid, "/properties/peerASN",
              "The AS number %llu cannot be a peer's: %s. Use your own public or a private number.",
              (unsigned long long)asn,
              asn > UINT32_MAX ? "it is above 4294967295" : asn_refusal_text(why));
}

static void key_check(const char *key, struct faults *fs)
{
    size_t n = strlen(key), good = 0;
    while (good < n && ((key[good] >= '0' && key[good] <= '9') ||
                        ((key[good] | 32) >= 'a' && (key[good] | 32) <= 'z')))
        good++;
    if (n > SHARED_KEY_MAX || good < n)
        fault_add(fs, FAULT_ExpressRoutePeeringSharedKeyInvalid, "/properties/sharedKey",
                  "The shared key has %zu characters or other ones than letters and digits. Use at "
                  "most %d letters or digits.",
                  n, SHARED_KEY_MAX);
}

static bool space_allowed(enum peering_type kind, const struct prefix *p)
{
    if (prefix_is_public(p, true)) return true;
    if (kind == PEERING_TYPE_MICROSOFT) return false;
    if (p->addr.family == FAMILY_IPV4) return prefix_is_rfc1918(p);
    return (p->addr.b[0] & 0xfe) == 0xfc; /* RFC 4193 */
}

static bool prefix_read(enum peering_type kind, const char *text, enum family family,
                        const char *target, struct faults *fs, struct prefix *out)
{
    uint8_t len = family == FAMILY_IPV4 ? 30 : 126;
    const char *what =
        family == FAMILY_IPV4 ? "an IPv4 prefix of length /30" : "an IPv6 prefix of length /126";
    char proper[PREFIX_TEXT_MAX];
    enum prefix_fault f = prefix_parse(text, out);
    if (!*text)
        fault_add(fs, FAULT_ExpressRoutePeeringPrefixInvalid, target,
                  "The prefix of one of the links is missing. Give %s for each link.", what);
    else if (f == PREFIX_HOST_BITS && out->len == len)
        fault_add(fs, FAULT_ExpressRoutePeeringPrefixInvalid, target,
                  "'%s' has bits set beyond its length. Use %s.", text, prefix_text(out, proper));
    else if (f != PREFIX_FINE || out->addr.family != family || out->len != len)
        fault_add(fs, FAULT_ExpressRoutePeeringPrefixInvalid, target, "'%s' is not %s.", text,
                  what);
    else if (!space_allowed(kind, out))
        fault_add(fs, FAULT_ExpressRoutePeeringPrefixInvalid, target,
                  kind == PEERING_TYPE_PRIVATE
                      ? "'%s' is neither private (RFC 1918, RFC 4193) nor public."
                      : "'%s' is not public. Microsoft peering needs public "
                        "addresses on its links.",
                  text);
    else
        return true;
    return false;
}

static void collide(const struct prefix *p, const struct prefix *with, const char *target,
                    const char *whose, struct faults *fs)
{
    char a[PREFIX_TEXT_MAX], b[PREFIX_TEXT_MAX];
    if (prefix_overlaps(p, with))
        fault_add(fs, FAULT_ExpressRoutePeeringPrefixOverlap, target,
                  "%s overlaps %s of %s. Every link has a prefix used nowhere else.",
                  prefix_text(p, a), prefix_text(with, b), whose);
}

static void around_check(const struct prefix *p, const char *target,
                         const struct peering_around *around, struct faults *fs)
{
    for (size_t i = 0; i < around->others_n; i++) {
        const struct peering_terms *o = &around->others[i];
        const struct peering_family *f = p->addr.family == FAMILY_IPV4 ? &o->v4 : &o->v6;
        if (!f->on) continue;
        collide(p, &f->primary, target, kinds[o->kind], fs);
        collide(p, &f->secondary, target, kinds[o->kind], fs);
    }
    for (size_t i = 0; i < around->spaces_n; i++)
        collide(p, &around->spaces[i], target, "a virtual network linked to this circuit", fs);
}

static struct peering_family family_check(enum peering_type kind, enum family family,
                                          const char *primary, const char *secondary,
                                          const char *pointer, const struct peering_around *around,
                                          struct faults *fs)
{
    struct peering_family f = {0};
    char at[2][96];
    snprintf(at[0], sizeof at[0], "%s/primaryPeerAddressPrefix", pointer);
    snprintf(at[1], sizeof at[1], "%s/secondaryPeerAddressPrefix", pointer);
    bool first = prefix_read(kind, primary, family, at[0], fs, &f.primary);
    bool second = prefix_read(kind, secondary, family, at[1], fs, &f.secondary);
    if (first) around_check(&f.primary, at[0], around, fs);
    if (second) around_check(&f.secondary, at[1], around, fs);
    if (first && second) collide(&f.secondary, &f.primary, at[1], "the primary link", fs);
    f.on = first && second;
    return f;
}

static void announced_check(const struct record_microsoft *m, const char *pointer,
                            struct faults *fs)
{
    for (size_t i = 0; i < m->prefixes_n; i++) {
        struct prefix p;
        char at[112], proper[PREFIX_TEXT_MAX];
        snprintf(at, sizeof at, "%s/advertisedPublicPrefixes/%zu", pointer, i);
        enum prefix_fault f = prefix_parse(m->prefixes[i], &p);
        if (f == PREFIX_HOST_BITS)
            fault_add(fs, FAULT_ExpressRoutePeeringPrefixInvalid, at,
                      "'%s' has bits set beyond its length. Use %s.", m->prefixes[i],
                      prefix_text(&p, proper));
        else if (f != PREFIX_FINE)
            fault_add(fs, FAULT_ExpressRoutePeeringPrefixInvalid, at, "'%s' is not a prefix.",
                      m->prefixes[i]);
        else if (!prefix_is_public(&p, true))
            fault_add(
                fs, FAULT_ExpressRouteAdvertisedPrefixNotPublic, at,
                "'%s' is not public. Only public prefixes are announced on Microsoft peering; "
                "translate private addresses first.",
                m->prefixes[i]);
    }
}

bool peering_check(enum peering_type kind, const struct record_peering *r,
                   const struct peering_around *around, struct faults *fs,
                   struct peering_terms *out)
{
    const char *v6 = "/properties/ipv6PeeringConfig";
    size_t before = fs->n;
    struct peering_terms t = {.kind = kind, .asn = (uint32_t)r->asn, .vlan = (uint16_t)r->vlan};
    bool has6 = *r->ipv6.primary || *r->ipv6.secondary;
    bool has4 = *r->primary || *r->secondary || !has6;
    type_check(kind, r, fs);
    vlan_check(r->vlan, around, fs);
    asn_check(kind, r->asn, fs);
    key_check(r->shared_key, fs);
    if (has4)
        t.v4 = family_check(kind, FAMILY_IPV4, r->primary, r->secondary, "/properties", around, fs);
    if (has6)
        t.v6 = family_check(kind, FAMILY_IPV6, r->ipv6.primary, r->ipv6.secondary, v6, around, fs);
    if (kind == PEERING_TYPE_MICROSOFT) {
        announced_check(&r->microsoft, "/properties/microsoftPeeringConfig", fs);
        announced_check(&r->ipv6.microsoft, "/properties/ipv6PeeringConfig/microsoftPeeringConfig",
                        fs);
    }
    if (fs->n != before) return false;
    *out = t;
    return true;
}
