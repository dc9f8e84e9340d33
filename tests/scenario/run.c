/* tests/scenario/run.c - reads scripts and plays them; see README.md for the language.
 * usage: scenario FILE-OR-DIRECTORY... ; the last line counts. A script without "rfc" or "rule" is
 * refused: every script says which sentence it stands for. */
#include "scenario.h"
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LINE = 1 << 15, SCRIPTS = 4096, TICKS_AT_ONCE = 1000 };

struct script {
    struct stage stage;
    const char *file;
    unsigned line;
    bool named; /* title and source were given */
    bool has_title;
    bool failed, waiting; /* "by": an expectation that may still come true */
    unsigned ticks; /* without time moving */
};

typedef bool statement(struct script *x, const struct words *w);

static bool fail(struct script *x, const char *fmt, ...) PRINTF_LIKE(2, 3);
static bool fail(struct script *x, const char *fmt, ...)
{
    va_list args;
    if (x->waiting) return false;
    x->failed = true;
    printf("%s:%u: at %.3f s: ", x->file, x->line, (double)(x->stage.now.us - x->stage.begun.us) / 1e6);
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    printf("\n");
    return false;
}

static struct words behind(const struct words *w, size_t n)
{
    struct words r = {0};
    for (size_t i = n; i < w->n; i++) r.w[r.n++] = w->w[i];
    return r;
}

/* "a", "a/in", "a/out". */
static struct far *far_named(struct script *x, const struct words *w, size_t at, enum bgp_conn *conn, bool *any)
{
    char name[64] = "";
    const char *word = at < w->n ? w->w[at] : "", *slash = strchr(word, '/');
    snprintf(name, sizeof name, "%.*s", (int)(slash ? slash - word : (long)strlen(word)), word);
    struct far *f = stage_far(&x->stage, name);
    if (!f) {
        fail(x, "no neighbour '%s'", name);
        return NULL;
    }
    *any = !slash;
    *conn = !slash ? f->talking : strcmp(slash, "/in") == 0 ? BGP_IN : BGP_OUT;
    return f;
}

/* --- settings --- */

static const char *const list_keys[] = {"families", "communities", "route_filter", "advertised_prefixes",
                                        "without", NULL};

static json_t *json_of(const char *key, const char *s)
{
    char *end;
    for (size_t i = 0; list_keys[i]; i++) {
        if (strcmp(key, list_keys[i]) != 0) continue;
        json_t *list = json_array();
        while (*s) {
            size_t n = strcspn(s, ",");
            json_array_append_new(list, json_stringn(s, n));
            s += n + (s[n] == ',');
        }
        return list;
    }
    long v = strtol(s, &end, 10);
    if (*s && !*end) return json_integer(v);
    if (strcmp(s, "true") == 0 || strcmp(s, "false") == 0) return json_boolean(*s == 't');
    return json_string(s);
}

/* key=value words into an object; "a.b=1" goes into the object a; a bare word is a true flag. */
static void set_keys(json_t *object, const struct words *w)
{
    for (size_t i = 0; i < w->n; i++) {
        char key[64];
        const char *eq = strchr(w->w[i], '=');
        snprintf(key, sizeof key, "%.*s", (int)(eq ? eq - w->w[i] : (long)strlen(w->w[i])), w->w[i]);
        char *dot = strchr(key, '.'), *leaf = dot ? dot + 1 : key;
        if (dot) *dot = 0;
        json_t *in = dot ? json_object_get(object, key) : object;
        if (dot && !json_is_object(in)) {
            in = json_object();
            json_object_set_new(object, key, in);
        }
        if (eq && strcmp(eq + 1, "null") == 0) json_object_del(in, leaf);
        else json_object_set_new(in, leaf, eq ? json_of(leaf, eq + 1) : json_true());
    }
}

