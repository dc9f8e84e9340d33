/* lab/wiring.h - the lab's namespaces, cables and fixed addresses in the kernel. */
#pragma once
#include "base/text.h"
#include "lab/topology.h"

/* Namespaces and cables, every port up. Fails if any of them exists already. */
MUST_USE bool wiring_up(const struct lab_params *p, struct text *why);
/* Removes every namespace of the lab, those of routers' domains too; what is not there is fine. */
MUST_USE bool wiring_down(const char *lab, struct text *why);
/* Name of a domain of that node's router ("er-demo-private"), the first in order of names; NULL: it
 * has none yet. Written to buf. */
const char *wiring_domain(const char *lab, enum lab_node_id node,
                          char buf[static LAB_NAMESPACE_MAX]);
/* Is any namespace of the lab there? */
bool wiring_present(const char *lab);

enum { NETNS_PATH_MAX = LAB_NAMESPACE_MAX + 16 };
const char *wiring_path(const char *lab, enum lab_node_id node, const char *domain,
                        char buf[static NETNS_PATH_MAX]);
