/* render/render.h - configuration of a customer's router from a design: what ends on it of a circuit,
 * as a text for Fairlead, FRR, BIRD, IOS-XE or Junos.
 * Gathering turns the design into one value per router; each dialect writes that value. Texts hold the
 * session keys (the caller decides who may read them). Pure. */
#pragma once
#include "base/text.h"
#include "model/design.h"

enum render_for { RENDER_FAIRLEAD, RENDER_FRR, RENDER_BIRD, RENDER_IOS_XE, RENDER_JUNOS, RENDER_DIALECTS };
const char *render_name(enum render_for f); /* "fairlead", "frr", "bird", "ios-xe", "junos" */

enum { RENDER_SESSIONS_MAX = 16, RENDER_PREFIXES_MAX = 64, RENDER_POOLS_MAX = 8, RENDER_CLASSES_MAX = 8,
       RENDER_COMMUNITIES_MAX = 32, RENDER_NEAR_MAX = 8 };

struct render_session { /* one leg of one peering */
    const char *circuit;
    enum peering_kind kind;
    enum leg leg;
    char name[64];      /* "er-demo-private-primary" */
    char interface[16];  /* on Linux, which has 15 characters: "wan0.100" */
    char linux_port[16]; /* the port as Linux can call it */
    const char *port;
    uint16_t vlan, stag; /* stag 0: the provider adds it, or there is none */
    struct prefix link, link6; /* link6 without address: IPv4 only */
    struct addr customer, cloud, customer6, cloud6;
    uint32_t remote_asn;
    const char *key; /* "" none */
    bool key_left_out; /* it has characters that routers read as syntax */
    struct design_bfd bfd;
    uint16_t keepalive_s, hold_s; /* 60 and 180 when unsaid */
    uint8_t prepend;
    uint32_t med, local_pref;
    struct prefix announce[RENDER_PREFIXES_MAX]; /* nothing else goes out */
    struct prefix accept[RENDER_PREFIXES_MAX];   /* nothing else comes in; none: all but the default route */
    const char *communities[RENDER_COMMUNITIES_MAX]; /* Microsoft peering: of its route filter */
    size_t announce_n, accept_n, communities_n;
    uint32_t max_prefixes, bandwidth_mbps;
    bool inbound_deny; /* the design's access list of what arrives ends with a deny */
};

struct render_router {
    const char *name, *site;
    struct addr id, lan; /* lan none: unknown */
    uint8_t lan_len;
    uint32_t asn;
    struct render_session sessions[RENDER_SESSIONS_MAX];
    struct {
        const char *name;
        struct addr address;
    } near[RENDER_NEAR_MAX]; /* the site's other routers, for sessions inside */
    const struct design_pool *pools[RENDER_POOLS_MAX]; /* translated before Microsoft peering */
    const struct design_class *classes[RENDER_CLASSES_MAX];
    size_t sessions_n, near_n, pools_n, classes_n;
    struct prefix own[RENDER_PREFIXES_MAX]; /* all that any session announces, each once */
    size_t own_n;
};

/* What ends on that router; false if the design has no such router or nothing ends there. */
MUST_USE bool render_gather(const struct design *d, const char *router, struct render_router *out);
void render_text(enum render_for f, const struct render_router *r, struct text *out);
