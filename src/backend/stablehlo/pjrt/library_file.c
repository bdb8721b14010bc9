/* SPDX-License-Identifier: Apache-2.0 */
/* library_file: whether the segments of an ELF file lie within it. The loader maps them as the
 * header says; what lies behind the end of the file ends the process with SIGBUS when it is read.
 * A file of another kind is the loader's to refuse. Source: elf(5). */
#include "backend/stablehlo/pjrt/library_file.h"

#include <errno.h>
#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#ifdef __ELF__
#include <link.h>

static int read_at(FILE *f, uint64_t offset, void *to, size_t size) {
    return offset <= INT32_MAX && !fseek(f, (long)offset, SEEK_SET) && fread(to, size, 1, f) == 1;
}

/* Whether a file is an ELF file of this machine's word size that lacks some of its segments. */
static int is_cut_short(FILE *f, uint64_t size) {
    ElfW(Ehdr) head;
    const unsigned char own = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
    if (!read_at(f, 0, head.e_ident, EI_NIDENT)) return 0;
    if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != own) return 0;
    if (!read_at(f, 0, &head, sizeof head)) return 1;
    for (unsigned i = 0; i < head.e_phnum && head.e_phentsize == sizeof(ElfW(Phdr)); i++) {
        ElfW(Phdr) part;
        if (!read_at(f, head.e_phoff + (uint64_t)i * sizeof part, &part, sizeof part)) return 1;
        if (part.p_type != PT_LOAD) continue;
        if (part.p_offset > size || part.p_filesz > size - part.p_offset) return 1;
    }
    return 0;
}
#else
static int is_cut_short(FILE *f, uint64_t size) {
    (void)f;
    (void)size;
    return 0;
}
#endif

fv_status fvi_library_check(const char *path, fv_error *err) {
    struct stat info;
    if (stat(path, &info)) {
        if (errno == ENOENT || errno == ENOTDIR)
            return fvi_fail(err, FV_IO, "%s: there is no such file", path);
        return fvi_fail(err, FV_IO, "%s: cannot be read: %s", path, g_strerror(errno));
    }
    if (!S_ISREG(info.st_mode))
        return fvi_fail(err, FV_FORMAT, "%s: not a plug-in: it is no regular file", path);
    FILE *f = fopen(path, "rb");
    if (!f) return fvi_fail(err, FV_IO, "%s: cannot be read: %s", path, g_strerror(errno));
    const int cut = is_cut_short(f, (uint64_t)info.st_size);
    fclose(f);
    if (cut)
        return fvi_fail(err, FV_FORMAT,
                        "%s: not a plug-in: the file ends after %lld bytes, within its segments",
                        path, (long long)info.st_size);
    return FV_OK;
}
