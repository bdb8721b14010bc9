/* SPDX-License-Identifier: Apache-2.0 */
/* The photos of a folder and of those in it. */
#ifndef FVI_INSPECT_DATASET_LIST_FILES_H
#define FVI_INSPECT_DATASET_LIST_FILES_H

#include <glib.h>

#include "fovea/fovea.h"

typedef struct fvi_file_entry {
    char *path; /* inside the folder, with '/' */
    int64_t size, mtime;
} fvi_file_entry;

/* Lists the pictures in a folder, those in folders below included, sorted by path as bytes.
 *   out     of fvi_file_entry; free with g_ptr_array_free(.., TRUE)
 *   errors  IO the folder cannot be read; NOTFOUND no picture in it; NOMEM too many */
fv_status fvi_list_files(const char *folder, GPtrArray **out, fv_error *err);

#endif
