/* cli/options.h - command line options as rows. */
#pragma once
#include "base/defs.h"

struct option_row {
    const char *name;   /* "--name" */
    const char *brief;  /* "-n"; NULL: none */
    const char **value; /* gets the next word; NULL: the option is a flag */
    bool *flag;
};

/* Reads options and up to `most` words that are none; all after "--" counts as words. The number of
 * words, or -1 after a message on stderr (unknown option with "did you mean", missing value, too
 * many words). Rows end with one without name. */
MUST_USE int options_read(const struct option_row *rows, int argc, char **argv, const char **words,
                          int most);

enum output { OUTPUT_TABLE, OUTPUT_JSON };
/* -o: "table", "json", or NULL: a table on a terminal, JSON in a pipe. False after a message. */
MUST_USE bool output_read(const char *value, enum output *out);