static bool do_source(struct script *x, const struct words *w)
{
    x->named |= w->n > 1;
    return true;
}
static bool do_title(struct script *x, const struct words *w)
{
    x->has_title = w->n > 1;
    return true;
}
static bool do_router(struct script *x, const struct words *w)
{
    struct words k = behind(w, 1);
    set_keys(x->stage.router, &k);
    return true;
}
static bool do_domain(struct script *x, const struct words *w)
{
    struct words k = behind(w, 1);
    set_keys(x->stage.domain, &k);
    return true;
}

static bool do_network(struct script *x, const struct words *w)
{
    struct words k = behind(w, 2);
    if (w->n < 2) return fail(x, "network PREFIX");
    json_t *n = json_pack("{s:s}", "prefix", w->w[1]);
    set_keys(n, &k);
    json_array_append_new(x->stage.networks, n);
    return true;
}

static bool do_peer(struct script *x, const struct words *w)
{
    struct stage *s = &x->stage;
    struct words k = behind(w, 2);
    if (w->n < 2 || s->fars_n == FARS) return fail(x, "peer NAME KEY=VALUE...");
    struct far *f = stage_far(s, w->w[1]);
    if (!f) {
        f = &s->fars[s->fars_n];
        *f = (struct far){.number = (unsigned)s->fars_n++, .ref = NO_REF};
        snprintf(f->name, sizeof f->name, "%s", w->w[1]);
        f->last = &f->first;
        f->conf = json_pack("{s:s,s:i}", "name", f->name, "asn", 65001 + (int)f->number);
        char address[64];
        snprintf(address, sizeof address, "192.0.2.%u", 10 + f->number);
        json_object_set_new(f->conf, "address", json_string(address));
    }
    f->gone = false;
    set_keys(f->conf, &k);
    return true;
}

static bool do_show(struct script *x, const struct words *w)
{
    x->stage.show_keepalives |= words_has(w, "keepalives");
    x->stage.show_connects |= words_has(w, "connects");
    x->stage.show_bfd |= words_has(w, "bfd");
    x->stage.show_eor |= words_has(w, "eor");
    return true;
}

static bool do_segments(struct script *x, const struct words *w)
{
    x->stage.segment = w->n > 1 ? (size_t)strtoul(w->w[1], NULL, 10) : 1;
    return true;
}

/* --- what happened --- */

static const char *key_end(const char *word) { return word + strcspn(word, "=~"); }

static size_t members(const char *list)
{
    size_t n = 1;
    for (; *list; list++) n += *list == ',';
    return n;
}

/* Prefixes leave in the order of a table: "announce=A,B" is B,A too. */
static bool same_prefixes(const struct words *have, const char *key, const char *want)
{
    const char *v = words_value(have, key);
    if (!v || members(v) != members(want)) return false;
    for (size_t n; *want; want += n + (want[n] == ',')) {
        char one[64];
        n = strcspn(want, ",");
        snprintf(one, sizeof one, "%.*s", (int)n, want);
        const char *at = strstr(v, one);
        while (at && !((at == v || at[-1] == ',') && (at[n] == ',' || !at[n]))) at = strstr(at + 1, one);
        if (!at) return false;
    }
    return true;
}

/* Every word wanted is there. "key~text": the value holds it; "no:key": there is none. */
static bool words_fit(const struct words *want, const char *have)
{
    char copy[LINE];
    struct words h = {0};
    snprintf(copy, sizeof copy, "%s", have);
    for (char *t = strtok(copy, " "); t && h.n < WORDS_MAX; t = strtok(NULL, " ")) h.w[h.n++] = t;
    for (size_t i = 0; i < want->n; i++) {
        const char *word = want->w[i], *end = key_end(word);
        char key[64];
        snprintf(key, sizeof key, "%.*s", (int)(end - word), word);
        if (strncmp(word, "no:", 3) == 0) {
            if (words_value(&h, word + 3) || words_has(&h, word + 3)) return false;
        } else if (*end == '~') {
            const char *v = words_value(&h, key);
            if (!v || !strstr(v, end + 1)) return false;
        } else if (!words_has(&h, word)) {
            bool prefixes = strcmp(key, "announce") == 0 || strcmp(key, "withdraw") == 0;
            if (!prefixes || !same_prefixes(&h, key, end + 1)) return false;
        }
    }
    return true;
}

