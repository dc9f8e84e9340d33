/* net/prefix.h - an IP prefix as a value. Pure. Bits beyond the length are always zero. */
#pragma once
#include "net/addr.h"

enum { PREFIX_TEXT_MAX = ADDR_TEXT_MAX + 4 };

struct prefix {
    struct addr addr;
    uint8_t len; /* bits */
};

/* Clears the bits beyond len; len must fit the family. */
struct prefix prefix_of(const struct addr *a, uint8_t len);

enum prefix_fault { PREFIX_FINE, PREFIX_BAD_ADDRESS, PREFIX_BAD_LENGTH, PREFIX_HOST_BITS };
/* "10.0.0.0/16". Host bits set is a fault of its own; *out is then the cleared prefix. */
MUST_USE enum prefix_fault prefix_parse(const char *s, struct prefix *out);
const char *prefix_text(const struct prefix *p, char buf[static PREFIX_TEXT_MAX]);

bool prefix_equal(const struct prefix *a, const struct prefix *b);
int prefix_compare(const struct prefix *a, const struct prefix *b); /* address, then length */
bool prefix_covers(const struct prefix *outer, const struct prefix *inner); /* equal counts */
bool prefix_has(const struct prefix *p, const struct addr *a);
bool prefix_overlaps(const struct prefix *a, const struct prefix *b);
bool prefix_is_default(const struct prefix *p);
/* Network + n, whatever n: the address plan of link subnets counts from the network address. */
struct addr prefix_host(const struct prefix *p, uint32_t n);
/* Halves a prefix; len must be below the family's bits. */
void prefix_split(const struct prefix *p, struct prefix *lower, struct prefix *upper);

/* Kinds of address space, by the special-purpose registries (RFC 6890 and successors). */
bool prefix_is_rfc1918(const struct prefix *p);
/* Globally routable unicast. With `documentation_is_public` the ranges 192.0.2/24, 198.51.100/24,
 * 203.0.113/24 and 2001:db8::/32 count as public, so that tests can use them (API rule P). */
bool prefix_is_public(const struct prefix *p, bool documentation_is_public);
