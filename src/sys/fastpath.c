/* sys/fastpath.c - see fastpath.h. */
#include "sys/fastpath.h"
#include <errno.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "bpf/fastpath_bpf.h" /* the compiled program, made while building */
#include "bpf/fastpath_rows_bpf.h"
#include "sys/bpf_load.h"

enum { NAME_ROOM = 24 };

struct fastpath {
    struct bpf_loaded *loaded;
    struct fast_tables tables;
    int program, counts, outputs;
    struct bpf_ring *ring;
    struct fast_count *row; /* one of the counters, a value a processor */
    int processors;
    bool took_over, by_address;
    void (*seen)(void *ctx, const struct fast_event *e);
    void *ctx;
};

/* What a successor goes on with. */
static const int kept_tables[] = {FAST_TABLE_names, FAST_TABLE_pools, FAST_TABLE_port_blocks, FAST_TABLE_flows_out,
                                  FAST_TABLE_flows_in};

static const char *map_name(int table, char buf[static NAME_ROOM])
{
    snprintf(buf, NAME_ROOM, "fl_%s", fast_table_rows[table].name);
    return buf;
}

static void on_event(void *ctx, const void *event, size_t n)
{
    struct fastpath *f = ctx;
    struct fast_event e;
    if (n < sizeof e || !f->seen) return;
    memcpy(&e, event, sizeof e);
    f->seen(f->ctx, &e);
}

/* Tables that the program reads by address; the others it asks for a row, because their lengths are no
 * powers of two. */
static bool has_address(int table)
{
    return table != FAST_TABLE_acls && table != FAST_TABLE_port_blocks && table != FAST_TABLE_names && table != FAST_TABLE_notes;
}

bool fastpath_choose(struct bpf_loaded *l, const struct fast_sizes *z, bool by_address)
{
    const struct fast_masks masks = {.blocks = z->blocks - 1, .roots = z->roots - 1, .flows = z->flows - 1};
    char name[NAME_ROOM];
    bool fine = true;
    for (int k = 0; k < FAST_TABLES; k++) {
        uint32_t rows = fast_table_rows_n(z, k);
        map_name(k, name);
        if (by_address && has_address(k))
            fine = bpf_choose_memory(l, name, rows * fast_table_rows[k].row_bytes) && fine;
        else
            fine = bpf_choose_rows(l, name, rows) && fine;
    }
    return fine && bpf_choose_constants(l, ".rodata.masks", &masks, sizeof masks);
}

/* --- taking over --- */

static uint32_t abi_of(unsigned port)
{
    struct fast_config c = {0};
    uint32_t zero = 0;
    int map = bpf_xdp_map(port, "fl_config");
    if (map < 0) return 0;
    bool read = bpf_map_get(map, &zero, &c);
    close(map);
    return read ? c.abi : 0;
}

static bool take_over_one(struct bpf_loaded *l, unsigned port, const char *name)
{
    int map = bpf_xdp_map(port, name);
    if (map < 0) return false;
    bool taken = bpf_choose_map(l, name, map);
    close(map);
    return taken;
}

/* All of them or, beginning with the first that does not fit, none: flows and blocks know each other by
 * row. */
static bool take_over(struct bpf_loaded *l, unsigned port, const struct fast_sizes *z)
{
    char name[NAME_ROOM];
    if (!port || abi_of(port) != FAST_ABI) return false;
    for (size_t k = 0; k < ARRAY_LEN(kept_tables); k++) {
        int map = bpf_xdp_map(port, map_name(kept_tables[k], name));
        size_t bytes = map < 0 ? 0 : bpf_map_bytes(map);
        if (map >= 0) close(map);
        if (bytes != fast_table_rows_n(z, kept_tables[k]) * fast_table_rows[kept_tables[k]].row_bytes) return false;
    }
    bool fine = take_over_one(l, port, "fl_counts");
    for (size_t k = 0; k < ARRAY_LEN(kept_tables); k++)
        fine = take_over_one(l, port, map_name(kept_tables[k], name)) && fine;
    return fine;
}

/* --- life --- */

static bool only_rows;

void fastpath_ask_for_rows(bool yes) { only_rows = yes; }

static bool load_one(struct fastpath *f, const struct fast_sizes *z, unsigned port, bool by_address, struct text *why)
{
    f->by_address = by_address;
    f->loaded = by_address ? bpf_open(fastpath_bpf, sizeof fastpath_bpf, why)
                           : bpf_open(fastpath_rows_bpf, sizeof fastpath_rows_bpf, why);
    if (!f->loaded) return false;
    if (!fastpath_choose(f->loaded, z, by_address)) {
        text_add(why, "the program's tables are not those of this version");
        return false;
    }
    f->took_over = take_over(f->loaded, port, z);
    return bpf_finish(f->loaded, why);
}

