/* Messages of other people's speakers, captures and fuzzers: each decodes, or is refused for the reason
 * that vectors.expected names (file, number, outcome; what is not listed decodes cleanly, and `total` says
 * how many a file has). What decodes survives the way to bytes and back. The collection lies beside the
 * repository; without it the tests say "skipped". `vectors_test print` writes the table. */
#include <dirent.h>
#include <sys/stat.h>
#include "fence.h"
#include "shared_data.h"
#include "wire/bgp.h"

enum { MESSAGE_ROOM = 1 << 16, ARENA = 4 << 20, FILES = 128, OUTCOME = 200, SAMPLE = 23 };

static const char *const folders[] = {"exabgp", "exabgp-decode", "fuzz", "messages"};

struct vector {
    const char *file; /* "messages/x.hex" */
    unsigned number;
    uint8_t bytes[MESSAGE_ROOM];
    size_t n;
    struct bgp_rules rules;
};

/* How a file's speakers wrote, where it is not the usual way. */
static const struct {
    const char *part;
    bool as2;
    uint32_t add_path;
} ways[] = {{"no-asn4", true, 0}, {"path-information", false, BGP_IPV4_UNICAST | BGP_IPV6_UNICAST}};

static struct bgp_rules rules_of(const char *file, const char *line)
{
    struct bgp_rules r = {.as4 = true, .allow_as_set = true, .families = BGP_IPV4_UNICAST | BGP_IPV6_UNICAST};
    for (size_t i = 0; i < ARRAY_LEN(ways); i++)
        if (strstr(file, ways[i].part)) r.as4 = !ways[i].as2, r.add_path = ways[i].add_path;
    if (strstr(line, "# as2")) r.as4 = false;
    return r;
}

/* A line's hex; a body without a header is an UPDATE's. */
static bool read_line(struct vector *v, const char *line)
{
    const char *at = strstr(line, "\"hex\":\"");
    static uint8_t body[MESSAGE_ROOM];
    unsigned byte;
    size_t n = 0;
    for (at = at ? at + 7 : line; n < sizeof body - BGP_HEADER && sscanf(at, "%2x", &byte) == 1; at += 2) {
        if (*at == ' ' || *at == '#') break;
        body[n++] = (uint8_t)byte;
    }
    bool json = strstr(line, "\"hex\":\"") != NULL, bare = json && n && body[0] != 0xff;
    size_t header = bare ? BGP_HEADER : 0;
    memset(v->bytes, 0xff, 16);
    v->bytes[16] = (uint8_t)((n + header) >> 8), v->bytes[17] = (uint8_t)(n + header), v->bytes[18] = BGP_UPDATE;
    memcpy(v->bytes + header, body, n);
    v->n = n + header;
    return n > 0;
}

static void round_trip(const struct bgp_update *u, const struct vector *v, struct arena *a)
{
    static uint8_t room[MESSAGE_ROOM * 2];
    struct writer w = writer_on(room, MESSAGE_ROOM);
    struct bgp_fault f;
    memset(writer_take(&w, 16), 0xff, 16);
    writer_u16(&w, 0);
    writer_u8(&w, BGP_UPDATE);
    writer_u16(&w, 0);
    size_t hole = writer_hole16(&w);
    bgp_attrs_encode(&w, &u->attrs, v->rules.as4, v->rules.external);
    writer_fill16(&w, hole);
    assert_false(w.bad);
    struct bgp_rules r = v->rules;
    r.add_path = 0;
    if (u->attrs.has & HAS_NEXT_HOP) writer_u8(&w, 0); /* a default route, for NEXT_HOP to mean something */
    const struct bgp_update *b = bgp_update_decode(writer_span(&w), &r, a, &f);
    assert_non_null(b);
    struct attrs back = b->attrs;
    if (!attrs_equal(&back, &u->attrs)) fail_msg("%s %u does not survive", v->file, v->number);
}

static void say_update(const struct vector *v, struct span m, char out[static OUTCOME])
{
    struct arena a;
    struct bgp_fault f;
    arena_init(&a, ARENA);
    const struct bgp_update *u = bgp_update_decode(m, &v->rules, &a, &f);
    if (!u) snprintf(out, OUTCOME, "reset %u/%u: %s", f.code, f.subcode, f.what);
    else if (u->faults)
        snprintf(out, OUTCOME, "%s %u: %s", u->verdict == BGP_UPDATE_WITHDRAW ? "withdraw" : "discard",
                 u->faults->type, u->faults->what);
    bool announces = u && u->announced_n && u->verdict == BGP_UPDATE_FINE;
    if (announces) round_trip(u, v, &a);
    arena_drop(&a);
}

static void outcome_of(const struct vector *v, char out[static OUTCOME])
{
    struct bgp_frame fr;
    struct bgp_fault f = {0};
    struct bgp_open o;
    struct bgp_refresh q;
    struct bgp_notification n;
    snprintf(out, OUTCOME, "fine");
    enum bgp_frame_result got = bgp_frame_next(fenced(v->bytes, v->n), BGP_MESSAGE_EXTENDED_MAX, &fr, &f);
    if (got == BGP_FRAME_MORE) snprintf(out, OUTCOME, "cut short");
    if (got == BGP_FRAME_BAD) snprintf(out, OUTCOME, "reset %u/%u: %s", f.code, f.subcode, f.what);
    if (got != BGP_FRAME_WHOLE) return;
    struct span m = fenced(v->bytes, fr.message.n); /* the message alone, without what follows */
    bool fine = true;
    if (fr.type == BGP_UPDATE) say_update(v, m, out);
    if (fr.type == BGP_OPEN) fine = bgp_open_decode(m, &o, &f);
    if (fr.type == BGP_NOTIFICATION) fine = bgp_notification_decode(m, &n);
    if (fr.type == BGP_ROUTE_REFRESH) fine = bgp_refresh_decode(m, &q, &f);
    if (!fine) snprintf(out, OUTCOME, "reset %u/%u: %s", f.code, f.subcode, f.what);
}

