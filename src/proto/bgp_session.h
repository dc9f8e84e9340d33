/* proto/bgp_session.h - one BGP session without sockets and clocks (RFC 4271 section 8).
 * Facts and an instant go in; effects are appended to `fx`; bgp_next says when to call bgp_tick at
 * the latest. The machine is a table of rows (state, event, next state, action); every transition
 * passes one function. Two connections can exist while a collision is undecided (RFC 4271 6.8):
 * BGP_OUT is the one we opened, BGP_IN the one the peer opened.
 * Not pure in one sense only: it owns its partial input and its pending control output. */
#pragma once
#include "base/instant.h"
#include "wire/bgp.h"

enum bgp_state { BGP_IDLE, BGP_CONNECT, BGP_ACTIVE, BGP_OPENSENT, BGP_OPENCONFIRM, BGP_ESTABLISHED };
const char *bgp_state_name(enum bgp_state s); /* "Idle" ... "Established" */

enum bgp_conn { BGP_OUT = 0, BGP_IN = 1, BGP_CONNS = 2 };

/* Capabilities that can be left out of our OPEN, as bits. */
enum bgp_without {
    BGP_WITHOUT_REFRESH = 1 << 0,
    BGP_WITHOUT_ENHANCED_REFRESH = 1 << 1,
    BGP_WITHOUT_EXTENDED_MESSAGES = 1 << 2,
    BGP_WITHOUT_AS4 = 1 << 3,
    BGP_WITHOUT_RESTART = 1 << 4,
};

struct bgp_conf { /* copied by bgp_init; a change of any field but the limits means a new session */
    uint32_t local_asn, peer_asn, local_id;
    uint16_t hold_s;            /* 0 or 3 and more; what we offer */
    uint16_t min_hold_s;        /* refuse less (RB-024) */
    uint16_t connect_retry_s;   /* first retry; doubles up to 60 (RB-03A) */
    uint32_t families;          /* enum bgp_family bits */
    uint32_t add_path_send, add_path_receive; /* what we offer to do (RFC 7911), family bits */
    bool passive;               /* never opens a connection itself */
    bool allow_as_set;
    bool restart;               /* offer RFC 4724 */
    uint16_t restart_s;
    bool restarting;            /* our process died and is back: R bit, until the first session is up */
    uint32_t without;           /* enum bgp_without bits */
    bool role_set, role_strict; /* RFC 9234: tell our role; refuse a neighbour that tells none */
    uint8_t role;               /* enum bgp_role */
    uint32_t jitter_seed;
};

enum bgp_down { /* why a session left Established, or an attempt ended */
    BGP_DOWN_NOTIFIED,   /* the peer sent NOTIFICATION */
    BGP_DOWN_FAULT,      /* we sent NOTIFICATION because of what the peer sent */
    BGP_DOWN_HOLD,       /* hold timer */
    BGP_DOWN_LOST,       /* TCP closed, reset or could not be opened */
    BGP_DOWN_ADMIN,      /* bgp_stop */
    BGP_DOWN_COLLISION,
    BGP_DOWN_SEND_HOLD,  /* RFC 9687 */
    BGP_DOWN_REPLACED,   /* the peer restarted and is back on another connection (RFC 4724 5) */
};

enum bgp_effect_kind {
    BGP_FX_OPEN,       /* open a TCP connection to the peer; answer with bgp_connected or bgp_lost */
    BGP_FX_CLOSE,      /* close conn once its pending output is out */
    BGP_FX_WRITE,      /* control bytes are pending on conn: bgp_pull */
    BGP_FX_STATE,      /* from -> to, for the log and the counter */
    BGP_FX_UP,         /* Established: session->peer, ->families, ->hold_s ... hold */
    BGP_FX_UPDATE,     /* update; lives in fx->arena and in the input bytes until fx is cleared */
    BGP_FX_REFRESH,    /* the peer asks for, begins or ends a refresh */
    BGP_FX_DOWN,       /* why, code, subcode, text */
};
struct bgp_effect {
    enum bgp_effect_kind kind;
    enum bgp_conn conn;
    union {
        struct { enum bgp_state from, to; } state;
        struct bgp_update *update;
        struct bgp_refresh refresh;
        struct { /* text: in the session; graceful: its routes may be kept (RFC 4724, 8538) */
            enum bgp_down why;
            uint8_t code, subcode;
            bool graceful;
            const char *text;
        } down;
    };
};
struct bgp_effects {
    struct arena arena; /* list and decoded updates; give it a ceiling that fits one read */
    struct bgp_effect *list;
    size_t n, room;
};
void bgp_effects_init(struct bgp_effects *fx, size_t ceiling);
void bgp_effects_clear(struct bgp_effects *fx);
void bgp_effects_drop(struct bgp_effects *fx);

struct bgp_session; /* bgp_session_priv.h; BGP_SESSION_SIZE is not promised */
struct bgp_session *bgp_new(const struct bgp_conf *c);
void bgp_free(struct bgp_session *s);

/* --- facts --- */
void bgp_start(struct bgp_session *s, instant now, struct bgp_effects *fx);
void bgp_connected(struct bgp_session *s, enum bgp_conn conn, instant now, struct bgp_effects *fx);
/* False: the connection is not wanted, close it (already established, collision lost ...). */
MUST_USE bool bgp_accepted(struct bgp_session *s, instant now, struct bgp_effects *fx);
void bgp_input(struct bgp_session *s, enum bgp_conn conn, struct span bytes, instant now,
               struct bgp_effects *fx);
void bgp_lost(struct bgp_session *s, enum bgp_conn conn, instant now, struct bgp_effects *fx);
void bgp_tick(struct bgp_session *s, instant now, struct bgp_effects *fx);
/* Ends with NOTIFICATION code/subcode (6/2 shutdown, 6/1 prefixes, 6/10 BFD ...); text may be NULL.
 * With `again` the session retries by itself, else it stays Idle until bgp_start. */
void bgp_stop(struct bgp_session *s, uint8_t code, uint8_t subcode, struct span data, bool again,
              instant now, struct bgp_effects *fx);

/* --- output --- Control bytes first. UPDATEs are made by the caller of bgp_pull (the router) once
 * this returns 0; bgp_sent tells the session that messages went out (keepalive, send hold timer). */
size_t bgp_pull(struct bgp_session *s, enum bgp_conn conn, uint8_t *buf, size_t room);
void bgp_sent(struct bgp_session *s, enum bgp_conn conn, size_t updates, instant now);
/* The socket refuses bytes / takes them again: starts and stops the send hold timer. */
void bgp_blocked(struct bgp_session *s, bool blocked, instant now);

/* --- questions --- */
instant bgp_next(const struct bgp_session *s); /* NEVER if nothing is due */
struct bgp_view {
    enum bgp_state state;
    enum bgp_conn conn;         /* the live one in Established */
    instant since;              /* of the present state */
    uint32_t families;          /* agreed */
    uint32_t add_path_send, add_path_receive; /* agreed: we send, they send path identifiers */
    uint16_t hold_s;            /* agreed */
    size_t message_max;         /* 4096 or 65535 */
    bool as4, refresh, enhanced_refresh;
    uint32_t peer_id;
    struct bgp_caps peer;
    uint64_t messages_in, messages_out, updates_in, updates_out, treated_as_withdraw, attrs_discarded;
    uint64_t refreshes_in, refreshes_ignored;
    uint8_t last_code, last_subcode; /* of the last NOTIFICATION in either direction */
    const char *last_text;           /* escaped, never NULL */
    uint32_t established_count;
};
struct bgp_view bgp_view(const struct bgp_session *s);
