/* m365/decision.c - the questions in the order in which they are asked: is it carried at all, may it,
 * must it, can it, what exactly, what stays on the Internet, what comes in. The first that says no
 * decides the way; the others are answered all the same, because a design is mended once. */
#include "m365/decision.h"
#include <string.h>
#include "base/text.h"

#define OVERVIEW "ExpressRoute for Office 365, overview 2024-03-15"
#define ROUTING "Routing with ExpressRoute for Office 365, 2019-12-03"
#define PLANNING "Network planning with ExpressRoute for Office 365, 2018-02-14"

const char *const decision_never[] = {
    "downloads of the Office desktop client",
    "sign-in against an identity provider on your premises",
    "DNS, certificate revocation (CRL, OCSP) and content delivery networks",
    "PST import and eDiscovery export: Azure storage, not an Office service",
    "Defender for Endpoint",
    "third-party parts of Yammer, and every set whose flag expressRoute is false",
    NULL,
};

const char *answer_text(enum answer a)
{
    static const char *const texts[] = {"open", "fine", "care", "wrong"};
    return texts[a];
}

const char *decision_way_text(enum decision_way w)
{
    static const char *const texts[] = {"open", "internet", "circuit"};
    return texts[w];
}

static enum answer say(struct decision *d, const char *question, enum answer answer, const char *says,
                       const char *action, const char *source)
{
    if (d->rows < DECISION_ROWS_MAX)
        d->row[d->rows++] = (struct decision_row){question, says, action, source, answer};
    return answer;
}

static bool given(const char *s) { return s && *s; }

/* ---- the questions; each adds its row ---- */

static enum answer is_carried(const struct decision_input *in, struct decision *d)
{
    static const char *const q = "Does a circuit carry this instance at all?";
    if (in->instance == INSTANCE_UNKNOWN)
        return say(d, q, ANSWER_OPEN, "the instance is not named", "Name it: Worldwide, USGovDoD, "
                   "USGovGCCHigh, China.", OVERVIEW);
    if (!community_of_area("Exchange", in->instance))
        return say(d, q, ANSWER_WRONG, "no Office community exists there; every set has expressRoute=false",
                   "Plan for the Internet.", OVERVIEW);
    return say(d, q, ANSWER_FINE, "it has communities of its own", "", OVERVIEW);
}

static enum answer is_permitted(const struct decision_input *in, struct decision *d)
{
    static const char *const q = "Has Microsoft authorised it?";
    if (!given(in->authorization))
        return say(d, q, ANSWER_WRONG, "no authorisation is declared, so no route filter with an Office "
                   "community can be made", "Stay on the Internet, or ask the account team and record the "
                   "reference.", OVERVIEW);
    if (in->expired == FACT_YES)
        return say(d, q, ANSWER_WRONG, "the authorisation has expired", "Have it renewed.", OVERVIEW);
    return say(d, q, ANSWER_FINE, in->authorization, "", OVERVIEW);
}

static enum answer is_needed(const struct decision_input *in, struct decision *d)
{
    static const char *const q = "Is it needed?";
    if (given(in->regulation)) return say(d, q, ANSWER_FINE, in->regulation, "", OVERVIEW);
    return say(d, q, ANSWER_CARE, "no regulation that demands a direct link is named; Office 365 is built "
               "for local Internet egress, and a circuit is neither an availability nor a security product",
               "Name the regulation, or plan for the Internet.", OVERVIEW);
}

static enum answer yes_or_no(struct decision *d, const char *question, enum fact fact, const char *yes,
                             const char *no, enum answer if_no, const char *action, const char *source)
{
    if (fact == FACT_UNSAID) return say(d, question, ANSWER_OPEN, "not said", "Say it in the design.", source);
    if (fact == FACT_YES) return say(d, question, ANSWER_FINE, yes, "", source);
    return say(d, question, if_no, no, action, source);
}

static void can_it(const struct decision_input *in, struct decision *d)
{
    yes_or_no(d, "Is there a Microsoft peering?", in->microsoft_peering, "it is the only peering that carries it",
              "there is none", ANSWER_WRONG, "Add Microsoft peering with public addresses.", ROUTING);
    yes_or_no(d, "Is the circuit Premium?", in->premium, "Office 365 is reached globally", "Standard or Local",
              ANSWER_WRONG, "Upgrade the SKU tier.", OVERVIEW);
    yes_or_no(d, "Does the Internet path stay?", in->internet_egress, "a circuit never replaces it",
              "no Internet egress is declared", ANSWER_WRONG,
              "Keep it: portals, content delivery, DNS and sign-in use it.", OVERVIEW);
    yes_or_no(d, "Is there a second location?", in->second_location, "both carry the whole load",
              "one location; the Internet as its backup needs hand work in BGP, NAT, DNS and proxies",
              ANSWER_CARE, "Order a circuit at a second location.", PLANNING);
}

static bool lets_in(const struct decision_input *in, uint16_t value)
{
    for (size_t i = 0; i < in->filter_n; i++)
        if (in->filter[i] == value) return true;
    return false;
}

static bool wants_area(const struct decision_input *in, const char *area)
{
    for (size_t i = 0; i < in->areas_n; i++)
        if (text_same_nocase(in->areas[i], area)) return true;
    return false;
}

