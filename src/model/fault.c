/* model/fault.c - the table of codes, and the list that checks fill. */
#include "model/fault.h"
#include <stdarg.h>
#include <stdio.h>

static const struct code_row {
    const char *name;
    int status;
} codes[FAULT_CODES] = {[FAULT_NONE] = {"", 200},
#define ROW(status, name) [FAULT_##name] = {#name, status},
                        FAULT_MAP(ROW)
#undef ROW
};

const char *fault_name(enum fault_code c) { return codes[c].name; }
int fault_status(enum fault_code c) { return codes[c].status; }

void faults_init(struct faults *fs, struct arena *a) { *fs = (struct faults){.arena = a}; }

void fault_add(struct faults *fs, enum fault_code code, const char *target, const char *message,
               ...)
{
    char text[1024];
    va_list args;
    if (fs->n == FAULTS_MOST) return;
    va_start(args, message);
    vsnprintf(text, sizeof text, message, args);
    va_end(args);
    const char *copy = arena_text(fs->arena, text), *where = arena_text(fs->arena, target);
    fs->rows[fs->n++] = (struct fault){code, where ? where : "", copy ? copy : ""};
}
