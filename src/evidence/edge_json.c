/* evidence/edge_json.c - peers, BFD, attachments, neighbours, foreign tags and routes, a row each. */
#include "evidence/edge_json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "evidence/edge_forward_json.h"
#include "evidence/fields_json.h"

bool edge_evidence_is(const json_t *document)
{
    return json_is_object(json_object_get(document, "router")) &&
           json_is_array(json_object_get(document, "peers")) &&
           json_is_array(json_object_get(document, "attachments"));
}

const char *edge_evidence_router(const json_t *document)
{
    return field_text(json_object_get(document, "router"), "name");
}

static bool is_leg(const char *subject) { return strncmp(subject, "circuit/", 8) == 0; }

/* ---- the cloud's side ---- */

static void take_cloud_session(const struct collector *c, const char *subject, const json_t *peer)
{
    const json_t *error = json_object_get(peer, "last_error");
    const json_t *asn = json_object_get(peer, "asn");
    bool up = strcmp(field_text(peer, "state"), "Established") == 0;
    put_session_state(c, FACT_SESSION_STATE, subject, field_text(peer, "state"));
    put(c, FACT_SESSION_PEER, subject, field_text(peer, "address"));
    if (json_is_integer(asn)) put_number(c, FACT_SESSION_ASN, subject, field_number(peer, "asn"));
    put(c, FACT_SESSION_ERROR, subject, field_text(error, "text"));
    if (strcmp(field_text(peer, "bfd"), "off") == 0) put(c, FACT_BFD_STATE, subject, "off"); /* no row below */
    if (!up) return; /* a session that is down has agreed on nothing */
    put_number(c, FACT_SESSION_HOLD, subject, field_number(peer, "hold_s"));
    put_number(c, FACT_SESSION_UPTIME, subject, field_number(peer, "uptime_s"));
    put_number(c, FACT_SESSION_RECEIVED, subject, field_number(json_object_get(peer, "prefixes"), "received"));
}

static void take_customer_session(const struct collector *c, const char *subject, const json_t *peer,
                                  const char *router)
{
    bool up = strcmp(field_text(peer, "state"), "Established") == 0;
    put(c, FACT_CUSTOMER_ROUTER, subject, router);
    put_session_state(c, FACT_CUSTOMER_STATE, subject, field_text(peer, "state"));
    put_number(c, FACT_CUSTOMER_REMOTE_ASN, subject, field_number(peer, "asn"));
    put(c, FACT_CUSTOMER_BFD, subject, field_text(peer, "bfd"));
    if (!up) return;
    put_number(c, FACT_CUSTOMER_HOLD, subject, field_number(peer, "hold_s"));
    if (c->tells_both_ends) put_number(c, FACT_SESSION_HOLD, subject, field_number(peer, "hold_s"));
    put_number(c, FACT_CUSTOMER_IMPORTED, subject, field_number(json_object_get(peer, "prefixes"), "received"));
}

/* A router of the customer is configured by hand; where its file names no subject the addresses tell. */
static const char *leg_of_peer(const struct collector *c, const json_t *peer, char buf[static SUBJECT_MAX])
{
    const char *subject = field_text(peer, "subject");
    struct addr a;
    if (is_leg(subject)) return subject;
    if (strcmp(field_text(peer, "role"), "cloud") != 0 || !addr_parse(field_text(peer, "address"), &a)) return NULL;
    return leg_of_address(c->design, &a, SIDE_CLOUD, buf) ? buf : NULL;
}

static void take_peer(const struct collector *c, const json_t *peer, const char *router)
{
    char buf[SUBJECT_MAX];
    const char *subject = leg_of_peer(c, peer, buf);
    if (!subject) return;
    if (strcmp(field_text(peer, "role"), "customer") == 0) take_cloud_session(c, subject, peer);
    if (strcmp(field_text(peer, "role"), "cloud") == 0) take_customer_session(c, subject, peer, router);
}

static const json_t *peer_at(const json_t *document, const char *subject, const char *role)
{
    size_t i;
    json_t *peer;
    json_array_foreach(json_object_get(document, "peers"), i, peer)
    {
        if (strcmp(field_text(peer, "subject"), subject) == 0 && strcmp(field_text(peer, "role"), role) == 0)
            return peer;
    }
    return NULL;
}

