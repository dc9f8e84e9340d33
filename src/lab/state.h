/* lab/state.h - what is known of a lab outside any one command: its directory under
 * /run/fairlead/lab/, its lock, and the record lab.json of what was started.
 * The record is rewritten (new file, rename) after every change, so a killed command leaves at most
 * one process unrecorded, and that one is found through its namespace. */
#pragma once
#include <limits.h>
#include "base/text.h"
#include "lab/topology.h"
#include "sys/process.h"

enum { LAB_PROCESSES_MAX = 16, LAB_DIR_MAX = 256, LAB_PATH_MAX = LAB_DIR_MAX + 128 };
#define LAB_ROOT "/run/fairlead/lab"

struct lab_process {
    char name[24];         /* "edge1", "control", "reflector" */
    enum lab_node_id node; /* LAB_NODES: in no node */
    struct process process;
};

struct lab_state {
    char lab[LAB_NAME_MAX + 1];
    char dir[LAB_DIR_MAX];
    int lock;         /* descriptor of the locked directory, -1: not held */
    char boot_id[40]; /* processes of an earlier boot are gone, whatever their pids say */
    char stage[80];   /* the last stage reached; "up" when all went well */
    char api[64];     /* "https://127.0.0.1:PORT" */
    char circuit[96]; /* name of the circuit, once known */
    uint16_t stag;    /* what the exchange carries it with; 0: not provisioned yet */
    struct lab_address addresses[24];
    size_t addresses_n;
    struct lab_process processes[LAB_PROCESSES_MAX];
    size_t processes_n;
};

enum lab_open {
    LAB_OPENED,
    LAB_NONE,   /* no lab of that name */
    LAB_BUSY,   /* another command holds it */
    LAB_FAILED, /* the system refused; see `why` */
};
/* Takes the lock; `create` makes the directory if there is none. The record is read if there is
 * one. */
enum lab_open lab_state_open(struct lab_state *s, const char *lab, bool create, struct text *why);
/* Reads the record without the lock, for looking only. False: no such lab. */
MUST_USE bool lab_state_peek(struct lab_state *s, const char *lab);
MUST_USE bool lab_state_save(const struct lab_state *s, struct text *why);
void lab_state_close(struct lab_state *s); /* gives the lock back */
/* Removes the directory with all that is in it, and empty parents; the lock goes with it. */
MUST_USE bool lab_state_remove(struct lab_state *s, struct text *why);

/* DIR/name, formatted. Returns buf. */
const char *lab_path(const struct lab_state *s, char buf[static LAB_PATH_MAX], const char *fmt, ...)
    PRINTF_LIKE(3, 4);

struct lab_process *lab_process(struct lab_state *s, const char *name); /* NULL: none */
void lab_process_put(struct lab_state *s, const char *name, enum lab_node_id node,
                     const struct process *p);

/* Calls `seen` with each lab's name. */
void lab_each(void (*seen)(void *ctx, const char *lab), void *ctx);
/* Writes a file whole, with that mode, by rename. */
MUST_USE bool lab_write_file(const char *path, const char *content, unsigned mode,
                             struct text *why);
/* False if it cannot be read. */
MUST_USE bool lab_read_file(const char *path, struct text *out);
