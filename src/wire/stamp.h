/* wire/stamp.h - STAMP test packets as bytes (RFC 8762 unauthenticated mode, RFC 8972 session
 * identifier and TLVs). Pure. Times are wall clock microseconds; on the wire they are NTP
 * timestamps. TLVs known here: Location (2) and Class of Service (4); others are kept and flagged
 * by a reflector as not understood. */
#pragma once
#include "base/cursor.h"
#include "base/writer.h"
#include "net/addr.h"

enum {
    STAMP_PORT = 862,
    STAMP_BASE_BYTES = 44,
    STAMP_BYTES_MAX = 512, /* longest packet that a reflector answers */
};

struct stamp_class {   /* RFC 8972 4.4 */
    uint8_t dscp_back; /* DSCP1: the sender wants the answer marked so */
    uint8_t dscp_seen; /* DSCP2: what the reflector received */
    uint8_t ecn_seen;
    uint8_t refused; /* RP: the reflector did not use DSCP1 */
};

struct stamp_location { /* RFC 8972 4.2: how the reflector saw the probe */
    uint16_t destination_port, source_port;
    struct addr destination, source;
};

struct stamp_probe {
    uint32_t seq;
    int64_t sent_us;
    uint16_t ssid;
    bool wants_class, wants_location;
    uint8_t dscp_back;
};
void stamp_probe_encode(struct writer *w, const struct stamp_probe *p);

struct stamp_answer {
    uint32_t seq, probe_seq;
    int64_t sent_us, received_us, probe_sent_us;
    uint16_t ssid;
    uint8_t probe_ttl;
    bool has_class, has_location;
    struct stamp_class class_;
    struct stamp_location location;
};
enum stamp_fault { STAMP_FINE, STAMP_TOO_SHORT, STAMP_TLV_MALFORMED };
/* TLVs that the reflector flagged (not understood, malformed) are passed over. */
MUST_USE enum stamp_fault stamp_answer_decode(struct span bytes, struct stamp_answer *out);

struct stamp_seen { /* what the reflector's socket tells about a probe */
    int64_t received_us;
    uint8_t ttl, dscp, ecn;
    struct stamp_location location;
};
/* Writes the answer, as long as the probe (RFC 8762 4.3); `answer_us` is put in last. *out_dscp is
 * what the answer is to be marked with. */
MUST_USE enum stamp_fault stamp_reflect(struct span probe, const struct stamp_seen *seen,
                                        int64_t answer_us, struct writer *w, uint8_t *out_dscp);
