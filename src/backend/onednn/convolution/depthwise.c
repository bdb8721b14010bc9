/* SPDX-License-Identifier: Apache-2.0 */
/* depthwise: backward through convolutions of one kernel a channel, on processors whose best
 * instructions are AVX2's.
 *
 *   dst[c][y][x] = sum over i, j of w[c][i][j] src[c][y stride + i - pad][x stride + j - pad]
 *
 * The gradient of the source is the same kind of sum. At position p of an axis, only weights k with
 * p + pad - k = stride q contribute, with the gradient at q; so each of the `stride` remainders of
 * p has its own weights, with neighbouring q: a convolution of stride 1, from whose sums every
 * stride-th position is written (fvi_depthwise_phase).
 *
 * Such convolutions are bound by memory. Time is saved at the activations around them: in a block
 * of MobileNet or EfficientNet, with activations a and b,
 *
 *   1x1 -> a -> depthwise -> b -> 1x1
 *
 * the gradient comes from the right, is multiplied by b's slopes, goes backward through the
 * convolution and is multiplied by a's slopes. Both multiplications are done here while rows are
 * read and written, instead of in extra passes over these large tensors (fused.h says when a's may
 * be). Redirected ReLUs look at whole samples first, and whether they are redirected is known only
 * at run time: then there are separate passes. Guided ReLUs are never fused.
 *
 * What it does not do: forward, where oneDNN is as fast; gradients of weights; dilations, strides
 * beyond 2, kernels beyond 7, weights made at run time. oneDNN's kernels are used there, and on
 * processors with AVX-512, where nothing was measured.
 */
#include "backend/onednn/convolution/depthwise.h"

#include "backend/onednn/convolution/depthwise_rows.h"
#include "backend/onednn/kernels/fused.h"
#include "base/error.h"
#include "base/parallel.h"
#include "graph/const.h"

#define LANES FVI_DEPTHWISE_LANES

enum { VARIANT_DEPTHWISE = 300 };

/* ---- when ------------------------------------------------------------------------------------ */

static int is_possible(const fvi_step *s, const fvi_convolution *c) {
    const fvi_window *w = c->desc.window;
    const int64_t channels = c->desc.src.dim[1];
    if (c->desc.transposed || w->n != 2 || c->desc.plain_weights) return 0;
    if (w->groups != channels || c->desc.dst.dim[1] != channels) return 0;
    for (int i = 0; i < 2; i++)
        if (w->kernel[i] > FVI_DEPTHWISE_KERNEL || w->stride[i] > FVI_DEPTHWISE_STRIDE ||
            w->dilation[i] != 1)
            return 0;
    return fvi_step_constant(s, 1) != NULL;
}

int fvi_depthwise_suits(const fvi_step *s, const fvi_convolution *c) {
    return is_possible(s, c) && (fvi_step_every_method(s) || fvi_dnnl_is_avx2());
}

/* ---- weights --------------------------------------------------------------------------------- */

typedef struct kernels {
    const fvi_const *weights, *scale; /* [c][1][y][x]; [c] or NULL */
} kernels;

/* [c / 8][y][x][8], zeros where there are no channels */
static fv_status fill_weights(void *user, float *to, fv_error *err) {
    const kernels *x = user;
    const int64_t *dim = x->weights->shape.dim, size = dim[2] * dim[3];
    (void)err;
    for (int64_t c = 0; c < (dim[0] + LANES - 1) / LANES * LANES; c++) {
        const double scale = c < dim[0] && x->scale ? fvi_const_at(x->scale, c) : 1;
        float *block = to + c / LANES * size * LANES + c % LANES;
        for (int64_t i = 0; i < size; i++)
            block[i * LANES] =
                c < dim[0] ? (float)(scale * fvi_const_at(x->weights, c * size + i)) : 0;
    }
    return FV_OK;
}

static fv_status get_weights(fvi_step *s, const fvi_convolution *c, fvi_buffer **out,
                             fv_error *err) {
    kernels x = {.weights = fvi_step_constant(s, 1)};
    const int64_t *dim = x.weights->shape.dim;
    if (c->norm) x.scale = fvi_node_constant(s->graph, c->norm, 1);
    fvi_weight_cache_key key = {.parts = {x.weights->bytes, x.scale ? x.scale->bytes : NULL},
                                .variant = VARIANT_DEPTHWISE};
    fvi_shape shape = {.ndim = 4, .dim = {(dim[0] + LANES - 1) / LANES, dim[2], dim[3], LANES}};
    const fvi_weight_cache_item item = {
        .key = key,
        .shape = shape,
        .fill = fill_weights,
        .user = &x,
    };
    return fvi_weight_cache_get(fvi_step_weights(s), fvi_step_engine(s), &item, out, err);
}

