/* SPDX-License-Identifier: Apache-2.0 */
/* Builders of the primitives with weights: convolution, its transpose, inner product, matmul.
 *
 * Operands have layout `any`, so that oneDNN chooses implementation and layouts together, except
 * where the layout is given (run-time weights, matmul, source and result of the inner product).
 * oneDNN's Winograd is never used: it has none for AVX2, and ours (winograd.c) is more precise.
 *
 * The padding after the end is not the model's but computed, so that the sizes agree exactly:
 *
 *   pad_r = (o-1) stride + (k-1) dilation + 1 - i - pad_l
 */
#include <string.h>

#include "backend/onednn/dnnl/dnnl_act_internal.h"
#include "backend/onednn/dnnl/dnnl_conv.h"
#include "backend/onednn/dnnl/dnnl_layout.h"
#include "backend/onednn/dnnl/dnnl_prim_internal.h"
#include "base/error.h"

/* Descriptors and attributes of one build, freed together. */
typedef struct parts {
    fvi_layout *src, *weights, *bias, *dst;
    dnnl_primitive_attr_t attr;
} parts;

static void parts_free(parts *p) {
    fvi_layout_free(p->src);
    fvi_layout_free(p->weights);
    fvi_layout_free(p->bias);
    fvi_layout_free(p->dst);
    if (p->attr) dnnl_primitive_attr_destroy(p->attr);
}

static fvi_operands operands_of(const parts *p) {
    return (fvi_operands){fvi_layout_md(p->src), fvi_layout_md(p->weights), fvi_layout_md(p->bias),
                          fvi_layout_md(p->dst)};
}

/* Attributes of convolutions and products: scratch memory given by the caller, activation,
 * precision.
 */
static fv_status make_attr(const fvi_dnnl_engine *b, const fvi_act *act, dnnl_primitive_attr_t *out,
                           fv_error *err) {
    fv_status st = fvi_attr_new(act, out, err);
    if (st || !b->bf16) return st;
    dnnl_status_t ds = dnnl_primitive_attr_set_fpmath_mode(*out, dnnl_fpmath_mode_bf16);
    return ds ? fvi_dnnl_fail(err, ds, "asking for bf16") : FV_OK;
}

static fv_status make_any(const fvi_shape *shape, dnnl_data_type_t type, fvi_layout **out,
                          fv_error *err) {
    dnnl_status_t st = fvi_md_any(out, shape, type);
    return st ? fvi_dnnl_fail(err, st, "describing a tensor") : FV_OK;
}

/* A window over `in` that gives `out` (swapped by the caller for transposed convolutions). */
static fvi_slide slide_of(const fvi_window *w, const fvi_shape *in, const fvi_shape *out) {
    fvi_slide s = {.stride = {0}};
    for (int i = 0; i < w->n; i++) {
        int64_t extent = (w->kernel[i] - 1) * w->dilation[i] + 1;
        s.stride[i] = w->stride[i];
        s.kernel[i] = w->kernel[i];
        s.dilation[i] = w->dilation[i] - 1;
        s.pad_l[i] = w->pad_lo[i];
        s.pad_r[i] = (out->dim[i + 2] - 1) * w->stride[i] + extent - in->dim[i + 2] - w->pad_lo[i];
    }
    return s;
}

/* ---- convolution ---- */

/* The factors have type `read`; the result and the bias are f32. */
static fv_status conv_parts(const fvi_dnnl_engine *b, const fvi_conv_desc *d, dnnl_data_type_t read,
                            parts *p, fv_error *err) {
    fvi_shape bias = {.ndim = 1, .dim = {d->dst.dim[1]}};
    fv_status st = make_any(&d->src, d->backward ? dnnl_f32 : read, &p->src, err);
    if (!st)
        st = d->plain_weights ? fvi_layout_make(NULL, &d->weights, &p->weights, err)
                              : make_any(&d->weights, read, &p->weights, err);
    if (!st && d->bias && !d->backward) st = fvi_layout_make(NULL, &bias, &p->bias, err);
    if (!st) st = make_any(&d->dst, d->backward ? read : dnnl_f32, &p->dst, err);
    return st ? st : make_attr(b, d->backward ? NULL : d->act, &p->attr, err);
}

