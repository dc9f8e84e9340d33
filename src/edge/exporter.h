/* edge/exporter.h - the keeper's side of the process that serves figures: started while the running
 * intent names addresses for it, with sockets that the keeper opened, and given figures every five
 * seconds. */
#pragma once
#include "edge/child.h"
#include "intent/intent.h"

struct exporter {
    struct child child;
    struct loop *loop;
    struct intent_endpoint listen[8]; /* what the process was given */
    size_t listen_n;
    instant give_at;
};

void exporter_init(struct exporter *e, struct loop *l);
void exporter_apply(struct exporter *e, const struct intent *i, instant now);
/* True: it is time to give figures. */
bool exporter_tick(struct exporter *e, instant now);
void exporter_give(struct exporter *e, const struct text *figures);
instant exporter_next(const struct exporter *e);
void exporter_ended(struct exporter *e, instant now);
void exporter_stop(struct exporter *e);
