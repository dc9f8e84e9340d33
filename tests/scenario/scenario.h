/* tests/scenario/scenario.h - text scripts against the real router on virtual time.
 *   run.c    the language: one statement after another, expectations against what happened
 *   stage.c  the world: a router, its BFD sessions, a kernel table; far ends speak by script
 *   words.c  messages as words ("UPDATE announce=10.0.0.0/8 path=65001") and back
 * The language is described in README.md. */
#pragma once
#include <jansson.h>
#include "base/text.h"
#include "base/writer.h"
#include "proto/bfd_session.h"
#include "router/router.h"

enum { FARS = 16, REFS = 64, KERNEL_ROUTES = 256, WORDS_MAX = 64, MESSAGE_ROOM = 1 << 16 };

struct item { /* what the router did towards a neighbour */
    struct item *next;
    instant at;
    enum bgp_conn conn;
    bool quiet;   /* need not be expected */
    char *words;
    uint8_t *raw; /* of a message */
    size_t raw_n;
};

struct pipe { /* one TCP connection, as the router sees it */
    bool open, pull, closing, as4;
};

struct far { /* the scripted end of a neighbour */
    char name[41];
    json_t *conf; /* its entry in the intent */
    bool gone;    /* taken out of the intent */
    unsigned number;
    peer_ref ref;
    enum bgp_conn talking; /* the connection that statements without a name mean */
    bool blocked, bfd_on, bfd_deaf;
    struct bfd_session bfd;
    struct item *first, **last;
};

struct kernel_route {
    struct prefix prefix;
    struct addr hops[ROUTE_NEXT_HOPS_MAX];
    uint8_t hops_n;
};

struct stage {
    struct router *r;
    instant now, begun;
    json_t *router, *domain, *networks;
    struct far fars[FARS];
    size_t fars_n;
    struct pipe pipes[REFS][BGP_CONNS];
    struct kernel_route kernel[KERNEL_ROUTES];
    size_t kernel_n;
    struct item *events, **last_event;
    bool started;
    bool show_keepalives, show_connects, show_bfd, show_eor;
    size_t segment; /* octets handed over at once, 0: all */
    struct text why; /* what went wrong */
};

/* --- stage.c --- */
void stage_begin(struct stage *s);
void stage_end(struct stage *s);
bool stage_apply(struct stage *s); /* the intent as it stands; false: refused, s->why says why */
void stage_restart(struct stage *s); /* the router process dies and another one begins */
instant stage_next(const struct stage *s);
void stage_tick(struct stage *s, instant t); /* everything due at t, then what follows from it */
struct far *stage_far(struct stage *s, const char *name);
void stage_connected(struct stage *s, struct far *f);
bool stage_opens(struct stage *s, struct far *f); /* the neighbour opens TCP to us */
void stage_lost(struct stage *s, struct far *f, enum bgp_conn conn);
void stage_bytes(struct stage *s, struct far *f, enum bgp_conn conn, struct span bytes);
void stage_block(struct stage *s, struct far *f, bool blocked);
void stage_bfd_packet(struct stage *s, struct far *f, struct span packet, uint8_t ttl);
void stage_shutdown(struct stage *s);
struct kernel_route *stage_kernel(struct stage *s, const struct prefix *p);
void items_free(struct item *first);

/* --- words.c --- A word is key=value or bare; blanks only within quotes, which are gone here. */
struct words {
    size_t n;
    const char *w[WORDS_MAX];
};
const char *words_value(const struct words *w, const char *key); /* NULL: no such word */
bool words_has(const struct words *w, const char *word);

/* Owned text. `as4`: how AS numbers are written on that connection. */
char *words_of_message(struct span message, bool as4);
char *words_of_bfd(struct span packet);
/* False: *why is what cannot be understood. `far` fills in what the words leave out. */
bool message_of_words(const struct words *w, const struct far *far, bool as4, struct writer *out,
                      struct text *why);
bool bfd_of_words(const struct words *w, const struct far *far, struct writer *out, struct text *why);
bool hex_of(const char *s, struct writer *out); /* pairs of digits, with or without blanks */
uint32_t far_asn(const struct far *f);
