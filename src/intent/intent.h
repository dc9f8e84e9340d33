/* intent/intent.h - the contract, downwards: what one router should be, whole.
 * A file written by a person (YAML) and the control plane's answer (JSON) have this one shape; see
 * docs/edge-config.md for the keys. A router takes an intent whole, applies the difference to what
 * runs, or refuses it whole with problems. Everything lives in one arena that its holder owns. */
#pragma once
#include "base/problem.h"
#include "net/prefix.h"
#include "net/tags.h"
#include "wire/bgp.h" /* enum bgp_family */

enum intent_profile { PROFILE_2019_04, PROFILE_2015_10 }; /* of data/qos_classes.json */

enum intent_dataplane {
    DATAPLANE_NONE,       /* a speaker only: sockets in the router's own namespace */
    DATAPLANE_NAMESPACES, /* a namespace per domain behind a BPF tag multiplexer */
    DATAPLANE_FAST,       /* the same with the fast path in front of it */
};

enum domain_kind {
    DOMAIN_PLAIN,     /* no peering rules */
    DOMAIN_PRIVATE,   /* private peering: rules of the specification */
    DOMAIN_MICROSOFT, /* Microsoft peering */
};

enum peer_role { /* who sits at the other end, which decides import and export rules */
    PEER_PLAIN,    /* everything in, everything out (default in plain domains) */
    PEER_CUSTOMER, /* cloud edge's view of the customer's or provider's router */
    PEER_GATEWAY,  /* cloud edge's view of a virtual network gateway */
    PEER_CLOUD,    /* customer edge's or gateway's view of the cloud edge */
    PEER_INTERNAL, /* same AS: the other customer edge of a site */
};

enum origin_validation { /* what becomes of routes whose origin is invalid (RFC 6811) */
    ORIGIN_VALIDATION_OFF,
    ORIGIN_VALIDATION_REPORT, /* the state is shown */
    ORIGIN_VALIDATION_DEPREF, /* used when there is nothing else */
    ORIGIN_VALIDATION_DROP,
};

enum intent_role { /* ours on a session, RFC 9234 */
    ROLE_AUTO, /* private and Microsoft peering: provider towards customers and gateways, customer
                * towards the cloud; none elsewhere */
    ROLE_NONE, ROLE_PROVIDER, ROLE_RS, ROLE_RS_CLIENT, ROLE_CUSTOMER, ROLE_PEER,
};

struct intent_bfd {
    bool on;
    uint32_t min_tx_us, min_rx_us;
    uint8_t mult;
    bool check_control_plane; /* down with the neighbour's C bit clear counts as its restart (RFC 5882 4.3) */
};

struct intent_peer {
    const char *name;       /* unique in the router */
    const char *subject;    /* what evidence is filed under, e.g. "circuit/er-demo/private/primary"; "" none */
    struct addr address;    /* of the peer */
    struct addr local;      /* ours; none: the kernel chooses */
    uint16_t port;          /* TCP port to connect to; 179 by default */
    uint32_t asn;
    enum peer_role role;
    bool passive;
    uint16_t hold_s;        /* 180 by default */
    uint16_t min_hold_s;    /* refuse less; 0: 3 */
    uint32_t without;       /* capabilities that are not offered: enum bgp_without bits of proto */
    enum intent_role bgp_role;
    bool role_strict;       /* refuse a neighbour that tells no role */
    uint32_t families;      /* enum bgp_family bits; IPv4 unicast by default */
    const char *md5;        /* "" none. Never printed */
    bool ttl_security;      /* RFC 5082, one hop */
    struct intent_bfd bfd;
    uint32_t max_ipv4, max_ipv6; /* prefix limits; 0: none (private and Microsoft peers get theirs by rule) */
    uint16_t limit_restart_s;    /* hold-down after a limit; 300 by default */
    bool next_hop_self;     /* on internal sessions; always so on external ones */
    uint32_t local_pref;    /* set on import; 0: 100 */
    uint8_t prepend;        /* own AS this many times more on export: the drain */
    uint8_t add_path_send;  /* paths to a prefix it is sent at most (RFC 7911); 0: the best one alone */
    bool add_path_receive;  /* it may send several */
    bool allow_as_set;
    bool admin_down;
    const char *admin_text; /* told to the neighbour with a shutdown (RFC 9003); "" or NULL: none */
    bool graceful_shutdown; /* mark everything we send with RFC 8326's community */
};

struct intent_address {
    struct addr addr;
    uint8_t len;
};

enum intent_source { /* which sources an attachment's packets may have; with the fast path */
    SOURCE_ANY,
    SOURCE_STRICT, /* the route to the source leads out of this attachment */
};

enum intent_action { ACL_PERMIT, ACL_DENY, ACL_COUNT };
enum intent_protocol { PROTOCOL_ANY, PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_ICMP, PROTOCOL_ICMPV6 };
enum { INTENT_ACL_MAX = 32, INTENT_UNMARKED = 64 };

struct intent_rule { /* first match ends; nothing matched: denied. Prefixes of no family: any address */
    struct prefix source, target;
    enum intent_protocol protocol;
    uint16_t port, port_to; /* of the target; 0: any; port_to 0: just `port` */
    uint16_t source_port, source_port_to; /* the same of the source; a rule has ports of one of them */
    enum intent_action action; /* ACL_COUNT goes on with the next rule */
    uint8_t dscp;           /* marked with; INTENT_UNMARKED none */
};

