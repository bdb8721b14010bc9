/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of a value: its channels, positions and samples.
 *
 * One sample of a value is outer x channels x inner elements, its channels somewhere in the middle.
 * The whole value is a sequence of runs: `run` elements of sample 0, `run` of sample 1, ...
 */
#ifndef FVI_VIS_OBJECTIVE_EXTENT_H
#define FVI_VIS_OBJECTIVE_EXTENT_H

#include "graph/graph.h"

typedef struct fvi_extent {
    int64_t outer, channels, inner;
    int64_t samples, run;
} fvi_extent;

/* One sample of a value: its shape, the axis of its channels, and the axis along which the samples
 * of the whole value follow each other. */
typedef struct fvi_sample_axes {
    fvi_shape shape;
    int channel, batch;
} fvi_sample_axes;

static inline int64_t fvi_extent_count(const fvi_extent *l) {
    return l->outer * l->channels * l->inner;
}

static inline int64_t fvi_extent_positions(const fvi_extent *l) { return l->outer * l->inner; }

/* The index of element i of sample n in the value. */
static inline int64_t fvi_extent_offset(const fvi_extent *l, int64_t n, int64_t i) {
    int64_t count = fvi_extent_count(l);
    if (l->run == count) return n * count + i;
    return (i / l->run * l->samples + n) * l->run + i % l->run;
}

/* The same of channel c at position p of outer x inner. */
static inline int64_t fvi_extent_at(const fvi_extent *l, int64_t n, int64_t c, int64_t p) {
    if (l->outer == 1) return fvi_extent_offset(l, n, c * l->inner + p);
    return fvi_extent_offset(l, n, (p / l->inner * l->channels + c) * l->inner + p % l->inner);
}

/* Finds the extent of value v of a graph run for `samples` samples; `name` for messages.
 *   axes    those of one sample; or NULL
 *   errors  UNSUPPORTED the graph mixes samples; SHAPE no elements */
fv_status fvi_extent_find(const fvi_graph *g, int v, int64_t samples, const char *name,
                          fvi_extent *out, fvi_sample_axes *axes, fv_error *err);
/* That a layer has that channel.  errors  NOTFOUND */
fv_status fvi_extent_check_channel(const fvi_extent *l, const char *name, int64_t channel,
                                   fv_error *err);
/* The axes of one sample that are positions: neither the channels' nor the batch's own.
 *   axis     outermost first
 *   returns  how many */
int fvi_position_axes(const fvi_sample_axes *sample, int axis[FVI_MAX_DIMS]);

#endif
