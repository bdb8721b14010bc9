/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers of a program's parameters, buffers and constants. */
#ifndef FVI_MODEL_TORCH_WEIGHTS_H
#define FVI_MODEL_TORCH_WEIGHTS_H

#include "model/torch/file.h"

/* A tensor that the file holds. */
typedef struct fvi_torch_weight {
    const fvi_const *numbers; /* NULL: they cannot be read */
    const char *problem;      /* why */
} fvi_torch_weight;

/* By their names, "layer1.0.conv1.weight"; everything lives in t->file.list's pool. To be unref'ed.
 *   errors  FORMAT, UNSUPPORTED, NOMEM */
fv_status fvi_torch_read_weights(fvi_torch *t, GHashTable **out, fv_error *err);

/* The element type of a number of schema.py's ScalarType; 0: of none that is read. */
fvi_dtype fvi_torch_scalar_type(int64_t type);
/* The sizes in a list of schema.py's SymInt: -1 where they are free. 0: it is no such list. */
int fvi_torch_shape(JsonArray *sizes, fvi_shape *out);

#endif
