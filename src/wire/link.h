/* wire/link.h - messages between the processes of fairlead-edge: keeper, router and agent. One
 * message is one datagram of a SOCK_SEQPACKET pair, descriptors travel beside it. Pure.
 * Whoever reads treats the bytes as if they came from the network (RB-203): a message is taken only
 * from the process that may send it, with all its fields, within its size, and with the number of
 * descriptors its row names. */
#pragma once
#include "base/writer.h"
#include "net/vrp.h"

enum link_role { LINK_KEEPER = 1 << 0, LINK_ROUTER = 1 << 1, LINK_AGENT = 1 << 2, LINK_VALIDATOR = 1 << 3,
                 LINK_EXPORTER = 1 << 4, LINK_NATSYNC = 1 << 5 };

enum {
    LINK_MESSAGE_MAX = 32 << 10,
    LINK_PART_MAX = 30 << 10, /* bytes of a long text in one message */
    LINK_TEXT_MAX = 4096,     /* of one text field */
    LINK_TEXTS = 5,
    LINK_NEXT_HOPS_MAX = 8,
};

/* Fields by letter, in this order on the wire:
 *   k token   u32, names a request, an object or a neighbour
 *   n number  u64
 *   f flag    u8, 0 or 1
 *   t text    u16 length and bytes without NUL
 *   r rest    all that is left
 *                  from            fields  descriptors (0, 1, or -1: none or one) */
// clang-format off
#define LINK_MAP(X)                                                                                \
    X(START,         LINK_KEEPER,     "nnkf",   0)  /* hash key 2x, seed; restarting */            \
    X(INTENT,        LINK_KEEPER | LINK_AGENT,                                                     \
                                      "knfr",   0)  /* offset, total; last; part of a JSON text */ \
    X(LISTENER,      LINK_KEEPER,     "kt",     1)  /* id; domain, "" for all */                   \
    X(LISTENER_GONE, LINK_KEEPER,     "k",      0)                                                 \
    X(ACCEPTED,      LINK_KEEPER,     "t",      1)  /* inside the router process: domain, "" any */ \
    X(CONN,          LINK_KEEPER,     "kn",    -1)  /* answer to CONNECT: token; errno */          \
    X(BFD_PORT,      LINK_KEEPER,     "kt",     1)  /* id; domain: receiving socket */             \
    X(BFD_PORT_GONE, LINK_KEEPER,     "k",      0)                                                 \
    X(BFD_CONN,      LINK_KEEPER,     "kn",    -1)  /* answer to BFD_OPEN: sending socket */       \
    X(ADDRESS,       LINK_KEEPER,     "ftt",    0)  /* the list begins; two of one interface */      \
    X(DARK,          LINK_KEEPER,     "tr",     0)  /* domain; names of attachments that are down */ \
    X(ASK,           LINK_KEEPER,     "kt",     0)  /* id; question */                             \
    X(DUMP,          LINK_KEEPER,     "kt",    -1)  /* as ASK; what goes into the file */         \
    X(STATION_CONN,  LINK_KEEPER,     "kn",    -1)  /* answer to STATION_OPEN: token; errno */     \
    X(PING,          LINK_KEEPER,     "k",      0)                                                 \
    X(STOP,          LINK_KEEPER,     "",       0)                                                 \
    X(CONTROL,       LINK_KEEPER,     "nttttt", 0)  /* revision; name, url, ca, cert, key files */ \
    X(EVIDENCE,      LINK_KEEPER,     "knfr",   0)  /* as INTENT */                                \
    X(RPKI,          LINK_KEEPER,     "knnr",   0)  /* refresh, expire, retry s; caches */         \
    X(RPKI_ALL,      LINK_KEEPER,     "",       0)  /* a router wants everything once more */      \
    X(VRPS,          LINK_VALIDATOR | LINK_KEEPER,                                                 \
                                      "kr",     0)  /* LINK_VRPS_ bits; change after change */     \
    X(RPKI_STATE,    LINK_VALIDATOR,  "ft",     0)  /* a cache is followed; which, or why not */   \
    X(NAT_OPEN,      LINK_KEEPER,     "",       1)  /* the socket to the NAT partner */            \
    X(NAT_KEYS,      LINK_KEEPER,     "tt",     0)  /* the present key and the one before, or "" */ \
    X(NAT_TELL,      LINK_KEEPER,     "r",      0)  /* bindings, as wire/natsync.h has them */     \
    X(NAT_WALKED,    LINK_KEEPER,     "kf",     0)  /* NAT_WANT is answered: round; that was all */ \
    X(NAT_AGAIN,     LINK_KEEPER,     "",       0)  /* bindings were lost: tell everything */      \
    X(NAT_WANT,      LINK_NATSYNC,    "kn",     0)  /* round; so many more of all bindings */      \
    X(NAT_RECORDS,   LINK_NATSYNC,    "r",      0)  /* the partner's, as NAT_TELL */               \
    X(NAT_STATE,     LINK_NATSYNC,    "fkr",    0)  /* partner up; it knows everything; counters */ \
    X(READY,         LINK_ROUTER | LINK_AGENT | LINK_VALIDATOR | LINK_EXPORTER | LINK_NATSYNC,     \
                                      "nt",     0)  /* 0; how it is confined */                    \
    X(APPLIED,       LINK_ROUTER,     "nft",    0)  /* revision; taken; problems */                \
    X(CONNECT,       LINK_ROUTER,     "kt",     0)  /* token; neighbour */                         \
    X(BFD_OPEN,      LINK_ROUTER,     "kt",     0)  /* token; neighbour */                         \
    X(REKEY,         LINK_ROUTER,     "t",      1)  /* neighbour: its connection, for the new key */ \
    X(STATION_OPEN,  LINK_ROUTER,     "kr",     0)  /* token; a BMP station */                     \
    X(ROUTES,        LINK_ROUTER,     "tr",     0)  /* domain; route after route */                \
    X(SETTLED,       LINK_ROUTER,     "t",      0)  /* domain */                                   \
    X(ANSWER,        LINK_ROUTER,     "kfr",    0)  /* id; last; part of a JSON text */            \
    X(CHANGED,       LINK_ROUTER,     "",       0)  /* a session changed: evidence is due */       \
    X(PONG,          LINK_ROUTER,     "k",      0)                                                 \
    X(STOPPED,       LINK_ROUTER,     "",       0)  /* everybody was told, the process ends */     \
    X(REACHED,       LINK_AGENT,      "ft",     0)  /* the control plane answers; else why not */
