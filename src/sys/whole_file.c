/* sys/whole_file.c - see the header. */
#include "sys/whole_file.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool failed(const char *what, const char *path, struct text *why)
{
    text_addf(why, "%s %s: %s", what, path, strerror(errno));
    return false;
}

bool file_exists(const char *path) { return access(path, F_OK) == 0; }

bool file_read(const char *path, size_t most, struct text *out, struct text *why)
{
    char part[16384];
    size_t before = out->n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return failed("cannot read", path, why);
    ssize_t n;
    while ((n = read(fd, part, sizeof part)) != 0) {
        if (n < 0 && errno == EINTR) continue;
        if (n > 0 && out->n - before + (size_t)n > most) {
            errno = EFBIG;
            n = -1;
        }
        if (n < 0) break;
        text_add_n(out, part, (size_t)n);
    }
    if (n < 0) failed("cannot read", path, why);
    close(fd);
    return n == 0;
}

static bool write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return false;
        bytes += done;
        n -= (size_t)done;
    }
    return true;
}

static bool flush_directory_of(const char *path)
{
    char dir[PATH_MAX];
    const char *slash = strrchr(path, '/');
    snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool fine = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    return fine;
}

bool file_write(const char *path, const char *bytes, size_t n, unsigned mode, struct text *why)
{
    char beside[PATH_MAX];
    if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside) {
        errno = ENAMETOOLONG;
        return failed("cannot write", path, why);
    }
    unlink(beside);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    if (fd < 0) return failed("cannot write", path, why);
    bool fine = fchmod(fd, (mode_t)mode) == 0 && write_all(fd, bytes, n) && fsync(fd) == 0;
    fine = close(fd) == 0 && fine;
    fine = fine && rename(beside, path) == 0 && flush_directory_of(path);
    if (fine) return true;
    failed("cannot write", path, why);
    unlink(beside);
    return false;
}

bool file_directory(const char *path, unsigned mode, struct text *why)
{
    struct stat is;
    if (mkdir(path, (mode_t)mode) == 0) return flush_directory_of(path);
    if (errno != EEXIST) return failed("cannot make the directory", path, why);
    if (stat(path, &is) == 0 && S_ISDIR(is.st_mode)) return true;
    errno = ENOTDIR;
    return failed("cannot use", path, why);
}

int file_append_open(const char *path, unsigned mode, struct text *why)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, (mode_t)mode);
    if (fd < 0) failed("cannot write", path, why);
    return fd;
}

bool file_append(int fd, const char *bytes, size_t n)
{
    return write_all(fd, bytes, n) && fdatasync(fd) == 0;
}

void file_close(int fd)
{
    if (fd >= 0) close(fd);
}
