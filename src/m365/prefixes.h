/* m365/prefixes.h - a set of IP prefixes that grows, sorts, merges and answers "is this covered?".
 * Pure; memory comes from the arena given at the start. Nothing is lost silently: once the arena's
 * ceiling was met `full` stays set, and the owner refuses the whole result. */
#pragma once
#include "base/arena.h"
#include "net/prefix.h"

struct prefixes {
    struct prefix *p;
    size_t n, room;
    struct arena *arena;
    bool full;
};

struct prefixes prefixes_in(struct arena *a);
void prefixes_add(struct prefixes *s, const struct prefix *p);
void prefixes_add_all(struct prefixes *s, const struct prefix *p, size_t n);
/* Numeric order, IPv4 first; equal ones once. */
void prefixes_sort(struct prefixes *s);
/* Sorts, drops what another one contains, joins the two halves of a prefix: the shortest list of
 * prefixes for the same addresses. */
void prefixes_merge(struct prefixes *s);
size_t prefixes_count(const struct prefixes *s, enum family f);

enum coverage { COVERED_NOT, COVERED_PARTLY, COVERED };
/* `merged` must come from prefixes_merge, so that a full set of more specifics counts as covered.
 */
enum coverage prefixes_coverage(const struct prefixes *merged, const struct prefix *wanted);
