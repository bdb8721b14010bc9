/* SPDX-License-Identifier: Apache-2.0 */
/* Optimisers: how to climb. One a picture. Gradients point up. */
#ifndef FVI_VIS_OPTIMIZE_OPTIMIZER_H
#define FVI_VIS_OPTIMIZE_OPTIMIZER_H

#include <stdint.h>

#include "fovea/fovea.h"

typedef enum fvi_optimizer_kind {
    FVI_OPTIMIZER_ASCENT = 1, /* numbers += rate * gradient */
    FVI_OPTIMIZER_MOMENTUM,   /* v = beta1 v + g; numbers += rate * v */
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
    float weight_decay; /* of the numbers; decoupled in ADAMW, added to the gradient elsewhere */
    int epsilon_under_root; /* 1: it is added under the root (keras-vis, Keras 3) */
} fvi_optimizer_settings;

typedef struct fvi_optimizer fvi_optimizer;

/* errors  ARG an impossible number, or FVI_OPTIMIZER_LBFGS, which is lbfgs.h's; NOMEM */
fv_status fvi_optimizer_new(const fvi_optimizer_settings *desc, int64_t count, fvi_optimizer **out,
                            fv_error *err);
void fvi_optimizer_free(fvi_optimizer *o);

/* z += this update, at `progress` (0 first, 1 last update) of the rate's schedule. An update whose
 * gradient is not finite is left out. Allocates nothing. */
void fvi_optimizer_step(fvi_optimizer *o, const float *g, float progress, float *z);

#endif
