/* m365/decision.h - shall Office 365 use the circuit at all, and what follows from the answer? Values
 * in, a row per question out, each with its reason, what to do and its source. Pure; texts in the
 * arena. A question whose facts were not given is open, never answered. Sources: ExpressRoute for
 * Office 365 overview (2024-03-15), routing and implementing articles. */
#pragma once
#include "base/arena.h"
#include "m365/communities.h"

enum fact { FACT_UNSAID, FACT_YES, FACT_NO };

enum inbound_way { INBOUND_UNSAID, INBOUND_INTERNET, INBOUND_CIRCUIT };
struct decision_inbound { /* a service of the customer that the cloud calls */
    const char *name, *kind; /* kind: smtp, adfs, exchange-hybrid, sharepoint-hybrid, skype-hybrid ... */
    enum inbound_way way;
    enum fact public_address, public_name, source_nat, own_subnet;
};

struct decision_input {
    enum feed_instance instance;
    enum fact wanted;                /* shall Office 365 use the circuit? */
    const char *authorization;       /* Microsoft's reference; NULL or "": none */
    const char *regulation;          /* what demands a direct link; NULL or "": unsaid */
    enum fact expired;               /* the permission, at the day of asking */
    enum fact microsoft_peering, premium, internet_egress, second_location;
    const char *const *areas;        /* of the feed; what shall go over the circuit */
    size_t areas_n;
    const uint16_t *filter;          /* community values let in */
    size_t filter_n;
    enum fact filter_known;          /* is there a route filter at all? */
    const struct decision_inbound *inbound;
    size_t inbound_n;
};

enum answer { ANSWER_OPEN, ANSWER_FINE, ANSWER_CARE, ANSWER_WRONG };
struct decision_row {
    const char *question, *says, *action, *source; /* action: "" if none */
    enum answer answer;
};
enum decision_way { DECISION_OPEN, DECISION_INTERNET, DECISION_CIRCUIT };
enum { DECISION_ROWS_MAX = 64 };
struct decision {
    enum decision_way way;
    const char *why; /* one sentence */
    struct decision_row row[DECISION_ROWS_MAX];
    size_t rows;
};

/* False: the arena is full, or more inbound services than rows. */
MUST_USE bool decide(const struct decision_input *in, struct arena *a, struct decision *out);
const char *answer_text(enum answer a);             /* "open", "fine", "care", "wrong" */
const char *decision_way_text(enum decision_way w); /* "open", "internet", "circuit" */

/* What no circuit ever carries, for people; ended by NULL. */
extern const char *const decision_never[];
