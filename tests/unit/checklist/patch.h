/* A small language for changing a healthy design and its evidence, one change at a time:
 *   /pointer=JSON      sets, and makes what is missing on the way; "-" as last step appends;
 *                      "#N" instead of JSON is a list of N prefixes out of 10.20.0.0/16
 *   /pointer-          removes
 *   @fact subject=text sets the value of a fact at every subject that fits ('*' stands for anything);
 *                      a subject without '*' is added when it is not there
 *   @fact subject+=text adds a value beside those that are there
 *   @fact subject-     removes the fact;  @fact subject~  makes it an hour old
 * Changes stand on one line, separated by " ;; ". */
#pragma once
#include <jansson.h>
#include "intent/facts.h"

/* The test fails with the line when a change cannot be made. */
void patch_apply(const char *line, json_t *design, struct facts *facts);
