/* forward/fib.h - what one routing domain's kernel table should hold, and what of it is stale.
 * Whoever programs the kernel asks here first: only differences cost a system call. After a restart
 * everything is stale until it is said again; what nobody says again is swept (RFC 4724 4.1). Pure. */
#pragma once
#include "base/hash.h"
#include "net/prefix.h"

enum { FIB_NEXT_HOPS_MAX = 8 };

struct fib_entry {
    struct prefix prefix;
    uint8_t next_hops_n; /* at least 1 */
    bool stale;          /* not said again since the last fib_mark_stale */
    bool fixed;          /* a static route: never stale, not replaced by learned ones */
    bool failed;         /* the kernel refused it; the owner tries again */
    struct addr next_hops[FIB_NEXT_HOPS_MAX]; /* sorted: the same set is the same bytes */
};

struct fib;
struct fib *fib_new(const struct hash_key *key);
void fib_free(struct fib *f); /* NULL is ignored */
size_t fib_count(const struct fib *f);
const struct fib_entry *fib_find(const struct fib *f, const struct prefix *p);

/* True: the kernel needs to be told *out, which is now what the table holds. False: it is so already,
 * or a fixed route stands there. */
MUST_USE bool fib_put(struct fib *f, const struct prefix *p, const struct addr *next_hops, size_t n,
                      bool fixed, const struct fib_entry **out);
/* True if it was there (and `fixed` like that); then the kernel is to forget it. */
MUST_USE bool fib_remove(struct fib *f, const struct prefix *p, bool fixed);

void fib_set_failed(struct fib *f, const struct prefix *p, bool failed);
void fib_mark_stale(struct fib *f);
void fib_unstale(struct fib *f, const struct prefix *p);
bool fib_same_next_hops(const struct fib_entry *e, const struct addr *next_hops, size_t n);

/* Walks: start with *at = 0; NULL at the end. Nothing may be put or removed meanwhile. */
const struct fib_entry *fib_walk(const struct fib *f, size_t *at);