struct intent_attachment { /* (port, S-tag, C-tag) -> a veth pair into the domain's namespace */
    const char *name;    /* interface name inside the domain's namespace, at most 15 characters */
    const char *subject; /* as in the peer */
    const char *port;    /* trunk interface of the router */
    struct tags tags;
    uint16_t ethertype;  /* of the outer of two tags as it is sent: 0 means 0x8100 (what Microsoft asks for), or 0x88a8
                          * (802.1ad); either is taken on arrival */
    struct intent_address *addresses;
    size_t addresses_n;
    uint32_t mtu;        /* 1500 by default */
    /* with DATAPLANE_FAST */
    enum intent_source source;
    struct prefix *sources; /* the only ones allowed, beside the attachment's own subnets */
    struct intent_rule *acl; /* of what arrives */
    /* What arrives is marked by the first of these that matches, before the list is asked: the customer
     * edge's classification. Rules with ACL_COUNT. */
    struct intent_rule *mark;
    size_t sources_n, acl_n, mark_n;
    bool outside;        /* the public side of the domain's NAT */
    uint32_t rate_mbps;  /* policed in each direction; 0: not */
    uint16_t burst_ms;   /* 0: 10 */
    uint8_t voice_percent; /* of the rate, for EF; 0: 30 */
    bool queues;         /* what leaves is shaped to rate_mbps with a queue per class, not policed; any
                          * data plane. It takes the slow path: redirected frames pass all queues by */
};

struct intent_static { /* one to one, prefixes of one length */
    struct prefix inside, outside;
};

struct intent_nat { /* source NAT of what leaves by an attachment that is `outside` */
    struct addr first, last; /* of the pool; none: no NAT */
    struct prefix *inside;   /* sources that are translated; RFC 1918 by default */
    struct intent_static *statics;
    size_t inside_n, statics_n;
    uint8_t side, sides;     /* this edge is `side` (0 or 1) of `sides` that share the pool; sides 0: 1 */
    uint16_t block_ports;    /* ports an inside host gets; 0: 512 */
    uint32_t host_limit;     /* bindings of an inside host; 0: block_ports */
    uint32_t flows;          /* bindings at most; 0: 65536 */
    struct addr partner, local; /* of the edge that shares the pool, to replicate bindings to */
    uint16_t partner_port;   /* UDP, both ends; 0: 5350 */
    const char *partner_key; /* what both authenticate each other with; NULL or "": not. Never printed */
};

struct intent_network { /* a prefix this router originates */
    struct prefix prefix;
    uint32_t *communities;
    size_t communities_n;
};

struct intent_route { /* a static route inside the domain, for the kernel only */
    struct prefix prefix;
    struct addr via;
};

struct intent_domain {
    const char *name;    /* unique; letters, digits, '-', '_', '.'; at most 40 */
    const char *subject;
    enum domain_kind kind;
    bool premium;        /* 10,000 instead of 4,000 IPv4 prefixes */
    enum origin_validation origin_validation;
    /* Microsoft peering only. What the customer said it will announce: nothing else may come in. */
    struct prefix *advertised;
    /* The communities its route filter lets out; none: nothing is announced to the customer. */
    uint32_t *route_filter;
    uint32_t holder_asn; /* who the advertised prefixes belong to; 0: the peer's own AS */
    size_t advertised_n, route_filter_n;
    struct intent_attachment *attachments;
    struct intent_peer *peers;
    struct intent_network *networks;
    struct intent_route *routes;
    size_t attachments_n, peers_n, networks_n, routes_n;
    struct intent_nat nat;
};

struct intent_endpoint { /* where something listens */
    struct addr addr;
    uint16_t port;
};

struct intent_control { /* where intents come from; empty url: from the file only */
    const char *url, *ca_file, *cert_file, *key_file;
};

enum { INTENT_WORKERS_MOST = 16 };
struct intent {
    uint64_t revision;
    struct {
        const char *name;
        uint32_t id;  /* host order */
        uint32_t asn;
        const char *namespace_; /* network namespace the router works in; "" the one it is started in */
        uint32_t workers; /* threads that domains are spread over; 0: as the edge sees fit */
    } router;
    enum intent_dataplane dataplane;
    enum intent_profile qos_profile;
    const char *control_socket;
    const char *state_dir;  /* last intent is kept here; "" none */
    struct intent_control control;
    struct intent_endpoint *listen; /* only with DATAPLANE_NONE; else every domain listens on port 179 inside */
    struct intent_domain *domains;
    size_t listen_n, domains_n;
    struct { /* validated caches that speak RFC 8210, the preferred one first */
        struct intent_endpoint *caches;
        size_t caches_n;
        uint32_t refresh_s, expire_s, retry_s;
    } rpki;
    struct { /* stations that get a copy of sessions and routes (RFC 7854) */
        struct intent_endpoint *stations;
        size_t stations_n;
        bool adj_rib_out;    /* RFC 8671: what we send as well */
        bool adj_rib_in_pre; /* what neighbours send, before policy */
        bool loc_rib;        /* RFC 9069: the best paths of each domain */
        uint32_t buffer_kb; /* waiting for a station, at most; then it starts anew */
    } bmp;
    struct { /* Prometheus text over plain HTTP */
        struct intent_endpoint *listen;
        size_t listen_n;
    } metrics;
};

/* What every key means that nobody said: begin with a copy of it (intent_json.c). */
extern const struct intent intent_blank;

/* Does this router forward, or only speak? */
static inline bool intent_forwards(const struct intent *i) { return i->dataplane != DATAPLANE_NONE; }
