/* base/slab.h - objects of one size, in chunks, for the large uniform populations (prefix nodes,
 * paths). Take and give are a few instructions; objects come zeroed; `live` and `bytes` feed the
 * metrics. A slab does not give chunks back before it is dropped. */
#pragma once
#include "base/defs.h"

struct slab_chunk;

struct slab {
    size_t size, per_chunk;
    void *free;
    struct slab_chunk *chunks;
    size_t fresh; /* objects of the newest chunk never handed out */
    size_t live, bytes;
};

void slab_init(struct slab *s, size_t object_size);
void slab_drop(struct slab *s);
void *slab_take(struct slab *s);           /* never NULL: aborts when the process is out of memory */
void slab_give(struct slab *s, void *obj); /* obj must have come from this slab; NULL is ignored */
