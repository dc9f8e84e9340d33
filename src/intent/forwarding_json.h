/* intent/forwarding_json.h - the tables of keys about forwarding (access lists, NAT), for intent_json.c. */
#pragma once
#include "intent/intent.h"
#include "net/fields_json.h"

#define FORWARDING_NAT_BLANK                                                                       \
    {.sides = 1, .block_ports = 512, .flows = 65536, .partner_port = 5350}

extern const char *const forwarding_sources[];
extern const struct field forwarding_rule_rows[], forwarding_nat_rows[];
extern const struct intent_rule forwarding_rule_blank;
extern const struct intent_nat forwarding_nat_blank;
