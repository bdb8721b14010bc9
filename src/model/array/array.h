/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays in files that hold several, each with a name. Networks such files hold none:
 * fv_tensor_load (load.c) takes single arrays from them. */
#ifndef FVI_MODEL_ARRAY_ARRAY_H
#define FVI_MODEL_ARRAY_ARRAY_H

#include <glib.h>

#include "base/array/elements.h"
#include "base/shape.h"

/* What may be unpacked of a file, in bytes; what lies in it as it is may be larger. */
#define FVI_ARRAY_UNPACKED_MAX ((int64_t)1 << 30)

/* A format of such files. */
typedef struct fvi_array_format {
    const char *name; /* "NPZ" */
    int (*probe)(const uint8_t *bytes, size_t size);
    /* Reads an array.
     *   name    NULL: the only one
     *   out     to be freed with fv_tensor_free
     *   errors  NOTFOUND no array of that name, or several and no name; FORMAT; UNSUPPORTED; NOMEM
     */
    fv_status (*read)(const uint8_t *bytes, size_t size, const char *name, fv_tensor **out,
                      fv_error *err);
} fvi_array_format;

extern const fvi_array_format fvi_array_safetensors, fvi_array_npz, fvi_array_hdf5;

/* ---- choose.c ---- */

/* The array that is asked for among those that a file has.
 *   names   of text
 *   name    NULL: the only one
 *   out     one of names' texts
 *   errors  NOTFOUND: there are none, or several, or not that one; with those there are */
fv_status fvi_array_choose(const GPtrArray *names, const char *name, const char **out,
                           fv_error *err);
/* Makes a tensor of numbers in row-major order, which the caller has found to be there.
 *   errors  FORMAT integers that f32 does not hold; NOMEM */
fv_status fvi_array_make(const fvi_elements *type, const fvi_shape *shape, const uint8_t *bytes,
                         fv_tensor **out, fv_error *err);

#endif