static bool raw_fits(struct words *want, const struct item *it)
{
    bool fits = true;
    struct words rest = {0};
    for (size_t i = 0; i < want->n; i++) {
        bool has = strncmp(want->w[i], "has=", 4) == 0, lacks = strncmp(want->w[i], "lacks=", 6) == 0;
        if (!has && !lacks) {
            rest.w[rest.n++] = want->w[i];
            continue;
        }
        uint8_t b[512];
        struct writer w = writer_on(b, sizeof b);
        bool read = hex_of(strchr(want->w[i], '=') + 1, &w), found = false;
        for (size_t k = 0; read && k + writer_len(&w) <= it->raw_n; k++)
            found |= memcmp(it->raw + k, b, writer_len(&w)) == 0;
        fits &= read && found == has;
    }
    *want = rest;
    return fits;
}

static void drop_first(struct far *f)
{
    struct item *it = f->first;
    f->first = it->next;
    if (!f->first) f->last = &f->first;
    it->next = NULL;
    items_free(it);
}

/* The first thing that was done towards f and fits; quiet things in front of it pass. */
static bool take_item(struct script *x, struct far *f, const struct words *want, enum bgp_conn conn, bool any)
{
    for (struct item *it = f->first; it; it = it->next) {
        struct words rest = *want;
        bool raw = raw_fits(&rest, it), here = any || it->conn == conn;
        if (here && raw && words_fit(&rest, it->words)) {
            while (f->first != it) drop_first(f);
            drop_first(f);
            return true;
        }
        if (!it->quiet) return fail(x, "%s: expected '%s ...', was '%s'", f->name, want->w[0], it->words);
    }
    return fail(x, "%s: expected '%s', nothing came", f->name, want->n ? want->w[0] : "");
}

/* Nothing strict may be left when time goes on. */
static bool nothing_left(struct script *x)
{
    for (size_t i = 0; i < x->stage.fars_n; i++) {
        struct far *f = &x->stage.fars[i];
        for (; f->first; drop_first(f))
            if (!f->first->quiet)
                return fail(x, "%s: nobody expected '%s' (at %.3f s)", f->name, f->first->words,
                            (double)(f->first->at.us - x->stage.begun.us) / 1e6);
    }
    return true;
}

/* --- JSON of the router as words --- */

static void flatten(struct text *t, const char *path, const json_t *v)
{
    const char *key;
    json_t *member;
    size_t i;
    char below[256];
    if (json_is_object(v)) {
        json_object_foreach((json_t *)v, key, member) {
            snprintf(below, sizeof below, "%s%s%s", path, *path ? "." : "", key);
            flatten(t, below, member);
        }
        return;
    }
    text_addf(t, " %s=", path);
    if (json_is_array(v)) {
        json_array_foreach(v, i, member) {
            if (json_is_object(member)) continue;
            text_addf(t, "%s%s", i ? "," : "", json_is_string(member) ? json_string_value(member) : "?");
        }
    } else if (json_is_integer(v)) {
        text_addf(t, "%lld", (long long)json_integer_value(v));
    } else if (json_is_boolean(v)) {
        text_add(t, json_is_true(v) ? "true" : "false");
    } else {
        for (const char *s = json_string_value(v); s && *s; s++) text_add_n(t, *s == ' ' ? "_" : s, 1);
    }
}

/* Rows of a list whose `key` is `value`; how many fit all of `want`. */
static size_t rows_fitting(const struct text *json, const char *list, const char *key, const char *value,
                           const struct words *want, struct text *seen)
{
    json_t *all = json_loads(text_get(json), 0, NULL), *row;
    size_t i, fitting = 0;
    json_array_foreach(json_object_get(all, list), i, row) {
        const char *v = json_string_value(json_object_get(row, key));
        if (!v || strcmp(v, value) != 0) continue;
        struct text t = {0};
        flatten(&t, "", row);
        fitting += words_fit(want, text_get(&t));
        text_addf(seen, "\n     %s", text_get(&t));
        text_drop(&t);
    }
    json_decref(all);
    return fitting;
}

