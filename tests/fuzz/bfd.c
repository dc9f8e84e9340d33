/* A BFD session that gets packets: each is 25 octets, TTL first; a first octet of 0 lets time pass. */
#include "proto/bfd_session.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bfd_session s;
    struct bfd_effects fx;
    instant now = {1000000};
    bfd_init(&s, &(struct bfd_conf){.local_discr = 7, .min_tx_us = 300000, .min_rx_us = 300000, .mult = 3,
                                    .jitter_seed = 1}, now);
    while (size) {
        size_t n = size < BFD_PACKET + 1 ? size : BFD_PACKET + 1;
        uint32_t discr;
        (void)bfd_peek_discr(span_of(data + 1, n - 1), &discr);
        if (data[0] == 0) {
            now = instant_first(bfd_next(&s), instant_after(now, duration_s(10)));
            bfd_tick(&s, now, &fx);
        } else {
            (void)bfd_input(&s, span_of(data + 1, n - 1), data[0], now, &fx);
        }
        MUST_HOLD(s.state <= BFD_UP && !(fx.rose && fx.fell));
        MUST_HOLD(bfd_next(&s).us >= now.us || s.state != BFD_ADMIN_DOWN);
        data += n;
        size -= n;
    }
    return 0;
}
