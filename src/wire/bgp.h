/* wire/bgp.h - BGP-4 messages: bytes <-> values (RFC 4271, 4760, 5492, 6793, 7606, 2918, 7313, 8654).
 * Pure. Decoders read through the cursor, take memory from the caller's arena, and end in a value or
 * a fault with its offset; they never know a session. Encoders take values and a writer. */
#pragma once
#include "base/arena.h"
#include "base/writer.h"
#include "net/attrs.h"
#include "net/prefix.h"

enum {
    BGP_PORT = 179,
    BGP_VERSION = 4,
    BGP_HEADER = 19,
    BGP_MESSAGE_MAX = 4096,
    BGP_MESSAGE_EXTENDED_MAX = 65535, /* RFC 8654 */
};

enum bgp_role { BGP_ROLE_PROVIDER, BGP_ROLE_RS, BGP_ROLE_RS_CLIENT, BGP_ROLE_CUSTOMER, BGP_ROLE_PEER };

enum bgp_type { BGP_OPEN = 1, BGP_UPDATE, BGP_NOTIFICATION, BGP_KEEPALIVE, BGP_ROUTE_REFRESH };

/* Address families as a bit set, so that "what both sides offered" is an AND. */
enum bgp_family { BGP_IPV4_UNICAST = 1 << 0, BGP_IPV6_UNICAST = 1 << 1 };

/* What ends a session or a connection: NOTIFICATION code, subcode, and data to send with it. */
struct bgp_fault {
    uint8_t code, subcode; /* 0,0: no fault */
    struct span data;      /* in the caller's arena or static */
    size_t offset;         /* in the message, header included */
    const char *what;      /* static text: the rule that was broken */
};

/* --- framing --- */
enum bgp_frame_result { BGP_FRAME_WHOLE, BGP_FRAME_MORE, BGP_FRAME_BAD };
struct bgp_frame {
    enum bgp_type type;
    struct span message; /* header included */
};
/* Cuts the first message off `in`. Header checks happen as soon as 19 octets are there (RB-016).
 * `limit` is 4096, or 65535 after both sides agreed on extended messages. */
enum bgp_frame_result bgp_frame_next(struct span in, size_t limit, struct bgp_frame *out,
                                     struct bgp_fault *fault);

/* --- OPEN --- */
struct bgp_caps { /* what one side offers; a capability counts only if it parsed completely (RB-02D) */
    uint32_t families;          /* enum bgp_family bits; an OPEN without any counts as IPv4 unicast */
    bool refresh, enhanced_refresh, extended_messages;
    bool as4;
    uint32_t asn;               /* with as4 */
    bool restart;               /* RFC 4724 */
    bool restarting;            /* R bit */
    bool restart_notify;        /* N bit: a NOTIFICATION counts as a restart too (RFC 8538) */
    uint16_t restart_s;
    uint32_t restart_families, forwarding_families;
    bool role_set;              /* RFC 9234 */
    uint8_t role;
    uint32_t add_path_send, add_path_receive; /* family bits (RFC 7911) */
};
struct bgp_open {
    uint8_t version;
    uint32_t asn;    /* true AS number: from the capability if there was one */
    uint16_t hold_s;
    uint32_t id;     /* host order */
    struct bgp_caps caps;
};
MUST_USE bool bgp_open_decode(struct span message, struct bgp_open *out, struct bgp_fault *fault);
/* Capabilities in the order of the registry; none at all when there is none to tell of. */
void bgp_open_encode(struct writer *w, const struct bgp_open *o);
/* The capabilities of some families, as NOTIFICATION 2/7 lists them (RFC 5492 section 5). */
void bgp_families_encode(struct writer *w, uint32_t families);

/* --- UPDATE --- */
struct bgp_nlri { /* prefixes of one family behind each other, still in wire form but checked */
    enum bgp_family family;
    struct span bytes;
    size_t count;
    bool add_path;
};
/* Walks checked NLRI: host bits come out cleared. False at the end. */
bool bgp_nlri_next(struct cursor *c, const struct bgp_nlri *n, struct prefix *out, uint32_t *path_id);

enum bgp_update_verdict {
    BGP_UPDATE_FINE,
    BGP_UPDATE_WITHDRAW, /* RFC 7606: every announced prefix counts as withdrawn */
};
struct bgp_attr_fault { /* one attribute that was discarded or made the update a withdraw */
    uint8_t type;
    size_t offset;
    bool withdraw;       /* false: only this attribute was dropped */
    const char *what;    /* static text */
    struct bgp_attr_fault *next;
};
struct bgp_update {
    struct span message; /* all of it, as it came */
    struct bgp_nlri withdrawn[2], announced[2]; /* IPv4 fields, then the MP attributes */
    uint8_t withdrawn_n, announced_n;
    uint32_t end_of_rib;          /* family bits (RFC 4724 section 2) */
    struct attrs attrs;           /* IPv4 next hop here ... */
    struct addr mp_next_hop, mp_next_hop_link; /* ... that of MP_REACH_NLRI here */
    enum bgp_update_verdict verdict;
    struct bgp_attr_fault *faults;
};
struct bgp_rules { /* what was agreed on this session, and whose word we check against */
    bool as4;
    uint32_t families;
    uint32_t add_path; /* families in which the peer sends path identifiers */
    bool external;
    uint32_t peer_asn; /* leftmost AS must be this on external sessions (RB-052), 0: not checked */
    bool allow_as_set; /* RFC 9774: refused unless asked for */
};
/* NULL and *fault set: the session must end. The value and all it points to live in the arena and in
 * `message`. */
struct bgp_update *bgp_update_decode(struct span message, const struct bgp_rules *rules,
                                     struct arena *arena, struct bgp_fault *fault);

/* Writes the path attributes of a set, without MP_REACH. AS_PATH in two-octet form with AS4_PATH
 * beside it when !as4. */
void bgp_attrs_encode(struct writer *w, const struct attrs *a, bool as4, bool external);
static inline void bgp_nlri_put(struct writer *w, const struct prefix *p)
{
    size_t n = (p->len + 7u) / 8;
    uint8_t *at = writer_take(w, 1 + n);
    if (!at) return;
    at[0] = p->len;
    memcpy(at + 1, p->addr.b, n);
}

/* --- the small ones --- */
void bgp_keepalive_encode(struct writer *w);
void bgp_notification_encode(struct writer *w, uint8_t code, uint8_t subcode, struct span data);
struct bgp_notification {
    uint8_t code, subcode;
    struct span data;
};
MUST_USE bool bgp_notification_decode(struct span message, struct bgp_notification *out);
/* "hold timer expired", "cease: maximum prefixes reached"; a static text for every code. */
const char *bgp_notification_name(uint8_t code, uint8_t subcode);

enum bgp_refresh_kind { BGP_REFRESH_REQUEST = 0, BGP_REFRESH_BEGIN = 1, BGP_REFRESH_END = 2 };
struct bgp_refresh {
    enum bgp_family family; /* 0: one we do not know */
    uint8_t kind;
};
MUST_USE bool bgp_refresh_decode(struct span message, struct bgp_refresh *out,
                                 struct bgp_fault *fault);
void bgp_refresh_encode(struct writer *w, enum bgp_family f, enum bgp_refresh_kind kind);