static void take_bfd(const struct collector *c, const json_t *row)
{
    const char *subject = field_text(row, "subject"), *said = field_text(row, "state");
    bool up = text_same_nocase(said, "up");
    put(c, FACT_BFD_STATE, subject, up ? "up" : said);
    if (!up) return; /* before that the intervals are the slow ones */
    put_number(c, FACT_BFD_TX, subject, field_number(row, "tx_us"));
    put_number(c, FACT_BFD_RX, subject, field_number(row, "rx_us"));
    put_number(c, FACT_BFD_DETECT, subject, field_number(row, "detect_us"));
}

static void take_attachment(const struct collector *c, const json_t *row)
{
    const char *subject = field_text(row, "subject");
    size_t i;
    json_t *address;
    put(c, FACT_ATTACHMENT_UP, subject, json_is_true(json_object_get(row, "up")) ? "true" : "false");
    put_number(c, FACT_ATTACHMENT_STAG, subject, field_number(row, "stag"));
    put_number(c, FACT_ATTACHMENT_CTAG, subject, field_number(row, "ctag"));
    put_number(c, FACT_ATTACHMENT_RX, subject, field_number(row, "rx_bytes"));
    put_number(c, FACT_ATTACHMENT_TX, subject, field_number(row, "tx_bytes"));
    json_array_foreach(json_object_get(row, "addresses"), i, address)
    {
        put(c, FACT_ATTACHMENT_ADDRESS, subject, json_string_value(address));
    }
}

static void take_neighbor(const struct collector *c, const json_t *row)
{
    const char *mac = field_text(row, "mac");
    if (!*field_text(row, "address")) return;
    facts_addf(c->facts, FACT_NEIGHBOR, field_text(row, "subject"), c->source, c->at_ms, "%s %s %s",
               field_text(row, "address"), *mac ? mac : "00:00:00:00:00:00",
               *field_text(row, "state") ? field_text(row, "state") : "unknown");
}

/* Frames of this circuit (its S-tag, its port) under a C-tag that nobody was given. */
static void take_foreign_tags(const struct collector *c, const json_t *document, const json_t *attachment)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(document, "unknown_tags"), i, row)
    {
        if (field_number(row, "outer") != field_number(attachment, "stag")) continue;
        if (strcmp(field_text(row, "port"), field_text(attachment, "port")) != 0) continue;
        facts_addf(c->facts, FACT_WRONG_TAG, field_text(attachment, "subject"), c->source, c->at_ms,
                   "%llu %llu %llu", (unsigned long long)field_number(row, "outer"),
                   (unsigned long long)field_number(row, "inner"), (unsigned long long)field_number(row, "packets"));
    }
}

static unsigned hops_of(const char *path)
{
    unsigned n = 0;
    for (const char *p = path; *p; p++)
        if (*p >= '0' && *p <= '9' && (p == path || p[-1] == ' ' || p[-1] == '{' || p[-1] == ',')) n++;
    return n;
}

static void take_route(const struct collector *c, const json_t *row)
{
    const char *path = field_text(row, "as_path");
    if (!json_is_true(json_object_get(row, "accepted"))) {
        facts_addf(c->facts, FACT_ROUTE_REFUSED, field_text(row, "subject"), c->source, c->at_ms, "%s %s",
                   field_text(row, "prefix"), field_text(row, "reason"));
        return;
    }
    facts_addf(c->facts, FACT_ROUTE, field_text(row, "subject"), c->source, c->at_ms, "%s %llu %u %s",
               field_text(row, "prefix"), (unsigned long long)field_number(row, "med"), hops_of(path), path);
}

/* "10.20.0.0/16 12076:50002,12076:5010", as the customer's router has it. */
static void take_customer_route(const struct collector *c, const char *subject, const json_t *row)
{
    char communities[FACT_VALUE_MAX] = "";
    size_t i, n = 0;
    json_t *v;
    json_array_foreach(json_object_get(row, "communities"), i, v)
    {
        const char *s = json_string_value(v);
        if (s && n < sizeof communities)
            n += (size_t)snprintf(communities + n, sizeof communities - n, "%s%s", n ? "," : "", s);
    }
    facts_addf(c->facts, FACT_CUSTOMER_ROUTE, subject, c->source, c->at_ms, "%s%s%s", field_text(row, "prefix"),
               *communities ? " " : "", communities);
}

