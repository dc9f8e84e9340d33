/* evidence/frr_json.h - what vtysh prints of a customer's FRR router, as facts: `show bgp neighbors
 * json` (also per VRF), `show bgp ipv4 unicast json` and `show bfd peers json`. Sessions are filed as in bird.h. */
#pragma once
#include <jansson.h>
#include "evidence/collect.h"

bool frr_document_is(const json_t *document);
void frr_take(const struct collector *c, const char *router, const json_t *document);
