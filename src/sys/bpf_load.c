/* sys/bpf_load.c - libbpf behind a few functions.
 * Programs sit at tc clsact ingress with a fixed handle and priority, so that a second attachment
 * replaces the first and a query finds it (tcx would be newer than the kernels we must run on). */
#include "sys/bpf_load.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HANDLE = 1, PRIORITY = 1, MAPS_MAX = 32 };

struct bpf_loaded {
    struct bpf_object *object;
    struct bpf_map *memory[MAPS_MAX]; /* whose address is their value's */
    size_t memory_n;
};

/* While libbpf loads it: what its hook between relocation and loading has to know. */
static const struct bpf_loaded *being_loaded;

/* The last words of the verifier about the program being loaded: why it does not take it. */
enum { WORDS_ROOM = 400 };
static char last_words[WORDS_ROOM];

static int keep_last_words(enum libbpf_print_level level, const char *fmt, va_list args)
{
    char *all = NULL;
    (void)level;
    if (strstr(fmt, "PROG LOAD LOG") == NULL || vasprintf(&all, fmt, args) < 0) return 0;
    char *end = strstr(all, "\nprocessed ");
    size_t n = end ? (size_t)(end - all) : strlen(all), from = n > WORDS_ROOM - 1 ? n - (WORDS_ROOM - 1) : 0;
    snprintf(last_words, sizeof last_words, "%.*s", (int)(n - from), all + from);
    free(all);
    return 0;
}

static int say_nothing(enum libbpf_print_level level, const char *fmt, va_list args)
{
    (void)level, (void)fmt, (void)args;
    return 0;
}

static bool is_memory(int fd)
{
    for (size_t k = 0; being_loaded && k < being_loaded->memory_n; k++)
        if (bpf_map__fd(being_loaded->memory[k]) == fd) return true;
    return false;
}

/* libbpf makes every mention of a map its descriptor; here those of memory become the address of its value
 * (BPF_PSEUDO_MAP_VALUE, bpf(2)). It does so itself for global variables, whose size is fixed when they are
 * compiled, and ours is not. */
static int point_into_memory(struct bpf_program *program, struct bpf_prog_load_opts *opts, long cookie)
{
    enum { LOAD_64 = BPF_LD | BPF_IMM | BPF_DW };
    struct bpf_insn *insn = (struct bpf_insn *)(uintptr_t)bpf_program__insns(program);
    (void)opts, (void)cookie;
    for (size_t k = 0; k + 1 < bpf_program__insn_cnt(program); k++) {
        if (insn[k].code != LOAD_64) continue;
        if (insn[k].src_reg == BPF_PSEUDO_MAP_FD && is_memory(insn[k].imm)) insn[k].src_reg = BPF_PSEUDO_MAP_VALUE;
        k++; /* it is two words long */
    }
    return 0;
}

static bool hook_into_libbpf(void)
{
    static int handler;
    LIBBPF_OPTS(libbpf_prog_handler_opts, hooks, .prog_prepare_load_fn = point_into_memory);
    if (handler <= 0) handler = libbpf_register_prog_handler("xdp", BPF_PROG_TYPE_XDP, BPF_XDP, &hooks);
    return handler > 0;
}

struct bpf_loaded *bpf_open(const void *bytes, size_t n, struct text *why)
{
    libbpf_set_print(say_nothing);
    struct bpf_object *object = hook_into_libbpf() ? bpf_object__open_mem(bytes, n, NULL) : NULL;
    if (!object) {
        text_addf(why, "cannot read the BPF program: %s", strerror(errno));
        return NULL;
    }
    struct bpf_loaded *l = calloc(1, sizeof *l);
    if (!l) abort();
    l->object = object;
    return l;
}

bool bpf_choose_memory(struct bpf_loaded *l, const char *map, size_t bytes)
{
    struct bpf_map *m = bpf_object__find_map_by_name(l->object, map);
    if (!m || bytes > UINT32_MAX || l->memory_n == MAPS_MAX) return false;
    l->memory[l->memory_n++] = m;
    return bpf_map__set_max_entries(m, 1) == 0 && bpf_map__set_value_size(m, (uint32_t)bytes) == 0;
}

bool bpf_choose_constants(struct bpf_loaded *l, const char *section, const void *bytes, size_t n)
{
    struct bpf_map *m = bpf_object__find_map_by_name(l->object, section);
    return m && bpf_map__set_initial_value(m, bytes, n) == 0;
}

