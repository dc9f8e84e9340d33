/* intent/intent_json.c - the tables of an intent's keys. Reading is fields_read over them, then the
 * rules that a single key cannot know (intent/check.h); writing is fields_write over the same rows. */
#include "intent/intent_json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "intent/check.h"
#include "intent/forwarding_json.h"
#include "net/fields_json.h"
#include "proto/bfd_session.h" /* the defaults of RFC 5880 sessions here */
#include "proto/bgp_session.h" /* capabilities by name */

enum { NAME_LONGEST = 40, FILE_LONGEST = 400, SUBJECT_LONGEST = 400, INTERFACE_LONGEST = 15 };
/* As in RFC 8210 section 6, but a cache that starts after us is not waited for ten minutes. */
enum { RPKI_REFRESH_S = 3600, RPKI_EXPIRE_S = 7200, RPKI_RETRY_S = 60 };
enum { BMP_BUFFER_KB = 16 << 10, BMP_LEAST_KB = 1 << 10, BMP_MOST_KB = 1 << 20 };
enum { ADMIN_TEXT_LONGEST = 255 }; /* RFC 9003 */
enum { MTU_LEAST = 1280, MTU_MOST = 9216, MD5_LONGEST = 80, BFD_LEAST_MS = 10, BFD_MOST_MS = 60000 };

static const char *const dataplanes[] = {"none", "namespaces", "fast", NULL};
static const char *const domain_kinds[] = {"plain", "private", "microsoft", NULL};
static const char *const origin_names[] = {"off", "report", "depref", "drop", NULL};
static const char *const bgp_roles[] = {"auto", "none", "provider", "rs", "rs-client", "customer",
                                        "peer", NULL};
static const char *const peer_roles[] = {"plain", "customer", "gateway", "cloud", "internal", NULL};

/* --- lists of short texts, each with a parser and a printer --- */

struct text_list {
    size_t size;                             /* of one item */
    const char *rule;
    bool (*parse)(const char *s, void *item);
    json_t *(*print)(const void *item);
};

static void *read_list(const struct fields_reader *r, const json_t *v, const char *pointer,
                       const struct text_list *kind, size_t *n)
{
    *n = 0;
    if (!json_is_array(v)) {
        problem_add(r->problems, pointer, "a list", "", "this is %s", fields_type_name(v));
        return NULL;
    }
    size_t count = json_array_size(v);
    uint8_t *items = arena_take_array(r->arena, count ? count : 1, kind->size);
    if (!items) {
        problem_add(r->problems, pointer, "the document's memory limit", "", "the list is too long");
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        const char *s = json_string_value(json_array_get(v, i));
        if (!s || !kind->parse(s, items + i * kind->size))
            problem_add(r->problems, fields_pointer_at(r->arena, pointer, i), kind->rule, "",
                        "'%s' is none", s ? s : fields_type_name(json_array_get(v, i)));
    }
    *n = count;
    return items;
}

static json_t *write_list(const void *items, size_t n, const struct text_list *kind)
{
    if (n == 0) return NULL;
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, kind->print((const uint8_t *)items + i * kind->size));
    return list;
}

static bool parse_number(const char *s, unsigned long most, unsigned long *out)
{
    char *end;
    if (*s < '0' || *s > '9') return false;
    *out = strtoul(s, &end, 10);
    return !*end && *out <= most;
}

static bool parse_host(const char *s, void *item)
{
    struct intent_address *a = item;
    const char *slash = strchr(s, '/');
    char text[ADDR_TEXT_MAX] = "";
    unsigned long len;
    if (!slash || (size_t)(slash - s) >= sizeof text) return false;
    memcpy(text, s, (size_t)(slash - s));
    if (!addr_parse(text, &a->addr)) return false;
    if (!parse_number(slash + 1, addr_bits((enum family)a->addr.family), &len)) return false;
    a->len = (uint8_t)len;
    return true;
}

static json_t *print_host(const void *item)
{
    const struct intent_address *a = item;
    char text[ADDR_TEXT_MAX];
    return json_sprintf("%s/%u", addr_text(&a->addr, text), a->len);
}

static bool parse_community(const char *s, void *item)
{
    const char *colon = strchr(s, ':');
    char high[6] = "";
    unsigned long h, l;
    if (!colon || (size_t)(colon - s) >= sizeof high) return false;
    memcpy(high, s, (size_t)(colon - s));
    if (!parse_number(high, UINT16_MAX, &h) || !parse_number(colon + 1, UINT16_MAX, &l)) return false;
    uint32_t value = (uint32_t)(h << 16 | l);
    memcpy(item, &value, sizeof value);
    return true;
}

