/* The fast path's C twin: any frame into the router of tests/bpf/scene.h. What is forwarded has right checksums
 * if it had them before, and no frame grows by more than two tags. */
#include "target.h"
#include "bpf/scene.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct scene_tables s;
    static struct twin *twin;
    uint8_t room[TWIN_ROOM + 2048];
    if (!twin) {
        fast_tables_make(&s.tables, &scene_sizes);
        scene_fill(&s);
        twin = twin_new(&s.tables);
    }
    if (size < 14 || size > 2000) return 0;
    s.tables.config->fixed_clock += 1000000; /* buckets refill */
    memcpy(room + TWIN_ROOM, data, size);
    struct twin_frame f = {room + TWIN_ROOM, size, SCENE_PORT};
    enum fast_fate fate = twin_run(twin, &f);
    MUST_HOLD(fate < FAST_FATES && f.n <= size + 8 && f.bytes >= room);
    return 0;
}
