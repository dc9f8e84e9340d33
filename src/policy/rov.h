/* policy/rov.h - route origin validation (RFC 6811): validated ROA payloads by prefix, and what
 * they say about a route. Pure; owns its memory, reads no network: the payloads come as values from
 * whoever speaks with the cache. */
#pragma once
#include "base/hash.h"
#include "net/vrp.h"

enum rov_state { ROV_NOT_FOUND, ROV_VALID, ROV_INVALID };
const char *rov_state_name(enum rov_state s); /* "not-found", "valid", "invalid" */

struct rov_table;
struct rov_table *rov_new(const struct hash_key *key);
void rov_free(struct rov_table *t);
/* Two caches can say the same, while one takes over from the other: payloads are counted.
 * True: it is new; it is gone. */
bool rov_add(struct rov_table *t, const struct vrp *v);
bool rov_remove(struct rov_table *t, const struct vrp *v);
void rov_each(const struct rov_table *t, void (*visit)(void *ctx, const struct vrp *v), void *ctx);
size_t rov_count(const struct rov_table *t, enum family f);

/* `origin` 0 means nobody answers for the route: then no payload can match (RFC 6811 section 2, and
 * AS 0 payloads never match, RFC 6483 section 4). One look-up for each length that occurs. */
enum rov_state rov_check(const struct rov_table *t, const struct prefix *p, uint32_t origin);
