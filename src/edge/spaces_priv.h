/* edge/spaces_priv.h - shared by spaces.c (namespaces, sockets), attach.c (attachments), queues.c, routes.c
 * (kernel tables) and spaces_show.c. */
#pragma once
#include "edge/fast.h"
#include "edge/spaces.h"
#include "forward/fib.h"
#include "sys/netlink.h"
#include "sys/netns.h"
#include "sys/tagmux.h"

enum { NAME_ROOM = 41, NS_ROOM = 128 };

struct port {
    struct port *next;
    enum port_kind kind;
    uint32_t id;
    struct addr local;
    uint16_t port;
    int fd;
    struct addr *keyed; /* neighbours with a key on this listener */
    size_t keyed_n;
    bool wanted;
};

struct queued { /* an attachment, and whether its queues are ours */
    unsigned index;
    char name[LINK_NAME_MAX];
    bool on;
};

struct space {
    struct space *next;
    char name[NAME_ROOM];
    int ns;             /* descriptor; -1: the keeper's own */
    struct netlink *nl; /* inside; NULL without a data plane */
    struct fib *fib;
    struct port *ports;
    struct text dark;   /* attachments that are down, as it was told last */
    struct queued *queued;
    size_t queued_n;
    bool wanted;
};

struct mapping { /* one direction of an attachment in the tag multiplexer */
    unsigned from;
    struct tags tags;
};

struct spaces {
    struct spaces_sink sink;
    struct space *first;
    bool forwards;
    char prefix[NS_ROOM]; /* of the names of domains' namespaces */
    struct netlink *nl;   /* in the router's own namespace */
    struct tagmux *mux;
    struct fast *fast;    /* NULL without the fast path */
    unsigned *attached;   /* interfaces with the multiplexer */
    size_t attached_n;
    struct mapping *mappings; /* wanted ones, of the last ensure */
    size_t mappings_n;
    uint64_t shape;       /* of the interfaces at the last ensure */
    uint32_t next_id;
    struct hash_key key;
    size_t faults;        /* of the ensure going on */
    enum intent_profile profile; /* of the last ensure */
};

struct space *space_named(const struct spaces *s, const char *name);
/* Name of the near end of an attachment's veth pair, in the router's namespace. */
const char *near_name(const char *domain, const char *attachment, char buf[static LINK_NAME_MAX]);
void fault(struct spaces *s, const char *name, const char *subject, struct text *why);

/* attach.c */
void attachments_ensure(struct spaces *s, struct space *sp, const struct intent_domain *d);
void attachments_trim(struct spaces *s, const struct intent *i);
void attachments_remove(struct spaces *s);
uint64_t attachments_shape(struct spaces *s, const struct intent *i);

/* queues.c */
MUST_USE bool queues_ensure(struct spaces *s, struct space *sp, const struct intent_attachment *a, unsigned index,
                            struct text *why);
void queues_show(const struct spaces *s, struct text *out); /* rows of a list */

/* routes.c */
void routes_load(struct space *sp); /* what an earlier keeper left, stale */
void routes_static(struct space *sp, const struct intent_domain *d);
