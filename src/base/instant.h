/* base/instant.h - time as a value.
 * An instant is a point on the monotonic clock, a duration the distance of two instants; both count
 * microseconds and are structs of one member, so that seconds cannot be added to them by accident.
 * Pure code never reads a clock: it gets `now` as an argument and gives a deadline back. */
#pragma once
#include "base/defs.h"

typedef struct { int64_t us; } instant;
typedef struct { int64_t us; } duration;

#define NEVER ((instant){INT64_MAX})

static inline duration duration_s(int64_t s) { return (duration){s * 1000000}; }
static inline duration duration_ms(int64_t ms) { return (duration){ms * 1000}; }
static inline duration duration_us(int64_t us) { return (duration){us}; }

/* NEVER stays NEVER. */
static inline instant instant_after(instant t, duration d)
{
    return t.us == INT64_MAX ? t : (instant){t.us + d.us};
}
static inline duration instant_since(instant later, instant earlier)
{
    return (duration){later.us - earlier.us};
}
static inline bool instant_reached(instant deadline, instant now) { return deadline.us <= now.us; }
static inline instant instant_first(instant a, instant b) { return a.us <= b.us ? a : b; }
static inline int64_t duration_to_ms(duration d) { return d.us / 1000; }
static inline int64_t duration_to_s(duration d) { return d.us / 1000000; }
