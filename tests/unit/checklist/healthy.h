/* What a running system shows when it is exactly what a design says, and all is well. */
#pragma once
#include "intent/facts.h"
#include "model/design.h"

void healthy_facts(const struct design *d, int64_t now_ms, struct facts *out);
