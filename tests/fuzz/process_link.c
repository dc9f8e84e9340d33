/* A message between the edge's processes, from each role, with and without a descriptor; what is
 * accepted is written back and must come out the same. */
#include "target.h"
#include "wire/link.h"

static void routes(struct span rest)
{
    struct cursor c = cursor_of(rest);
    struct link_route r;
    while (link_route_next(&c, &r)) MUST_HOLD(r.next_hops_n <= LINK_NEXT_HOPS_MAX);
}

static void payloads(struct span rest)
{
    struct cursor c = cursor_of(rest);
    struct link_vrp v;
    while (link_vrp_next(&c, &v)) MUST_HOLD(vrp_valid(&v.vrp));
    struct addr a;
    uint16_t port;
    c = cursor_of(rest);
    while (link_endpoint_next(&c, &a, &port)) MUST_HOLD(port && !addr_is_none(&a));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t room[LINK_MESSAGE_MAX + 64];
    struct link_message m;
    if (size < 1) return 0;
    enum link_role from = (enum link_role)(1u << data[0] % 5);
    if (link_decode(span_of(data + 1, size - 1), from, data[0] >> 4 & 1, &m)) return 0;
    char text[LINK_TEXT_MAX];
    for (size_t i = 0; i < LINK_TEXTS; i++) (void)!link_text(m.text[i], text, sizeof text);
    routes(m.rest);
    payloads(m.rest);
    struct writer w = writer_on(room, sizeof room);
    link_encode(&w, &m);
    MUST_HOLD(!w.bad && writer_len(&w) == size - 1 && memcmp(room, data + 1, size - 1) == 0);
    return 0;
}
