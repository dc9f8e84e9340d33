/* cli/m365_cache.h - the copy of the feed on disk: reading it, and `fairlead m365 sync`.
 * One file an instance in the cache directory (--cache, else $XDG_CACHE_HOME/fairlead/m365, else
 * ~/.cache/fairlead/m365), replaced by rename; beside it the client request id of this
 * installation, made once. */
#pragma once
#include "cli/m365.h"

/* The copy into r->feed, with version and times; false with the reason on stderr. A stale copy is
 * given and said to be stale. */
MUST_USE bool m365_cache_feed(struct m365_run *r);
m365_view m365_sync;

/* Where the copies are kept when nobody says. */
enum { M365_PATH_ROOM = 1024 };
void m365_cache_default_dir(char out[static M365_PATH_ROOM]);
