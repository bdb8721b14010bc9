/* SPDX-License-Identifier: Apache-2.0 */
/* Drawing tiles of weights. */
#ifndef FVI_INSPECT_WEIGHTS_WEIGHTS_DRAW_H
#define FVI_INSPECT_WEIGHTS_WEIGHTS_DRAW_H

#include "inspect/weights/weights_grid.h"

/* What to draw: all choices made, all indices checked. */
typedef struct fvi_weights_plan {
    const fvi_weights_grid *grid;
    fv_weights_form form;
    fv_palette palette;
    int rgb, each, min_max;
    int n_outputs, *outputs; /* [n_outputs] */
    int n_inputs;            /* of each output */
    int *inputs;             /* [n_outputs][n_inputs] where they are ranked, else [n_inputs] */
    int ranked;
    int count; /* tiles */
} fvi_weights_plan;

/* Draws the tiles of a plan into out[count]; what was made before a failure is the caller's to
 * free. */
fv_status fvi_weights_draw(const fvi_weights_plan *plan, fv_weights_tile *out, fv_error *err);

#endif
