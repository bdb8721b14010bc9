/* SPDX-License-Identifier: Apache-2.0 */
/* Programs and arrays on a device of a plug-in. */
#ifndef FVI_BACKEND_STABLEHLO_PJRT_PROGRAM_H
#define FVI_BACKEND_STABLEHLO_PJRT_PROGRAM_H

#include <glib.h>

#include "backend/stablehlo/pjrt/plugin.h"
#include "base/shape.h"

/* An array of f32 in a device's memory. */
typedef struct fvi_pjrt_array fvi_pjrt_array;

/* Copies numbers to a device.
 *   shape   of the array
 *   data    [count of shape] read during the call only
 *   out     yours to free
 *   errors  NOMEM, BACKEND */
fv_status fvi_pjrt_upload(const fvi_pjrt *p, int device, const fvi_shape *shape, const float *data,
                          fvi_pjrt_array **out, fv_error *err);
/* Copies an array's numbers to `to` [its count], waiting for what makes them. */
fv_status fvi_pjrt_download(const fvi_pjrt_array *a, float *to, fv_error *err);
void fvi_pjrt_array_free(fvi_pjrt_array *a);

/* A compiled program: arrays in, arrays out. */
typedef struct fvi_pjrt_program fvi_pjrt_program;

/* A StableHLO module whose function "main" takes and gives arrays of f32. */
typedef struct fvi_pjrt_source {
    const char *text;
    size_t length;
    const fvi_shape *results; /* [n_results] */
    int n_results;
} fvi_pjrt_source;

/*   from  read during the call only
 *   out   yours to free */
fv_status fvi_pjrt_compile(const fvi_pjrt *p, int device, const fvi_pjrt_source *from,
                           fvi_pjrt_program **out, fv_error *err);

/* A compiled program as bytes, for fvi_pjrt_load in another process; yours to unref. NULL: the
 * plug-in does not do that. */
GBytes *fvi_pjrt_serialize(const fvi_pjrt_program *x);
/*   from    whose results it has
 *   bytes   [size]
 *   errors  those of fvi_pjrt_compile: the plug-in does not take it */
fv_status fvi_pjrt_load(const fvi_pjrt *p, const fvi_pjrt_source *from, const void *bytes,
                        size_t size, fvi_pjrt_program **out);

/* Bytes of a device's memory that a program takes. */
typedef struct fvi_pjrt_memory {
    size_t code, arguments, results, temporary;
} fvi_pjrt_memory;
/* What the plug-in says; all 0 where it does not.  x  NULL allowed */
fvi_pjrt_memory fvi_pjrt_program_memory(const fvi_pjrt_program *x);

/* One more owner, who frees it too; returns it. From any thread. */
fvi_pjrt_program *fvi_pjrt_program_ref(fvi_pjrt_program *x);
/* After its last owner it is gone. NULL allowed. */
void fvi_pjrt_program_free(fvi_pjrt_program *x);

/* Starts a run. The results may be used at once; an error while running may show when they are
 * read.
 *   args     [n_args] as many as the function has
 *   results  [results of the program] yours to free; untouched on failure */
fv_status fvi_pjrt_run(const fvi_pjrt_program *x, fvi_pjrt_array *const *args, int n_args,
                       fvi_pjrt_array **results, fv_error *err);

#endif
