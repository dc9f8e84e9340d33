/* checklist/why.h - why does SRC (not) reach DST? A ladder for each leg, from the wire upwards and
 * back: link, tag, ARP or ND, BFD, BGP, policy, route, NAT, QoS, reply path. A rung is whole, broken
 * or not known; what stands above a broken rung is not judged, because it would only repeat it.
 * Pure: design and facts in, a verdict with its evidence out. */
#pragma once
#include "intent/facts.h"
#include "model/design.h"

enum why_answer { WHY_UNKNOWN, WHY_YES, WHY_NO };

enum why_step { WHY_LINK, WHY_TAG, WHY_ARP, WHY_BFD, WHY_BGP, WHY_POLICY, WHY_ROUTE, WHY_NAT, WHY_QOS,
                WHY_REPLY, WHY_STEPS };
const char *why_step_name(enum why_step s); /* "link", "tag", "arp" ... */

struct why_rung {
    enum why_answer ok;
    const char *rule;     /* what had to hold, or what broke it */
    const char *evidence; /* "bgp.state = Established (edge edge1, 2 s ago); ..."; "" none */
    const char *owner;    /* "" when nobody must act */
    const char *remedy;
};

struct why_leg {
    enum leg leg;
    enum why_answer ok;
    enum why_step broken; /* the first broken rung; WHY_STEPS when there is none */
    struct why_rung rungs[WHY_STEPS];
};

struct why {
    enum why_answer ok;        /* both legs carry both directions */
    enum why_answer reachable; /* at least one leg does */
    enum why_answer symmetric; /* the legs that carry the way there are those that carry the way back */
    struct addr src, dst;
    const char *circuit, *peering; /* subject of the peering: "circuit/er-demo/private" */
    struct why_leg legs[LEGS];
};

struct why_input {
    const struct design *design;
    const struct facts *facts; /* sorted */
    int64_t now_ms;
    uint32_t freshness_s;
    struct addr src, dst;
};

/* An address, or the name of a host of the design. */
MUST_USE bool why_address(const struct design *d, const char *s, struct addr *out);
/* NULL with `*out_reason` when the design has no circuit between the two, or the arena is full. */
MUST_USE struct why *why_climb(const struct why_input *in, struct arena *arena, const char **out_reason);