static bool expect_rows(struct script *x, const char *list, const char *key, const struct words *w, bool none,
                        void (*show)(const struct stage *s, struct text *t))
{
    struct text json = {0}, seen = {0};
    struct words want = behind(w, 2);
    show(&x->stage, &json);
    size_t n = rows_fitting(&json, list, key, w->w[1], &want, &seen);
    bool fine = none ? n == 0 : n > 0;
    if (!fine) fail(x, "%s %s is not so:%s", w->w[0], w->w[1], text_get(&seen));
    text_drop(&json);
    text_drop(&seen);
    return fine;
}

static void show_peers(const struct stage *s, struct text *t) { router_show_bgp(s->r, s->now, 0, t); }
static void show_faults(const struct stage *s, struct text *t) { router_show_faults(s->r, "", 0, t); }
static void show_routes(const struct stage *s, struct text *t) { router_show_routes(s->r, NULL, t); }

static bool expect_kernel(struct script *x, const struct words *w)
{
    struct prefix p;
    struct text t = {0};
    char buf[ADDR_TEXT_MAX];
    if (w->n < 3 || prefix_parse(w->w[1], &p) != PREFIX_FINE) return fail(x, "kernel PREFIX none|via A,B");
    const struct kernel_route *k = stage_kernel(&x->stage, &p);
    for (size_t i = 0; k && i < k->hops_n; i++) text_addf(&t, "%s%s", i ? "," : "", addr_text(&k->hops[i], buf));
    bool none = strcmp(w->w[2], "none") == 0;
    bool fine = none ? !k : w->n > 3 && k && strcmp(text_get(&t), w->w[3]) == 0;
    if (!fine) fail(x, "kernel %s is via %s", w->w[1], k ? text_get(&t) : "nothing");
    text_drop(&t);
    return fine;
}

/* Since time last moved. */
static bool expect_event(struct script *x, const struct words *w, bool none)
{
    for (const struct item *it = x->stage.events; it; it = it->next) {
        bool all = true;
        for (size_t i = 1; i < w->n; i++) all &= strstr(it->words, w->w[i]) != NULL;
        if (all) return none ? fail(x, "event '%s'", it->words) : true;
    }
    return none || fail(x, "no event '%s'", w->n > 1 ? w->w[1] : "");
}

static bool expect_bfd(struct script *x, const struct words *w)
{
    enum bgp_conn conn;
    bool any;
    struct far *f = far_named(x, w, 1, &conn, &any);
    struct text t = {0};
    if (!f) return false;
    const struct bfd_session *b = &f->bfd;
    text_addf(&t, "state=%s diag=%u tx=%u detect=%u sent=%llu received=%llu times_down=%u",
              f->bfd_on ? bfd_state_name(b->state) : "off", b->diag, b->tx_us / 1000, b->detect_us / 1000,
              (unsigned long long)b->sent, (unsigned long long)b->received, b->times_down);
    for (enum bfd_drop d = BFD_ACCEPTED + 1; d < BFD_DROPS; d++)
        if (b->drops[d]) text_addf(&t, " drop%u=%llu", d, (unsigned long long)b->drops[d]);
    struct words want = behind(w, 2);
    bool fine = words_fit(&want, text_get(&t));
    if (!fine) fail(x, "BFD of %s: %s", f->name, text_get(&t));
    text_drop(&t);
    return fine;
}

static bool expect_send(struct script *x, const struct words *w)
{
    enum bgp_conn conn;
    bool any;
    struct far *f = far_named(x, w, 1, &conn, &any);
    struct words want = behind(w, 2);
    return f && take_item(x, f, &want, conn, any);
}

