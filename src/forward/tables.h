/* forward/tables.h - the tables of the fast path as memory, and how the daemon writes them: the same
 * bytes whether they are a map of the kernel or a test's own. Single writer. Pure. */
#pragma once
#include "base/defs.h"
#include "forward/abi.h"

struct fast_tables {
#define X(name, type, n) type *name;
    FAST_TABLE_MAP(X)
#undef X
#define X(name, type, n) uint32_t name##_n;
    FAST_TABLE_MAP(X)
#undef X
};

struct fast_sizes { /* powers of two where the table is a hash */
    uint32_t blocks, roots, acls, port_blocks, flows;
};
extern const struct fast_sizes fast_sizes_small; /* no NAT, some 16,000 routes spread badly */

/* How many rows of each table those sizes mean, in the order of FAST_TABLE_MAP. */
enum {
#define X(name, type, n) FAST_TABLE_##name,
    FAST_TABLE_MAP(X)
#undef X
        FAST_TABLES
};
extern const struct fast_table_row {
    const char *name;
    size_t row_bytes;
} fast_table_rows[FAST_TABLES];
uint32_t fast_table_rows_n(const struct fast_sizes *z, int table);

/* Tables in ordinary memory, zeroed and with the sizes written into the configuration. */
void fast_tables_make(struct fast_tables *t, const struct fast_sizes *z);
void fast_tables_drop(struct fast_tables *t);
/* Row 0 of the table, by number. */
void **fast_tables_at(struct fast_tables *t, int table);
uint32_t fast_tables_rows(const struct fast_tables *t, int table); /* how many there are */
void fast_tables_set(struct fast_tables *t, int table, void *memory, uint32_t rows);
/* Sizes, seed and classes; nothing is in force yet. */
void fast_config_begin(struct fast_tables *t, uint64_t seed);

/* One place into the rows of a slot (0 or 1); false: the neighbourhood is full. */
MUST_USE bool fast_place_put(struct fast_tables *t, uint32_t slot, uint32_t port, uint32_t outer,
                             uint32_t inner, uint32_t attachment);
void fast_slot_clear(struct fast_tables *t, uint32_t slot);

/* A bucket for a rate: bits a second and a burst in bytes; classes get 100, 75, 50 and 40 % of it. Voice
 * has `voice_percent` of the rate as its own. Rate 0: no limit. */
void fast_policer_set(struct fast_policer *p, uint64_t bits, uint32_t burst_bytes, uint32_t voice_percent);
void fast_punt_set(struct fast_punt *p, uint32_t control_pps, uint32_t other_pps);
/* Policing class of each DSCP value, as the profile's classes say: voice 0, interactive 1, listed and
 * default traffic 2, everything else 3. */
void fast_classes_set(struct fast_config *c, const uint8_t class_of[static 64]);