/* --- walking the collection --- */

typedef void visit(const struct vector *v, void *ctx);

static void walk_file(const char *name, visit *see, void *ctx)
{
    static struct vector v;
    char path[256];
    snprintf(path, sizeof path, "bgp-vectors/%s", name);
    struct bytes all = shared_read(path);
    v.file = name;
    v.number = 0;
    for (char *line = all.p, *end; *line; line = end + (*end != 0)) {
        end = line + strcspn(line, "\n");
        char was = *end;
        *end = 0;
        v.number++;
        v.rules = rules_of(name, line);
        if (read_line(&v, line)) see(&v, ctx);
        *end = was;
    }
    free(all.p);
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void walk(visit *see, void *ctx)
{
    static char names[FILES][128];
    static char *list[FILES];
    size_t n = 0;
    const char *top = getenv("FAIRLEAD_SHARED");
    for (size_t k = 0; k < ARRAY_LEN(folders); k++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/data/bgp-vectors/%s", top ? top : SHARED_DIR, folders[k]);
        DIR *d = opendir(path);
        if (!d) {
            print_message("skipped: no shared vectors\n");
            skip();
        }
        for (struct dirent *e; (e = readdir(d)) && n < FILES;) {
            if (e->d_name[0] == '.') continue;
            snprintf(names[n], sizeof names[n], "%s/%.100s", folders[k], e->d_name);
            list[n] = names[n];
            n++;
        }
        closedir(d);
    }
    qsort(list, n, sizeof *list, by_text);
    for (size_t i = 0; i < n; i++) walk_file(list[i], see, ctx);
}

/* --- the table --- */

struct totals {
    const char *file;
    char name[128];
    unsigned count;
    char *text;
    size_t n, room;
};

static void add(struct totals *t, const char *line)
{
    size_t n = strlen(line);
    if (t->n + n + 1 > t->room) t->text = realloc(t->text, t->room = (t->room + n) * 2 + 4096);
    memcpy(t->text + t->n, line, n + 1);
    t->n += n;
}

static void close_file(struct totals *t)
{
    char line[256];
    if (!t->count) return;
    snprintf(line, sizeof line, "%s total %u\n", t->name, t->count);
    add(t, line);
    t->count = 0;
}

static void note(const struct vector *v, void *ctx)
{
    struct totals *t = ctx;
    char outcome[OUTCOME], line[OUTCOME + 160];
    if (strcmp(t->name, v->file) != 0) close_file(t);
    snprintf(t->name, sizeof t->name, "%s", v->file);
    t->count++;
    outcome_of(v, outcome);
    if (strcmp(outcome, "fine") == 0) return;
    snprintf(line, sizeof line, "%s %u %s\n", v->file, v->number, outcome);
    add(t, line);
}

static void every_vector_has_the_outcome_of_the_table(void **state)
{
    (void)state;
    struct totals t = {0};
    walk(note, &t);
    close_file(&t);
    struct bytes want = file_read(EXPECTED);
    assert_non_null(want.p);
    const char *a = t.text, *b = want.p;
    while (*a && *a == *b) a++, b++;
    if (*a != *b) {
        while (a > t.text && a[-1] != '\n') a--, b--;
        fail_msg("is  %.*s\nnot %.*s", (int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"), b);
    }
    free(want.p);
    free(t.text);
}

/* --- every cut and every bit of every SAMPLEth vector (all of them with FAIRLEAD_VECTORS=all) --- */

static void mangle(const struct vector *v, void *ctx)
{
    static struct vector copy;
    char outcome[OUTCOME];
    unsigned *seen = ctx;
    static bool all;
    if (*seen == 0) all = getenv("FAIRLEAD_VECTORS") != NULL;
    if ((*seen)++ % SAMPLE && !all) return;
    copy = *v;
    for (size_t cut = BGP_HEADER; cut < v->n; cut++) {
        copy.n = cut;
        copy.bytes[16] = (uint8_t)(cut >> 8), copy.bytes[17] = (uint8_t)cut;
        outcome_of(&copy, outcome);
    }
    copy = *v;
    for (size_t bit = 16 * 8; bit < v->n * 8 && bit < 4096 * 8; bit++) {
        copy.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        outcome_of(&copy, outcome);
        copy.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void no_cut_and_no_bit_of_a_vector_breaks_a_decoder(void **state)
{
    (void)state;
    unsigned seen = 0;
    walk(mangle, &seen);
    assert_true(seen > 10000);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_has_the_outcome_of_the_table),
        cmocka_unit_test(no_cut_and_no_bit_of_a_vector_breaks_a_decoder),
    };
    if (argc > 1 && strcmp(argv[1], "print") == 0) {
        struct totals t = {0};
        walk(note, &t);
        close_file(&t);
        fputs(t.text, stdout);
        free(t.text);
        return 0;
    }
    return cmocka_run_group_tests_name("BGP vectors", tests, NULL, NULL);
}
