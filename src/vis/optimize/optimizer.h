/* SPDX-License-Identifier: Apache-2.0 */
/* Optimisers, which maximise. Each picture has its own. */
#ifndef FVI_VIS_OPTIMIZE_OPTIMIZER_H
#define FVI_VIS_OPTIMIZE_OPTIMIZER_H

#include <stdint.h>

#include "fovea/fovea.h"
#include "graph/build/emit.h"

typedef enum fvi_optimizer_kind {
    FVI_OPTIMIZER_ASCENT = 1, /* parameters += rate * gradient */
    FVI_OPTIMIZER_MOMENTUM,   /* v = beta1 v + g; parameters += rate * v */
    FVI_OPTIMIZER_ADAM,       /* Kingma and Ba 2015 */
    FVI_OPTIMIZER_NADAM,      /* Dozat 2016, as PyTorch has it (momentum decay 0.004) */
    FVI_OPTIMIZER_ADAMW,      /* Loshchilov and Hutter 2019 */
    FVI_OPTIMIZER_RMSPROP,    /* beta2 is its rho */
    FVI_OPTIMIZER_LBFGS /* libLBFGS; random choices are those of the first update throughout */
} fvi_optimizer_kind;

typedef struct fvi_optimizer_settings {
    fvi_optimizer_kind kind;
    float rate;
    float rate_end; /* share of `rate` left at the last update, along a cosine; 0: 1 */
    float beta1, beta2;
    float epsilon;      /* added to the root */
    float weight_decay; /* of the parameters; decoupled in ADAMW, added to the gradient elsewhere */
    int epsilon_under_root; /* 1: it is added under the root (keras-vis, Keras 3) */
} fvi_optimizer_settings;

typedef struct fvi_optimizer fvi_optimizer;

/* Makes an optimiser of `count` parameters.
 *   errors  ARG a setting out of its range, or FVI_OPTIMIZER_LBFGS (lbfgs.h); NOMEM */
fv_status fvi_optimizer_new(const fvi_optimizer_settings *desc, int64_t count, fvi_optimizer **out,
                            fv_error *err);
void fvi_optimizer_free(fvi_optimizer *o);

/* Updates the parameters z [count] by their gradient g. `progress` is 0 at the first update and 1
 * at the last, for the schedule of the rate. An update whose gradient is not finite is left out.
 * Allocates nothing. */
void fvi_optimizer_step(fvi_optimizer *o, const float *g, float progress, float *z);

/* ---- the same in a graph -------------------------------------------------------------------- */

/* Numbers of one update that are the same for all parameters. */
#define FVI_OPTIMIZER_NUMBERS 5
/* Fills in those of the next update, which counts as made. */
void fvi_optimizer_numbers(fvi_optimizer *o, float progress, float numbers[FVI_OPTIMIZER_NUMBERS]);

#define FVI_OPTIMIZER_MOMENTS 2
/* Whether the kind has each of the moments. */
void fvi_optimizer_moments(fvi_optimizer_kind kind, int has[FVI_OPTIMIZER_MOMENTS]);

/* fvi_optimizer_step in a graph.
 *   z, g     parameters and their gradient, of one shape
 *   numbers  [FVI_OPTIMIZER_NUMBERS]
 *   moments  of that shape, those that the kind has: before the update; replaced by what follows
 *   returns  the parameters after it, or -1 with the builder's status set */
int fvi_optimizer_emit(const fvi_optimizer_settings *d, fvi_builder *b, int z, int g, int numbers,
                       int moments[FVI_OPTIMIZER_MOMENTS]);

#endif