static bool expect_note(struct script *x, const struct words *w)
{
    enum bgp_conn conn;
    bool any;
    struct far *f = far_named(x, w, 1, &conn, &any);
    struct words want = {1, {w->w[0]}};
    if (!any) want.w[want.n++] = conn == BGP_IN ? "in" : "out";
    return f && take_item(x, f, &want, conn, true);
}

static bool do_expect(struct script *x, const struct words *all)
{
    struct words w = behind(all, 1);
    bool none = w.n && strcmp(w.w[0], "no") == 0;
    if (none) w = behind(&w, 1);
    const char *what = w.n > 1 ? w.w[0] : "";
    if (strcmp(what, "send") == 0) return expect_send(x, &w);
    if (strcmp(what, "connect") == 0 || strcmp(what, "close") == 0) return expect_note(x, &w);
    if (strcmp(what, "peer") == 0) return expect_rows(x, "peers", "name", &w, none, show_peers);
    if (strcmp(what, "fault") == 0) return expect_rows(x, "faults", "peer", &w, none, show_faults);
    if (strcmp(what, "route") == 0) return expect_rows(x, "routes", "prefix", &w, none, show_routes);
    if (strcmp(what, "kernel") == 0) return expect_kernel(x, &w);
    if (strcmp(what, "event") == 0) return expect_event(x, &w, none);
    if (strcmp(what, "bfd") == 0) return expect_bfd(x, &w);
    return fail(x, "expect: send, connect, close, peer, route, fault, kernel, event or bfd, not '%s'", what);
}

/* --- what far ends and the operator do --- */

static bool deliver(struct script *x, struct far *f, enum bgp_conn conn, const struct words *w)
{
    static uint8_t room[MESSAGE_ROOM];
    struct writer out = writer_on(room, sizeof room);
    struct text why = {0};
    struct pipe *p = &x->stage.pipes[f->ref][conn];
    unsigned long times = 1;
    if (!p->open) return fail(x, "%s has no connection", f->name);
    struct words rest = {0};
    for (size_t i = 0; i < w->n; i++)
        if (strncmp(w->w[i], "times=", 6) == 0) times = strtoul(w->w[i] + 6, NULL, 10);
        else rest.w[rest.n++] = w->w[i];
    bool fine = message_of_words(&rest, f, p->as4, &out, &why) && !out.bad;
    if (!fine) fail(x, "%s", text_get(&why));
    text_drop(&why);
    while (fine && times-- && p->open) stage_bytes(&x->stage, f, conn, writer_span(&out));
    return fine;
}

static bool deliver_bfd(struct script *x, struct far *f, const struct words *w)
{
    uint8_t room[512];
    struct writer out = writer_on(room, sizeof room);
    const char *ttl = words_value(w, "ttl");
    struct text why = {0};
    bool fine = bfd_of_words(w, f, &out, &why);
    if (!fine) fail(x, "%s", text_get(&why));
    text_drop(&why);
    if (fine) stage_bfd_packet(&x->stage, f, writer_span(&out), (uint8_t)(ttl ? strtoul(ttl, NULL, 10) : 255));
    return fine;
}

static bool do_recv(struct script *x, const struct words *w)
{
    enum bgp_conn conn;
    bool any;
    struct far *f = far_named(x, w, 1, &conn, &any);
    struct words m = behind(w, 2);
    if (!f) return false;
    if (m.n && strcmp(m.w[0], "BFD") == 0) return deliver_bfd(x, f, &m);
    if (f->ref == NO_REF) return fail(x, "%s never had a connection", f->name);
    return deliver(x, f, conn, &m);
}

