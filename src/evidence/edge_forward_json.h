/* evidence/edge_forward_json.h - what an edge does to packets, from its evidence document: access lists,
 * allowed sources, rates, marks, translation, and what it dropped while it was watched. Filed under the
 * leg that the attachment's own address belongs to; that also tells which side the edge is. */
#pragma once
#include <jansson.h>
#include "evidence/collect.h"

/* Drops are told only as growth against `c->before`: counters keep what an old mistake left behind. */
void edge_forward_take(const struct collector *c, const json_t *document);
