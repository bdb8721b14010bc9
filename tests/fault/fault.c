/* SPDX-License-Identifier: Apache-2.0 */
/* A library to be preloaded (LD_PRELOAD) that makes one call of a kind fail: the Nth, or all from
 * the Nth on. It stands before the C library's functions and passes on what it does not fail.
 *
 *   FAULT_KIND    alloc    malloc, calloc, realloc, aligned_alloc, posix_memalign, strdup, realpath
 *                 open read write mmap close rename truncate mkdir unlink
 *   FAULT_AT      N, counted from 1
 *   FAULT_ERRNO   the number of the error; `short`: read and write do half of what is asked
 *   FAULT_FROM    `ours`: only calls made by libfovea or the program itself; `all`: by anybody
 *   FAULT_LEAST   of alloc, only those of so many bytes or more
 *   FAULT_ALWAYS  1: every call from the Nth on fails
 *   FAULT_REPORT  a file that is made when a call is failed: without it there was no Nth call
 *
 * Whose call it is, is told by the address it returns to. Calls a library makes for us (GLib's
 * g_malloc, C++'s new) are that library's. What it does not see: calls inside the C library itself
 * (stdio's writes, the loader's), and system calls made without it.
 */
#define _GNU_SOURCE
#undef _FILE_OFFSET_BITS /* with it `pread` and `pread64` are one symbol; both are wanted */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#pragma GCC visibility push(default) /* the build hides what is not marked */

#define MAX_OURS 8

static struct { uintptr_t from, to; } ours[MAX_OURS];

static int n_ours, active, only_ours, always, error_number, do_half;
static size_t least;
static long fail_at;
static const char *kind, *report;
static atomic_long seen;

static int note_object(struct dl_phdr_info *info, size_t size, void *user) {
    (void)size;
    (void)user;
    const char *slash = strrchr(info->dlpi_name, '/');
    const char *name = slash ? slash + 1 : info->dlpi_name;
    if (*name && strncmp(name, "libfovea", 8) != 0) return 0; /* "" is the program itself */
    for (int i = 0; i < info->dlpi_phnum && n_ours < MAX_OURS; i++) {
        const ElfW(Phdr) *h = &info->dlpi_phdr[i];
        if (h->p_type != PT_LOAD || !(h->p_flags & PF_X)) continue;
        ours[n_ours].from = info->dlpi_addr + h->p_vaddr;
        ours[n_ours++].to = info->dlpi_addr + h->p_vaddr + h->p_memsz;
    }
    return 0;
}

__attribute__((constructor)) static void start(void) {
    const char *at = getenv("FAULT_AT"), *error = getenv("FAULT_ERRNO");
    const char *from = getenv("FAULT_FROM"), *bytes = getenv("FAULT_LEAST");
    kind = getenv("FAULT_KIND");
    report = getenv("FAULT_REPORT");
    if (!kind || !at) return;
    fail_at = strtol(at, NULL, 10);
    do_half = error && !strcmp(error, "short");
    error_number = error && !do_half ? (int)strtol(error, NULL, 10) : EIO;
    only_ours = from && !strcmp(from, "ours");
    least = bytes ? (size_t)strtoull(bytes, NULL, 10) : 0;
    always = getenv("FAULT_ALWAYS") != NULL;
    dl_iterate_phdr(note_object, NULL);
    active = 1;
}

static int is_ours(const void *caller) {
    uintptr_t at = (uintptr_t)caller;
    for (int i = 0; i < n_ours; i++)
        if (at >= ours[i].from && at < ours[i].to) return 1;
    return 0;
}

/* Whether this call, of that kind and made by `caller`, is to fail. */
static int fails(const char *what, const void *caller) {
    if (!active || strcmp(what, kind) != 0 || (only_ours && !is_ours(caller))) return 0;
    long n = ++seen;
    if (n < fail_at || (n > fail_at && !always)) return 0;
    if (n == fail_at && report) { /* past our own functions */
        int fd = (int)syscall(SYS_openat, AT_FDCWD, report, O_WRONLY | O_CREAT, 0666);
        if (fd >= 0) syscall(SYS_close, fd);
    }
    errno = error_number;
    return 1;
}

/* Whether a failed allocation of this caller ends the process by design (GLib's functions but
 * g_try_...), or is kept silent (libraries that draw text, or choose a GIF's colours). */
static int is_hopeless(const void *caller) {
    static const char *const libraries[] = {"libcairo",    "libpixman",     "libpango",
                                            "libharfbuzz", "libfreetype",   "libfontconfig",
                                            "libexpat",    "libimagequant", "libcgif"};
    Dl_info at;
    if (!dladdr(caller, &at) || !at.dli_fname) return 0;
    const char *slash = strrchr(at.dli_fname, '/'), *name = slash ? slash + 1 : at.dli_fname;
    if (!strncmp(name, "libglib", 7))
        return !at.dli_sname || strncmp(at.dli_sname, "g_try_", 6) != 0;
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
        if (!strncmp(name, libraries[i], strlen(libraries[i]))) return 1;
    return 0;
}

static int fails_alloc(size_t bytes, const void *caller) {
    if (!active || bytes < least || (!only_ours && is_hopeless(caller))) return 0;
    if (!fails("alloc", caller)) return 0;
    errno = ENOMEM;
    return 1;
}

