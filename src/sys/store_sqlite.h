/* sys/store_sqlite.h - the durable store: store/store.h in one SQLite file. The only user of
 * SQLite. WAL with synchronous=FULL: what was accepted is on stable storage (RB-170). The file
 * belongs to one process at a time. Every row carries a checksum, and one that does not hold is
 * never handed out. */
#pragma once
#include "store/store.h"
#include "base/text.h"

/* Makes the file (mode 0600) when it is not there. NULL with `why`: cannot be opened, is somebody
 * else's at the moment, is damaged, or was written by a newer version. */
struct store *store_sqlite_open(const char *path, struct text *why);
