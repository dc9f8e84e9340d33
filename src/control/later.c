/* control/later.c - answers that are given after a while, such as that to a secret guessed wrong
 * too often. */
#include <stdlib.h>
#include <string.h>
#include "control/control.h"

enum { LATER_MAX = 256 };

struct waiting {
    struct http_exchange *exchange;
    instant due;
    unsigned status;
    char *body;
};

struct later {
    struct waiting rows[LATER_MAX];
    size_t n;
};

struct later *later_new(void)
{
    struct later *l = calloc(1, sizeof *l);
    if (!l) abort();
    return l;
}

static void forget(struct later *l, size_t at)
{
    free(l->rows[at].body);
    l->rows[at] = l->rows[--l->n];
}

void later_drop(struct later *l)
{
    while (l->n > 0) forget(l, 0);
    free(l);
}

void later_error(struct request *r, duration delay, unsigned status, const json_t *body)
{
    struct later *l = r->control->later;
    if (delay.us <= 0 || l->n == LATER_MAX) {
        reply_json(r, status, body);
        return;
    }
    audit_note(r, status, "");
    l->rows[l->n++] = (struct waiting){r->exchange, instant_after(r->control->now, delay), status,
                                       json_dumps(body, JSON_COMPACT)};
}

static void send_waiting(const struct waiting *w)
{
    static const struct http_reply_field fields[] = {{"Cache-Control", "no-store"}, {0}};
    http_reply(w->exchange, &(struct http_output){w->status, "application/json; charset=utf-8",
                                                  w->body, strlen(w->body), fields});
}

void later_turn(struct later *l, instant now)
{
    for (size_t i = 0; i < l->n;) {
        if (!instant_reached(l->rows[i].due, now)) {
            i++;
            continue;
        }
        send_waiting(&l->rows[i]);
        forget(l, i);
    }
}

instant later_next(const struct later *l)
{
    instant next = NEVER;
    for (size_t i = 0; i < l->n; i++) next = instant_first(next, l->rows[i].due);
    return next;
}

void later_gone(struct later *l, const struct http_exchange *x)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->rows[i].exchange == x) {
            forget(l, i);
            return;
        }
}
