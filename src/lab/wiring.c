/* lab/wiring.c - namespaces, veth pairs, addresses and sysctls of the lab, by iproute2 in batch
 * mode: one run makes the namespaces and cables, one run a node its addresses. A namespace is a
 * bind mount under /run/netns; removing it takes its interfaces and their BPF programs along, once
 * no process and no socket holds it any more. */
#include "lab/wiring.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>
#include "sys/process.h"

#define NETNS_DIR "/run/netns"

const char *wiring_path(const char *lab, enum lab_node_id node, const char *domain,
                        char buf[static NETNS_PATH_MAX])
{
    char ns[LAB_NAMESPACE_MAX];
    snprintf(buf, NETNS_PATH_MAX, "%s/%s", NETNS_DIR, lab_namespace(lab, node, domain, ns));
    return buf;
}

/* Feeds a batch to `ip`; `ns` NULL: the machine's own namespace. */
static bool ip_batch(const char *ns, const struct text *batch, struct text *why)
{
    const char *const inside[] = {"ip", "-n", ns, "-batch", "-", NULL};
    const char *const outside[] = {"ip", "-batch", "-", NULL};
    struct text out = {0};
    int status = process_run(&(struct process_spec){.argv = ns ? inside : outside}, text_get(batch),
                             duration_s(20), &out, why);
    if (status > 0)
        text_addf(why, "ip%s%s: %.400s", ns ? " -n " : "", ns ? ns : "", text_get(&out));
    text_drop(&out);
    return status == 0;
}

static bool make_nodes(const char *lab, struct text *why)
{
    struct text batch = {0};
    char a[LAB_NAMESPACE_MAX], b[LAB_NAMESPACE_MAX];
    for (enum lab_node_id n = 0; n < LAB_NODES; n++)
        text_addf(&batch, "netns add %s\n", lab_namespace(lab, n, NULL, a));
    for (size_t i = 0; i < lab_cables_n; i++) {
        const struct lab_cable *c = &lab_cables[i];
        text_addf(&batch, "link add %s mtu %u netns %s type veth peer name %s mtu %u netns %s\n",
                  c->a_port, c->mtu, lab_namespace(lab, c->a, NULL, a), c->b_port, c->mtu,
                  lab_namespace(lab, c->b, NULL, b));
    }
    bool made = ip_batch(NULL, &batch, why);
    text_drop(&batch);
    return made;
}

/* The LAN's bridge in site-host, and in ce2 the pair whose far end the tag switch feeds. */
static void node_extras(enum lab_node_id node, struct text *batch)
{
    if (node == NODE_SITE_HOST)
        text_add(batch, "link add br0 type bridge\nlink set dev lan1 master br0\n"
                        "link set dev lan2 master br0\nlink set dev br0 up\n");
    if (node == NODE_CE2)
        text_addf(batch,
                  "link add %s type veth peer name %s-in\nlink set dev %s up\n"
                  "link set dev %s-in up\n",
                  lab_ce2_leg_port, lab_ce2_leg_port, lab_ce2_leg_port, lab_ce2_leg_port);
}

static void node_ports_up(enum lab_node_id node, struct text *batch)
{
    text_add(batch, "link set dev lo up\n");
    for (size_t i = 0; i < lab_cables_n; i++) {
        const struct lab_cable *c = &lab_cables[i];
        if (c->a == node) text_addf(batch, "link set dev %s up\n", c->a_port);
        if (c->b == node) text_addf(batch, "link set dev %s up\n", c->b_port);
    }
}

static void node_addresses(const struct lab_params *p, enum lab_node_id node, struct text *batch)
{
    struct lab_address rows[LAB_ADDRESSES_MAX];
    char buf[ADDR_TEXT_MAX];
    size_t n = lab_addresses(p, rows);
    for (size_t i = 0; i < n; i++)
        if (rows[i].node == node)
            text_addf(batch, "address add %s/%u dev %s\n", addr_text(&rows[i].addr, buf),
                      rows[i].len, rows[i].port);
    if (node == NODE_SITE_HOST)
        text_addf(batch, "route add default via %s\n", addr_text(&p->ce[LEG_PRIMARY], buf));
    if (node == NODE_VNET_HOST)
        text_addf(batch, "route add default via %s\n", addr_text(&p->vnet_router, buf));
}

