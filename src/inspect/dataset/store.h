/* SPDX-License-Identifier: Apache-2.0 */
/* An index file of responses: for each photo, and each unit of one layer, five numbers.
 *
 * The file only grows, a block of photos at a time, so that an interrupted pass loses one block. It
 * may come from anywhere: every size in it is checked, and every block has a checksum.
 */
#ifndef FVI_INSPECT_DATASET_STORE_H
#define FVI_INSPECT_DATASET_STORE_H

#include <stdint.h>

#include "fovea/fovea.h"

#define FVI_NOWHERE   UINT32_MAX
#define FVI_UNITS_MAX 65536 /* of a layer */

/* A unit on a photo. Where a unit is one number, all three are that number. */
typedef struct fvi_response {
    float max, min, mean;    /* over the positions of its map; all NaN where one is */
    uint32_t at_max, at_min; /* the first positions that have them; FVI_NOWHERE: it has no map */
} fvi_response;

/* A photo as the index knows it. */
typedef struct fvi_photo {
    char *path;          /* inside the folder, with '/' */
    int64_t size, mtime; /* of its file; nanoseconds */
    int32_t height, width;
    char *why;             /* NULL, or why it cannot be read */
    int32_t block, column; /* where its responses are; the index's own */
} fvi_photo;

typedef struct fvi_index fvi_index;

/* Opens an index, or begins one.
 *   path    of the file; NULL: a temporary file, deleted when it is closed
 *   key     all that the numbers depend on: an index of another key is refused
 *   units   of the layer, 1..FVI_UNITS_MAX
 *   errors  IO; FORMAT no index, of another key, or damaged: the file is named and left alone
 * A block that was cut short at the end of the file, or is nothing but zeros there, is dropped.
 * Where another process is writing the file, or it may not be written to, the index can be read
 * only. */
fv_status fvi_index_open(const char *path, const char *key, int units, fvi_index **out,
                         fv_error *err);
void fvi_index_close(fvi_index *ix);

/* Whether photos can be added.  errors  IO, naming the file and why it cannot be written */
fv_status fvi_index_writable(const fvi_index *ix, fv_error *err);

/* The photo of that path, size and time, or NULL; borrowed until the next one is added. */
const fvi_photo *fvi_index_find(const fvi_index *ix, const char *path, int64_t size, int64_t mtime);

/* Adds a photo to the block being filled. photo->path and ->why are copied.
 *   responses  [units]; NULL where ->why is given
 *   errors   NOMEM; IO (a full block is written) */
fv_status fvi_index_add(fvi_index *ix, const fvi_photo *photo, const fvi_response *responses,
                        fv_error *err);
/* Writes the block being filled.  errors  IO; NOMEM */
fv_status fvi_index_flush(fvi_index *ix, fv_error *err);
/* Lets other processes write. Nothing can be added any more. */
void fvi_index_finish(fvi_index *ix);

/* Reads the responses of one unit on all photos of the index that can be read.
 *   unit    0..units-1
 *   out     [fvi_index_rows] to be read with fvi_index_row
 *   errors  IO; FORMAT damaged */
int64_t fvi_index_rows(const fvi_index *ix);
fv_status fvi_index_read(fvi_index *ix, int unit, fvi_response *out, fv_error *err);
/* The index of a photo's response in the result of fvi_index_read. */
int64_t fvi_index_row(const fvi_index *ix, const fvi_photo *photo);

#endif
