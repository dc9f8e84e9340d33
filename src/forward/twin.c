/* forward/twin.c - see twin.h. */
#include "forward/twin.h"
#include <stdlib.h>
#include "forward/stage_pipeline.h"

const struct fast_fate_row fast_fates[FAST_FATES] = {
#define X(name, kind, text) {#name, text, FAST_##kind##_KIND},
    FAST_FATE_MAP(X)
#undef X
};

struct twin *twin_new(struct fast_tables *tables)
{
    struct twin *t = calloc(1, sizeof *t);
    if (!t || !(t->counts = calloc((size_t)FAST_DOMAINS * FAST_FATES, sizeof *t->counts))) abort();
    t->tables = tables;
    return t;
}

void twin_free(struct twin *t)
{
    if (t) free(t->counts);
    free(t);
}

void twin_set_clock(struct twin *t, uint64_t ns) { t->clock_ns = ns; }

void twin_miss_port(struct twin *t, uint32_t port) { t->missing_port = port; }

enum fast_fate twin_run(struct twin *t, struct twin_frame *frame)
{
    struct fast_run r = {.port = frame->port};
    struct fast_frame f = {frame->bytes, frame->bytes + frame->n};
    t->room = frame->bytes - TWIN_ROOM;
    int fate = fast_pipeline(t, &r, &f);
    frame->bytes = f.data;
    frame->n = (size_t)(f.end - f.data);
    if (fate == FAST_FORWARDED) frame->port = r.out->port;
    return (enum fast_fate)fate;
}

struct fast_count twin_count(const struct twin *t, uint32_t domain, enum fast_fate fate)
{
    return t->counts[domain * FAST_FATES + fate];
}

size_t twin_events(struct twin *t, struct fast_event *to, size_t room)
{
    size_t n = t->events_n;
    for (size_t i = 0; i < n && i < room && i < 64; i++) to[i] = t->events[i];
    t->events_n = 0;
    return n;
}
