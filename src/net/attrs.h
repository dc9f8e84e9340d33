/* net/attrs.h - the path attributes of a route as one value.
 * Fixed-size attributes are fields; lists stay in wire form (network byte order) behind spans, so
 * that they are compared, hashed, stored and sent without translation. AS_PATH is always in the
 * four-octet form of RFC 6793, whatever the session spoke. The spans point into memory somebody
 * else owns: the message's arena after decoding, the table's own copy after interning. */
#pragma once
#include "net/addr.h"

enum attr_type { /* IANA "BGP Path Attributes" */
    ATTR_ORIGIN = 1,
    ATTR_AS_PATH = 2,
    ATTR_NEXT_HOP = 3,
    ATTR_MED = 4,
    ATTR_LOCAL_PREF = 5,
    ATTR_ATOMIC_AGGREGATE = 6,
    ATTR_AGGREGATOR = 7,
    ATTR_COMMUNITIES = 8,
    ATTR_ORIGINATOR_ID = 9,
    ATTR_CLUSTER_LIST = 10,
    ATTR_MP_REACH = 14,
    ATTR_MP_UNREACH = 15,
    ATTR_EXT_COMMUNITIES = 16,
    ATTR_AS4_PATH = 17,
    ATTR_AS4_AGGREGATOR = 18,
    ATTR_IPV6_EXT_COMMUNITIES = 25,
    ATTR_AIGP = 26,
    ATTR_LARGE_COMMUNITIES = 32,
    ATTR_ONLY_TO_CUSTOMER = 35,
    ATTR_PREFIX_SID = 40,
};

enum attr_has { /* bits of attrs.has */
    HAS_ORIGIN = 1 << 0,
    HAS_AS_PATH = 1 << 1,
    HAS_NEXT_HOP = 1 << 2,
    HAS_MED = 1 << 3,
    HAS_LOCAL_PREF = 1 << 4,
    HAS_ATOMIC_AGGREGATE = 1 << 5,
    HAS_AGGREGATOR = 1 << 6,
    HAS_ORIGINATOR_ID = 1 << 7,
    HAS_ONLY_TO_CUSTOMER = 1 << 8,
    /* lists: present when their span is not empty */
};

enum origin { ORIGIN_IGP = 0, ORIGIN_EGP = 1, ORIGIN_INCOMPLETE = 2 };
enum as_segment_type { AS_SET = 1, AS_SEQUENCE = 2, AS_CONFED_SEQUENCE = 3, AS_CONFED_SET = 4 };

struct attrs {
    uint32_t has;
    uint8_t origin;
    struct addr next_hop;      /* from NEXT_HOP or MP_REACH_NLRI */
    struct addr next_hop_link; /* the link-local half of an IPv6 next hop, or none */
    uint32_t med, local_pref;
    uint32_t aggregator_as, aggregator_id, originator_id, only_to_customer;
    struct span as_path;            /* segments: type, count, count x 4 octets */
    struct span communities;        /* n x 4 octets (RFC 1997) */
    struct span ext_communities;    /* n x 8 octets (RFC 4360) */
    struct span large_communities;  /* n x 12 octets (RFC 8092) */
    struct span cluster_list;       /* n x 4 octets */
    struct span unknown;            /* whole TLVs of unknown transitive attributes, partial bit set */
};

/* Well-known communities, host order. */
#define COMMUNITY_GRACEFUL_SHUTDOWN 0xffff0000u
#define COMMUNITY_LLGR_STALE 0xffff0006u
#define COMMUNITY_BLACKHOLE 0xffff029au
#define COMMUNITY_NO_EXPORT 0xffffff01u
#define COMMUNITY_NO_ADVERTISE 0xffffff02u
#define COMMUNITY_NO_EXPORT_SUBCONFED 0xffffff03u

/* All of these take a well-formed path (the decoder checked it). */
uint32_t as_path_hops(struct span path);  /* RFC 4271 9.1.2.2 a: a set counts one, confed none */
uint32_t as_path_first(struct span path); /* leftmost AS of a leading sequence, else 0 */
uint32_t as_path_origin(struct span path);/* rightmost AS of a trailing sequence, else 0 */
bool as_path_has(struct span path, uint32_t asn);
bool as_path_has_set(struct span path);
/* "65001 65002 {65003,65004}"; cut with "..." when it does not fit. Returns buf. */
const char *as_path_text(struct span path, char *buf, size_t room);

bool communities_have(struct span communities, uint32_t value);
bool attrs_equal(const struct attrs *a, const struct attrs *b); /* by value, spans included */
