/* evidence/frr_json.c - neighbours are an object keyed by address, BFD peers a list. */
#include "evidence/frr_json.h"
#include <stdio.h>
#include <string.h>
#include "base/text.h"
#include "evidence/fields_json.h"

static bool is_neighbor(const json_t *v) { return json_is_object(v) && *field_text(v, "bgpState"); }

static bool is_bfd_peer(const json_t *v)
{
    return json_is_object(v) && *field_text(v, "peer") && *field_text(v, "status");
}

static bool any_neighbor(const json_t *o)
{
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)o, key, v)
    {
        if (is_neighbor(v)) return true;
    }
    return false;
}

/* {"vrfs": {"default": {...}}} or {"default": {...}} for several VRFs, else the neighbours themselves. */
static bool any_vrf(const json_t *o)
{
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)o, key, v)
    {
        if (json_is_object(v) && any_neighbor(v)) return true;
    }
    return false;
}

/* {"routes": {"10.20.0.0/16": [{"nexthops": [{"ip": "192.168.1.2"}]}]}} */
static bool is_table(const json_t *document)
{
    return json_is_object(json_object_get(document, "routes")) && json_object_get(document, "routerId");
}

/* `show bgp summary json`: {"ipv4Unicast": {"peers": {"192.168.1.2": {"remoteAs": 12076, "state": ...}}}} */
static const json_t *summary_of(const json_t *family) { return json_object_get(family, "peers"); }

static bool is_summary(const json_t *document)
{
    static const char *const families[] = {"ipv4Unicast", "ipv6Unicast"};
    for (size_t i = 0; i < ARRAY_LEN(families); i++)
        if (json_is_object(summary_of(json_object_get(document, families[i])))) return true;
    return json_is_object(summary_of(document)) && json_object_get(document, "routerId");
}

bool frr_document_is(const json_t *document)
{
    if (is_summary(document)) return true;
    if (is_table(document)) return true;
    if (json_is_array(document)) return is_bfd_peer(json_array_get(document, 0));
    return any_neighbor(document) || any_vrf(document);
}

static uint64_t imported_of(const json_t *neighbor)
{
    const char *key;
    json_t *family;
    uint64_t n = 0;
    json_object_foreach(json_object_get(neighbor, "addressFamilyInfo"), key, family)
    {
        n += field_number(family, "acceptedPrefixCounter");
    }
    return n;
}

static void take_neighbor(const struct collector *c, const char *router, const char *address, const json_t *n)
{
    char subject[SUBJECT_MAX];
    struct addr a;
    const json_t *bfd = json_object_get(n, "peerBfdInfo");
    if (!addr_parse(address, &a) || !leg_of_address(c->design, &a, SIDE_CLOUD, subject)) return;
    bool up = text_same_nocase(field_text(n, "bgpState"), "Established");
    put(c, FACT_CUSTOMER_ROUTER, subject, router);
    put_session_state(c, FACT_CUSTOMER_STATE, subject, field_text(n, "bgpState"));
    put_number(c, FACT_CUSTOMER_REMOTE_ASN, subject, field_number(n, "remoteAs"));
    if (bfd && *field_text(bfd, "status"))
        put(c, FACT_CUSTOMER_BFD, subject, text_same_nocase(field_text(bfd, "status"), "up") ? "up" : "down");
    if (!up) return;
    uint64_t hold = field_number(n, "bgpTimerHoldTimeMsecs") / 1000;
    put_number(c, FACT_CUSTOMER_HOLD, subject, hold);
    if (c->tells_both_ends) put_number(c, FACT_SESSION_HOLD, subject, hold);
    put_number(c, FACT_CUSTOMER_IMPORTED, subject, imported_of(n));
}

static void take_neighbors(const struct collector *c, const char *router, const json_t *o)
{
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)o, key, v)
    {
        if (is_neighbor(v)) take_neighbor(c, router, key, v);
        else if (json_is_object(v) && any_neighbor(v)) take_neighbors(c, router, v);
    }
}

static void take_bfd_peer(const struct collector *c, const json_t *row)
{
    char subject[SUBJECT_MAX];
    struct addr a;
    if (!is_bfd_peer(row) || !addr_parse(field_text(row, "peer"), &a)) return;
    if (!leg_of_address(c->design, &a, SIDE_CLOUD, subject)) return;
    put(c, FACT_CUSTOMER_BFD, subject, field_text(row, "status"));
    if (!c->tells_both_ends) return;
    put(c, FACT_BFD_STATE, subject, field_text(row, "status"));
    uint64_t ours = field_number(row, "receive-interval"), theirs = field_number(row, "remote-transmit-interval");
    uint64_t detect = field_number(row, "remote-detect-multiplier") * (ours > theirs ? ours : theirs) * 1000;
    if (detect && text_same_nocase(field_text(row, "status"), "up")) put_number(c, FACT_BFD_DETECT, subject, detect);
}

static void take_path(const struct collector *c, const char *prefix, const json_t *path)
{
    char subject[SUBJECT_MAX];
    struct addr a;
    size_t i;
    json_t *hop;
    json_array_foreach(json_object_get(path, "nexthops"), i, hop)
    {
        if (addr_parse(field_text(hop, "ip"), &a) && leg_of_address(c->design, &a, SIDE_CLOUD, subject))
            put(c, FACT_CUSTOMER_ROUTE, subject, prefix);
    }
}

static void take_table(const struct collector *c, const json_t *document)
{
    const char *prefix;
    json_t *paths, *path;
    size_t i;
    json_object_foreach(json_object_get(document, "routes"), prefix, paths)
    {
        json_array_foreach(paths, i, path) { take_path(c, prefix, path); }
    }
}

static void take_summary_peers(const struct collector *c, const char *router, const json_t *peers)
{
    const char *address;
    json_t *v;
    json_object_foreach((json_t *)peers, address, v)
    {
        char subject[SUBJECT_MAX];
        struct addr a;
        if (!addr_parse(address, &a) || !leg_of_address(c->design, &a, SIDE_CLOUD, subject)) continue;
        put(c, FACT_CUSTOMER_ROUTER, subject, router);
        put_session_state(c, FACT_CUSTOMER_STATE, subject, field_text(v, "state"));
        put_number(c, FACT_CUSTOMER_REMOTE_ASN, subject, field_number(v, "remoteAs"));
        if (text_same_nocase(field_text(v, "state"), "Established"))
            put_number(c, FACT_CUSTOMER_IMPORTED, subject, field_number(v, "pfxRcd"));
    }
}

static void take_summary(const struct collector *c, const char *router, const json_t *document)
{
    const char *key;
    json_t *family;
    take_summary_peers(c, router, summary_of(document));
    json_object_foreach((json_t *)document, key, family) { take_summary_peers(c, router, summary_of(family)); }
}

void frr_take(const struct collector *c, const char *router, const json_t *document)
{
    size_t i;
    json_t *row;
    if (is_table(document)) take_table(c, document);
    else if (is_summary(document)) take_summary(c, router, document);
    else if (json_is_object(document)) take_neighbors(c, router, document);
    json_array_foreach((json_t *)document, i, row) { take_bfd_peer(c, row); }
}