/* many: COUNT prefixes 10.x.y.0/24 in one go, 100 to an UPDATE. */
static bool do_flood(struct script *x, const struct words *w)
{
    enum bgp_conn conn;
    bool any;
    struct far *f = far_named(x, w, 1, &conn, &any);
    if (!f || w->n < 3) return fail(x, "flood NEIGHBOUR COUNT [from=N]");
    const char *from = words_value(w, "from");
    unsigned long i = from ? strtoul(from, NULL, 10) : 0, end = i + strtoul(w->w[2], NULL, 10);
    while (i < end && x->stage.pipes[f->ref][conn].open) {
        struct text t = {0};
        text_add(&t, "announce=");
        for (size_t k = 0; k < 100 && i < end; k++, i++)
            text_addf(&t, "%s10.%lu.%lu.0/24", k ? "," : "", i >> 8 & 255, i & 255);
        struct words m = {2, {"UPDATE", text_get(&t)}};
        bool fine = deliver(x, f, conn, &m);
        text_drop(&t);
        if (!fine) return false;
    }
    return true;
}

/* rpki [PREFIX,LONGEST,AS ...]: what the caches say from now on, all of it. */
static bool do_rpki(struct script *x, const struct words *w)
{
    struct vrp v[8];
    size_t n = 0;
    for (size_t i = 1; i < w->n && n < ARRAY_LEN(v); i++, n++) {
        char prefix[50];
        unsigned most;
        if (sscanf(w->w[i], "%49[^,],%u,%u", prefix, &most, &v[n].asn) != 3 ||
            prefix_parse(prefix, &v[n].prefix) != PREFIX_FINE || most > 128)
            return fail(x, "rpki PREFIX,LONGEST,AS ... and not '%s'", w->w[i]);
        v[n].max_len = (uint8_t)most;
        if (!vrp_valid(&v[n])) return fail(x, "'%s' is no payload", w->w[i]);
    }
    router_vrps_begin(x->stage.r, true);
    for (size_t i = 0; i < n; i++) router_vrp(x->stage.r, true, &v[i]);
    router_vrps_end(x->stage.r, x->stage.now);
    return true;
}

static bool do_far(struct script *x, const struct words *w)
{
    enum bgp_conn conn;
    bool any;
    struct far *f = far_named(x, w, 1, &conn, &any);
    struct stage *s = &x->stage;
    const char *what = w->w[0];
    if (!f) return false;
    if (strcmp(what, "connected") == 0) stage_connected(s, f);
    else if (strcmp(what, "failed") == 0) stage_lost(s, f, BGP_OUT);
    else if (strcmp(what, "lose") == 0) stage_lost(s, f, conn);
    else if (strcmp(what, "block") == 0) stage_block(s, f, true);
    else if (strcmp(what, "unblock") == 0) stage_block(s, f, false);
    else {
        bool refused = words_has(w, "refused"), taken = stage_opens(s, f);
        if (taken == refused) return fail(x, "the connection of %s is %s", f->name, taken ? "accepted" : "refused");
    }
    return true;
}

/* TCP, OPEN, KEEPALIVE; more words go into the neighbour's OPEN. */
static bool do_establish(struct script *x, const struct words *w)
{
    enum bgp_conn conn;
    bool any;
    struct far *f = far_named(x, w, 1, &conn, &any);
    if (!f) return false;
    bool passive = json_is_true(json_object_get(f->conf, "passive"));
    struct words open = {1, {"OPEN"}}, alive = {1, {"KEEPALIVE"}}, want_open = {1, {"OPEN"}};
    for (size_t i = 2; i < w->n; i++) open.w[open.n++] = w->w[i];
    if (passive) {
        if (!stage_opens(&x->stage, f)) return fail(x, "%s is refused", f->name);
    } else {
        stage_connected(&x->stage, f);
    }
    return take_item(x, f, &want_open, f->talking, false) && deliver(x, f, f->talking, &open) &&
           take_item(x, f, &alive, f->talking, false) && deliver(x, f, f->talking, &alive);
}

static bool do_apply(struct script *x, const struct words *w)
{
    bool refused = words_has(w, "refused"), fine = stage_apply(&x->stage);
    if (fine == refused) return fail(x, "the intent is %s: %s", fine ? "taken" : "refused", text_get(&x->stage.why));
    text_clear(&x->stage.why);
    return true;
}

