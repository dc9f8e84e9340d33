/* base/text.c - growing text, and the small questions asked of names. */
#include "base/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reserve(struct text *t, size_t more)
{
    if (t->room - t->n > more) return;
    size_t room = t->room ? t->room * 2 : 64;
    while (room - t->n <= more) room *= 2;
    t->s = realloc(t->s, room);
    if (!t->s) abort();
    t->room = room;
}

void text_add_n(struct text *t, const char *s, size_t n)
{
    reserve(t, n);
    if (n) memcpy(t->s + t->n, s, n);
    t->n += n;
    t->s[t->n] = 0;
}

void text_add(struct text *t, const char *s) { text_add_n(t, s, strlen(s)); }

void text_addf(struct text *t, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n > 0) {
        reserve(t, (size_t)n);
        vsnprintf(t->s + t->n, (size_t)n + 1, fmt, again);
        t->n += (size_t)n;
    }
    va_end(again);
}

void text_add_escaped(struct text *t, const char *s, size_t n, size_t most)
{
    size_t show = n < most ? n : most;
    for (size_t i = 0; i < show; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c >= 0x20 && c < 0x7f && c != '\\')
            text_add_n(t, s + i, 1);
        else
            text_addf(t, "\\x%02x", c);
    }
    if (show < n) text_add(t, "...");
}

const char *text_get(const struct text *t) { return t->s ? t->s : ""; }

void text_clear(struct text *t)
{
    t->n = 0;
    if (t->s) t->s[0] = 0;
}

void text_drop(struct text *t)
{
    free(t->s);
    *t = (struct text){0};
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

bool text_same_nocase(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) a++, b++;
    return lower(*a) == lower(*b);
}

enum { LONGEST_WORD = 48 };

/* Damerau-less Levenshtein over two rows; words longer than LONGEST_WORD are never near. */
static size_t distance(const char *a, const char *b)
{
    size_t na = strlen(a), nb = strlen(b);
    if (na > LONGEST_WORD || nb > LONGEST_WORD) return SIZE_MAX;
    size_t row[LONGEST_WORD + 1];
    for (size_t j = 0; j <= nb; j++) row[j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t change = diagonal + (lower(a[i - 1]) != lower(b[j - 1]));
            diagonal = row[j];
            size_t best = row[j] + 1 < row[j - 1] + 1 ? row[j] + 1 : row[j - 1] + 1;
            row[j] = change < best ? change : best;
        }
    }
    return row[nb];
}

const char *text_nearest(const char *s, const char *const *words)
{
    const char *best = NULL;
    size_t least = strlen(s) / 3 + 2; /* farther than this is another word, not a slip */
    for (; *words; words++) {
        size_t d = distance(s, *words);
        if (d < least) {
            least = d;
            best = *words;
        }
    }
    return best;
}
