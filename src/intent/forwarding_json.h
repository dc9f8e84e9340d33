/* intent/forwarding_json.h - the tables of keys about forwarding (access lists, NAT), for intent_json.c. */
#pragma once
#include "intent/intent.h"
#include "net/fields_json.h"

extern const char *const forwarding_sources[], *const forwarding_profiles[];
extern const struct field forwarding_rule_rows[], forwarding_mark_rows[], forwarding_nat_rows[]; /* of the domain's nat */
extern const struct intent_rule forwarding_rule_blank, forwarding_mark_blank;