static bool do_remove(struct script *x, const struct words *w)
{
    struct far *f = w->n > 1 ? stage_far(&x->stage, w->w[1]) : NULL;
    if (!f) return fail(x, "remove NEIGHBOUR");
    f->gone = true;
    return true;
}

static bool do_restart(struct script *x, const struct words *w)
{
    (void)w;
    stage_restart(&x->stage);
    return true;
}

static bool do_order(struct script *x, const struct words *w)
{
    struct stage *s = &x->stage;
    bool reset = strcmp(w->w[0], "reset") == 0;
    const char *name = w->n > 1 ? w->w[1] : "";
    bool known = reset ? router_reset(s->r, name, w->n > 2 ? w->w[2] : "", s->now) : router_refresh(s->r, name);
    stage_tick(s, s->now);
    return known || fail(x, "no neighbour '%s'", name);
}

static bool do_shutdown(struct script *x, const struct words *w)
{
    (void)w;
    stage_shutdown(&x->stage);
    return true;
}

/* --- time --- */

static bool begin(struct script *x)
{
    if (x->stage.started) return true;
    if (!x->has_title || !x->named) return fail(x, "a script names its title, and its 'rfc' or 'rule'");
    return stage_apply(&x->stage) || fail(x, "%s", text_get(&x->stage.why));
}

static bool read_time(const char *s, instant begun, instant *out)
{
    char *unit;
    double v = strtod(s, &unit);
    double scale = strcmp(unit, "s") == 0 ? 1e6 : strcmp(unit, "ms") == 0 ? 1e3 : strcmp(unit, "h") == 0 ? 3.6e9 : 0;
    *out = (instant){begun.us + (int64_t)(v * scale + 0.5)};
    return scale > 0;
}

static void forget_events(struct stage *s)
{
    items_free(s->events);
    s->events = NULL;
    s->last_event = &s->events;
}

/* A router that is due and due again at the same instant would keep a processor busy. */
static bool tick(struct script *x, instant t)
{
    x->ticks = t.us > x->stage.now.us ? 0 : x->ticks + 1;
    stage_tick(&x->stage, t.us > x->stage.now.us ? t : x->stage.now);
    return x->ticks < TICKS_AT_ONCE || fail(x, "time stands still: something stays due");
}

/* Everything due before t happens, what is due at t as well. */
static bool go_to(struct script *x, instant t)
{
    struct stage *s = &x->stage;
    if (t.us < s->now.us) return fail(x, "time does not run backwards");
    if (t.us == s->now.us) return true;
    if (!nothing_left(x)) return false;
    forget_events(s);
    for (instant next; next = stage_next(s), next.us < t.us;) {
        if (!tick(x, next) || !nothing_left(x)) return false;
    }
    return tick(x, t);
}

static bool run_statement(struct script *x, const struct words *w);

static bool do_at(struct script *x, const struct words *w)
{
    instant t;
    if (w->n < 2 || !read_time(w->w[1], x->stage.begun, &t)) return fail(x, "at TIME: 3s, 250ms, 1h");
    if (!begin(x) || !go_to(x, t)) return false;
    struct words rest = behind(w, 2);
    return rest.n == 0 || run_statement(x, &rest);
}

/* The expectation comes true at some instant up to t. */
static bool do_by(struct script *x, const struct words *w)
{
    struct stage *s = &x->stage;
    struct words rest = behind(w, 2);
    instant t;
    if (w->n < 4 || !read_time(w->w[1], s->begun, &t) || strcmp(w->w[2], "expect") != 0)
        return fail(x, "by TIME expect ...");
    if (!begin(x)) return false;
    forget_events(s);
    for (;;) {
        x->waiting = true;
        bool fine = do_expect(x, &rest);
        x->waiting = false;
        if (fine) return true;
        instant next = stage_next(s);
        if (next.us > t.us) break;
        if (!nothing_left(x) || !tick(x, next)) return false;
    }
    return go_to(x, t) && do_expect(x, &rest);
}

/* --- lines --- */

