/* tests/shared_data.h - captures of the real services that lie beside the repository, not in it.
 * They are at ../shared, or where FAIRLEAD_SHARED says; without them such a test says "skipped". */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include "check.h"

struct bytes {
    char *p; /* owned; NULL: not there */
    size_t n;
};

static inline struct bytes file_read(const char *path)
{
    struct bytes b = {0};
    FILE *f = fopen(path, "rb");
    if (!f) return b;
    fseek(f, 0, SEEK_END);
    long n = ftell(f);
    rewind(f);
    b.p = malloc((size_t)n + 1);
    b.n = b.p ? fread(b.p, 1, (size_t)n, f) : 0;
    if (b.p) b.p[b.n] = 0;
    fclose(f);
    return b;
}

static inline struct bytes shared_read(const char *name)
{
    char path[1024];
    const char *top = getenv("FAIRLEAD_SHARED");
    snprintf(path, sizeof path, "%s/data/%s", top ? top : SHARED_DIR, name);
    struct bytes b = file_read(path);
    if (!b.p) {
        print_message("skipped: no shared capture %s\n", name);
        skip();
    }
    return b;
}
