/* intent/forwarding_json.c - see forwarding_json.h. */
#include "intent/forwarding_json.h"

const char *const forwarding_sources[] = {"any", "strict", NULL};
const char *const forwarding_profiles[] = {"2019-04", "2015-10", NULL};
static const char *const actions[] = {"permit", "deny", "count", NULL};
static const char *const protocols[] = {"any", "tcp", "udp", "icmp", "icmpv6", NULL};

#define RULE(member) offsetof(struct intent_rule, member)
const struct intent_rule forwarding_rule_blank = {.dscp = INTENT_UNMARKED};
const struct field forwarding_rule_rows[] = {
    {"action", FIELD_ENUM, RULE(action), FIELD_ALWAYS, .names = actions},
    {"source", FIELD_PREFIX, RULE(source)},
    {"target", FIELD_PREFIX, RULE(target)},
    {"protocol", FIELD_ENUM, RULE(protocol), .names = protocols},
    {"port", FIELD_U16, RULE(port), .min = 1},
    {"port_to", FIELD_U16, RULE(port_to), .min = 1},
    {"source_port", FIELD_U16, RULE(source_port), .min = 1},
    {"source_port_to", FIELD_U16, RULE(source_port_to), .min = 1},
    {"dscp", FIELD_U8, RULE(dscp), .max = 63},
    {0},
};

/* A mark is a rule that never ends the search for a verdict. */
const struct intent_rule forwarding_mark_blank = {.action = ACL_COUNT, .dscp = INTENT_UNMARKED};
const struct field forwarding_mark_rows[] = {
    {"source", FIELD_PREFIX, RULE(source)},
    {"target", FIELD_PREFIX, RULE(target)},
    {"protocol", FIELD_ENUM, RULE(protocol), .names = protocols},
    {"port", FIELD_U16, RULE(port), .min = 1},
    {"port_to", FIELD_U16, RULE(port_to), .min = 1},
    {"source_port", FIELD_U16, RULE(source_port), .min = 1},
    {"source_port_to", FIELD_U16, RULE(source_port_to), .min = 1},
    {"dscp", FIELD_U8, RULE(dscp), FIELD_REQUIRED, .max = 63},
    {0},
};

static const struct field static_rows[] = {
    {"inside", FIELD_PREFIX, offsetof(struct intent_static, inside), FIELD_REQUIRED},
    {"outside", FIELD_PREFIX, offsetof(struct intent_static, outside), FIELD_REQUIRED},
    {0},
};

#define NAT(member) offsetof(struct intent_domain, nat.member)
const struct field forwarding_nat_rows[] = {
    {"first", FIELD_ADDR, NAT(first), FIELD_REQUIRED},
    {"last", FIELD_ADDR, NAT(last), FIELD_REQUIRED},
    {"inside", FIELD_PREFIXES, NAT(inside), .count_at = NAT(inside_n)},
    {"static", FIELD_LIST, NAT(statics), .sub = static_rows, .size = sizeof(struct intent_static),
     .count_at = NAT(statics_n)},
    {"side", FIELD_U8, NAT(side), .max = 1},
    {"sides", FIELD_U8, NAT(sides), .max = 2},
    {"block_ports", FIELD_U16, NAT(block_ports), .max = 32256},
    {"host_limit", FIELD_U32, NAT(host_limit), .max = 64512},
    {"flows", FIELD_U32, NAT(flows), .max = 4194304},
    {"partner", FIELD_ADDR, NAT(partner)},
    {"local", FIELD_ADDR, NAT(local)},
    {"partner_port", FIELD_U16, NAT(partner_port)},
    {"partner_key", FIELD_TEXT, NAT(partner_key), FIELD_SECRET, .min = 16, .max = 80},
    {0},
};
