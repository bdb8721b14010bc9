/* SPDX-License-Identifier: Apache-2.0 */
/* vjp: gradients of the reference forwards, each kind of op in the simplest way there is.
 *
 *   convolutions       a convolution's adjoint is the transposed one with the same weights
 *   ReLU, clip, leaky  by their definition, with what guided and redirected ones change
 *   moves              (slice, concat, ...) the forward is run on numbered elements: what comes out
 *                      says where each one came from
 *   element-wise       all elements are moved by h together, since each output has one of its own
 *   all others         element by element by central differences, h = 1e-6
 */
#include "vjp.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEP  1e-6
#define FIRST 1099511627776.0 /* 2^40, the number of element 0: no tensor holds such a value */

static double *need(int64_t count) {
    double *p = calloc(count > 0 ? (size_t)count : 1, sizeof *p);
    if (!p) abort();
    return p;
}

static void conv(const fvi_node *n, const fvi_ref *in, const fvi_ref *dy, double *dx) {
    const fvi_ref from[2] = {*dy, in[1]};
    fvi_node plain = *n; /* without bias */
    fvi_ref to = {in[0].shape, dx};
    plain.n_in = 2;
    (n->kind == FVI_CONV ? fvi_ref_conv_transpose : fvi_ref_conv)(&plain, from, &to);
}

/* ---- ReLUs ---------------------------------------------------------------------------------- */

static int is_relu(const fvi_node *n) {
    const fvi_unary f = n->a.unary.f;
    return n->kind == FVI_UNARY && (f == FVI_RELU || f == FVI_CLIP || f == FVI_SATURATE ||
                                    (f == FVI_LEAKY_RELU && n->a.unary.p >= 0));
}

static int all_zero(const double *x, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (x[i] != 0) return 0;
    return 1;
}

/* The bounds between which a ReLU, a clip or a quantiser passes its gradient. */
static void bounds(const fvi_node *n, double *low, double *high) {
    const double more = n->a.unary.f == FVI_SATURATE ? 0.5 : 0;
    const int bounded = n->a.unary.f == FVI_CLIP || more > 0;
    *low = bounded ? n->a.unary.p - more : 0;
    *high = bounded ? n->a.unary.q + more : INFINITY;
}

/* One sample of m elements. */
static void relu_sample(const fvi_node *n, const double *x, const double *dy, int64_t m, int guided,
                        int redirect, double *dx) {
    double low, high;
    bounds(n, &low, &high);
    const double slope = n->a.unary.f == FVI_LEAKY_RELU ? n->a.unary.p : 0;
    for (int64_t i = 0; i < m; i++) {
        dx[i] = x[i] > low && x[i] < high ? dy[i] : slope * dy[i];
        if (guided) dx[i] = fmax(dx[i], 0);
    }
    if (!redirect || !all_zero(dx, m)) return;
    for (int64_t i = 0; i < m; i++)
        if ((x[i] <= low && dy[i] > 0) || (x[i] >= high && dy[i] < 0)) dx[i] = dy[i];
}

static void relu(const fvi_node *n, const fvi_ref *in, const fvi_ref *dy, const fvi_ref_relu *how,
                 double *dx) {
    const int64_t count = fvi_ref_count(&in->shape);
    const int64_t samples = how->redirect ? how->samples : 1, m = count / samples;
    for (int64_t k = 0; k < samples; k++)
        relu_sample(n, in->data + k * m, dy->data + k * m, m, how->guided,
                    how->redirect && how->redirect[k], dx + k * m);
}

/* ---- the others ----------------------------------------------------------------------------- */

static int is_move(const fvi_node *n, int i) {
    switch (n->kind) {
    case FVI_IDENTITY:
    case FVI_RESHAPE:
    case FVI_EXPAND:
    case FVI_CONCAT:
    case FVI_SLICE:
    case FVI_PAD:
    case FVI_TRANSPOSE: return 1;
    case FVI_GATHER: return i == 0;
    case FVI_WHERE: return i > 0;
    default: return 0;
    }
}

