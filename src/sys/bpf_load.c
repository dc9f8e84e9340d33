/* sys/bpf_load.c - libbpf behind a few functions.
 * Programs sit at tc clsact ingress with a fixed handle and priority, so that a second attachment
 * replaces the first and a query finds it (tcx would be newer than the kernels we must run on). */
#include "sys/bpf_load.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HANDLE = 1, PRIORITY = 1, MAPS_MAX = 16 };

struct bpf_loaded {
    struct bpf_object *object;
};

static int say_nothing(enum libbpf_print_level level, const char *fmt, va_list args)
{
    (void)level, (void)fmt, (void)args;
    return 0;
}

struct bpf_loaded *bpf_load(const void *bytes, size_t n, struct text *why)
{
    libbpf_set_print(say_nothing);
    struct bpf_object *object = bpf_object__open_mem(bytes, n, NULL);
    int fault = object ? bpf_object__load(object) : -errno;
    if (fault) {
        text_addf(why, "cannot load the BPF program: %s", strerror(-fault));
        bpf_object__close(object);
        return NULL;
    }
    struct bpf_loaded *l = malloc(sizeof *l);
    if (!l) abort();
    l->object = object;
    return l;
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
