// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
/* bpf/tagmux.bpf.c - the tag multiplexer, at tc ingress of trunk ports and of the near ends of
 * attachments' veth pairs. It replaces VLAN devices: a frame's (port, outer tag, inner tag) says where
 * it leaves and with which tags. The kernel has already moved the outermost tag out of the frame when
 * the program runs; a second one still stands in front of the payload.
 * Tagged frames nobody asked for are counted and dropped; untagged ones go on to the port's own stack. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "forward/abi.h"

enum { VID_MASK = 0xfff, MAPPINGS_MAX = 16384, UNKNOWN_MAX = 1024 };

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, MAPPINGS_MAX);
    __type(key, struct tagmux_key);
    __type(value, struct tagmux_action);
} tagmux_actions SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, UNKNOWN_MAX);
    __type(key, struct tagmux_key);
    __type(value, struct tagmux_unknown);
} tagmux_unknown_tags SEC(".maps");

struct tag {
    __be16 tci, next_type;
};

static __always_inline int is_tag(__be16 type)
{
    return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}

/* How many tags the frame has, 0 to 2; the key gets their numbers. */
static __always_inline int read_tags(struct __sk_buff *skb, struct tagmux_key *key)
{
    struct ethhdr eth;
    struct tag inner;
    if (!skb->vlan_present) return 0;
    key->inner = skb->vlan_tci & VID_MASK;
    if (bpf_skb_load_bytes(skb, 0, &eth, sizeof eth) || !is_tag(eth.h_proto)) return 1;
    if (bpf_skb_load_bytes(skb, sizeof eth, &inner, sizeof inner)) return 1;
    key->outer = key->inner;
    key->inner = bpf_ntohs(inner.tci) & VID_MASK;
    return 2;
}

static __always_inline int count_unknown(const struct tagmux_key *key)
{
    struct tagmux_unknown *seen = bpf_map_lookup_elem(&tagmux_unknown_tags, key), first = {1};
    if (seen)
        __sync_fetch_and_add(&seen->packets, 1);
    else
        bpf_map_update_elem(&tagmux_unknown_tags, key, &first, BPF_NOEXIST);
    return TC_ACT_SHOT;
}

static __always_inline int write_tags(struct __sk_buff *skb, const struct tagmux_action *a)
{
    if (a->inner && bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), a->inner)) return -1;
    if (a->outer && bpf_skb_vlan_push(skb, bpf_htons(a->ethertype), a->outer)) return -1;
    return 0;
}

SEC("tc")
int tagmux(struct __sk_buff *skb)
{
    struct tagmux_key key = {.ifindex = skb->ifindex};
    int tags = read_tags(skb, &key);
    struct tagmux_action *a = bpf_map_lookup_elem(&tagmux_actions, &key);
    if (!a) return tags ? count_unknown(&key) : TC_ACT_OK;
    __sync_fetch_and_add(&a->packets, 1);
    __sync_fetch_and_add(&a->bytes, skb->len);
    if (tags > 0 && bpf_skb_vlan_pop(skb)) return TC_ACT_SHOT;
    if (tags > 1 && bpf_skb_vlan_pop(skb)) return TC_ACT_SHOT;
    if (write_tags(skb, a)) return TC_ACT_SHOT;
    return bpf_redirect(a->ifindex, 0);
}

char licence_of_program[] SEC("license") = "Dual BSD/GPL";
