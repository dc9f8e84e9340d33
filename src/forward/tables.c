/* forward/tables.c - see tables.h. */
#include "forward/tables.h"
#include <stdlib.h>
#include <string.h>
#include "forward/stage_frame.h"

const struct fast_sizes fast_sizes_small = {.blocks = 16384, .roots = 8192, .acls = 1024, .port_blocks = 1, .flows = 1};

const struct fast_table_row fast_table_rows[FAST_TABLES] = {
#define X(name, type, n) {#name, sizeof(type)},
    FAST_TABLE_MAP(X)
#undef X
};

uint32_t fast_table_rows_n(const struct fast_sizes *z, int table)
{
    static const uint32_t fixed[FAST_TABLES] = {
#define X(name, type, n) n,
        FAST_TABLE_MAP(X)
#undef X
    };
    switch (table) {
    case FAST_TABLE_blocks: return z->blocks;
    case FAST_TABLE_roots: return z->roots;
    case FAST_TABLE_acls: return z->acls;
    case FAST_TABLE_port_blocks: return z->port_blocks;
    case FAST_TABLE_flows_out: case FAST_TABLE_flows_in: case FAST_TABLE_notes: return z->flows;
    default: return fixed[table];
    }
}

void **fast_tables_at(struct fast_tables *t, int table)
{
    switch (table) {
#define X(name, type, n) case FAST_TABLE_##name: return (void **)(void *)&t->name;
        FAST_TABLE_MAP(X)
#undef X
    default: return NULL;
    }
}

uint32_t fast_tables_rows(const struct fast_tables *t, int table)
{
    switch (table) {
#define X(name, type, n) case FAST_TABLE_##name: return t->name##_n;
        FAST_TABLE_MAP(X)
#undef X
    default: return 0;
    }
}

void fast_tables_set(struct fast_tables *t, int table, void *memory, uint32_t rows)
{
    switch (table) {
#define X(row, type, n) case FAST_TABLE_##row: t->row = memory, t->row##_n = rows; break;
        FAST_TABLE_MAP(X)
#undef X
    default: break;
    }
}

void fast_tables_make(struct fast_tables *t, const struct fast_sizes *z)
{
    for (int k = 0; k < FAST_TABLES; k++) {
        uint32_t n = fast_table_rows_n(z, k);
        void *memory = calloc(n, fast_table_rows[k].row_bytes);
        if (!memory) abort();
        fast_tables_set(t, k, memory, n);
    }
}

void fast_tables_drop(struct fast_tables *t)
{
    for (int k = 0; k < FAST_TABLES; k++) free(*fast_tables_at(t, k));
    memset(t, 0, sizeof *t);
}

void fast_config_begin(struct fast_tables *t, uint64_t seed)
{
    struct fast_config *c = t->config;
    c->abi = FAST_ABI;
    c->flow_mask = t->flows_out_n - 1;
    c->root_mask = t->roots_n - 1;
    c->seed = seed;
}

/* --- places --- */

bool fast_place_put(struct fast_tables *t, uint32_t slot, uint32_t port, uint32_t outer, uint32_t inner,
                    uint32_t attachment)
{
    uint64_t key = fast_place_key(port, outer, inner);
    uint32_t home = fast_place_home(key), base = slot ? FAST_PLACES : 0;
    for (uint32_t i = 0; i < FAST_PROBES; i++) {
        struct fast_place *p = &t->places[base + ((home + i) & (FAST_PLACES - 1))];
        if (p->key && p->key != key) continue;
        *p = (struct fast_place){.key = key, .attachment = attachment};
        return true;
    }
    return false;
}

void fast_slot_clear(struct fast_tables *t, uint32_t slot)
{
    memset(t->places + (slot ? FAST_PLACES : 0), 0, FAST_PLACES * sizeof *t->places);
    for (uint32_t k = slot; k < t->attachments_n; k += 2) memset(&t->attachments[k], 0, sizeof *t->attachments);
}

/* --- rates --- */

enum { UNITS_A_NS = 64, PERCENT = 100 };
#define NS_A_SECOND 1000000000ULL

/* 1/64 ns a byte with 16 fractional bits. */
static uint64_t cost_of(uint64_t bits)
{
    double ns_a_byte = 8.0 * (double)NS_A_SECOND / (double)bits;
    return (uint64_t)(ns_a_byte * UNITS_A_NS * 65536.0 + 0.5);
}

static uint64_t backlog_of(uint64_t bits, uint32_t bytes)
{
    return (uint64_t)((double)bytes * 8.0 * (double)NS_A_SECOND / (double)bits * UNITS_A_NS);
}

void fast_policer_set(struct fast_policer *p, uint64_t bits, uint32_t burst_bytes, uint32_t voice_percent)
{
    static const uint32_t share[FAST_CLASSES] = {100, 75, 50, 40};
    memset(p, 0, sizeof *p);
    if (!bits) return;
    p->all.cost = cost_of(bits);
    for (int k = 0; k < FAST_CLASSES; k++) p->limit[k] = backlog_of(bits, burst_bytes) / PERCENT * share[k];
    if (!voice_percent || voice_percent >= PERCENT) return;
    p->voice.cost = cost_of(bits * voice_percent / PERCENT);
    p->voice_limit = backlog_of(bits * voice_percent / PERCENT, burst_bytes / 4);
}

void fast_punt_set(struct fast_punt *p, uint32_t control_pps, uint32_t other_pps)
{
    enum { BURST_MS = 100 };
    memset(p, 0, sizeof *p);
    p->control.cost = control_pps ? NS_A_SECOND * UNITS_A_NS / control_pps : 0;
    p->other.cost = other_pps ? NS_A_SECOND * UNITS_A_NS / other_pps : 0;
    p->control_limit = p->other_limit = BURST_MS * 1000000ULL * UNITS_A_NS;
}

void fast_classes_set(struct fast_config *c, const uint8_t class_of[static 64])
{
    uint64_t low = 0, high = 0;
    for (int d = 0; d < 32; d++) {
        low |= (uint64_t)(class_of[d] & 3) << 2 * d;
        high |= (uint64_t)(class_of[32 + d] & 3) << 2 * d;
    }
    c->class_low = low;
    c->class_high = high;
}