static json_t *print_community(const void *item)
{
    uint32_t value;
    memcpy(&value, item, sizeof value);
    return json_sprintf("%u:%u", value >> 16, value & UINT16_MAX);
}

/* "192.0.2.1:179" or "[2001:db8::1]:179". */
static bool parse_listen(const char *s, void *item)
{
    struct intent_endpoint *l = item;
    bool six = *s == '[';
    const char *end = six ? strstr(s, "]:") : strrchr(s, ':');
    char text[ADDR_TEXT_MAX] = "";
    unsigned long port;
    s += six;
    if (!end || (size_t)(end - s) >= sizeof text) return false;
    memcpy(text, s, (size_t)(end - s));
    if (!addr_parse(text, &l->addr) || (l->addr.family == FAMILY_IPV6) != six) return false;
    if (!parse_number(end + 1 + six, UINT16_MAX, &port) || port == 0) return false;
    l->port = (uint16_t)port;
    return true;
}

static json_t *print_listen(const void *item)
{
    const struct intent_endpoint *l = item;
    char text[ADDR_TEXT_MAX];
    bool six = l->addr.family == FAMILY_IPV6;
    return json_sprintf(six ? "[%s]:%u" : "%s:%u", addr_text(&l->addr, text), l->port);
}

static const struct text_list hosts = {sizeof(struct intent_address),
                                       "an address with its length, such as 10.0.0.1/30",
                                       parse_host, print_host};
static const struct text_list community_list = {sizeof(uint32_t), "a community, such as 12076:50002",
                                                parse_community, print_community};
static const struct text_list listens = {
    sizeof(struct intent_endpoint), "an address and a port: 127.0.0.1:1790, or [::1]:1790",
    parse_listen, print_listen};

/* --- custom rows --- */