/* The function of that name that would have been called without us. Looked up at the first call:
 * the constructor may come after it. */
#define NEXT(name)                 \
    static __typeof__(name) *next; \
    if (!next) *(void **)&next = dlsym(RTLD_NEXT, #name)

#define CALLER __builtin_return_address(0)

/* ---- memory ---- */

void *malloc(size_t n) {
    NEXT(malloc);
    return fails_alloc(n, CALLER) ? NULL : next(n);
}

void *calloc(size_t n, size_t size) {
    NEXT(calloc);
    return fails_alloc(n * size, CALLER) ? NULL : next(n, size);
}

void *realloc(void *p, size_t n) {
    NEXT(realloc);
    return fails_alloc(n, CALLER) ? NULL : next(p, n);
}

void *aligned_alloc(size_t align, size_t n) {
    NEXT(aligned_alloc);
    return fails_alloc(n, CALLER) ? NULL : next(align, n);
}

int posix_memalign(void **out, size_t align, size_t n) {
    NEXT(posix_memalign);
    return fails_alloc(n, CALLER) ? ENOMEM : next(out, align, n);
}

char *strdup(const char *text) {
    NEXT(strdup);
    return fails_alloc(strlen(text) + 1, CALLER) ? NULL : next(text);
}

char *realpath(const char *path, char *room) {
    NEXT(realpath);
    return fails_alloc(4096, CALLER) ? NULL : next(path, room);
}

/* GLib's functions that end the process, where our code calls them: of large sizes they are a
 * mistake of ours, and end it here. */
#define FATAL(name, bytes, parameters, arguments)                                           \
    void *name parameters {                                                                 \
        NEXT(name);                                                                         \
        if (active && !only_ours && is_ours(CALLER) && fails_alloc(bytes, CALLER)) abort(); \
        return next arguments;                                                              \
    }
void *g_malloc(size_t n);
void *g_malloc0(size_t n);
void *g_realloc(void *p, size_t n);
void *g_malloc_n(size_t n, size_t size);
void *g_malloc0_n(size_t n, size_t size);
void *g_realloc_n(void *p, size_t n, size_t size);
FATAL(g_malloc, n, (size_t n), (n))
FATAL(g_malloc0, n, (size_t n), (n))
FATAL(g_realloc, n, (void *p, size_t n), (p, n))
FATAL(g_malloc_n, n *size, (size_t n, size_t size), (n, size))
FATAL(g_malloc0_n, n *size, (size_t n, size_t size), (n, size))
FATAL(g_realloc_n, n *size, (void *p, size_t n, size_t size), (p, n, size))

/* ---- files ---- */

/* open's mode is there only with O_CREAT, and harmless to read where it is not. */
#define OPEN(name)                                                   \
    int name(const char *path, int flags, ...) {                     \
        NEXT(name);                                                  \
        va_list list;                                                \
        va_start(list, flags);                                       \
        mode_t mode = va_arg(list, mode_t);                          \
        va_end(list);                                                \
        return fails("open", CALLER) ? -1 : next(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

ssize_t read(int fd, void *to, size_t n) {
    NEXT(read);
    if (!fails("read", CALLER)) return next(fd, to, n);
    return do_half && n > 1 ? next(fd, to, n / 2) : -1;
}

#define PREAD(name)                                             \
    ssize_t name(int fd, void *to, size_t n, off_t at) {        \
        NEXT(name);                                             \
        if (!fails("read", CALLER)) return next(fd, to, n, at); \
        return do_half && n > 1 ? next(fd, to, n / 2, at) : -1; \
    }
PREAD(pread)
PREAD(pread64)

ssize_t write(int fd, const void *from, size_t n) {
    NEXT(write);
    if (!fails("write", CALLER)) return next(fd, from, n);
    return do_half && n > 1 ? next(fd, from, n / 2) : -1;
}

#define PWRITE(name)                                               \
    ssize_t name(int fd, const void *from, size_t n, off_t at) {   \
        NEXT(name);                                                \
        if (!fails("write", CALLER)) return next(fd, from, n, at); \
        return do_half && n > 1 ? next(fd, from, n / 2, at) : -1;  \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

#define MMAP(name)                                                                              \
    void *name(void *at, size_t n, int protection, int flags, int fd, off_t offset) {           \
        NEXT(name);                                                                             \
        return fails("mmap", CALLER) ? MAP_FAILED : next(at, n, protection, flags, fd, offset); \
    }
MMAP(mmap)
MMAP(mmap64)

int close(int fd) { /* as Linux does it: closed, and the error told */
    NEXT(close);
    int result = next(fd);
    return fails("close", CALLER) ? -1 : result;
}

int rename(const char *from, const char *to) {
    NEXT(rename);
    return fails("rename", CALLER) ? -1 : next(from, to);
}

#define TRUNCATE(name)                                            \
    int name(int fd, off_t length) {                              \
        NEXT(name);                                               \
        return fails("truncate", CALLER) ? -1 : next(fd, length); \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

int mkdir(const char *path, mode_t mode) {
    NEXT(mkdir);
    return fails("mkdir", CALLER) ? -1 : next(path, mode);
}

int unlink(const char *path) {
    NEXT(unlink);
    return fails("unlink", CALLER) ? -1 : next(path);
}