static const struct {
    const char *name;
    statement *run;
    bool before; /* a setting: also before time begins */
} statements[] = {
    {"title", do_title, true},       {"rfc", do_source, true},     {"rule", do_source, true},
    {"router", do_router, true},     {"domain", do_domain, true},  {"network", do_network, true},
    {"peer", do_peer, true},         {"show", do_show, true},      {"segments", do_segments, true},
    {"at", do_at, true},             {"by", do_by, true},          {"expect", do_expect, false},
    {"recv", do_recv, false},        {"flood", do_flood, false},   {"connected", do_far, false},
    {"failed", do_far, false},       {"opens", do_far, false},     {"lose", do_far, false},
    {"block", do_far, false},        {"unblock", do_far, false},   {"establish", do_establish, false},
    {"apply", do_apply, false},      {"remove", do_remove, false}, {"restart", do_restart, false},
    {"shutdown", do_shutdown, false}, {"reset", do_order, false}, {"refresh", do_order, false},
    {"rpki", do_rpki, false},
};

static bool run_statement(struct script *x, const struct words *w)
{
    for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
        if (strcmp(statements[i].name, w->w[0]) != 0) continue;
        if (!statements[i].before && !begin(x)) return false;
        return statements[i].run(x, w);
    }
    return fail(x, "no statement '%s'", w->w[0]);
}

/* Cuts a statement into words, in place: quotes keep blanks, '#' begins a comment, ';' ends it. */
static char *cut(char *s, struct words *w)
{
    char *to = s;
    bool quoted = false, in_word = false;
    w->n = 0;
    for (;; s++) {
        bool ends = !*s || (!quoted && (*s == '#' || *s == ';' || *s == '\n'));
        if (ends || (!quoted && isspace((unsigned char)*s))) {
            char was = *s;
            if (in_word) *to++ = 0;
            in_word = false;
            if (ends) return was == ';' ? s + 1 : NULL;
            continue;
        }
        if (!in_word && w->n < WORDS_MAX) w->w[w->n++] = to;
        in_word = true;
        if (*s == '"') quoted = !quoted;
        else *to++ = *s;
    }
}

static void run_line(struct script *x, char *line)
{
    struct words w;
    for (char *s = line; s && !x->failed;) {
        s = cut(s, &w);
        if (w.n) run_statement(x, &w);
    }
}

static bool play(const char *file)
{
    struct script x = {.file = file};
    static char line[LINE];
    FILE *f = fopen(file, "r");
    if (!f) {
        printf("%s: cannot be opened\n", file);
        return false;
    }
    stage_begin(&x.stage);
    while (!x.failed && fgets(line, sizeof line, f)) {
        x.line++;
        run_line(&x, line);
    }
    if (!x.failed && !x.stage.started) fail(&x, "nothing happens");
    if (!x.failed) nothing_left(&x);
    fclose(f);
    stage_end(&x.stage);
    return !x.failed;
}

/* --- files --- */

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static size_t collect(const char *path, char **files, size_t n)
{
    struct stat st;
    size_t length = strlen(path);
    if (stat(path, &st) != 0) return n;
    if (!S_ISDIR(st.st_mode)) {
        if (n < SCRIPTS && length > 4 && strcmp(path + length - 4, ".scn") == 0) files[n++] = strdup(path);
        return n;
    }
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        char below[1024];
        if (e->d_name[0] == '.') continue;
        snprintf(below, sizeof below, "%s/%s", path, e->d_name);
        n = collect(below, files, n);
    }
    if (d) closedir(d);
    return n;
}

int main(int argc, char **argv)
{
    static char *files[SCRIPTS];
    size_t n = 0, passed = 0, failed = 0;
    for (int i = 1; i < argc; i++) n = collect(argv[i], files, n);
    qsort(files, n, sizeof *files, by_name);
    for (size_t i = 0; i < n; i++) {
        if (play(files[i])) passed++;
        else failed++;
        free(files[i]);
    }
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed || n == 0;
}
