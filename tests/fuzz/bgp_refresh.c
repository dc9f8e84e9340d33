/* ROUTE-REFRESH and NOTIFICATION bodies. */
#include "target.h"
#include "wire/bgp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t room[4096 + BGP_HEADER];
    struct bgp_refresh q;
    struct bgp_notification n;
    struct bgp_fault f = {0};
    if (size > 4096) return 0;
    memset(room, 0xff, BGP_HEADER);
    if (size) memcpy(room + BGP_HEADER, data, size);
    struct span m = span_of(room, BGP_HEADER + size);
    if (!bgp_refresh_decode(m, &q, &f)) MUST_HOLD(f.code == 1 && f.what);
    if (bgp_notification_decode(m, &n)) MUST_HOLD(bgp_notification_name(n.code, n.subcode) && n.data.n == size - 2);
    return 0;
}
