/* forward/trie.h - writes the multi-bit tries of the fast path: prefixes go in and out, every look-up of
 * a packet in between finds a whole answer (entries are single words, a new block is filled before it is
 * named, a block that was unlinked is used again only after trie_settled). What the look-up needs lies in
 * the tables; lengths, prefixes and counts lie beside them in ordinary memory. Single writer. Pure. */
#pragma once
#include "base/hash.h"
#include "forward/tables.h"
#include "net/prefix.h"

struct trie;
struct trie *trie_new(struct fast_tables *t, const struct hash_key *key); /* borrows the tables, empty */
void trie_free(struct trie *t);

/* A table of routes of one family; 0: no room. Blocks 1 and up. */
MUST_USE uint32_t trie_table_make(struct trie *t);
void trie_table_drop(struct trie *t, uint32_t table, enum family family);

/* `hop` instead of what stood there; 0 removes. False: there is no room; nothing has changed. */
MUST_USE bool trie_put(struct trie *t, uint32_t table, const struct prefix *p, uint32_t hop);
uint32_t trie_get(const struct trie *t, uint32_t table, const struct prefix *p); /* exactly this prefix */

/* Nobody reads any more what was unlinked before: call it after a grace period. */
void trie_settled(struct trie *t);
bool trie_unsettled(const struct trie *t); /* something waits for that */
size_t trie_count(const struct trie *t);
size_t trie_blocks_free(const struct trie *t);
