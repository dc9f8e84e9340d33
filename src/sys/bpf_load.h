/* sys/bpf_load.h - BPF programs into the kernel and onto interfaces, and their maps. The only user
 * of libbpf. Everything concerns the network namespace the calling thread is in. A program attached
 * to an interface lives, with its maps, until it is detached or the interface goes; another process
 * finds the maps again through the interface, so nothing has to be pinned in a file system. */
#pragma once
#include "base/defs.h"
#include "base/text.h"

struct bpf_loaded;

/* Loads an object file's bytes. NULL with `why`. */
struct bpf_loaded *bpf_load(const void *bytes, size_t n, struct text *why);
void bpf_loaded_drop(struct bpf_loaded *l);                           /* what is attached stays */
int bpf_loaded_program(const struct bpf_loaded *l, const char *name); /* descriptor, borrowed; -1 */
int bpf_loaded_map(const struct bpf_loaded *l, const char *name);

/* At tc ingress of an interface, in the place of whatever this function put there before. */
MUST_USE bool bpf_ingress_attach(unsigned ifindex, int program, struct text *why);
bool bpf_ingress_detach(unsigned ifindex);
/* A new descriptor of the map of that name (its first 15 characters) used by the program at
 * ingress; -1 if there is none. */
MUST_USE int bpf_ingress_map(unsigned ifindex, const char *name);
/* A new descriptor of that program itself, to attach it elsewhere as well; -1 if there is none. */
MUST_USE int bpf_ingress_program(unsigned ifindex);

MUST_USE bool bpf_map_put(int map, const void *key, const void *value);
bool bpf_map_remove(int map, const void *key);
MUST_USE bool bpf_map_get(int map, const void *key, void *value);
/* The key after `key` (NULL: the first); false at the end. */
MUST_USE bool bpf_map_after(int map, const void *key, void *next);
