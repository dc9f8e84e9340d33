/* edge/answers.h - one answer to a question from those of several shards. */
#pragma once
#include "base/text.h"

/* Parts are JSON objects of one shape, or what stands between the braces of such objects, as shards write
 * them (no space between tokens). Lists follow one another, numbers add up, a flag is set that one part has
 * set; of anything else the first part's value counts. A part that is a fault ({"error": ...}) gives way to
 * one that is none. BMP stations, which several shards may serve, are one row each. */
void answers_merge(const struct text *parts, size_t n, struct text *out);
bool answer_is_fault(const struct text *part);
