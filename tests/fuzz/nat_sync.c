/* NAT synchronisation: datagrams of a partner, one after the other with a quarter of its length in front. */
#include "target.h"
#include "proto/nat_guard.h"
#include "proto/nat_sync.h"

static void put(void *ctx, const struct natsync_record *r)
{
    size_t *records = ctx;
    MUST_HOLD(r->op == NATSYNC_PUT || r->op == NATSYNC_GONE);
    (*records)++;
}

/* A MAC that is always the same, so that the fuzzer gets behind it. */
static void sign(void *ctx, size_t key, struct span bytes, uint8_t out[static NATSYNC_SEAL_MAC])
{
    (void)ctx, (void)bytes;
    memset(out, (int)key, NATSYNC_SEAL_MAC);
}

static struct nat_guard guard_of(uint64_t session)
{
    static const uint32_t tags[] = {0, 1};
    struct nat_guard g;
    nat_guard_init(&g, &(struct nat_guard_mac){NULL, sign}, session, 1);
    nat_guard_keys(&g, tags, 2);
    return g;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t out[NATSYNC_MESSAGE_MAX];
    size_t records = 0;
    instant now = {1000000};
    struct nat_sync *s = nat_sync_new(77);
    struct nat_guard g = guard_of(77);
    uint8_t sealed[NATSYNC_SEALED_MAX];
    while (size > 0) {
        size_t n = data[0] * 4u < size - 1 ? data[0] * 4u : size - 1;
        struct span datagram = span_of(data + 1, n);
        if (nat_guard_open(&g, datagram, n | 1, &datagram) == NAT_GUARD_TAKEN) MUST_HOLD(datagram.n + NATSYNC_SEAL_HEAD + NATSYNC_SEAL_MAC == n);
        (void)!nat_sync_input(s, now, datagram, put, &records);
        MUST_HOLD(nat_guard_seal(&g, datagram.n <= NATSYNC_MESSAGE_MAX ? datagram : (struct span){0}, sealed) <= sizeof sealed);
        data += 1 + n, size -= 1 + n;
        now = instant_after(now, duration_ms(7));
        for (size_t k; (k = nat_sync_output(s, now, out)) > 0;) MUST_HOLD(k <= sizeof out);
        MUST_HOLD(nat_sync_next(s).us != 0);
    }
    MUST_HOLD(nat_sync_counts(s).records_in == records);
    nat_sync_free(s);
    return 0;
}
