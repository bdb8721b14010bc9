/* SPDX-License-Identifier: Apache-2.0 */
/* extent: the layout of a value, its channels, positions and samples, as the graph says it
 * (graph/channel_axis.c, graph/batch.c).
 */
#include "vis/objective/extent.h"

#include <inttypes.h>

#include "base/error.h"
#include "graph/batch.h"
#include "graph/channel_axis.h"

/* Finds the axis of the samples. If the analysis of the graph fails (files that flatten a batch and
 * gather from it by computed indices; steps of time on the first axis), it is the first axis, if
 * that is as long as the batch, or all of the value is one sample. */
static fv_status find_samples(const fvi_graph *g, int v, int64_t samples, int *axis, int64_t *outer,
                              fv_error *err) {
    const fvi_shape *s = &g->values[v].shape;
    fv_status st = fvi_graph_batch_axis(g, samples, v, axis, outer, err);
    if (st != FV_UNSUPPORTED || s->ndim < 1 || (samples != 1 && s->dim[0] != samples)) return st;
    *axis = 0;
    *outer = 1;
    return FV_OK;
}

fv_status fvi_extent_find(const fvi_graph *g, int v, int64_t samples, const char *name,
                          fvi_extent *out, fvi_sample_axes *axes, fv_error *err) {
    fvi_shape s = g->values[v].shape; /* becomes that of one sample */
    int axis = fvi_graph_channel_axis(g, v), batch;
    int64_t outer;
    fv_status st = find_samples(g, v, samples, &batch, &outer, err);
    if (st) return st;
    if (s.ndim > 0) s.dim[batch] /= samples;
    if (axis == batch && s.ndim > 1 && s.dim[axis] == 1) axis = s.ndim - 1;
    int64_t count = fvi_shape_count(&s), before = fvi_shape_product(&s, 0, batch) * outer;
    if (count < 1) return fvi_fail(err, FV_SHAPE, "\"%s\" has no elements", name);
    out->samples = samples;
    out->run = before > 0 ? count / before : count;
    out->channels = s.ndim ? s.dim[axis] : 1;
    out->outer = fvi_shape_product(&s, 0, axis);
    out->inner = count / (out->outer * out->channels);
    if (axes) *axes = (fvi_sample_axes){s, axis, batch};
    return FV_OK;
}

fv_status fvi_extent_check_channel(const fvi_extent *l, const char *name, int64_t channel,
                                   fv_error *err) {
    if (channel < l->channels) return FV_OK;
    return fvi_fail(err, FV_NOTFOUND,
                    "layer \"%s\" has %" PRId64 " channels; %" PRId64 " does not exist (0..%" PRId64
                    ")",
                    name, l->channels, channel, l->channels - 1);
}

int fvi_position_axes(const fvi_sample_axes *sample, int axis[FVI_MAX_DIMS]) {
    const fvi_shape *s = &sample->shape;
    int n = 0;
    for (int i = 0; i < s->ndim; i++)
        if (i != sample->channel && (i != sample->batch || s->dim[i] > 1)) axis[n++] = i;
    return n;
}
