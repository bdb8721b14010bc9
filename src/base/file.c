/* SPDX-License-Identifier: Apache-2.0 */
/* Files: read, or mapped where they are large; written to a temporary in the same folder, flushed
 * to the disk and renamed over the target, so that a reader sees the old file or the new one and
 * nothing between.
 *
 * A symbolic link is followed: the file it names is replaced, the link stays. Anything but a
 * regular file (/dev/stdout, /dev/null, a pipe) cannot be replaced and is written directly. What it
 * does not do: keep the mode, owner or hard links of a file it replaces (the new file has the mode
 * the umask gives); guard against a file that is truncated while it is mapped: reading beyond its
 * end kills the process (SIGBUS), so only files of more than COPY_MAX bytes are mapped.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

/* A copy stays in memory in addition to the weights made from it; pages of a mapping are released
 * after reading. */
#define COPY_MAX ((int64_t)32 << 20)

/* ---- reading ---- */

/* Running out of a system resource is not an error of the file. */
static fv_status status_of(int number) {
    return number == ENOMEM || number == EMFILE || number == ENFILE ? FV_NOMEM : FV_IO;
}

/* Opens a regular file and puts its size into *size; the descriptor, or -1 with `err` filled. */
static int regular_open(const char *path, int64_t *size, fv_status *st, fv_error *err) {
    /* O_NONBLOCK: opening a pipe without a writer would wait for ever. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat s;
    if (fd < 0 || fstat(fd, &s)) {
        *st = fvi_fail(err, status_of(errno), "%s: cannot be read: %s", path, g_strerror(errno));
    } else if (!S_ISREG(s.st_mode)) {
        *st = fvi_fail(err, FV_IO, "%s: is %s, not a file", path,
                       S_ISDIR(s.st_mode) ? "a folder" : "a device or a pipe");
    } else {
        *size = (int64_t)s.st_size;
        return fd;
    }
    if (fd >= 0) close(fd);
    return -1;
}

/* Reads size bytes; 0, or -1 with errno set (0: the file ends before). */
static int read_all(int fd, uint8_t *to, size_t size) {
    while (size) {
        ssize_t got = read(fd, to, size < (1u << 30) ? size : (1u << 30));
        if (got < 0 && errno == EINTR) continue;
        if (got == 0) errno = 0;
        if (got <= 0) return -1;
        to += got;
        size -= (size_t)got;
    }
    return 0;
}

/* A copy of the file's bytes. */
static fv_status mapping_copy(const char *path, int fd, fvi_mapping *m, fv_error *err) {
    uint8_t *bytes = malloc(m->size);
    if (!bytes) return fvi_fail(err, FV_NOMEM, "%s: no memory for %zu bytes", path, m->size);
    if (read_all(fd, bytes, m->size)) {
        free(bytes);
        return fvi_fail(err, FV_IO, "%s: cannot be read: %s", path,
                        errno ? g_strerror(errno) : "it was cut short meanwhile");
    }
    m->bytes = m->copy = bytes;
    return FV_OK;
}

fv_status fvi_mapping_open(const char *path, int64_t max_bytes, fvi_mapping *out, fv_error *err) {
    if (!path || !path[0]) return fvi_fail(err, FV_ARG, "no file was named");
    fv_status st = FV_OK;
    int64_t size = 0;
    int fd = regular_open(path, &size, &st, err);
    if (fd < 0) return st;
    fvi_mapping m = {0};
    if (size > max_bytes || (uint64_t)size > SIZE_MAX) {
        st = fvi_fail(err, FV_NOMEM, "%s: has %lld bytes; at most %lld are read", path,
                      (long long)size, (long long)max_bytes);
        goto done;
    }
    m.size = (size_t)size;
    if (size > 0 && size <= COPY_MAX) {
        st = mapping_copy(path, fd, &m, err);
        if (st) goto done;
    } else if (size > 0) {
        m.handle = mmap(NULL, m.size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (m.handle == MAP_FAILED) {
            st = fvi_fail(err, status_of(errno), "%s: cannot be mapped: %s", path,
                          g_strerror(errno));
            goto done;
        }
        m.bytes = m.handle;
    }
    *out = m;
done:
    close(fd);
    return st;
}

void fvi_mapping_close(fvi_mapping *m) {
    if (!m) return;
    if (m->handle) munmap(m->handle, m->size);
    free(m->copy);
    *m = (fvi_mapping){0};
}

void fvi_mapping_release(const fvi_mapping *m, const void *bytes, size_t size) {
    if (!m->handle || m->copy) return;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGE_SIZE), low = (uintptr_t)m->handle;
    uintptr_t from = (uintptr_t)bytes, to = from + size;
    if (from < low || to < from || from > low + m->size) return;
    if (to > low + m->size) to = low + m->size;
    from = (from + page - 1) / page * page;
    to = to / page * page;
    if (to > from) (void)!madvise((void *)from, to - from, MADV_DONTNEED); /* read-only: no loss */
}

/* ---- writing ---- */

/* Writes all parts to a descriptor; 0, or -1 with errno set. */
static int parts_write(int fd, const fvi_bytes_range *parts, int count) {
    for (int i = 0; i < count; i++) {
        const char *at = parts[i].bytes;
        size_t left = parts[i].size;
        while (left > 0) {
            ssize_t n = write(fd, at, left < (1u << 30) ? left : (1u << 30));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return -1;
            at += n;
            left -= (size_t)n;
        }
    }
    return 0;
}

/* Writes to anything but a regular file. Appends: standard output may already hold something. */
static fv_status write_directly(const char *path, const fvi_bytes_range *parts, int count,
                                fv_error *err) {
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY);
    int failed = fd < 0 || parts_write(fd, parts, count), why = errno;
    if (fd >= 0 && close(fd) && !failed) {
        failed = 1;
        why = errno;
    }
    if (failed) return fvi_fail(err, FV_IO, "%s: cannot be written: %s", path, g_strerror(why));
    return FV_OK;
}