/* in[i] is numbered while this runs. */
static void move(const fvi_node *n, fvi_ref *in, const fvi_ref *dy, int i, double *dx) {
    const int64_t count = fvi_ref_count(&in[i].shape), outs = fvi_ref_count(&dy->shape);
    fvi_ref own = in[i], out = {dy->shape, need(outs)};
    in[i].data = need(count);
    for (int64_t k = 0; k < count; k++) in[i].data[k] = FIRST + (double)k;
    fvi_reference_of(n->kind)(n, in, &out);
    for (int64_t k = 0; k < count; k++) dx[k] = 0;
    for (int64_t k = 0; k < outs; k++)
        if (out.data[k] >= FIRST && out.data[k] < FIRST + (double)count)
            dx[(int64_t)(out.data[k] - FIRST)] += dy->data[k];
    free(in[i].data);
    free(out.data);
    in[i] = own;
}

static int is_pointwise(const fvi_node *n, int i) {
    return n->kind == FVI_UNARY || n->kind == FVI_BINARY || (n->kind == FVI_BATCH_NORM && i == 0);
}

/* The element of a tensor of shape `of` that is broadcast to position pos. */
static int64_t broadcast_from(const fvi_shape *of, const int64_t *pos, int ndim) {
    int64_t own[FVI_MAX_DIMS];
    for (int d = 0; d < of->ndim; d++) own[d] = of->dim[d] == 1 ? 0 : pos[d + ndim - of->ndim];
    return fvi_ref_ravel(of, own);
}

static void pointwise(const fvi_node *n, fvi_ref *in, const fvi_ref *dy, int i, double *dx) {
    const int64_t count = fvi_ref_count(&in[i].shape), outs = fvi_ref_count(&dy->shape);
    fvi_ref own = in[i], up = {dy->shape, need(outs)}, down = {dy->shape, need(outs)};
    int64_t pos[FVI_MAX_DIMS] = {0};
    in[i].data = need(count);
    for (int64_t k = 0; k < count; k++) in[i].data[k] = own.data[k] + STEP;
    fvi_reference_of(n->kind)(n, in, &up);
    for (int64_t k = 0; k < count; k++) in[i].data[k] = own.data[k] - STEP;
    fvi_reference_of(n->kind)(n, in, &down);
    for (int64_t k = 0; k < count; k++) dx[k] = 0;
    for (int64_t k = 0; k < outs; k++) {
        fvi_ref_unravel(&dy->shape, k, pos);
        dx[broadcast_from(&own.shape, pos, dy->shape.ndim)] +=
            dy->data[k] * (up.data[k] - down.data[k]) / (2 * STEP);
    }
    free(in[i].data);
    free(up.data);
    free(down.data);
    in[i] = own;
}

static void one_by_one(const fvi_node *n, fvi_ref *in, const fvi_ref *dy, int i, double *dx) {
    const int64_t count = fvi_ref_count(&in[i].shape), outs = fvi_ref_count(&dy->shape);
    fvi_ref up = {dy->shape, need(outs)}, down = {dy->shape, need(outs)};
    for (int64_t k = 0; k < count; k++) {
        const double x = in[i].data[k];
        in[i].data[k] = x + STEP;
        fvi_reference_of(n->kind)(n, in, &up);
        in[i].data[k] = x - STEP;
        fvi_reference_of(n->kind)(n, in, &down);
        in[i].data[k] = x;
        dx[k] = 0;
        for (int64_t o = 0; o < outs; o++)
            dx[k] += dy->data[o] * (up.data[o] - down.data[o]) / (2 * STEP);
    }
    free(up.data);
    free(down.data);
}

void fvi_ref_vjp(const fvi_node *n, fvi_ref *in, const fvi_ref *dy, int i, const fvi_ref_relu *how,
                 double *dx) {
    if (fvi_node_stops_gradient(n))
        memset(dx, 0, (size_t)fvi_ref_count(&in[i].shape) * sizeof *dx);
    else if ((n->kind == FVI_CONV || n->kind == FVI_CONV_TRANSPOSE) && i == 0)
        conv(n, in, dy, dx);
    else if (is_relu(n))
        relu(n, in, dy, how, dx);
    else if (is_move(n, i))
        move(n, in, dy, i, dx);
    else if (is_pointwise(n, i))
        pointwise(n, in, dy, i, dx);
    else
        one_by_one(n, in, dy, i, dx);
}
