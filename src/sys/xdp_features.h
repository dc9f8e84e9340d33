/* sys/xdp_features.h - may frames be redirected to an interface? A veth takes them only while its peer has
 * an XDP program or GRO; what it does not take is lost without a word, so it is asked before. */
#pragma once
#include "base/defs.h"

/* On a kernel that does not say (before 6.3) a veth is taken for one that does not. */
bool xdp_takes_redirects(unsigned ifindex);
