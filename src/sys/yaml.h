/* sys/yaml.h - files people write: YAML (or JSON, by the same reader) into JSON values with positions.
 * Plain scalars are typed by the core schema of YAML 1.2; whatever is quoted stays text. Refused, each
 * with its place and rule: keys given twice, tabs as indentation, aliases and tags, a second document,
 * more than YAML_DEPTH_MAX levels, more than YAML_BYTES_MAX bytes, bytes that are not UTF-8. */
#pragma once
#include <jansson.h>
#include <stdio.h>
#include "base/problem.h"

enum { YAML_BYTES_MAX = 16 << 20, YAML_DEPTH_MAX = 64 };

struct yaml_doc; /* owns its values and positions */

/* Never NULL. What could not be read is in `problems`, and yaml_root is then NULL. `path` "-" reads
 * standard input; `name` is what messages call the document. */
struct yaml_doc *yaml_read_file(const char *path, struct problems *problems);
struct yaml_doc *yaml_read(const char *name, const char *bytes, size_t n, struct problems *problems);
void yaml_drop(struct yaml_doc *doc); /* NULL is ignored */

const json_t *yaml_root(const struct yaml_doc *doc); /* borrowed */

struct yaml_place {
    unsigned line, column; /* from 1 */
};
/* Where a JSON pointer stands in the text: at its key, or at the item of a list. A pointer to what is
 * not in the document (a missing key) gives the place of the nearest thing around it. */
struct yaml_place yaml_place_of(const struct yaml_doc *doc, const char *pointer);

/* One line a problem: "file:line:column: what; rule; write: fix". Also takes the reader's own
 * problems, whose `where` is "@line:column". */
void yaml_print_problems(const struct yaml_doc *doc, const struct problems *problems, FILE *out);