static fv_status conv_of(fvi_dnnl_engine *b, const fvi_conv_desc *d, dnnl_data_type_t read,
                         fvi_prim **out, fv_error *err) {
    const char *what = d->transposed ? "transposed convolution" : "convolution";
    parts p = {0};
    dnnl_primitive_desc_t pd = NULL;
    fv_status st = conv_parts(b, d, read, &p, err);
    if (!st) {
        fvi_slide s = d->transposed ? slide_of(d->window, &d->dst, &d->src)
                                    : slide_of(d->window, &d->src, &d->dst);
        fvi_pd how = {b->engine, p.attr, d->forward ? d->forward->pd : NULL};
        fvi_operands o = operands_of(&p);
        dnnl_status_t ds = d->transposed ? fvi_pd_deconv(&pd, &how, &o, &s, d->backward)
                                         : fvi_pd_conv(&pd, &how, &o, &s, d->backward);
        st = ds ? fvi_dnnl_fail(err, ds, what) : fvi_prim_new(b, pd, d->backward, what, out, err);
    }
    parts_free(&p);
    return st;
}

/* Whether a convolution has enough arithmetic to pay for rounding its inputs: not a depthwise one.
 * Run-time weights stay f32. */
static int is_worth_rounding(const fvi_conv_desc *d) {
    return !d->plain_weights && d->weights.dim[d->weights.ndim - d->window->n - 1] > 1;
}

fv_status fvi_prim_conv(fvi_dnnl_engine *b, const fvi_conv_desc *d, fvi_prim **out, fv_error *err) {
    if (b->bf16 && is_worth_rounding(d)) {
        fvi_prim *p = NULL;
        fv_status st = conv_of(b, d, dnnl_bf16, &p, err);
        if (st == FV_NOMEM) return st;
        if (!st && !fvi_prim_is_slow(p)) {
            *out = p;
            return FV_OK;
        }
        if (!st) fvi_prim_free(p);
    }
    return conv_of(b, d, dnnl_f32, out, err);
}

/* Whether the processor has bf16 instructions, and oneDNN a kernel for them. (On other processors
 * with AVX-512 oneDNN emulates bf16, more slowly than f32.) */
int fvi_dnnl_engine_has_bf16(fvi_dnnl_engine *b) {
    const fvi_window window = {
        .n = 2, .kernel = {3, 3}, .stride = {1, 1}, .dilation = {1, 1}, .pad_lo = {1, 1}};
    const fvi_shape picture = {.ndim = 4, .dim = {1, 64, 28, 28}};
    const fvi_conv_desc d = {.src = picture,
                             .weights = {.ndim = 4, .dim = {64, 64, 3, 3}},
                             .dst = picture,
                             .window = &window};
    fvi_prim *p = NULL;
    if (~dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core_bf16) return 0;
    const int has = !conv_of(b, &d, dnnl_bf16, &p, NULL) && !fvi_prim_is_slow(p);
    fvi_prim_free(p);
    return has;
}

/* ---- inner product ---- */

