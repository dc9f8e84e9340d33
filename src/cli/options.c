/* cli/options.c - reading options by their rows. */
#include "cli/options.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/text.h"

static const struct option_row *row_of(const struct option_row *rows, const char *word, size_t n)
{
    for (; rows->name; rows++)
        if ((strlen(rows->name) == n && strncmp(rows->name, word, n) == 0) ||
            (rows->brief && strcmp(rows->brief, word) == 0))
            return rows;
    return NULL;
}

static int complain(const char *what, const char *word, const char *near)
{
    struct text shown = {0};
    text_add_escaped(&shown, word, strlen(word), 60);
    fprintf(stderr, "fairlead: %s '%s'", what, text_get(&shown));
    if (near) fprintf(stderr, "; did you mean '%s'?", near);
    fputc('\n', stderr);
    text_drop(&shown);
    return -1;
}

static int unknown(const struct option_row *rows, const char *word)
{
    enum { MOST = 32 };
    const char *names[MOST];
    size_t n = 0;
    for (; rows->name && n + 1 < MOST; rows++) names[n++] = rows->name;
    names[n] = NULL;
    return complain("unknown option", word, text_nearest(word, names));
}

/* One option at argv[i]; how many words it took, or -1. */
static int take(const struct option_row *rows, int argc, char **argv, int i)
{
    const char *equals = strncmp(argv[i], "--", 2) == 0 ? strchr(argv[i], '=') : NULL;
    size_t n = equals ? (size_t)(equals - argv[i]) : strlen(argv[i]);
    const struct option_row *row = row_of(rows, argv[i], n);
    if (!row) return unknown(rows, argv[i]);
    if (!row->value)
        return equals ? complain("no value belongs to", argv[i], NULL) : (*row->flag = true, 1);
    if (equals) return *row->value = equals + 1, 1;
    if (i + 1 >= argc) return complain("a value is missing after", argv[i], NULL);
    *row->value = argv[i + 1];
    return 2;
}

int options_read(const struct option_row *rows, int argc, char **argv, const char **words, int most)
{
    int n = 0;
    bool only_words = false;
    for (int i = 0; i < argc;) {
        bool word = only_words || argv[i][0] != '-' || argv[i][1] == 0;
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
            i++;
        } else if (word) {
            if (n == most) return complain("unexpected word", argv[i], NULL);
            words[n++] = argv[i++];
        } else {
            int took = take(rows, argc, argv, i);
            if (took < 0) return -1;
            i += took;
        }
    }
    return n;
}

bool output_read(const char *value, enum output *out)
{
    static const char *const known[] = {"table", "json", NULL};
    if (!value) return *out = isatty(1) ? OUTPUT_TABLE : OUTPUT_JSON, true;
    if (strcmp(value, "table") == 0) return *out = OUTPUT_TABLE, true;
    if (strcmp(value, "json") == 0) return *out = OUTPUT_JSON, true;
    complain("unknown output format", value, text_nearest(value, known));
    return false;
}
