/* lab/design.h - what a lab is built from, read from a design file. */
#pragma once
#include "base/arena.h"
#include "base/text.h"
#include "lab/topology.h"

/* Reads the file; the parameters and their texts live in the arena. False: problems say file, line
 * and column where they can. */
MUST_USE bool lab_params_read(const char *file, const char *lab, struct arena *arena,
                              struct lab_params *out, struct text *why);
/* Where the demo's design is: beside the program's source tree, or installed. Returns buf. */
const char *lab_demo_design(char buf[static 512]);
