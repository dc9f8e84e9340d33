/* wire/bgp_priv.h - what the files of the BGP codec share. */
#pragma once
#include "wire/bgp.h"

enum { BGP_AFI_IPV4 = 1, BGP_AFI_IPV6 = 2, BGP_SAFI_UNICAST = 1 };
enum { FLAG_OPTIONAL = 0x80, FLAG_TRANSITIVE = 0x40, FLAG_PARTIAL = 0x20, FLAG_EXTENDED = 0x10 };

enum bgp_family bgp_family_of(uint16_t afi, uint8_t safi); /* 0: not one of ours */
uint16_t bgp_afi(enum bgp_family f);

/* Fills the fault; always false, so that a check can end with it. */
bool bgp_refuse(struct bgp_fault *f, uint8_t code, uint8_t subcode, size_t offset, const char *what);

struct cursor bgp_body(struct span message); /* behind the header */
size_t bgp_begin(struct writer *w, enum bgp_type type);
void bgp_end(struct writer *w, size_t start);

/* One UPDATE while it is decoded. */
struct bgp_reading {
    const struct bgp_rules *rules;
    struct arena *arena;
    struct bgp_fault *fault; /* code set: the session must end */
    struct bgp_update *u;
    struct span message;
    struct span block;   /* all path attributes */
    size_t faults_n;
    uint8_t withdraw_subcode; /* of the first fault that asks for withdraw */
    bool has_reach, has_other; /* MP_REACH_NLRI, any attribute but MP_UNREACH_NLRI */
    const char *next_hop_fault;
    size_t next_hop_at;
    struct span as4_path;
    bool has_as4_aggregator;
    uint32_t as4_aggregator_as, as4_aggregator_id;
    uint64_t seen[4]; /* attribute types */
};
void bgp_attrs_read(struct bgp_reading *r);
void bgp_attr_fault(struct bgp_reading *r, uint8_t type, size_t offset, bool withdraw,
                    uint8_t subcode, const char *what);
/* Checks prefixes behind each other and counts them. */
bool bgp_nlri_check(struct span bytes, enum bgp_family f, bool add_path, struct bgp_nlri *out);

/* AS_PATH: check, widen from two octets, merge with AS4_PATH (RFC 6793 4.2.3). */
const char *bgp_as_path_fault(struct span path, size_t width, bool sets);
MUST_USE bool bgp_as_path_widen(struct arena *a, struct span path, struct span *out);
MUST_USE bool bgp_as_path_merge(struct arena *a, struct span path, struct span as4, struct span *out);
void bgp_as_path_narrow(struct writer *w, struct span path);
bool bgp_as_path_is_wide(struct span path); /* has a number beyond two octets */
