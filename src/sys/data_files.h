/* sys/data_files.h - the registries of data/, carried inside the programs.
 * FAIRLEAD_DATA names a directory whose files of the same names take their place. */
#pragma once
#include <jansson.h>
#include "base/text.h"

struct data_file {
    const char *name; /* "providers.json" */
    const char *text;
    size_t n;
};
extern const struct data_file data_files[]; /* ended by one without name */

/* The file's text is added to `out`. False, with a sentence in `why`, if there is none. */
MUST_USE bool data_file_text(const char *name, struct text *out, struct text *why);
/* The same, parsed: a new reference or NULL. */
MUST_USE json_t *data_file_json(const char *name, struct text *why);
