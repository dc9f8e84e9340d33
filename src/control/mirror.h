/* control/mirror.h - the endpoint feed for the devices of a site, from the copies that `fairlead
 * m365 sync` keeps in a directory. Off without one. Open to everybody who can reach us, as the
 * service itself is. */
#pragma once
#include "control/control.h"

struct mirror_files;

/* dir NULL: no mirror. proxy: what PAC files send the rest to. Both borrowed. */
struct mirror_files *mirror_open(const char *dir, const char *proxy);
void mirror_close(struct mirror_files *f);
/* True: the request was one of the mirror's and has been answered. */
MUST_USE bool mirror_serve(struct request *r);
