/* edge/spaces.h - the kernel side of an intent: a namespace per routing domain with its attachments,
 * sockets and routes. Declarative: spaces_ensure makes what an intent names and can be called at any
 * time; spaces_trim removes what it does not name. What could not be made is logged and made by a
 * later call. Only objects with our names, alias and route protocol are touched (RB-122).
 * Without a data plane there is one space, named "", in the namespace the keeper is in. */
#pragma once
#include "base/cursor.h"
#include "base/instant.h"
#include "base/text.h"
#include "intent/intent.h"

enum port_kind { PORT_LISTENER, PORT_BFD };

struct spaces_sink { /* sockets come and go; the descriptor stays ours */
    void *ctx;
    void (*opened)(void *ctx, enum port_kind kind, uint32_t id, const char *domain, int fd);
    void (*closed)(void *ctx, enum port_kind kind, uint32_t id);
};

struct spaces;
/* The keeper is in the router's namespace already. NULL with `why`. */
struct natsync;
struct spaces *spaces_new(const struct intent *i, const struct spaces_sink *sink, struct natsync *natsync, struct text *why);
/* Closes everything and leaves the kernel as it is. */
void spaces_free(struct spaces *s);

size_t spaces_ensure(struct spaces *s, const struct intent *i); /* how many things could not be made */
void spaces_trim(struct spaces *s, const struct intent *i);
/* Removes all that spaces_ensure ever made. */
void spaces_remove(struct spaces *s);
/* Interfaces were renamed, removed or made since the last spaces_ensure: it is time for another. */
bool spaces_disturbed(struct spaces *s, const struct intent *i);

/* The fast path: readable when the kernel's routes changed; -1 without one. */
int spaces_fd(const struct spaces *s);
void spaces_ready(struct spaces *s);
void spaces_tick(struct spaces *s, instant now); /* once a second */

void spaces_each_port(struct spaces *s, const struct spaces_sink *to); /* `opened` for each */

/* Attachments that carry nothing now, as LINK_DARK has them: of every domain where that changed since it
 * was told last, or of all. */
void spaces_each_dark(struct spaces *s, const struct intent *i, bool all,
                      void (*seen)(void *ctx, const char *domain, struct span names), void *ctx);

/* Pairs of addresses of both families that one interface has, where there is no data plane: a session
 * over one of them announces the other as its next hop. Both ways round. */
void spaces_each_pair(struct spaces *s, void (*seen)(void *ctx, const struct addr *a, const struct addr *b),
                      void *ctx);

/* A connecting socket, or one that sends BFD packets; -errno. */
/* Puts the neighbour's key of now under a connection of it; 0 or -errno. */
int spaces_rekey(struct spaces *s, const struct intent *i, const char *peer, int fd);
int spaces_connect(struct spaces *s, const struct intent *i, const char *peer);
int spaces_bfd_sender(struct spaces *s, const struct intent *i, const char *peer);

/* --- routes --- */
bool spaces_have_routes(const struct spaces *s);
/* Routes of wire/link.h. False: these bytes are none, or the domain is unknown. */
MUST_USE bool spaces_routes(struct spaces *s, const char *domain, struct cursor routes);
void spaces_settled(struct spaces *s, const char *domain); /* what is stale goes */
void spaces_router_lost(struct spaces *s);                 /* everything learned is stale */
void spaces_retry(struct spaces *s);                       /* what the kernel refused */
void spaces_reconcile(struct spaces *s);                   /* against what the kernel holds */

/* --- for the evidence --- Lists as JSON texts, with their brackets. */
void spaces_show_attachments(struct spaces *s, const struct intent *i, struct text *out);
void spaces_show_neighbors(struct spaces *s, const struct intent *i, struct text *out);
void spaces_show_unknown_tags(struct spaces *s, struct text *out);
/* Rows `,{"where", "reason", "packets"}` to be added to a list: unknown tags, and segments the kernel
 * dropped for their MD5 signature (RB-101). */
void spaces_show_drops(struct spaces *s, struct text *out);
/* The fast path: its whole state, and its view of classes and policers. */
void spaces_show_fast(struct spaces *s, struct text *out);
void spaces_show_qos(struct spaces *s, struct text *out);
void spaces_show_fates(struct spaces *s, struct text *out); /* drops by domain and name, a list */
void spaces_show_nat(struct spaces *s, struct text *out);
size_t spaces_routes_refused(const struct spaces *s);