/* Creates a new file in `folder` with the mode the umask gives and puts its path into *temp (to be
 * freed); the descriptor, or -1 with errno set. */
static int temp_open(const char *folder, char **temp) {
    for (int i = 0; i < 1000; i++) { /* skip names left behind by killed processes */
        char name[64];
        snprintf(name, sizeof name, ".fovea-%08x-%ld-%d.tmp", g_str_hash(g_get_host_name()),
                 (long)getpid(), i);
        char *path = g_build_filename(folder, name, NULL);
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (fd >= 0) {
            *temp = path;
            return fd;
        }
        int why = errno;
        g_free(path);
        errno = why;
        if (why != EEXIST) return -1;
    }
    return -1;
}

/* Removes temporary files that killed writers on this machine left in a folder: files named by
 * temp_open whose process no longer exists. */
static void folder_sweep(const char *folder) {
    GDir *dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        unsigned host;
        long pid;
        int i, end = 0;
        if (sscanf(name, ".fovea-%8x-%ld-%d.tmp%n", &host, &pid, &i, &end) != 3 || !end ||
            name[end] || host != g_str_hash(g_get_host_name()) || pid < 1)
            continue;
        if (!kill((pid_t)pid, 0) || errno != ESRCH) continue; /* the process is still writing it */
        char *path = g_build_filename(folder, name, NULL);
        unlink(path);
        g_free(path);
    }
    if (dir) g_dir_close(dir);
}

/* Replaces or makes the regular file `target`; `path` is what the user called it. */
static fv_status write_by_rename(const char *path, const char *target, const fvi_bytes_range *parts,
                                 int count, fv_error *err) {
    char *folder = g_path_get_dirname(target), *temp = NULL;
    fv_status st = FV_OK;
    folder_sweep(folder);
    int fd = temp_open(folder, &temp);
    if (fd < 0) {
        st = fvi_fail(err, FV_IO, "%s: cannot be written: %s", path, g_strerror(errno));
        goto done;
    }
    int failed = parts_write(fd, parts, count), why = errno;
    if (close(fd) && !failed) {
        failed = 1;
        why = errno;
    }
    if (!failed && rename(temp, target)) {
        failed = 1;
        why = errno;
    }
    if (failed) {
        unlink(temp);
        st = fvi_fail(err, FV_IO, "%s: cannot be written: %s", path, g_strerror(why));
    }
done:
    g_free(temp);
    g_free(folder);
    return st;
}

/* Whether the name is one of the system's for an open descriptor, even if that is a regular file.
 */
static int names_a_descriptor(const char *path) {
    return g_str_has_prefix(path, "/dev/std") || g_str_has_prefix(path, "/dev/fd/") ||
           g_str_has_prefix(path, "/proc/");
}

fv_status fvi_file_write(const char *path, const fvi_bytes_range *parts, int count, fv_error *err) {
    if (!path || !path[0]) return fvi_fail(err, FV_ARG, "no file to write was named");
    struct stat s;
    if (stat(path, &s)) /* a dangling link is replaced by the file */
        return write_by_rename(path, path, parts, count, err);
    if (S_ISDIR(s.st_mode))
        return fvi_fail(err, FV_IO, "%s: is a folder, not a file to write", path);
    if (!S_ISREG(s.st_mode) || names_a_descriptor(path))
        return write_directly(path, parts, count, err);
    if (access(path, W_OK))
        return fvi_fail(err, FV_IO, "%s: cannot be written: %s", path, g_strerror(errno));
    char *target = realpath(path, NULL);
    fv_status st = write_by_rename(path, target ? target : path, parts, count, err);
    free(target);
    return st;
}

const char *fvi_path_base(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}
