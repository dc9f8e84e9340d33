/* NAT synchronisation: datagrams of a partner, one after the other with a quarter of its length in front. */
#include "target.h"
#include "proto/nat_sync.h"

static void put(void *ctx, const struct natsync_record *r)
{
    size_t *records = ctx;
    MUST_HOLD(r->op == NATSYNC_PUT || r->op == NATSYNC_GONE);
    (*records)++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t out[NATSYNC_MESSAGE_MAX];
    size_t records = 0;
    instant now = {1000000};
    struct nat_sync *s = nat_sync_new(77);
    while (size > 0) {
        size_t n = data[0] * 4u < size - 1 ? data[0] * 4u : size - 1;
        (void)!nat_sync_input(s, now, span_of(data + 1, n), put, &records);
        data += 1 + n, size -= 1 + n;
        now = instant_after(now, duration_ms(7));
        for (size_t k; (k = nat_sync_output(s, now, out)) > 0;) MUST_HOLD(k <= sizeof out);
        MUST_HOLD(nat_sync_next(s).us != 0);
    }
    MUST_HOLD(nat_sync_counts(s).records_in == records);
    nat_sync_free(s);
    return 0;
}
