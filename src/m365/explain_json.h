/* m365/explain_json.h - an explanation as JSON (jansson). */
#pragma once
#include <jansson.h>
#include "m365/explain.h"

json_t *explanation_write(const struct explanation *e, const char *query); /* new reference */