static fv_status inner_once(fvi_dnnl_engine *b, const fvi_inner_desc *d, const fvi_layout *weights,
                            int given, fvi_prim **out, fv_error *err) {
    fvi_shape src = {.ndim = 2, .dim = {d->rows, d->k}}, w = {.ndim = 2, .dim = {d->n, d->k}};
    fvi_shape dst = {.ndim = 2, .dim = {d->rows, d->n}}, bias = {.ndim = 1, .dim = {d->n}};
    parts p = {0};
    fv_status st = fvi_layout_make(NULL, &src, &p.src, err);
    if (!st)
        st = given ? fvi_layout_make(weights, &w, &p.weights, err)
                   : make_any(&w, dnnl_f32, &p.weights, err);
    if (!st && d->bias && !d->backward) st = fvi_layout_make(NULL, &bias, &p.bias, err);
    if (!st) st = fvi_layout_make(NULL, &dst, &p.dst, err);
    if (!st) st = make_attr(b, d->backward ? NULL : d->act, &p.attr, err);
    if (!st) {
        dnnl_primitive_desc_t pd = NULL;
        fvi_pd how = {b->engine, p.attr, d->forward ? d->forward->pd : NULL};
        fvi_operands o = operands_of(&p);
        dnnl_status_t ds = fvi_pd_inner(&pd, &how, &o, d->backward);
        st = ds ? fvi_dnnl_fail(err, ds, "fully connected")
                : fvi_prim_new(b, pd, d->backward, "fully connected", out, err);
    }
    parts_free(&p);
    return st;
}

fv_status fvi_prim_inner(fvi_dnnl_engine *b, const fvi_inner_desc *d, fvi_prim **out,
                         fv_error *err) {
    /* Try forward's layout first, so that large weights are not kept twice. */
    if (d->backward && d->forward) {
        fvi_prim *p = NULL;
        fv_status st = inner_once(b, d, fvi_prim_layout(d->forward, FVI_WEIGHTS), 1, &p, err);
        if (st == FV_NOMEM) return st;
        if (!st && !fvi_prim_is_slow(p)) {
            *out = p;
            return FV_OK;
        }
        fvi_prim_free(p);
    }
    return inner_once(b, d, NULL, 0, out, err);
}

/* ---- matmul ---- */

/* m as matmul sees it: the last two axes swapped if the transpose is what is stored. */
static fv_status matrix(const fvi_matrix *m, int ndim, fvi_layout **out, fv_error *err) {
    const fvi_shape *x = m->shape;
    int64_t own[FVI_MAX_DIMS], strides[FVI_MAX_DIMS];
    fvi_shape shape = {.ndim = ndim};
    int skip = ndim - x->ndim;
    fvi_shape_strides(x, own);
    for (int i = 0; i < ndim; i++) {
        int from = i - skip;
        if (m->trans && i >= ndim - 2) from = 2 * x->ndim - 3 - from;
        shape.dim[i] = from < 0 ? 1 : x->dim[from];
        strides[i] = from < 0 ? own[0] * x->dim[0] : own[from];
    }
    dnnl_status_t st = fvi_md_strided(out, &shape, dnnl_f32, strides);
    return st ? fvi_dnnl_fail(err, st, "describing a matrix") : FV_OK;
}

fv_status fvi_prim_matmul(fvi_dnnl_engine *b, const fvi_matrix *x, const fvi_matrix *y,
                          const fvi_matrix *dst, fvi_prim **out, fv_error *err) {
    const int ndim = dst->shape->ndim;
    parts p = {0};
    fv_status st = matrix(x, ndim, &p.src, err);
    if (!st) st = matrix(y, ndim, &p.weights, err);
    if (!st) st = matrix(dst, ndim, &p.dst, err);
    if (!st) st = make_attr(b, NULL, &p.attr, err);
    if (!st) {
        dnnl_primitive_desc_t pd = NULL;
        fvi_pd how = {b->engine, p.attr, NULL};
        fvi_operands o = operands_of(&p);
        dnnl_status_t ds = fvi_pd_matmul(&pd, &how, o.src, o.weights, o.dst);
        st = ds ? fvi_dnnl_fail(err, ds, "matrix product")
                : fvi_prim_new(b, pd, 0, "matrix product", out, err);
    }
    parts_free(&p);
    if (st) return st;
    fvi_prim_set(*out, FVI_SRC, x->buffer);
    fvi_prim_set(*out, FVI_WEIGHTS, y->buffer);
    fvi_prim_set(*out, FVI_DST, dst->buffer);
    return FV_OK;
}
