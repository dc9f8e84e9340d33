/* sys/link.h - messages of wire/link.h over a SOCK_SEQPACKET pair, with descriptors. Non-blocking:
 * what the socket refuses is queued; link_flush goes on when it has room again. */
#pragma once
#include "base/text.h"
#include "wire/link.h"

enum { LINK_TEXT_TOTAL_MAX = 16 << 20 }; /* of a text that comes in parts */

struct link_queued;
struct link {
    int fd;
    enum link_role other; /* who is at the other end */
    struct link_queued *first, **tail;
    size_t queued_bytes;
    bool lost; /* the other end is gone or lied: nothing more goes in or out */
    uint8_t buf[LINK_MESSAGE_MAX + 1];
};

MUST_USE bool link_pair(int fds[2]); /* close-on-exec, both non-blocking */
void link_init(struct link *l, int fd, enum link_role other);
void link_drop(struct link *l); /* closes */

/* `fd` -1: none; the caller keeps its own. */
void link_send(struct link *l, const struct link_message *m, int fd);
void link_flush(struct link *l);
static inline bool link_waiting(const struct link *l) { return l->first != NULL; }

enum link_got { LINK_GOT, LINK_NOTHING, LINK_GONE, LINK_LIED };
/* *fd: the descriptor that came along, the caller's from now on, or -1. With LINK_LIED *why says what
 * was wrong with the message. What *m points to is good until the next call. */
enum link_got link_receive(struct link *l, struct link_message *m, int *fd, const char **why);

/* A text of any length up to LINK_TEXT_TOTAL_MAX, in messages of `type` (INTENT or EVIDENCE). */
void link_send_text(struct link *l, enum link_type type, const char *s, size_t n);
enum link_part { LINK_PART_MORE, LINK_PART_WHOLE, LINK_PART_BAD };
/* Puts such parts together in `into`, which the caller clears after LINK_PART_WHOLE. */
enum link_part link_join(const struct link_message *m, struct text *into);
