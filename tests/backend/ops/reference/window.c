/* SPDX-License-Identifier: Apache-2.0 */
/* reference: ops whose window slides over the spatial axes, any number of them. */
#include <math.h>

#include "../reference.h"

/* The window as a shape: one axis a kernel axis. */
static fvi_shape kernel_shape(const fvi_window *w, const fvi_shape *in) {
    fvi_shape k = {.ndim = in->ndim - 2};
    for (int d = 0; d < k.ndim; d++) k.dim[d] = w->global ? in->dim[d + 2] : w->kernel[d];
    return k;
}

/* Source position of kernel position k at output position o along spatial axis d. */
static int64_t tap(const fvi_window *w, int d, int64_t o, int64_t k) {
    return w->global ? k : o * w->stride[d] - w->pad_lo[d] + k * w->dilation[d];
}

/* Sets from[2..] for the output position; whether all of it lies inside the source. */
static int tap_inside(const fvi_window *w, const fvi_shape *in, const int64_t *pos,
                      const int64_t *k, int64_t *from) {
    int inside = 1;
    for (int d = 0; d < in->ndim - 2; d++) {
        from[d + 2] = tap(w, d, pos[d + 2], k[d]);
        inside &= from[d + 2] >= 0 && from[d + 2] < in->dim[d + 2];
    }
    return inside;
}

void fvi_ref_conv(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    const fvi_window *w = &n->a.window;
    const fvi_shape *xs = &in[0].shape, *ws = &in[1].shape;
    int64_t pos[FVI_MAX_DIMS], from[FVI_MAX_DIMS], k[FVI_MAX_DIMS], at[FVI_MAX_DIMS];
    fvi_shape kernel = {.ndim = ws->ndim - 2};
    for (int d = 0; d < kernel.ndim; d++) kernel.dim[d] = ws->dim[d + 2];
    int64_t icg = ws->dim[1], ocg = ws->dim[0] / w->groups;
    int64_t taps = fvi_ref_count(&kernel), plane = 1; /* from one channel to the next */
    for (int d = 2; d < xs->ndim; d++) plane *= xs->dim[d];
    for (int64_t i = 0; i < fvi_ref_count(&out->shape); i++) {
        fvi_ref_unravel(&out->shape, i, pos);
        double sum = n->n_in > 2 && in[2].data ? in[2].data[pos[1]] : 0;
        for (int64_t j = 0; j < taps; j++) {
            fvi_ref_unravel(&kernel, j, k);
            if (!tap_inside(w, xs, pos, k, from)) continue;
            from[0] = pos[0];
            from[1] = pos[1] / ocg * icg;
            at[0] = pos[1];
            at[1] = 0;
            for (int d = 0; d < kernel.ndim; d++) at[d + 2] = k[d];
            const double *x = in[0].data + fvi_ref_ravel(xs, from);
            const double *v = in[1].data + fvi_ref_ravel(ws, at);
            for (int64_t c = 0; c < icg; c++) sum += x[c * plane] * v[c * taps];
        }
        out->data[i] = sum;
    }
}

void fvi_ref_conv_transpose(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    const fvi_window *w = &n->a.window;
    const fvi_shape *ws = &in[1].shape; /* [ic][oc/g][k..] */
    int64_t pos[FVI_MAX_DIMS], to[FVI_MAX_DIMS], at[FVI_MAX_DIMS];
    int64_t icg = ws->dim[0] / w->groups, ocg = ws->dim[1];
    for (int64_t i = 0; i < fvi_ref_count(&out->shape); i++) {
        fvi_ref_unravel(&out->shape, i, pos);
        out->data[i] = n->n_in > 2 && in[2].data ? in[2].data[pos[1]] : 0;
    }
    for (int64_t i = 0; i < fvi_ref_count(&in[0].shape); i++) {
        fvi_ref_unravel(&in[0].shape, i, pos);
        int64_t each = fvi_ref_count(ws) / ws->dim[0]; /* weights of one source channel */
        for (int64_t j = pos[1] * each; j < (pos[1] + 1) * each; j++) {
            fvi_ref_unravel(ws, j, at);
            to[0] = pos[0];
            to[1] = pos[1] / icg * ocg + at[1];
            int inside = 1;
            for (int d = 0; d < ws->ndim - 2; d++) {
                to[d + 2] = tap(w, d, pos[d + 2], at[d + 2]);
                inside &= to[d + 2] >= 0 && to[d + 2] < out->shape.dim[d + 2];
            }
            if (inside) out->data[fvi_ref_ravel(&out->shape, to)] += in[0].data[i] * in[1].data[j];
        }
    }
}

void fvi_ref_max_pool(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    const fvi_window *w = &n->a.window;
    const fvi_shape kernel = kernel_shape(w, &in[0].shape);
    int64_t pos[FVI_MAX_DIMS], from[FVI_MAX_DIMS], k[FVI_MAX_DIMS];
    for (int64_t i = 0; i < fvi_ref_count(&out->shape); i++) {
        double best = -INFINITY;
        fvi_ref_unravel(&out->shape, i, pos);
        from[0] = pos[0];
        from[1] = pos[1];
        for (int64_t j = 0; j < fvi_ref_count(&kernel); j++) {
            fvi_ref_unravel(&kernel, j, k);
            if (!tap_inside(w, &in[0].shape, pos, k, from)) continue;
            best = fmax(best, in[0].data[fvi_ref_ravel(&in[0].shape, from)]);
        }
        out->data[i] = best;
    }
}

void fvi_ref_average_pool(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    const fvi_window *w = &n->a.window;
    const fvi_shape *xs = &in[0].shape, kernel = kernel_shape(w, xs);
    int64_t pos[FVI_MAX_DIMS], from[FVI_MAX_DIMS], k[FVI_MAX_DIMS];
    for (int64_t i = 0; i < fvi_ref_count(&out->shape); i++) {
        double sum = 0, count = 0;
        fvi_ref_unravel(&out->shape, i, pos);
        from[0] = pos[0];
        from[1] = pos[1];
        for (int64_t j = 0; j < fvi_ref_count(&kernel); j++) {
            fvi_ref_unravel(&kernel, j, k);
            int inside = tap_inside(w, xs, pos, k, from), padding = w->count_include_pad;
            for (int d = 0; d < kernel.ndim; d++) /* beyond even the padding: no cell at all */
                padding &= from[d + 2] < xs->dim[d + 2] + w->pad_hi[d];
            count += inside || padding;
            if (inside) sum += in[0].data[fvi_ref_ravel(xs, from)];
        }
        out->data[i] = sum / count;
    }
}
