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
/* In two steps, to choose the sizes of maps, and maps of an earlier load to go on with, in between. */
struct bpf_loaded *bpf_open(const void *bytes, size_t n, struct text *why);
bool bpf_choose_rows(struct bpf_loaded *l, const char *map, uint32_t rows);
/* This map is one value of so many bytes, and where the program takes the map's address it gets that
 * value's: a table that is read without asking for each row. The program must keep its indices in bounds. */
bool bpf_choose_memory(struct bpf_loaded *l, const char *map, size_t bytes);
/* Constants of the program, in a read-only section of their own; the verifier knows them. */
bool bpf_choose_constants(struct bpf_loaded *l, const char *section, const void *bytes, size_t n);
bool bpf_choose_map(struct bpf_loaded *l, const char *map, int fd); /* the descriptor stays the caller's */
/* After that: a map the program does not use shall be found through it, and live as long. */
bool bpf_bind(const struct bpf_loaded *l, const char *program, const char *map);
MUST_USE bool bpf_finish(struct bpf_loaded *l, struct text *why); /* false: only bpf_loaded_drop is left */
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

/* The same at the XDP hook, where there is one place: in the driver if it can, else before the stack. */
MUST_USE bool bpf_xdp_put(unsigned ifindex, int program, struct text *why);
bool bpf_xdp_remove(unsigned ifindex);
MUST_USE int bpf_xdp_map(unsigned ifindex, const char *name);
MUST_USE int bpf_xdp_program(unsigned ifindex);
size_t bpf_map_bytes(int map); /* of all its values; 0: not a map */

/* Rows of an array map as memory, shared with the programs; NULL. bpf_unmap with the same numbers. */
void *bpf_map_memory(int map, size_t row_bytes, uint32_t rows);
void bpf_unmap(void *memory, size_t row_bytes, uint32_t rows);

/* One frame through an XDP program `repeat` times (not restored in between): what it returned, or -errno.
 * *out_n is the room in, the length out. *ns, if not NULL, gets the time of one run. */
MUST_USE int bpf_try(int program, const void *in, size_t n, void *out, size_t *out_n, unsigned repeat,
                     uint32_t *ns);

/* Events of a ring buffer map. `seen` gets each once; the descriptor is readable when there are some. */
struct bpf_ring;
struct bpf_ring *bpf_ring_open(int map, void (*seen)(void *ctx, const void *event, size_t n), void *ctx);
int bpf_ring_fd(const struct bpf_ring *r);
void bpf_ring_read(struct bpf_ring *r);
void bpf_ring_close(struct bpf_ring *r);

int bpf_processors(void); /* rows of a per-processor map are so many values */

MUST_USE bool bpf_map_put(int map, const void *key, const void *value);
bool bpf_map_remove(int map, const void *key);
MUST_USE bool bpf_map_get(int map, const void *key, void *value);
/* The key after `key` (NULL: the first); false at the end. */
MUST_USE bool bpf_map_after(int map, const void *key, void *next);
