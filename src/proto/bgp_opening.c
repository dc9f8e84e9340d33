/* proto/bgp_opening.c - what is offered in an OPEN, whether the neighbour's suits ours, and what holds on
 * the session that comes of both (RFC 4271 6.2, 4724, 5492, 6286, 6793, 7313, 7911, 8538, 8654, 9234). */
#include "proto/bgp_session_priv.h"

enum { OPEN_ERROR = 2, BAD_PEER_AS = 2, BAD_IDENTIFIER, UNACCEPTABLE_HOLD = 6, UNSUPPORTED_CAPABILITY,
       ROLE_MISMATCH = 11 };

/* Forwarding is preserved when a session was lost, or our process, never before the first one. */
static void offer_restart(const struct bgp_session *s, struct bgp_caps *c)
{
    bool first = s->counts.established_count == 0;
    c->restart = c->restart_notify = true;
    c->restart_s = s->conf.restart_s;
    c->restart_families = s->conf.families;
    c->restarting = s->conf.restarting && first;
    c->forwarding_families = s->conf.restarting || !first ? s->conf.families : 0;
}

struct bgp_caps opening_caps(const struct bgp_session *s)
{
    const struct bgp_conf *c = &s->conf;
    uint32_t without = c->without;
    struct bgp_caps caps = {.families = c->families,
                            .refresh = !(without & BGP_WITHOUT_REFRESH),
                            .enhanced_refresh = !(without & (BGP_WITHOUT_REFRESH | BGP_WITHOUT_ENHANCED_REFRESH)),
                            .extended_messages = !(without & BGP_WITHOUT_EXTENDED_MESSAGES),
                            .as4 = !(without & BGP_WITHOUT_AS4), .asn = c->local_asn,
                            .add_path_send = c->add_path_send, .add_path_receive = c->add_path_receive,
                            .role_set = c->role_set, .role = c->role};
    if (c->restart && !(without & BGP_WITHOUT_RESTART)) offer_restart(s, &caps);
    return caps;
}

/* --- does theirs suit? --- */

static bool refuse(struct bgp_fault *f, uint8_t subcode, const char *what)
{
    *f = (struct bgp_fault){.code = OPEN_ERROR, .subcode = subcode, .what = what};
    return false;
}

/* Ours -> theirs (RFC 9234 4.2). */
static bool roles_fit(uint8_t ours, uint8_t theirs)
{
    static const uint8_t other[] = {
        [BGP_ROLE_PROVIDER] = BGP_ROLE_CUSTOMER, [BGP_ROLE_CUSTOMER] = BGP_ROLE_PROVIDER,
        [BGP_ROLE_RS] = BGP_ROLE_RS_CLIENT,      [BGP_ROLE_RS_CLIENT] = BGP_ROLE_RS,
        [BGP_ROLE_PEER] = BGP_ROLE_PEER};
    return ours < ARRAY_LEN(other) && other[ours] == theirs;
}

static bool role_suits(const struct bgp_conf *c, const struct bgp_caps *peer, struct bgp_fault *f)
{
    if (!c->role_set) return true;
    if (!peer->role_set)
        return !c->role_strict || refuse(f, ROLE_MISMATCH, "the neighbour tells no role");
    return roles_fit(c->role, peer->role) ||
           refuse(f, ROLE_MISMATCH, "the neighbour's role does not fit ours");
}

bool opening_suits(const struct bgp_session *s, const struct connection *mine, const struct bgp_open *o,
                   uint8_t room[static OPENING_DATA], struct bgp_fault *f)
{
    const struct bgp_conf *c = &s->conf;
    bool internal = c->local_asn == c->peer_asn;
    if (o->asn != c->peer_asn) return refuse(f, BAD_PEER_AS, "AS number is not the configured one");
    if (internal && o->id == c->local_id) return refuse(f, BAD_IDENTIFIER, "identifier is our own");
    if (o->hold_s == 0 && c->hold_s) return refuse(f, UNACCEPTABLE_HOLD, "hold time 0");
    if (o->hold_s && o->hold_s < c->min_hold_s)
        return refuse(f, UNACCEPTABLE_HOLD, "hold time below our minimum");
    if (!role_suits(c, &o->caps, f)) return false;
    if (o->caps.families & mine->offered.families) return true;
    struct writer w = writer_on(room, OPENING_DATA); /* RFC 5492 5: what was missed */
    bgp_families_encode(&w, c->families);
    refuse(f, UNSUPPORTED_CAPABILITY, "no address family in common");
    f->data = writer_span(&w);
    return false;
}

/* --- what holds --- */

bool restarts_agreed(const struct connection *c)
{
    return c->offered.restart && c->open.caps.restart;
}

void opening_agree(struct connection *c, const struct bgp_conf *conf, const struct bgp_open *o)
{
    const struct bgp_caps *ours = &c->offered, *theirs = &o->caps;
    c->open = *o;
    c->families = theirs->families & ours->families;
    c->add_path_send = c->families & ours->add_path_send & theirs->add_path_receive;
    c->add_path_receive = c->families & ours->add_path_receive & theirs->add_path_send;
    c->hold_s = o->hold_s < conf->hold_s ? o->hold_s : conf->hold_s;
    c->as4 = theirs->as4 && ours->as4;
    c->refresh = theirs->refresh && ours->refresh;
    c->enhanced = theirs->enhanced_refresh && ours->enhanced_refresh;
    bool extended = theirs->extended_messages && ours->extended_messages;
    c->message_max = extended ? BGP_MESSAGE_EXTENDED_MAX : BGP_MESSAGE_MAX;
    if (!restarts_agreed(c)) c->open.caps.restart = false;
}
