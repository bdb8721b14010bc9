/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a gradient can be used. */
#ifndef FVI_VIS_OPTIMIZE_GRADIENT_HEALTH_H
#define FVI_VIS_OPTIMIZE_GRADIENT_HEALTH_H

#include <stddef.h>
#include <stdint.h>

#include "fovea/fovea.h"

typedef enum fvi_gradient_health_kind {
    FVI_GRADIENT_SOUND,
    FVI_GRADIENT_VANISHED, /* all its elements are 0 or below 1.2e-38, the smallest normal float */
    FVI_GRADIENT_EXPLODED, /* its norm is beyond FV_GRADIENT_MOST */
    FVI_GRADIENT_BROKEN    /* it, or the objective, is NaN or infinite */
} fvi_gradient_health_kind;

typedef struct fvi_gradient_health {
    fvi_gradient_health_kind kind;
    float largest; /* magnitude in the gradient */
    double norm;   /* of an exploded one */
} fvi_gradient_health;

/* Checks an objective's value and its gradient [n]. */
fvi_gradient_health fvi_gradient_health_of(double value, const float *gradient, int64_t n);

/* The same of a gradient whose largest magnitude and norm are known. */
fvi_gradient_health fvi_gradient_health_known(double value, float largest, double norm);

/* Writes what is wrong with a gradient that is not sound: "its gradient is zero". */
void fvi_gradient_health_text(const fvi_gradient_health *v, char *text, size_t size);

#endif
