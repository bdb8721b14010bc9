/* SPDX-License-Identifier: Apache-2.0 */
/* Files: read or mapped as a whole, and written atomically. */
#ifndef FVI_BASE_FILE_H
#define FVI_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "fovea/fovea.h"

/* A file's bytes, read-only: a copy or, for a large file, a mapping. An empty file has size 0 and
 * bytes NULL. */
typedef struct fvi_mapping {
    const uint8_t *bytes;
    size_t size;
    void *handle, *copy; /* one of them, or neither */
} fvi_mapping;

/* Reads or maps a regular file of at most max_bytes.  errors  IO; NOMEM larger than max_bytes, both
 * named, or the system has no memory or no file descriptors left */
fv_status fvi_mapping_open(const char *path, int64_t max_bytes, fvi_mapping *out, fv_error *err);
void fvi_mapping_close(fvi_mapping *m);
/* Releases the memory of whole pages in the range, if the file is mapped: for bytes that will
 * rarely be read again. Reading them still works. */
void fvi_mapping_release(const fvi_mapping *m, const void *bytes, size_t size);

/* Writes the ranges one after the other to a temporary file in the same folder and renames it to
 * `path`, so that whoever opens it sees the old file or the new one, whole. It does not wait for
 * the disk (fsync): everything that is written can be made again. Anything but a regular file
 * (/dev/stdout, a pipe) is written directly.  errors  IO */
typedef struct fvi_bytes_range {
    const void *bytes;
    size_t size;
} fvi_bytes_range;
fv_status fvi_file_write(const char *path, const fvi_bytes_range *parts, int count, fv_error *err);

/* The file's name without folders, borrowed from path. */
const char *fvi_path_base(const char *path);

#endif
