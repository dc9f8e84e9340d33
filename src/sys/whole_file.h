/* sys/whole_file.h - whole files: reading with a ceiling, and writing so that a crash at any
 * instant leaves the old file or the new one. */
#pragma once
#include "base/text.h"

MUST_USE bool file_exists(const char *path);
/* Appends to *out. False with `why`, also when there is more than `most` bytes. */
MUST_USE bool file_read(const char *path, size_t most, struct text *out, struct text *why);
/* Beside the old file, flushed, renamed over it, and the directory flushed (RB-170). */
MUST_USE bool file_write(const char *path, const char *bytes, size_t n, unsigned mode,
                         struct text *why);
/* One directory, made if it is not there, with that mode. */
MUST_USE bool file_directory(const char *path, unsigned mode, struct text *why);

/* A file that only grows; -1 with `why`. */
MUST_USE int file_append_open(const char *path, unsigned mode, struct text *why);
/* On stable storage when it returns true. */
MUST_USE bool file_append(int fd, const char *bytes, size_t n);
void file_close(int fd);
