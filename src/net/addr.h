/* net/addr.h - one IP address as a value. Pure.
 * IPv4 sits in the first four bytes, the rest is zero, so equal addresses are equal bytes. */
#pragma once
#include <string.h>
#include "base/cursor.h"

enum family { FAMILY_NONE = 0, FAMILY_IPV4 = 4, FAMILY_IPV6 = 6 };

enum { ADDR_TEXT_MAX = 46 }; /* room for any address and its NUL */

struct addr {
    uint8_t family; /* enum family */
    uint8_t b[16];  /* network byte order */
};

static inline size_t addr_bytes(enum family f) { return f == FAMILY_IPV6 ? 16 : 4; }
static inline uint8_t addr_bits(enum family f) { return f == FAMILY_IPV6 ? 128 : 32; }

struct addr addr_v4(uint32_t host_order);
uint32_t addr_v4_value(const struct addr *a); /* host order; a must be IPv4 */
/* From 4 or 16 wire bytes. Inline: asked for every prefix that is read or written. */
static inline struct addr addr_from_bytes(enum family f, const uint8_t *bytes)
{
    struct addr a = {.family = (uint8_t)f};
    if (f == FAMILY_IPV6) memcpy(a.b, bytes, 16);
    else memcpy(a.b, bytes, 4);
    return a;
}

/* Strict: dotted quad without leading zeros, or RFC 4291 text without a zone. */
MUST_USE bool addr_parse(const char *s, struct addr *out);
/* RFC 5952 for IPv6. Returns buf. */
const char *addr_text(const struct addr *a, char buf[static ADDR_TEXT_MAX]);

bool addr_equal(const struct addr *a, const struct addr *b);
int addr_compare(const struct addr *a, const struct addr *b); /* family first, then bytes */
bool addr_is_none(const struct addr *a);                      /* no address at all */
bool addr_is_zero(const struct addr *a);                      /* 0.0.0.0 or :: */
bool addr_is_link_local(const struct addr *a);
/* Never a next hop: 0/8, 127/8, 224/4, 240/4, ::, ::1, ff00::/8 (RFC 7606 7.3, RFC 4271 6.3). */
bool addr_is_martian(const struct addr *a);
struct addr addr_plus(const struct addr *a, uint32_t n); /* wraps within the family */