bool bpf_choose_rows(struct bpf_loaded *l, const char *map, uint32_t rows)
{
    struct bpf_map *m = bpf_object__find_map_by_name(l->object, map);
    return m && bpf_map__set_max_entries(m, rows) == 0;
}

bool bpf_choose_map(struct bpf_loaded *l, const char *map, int fd)
{
    struct bpf_map *m = bpf_object__find_map_by_name(l->object, map);
    return m && bpf_map__reuse_fd(m, fd) == 0;
}

bool bpf_finish(struct bpf_loaded *l, struct text *why)
{
    being_loaded = l;
    last_words[0] = '\0';
    libbpf_set_print(keep_last_words);
    int fault = bpf_object__load(l->object);
    libbpf_set_print(say_nothing);
    being_loaded = NULL;
    if (fault) text_addf(why, "cannot load the BPF program: %s%s%s", strerror(-fault), last_words[0] ? ": ..." : "", last_words);
    return fault == 0;
}

bool bpf_bind(const struct bpf_loaded *l, const char *program, const char *map)
{
    return bpf_prog_bind_map(bpf_loaded_program(l, program), bpf_loaded_map(l, map), NULL) == 0;
}

struct bpf_loaded *bpf_load(const void *bytes, size_t n, struct text *why)
{
    struct bpf_loaded *l = bpf_open(bytes, n, why);
    if (!l || bpf_finish(l, why)) return l;
    bpf_loaded_drop(l);
    return NULL;
}

void bpf_loaded_drop(struct bpf_loaded *l)
{
    if (l) bpf_object__close(l->object);
    free(l);
}

int bpf_loaded_program(const struct bpf_loaded *l, const char *name)
{
    struct bpf_program *p = bpf_object__find_program_by_name(l->object, name);
    return p ? bpf_program__fd(p) : -1;
}

int bpf_loaded_map(const struct bpf_loaded *l, const char *name)
{
    return bpf_object__find_map_fd_by_name(l->object, name);
}

bool bpf_ingress_attach(unsigned ifindex, int program, struct text *why)
{
    LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = BPF_TC_INGRESS);
    LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = program, .handle = HANDLE, .priority = PRIORITY,
                .flags = BPF_TC_F_REPLACE);
    int fault = bpf_tc_hook_create(&hook);
    if (fault == 0 || fault == -EEXIST) fault = bpf_tc_attach(&hook, &opts);
    if (fault)
        text_addf(why, "cannot attach the BPF program to interface %u: %s", ifindex,
                  strerror(-fault));
    return fault == 0;
}

bool bpf_ingress_detach(unsigned ifindex)
{
    LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = BPF_TC_INGRESS);
    LIBBPF_OPTS(bpf_tc_opts, opts, .handle = HANDLE, .priority = PRIORITY);
    return bpf_tc_detach(&hook, &opts) == 0;
}

static int map_if_named(uint32_t id, const char *name)
{
    struct bpf_map_info info = {0};
    uint32_t n = sizeof info;
    int fd = bpf_map_get_fd_by_id(id);
    if (fd < 0) return -1;
    if (bpf_obj_get_info_by_fd(fd, &info, &n) == 0 &&
        strncmp(info.name, name, sizeof info.name - 1) == 0)
        return fd;
    close(fd);
    return -1;
}

static int map_of_program(int program, const char *name)
{
    uint32_t ids[MAPS_MAX], n = sizeof(struct bpf_prog_info);
    struct bpf_prog_info info = {.nr_map_ids = MAPS_MAX, .map_ids = (uintptr_t)ids};
    if (bpf_obj_get_info_by_fd(program, &info, &n) != 0) return -1;
    for (uint32_t i = 0; i < info.nr_map_ids && i < MAPS_MAX; i++) {
        int fd = map_if_named(ids[i], name);
        if (fd >= 0) return fd;
    }
    return -1;
}

int bpf_ingress_program(unsigned ifindex)
{
    LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = BPF_TC_INGRESS);
    LIBBPF_OPTS(bpf_tc_opts, opts, .handle = HANDLE, .priority = PRIORITY);
    libbpf_set_print(say_nothing);
    if (bpf_tc_query(&hook, &opts) != 0) return -1;
    return bpf_prog_get_fd_by_id(opts.prog_id);
}

