/* base/problem.c - the list of what is wrong with a document. Keeps the first LIMIT and counts the
 * rest: a hostile file must not fill memory with complaints. */
#include "base/problem.h"
#include <stdarg.h>
#include <stdio.h>

enum { LIMIT = 200, LONGEST = 400 };

void problems_init(struct problems *ps, struct arena *a)
{
    *ps = (struct problems){.arena = a};
    ps->tail = &ps->first;
}

void problem_add(struct problems *ps, const char *where, const char *rule, const char *fix,
                 const char *what, ...)
{
    if (ps->count++ >= LIMIT) return;
    char text[LONGEST];
    va_list args;
    va_start(args, what);
    vsnprintf(text, sizeof text, what, args);
    va_end(args);
    struct problem *p = arena_take(ps->arena, sizeof *p);
    if (!p) return;
    p->where = arena_text(ps->arena, where);
    p->what = arena_text(ps->arena, text);
    p->rule = arena_text(ps->arena, rule ? rule : "");
    p->fix = arena_text(ps->arena, fix ? fix : "");
    if (!p->where || !p->what || !p->rule || !p->fix) return;
    *ps->tail = p;
    ps->tail = &p->next;
}
