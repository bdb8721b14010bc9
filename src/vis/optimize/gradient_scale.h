/* SPDX-License-Identifier: Apache-2.0 */
/* Normalising a picture's gradient before the optimiser gets it. */
#ifndef FVI_VIS_OPTIMIZE_GRADIENT_SCALE_H
#define FVI_VIS_OPTIMIZE_GRADIENT_SCALE_H

#include <stdint.h>

#include "fovea/fovea.h"
#include "graph/build/emit.h"

/* How the gradient is normalised, for each picture by itself. */
typedef enum fvi_gradient_scale {
    FVI_GRADIENT_SCALE_NONE = 1,
    FVI_GRADIENT_SCALE_MAX,      /* divided by its largest magnitude */
    FVI_GRADIENT_SCALE_MEAN,     /* divided by its mean magnitude */
    FVI_GRADIENT_SCALE_L2,       /* divided by its L2 norm */
    FVI_GRADIENT_SCALE_RMS,      /* divided by its root mean square */
    FVI_GRADIENT_SCALE_STANDARD, /* mean 0, deviation 1 (Darknet) */
    FVI_GRADIENT_SCALE_LAPLACIAN /* each level of its Laplacian pyramid divided by its root mean
                                    square */
} fvi_gradient_scale;

typedef struct fvi_gradient_settings {
    fvi_gradient_scale kind;
    int levels; /* LAPLACIAN: levels, the lowest included */
    float clip; /* then elements are clipped to +-clip; 0: not */
} fvi_gradient_settings;

/* Normalises g [channels][h][w] in place; parameters that are no pixels are [1][1][count], for
 * which LAPLACIAN is an ARG error. A gradient whose divisor is 0 or not finite is left as it is.
 *   room  [fvi_normalise_room] buffer; NULL where that is 0 */
fv_status fvi_normalise(const fvi_gradient_settings *desc, float *g, int channels, int h, int w,
                        float *room, fv_error *err);
int64_t fvi_normalise_room(const fvi_gradient_settings *desc, int channels, int h, int w);

/* fvi_normalise in a graph, of the gradients [n][channels][h][w] of n pictures; -1 with the
 * builder's status set: ARG as fvi_normalise. */
int fvi_normalise_emit(const fvi_gradient_settings *desc, fvi_builder *b, int g);

#endif
