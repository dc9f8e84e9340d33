/* edge/queues.c - the queues of attachments that are shaped: below the interface in the domain's
 * namespace, where everything that leaves by it passes once the fast path lets it (FAST_TX is off). */
#include <stdlib.h>
#include <string.h>
#include "edge/json_out.h"
#include "edge/spaces_priv.h"
#include "sys/netlink_queues.h"

static struct queued *remembered(struct space *sp, const struct intent_attachment *a, unsigned index)
{
    for (size_t k = 0; k < sp->queued_n; k++)
        if (sp->queued[k].index == index) return &sp->queued[k];
    sp->queued = realloc(sp->queued, (sp->queued_n + 1) * sizeof *sp->queued);
    if (!sp->queued) abort();
    struct queued *q = &sp->queued[sp->queued_n++];
    *q = (struct queued){.index = index, .on = true}; /* an earlier keeper's may be there */
    memcpy(q->name, a->name, strnlen(a->name, sizeof q->name - 1));
    return q;
}

bool queues_ensure(struct spaces *s, struct space *sp, const struct intent_attachment *a, unsigned index, struct text *why)
{
    enum { BITS_A_MEGABIT = 1000000 };
    struct queued *known = remembered(sp, a, index);
    struct queue plan[QUEUES];
    bool signalling = s->profile == PROFILE_2015_10;
    uint64_t bits = (uint64_t)a->rate_mbps * BITS_A_MEGABIT;
    if (!a->queues) {
        if (known->on) netlink_queues_clear(sp->nl, index);
        known->on = false;
        return true;
    }
    known->on = true;
    queues_plan(bits, a->voice_percent, signalling, plan);
    return netlink_queues_set(sp->nl, index, bits, signalling, plan, why);
}

static void put_queues(const struct space *sp, const struct queued *x, struct text *out, const char **between)
{
    struct netlink_queue read[QUEUES];
    struct queue plan[QUEUES];
    if (!x->on || !netlink_queues_read(sp->nl, x->index, read)) return;
    queues_plan(0, 0, false, plan); /* for the names */
    for (size_t k = 0; k < QUEUES; k++) {
        text_addf(out, "%s{\"domain\":", *between);
        json_put(out, sp->name);
        json_put_key(out, "attachment", x->name);
        json_put_key(out, "queue", plan[k].name);
        text_addf(out, ",\"packets\":%llu,\"bytes\":%llu,\"dropped\":%llu,\"waited\":%llu,\"backlog\":%u}",
                  (unsigned long long)read[k].packets, (unsigned long long)read[k].bytes,
                  (unsigned long long)read[k].dropped, (unsigned long long)read[k].waited, read[k].backlog);
        *between = ",";
    }
}

void queues_show(const struct spaces *s, struct text *out)
{
    const char *between = "";
    for (const struct space *sp = s->first; sp; sp = sp->next)
        for (size_t k = 0; k < sp->queued_n; k++) put_queues(sp, &sp->queued[k], out, &between);
}