/* The session of an edge with the gateway of a connection, "connection/N/primary", and how many
 * prefixes came over it. */
static void take_gateway_session(const struct collector *c, const json_t *peer)
{
    const char *subject = field_text(peer, "subject"), *end = strrchr(subject, '/');
    char connection[SUBJECT_MAX];
    if (strcmp(field_text(peer, "role"), "gateway") != 0 || strncmp(subject, "connection/", 11) != 0) return;
    put_session_state(c, FACT_SESSION_STATE, subject, field_text(peer, "state"));
    if (strcmp(field_text(peer, "state"), "Established") != 0) return;
    snprintf(connection, sizeof connection, "%.*s", (int)(end - subject), subject);
    put_number(c, FACT_CONNECTION_PREFIXES, connection, field_number(json_object_get(peer, "prefixes"), "accepted"));
}

/* Everything but sessions is told of the cloud's side only: the rows are about what the cloud sees. */
static bool cloud_side(const json_t *document, const char *subject)
{
    return is_leg(subject) && peer_at(document, subject, "customer") != NULL;
}

/* Routes of connections: an edge has them from the gateway, the gateway from the edge. */
static void take_connection_route(const struct collector *c, const json_t *document, const json_t *row)
{
    const char *subject = field_text(row, "subject");
    if (strncmp(subject, "connection/", 11) != 0) return;
    if (peer_at(document, subject, "gateway")) take_route(c, row);
    else if (peer_at(document, subject, "cloud") && json_is_true(json_object_get(row, "accepted")))
        facts_addf(c->facts, FACT_GATEWAY_ROUTE, subject, c->source, c->at_ms, "%s %u", field_text(row, "prefix"),
                   hops_of(field_text(row, "as_path")));
}

/* A cloud edge that has a leg's attachment and no session on it says that there is none. */
static void take_sessionless(const struct collector *c, const json_t *document, const json_t *attachment)
{
    const char *subject = field_text(attachment, "subject");
    if (!is_leg(subject) || peer_at(document, subject, "customer") || peer_at(document, subject, "cloud")) return;
    put(c, FACT_SESSION_STATE, subject, "None");
}

void edge_evidence_take(const struct collector *c, const json_t *document)
{
    static const struct {
        const char *list;
        void (*take)(const struct collector *, const json_t *);
    } lists[] = {{"bfd", take_bfd}, {"attachments", take_attachment}, {"neighbors", take_neighbor},
                 {"routes", take_route}};
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(document, "peers"), i, row)
    {
        take_peer(c, row, edge_evidence_router(document));
        take_gateway_session(c, row);
    }
    json_array_foreach(c->tells_both_ends ? json_object_get(document, "bfd") : NULL, i, row)
    {
        char buf[SUBJECT_MAX];
        const json_t *with = peer_at(document, field_text(row, "subject"), "cloud");
        if (!with || !leg_of_peer(c, with, buf)) continue;
        take_bfd(c, row);
    }
    json_array_foreach(json_object_get(document, "routes"), i, row)
    {
        const json_t *from = peer_at(document, field_text(row, "subject"), "cloud");
        char buf[SUBJECT_MAX];
        const char *subject = from ? leg_of_peer(c, from, buf) : NULL;
        if (subject && json_is_true(json_object_get(row, "accepted"))) take_customer_route(c, subject, row);
        take_connection_route(c, document, row);
    }
    json_array_foreach(json_object_get(document, "attachments"), i, row) { take_sessionless(c, document, row); }
    edge_forward_take(c, document);
    for (size_t k = 0; k < ARRAY_LEN(lists); k++)
        json_array_foreach(json_object_get(document, lists[k].list), i, row)
        {
            if (!cloud_side(document, field_text(row, "subject"))) continue;
            lists[k].take(c, row);
            if (lists[k].take == take_attachment) take_foreign_tags(c, document, row);
        }
}
