/* An intent as JSON text: read with all its rules; what is taken is written and taken again. */
#include <jansson.h>
#include "intent/intent_json.h"
#include "target.h"

enum { ARENA = 4 << 20 };

static struct intent *take(const json_t *json, struct arena *a)
{
    struct problems ps;
    arena_init(a, ARENA);
    problems_init(&ps, a);
    struct intent *i = intent_from_json(json, a, &ps);
    MUST_HOLD(i || ps.count);
    return i;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a, b;
    json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    if (!json) return 0;
    const struct intent *i = take(json, &a);
    if (i) {
        json_t *back = intent_to_json(i, true);
        const struct intent *again = take(back, &b);
        MUST_HOLD(again && again->domains_n == i->domains_n && again->router.id == i->router.id);
        json_decref(back);
        arena_drop(&b);
    }
    arena_drop(&a);
    json_decref(json);
    return 0;
}
