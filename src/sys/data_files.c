/* sys/data_files.c - finds a registry: in the directory the operator names, or inside the program. */
#include "sys/data_files.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 64 << 20 };

static bool read_override(const char *dir, const char *name, struct text *out, struct text *why)
{
    char path[4096], block[16384];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "re");
    size_t n;
    while (f && out->n < MOST_BYTES && (n = fread(block, 1, sizeof block, f)) > 0)
        text_add_n(out, block, n);
    bool good = f && !ferror(f) && out->n < MOST_BYTES;
    if (!good) text_addf(why, "%s: %s", path, f ? "cannot be read whole" : strerror(errno));
    if (f) fclose(f);
    return good;
}

bool data_file_text(const char *name, struct text *out, struct text *why)
{
    const char *dir = getenv("FAIRLEAD_DATA");
    if (dir && *dir) return read_override(dir, name, out, why);
    for (const struct data_file *f = data_files; f->name; f++)
        if (strcmp(f->name, name) == 0) {
            text_add_n(out, f->text, f->n);
            return true;
        }
    text_addf(why, "there is no registry '%s'", name);
    return false;
}

json_t *data_file_json(const char *name, struct text *why)
{
    struct text t = {0};
    json_error_t error;
    json_t *v = NULL;
    if (data_file_text(name, &t, why)) {
        v = json_loadb(text_get(&t), t.n, JSON_REJECT_DUPLICATES, &error);
        if (!v) text_addf(why, "%s:%d:%d: %s", name, error.line, error.column, error.text);
    }
    text_drop(&t);
    return v;
}