// clang-format on

enum link_type {
#define X(name, from, fields, fds) LINK_##name,
    LINK_MAP(X)
#undef X
        LINK_TYPES
};

struct link_message {
    enum link_type type;
    uint32_t token;
    uint64_t number[2];
    bool flag;
    struct span text[LINK_TEXTS];
    struct span rest;
};

struct link_row {
    const char *name;
    unsigned from; /* enum link_role bits */
    const char *fields;
    int fds;
};
extern const struct link_row link_rows[LINK_TYPES];

void link_encode(struct writer *w, const struct link_message *m); /* w->bad if it does not fit */
/* NULL, or what is wrong with the message. What *out points to are the bytes given. */
const char *link_decode(struct span bytes, enum link_role from, size_t fds, struct link_message *out);

/* A text field as a C string; false if it does not fit or holds a NUL. */
MUST_USE bool link_text(struct span s, char *buf, size_t room);

struct link_route { /* what the kernel should hold for a prefix; next_hops_n 0: nothing */
    struct prefix prefix;
    uint8_t next_hops_n;
    struct addr next_hops[LINK_NEXT_HOPS_MAX];
};
enum { LINK_VRPS_WHOLE = 1, LINK_VRPS_END = 2 }; /* a new set begins here; what was said counts now */
struct link_vrp {
    bool add;
    struct vrp vrp;
};
enum { LINK_VRP_MOST = 1 + 1 + 1 + 16 + 1 + 4 }; /* octets of one */
void link_vrp_put(struct writer *w, const struct link_vrp *v);
/* As link_route_next: also bad are a maximum length that cannot be. */
MUST_USE bool link_vrp_next(struct cursor *c, struct link_vrp *out);

/* Address and port of a cache. */
void link_endpoint_put(struct writer *w, const struct addr *a, uint16_t port);
MUST_USE bool link_endpoint_next(struct cursor *c, struct addr *a, uint16_t *port);

void link_route_put(struct writer *w, const struct link_route *r);
/* False at the end, and with c->bad set when the bytes are no route: unknown family, length beyond
 * it, bits beyond the length, too many next hops, one of another family or one nobody can have. */
MUST_USE bool link_route_next(struct cursor *c, struct link_route *out);