static bool load(struct fastpath *f, const struct fast_sizes *z, unsigned port, struct text *why)
{
    struct text first = {0};
    bool fine = !only_rows && load_one(f, z, port, true, &first);
    text_drop(&first); /* a kernel that takes neither says why about the plainer one */
    if (!fine) {
        if (f->loaded) bpf_loaded_drop(f->loaded);
        if (!load_one(f, z, port, false, why)) return false;
    }
    if (bpf_bind(f->loaded, "fastpath", "fl_names")) return true;
    text_addf(why, "cannot bind a table to the program: %s", strerror(errno));
    return false;
}

static bool map_tables(struct fastpath *f, const struct fast_sizes *z, struct text *why)
{
    char name[NAME_ROOM];
    for (int k = 0; k < FAST_TABLES; k++) {
        uint32_t rows = fast_table_rows_n(z, k);
        int map = bpf_loaded_map(f->loaded, map_name(k, name));
        void *memory = bpf_map_memory(map, fast_table_rows[k].row_bytes, rows);
        if (!memory) {
            text_addf(why, "cannot map the table %s: %s", name, strerror(errno));
            return false;
        }
        fast_tables_set(&f->tables, k, memory, rows);
    }
    return true;
}

struct fastpath *fastpath_open(const struct fast_sizes *z, unsigned port, struct fast_tables *tables,
                               struct text *why)
{
    struct fastpath *f = calloc(1, sizeof *f);
    if (!f) abort();
    f->processors = bpf_processors();
    f->row = calloc((size_t)f->processors, sizeof *f->row);
    if (!f->row) abort();
    if (!load(f, z, port, why) || !map_tables(f, z, why)) {
        fastpath_close(f);
        return NULL;
    }
    f->program = bpf_loaded_program(f->loaded, "fastpath");
    f->counts = bpf_loaded_map(f->loaded, "fl_counts");
    f->outputs = bpf_loaded_map(f->loaded, "fl_outputs");
    f->ring = bpf_ring_open(bpf_loaded_map(f->loaded, "fl_events"), on_event, f);
    *tables = f->tables;
    return f;
}

void fastpath_close(struct fastpath *f)
{
    if (!f) return;
    for (int k = 0; k < FAST_TABLES; k++)
        bpf_unmap(*fast_tables_at(&f->tables, k), fast_table_rows[k].row_bytes,
                  fast_tables_rows(&f->tables, k));
    bpf_ring_close(f->ring);
    if (f->loaded) bpf_loaded_drop(f->loaded);
    free(f->row);
    free(f);
}

bool fastpath_by_address(const struct fastpath *f) { return f->by_address; }
bool fastpath_took_over(const struct fastpath *f) { return f->took_over; }

int fastpath_table_fd(const struct fastpath *f, int table)
{
    char name[NAME_ROOM];
    return bpf_loaded_map(f->loaded, map_name(table, name));
}

/* --- ports --- */

bool fastpath_attach(struct fastpath *f, unsigned port, struct text *why)
{
    return bpf_xdp_put(port, f->program, why);
}

void fastpath_detach(unsigned port) { bpf_xdp_remove(port); }

bool fastpath_attached(unsigned port)
{
    int map = bpf_xdp_map(port, "fl_config");
    if (map >= 0) close(map);
    return map >= 0;
}

bool fastpath_output(struct fastpath *f, unsigned port, struct text *why)
{
    uint32_t key = port, value = port;
    if (bpf_map_put(f->outputs, &key, &value)) return true;
    text_addf(why, "cannot name interface %u as an output: %s", port, strerror(errno));
    return false;
}

void fastpath_output_remove(struct fastpath *f, unsigned port)
{
    uint32_t key = port;
    bpf_map_remove(f->outputs, &key);
}

void fastpath_grace(void) { syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0); }

/* --- counters and events --- */

struct fast_count fastpath_count(const struct fastpath *f, uint32_t domain, enum fast_fate fate)
{
    uint32_t key = domain * FAST_FATES + fate;
    struct fast_count sum = {0};
    if (!bpf_map_get(f->counts, &key, f->row)) return sum;
    for (int k = 0; k < f->processors; k++) {
        sum.packets += f->row[k].packets;
        sum.bytes += f->row[k].bytes;
    }
    return sum;
}

void fastpath_count_clear(struct fastpath *f, uint32_t domain)
{
    memset(f->row, 0, (size_t)f->processors * sizeof *f->row);
    for (uint32_t k = 0; k < FAST_FATES; k++) {
        uint32_t key = domain * FAST_FATES + k;
        if (!bpf_map_put(f->counts, &key, f->row)) return;
    }
}

int fastpath_events_fd(const struct fastpath *f) { return f->ring ? bpf_ring_fd(f->ring) : -1; }

void fastpath_events(struct fastpath *f, void (*seen)(void *ctx, const struct fast_event *e), void *ctx)
{
    f->seen = seen;
    f->ctx = ctx;
    if (f->ring) bpf_ring_read(f->ring);
}

int fastpath_try(const struct fastpath *f, const void *in, size_t n, void *out, size_t *out_n)
{
    return bpf_try(f->program, in, n, out, out_n, 1, NULL);
}
