/* tests/unit/wire/fence.h - bytes that end where readable memory ends: one read too far is a crash. */
#pragma once
#include <sys/mman.h>
#include "base/cursor.h"
#include "check.h"

enum { FENCE_ROOM = 1 << 17 };

static inline struct span fenced(const void *bytes, size_t n)
{
    static uint8_t *room;
    if (!room) {
        room = mmap(NULL, FENCE_ROOM + 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(room != MAP_FAILED);
        assert_int_equal(mprotect(room + FENCE_ROOM, 65536, PROT_NONE), 0);
    }
    assert_true(n <= FENCE_ROOM);
    memcpy(room + FENCE_ROOM - n, bytes, n);
    return span_of(room + FENCE_ROOM - n, n);
}
