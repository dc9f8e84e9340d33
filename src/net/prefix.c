/* net/prefix.c - prefixes; the special ranges stand in one table. */
#include "net/prefix.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct prefix prefix_of(const struct addr *a, uint8_t len)
{
    struct prefix p = {*a, len};
    size_t whole = len / 8, bytes = addr_bytes(a->family);
    if (whole < bytes) {
        p.addr.b[whole] = (uint8_t)(p.addr.b[whole] & (uint8_t)(0xff00 >> (len % 8)));
        for (size_t i = whole + 1; i < bytes; i++) p.addr.b[i] = 0;
    }
    return p;
}

enum prefix_fault prefix_parse(const char *s, struct prefix *out)
{
    char text[ADDR_TEXT_MAX];
    const char *slash = strchr(s, '/');
    size_t n = slash ? (size_t)(slash - s) : strlen(s);
    struct addr a;
    if (n >= sizeof text) return PREFIX_BAD_ADDRESS;
    memcpy(text, s, n);
    text[n] = 0;
    if (!addr_parse(text, &a)) return PREFIX_BAD_ADDRESS;
    if (!slash || slash[1] < '0' || slash[1] > '9' || (slash[1] == '0' && slash[2]))
        return PREFIX_BAD_LENGTH;
    char *end;
    unsigned long len = strtoul(slash + 1, &end, 10);
    if (*end || end - slash > 4 || len > addr_bits(a.family)) return PREFIX_BAD_LENGTH;
    *out = prefix_of(&a, (uint8_t)len);
    return addr_equal(&out->addr, &a) ? PREFIX_FINE : PREFIX_HOST_BITS;
}

const char *prefix_text(const struct prefix *p, char buf[static PREFIX_TEXT_MAX])
{
    char a[ADDR_TEXT_MAX];
    snprintf(buf, PREFIX_TEXT_MAX, "%s/%u", addr_text(&p->addr, a), p->len);
    return buf;
}

bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
    return a->len == b->len && addr_equal(&a->addr, &b->addr);
}

int prefix_compare(const struct prefix *a, const struct prefix *b)
{
    int c = addr_compare(&a->addr, &b->addr);
    return c ? c : (int)a->len - (int)b->len;
}

bool prefix_has(const struct prefix *p, const struct addr *a)
{
    if (p->addr.family != a->family) return false;
    size_t whole = p->len / 8;
    if (memcmp(p->addr.b, a->b, whole) != 0) return false;
    if (p->len % 8 == 0) return true;
    return ((p->addr.b[whole] ^ a->b[whole]) & (uint8_t)(0xff00 >> (p->len % 8))) == 0;
}

bool prefix_covers(const struct prefix *outer, const struct prefix *inner)
{
    return outer->len <= inner->len && prefix_has(outer, &inner->addr);
}

bool prefix_overlaps(const struct prefix *a, const struct prefix *b)
{
    return prefix_covers(a, b) || prefix_covers(b, a);
}

bool prefix_is_default(const struct prefix *p)
{
    return p->addr.family != FAMILY_NONE && p->len == 0;
}

struct addr prefix_host(const struct prefix *p, uint32_t n) { return addr_plus(&p->addr, n); }

void prefix_split(const struct prefix *p, struct prefix *lower, struct prefix *upper)
{
    *lower = prefix_of(&p->addr, (uint8_t)(p->len + 1));
    *upper = *lower;
    upper->addr.b[p->len / 8] |= (uint8_t)(0x80 >> (p->len % 8));
}

bool prefix_is_rfc1918(const struct prefix *p)
{
    static const char *const ranges[] = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"};
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        struct prefix r;
        if (prefix_parse(ranges[i], &r) == PREFIX_FINE && prefix_covers(&r, p)) return true;
    }
    return false;
}

static const struct special_range {
    const char *range;
    bool documentation;
} special_ranges[] = {
    {"0.0.0.0/8", false},       {"10.0.0.0/8", false},      {"100.64.0.0/10", false},
    {"127.0.0.0/8", false},     {"169.254.0.0/16", false},  {"172.16.0.0/12", false},
    {"192.0.0.0/24", false},    {"192.0.2.0/24", true},     {"192.88.99.0/24", false},
    {"192.168.0.0/16", false},  {"198.18.0.0/15", false},   {"198.51.100.0/24", true},
    {"203.0.113.0/24", true},   {"224.0.0.0/4", false},     {"240.0.0.0/4", false},
    {"::/8", false},            {"64:ff9b::/96", false},    {"64:ff9b:1::/48", false},
    {"100::/64", false},        {"2001::/23", false},       {"2001:db8::/32", true},
    {"2002::/16", false},       {"3fff::/20", true},        {"5f00::/16", false},
    {"fc00::/7", false},        {"fe80::/10", false},       {"ff00::/8", false},
};

bool prefix_is_public(const struct prefix *p, bool documentation_is_public)
{
    if (prefix_is_default(p)) return false;
    for (size_t i = 0; i < ARRAY_LEN(special_ranges); i++) {
        struct prefix r;
        if (prefix_parse(special_ranges[i].range, &r) != PREFIX_FINE) continue;
        if (special_ranges[i].documentation && documentation_is_public) continue;
        if (prefix_overlaps(&r, p)) return false;
    }
    return true;
}
