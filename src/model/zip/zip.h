/* SPDX-License-Identifier: Apache-2.0 */
/* Zip archives, read from bytes in memory: the members of a model's file. */
#ifndef FVI_MODEL_ZIP_ZIP_H
#define FVI_MODEL_ZIP_ZIP_H

#include <stddef.h>
#include <stdint.h>

#include "fovea/fovea.h"

/* An open archive; one thread at a time. */
typedef struct fvi_zip fvi_zip;

/* Whether the bytes are an archive with a member of that name. */
int fvi_zip_probe(const uint8_t *bytes, size_t size, const char *name);

/* Opens an archive; `bytes` are borrowed.
 *   out     to be closed with fvi_zip_close
 *   errors  FORMAT damaged; NOMEM */
fv_status fvi_zip_open(const uint8_t *bytes, size_t size, fvi_zip **out, fv_error *err);
/* NULL allowed. */
void fvi_zip_close(fvi_zip *z);

/* How many members it has, and the name of one; borrowed, NULL where it has none. */
int64_t fvi_zip_count(const fvi_zip *z);
const char *fvi_zip_name(const fvi_zip *z, int64_t i);
/* The first member of that name, or one whose name ends in "/NAME"; NULL: there is none. */
const char *fvi_zip_find(const fvi_zip *z, const char *name);

/* Unpacks the member of that name.
 *   max_bytes  how large it may be; checked before anything is allocated
 *   out     [size], yours to free with free()
 *   errors  NOTFOUND; FORMAT damaged, members that share bytes, or one whose name leads outside;
 *           UNSUPPORTED encrypted, or packed in a way that is not read; NOMEM larger than
 *           max_bytes, or, with what was read before, much larger than the archive */
fv_status fvi_zip_read(fvi_zip *z, const char *name, int64_t max_bytes, uint8_t **out, size_t *size,
                       fv_error *err);

/* The bytes of a member that is stored as it is, without packing, where they lie in the archive's.
 *   out, size  borrowed from the archive's bytes; their checksum is not compared
 *   returns  0: there is none of that name, or it is packed, or the archive is damaged */
int fvi_zip_stored(fvi_zip *z, const char *name, const uint8_t **out, size_t *size);

#endif
