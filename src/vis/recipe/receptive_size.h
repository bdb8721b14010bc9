/* SPDX-License-Identifier: Apache-2.0 */
/* The size of pictures for units with small receptive fields. */
#ifndef FVI_VIS_RECIPE_RECEPTIVE_SIZE_H
#define FVI_VIS_RECIPE_RECEPTIVE_SIZE_H

#include <glib.h>

#include "runtime/model_state.h"
#include "vis/objective/objective.h"

/* The part of the picture that the units of some objectives depend on. */
typedef struct fvi_units_extent {
    GPtrArray *values;     /* names of the network's values they are of, each once; NULL: no units
                              are known. Shared: g_ptr_array_ref */
    int64_t height, width; /* the largest of their receptive fields */
    int whole;             /* whether some need the model's own picture: units at given positions,
                              and photos they are compared with */
} fvi_units_extent;

/* objectives  [count]; out->values is to be unreferenced
 * errors      ARG as fvi_objective_resolve, or one is NULL */
fv_status fvi_units_extent_find(const fvi_network *net, const fv_objective *const *objectives,
                                int count, fvi_units_extent *out, fv_error *err);

typedef struct fvi_receptive_size {
    int known; /* 0: not computed yet */
    int small; /* 0: the model's own size */
    int height, width;
} fvi_receptive_size;

/* Finds the size: along each direction three times the receptive field, in steps of 32 from 96 on.
 * The model's own where that is not much larger, where the extent is the whole picture, and where
 * the network cannot be run at the smaller size. Both sides are smaller, or none.
 *   errors  NOMEM */
fv_status fvi_receptive_size_find(const fv_model *model, const fvi_units_extent *extent,
                                  fvi_receptive_size *out, fv_error *err);

#endif