/* ---- planning -------------------------------------------------------------------------------- */

/* The non-negative remainder. */
static int64_t modulo(int64_t a, int64_t b) { return (a % b + b) % b; }

static fvi_depthwise_axis axis_of(const fvi_convolution *c, int i) {
    const fvi_window *w = c->desc.window;
    const int64_t stride = w->stride[i], kernel = w->kernel[i], pad = w->pad_lo[i];
    fvi_depthwise_axis x = {.src = c->desc.src.dim[i + 2],
                            .dst = c->desc.dst.dim[i + 2],
                            .kernel = (int)kernel,
                            .stride = (int)stride};
    for (int64_t p = 0; p < stride; p++) {
        const int64_t least = modulo(p + pad, stride);
        if (least >= kernel) continue; /* no weight reaches these positions */
        const int64_t taps = (kernel - 1 - least) / stride + 1, last = least + (taps - 1) * stride;
        x.phase[p] = (fvi_depthwise_phase){(int)taps, (p + pad - last) / stride, (int)last};
    }
    return x;
}

/* The mask of the gradient that is read. relu_backward.c's pass stays planned, for redirected runs
 * only. */
static fv_status mask_dst(fvi_step *s, const fvi_convolution *c, const fvi_layout *dst,
                          fvi_depthwise *d, fv_error *err) {
    if (!fvi_relu_is_planned(s) || s->backward_fused_by_consumer || fvi_step_is_guided(s))
        return FV_OK;
    d->masked = d->ddst;
    d->dst.slopes = fvi_relu_slopes(c->desc.act->f, c->desc.act->p, c->desc.act->q);
    fv_status st = fvi_step_convert(s, s->dst, dst, &d->dst.value, err);
    if (!st) st = fvi_step_convert(s, s->ddst, dst, &d->ddst, err);
    fvi_relu_skip(s);
    return st;
}

/* The mask of the gradient that is written. */
static fv_status mask_src(fvi_step *s, const fvi_layout *src, fvi_depthwise *d, fv_error *err) {
    fvi_act act;
    if (!fvi_fused_mask_producer(s, src, &act)) return FV_OK;
    d->src.slopes = fvi_relu_slopes(act.f, act.p, act.q);
    return fvi_step_convert(s, s->producer->dst, src, &d->src.value, err);
}

static fv_status plan_tensors(fvi_step *s, const fvi_convolution *c, const fvi_layout *src,
                              const fvi_layout *dst, fvi_depthwise *d, fv_error *err) {
    fv_status st = get_weights(s, c, &d->weights, err);
    if (!st) st = fvi_fused_ddst(s, dst, &d->ddst, err);
    if (!st) st = fvi_step_make_dsrc(s, 0, src, err);
    d->dsrc = s->dsrc[0];
    if (!st) st = mask_dst(s, c, dst, d, err);
    return st ? st : mask_src(s, src, d, err);
}

static double bytes_of(const fvi_buffer *p) { return p ? (double)p->bytes : 0; }

fv_status fvi_depthwise_plan(fvi_step *s, const fvi_convolution *c, fvi_depthwise **out,
                             fv_error *err) {
    fvi_layout *src = NULL, *dst = NULL;
    fvi_depthwise *d = fvi_step_alloc(s, 1, sizeof *d);
    if (!d) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    *d = (fvi_depthwise){.batch = c->desc.src.dim[0],
                         .channels = c->desc.src.dim[1],
                         .y = axis_of(c, 0),
                         .x = axis_of(c, 1)};
    fv_status st = fvi_layout_blocked(&c->desc.src, LANES, &src, err);
    if (!st) st = fvi_layout_blocked(&c->desc.dst, LANES, &dst, err);
    if (!st) st = plan_tensors(s, c, src, dst, d, err);
    fvi_layout_free(src);
    fvi_layout_free(dst);
    if (st) return st;
    s->direction[1].method = "depthwise:rows";
    s->direction[1].method_bytes = bytes_of(d->ddst) + bytes_of(d->weights) + bytes_of(d->dsrc) +
                                   bytes_of(d->dst.value) + bytes_of(d->src.value);
    *out = d;
    return FV_OK;
}

/* ---- running --------------------------------------------------------------------------------- */

void fvi_depthwise_run(const fvi_depthwise *d, int masks) {
    const int64_t n = fvi_depthwise_tiles(d);
#pragma omp parallel for schedule(static) if (d->dsrc->bytes > FVI_PARALLEL_MIN * sizeof(float))
    for (int64_t i = 0; i < n; i++) fvi_depthwise_tile(d, masks, i);
}
