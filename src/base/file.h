/* SPDX-License-Identifier: Apache-2.0 */
/* Files: read or mapped whole, and written so that they appear whole or not at all. */
#ifndef FVI_BASE_FILE_H
#define FVI_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "fovea/fovea.h"

/* A file's bytes, not to be changed: a copy, or, of a large file, a mapping (an empty file has size
 * 0 and bytes NULL). */
typedef struct fvi_mapping {
    const uint8_t *bytes;
    size_t size;
    void *handle, *copy; /* one of them, or neither */
} fvi_mapping;

/* Reads or maps a regular file of at most max_bytes.  errors  IO; NOMEM larger than max_bytes, both
 * named, or the system has no memory or no file descriptors left */
fv_status fvi_mapping_open(const char *path, int64_t max_bytes, fvi_mapping *out, fv_error *err);
void fvi_mapping_close(fvi_mapping *m);
/* Gives back the memory of pages that lie wholly in the range, where the file is mapped: for bytes
 * that will hardly be read again. They still can be. */
void fvi_mapping_release(const fvi_mapping *m, const void *bytes, size_t size);

/* Writes the parts after each other into a temporary beside `path` and renames it over; what is no
 * regular file (/dev/stdout, a pipe) is written straight.  errors  IO */
typedef struct fvi_bytes_range {
    const void *bytes;
    size_t size;
} fvi_bytes_range;
fv_status fvi_file_write(const char *path, const fvi_bytes_range *parts, int count, fv_error *err);

/* "the file's name without folders", borrowed from path. */
const char *fvi_path_base(const char *path);

#endif
