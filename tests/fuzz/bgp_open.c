/* An OPEN message (header included), decoded, then written back: the second reading says the same. */
#include "target.h"
#include "wire/bgp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bgp_open o, again;
    struct bgp_fault f = {0};
    uint8_t room[512];
    if (!bgp_open_decode(span_of(data, size), &o, &f)) {
        MUST_HOLD(f.code == 2 && f.what);
        return 0;
    }
    struct writer w = writer_on(room, sizeof room);
    bgp_open_encode(&w, &o);
    MUST_HOLD(!w.bad);
    bool fine = bgp_open_decode(writer_span(&w), &again, &f);
    MUST_HOLD(fine && again.asn == o.asn && again.id == o.id && again.hold_s == o.hold_s);
    MUST_HOLD(o.caps.families == 0 || again.caps.families == o.caps.families);
    return 0;
}