/* Redirects off: a host that learned a detour from one would keep it after the detour ended. */
static const struct {
    enum lab_node_id node;
    const char *settings[5];
} node_settings[] = {
    {NODE_SITE_HOST,
     {"net.ipv4.conf.all.accept_redirects=0", "net.ipv4.conf.default.accept_redirects=0"}},
    {NODE_VNET_HOST,
     {"net.ipv4.conf.all.accept_redirects=0", "net.ipv4.conf.default.accept_redirects=0"}},
    {NODE_CE2,
     {"net.ipv4.ip_forward=1", "net.ipv4.conf.all.send_redirects=0",
      "net.ipv4.conf.default.send_redirects=0", "net.ipv4.conf.all.rp_filter=0",
      "net.ipv4.conf.default.rp_filter=0"}},
};

static bool apply_settings(const char *lab, struct text *why)
{
    for (size_t i = 0; i < ARRAY_LEN(node_settings); i++) {
        const char *argv[ARRAY_LEN(node_settings[i].settings) + 3] = {"sysctl", "-qw"};
        char path[NETNS_PATH_MAX];
        struct text out = {0};
        for (size_t k = 0; k < ARRAY_LEN(node_settings[i].settings); k++)
            argv[k + 2] = node_settings[i].settings[k];
        wiring_path(lab, node_settings[i].node, NULL, path);
        int status = process_run(&(struct process_spec){.argv = argv, .namespace_path = path}, NULL,
                                 duration_s(10), &out, why);
        if (status > 0) text_addf(why, "sysctl in %s: %.200s", path, text_get(&out));
        text_drop(&out);
        if (status != 0) return false;
    }
    return true;
}

bool wiring_up(const struct lab_params *p, struct text *why)
{
    if (!make_nodes(p->lab, why) || !apply_settings(p->lab, why)) return false;
    bool fine = true;
    for (enum lab_node_id n = 0; n < LAB_NODES && fine; n++) {
        struct text batch = {0};
        char ns[LAB_NAMESPACE_MAX];
        node_extras(n, &batch);
        node_ports_up(n, &batch);
        node_addresses(p, n, &batch);
        fine = ip_batch(lab_namespace(p->lab, n, NULL, ns), &batch, why);
        text_drop(&batch);
    }
    return fine;
}

static bool remove_namespace(const char *name, struct text *why)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", NETNS_DIR, name);
    while (umount2(path, MNT_DETACH) == 0) {
        /* mounted more than once after a crash in between */
    }
    if (unlink(path) == 0 || errno == ENOENT) return true;
    text_addf(why, "cannot remove %s: %s", path, strerror(errno));
    return false;
}

static bool each_namespace(const char *lab, bool (*visit)(const char *name, struct text *why),
                           struct text *why)
{
    DIR *d = opendir(NETNS_DIR);
    bool fine = true;
    if (!d) return true;
    for (struct dirent *e; (e = readdir(d));)
        if (lab_owns_namespace(lab, e->d_name)) fine = visit(e->d_name, why) && fine;
    closedir(d);
    return fine;
}

bool wiring_down(const char *lab, struct text *why)
{
    return each_namespace(lab, remove_namespace, why);
}

static bool is_there(const char *name, struct text *why)
{
    (void)name, (void)why;
    return false;
}

bool wiring_present(const char *lab) { return !each_namespace(lab, is_there, NULL); }

const char *wiring_domain(const char *lab, enum lab_node_id node,
                          char buf[static LAB_NAMESPACE_MAX])
{
    char ns[LAB_NAMESPACE_MAX];
    size_t n = strlen(lab_namespace(lab, node, NULL, ns));
    DIR *d = opendir(NETNS_DIR);
    buf[0] = 0;
    if (!d) return NULL;
    for (struct dirent *e; (e = readdir(d));) {
        if (strncmp(e->d_name, ns, n) != 0 || e->d_name[n] != '.') continue;
        const char *domain = e->d_name + n + 1;
        if (!buf[0] || strcmp(domain, buf) < 0) snprintf(buf, LAB_NAMESPACE_MAX, "%s", domain);
    }
    closedir(d);
    return buf[0] ? buf : NULL;
}
