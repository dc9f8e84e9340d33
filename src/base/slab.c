/* base/slab.c - see the header. A free object's first word links to the next free one. */
#include "base/slab.h"
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 64 * 1024 };

struct slab_chunk {
    struct slab_chunk *older;
    alignas(max_align_t) uint8_t bytes[];
};

void slab_init(struct slab *s, size_t object_size)
{
    const size_t unit = alignof(void *);
    size_t size = (object_size + unit - 1) / unit * unit;
    size_t per = CHUNK_BYTES / size;
    *s = (struct slab){.size = size, .per_chunk = per ? per : 1};
}

void slab_drop(struct slab *s)
{
    while (s->chunks) {
        struct slab_chunk *c = s->chunks;
        s->chunks = c->older;
        free(c);
    }
    slab_init(s, s->size);
}

void *slab_take(struct slab *s)
{
    void *obj = s->free;
    if (obj) {
        memcpy(&s->free, obj, sizeof s->free);
    } else {
        if (!s->fresh) {
            struct slab_chunk *c = malloc(sizeof *c + s->size * s->per_chunk);
            if (!c) abort();
            c->older = s->chunks;
            s->chunks = c;
            s->fresh = s->per_chunk;
            s->bytes += s->size * s->per_chunk;
        }
        obj = s->chunks->bytes + s->size * (s->per_chunk - s->fresh);
        s->fresh--;
    }
    s->live++;
    return memset(obj, 0, s->size);
}

void slab_give(struct slab *s, void *obj)
{
    if (!obj) return;
    memcpy(obj, &s->free, sizeof s->free);
    s->free = obj;
    s->live--;
}
