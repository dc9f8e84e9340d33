/* lab/state.c - the lab's directory, lock and record.
 * The lock is flock(2) on the directory itself, so nothing but the directory has to be removed. A
 * holder may have removed it while we waited for the lock: then the descriptor's link count is zero
 * and the name is opened again. */
#include "lab/state.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- files --- */

const char *lab_path(const struct lab_state *s, char buf[static LAB_PATH_MAX], const char *fmt, ...)
{
    int n = snprintf(buf, LAB_PATH_MAX, "%s/", s->dir);
    va_list args;
    va_start(args, fmt);
    vsnprintf(buf + n, LAB_PATH_MAX - (size_t)n, fmt, args);
    va_end(args);
    return buf;
}

static bool write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno == EINTR) continue;
        if (w < 0) return false;
        p += w;
        n -= (size_t)w;
    }
    return true;
}

bool lab_write_file(const char *path, const char *content, unsigned mode, struct text *why)
{
    char next[LAB_PATH_MAX + 8];
    snprintf(next, sizeof next, "%s.new", path);
    unlink(next);
    int fd = open(next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    bool fine = fd >= 0 && write_all(fd, content, strlen(content));
    if (fd >= 0) fine = close(fd) == 0 && fine;
    if (fine && rename(next, path) == 0) return true;
    text_addf(why, "cannot write %s: %s", path, strerror(errno));
    return false;
}

bool lab_read_file(const char *path, struct text *out)
{
    FILE *f = fopen(path, "re");
    if (!f) return false;
    char buf[4096];
    for (size_t n; (n = fread(buf, 1, sizeof buf, f)) > 0;) text_add_n(out, buf, n);
    bool fine = !ferror(f);
    fclose(f);
    return fine;
}

static void read_boot_id(char out[static 40])
{
    struct text t = {0};
    if (!lab_read_file("/proc/sys/kernel/random/boot_id", &t)) text_clear(&t);
    snprintf(out, 40, "%.36s", text_get(&t));
    text_drop(&t);
}

/* --- record --- */

static json_t *process_json(const struct lab_process *p)
{
    return json_pack("{s:s, s:s?, s:I, s:I}", "name", p->name, "node",
                     p->node < LAB_NODES ? lab_nodes[p->node].name : NULL, "pid",
                     (json_int_t)p->process.pid, "started", (json_int_t)p->process.started);
}

static json_t *address_json(const struct lab_address *a)
{
    char addr[ADDR_TEXT_MAX], text[ADDR_TEXT_MAX + 4];
    snprintf(text, sizeof text, "%s/%u", addr_text(&a->addr, addr), a->len);
    return json_pack("{s:s, s:s, s:s}", "node", lab_nodes[a->node].name, "port", a->port, "address",
                     text);
}

bool lab_state_save(const struct lab_state *s, struct text *why)
{
    json_t *processes = json_array(), *addresses = json_array();
    for (size_t i = 0; i < s->processes_n; i++)
        json_array_append_new(processes, process_json(&s->processes[i]));
    for (size_t i = 0; i < s->addresses_n; i++)
        json_array_append_new(addresses, address_json(&s->addresses[i]));
    json_t *root = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:o, s:o}", "name", s->lab, "bootId",
                             s->boot_id, "stage", s->stage, "api", s->api, "circuit", s->circuit,
                             "stag", s->stag, "addresses", addresses, "processes", processes);
    char *dump = json_dumps(root, JSON_INDENT(2)), path[LAB_PATH_MAX];
    bool saved = lab_write_file(lab_path(s, path, "lab.json"), dump ? dump : "{}", 0600, why);
    free(dump);
    json_decref(root);
    return saved;
}

static const char *text_of(const json_t *o, const char *key)
{
    const char *v = json_string_value(json_object_get(o, key));
    return v ? v : "";
}

static void process_from(struct lab_state *s, const json_t *o)
{
    struct process p = {(pid_t)json_integer_value(json_object_get(o, "pid")),
                        (uint64_t)json_integer_value(json_object_get(o, "started"))};
    lab_process_put(s, text_of(o, "name"), lab_node_by_name(text_of(o, "node")), &p);
}

/* Ports are names of our own tables; the pointer kept is the table's. */
static const char *known_port(enum lab_node_id node, const char *port)
{
    for (size_t i = 0; i < lab_cables_n; i++) {
        const struct lab_cable *c = &lab_cables[i];
        if (c->a == node && strcmp(c->a_port, port) == 0) return c->a_port;
        if (c->b == node && strcmp(c->b_port, port) == 0) return c->b_port;
    }
    return strcmp(port, "br0") == 0 ? "br0" : lab_ce2_leg_port;
}

