/* tests/bpf/scene.h - a router for packets without a network: three domains, the same tables once in
 * ordinary memory for the twin and, where the kernel lets us, once as the kernel's maps.
 *
 *   domain 1   att 1 (tags 100.20) 10.0.0.0/16, 2001:db8:a::/48      att 2 (.300) 10.20.0.0/16, 2001:db8:b::/48
 *   domain 2   att 3 (tags 101.20) the same addresses                att 4 (.301) the same
 *   domain 3   att 5 (.400) inside, 10.1.0.0/16                      att 6 (tags 7.401) outside, 198.51.100.0/24
 *              pool 203.0.113.0-3; 203.0.113.16/28 <-> 10.1.9.16/28 one to one
 *   domain 4   att 7 (.500) strict sources and an access list        att 8 (.501), policed
 * Gateways' MAC addresses are 02:00:00:00:00:<att>, neighbours' 02:00:00:00:01:<att>. */
#pragma once
#include "forward/tables.h"
#include "forward/trie.h"
#include "forward/twin.h"

enum { SCENE_PORT = 1, SCENE_ATTACHMENTS = 8 };
#define SCENE_CLOCK 77000000000ULL

struct scene_tables {
    struct fast_tables tables;
    struct trie *trie;
};
extern const struct fast_sizes scene_sizes;
/* Fills tables that are zero. */
void scene_fill(struct scene_tables *s);

/* --- frames --- */
struct scene_frame {
    const char *name;
    int from;               /* attachment */
    const char *source, *target;
    uint8_t proto;
    uint16_t source_port, target_port; /* ICMP: type << 8 | code, identifier */
    uint8_t ttl, tos;
    uint16_t payload;       /* bytes behind the transport header */
    enum { ODD_NOTHING, ODD_OPTIONS, ODD_FIRST_FRAGMENT, ODD_LATER_FRAGMENT, ODD_OTHER_MAC, ODD_BROADCAST,
           ODD_ARP, ODD_SHORT, ODD_LENGTH, ODD_VERSION, ODD_EXTENSION, ODD_TAGS } odd;
    enum fast_fate fate;
};
/* Writes the frame behind TWIN_ROOM bytes; returns its length. */
size_t scene_build(const struct scene_frame *f, uint8_t *room);
uint16_t scene_sum(const void *p, size_t n, uint32_t begin);
/* Are the checksums of a frame that was forwarded right? NULL, or what is not. */
const char *scene_sums_wrong(const uint8_t *frame, size_t n);
