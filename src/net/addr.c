/* net/addr.c - parsing and printing of addresses without the system's resolver. */
#include "net/addr.h"
#include <stdio.h>
#include <string.h>

struct addr addr_v4(uint32_t v)
{
    return (struct addr){FAMILY_IPV4,
                         {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v}};
}

uint32_t addr_v4_value(const struct addr *a)
{
    return (uint32_t)a->b[0] << 24 | (uint32_t)a->b[1] << 16 | (uint32_t)a->b[2] << 8 | a->b[3];
}

/* One decimal octet without leading zeros; advances *s. */
static bool octet(const char **s, uint8_t *out)
{
    const char *p = *s;
    unsigned v = 0, digits = 0;
    while (*p >= '0' && *p <= '9' && digits < 4) v = v * 10 + (unsigned)(*p++ - '0'), digits++;
    if (digits == 0 || digits > 3 || v > 255 || (digits > 1 && **s == '0')) return false;
    *out = (uint8_t)v;
    *s = p;
    return true;
}

static bool parse_v4(const char *s, uint8_t out[4])
{
    for (int i = 0; i < 4; i++) {
        if (i && *s++ != '.') return false;
        if (!octet(&s, &out[i])) return false;
    }
    return *s == 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Groups are written to the front; at the end those after "::" are moved to the back. */
static bool parse_v6(const char *s, uint8_t out[16])
{
    uint8_t b[16] = {0};
    int at = 0, gap = -1;
    if (s[0] == ':') {
        if (s[1] != ':') return false;
        s += 2, gap = 0;
    }
    while (*s) {
        if (at >= 16) return false;
        const char *group = s;
        unsigned v = 0, digits = 0;
        while (hex_digit(*s) >= 0 && digits < 5) v = v << 4 | (unsigned)hex_digit(*s++), digits++;
        if (*s == '.') {
            if (at > 12 || !parse_v4(group, b + at)) return false;
            at += 4;
            break;
        }
        if (digits == 0 || digits > 4) return false;
        b[at++] = (uint8_t)(v >> 8);
        b[at++] = (uint8_t)v;
        if (*s == 0) break;
        if (*s++ != ':') return false;
        if (*s == ':') {
            if (gap >= 0) return false;
            gap = at, s++;
        } else if (*s == 0) {
            return false;
        }
    }
    if (gap < 0 ? at != 16 : at > 14) return false;
    memset(out, 0, 16);
    size_t head = gap < 0 ? 16 : (size_t)gap;
    memcpy(out, b, head);
    if (gap >= 0) memcpy(out + 16 - (at - gap), b + gap, (size_t)(at - gap));
    return true;
}

bool addr_parse(const char *s, struct addr *out)
{
    struct addr a = {.family = FAMILY_NONE};
    if (strchr(s, ':')) {
        if (!parse_v6(s, a.b)) return false;
        a.family = FAMILY_IPV6;
    } else {
        if (!parse_v4(s, a.b)) return false;
        a.family = FAMILY_IPV4;
    }
    *out = a;
    return true;
}

/* The longest run of two or more zero groups, leftmost on a tie (RFC 5952 4.2). */
static void longest_zero_run(const unsigned g[8], int *start, int *len)
{
    *start = -1, *len = 1;
    for (int i = 0; i < 8;) {
        int j = i;
        while (j < 8 && g[j] == 0) j++;
        if (j - i > *len) *start = i, *len = j - i;
        i = j > i ? j : i + 1;
    }
}

static void text_v6(const struct addr *a, char *buf)
{
    unsigned g[8];
    for (int i = 0; i < 8; i++) g[i] = (unsigned)a->b[2 * i] << 8 | a->b[2 * i + 1];
    int start, len;
    longest_zero_run(g, &start, &len);
    char *p = buf;
    for (int i = 0; i < 8;) {
        if (i == start) {
            p += sprintf(p, "::");
            i += len;
            continue;
        }
        p += sprintf(p, i && i != start + len ? ":%x" : "%x", g[i]);
        i++;
    }
    *p = 0;
}

const char *addr_text(const struct addr *a, char buf[static ADDR_TEXT_MAX])
{
    if (a->family == FAMILY_IPV4)
        snprintf(buf, ADDR_TEXT_MAX, "%u.%u.%u.%u", a->b[0], a->b[1], a->b[2], a->b[3]);
    else if (a->family == FAMILY_IPV6)
        text_v6(a, buf);
    else
        snprintf(buf, ADDR_TEXT_MAX, "none");
    return buf;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
    return a->family == b->family && memcmp(a->b, b->b, sizeof a->b) == 0;
}

int addr_compare(const struct addr *a, const struct addr *b)
{
    if (a->family != b->family) return a->family < b->family ? -1 : 1;
    return memcmp(a->b, b->b, sizeof a->b);
}

bool addr_is_none(const struct addr *a) { return a->family == FAMILY_NONE; }

bool addr_is_zero(const struct addr *a)
{
    static const uint8_t zero[16];
    return a->family != FAMILY_NONE && memcmp(a->b, zero, sizeof zero) == 0;
}

bool addr_is_link_local(const struct addr *a)
{
    if (a->family == FAMILY_IPV6) return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
    return a->family == FAMILY_IPV4 && a->b[0] == 169 && a->b[1] == 254;
}

bool addr_is_martian(const struct addr *a)
{
    if (a->family == FAMILY_IPV4) return a->b[0] == 0 || a->b[0] == 127 || a->b[0] >= 224;
    static const uint8_t zeros[15];
    return a->b[0] == 0xff || (memcmp(a->b, zeros, 15) == 0 && a->b[15] <= 1);
}

struct addr addr_plus(const struct addr *a, uint32_t n)
{
    struct addr out = *a;
    uint64_t carry = n;
    for (size_t i = addr_bytes(a->family); i-- > 0 && carry;) {
        carry += out.b[i];
        out.b[i] = (uint8_t)carry;
        carry >>= 8;
    }
    return out;
}