/* Every service asked for has its community in the filter, and no Office community is there unasked. */
static void filter_fits(const struct decision_input *in, struct arena *a, struct decision *d)
{
    static const char *const q = "Does the route filter let in what is wanted, and no more?";
    size_t before = d->rows;
    if (in->filter_known != FACT_YES) {
        say(d, q, in->filter_known == FACT_NO ? ANSWER_WRONG : ANSWER_OPEN,
            "without a filter nothing is announced", "Attach a route filter.", ROUTING);
        return;
    }
    bool government = in->instance == USGOV_DOD || in->instance == USGOV_GCCHIGH;
    for (const struct service_community *c = service_communities; c->value; c++) {
        if (!*c->area || c->government != government) continue;
        bool wanted = wants_area(in, c->area), there = lets_in(in, c->value);
        if (wanted && !there)
            say(d, q, ANSWER_WRONG, arena_printf(a, "%s is wanted, 12076:%u is missing", c->name, c->value),
                "Add the community.", ROUTING);
        if (!wanted && there)
            say(d, q, ANSWER_CARE, arena_printf(a, "%s is not wanted, 12076:%u lets it in", c->name, c->value),
                "Remove the community, or plan for the service: it pulls return traffic onto the circuit.",
                ROUTING);
    }
    if (d->rows == before) say(d, q, ANSWER_FINE, "the communities are those of the services", "", ROUTING);
}

static void sign_in_path(const struct decision_input *in, struct decision *d)
{
    static const char *const q = "Which way does sign-in go?";
    if (wants_area(in, "Common"))
        say(d, q, ANSWER_FINE, "over the circuit, with the portal (common)", "", ROUTING);
    else if (in->areas_n)
        say(d, q, ANSWER_CARE, "over the Internet: common is not selected, so users need both paths", "Say in "
            "the design that it is meant.", ROUTING);
}

/* ---- what comes in ---- */

static const struct {
    const char *kind;
    bool never;
    const char *why;
} inbound_rows[] = {
    {"smtp", true, "more systems than the shared routes cover send mail; announcing mail hosts on the circuit "
                   "breaks it"},
    {"adfs", false, "users and the cloud call the same name"},
    {"exchange-hybrid", false, "free/busy and mailbox moves"},
    {"sharepoint-hybrid", false, "federated search and business connectivity"},
    {"skype-hybrid", false, "federation and connectors"},
};

static bool published_well(const struct decision_inbound *i)
{
    return i->public_address == FACT_YES && i->public_name == FACT_YES && i->source_nat == FACT_YES &&
           i->own_subnet == FACT_YES;
}

static void judge_inbound(const struct decision_inbound *i, struct arena *a, struct decision *d)
{
    const char *q = arena_printf(a, "Which way comes %s in?", i->name);
    const char *why = "the Internet is the recommended way for every inbound flow";
    bool never = false;
    for (size_t k = 0; k < ARRAY_LEN(inbound_rows); k++)
        if (given(i->kind) && text_same_nocase(inbound_rows[k].kind, i->kind))
            why = inbound_rows[k].why, never = inbound_rows[k].never;
    if (i->way == INBOUND_UNSAID)
        say(d, q, ANSWER_OPEN, "not said", "Say path: internet, or circuit.", ROUTING);
    else if (i->way == INBOUND_INTERNET)
        say(d, q, ANSWER_FINE, why, "", ROUTING);
    else if (never)
        say(d, q, ANSWER_WRONG, why, "Move it to the Internet.", ROUTING);
    else if (!published_well(i))
        say(d, q, ANSWER_WRONG, "over the circuit it needs a public address and name, a subnet for this purpose "
            "only, and source NAT on entry; not all are declared", "Complete them, or use the Internet.", ROUTING);
    else
        say(d, q, ANSWER_CARE, why, "Keep it on the Internet unless it must not be.", ROUTING);
}

/* ---- all together ---- */

static void settle(const struct decision_input *in, enum answer carried, enum answer permitted,
                   struct decision *d)
{
    if (in->wanted == FACT_NO) {
        d->way = DECISION_INTERNET;
        d->why = "The design keeps Office 365 on the Internet, which is the recommended way.";
    } else if (carried == ANSWER_WRONG) {
        d->way = DECISION_INTERNET;
        d->why = "This instance is never carried by a circuit.";
    } else if (permitted == ANSWER_WRONG) {
        d->way = DECISION_INTERNET;
        d->why = "Without a valid authorisation no Office community can be received.";
    } else if (in->wanted == FACT_UNSAID || carried == ANSWER_OPEN) {
        d->way = DECISION_OPEN;
        d->why = "The design does not say what is wanted, and for which instance.";
    } else {
        d->way = DECISION_CIRCUIT;
        d->why = "It is wanted and authorised; the rows below say what must hold.";
    }
}

bool decide(const struct decision_input *in, struct arena *a, struct decision *out)
{
    *out = (struct decision){0};
    enum answer carried = is_carried(in, out), permitted = is_permitted(in, out);
    is_needed(in, out);
    settle(in, carried, permitted, out);
    if (out->way != DECISION_INTERNET) {
        can_it(in, out);
        filter_fits(in, a, out);
        sign_in_path(in, out);
    }
    for (size_t i = 0; i < in->inbound_n; i++) judge_inbound(&in->inbound[i], a, out);
    for (size_t i = 0; i < out->rows; i++)
        if (!out->row[i].question || !out->row[i].says) return false;
    return out->rows < DECISION_ROWS_MAX;
}
