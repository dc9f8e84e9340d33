/* tests/fuzz/replay.c - runs a fuzz target without libFuzzer: every input of its corpus, then a fixed
 * number of mutations from a fixed seed, so that the suite is quick and always does the same.
 * usage: TARGET CORPUS.hex [MUTATIONS] ; a corpus is hex, one input a line. */
#include <stdio.h>
#include "target.h"

enum { INPUTS = 4096, ROOM = 1 << 16 };

struct input {
    uint8_t *p;
    size_t n;
};

static uint64_t random_state = 0x9e3779b97f4a7c15u;

static uint32_t any(uint32_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32) % below;
}

/* A copy that ends with its memory, so that a sanitizer sees one read too many. */
static void run(const uint8_t *p, size_t n)
{
    uint8_t *exact = malloc(n ? n : 1);
    if (!exact) abort();
    if (n) memcpy(exact, p, n);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
}

static size_t load(const char *file, struct input *all)
{
    static char line[2 * ROOM + 2];
    FILE *f = fopen(file, "r");
    size_t n = 0;
    if (!f) return 0;
    while (n < INPUTS && fgets(line, sizeof line, f)) {
        size_t digits = strspn(line, "0123456789abcdef");
        struct input *in = &all[n++];
        *in = (struct input){malloc(digits / 2 + 1), digits / 2};
        for (size_t i = 0; i < in->n; i++) {
            unsigned v;
            sscanf(line + 2 * i, "%2x", &v);
            in->p[i] = (uint8_t)v;
        }
    }
    fclose(f);
    return n;
}

static size_t mutate(uint8_t *b, size_t n, const struct input *other)
{
    for (uint32_t times = 1 + any(4); times; times--) {
        uint32_t at = n ? any((uint32_t)n) : 0;
        switch (any(6)) {
        case 0: if (n) b[at] ^= (uint8_t)(1u << any(8)); break;
        case 1: if (n) b[at] = (uint8_t)any(256); break;
        case 2: n = at; break; /* cut */
        case 3: if (n) memmove(b + at, b + at + 1, n - at - 1), n--; break;
        case 4: if (n < ROOM - 1) memmove(b + at + 1, b + at, n - at), b[at] = (uint8_t)any(256), n++; break;
        default: /* the rest from another input */
            if (at < other->n) memcpy(b + at, other->p + at, other->n - at), n = other->n;
        }
    }
    return n;
}

int main(int argc, char **argv)
{
    static struct input all[INPUTS];
    static uint8_t room[ROOM];
    size_t n = argc > 1 ? load(argv[1], all) : 0;
    unsigned long mutations = argc > 2 ? strtoul(argv[2], NULL, 10) : 200000;
    if (n == 0) {
        fprintf(stderr, "%s: no corpus\n", argv[0]);
        return 1;
    }
    for (size_t i = 0; i < n; i++) run(all[i].p, all[i].n);
    for (unsigned long k = 0; k < mutations; k++) {
        const struct input *from = &all[any((uint32_t)n)], *other = &all[any((uint32_t)n)];
        memcpy(room, from->p, from->n);
        run(room, mutate(room, from->n, other));
    }
    for (size_t i = 0; i < n; i++) free(all[i].p);
    printf("%zu inputs, %lu mutations\n", n, mutations);
    return 0;
}
