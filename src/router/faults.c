/* router/faults.c - what neighbours sent wrong without losing the session: the last messages whole, and
 * how often each rule was broken (RFC 7606 section 6, RB-06F). Memory is taken with the first fault. */
#include "router/faults.h"
#include <stdlib.h>
#include <string.h>
#include "router/router_priv.h"

enum { KEPT = 16, RULES = 48 };

struct fault_note {
    instant at;
    uint8_t type;
    bool withdraw;
    size_t offset;
    const char *what; /* static */
    uint8_t *message; /* owned */
    size_t n;
};

struct faults {
    struct fault_note kept[KEPT]; /* a ring */
    size_t next;
    struct {
        const char *what;
        uint64_t count;
    } rules[RULES];
    size_t rules_n;
};

static void count(struct faults *f, const char *what)
{
    size_t i = 0;
    while (i < f->rules_n && f->rules[i].what != what) i++;
    if (i == RULES) return; /* there are fewer rules than that */
    if (i == f->rules_n) f->rules[f->rules_n++].what = what;
    f->rules[i].count++;
}

static void keep(struct faults *f, const struct bgp_attr_fault *a, struct span message, instant now)
{
    struct fault_note *n = &f->kept[f->next++ % KEPT];
    free(n->message);
    *n = (struct fault_note){.at = now, .type = a->type, .withdraw = a->withdraw, .offset = a->offset,
                             .what = a->what, .message = malloc(message.n), .n = message.n};
    if (!n->message) abort();
    memcpy(n->message, message.p, message.n);
}

void faults_note(struct faults **to, const struct bgp_update *u, instant now)
{
    if (!u->faults) return;
    if (!*to) *to = calloc(1, sizeof **to);
    if (!*to) abort();
    keep(*to, u->faults, u->message, now);
    for (const struct bgp_attr_fault *a = u->faults; a; a = a->next) count(*to, a->what);
}

void faults_drop(struct faults **f)
{
    for (size_t i = 0; *f && i < KEPT; i++) free((*f)->kept[i].message);
    free(*f);
    *f = NULL;
}

/* --- showing --- */

static void put_note(struct text *t, const char *peer, const struct fault_note *n, int64_t wall_us)
{
    text_add(t, "{\"peer\":");
    show_string(t, peer);
    text_add(t, ",\"at\":");
    show_date(t, n->at.us + wall_us);
    text_addf(t, ",\"attribute\":%u,\"offset\":%zu,\"action\":\"%s\",\"reason\":", n->type, n->offset,
              n->withdraw ? "withdraw" : "discard");
    show_string(t, n->what);
    text_add(t, ",\"message\":\"");
    for (size_t i = 0; i < n->n; i++) text_addf(t, "%02x", n->message[i]);
    text_add(t, "\"}");
}

typedef void put_faults(struct text *t, const char *peer, const struct faults *f, int64_t wall_us, bool *first);

static void put_kept(struct text *t, const char *peer, const struct faults *f, int64_t wall_us, bool *first)
{
    for (size_t i = 0; i < KEPT; i++) { /* the newest first */
        const struct fault_note *n = &f->kept[(f->next + 2 * KEPT - 1 - i) % KEPT];
        if (!n->message) break;
        text_add(t, *first ? "" : ",");
        *first = false;
        put_note(t, peer, n, wall_us);
    }
}

static void put_counts(struct text *t, const char *peer, const struct faults *f, int64_t wall_us, bool *first)
{
    (void)wall_us;
    for (size_t i = 0; i < f->rules_n; i++) {
        text_add(t, *first ? "{\"peer\":" : ",{\"peer\":");
        *first = false;
        show_string(t, peer);
        text_add(t, ",\"reason\":");
        show_string(t, f->rules[i].what);
        text_addf(t, ",\"count\":%llu}", (unsigned long long)f->rules[i].count);
    }
}

static void each(const struct router *r, const char *peer, int64_t wall_us, struct text *t, put_faults *put)
{
    bool first = true;
    for (size_t i = 0; i < r->peers_n; i++) {
        const struct peer *p = r->peers[i];
        if (!p->used || p->leaving || !p->faults || (*peer && strcmp(peer, p->conf->name) != 0)) continue;
        put(t, p->conf->name, p->faults, wall_us, &first);
    }
}

void router_show_faults(const struct router *r, const char *peer, int64_t wall_us, struct text *out)
{
    text_add(out, "{\"faults\":[");
    each(r, peer, wall_us, out, put_kept);
    text_add(out, "],\"counts\":[");
    each(r, peer, wall_us, out, put_counts);
    text_add(out, "]}");
}
