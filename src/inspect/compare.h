/* SPDX-License-Identifier: Apache-2.0 */
/* A comparison under way. */
#ifndef FVI_INSPECT_COMPARE_H
#define FVI_INSPECT_COMPARE_H

#include "fovea/fovea.h"

/* One channel's activations so far: Welford's running mean and second moments. */
typedef struct fvi_moments {
    double n, mean[2], square[2]; /* square: sum of (x - mean)^2 */
    double product;               /* sum of (a - mean a)(b - mean b) */
    double difference;            /* sum of (a - b)^2 */
    double most;                  /* the largest mean (a - b)^2 of a sample */
    int sample;                   /* that one */
} fvi_moments;

struct fv_comparison {
    const fv_model *model[2];
    fv_session *session[2]; /* the caller's */
    int layer[2];  /* indices */
    int axis;      /* of the channels, in a value with a batch */
    int channels;
    int behind[2]; /* in A and B: the layer with the weights to compare, or -1 */
    fvi_moments *moments; /* [channels] */
    int samples;
    int64_t not_finite;
};

/* Runs network `which` on a raw input.  out  [n][...] yours to free */
fv_status fvi_comparison_run(const fv_comparison *c, int which, const fv_tensor *input,
                             fv_tensor **out, fv_error *err);

/* Sizes of a layer's output: samples x outer x channels x inner.
 *   errors  SHAPE it does not have the channels it should */
fv_status fvi_comparison_sizes(const fv_comparison *c, const fv_tensor *value, int64_t samples,
                               int64_t *outer, int64_t *inner, fv_error *err);

#endif