#define LIST_ROW(name, type, member, kind)                                                         \
    static void read_##name(const struct fields_reader *r, const json_t *v, void *record,          \
                            const char *pointer)                                                   \
    {                                                                                              \
        type *x = record;                                                                          \
        x->member = read_list(r, v, pointer, &kind, &x->member##_n);                               \
    }                                                                                              \
    static json_t *write_##name(const void *record, bool secrets)                                  \
    {                                                                                              \
        const type *x = record;                                                                    \
        (void)secrets;                                                                             \
        return write_list(x->member, x->member##_n, &kind);                                        \
    }

LIST_ROW(addresses, struct intent_attachment, addresses, hosts)
LIST_ROW(communities, struct intent_network, communities, community_list)
LIST_ROW(filter, struct intent_domain, route_filter, community_list)
LIST_ROW(listen, struct intent, listen, listens)
LIST_ROW(caches, struct intent, rpki.caches, listens)
LIST_ROW(stations, struct intent, bmp.stations, listens)
LIST_ROW(metrics, struct intent, metrics.listen, listens)

static const struct {
    const char *name;
    uint32_t bit;
} family_names[] = {{"ipv4-unicast", BGP_IPV4_UNICAST}, {"ipv6-unicast", BGP_IPV6_UNICAST}};

static uint32_t family_named(const char *s)
{
    for (size_t i = 0; s && i < ARRAY_LEN(family_names); i++)
        if (strcmp(family_names[i].name, s) == 0) return family_names[i].bit;
    return 0;
}

static void read_families(const struct fields_reader *r, const json_t *v, void *record,
                          const char *pointer)
{
    struct intent_peer *p = record;
    if (!json_is_array(v) || json_array_size(v) == 0)
        problem_add(r->problems, pointer, "a list of ipv4-unicast, ipv6-unicast", "[ipv4-unicast]",
                    "the families are %s", json_is_array(v) ? "none" : fields_type_name(v));
    for (size_t i = 0; i < json_array_size(v); i++) {
        const char *s = json_string_value(json_array_get(v, i));
        uint32_t bit = family_named(s);
        if (!bit)
            problem_add(r->problems, fields_pointer_at(r->arena, pointer, i),
                        "ipv4-unicast or ipv6-unicast", "", "'%s' is no address family here",
                        s ? s : fields_type_name(json_array_get(v, i)));
        p->families |= bit;
    }
}

static const struct {
    const char *name;
    uint32_t bit;
} capability_names[] = {{"refresh", BGP_WITHOUT_REFRESH},
                        {"enhanced-refresh", BGP_WITHOUT_ENHANCED_REFRESH},
                        {"extended-messages", BGP_WITHOUT_EXTENDED_MESSAGES},
                        {"as4", BGP_WITHOUT_AS4},
                        {"graceful-restart", BGP_WITHOUT_RESTART}};

static void read_without(const struct fields_reader *r, const json_t *v, void *record,
                         const char *pointer)
{
    struct intent_peer *p = record;
    const char *rule = "a list of refresh, enhanced-refresh, extended-messages, as4, graceful-restart";
    if (!json_is_array(v)) problem_add(r->problems, pointer, rule, "", "this is %s", fields_type_name(v));
    for (size_t i = 0; i < json_array_size(v); i++) {
        const char *s = json_string_value(json_array_get(v, i));
        uint32_t bit = 0;
        for (size_t k = 0; s && k < ARRAY_LEN(capability_names); k++)
            if (strcmp(capability_names[k].name, s) == 0) bit = capability_names[k].bit;
        if (!bit)
            problem_add(r->problems, fields_pointer_at(r->arena, pointer, i), rule, "",
                        "'%s' is no capability here", s ? s : fields_type_name(json_array_get(v, i)));
        p->without |= bit;
    }
}

static json_t *write_without(const void *record, bool secrets)
{
    const struct intent_peer *p = record;
    (void)secrets;
    if (!p->without) return NULL;
    json_t *list = json_array();
    for (size_t i = 0; i < ARRAY_LEN(capability_names); i++)
        if (p->without & capability_names[i].bit)
            json_array_append_new(list, json_string(capability_names[i].name));
    return list;
}

static json_t *write_families(const void *record, bool secrets)
{
    const struct intent_peer *p = record;
    (void)secrets;
    json_t *list = json_array();
    for (size_t i = 0; i < ARRAY_LEN(family_names); i++)
        if (p->families & family_names[i].bit)
            json_array_append_new(list, json_string(family_names[i].name));
    return list;
}

struct bfd_ms { /* as people write it */
    uint32_t min_tx, min_rx;
    uint8_t mult;
    bool check_control_plane;
};

static const struct bfd_ms bfd_usual = {BFD_DEFAULT_US / 1000, BFD_DEFAULT_US / 1000,
                                        BFD_DEFAULT_MULT};

static const struct field bfd_rows[] = {
    {"min_tx_ms", FIELD_U32, offsetof(struct bfd_ms, min_tx), .min = BFD_LEAST_MS, .max = BFD_MOST_MS},
    {"min_rx_ms", FIELD_U32, offsetof(struct bfd_ms, min_rx), .min = BFD_LEAST_MS, .max = BFD_MOST_MS},
    {"multiplier", FIELD_U8, offsetof(struct bfd_ms, mult), .min = 1, .max = 255},
    {"check_control_plane", FIELD_BOOL, offsetof(struct bfd_ms, check_control_plane)},
    {0},
};

static void read_bfd(const struct fields_reader *r, const json_t *v, void *record, const char *pointer)
{
    struct intent_peer *p = record;
    struct bfd_ms ms = bfd_usual;
    if (json_is_object(v)) {
        fields_read(bfd_rows, v, &ms, r->arena, r->problems, pointer);
    } else if (!json_is_boolean(v)) {
        problem_add(r->problems, pointer, "true, false, or {min_tx_ms, min_rx_ms, multiplier}", "true",
                    "'bfd' is %s", fields_type_name(v));
        return;
    }
    p->bfd = (struct intent_bfd){!json_is_false(v), ms.min_tx * 1000, ms.min_rx * 1000, ms.mult,
                                 ms.check_control_plane};
}

static json_t *write_bfd(const void *record, bool secrets)
{
    const struct intent_bfd *b = &((const struct intent_peer *)record)->bfd;
    (void)secrets;
    if (!b->on) return NULL;
    const struct bfd_ms ms = {b->min_tx_us / 1000, b->min_rx_us / 1000, b->mult, b->check_control_plane};
    json_t *o = fields_write(bfd_rows, &ms, &bfd_usual, false);
    if (json_object_size(o) > 0) return o;
    json_decref(o);
    return json_true();
}

/* --- the tables --- */

static const struct field limit_rows[] = {
    {"ipv4", FIELD_U32, offsetof(struct intent_peer, max_ipv4)},
    {"ipv6", FIELD_U32, offsetof(struct intent_peer, max_ipv6)},
    {0},
};

#define PEER(member) offsetof(struct intent_peer, member)
static const struct intent_peer peer_blank = {.name = "", .subject = "", .md5 = "", .admin_text = "", .port = BGP_PORT,
                                              .hold_s = 180, .limit_restart_s = 300};
static const struct field peer_rows[] = {
    {"name", FIELD_TEXT, PEER(name), FIELD_REQUIRED, .min = 1, .max = NAME_LONGEST},
    {"subject", FIELD_TEXT, PEER(subject), .max = SUBJECT_LONGEST},
    {"address", FIELD_ADDR, PEER(address), FIELD_REQUIRED},
    {"local", FIELD_ADDR, PEER(local)},
    {"port", FIELD_U16, PEER(port), .min = 1},
    {"asn", FIELD_U32, PEER(asn), FIELD_REQUIRED, .min = 1},
    {"role", FIELD_ENUM, PEER(role), .names = peer_roles},
    {"passive", FIELD_BOOL, PEER(passive)},
    {"hold", FIELD_U16, PEER(hold_s)},
    {"min_hold", FIELD_U16, PEER(min_hold_s), .min = 3, .max = 65535},
    {"without", FIELD_CUSTOM, 0, .read = read_without, .write = write_without},
    {"bgp_role", FIELD_ENUM, PEER(bgp_role), .names = bgp_roles},
    {"role_strict", FIELD_BOOL, PEER(role_strict)},
    {"families", FIELD_CUSTOM, 0, .read = read_families, .write = write_families},
    {"md5", FIELD_TEXT, PEER(md5), FIELD_SECRET, .min = 1, .max = MD5_LONGEST},
    {"ttl_security", FIELD_BOOL, PEER(ttl_security)},
    {"bfd", FIELD_CUSTOM, 0, .read = read_bfd, .write = write_bfd},
    {"max_prefixes", FIELD_OBJECT, 0, .sub = limit_rows, .blank = &peer_blank},
    {"limit_restart", FIELD_U16, PEER(limit_restart_s)},
    {"next_hop_self", FIELD_BOOL, PEER(next_hop_self)},
    {"local_pref", FIELD_U32, PEER(local_pref)},
    {"prepend", FIELD_U8, PEER(prepend), .max = 20},
    {"add_path_send", FIELD_U8, PEER(add_path_send), .max = 8},
    {"add_path_receive", FIELD_BOOL, PEER(add_path_receive)},
    {"allow_as_set", FIELD_BOOL, PEER(allow_as_set)},
    {"admin_down", FIELD_BOOL, PEER(admin_down)},
    {"admin_text", FIELD_TEXT, PEER(admin_text), .max = ADMIN_TEXT_LONGEST},
    {"graceful_shutdown", FIELD_BOOL, PEER(graceful_shutdown)},
    {0},
};

#define ATTACHMENT(member) offsetof(struct intent_attachment, member)
static const struct intent_attachment attachment_blank = {.name = "", .subject = "", .port = "",
                                                          .mtu = 1500};
static const struct field attachment_rows[] = {
    {"name", FIELD_TEXT, ATTACHMENT(name), FIELD_REQUIRED, .min = 1, .max = INTERFACE_LONGEST},
    {"subject", FIELD_TEXT, ATTACHMENT(subject), .max = SUBJECT_LONGEST},
    {"port", FIELD_TEXT, ATTACHMENT(port), FIELD_REQUIRED, .min = 1, .max = INTERFACE_LONGEST},
    {"stag", FIELD_U16, ATTACHMENT(tags.s), .max = TAG_MAX},
    {"ctag", FIELD_U16, ATTACHMENT(tags.c), .max = TAG_MAX},
    {"ethertype", FIELD_U16, ATTACHMENT(ethertype)},
    {"addresses", FIELD_CUSTOM, 0, .read = read_addresses, .write = write_addresses},
    {"mtu", FIELD_U32, ATTACHMENT(mtu), .min = MTU_LEAST, .max = MTU_MOST},
    {"source", FIELD_ENUM, ATTACHMENT(source), .names = forwarding_sources},
    {"sources", FIELD_PREFIXES, ATTACHMENT(sources), .count_at = ATTACHMENT(sources_n)},
    {"acl", FIELD_LIST, ATTACHMENT(acl), .sub = forwarding_rule_rows, .size = sizeof(struct intent_rule),
     .count_at = ATTACHMENT(acl_n), .blank = &forwarding_rule_blank},
    {"mark", FIELD_LIST, ATTACHMENT(mark), .sub = forwarding_mark_rows, .size = sizeof(struct intent_rule),
     .count_at = ATTACHMENT(mark_n), .blank = &forwarding_mark_blank},
    {"outside", FIELD_BOOL, ATTACHMENT(outside)},
    {"rate_mbps", FIELD_U32, ATTACHMENT(rate_mbps), .max = 400000},
    {"burst_ms", FIELD_U16, ATTACHMENT(burst_ms), .max = 1000},
    {"voice_percent", FIELD_U8, ATTACHMENT(voice_percent), .max = 100},
    {"queues", FIELD_BOOL, ATTACHMENT(queues)},
    {0},
};

static const struct field network_rows[] = {
    {"prefix", FIELD_PREFIX, offsetof(struct intent_network, prefix), FIELD_REQUIRED},
    {"communities", FIELD_CUSTOM, 0, .read = read_communities, .write = write_communities},
    {0},
};

static const struct field route_rows[] = {
    {"prefix", FIELD_PREFIX, offsetof(struct intent_route, prefix), FIELD_REQUIRED},
    {"via", FIELD_ADDR, offsetof(struct intent_route, via), FIELD_REQUIRED},
    {0},
};

#define DOMAIN(member) offsetof(struct intent_domain, member)
#define DOMAIN_LIST(name, type, rows, empty)                                                       \
    {#name, FIELD_LIST, DOMAIN(name), .sub = rows, .size = sizeof(type), .count_at = DOMAIN(name##_n), \
     .blank = empty}
static const struct intent_domain domain_blank = {.name = "", .subject = ""};
static const struct field domain_rows[] = {
    {"name", FIELD_TEXT, DOMAIN(name), FIELD_REQUIRED, .min = 1, .max = NAME_LONGEST},
    {"subject", FIELD_TEXT, DOMAIN(subject), .max = SUBJECT_LONGEST},
    {"kind", FIELD_ENUM, DOMAIN(kind), FIELD_ALWAYS, .names = domain_kinds},
    {"premium", FIELD_BOOL, DOMAIN(premium)},
    {"origin_validation", FIELD_ENUM, DOMAIN(origin_validation), .names = origin_names},
    {"advertised_prefixes", FIELD_PREFIXES, DOMAIN(advertised), .count_at = DOMAIN(advertised_n)},
    {"route_filter", FIELD_CUSTOM, 0, .read = read_filter, .write = write_filter},
    {"holder_asn", FIELD_U32, DOMAIN(holder_asn)},
    DOMAIN_LIST(attachments, struct intent_attachment, attachment_rows, &attachment_blank),
    DOMAIN_LIST(peers, struct intent_peer, peer_rows, &peer_blank),
    DOMAIN_LIST(networks, struct intent_network, network_rows, NULL),
    DOMAIN_LIST(routes, struct intent_route, route_rows, NULL),
    {"nat", FIELD_OBJECT, 0, .sub = forwarding_nat_rows, .blank = &domain_blank},
    {0},
};

static const struct field router_rows[] = {
    {"name", FIELD_TEXT, offsetof(struct intent, router.name), FIELD_REQUIRED, .min = 1,
     .max = NAME_LONGEST},
    {"id", FIELD_ID, offsetof(struct intent, router.id), FIELD_REQUIRED},
    {"asn", FIELD_U32, offsetof(struct intent, router.asn), FIELD_REQUIRED, .min = 1},
    {"namespace", FIELD_TEXT, offsetof(struct intent, router.namespace_), .max = 80},
    {"workers", FIELD_U32, offsetof(struct intent, router.workers), .min = 1, .max = INTENT_WORKERS_MOST},
    {0},
};

static const struct field control_rows[] = {
    {"url", FIELD_TEXT, offsetof(struct intent, control.url), FIELD_REQUIRED, .max = FILE_LONGEST},
    {"ca", FIELD_TEXT, offsetof(struct intent, control.ca_file), .max = FILE_LONGEST},
    {"cert", FIELD_TEXT, offsetof(struct intent, control.cert_file), .max = FILE_LONGEST},
    {"key", FIELD_TEXT, offsetof(struct intent, control.key_file), .max = FILE_LONGEST},
    {0},
};

static const struct field bgp_rows[] = {
    {"listen", FIELD_CUSTOM, 0, .read = read_listen, .write = write_listen},
    {0},
};

static const struct field rpki_rows[] = {
    {"caches", FIELD_CUSTOM, 0, .read = read_caches, .write = write_caches},
    {"refresh", FIELD_U32, offsetof(struct intent, rpki.refresh_s), .min = 1, .max = 86400},
    {"expire", FIELD_U32, offsetof(struct intent, rpki.expire_s), .min = 600, .max = 172800},
    {"retry", FIELD_U32, offsetof(struct intent, rpki.retry_s), .min = 1, .max = 7200},
    {0},
};

static const struct field bmp_rows[] = {
    {"stations", FIELD_CUSTOM, 0, .read = read_stations, .write = write_stations},
    {"adj_rib_out", FIELD_BOOL, offsetof(struct intent, bmp.adj_rib_out)},
    {"adj_rib_in_pre", FIELD_BOOL, offsetof(struct intent, bmp.adj_rib_in_pre)},
    {"loc_rib", FIELD_BOOL, offsetof(struct intent, bmp.loc_rib)},
    {"buffer_kb", FIELD_U32, offsetof(struct intent, bmp.buffer_kb), .min = BMP_LEAST_KB,
     .max = BMP_MOST_KB},
    {0},
};

static const struct field metrics_rows[] = {
    {"listen", FIELD_CUSTOM, 0, .read = read_metrics, .write = write_metrics},
    {0},
};

const struct intent intent_blank = {.router = {.name = "", .namespace_ = ""},
                                    .rpki = {.refresh_s = RPKI_REFRESH_S, .expire_s = RPKI_EXPIRE_S,
                                             .retry_s = RPKI_RETRY_S},
                                    .bmp = {.buffer_kb = BMP_BUFFER_KB},
                                    .control_socket = "",
                                    .state_dir = "",
                                    .control = {"", "", "", ""}};
static const struct field intent_rows[] = {
    {"revision", FIELD_U64, offsetof(struct intent, revision)},
    {"router", FIELD_OBJECT, 0, FIELD_REQUIRED, .sub = router_rows, .blank = &intent_blank},
    {"dataplane", FIELD_ENUM, offsetof(struct intent, dataplane), FIELD_ALWAYS, .names = dataplanes},
    {"qos_profile", FIELD_ENUM, offsetof(struct intent, qos_profile), .names = forwarding_profiles},
    {"control_socket", FIELD_TEXT, offsetof(struct intent, control_socket), .max = 107},
    {"state_dir", FIELD_TEXT, offsetof(struct intent, state_dir), .max = FILE_LONGEST},
    {"control", FIELD_OBJECT, 0, .sub = control_rows, .blank = &intent_blank},
    {"bgp", FIELD_OBJECT, 0, .sub = bgp_rows, .blank = &intent_blank},
    {"rpki", FIELD_OBJECT, 0, .sub = rpki_rows, .blank = &intent_blank},
    {"bmp", FIELD_OBJECT, 0, .sub = bmp_rows, .blank = &intent_blank},
    {"metrics", FIELD_OBJECT, 0, .sub = metrics_rows, .blank = &intent_blank},
    {"domains", FIELD_LIST, offsetof(struct intent, domains), .sub = domain_rows,
     .size = sizeof(struct intent_domain), .count_at = offsetof(struct intent, domains_n),
     .blank = &domain_blank},
    {0},
};

/* --- both ways --- */

/* What a session carries when nobody says: the family of its addresses. */
static void fill_families(struct intent *i)
{
    for (size_t d = 0; d < i->domains_n; d++)
        for (size_t p = 0; p < i->domains[d].peers_n; p++) {
            struct intent_peer *peer = &i->domains[d].peers[p];
            if (peer->families) continue;
            peer->families = peer->address.family == FAMILY_IPV6 ? BGP_IPV6_UNICAST : BGP_IPV4_UNICAST;
        }
}

struct intent *intent_from_json(const json_t *json, struct arena *arena, struct problems *problems)
{
    size_t before = problems->count;
    struct intent *i = arena_take(arena, sizeof *i);
    if (!i) return NULL;
    *i = intent_blank;
    if (!json_is_object(json)) {
        problem_add(problems, "", "an object with router, dataplane, domains ...", "",
                    "the configuration is %s", json ? fields_type_name(json) : "empty");
        return NULL;
    }
    fields_read(intent_rows, json, i, arena, problems, "");
    fill_families(i);
    if (problems->count == before) intent_check(i, problems);
    return problems->count == before ? i : NULL;
}

json_t *intent_to_json(const struct intent *i, bool secrets)
{
    return fields_write(intent_rows, i, &intent_blank, secrets);
}