static void address_from(struct lab_state *s, const json_t *o)
{
    struct lab_address a = {.node = lab_node_by_name(text_of(o, "node"))};
    char text[ADDR_TEXT_MAX + 8];
    snprintf(text, sizeof text, "%s", text_of(o, "address"));
    char *slash = strchr(text, '/');
    if (a.node >= LAB_NODES || !slash || s->addresses_n == ARRAY_LEN(s->addresses)) return;
    *slash = 0;
    if (!addr_parse(text, &a.addr)) return;
    a.len = (uint8_t)atoi(slash + 1);
    a.port = known_port(a.node, text_of(o, "port"));
    s->addresses[s->addresses_n++] = a;
}

static bool record_read(struct lab_state *s)
{
    char path[LAB_PATH_MAX];
    json_t *root = json_load_file(lab_path(s, path, "lab.json"), 0, NULL);
    if (!root) return false;
    snprintf(s->stage, sizeof s->stage, "%s", text_of(root, "stage"));
    snprintf(s->api, sizeof s->api, "%s", text_of(root, "api"));
    snprintf(s->circuit, sizeof s->circuit, "%s", text_of(root, "circuit"));
    s->stag = (uint16_t)json_integer_value(json_object_get(root, "stag"));
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(root, "addresses"), i, row) address_from(s, row);
    /* Pids of an earlier boot mean nothing now. */
    if (strcmp(text_of(root, "bootId"), s->boot_id) == 0)
        json_array_foreach(json_object_get(root, "processes"), i, row) process_from(s, row);
    json_decref(root);
    return true;
}

struct lab_process *lab_process(struct lab_state *s, const char *name)
{
    for (size_t i = 0; i < s->processes_n; i++)
        if (strcmp(s->processes[i].name, name) == 0) return &s->processes[i];
    return NULL;
}

void lab_process_put(struct lab_state *s, const char *name, enum lab_node_id node,
                     const struct process *p)
{
    struct lab_process *at = lab_process(s, name);
    if (!at) {
        if (s->processes_n == LAB_PROCESSES_MAX) return;
        at = &s->processes[s->processes_n++];
        snprintf(at->name, sizeof at->name, "%s", name);
    }
    at->node = node;
    at->process = *p;
}

/* --- directory and lock --- */

static void state_blank(struct lab_state *s, const char *lab)
{
    *s = (struct lab_state){.lock = -1};
    snprintf(s->lab, sizeof s->lab, "%s", lab);
    snprintf(s->dir, sizeof s->dir, "%s/%s", LAB_ROOT, lab);
    read_boot_id(s->boot_id);
}

static bool make_dirs(const char *dir)
{
    char path[LAB_DIR_MAX];
    snprintf(path, sizeof path, "%s", dir);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(path, 0755) != 0 && errno != EEXIST) return false;
        *slash = '/';
    }
    return mkdir(path, 0750) == 0 || errno == EEXIST;
}

static enum lab_open lock_dir(struct lab_state *s, bool create, struct text *why)
{
    for (;;) {
        if (create && !make_dirs(s->dir)) break;
        int fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT && !create) return LAB_NONE;
        if (fd < 0 && errno == ENOENT) continue;
        if (fd < 0) break;
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            close(fd);
            return LAB_BUSY;
        }
        struct stat st, named;
        if (fstat(fd, &st) == 0 && stat(s->dir, &named) == 0 && st.st_ino == named.st_ino) {
            s->lock = fd;
            return LAB_OPENED;
        }
        close(fd); /* removed between open and lock */
    }
    text_addf(why, "cannot open %s: %s", s->dir, strerror(errno));
    return LAB_FAILED;
}

enum lab_open lab_state_open(struct lab_state *s, const char *lab, bool create, struct text *why)
{
    state_blank(s, lab);
    enum lab_open opened = lock_dir(s, create, why);
    if (opened == LAB_OPENED) record_read(s);
    return opened;
}

bool lab_state_peek(struct lab_state *s, const char *lab)
{
    state_blank(s, lab);
    return access(s->dir, F_OK) == 0 && (record_read(s), true);
}

void lab_state_close(struct lab_state *s)
{
    if (s->lock >= 0) close(s->lock);
    s->lock = -1;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

bool lab_state_remove(struct lab_state *s, struct text *why)
{
    enum { DESCRIPTORS = 16 };
    bool removed = nftw(s->dir, remove_entry, DESCRIPTORS, FTW_DEPTH | FTW_PHYS) == 0;
    if (!removed) text_addf(why, "cannot remove %s: %s", s->dir, strerror(errno));
    lab_state_close(s);
    rmdir(LAB_ROOT); /* only when empty: others may live there */
    rmdir("/run/fairlead");
    return removed;
}

void lab_each(void (*seen)(void *ctx, const char *lab), void *ctx)
{
    DIR *d = opendir(LAB_ROOT);
    if (!d) return;
    for (struct dirent *e; (e = readdir(d));)
        if (lab_name_valid(e->d_name)) seen(ctx, e->d_name);
    closedir(d);
}