int bpf_ingress_map(unsigned ifindex, const char *name)
{
    int program = bpf_ingress_program(ifindex);
    if (program < 0) return -1;
    int map = map_of_program(program, name);
    close(program);
    return map;
}

/* --- XDP --- */

bool bpf_xdp_put(unsigned ifindex, int program, struct text *why)
{
    int fault = bpf_xdp_attach((int)ifindex, program, 0, NULL);
    if (fault)
        text_addf(why, "cannot attach the fast path to interface %u: %s", ifindex, strerror(-fault));
    return fault == 0;
}

bool bpf_xdp_remove(unsigned ifindex) { return bpf_xdp_detach((int)ifindex, 0, NULL) == 0; }

int bpf_xdp_program(unsigned ifindex)
{
    uint32_t id = 0;
    libbpf_set_print(say_nothing);
    if (bpf_xdp_query_id((int)ifindex, 0, &id) != 0 || id == 0) return -1;
    return bpf_prog_get_fd_by_id(id);
}

int bpf_xdp_map(unsigned ifindex, const char *name)
{
    int program = bpf_xdp_program(ifindex);
    if (program < 0) return -1;
    int map = map_of_program(program, name);
    close(program);
    return map;
}

/* --- memory, runs, events --- */

size_t bpf_map_bytes(int map)
{
    struct bpf_map_info info = {0};
    uint32_t n = sizeof info;
    return bpf_obj_get_info_by_fd(map, &info, &n) == 0 ? (size_t)info.value_size * info.max_entries : 0;
}

static size_t memory_bytes(size_t row_bytes, uint32_t rows)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), n = (row_bytes + 7) / 8 * 8 * rows;
    return (n + page - 1) / page * page;
}

void *bpf_map_memory(int map, size_t row_bytes, uint32_t rows)
{
    void *p = mmap(NULL, memory_bytes(row_bytes, rows), PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
    return p == MAP_FAILED ? NULL : p;
}

void bpf_unmap(void *memory, size_t row_bytes, uint32_t rows)
{
    if (memory) munmap(memory, memory_bytes(row_bytes, rows));
}

int bpf_try(int program, const void *in, size_t n, void *out, size_t *out_n, unsigned repeat, uint32_t *ns)
{
    LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in, .data_size_in = (uint32_t)n, .data_out = out,
                .data_size_out = (uint32_t)*out_n, .repeat = (int)repeat);
    int fault = bpf_prog_test_run_opts(program, &o);
    if (fault) return fault;
    *out_n = o.data_size_out;
    if (ns) *ns = o.duration;
    return (int)o.retval;
}

struct bpf_ring {
    struct ring_buffer *buffer;
    void (*seen)(void *ctx, const void *event, size_t n);
    void *ctx;
};

static int ring_event(void *ctx, void *event, size_t n)
{
    struct bpf_ring *r = ctx;
    r->seen(r->ctx, event, n);
    return 0;
}

struct bpf_ring *bpf_ring_open(int map, void (*seen)(void *ctx, const void *event, size_t n), void *ctx)
{
    struct bpf_ring *r = calloc(1, sizeof *r);
    if (!r) abort();
    r->seen = seen;
    r->ctx = ctx;
    r->buffer = ring_buffer__new(map, ring_event, r, NULL);
    if (r->buffer) return r;
    free(r);
    return NULL;
}

int bpf_ring_fd(const struct bpf_ring *r) { return ring_buffer__epoll_fd(r->buffer); }
void bpf_ring_read(struct bpf_ring *r) { ring_buffer__consume(r->buffer); }

void bpf_ring_close(struct bpf_ring *r)
{
    if (r) ring_buffer__free(r->buffer);
    free(r);
}

int bpf_processors(void)
{
    int n = libbpf_num_possible_cpus();
    return n > 0 ? n : 1;
}

bool bpf_map_put(int map, const void *key, const void *value)
{
    return bpf_map_update_elem(map, key, value, BPF_ANY) == 0;
}

bool bpf_map_remove(int map, const void *key) { return bpf_map_delete_elem(map, key) == 0; }
bool bpf_map_get(int map, const void *key, void *value)
{
    return bpf_map_lookup_elem(map, key, value) == 0;
}

bool bpf_map_after(int map, const void *key, void *next)
{
    return bpf_map_get_next_key(map, key, next) == 0;
}
