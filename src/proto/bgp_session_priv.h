/* proto/bgp_session_priv.h - a session's insides, for the files of the session only. */
#pragma once
#include "base/text.h"
#include "proto/bgp_session.h"

enum { OUT_ROOM = 4096, NOTIFICATION_ROOM = 512, KEEPALIVES_QUEUED_MOST = 512 };

struct connection {
    enum bgp_state state; /* Idle and Active: there is no TCP connection */
    bool asked;           /* OUT: the caller is opening it */
    instant expires;      /* hold timer, or the patience for TCP and for OPEN */
    instant keepalive;
    struct bgp_caps offered; /* in our OPEN */
    struct bgp_open open;    /* the peer's, from OpenConfirm on */
    uint32_t families;
    uint32_t add_path_send, add_path_receive; /* agreed */
    uint16_t hold_s;
    bool as4, refresh, enhanced;
    size_t message_max;
    uint8_t *in; /* a message that is not whole yet; message_max of room */
    size_t in_n, in_room;
    uint8_t out[OUT_ROOM];
    size_t out_n;
};

struct bgp_session {
    struct bgp_conf conf;
    bool running, established;
    bool plain; /* the peer knows no optional parameters: none in the next OPEN (RFC 5492 3) */
    enum bgp_state state; /* the further one of the two connections */
    enum bgp_conn live;
    instant since, retry, send_hold;
    uint16_t backoff_s;
    uint32_t random;
    struct connection conns[BGP_CONNS];
    struct bgp_view counts; /* counters and last error only */
    struct text text;
};

struct bgp_effect *fx_add(struct bgp_effects *fx, enum bgp_effect_kind kind, enum bgp_conn conn);
void conn_queue(struct bgp_session *s, enum bgp_conn conn, struct span message, size_t reserve,
                struct bgp_effects *fx);
/* Cuts messages out of a stream: the next whole one, or what is wrong with it. A message assembled
 * from pieces is copied into the arena, so that it outlives the next piece. */
enum bgp_frame_result conn_next(struct connection *c, struct cursor *in, struct arena *arena,
                                struct bgp_frame *out, struct bgp_fault *fault);

/* --- bgp_opening.c --- */
enum { OPENING_DATA = 32 };
struct bgp_caps opening_caps(const struct bgp_session *s); /* to be offered now */
/* False: *f says why not; its data may be in `room`. */
bool opening_suits(const struct bgp_session *s, const struct connection *mine, const struct bgp_open *o,
                   uint8_t room[static OPENING_DATA], struct bgp_fault *f);
/* Nothing is used on a session that was not offered on both sides of it (RB-02E). */
void opening_agree(struct connection *c, const struct bgp_conf *conf, const struct bgp_open *o);
bool restarts_agreed(const struct connection *c); /* RFC 4724, after opening_agree */
