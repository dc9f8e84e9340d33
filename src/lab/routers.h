/* lab/routers.h - what the lab's routers are told: files for ce1 and the cloud routers
 * (fairlead-edge), for ce2 (BIRD or FRR). Texts only; the caller writes and starts. Files carry the
 * shared key and belong to mode 0600. */
#pragma once
#include "base/text.h"
#include "lab/topology.h"

/* Name of ce1's one routing domain: its namespace is fl-<lab>-ce1.site. */
extern const char lab_site_domain[];

/* `dir` is where the router's control socket and state live. */
void router_file_ce1(const struct lab_params *p, const char *dir, struct text *out);

struct lab_control_access { /* how a router reaches the control plane: paths of PEM files */
    const char *url, *ca, *cert, *key;
};
void router_file_cloud(const struct lab_params *p, enum lab_node_id node, const char *dir,
                       const struct lab_control_access *control, struct text *out);

void router_file_bird(const struct lab_params *p, const char *dir, struct text *out);
void router_file_frr(const struct lab_params *p, const char *dir, struct text *out);

/* "192.0.2.11" for edge1 and so on: the identifiers the control plane registers. */
struct addr router_id_of(enum lab_node_id node);
