/* evidence/arm_priv.h - between the files arm_*_json.c of this folder. */
#pragma once
#include "evidence/arm_json.h"

/* The rows of a table document: the array itself, or its `value`. */
const json_t *arm_rows(const json_t *document);
/* All facts of one live table. */
void arm_table_facts(const struct collector *c, const struct arm_table *t);
