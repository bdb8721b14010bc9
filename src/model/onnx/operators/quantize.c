/* SPDX-License-Identifier: Apache-2.0 */
/* Quantised networks, run as floating point. An integer q stands for the number s*(q - z), with a
 * scale s and a zero point z. Constants are dequantised exactly. A value at run time becomes
 * x/s + z within the range of its integer type, but is not rounded, so that the gradient passes
 * straight through what rounds into the range: it is within half a step of the integer that the
 * file means, and a network is within the steps of its quantisation. Scales and zero points are
 * constants; those that only dequantise may be one number at run time.
 *
 * DynamicQuantizeLinear takes its scale from the numbers that it quantises. Where its outputs meet
 * again in products of integers, the scale changes nothing without rounding, and is 1 here, with
 * zero point 0; elsewhere, and where one of them is asked for, it is computed.
 * Source: ONNX operator specification; ONNX Runtime's documentation of com.microsoft.
 */
#include "model/onnx/operators/quantize.h"

#include <math.h>
#include <string.h>

#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"
#include "model/onnx/operators/conv.h"
#include "model/onnx/tensors/tensor.h"

/* How the elements of a value are quantised. */
typedef struct quantum {
    const fvi_const *scale, *zero; /* NULL: 1; 0 */
    int run_scale, run_zero;       /* values of one number, computed at run time; -1: none */
    fvi_shape x;                   /* of the value */
    int64_t count;                 /* of scales, or of zero points where there are no scales */
    int axis;                      /* along which they differ, where there are several */
    int64_t block;                 /* elements of the axis that share one; 0: one an index */
} quantum;

/* Whether a shape is x's with the axis divided into blocks. */
static int is_blocked(const fvi_shape *s, const quantum *q) {
    if (q->block < 1 || s->ndim != q->x.ndim) return 0;
    for (int i = 0; i < s->ndim; i++) {
        const int64_t d = q->x.dim[i];
        const int64_t n = i == q->axis ? d / q->block + (d % q->block != 0) : d;
        if (s->dim[i] != n) return 0;
    }
    return 1;
}

static void check_scales(fvi_onnx_node *node, const fvi_const *c) {
    for (int64_t i = 0; i < fvi_shape_count(&c->shape); i++)
        if (!(fvi_const_at(c, i) > 0) || !isfinite(1 / fvi_const_at(c, i)))
            fvi_build_fail(node->b, FV_UNSUPPORTED,
                           "scale %" PRId64 " is %g; allowed: positive numbers", i,
                           fvi_const_at(c, i));
}

/* Input i where its numbers are known, else NULL; one number at run time is *run (-1: none). */
static const fvi_const *known(fvi_onnx_node *node, int i, const char *what, int *run) {
    const int v = fvi_onnx_in(node, i);
    const fvi_shape s = fvi_build_shape(node->b, v);
    *run = -1;
    if (v < 0 || node->b->status) return NULL;
    if (fvi_build_const(node->b, v) || fvi_shape_count(&s) != 1)
        return fvi_onnx_fixed(node, i, what);
    *run = fvi_emit_reshape(node->b, v, &(fvi_shape){0});
    return NULL;
}

/* Reads scales and zero points of a value of shape x; fails where they do not fit it.
 *   scale, zero  inputs of the node; -1: none */
static void read_quantum(fvi_onnx_node *node, const fvi_shape *x, int scale, int zero, int64_t axis,
                         int64_t block, quantum *q) {
    *q = (quantum){.x = *x, .block = block, .count = 1, .run_scale = -1, .run_zero = -1};
    if (scale >= 0) fvi_onnx_need(node, scale);
    q->scale = known(node, scale, "scale", &q->run_scale);
    q->zero = known(node, zero, "zero point", &q->run_zero);
    const fvi_const *c = q->scale ? q->scale : q->zero;
    if (node->b->status || !c) return;
    q->count = fvi_shape_count(&c->shape);
    if (q->scale && q->zero && fvi_shape_count(&q->zero->shape) != q->count)
        fvi_build_fail(node->b, FV_SHAPE, "it has %" PRId64 " scales and %" PRId64 " zero points",
                       q->count, fvi_shape_count(&q->zero->shape));
    if (q->scale) check_scales(node, q->scale);
    if (q->count == 1 || node->b->status) return;
    q->axis = fvi_build_axis(node->b, axis, x->ndim);
    if (node->b->status || is_blocked(&c->shape, q)) return;
    q->block = 0;
    char text[FVI_SHAPE_TEXT], own[FVI_SHAPE_TEXT];
    if (x->ndim == 0 || q->count != x->dim[q->axis])
        fvi_build_fail(node->b, FV_SHAPE, "scales or zero points %s do not fit %s along axis %d",
                       fvi_shape_text(&c->shape, text), fvi_shape_text(x, own), q->axis);
}

/* Which scale and zero point element i has. */
static int64_t which(const quantum *q, int64_t i) {
    if (q->count == 1) return 0;
    const int64_t inner = fvi_shape_product(&q->x, q->axis + 1, q->x.ndim), d = q->x.dim[q->axis];
    const int64_t k = i / inner % d;
    if (!q->block) return k;
    return (i / inner / d * (d / q->block + (d % q->block != 0)) + k / q->block) * inner +
           i % inner;
}

static double scale_at(const quantum *q, int64_t k) {
    return q->scale ? fvi_const_at(q->scale, k) : 1;
}

static double zero_at(const quantum *q, int64_t k) {
    return q->zero ? fvi_const_at(q->zero, k) : 0;
}

/* What is computed of a scale and a zero point. */
enum { SCALE, STEPS, ZERO };

/* A constant of one of them for each element, broadcasting against the value. */
static int spread(fvi_builder *b, const quantum *q, int what) {
    fvi_shape shape = q->x;
    for (int i = 0; i < shape.ndim && !q->block; i++)
        if (i != q->axis) shape.dim[i] = 1;
    const int64_t n = fvi_shape_count(&shape);
    uint8_t *data;
    if (!fvi_build_charge(b, n)) return -1;
    const int v = fvi_emit_constant(b, FVI_F32, &shape, &data);
    for (int64_t i = 0; v >= 0 && i < n; i++) {
        const int64_t k = q->block ? which(q, i) : i;
        const double s = scale_at(q, k);
        fvi_put_real(FVI_F32, data, i, what == ZERO ? zero_at(q, k) : what == SCALE ? s : 1 / s);
    }
    return v;
}

/* s*(v - z), with the scale and zero point that are known. */
static int known_to_real(fvi_builder *b, const quantum *q, int v) {
    const fvi_const *c = fvi_build_const(b, v);
    if (v < 0 || b->status) return -1;
    if (c) {
        const int64_t n = fvi_shape_count(&q->x);
        uint8_t *data;
        if (!fvi_build_charge(b, 2 * n)) return -1;
        const int out = fvi_emit_constant(b, FVI_F32, &q->x, &data);
        for (int64_t i = 0; out >= 0 && i < n; i++) {
            const int64_t k = which(q, i);
            fvi_put_real(FVI_F32, data, i, (fvi_const_at(c, i) - zero_at(q, k)) * scale_at(q, k));
        }
        fvi_emit_quantised(b, out);
        return out;
    }
    if (!q->scale && !q->zero) return v;
    if (q->count == 1) {
        const double s = scale_at(q, 0);
        return fvi_emit_unary(b, FVI_LINEAR, (float)s, (float)(-s * zero_at(q, 0)), v);
    }
    if (q->zero) v = fvi_emit_binary(b, FVI_SUB, v, spread(b, q, ZERO));
    return q->scale ? fvi_emit_binary(b, FVI_MUL, v, spread(b, q, SCALE)) : v;
}

/* s*(v - z), a real number where anything is computed. */
static int to_real(fvi_builder *b, const quantum *q, int v) {
    if (q->run_zero >= 0) {
        const quantum plain = {.x = q->x, .count = 1};
        v = fvi_emit_binary(b, FVI_SUB, known_to_real(b, &plain, v), q->run_zero);
    }
    const int steps = v;
    v = known_to_real(b, q, v);
    if (q->run_scale >= 0) v = fvi_emit_binary(b, FVI_MUL, v, q->run_scale);
    if (v != steps && v >= 0 && !fvi_build_const(b, v)) fvi_build_value(b, v)->dtype = FVI_F32;
    return v;
}

/* The range of a quantised type; fails where it is none that is read. */
static int range(fvi_builder *b, const quantum *q, fvi_dtype t, double *lo, double *hi) {
    const int is_half = q->zero && q->zero->quantised == FVI_QUANTISED_4_BITS; /* of a byte */
    const int bits = is_half                        ? 4
                     : t == FVI_U8 || t == FVI_I8   ? 8
                     : t == FVI_U16 || t == FVI_I16 ? 16
                                                    : 32;
    const int is_signed = t == FVI_I8 || t == FVI_I16 || t == FVI_I32;
    if (!is_signed && t != FVI_U8 && t != FVI_U16) {
        fvi_build_fail(b, FV_UNSUPPORTED,
                       "it quantises to %s; uint8, int8, uint16, int16 and int32 are supported",
                       fvi_dtype_name(t));
        return 0;
    }
    *lo = is_signed ? -ldexp(1, bits - 1) : 0;
    *hi = ldexp(1, is_signed ? bits - 1 : bits) - 1;
    return 1;
}

/* round(x/s) + z within lo..hi, of a constant. */
static int constant_to_steps(fvi_builder *b, const quantum *q, fvi_dtype t, const fvi_const *c) {
    const int64_t n = fvi_shape_count(&q->x);
    double lo, hi;
    uint8_t *data;
    if (!range(b, q, t, &lo, &hi) || !fvi_build_charge(b, 2 * n)) return -1;
    const int out = fvi_emit_constant(b, t, &q->x, &data);
    for (int64_t i = 0; out >= 0 && i < n; i++) {
        const int64_t k = which(q, i);
        const float steps = (float)fvi_const_at(c, i) / (float)scale_at(q, k);
        const double r = nearbyint(steps) + zero_at(q, k);
        fvi_put_int(t, data, i, (int64_t)(r > lo ? r < hi ? r : hi : lo));
    }
    return out;
}

/* x/s + z within the range of type t; rounded where x is a constant. */
static int to_steps(fvi_builder *b, const quantum *q, fvi_dtype t, int v) {
    double lo, hi;
    if (v < 0 || b->status || !range(b, q, t, &lo, &hi)) return -1;
    const fvi_const *c = fvi_build_const(b, v);
    if (c) return constant_to_steps(b, q, t, c);
    if (q->count == 1) {
        v = fvi_emit_unary(b, FVI_LINEAR, (float)(1 / scale_at(q, 0)), (float)zero_at(q, 0), v);
    } else {
        v = fvi_emit_binary(b, FVI_MUL, v, spread(b, q, STEPS));
        if (q->zero) v = fvi_emit_binary(b, FVI_ADD, v, spread(b, q, ZERO));
    }
    return fvi_emit_unary(b, FVI_SATURATE, (float)lo, (float)hi, v);
}

int fvi_onnx_real_input(fvi_onnx_node *node, int i, int scale, int zero, int64_t axis) {
    const int v = fvi_onnx_need(node, i);
    const fvi_shape x = fvi_build_shape(node->b, v);
    quantum q;
    if (v < 0) return -1;
    read_quantum(node, &x, scale, zero, axis, 0, &q);
    return to_real(node->b, &q, v);
}

/* What is quantised has its scale and zero point known. */
static void need_known(fvi_onnx_node *node, int scale, int zero) {
    fvi_onnx_fixed(node, scale, "scale");
    fvi_onnx_fixed(node, zero, "zero point");
}

fv_status fvi_onnx_quantised_output(fvi_onnx_node *node, int v, int scale, int zero) {
    const fvi_shape x = fvi_build_shape(node->b, v);
    quantum q;
    if (v < 0) return node->b->status;
    need_known(node, scale, zero);
    read_quantum(node, &x, scale, zero, 1, 0, &q);
    return fvi_onnx_out(node, 0, to_steps(node->b, &q, q.zero ? q.zero->dtype : FVI_U8, v));
}

/* param 1: dequantises. */
fv_status fvi_lower_quantize_linear(fvi_onnx_node *node) {
    const int v = fvi_onnx_need(node, 0);
    const fvi_shape x = fvi_build_shape(node->b, v);
    quantum q;
    if (v < 0) return node->b->status;
    if (!node->op->param) need_known(node, 1, 2);
    read_quantum(node, &x, 1, 2, fvi_onnx_attr_int(node->proto, "axis", 1),
                 fvi_onnx_attr_int(node->proto, "block_size", 0), &q);
    if (node->b->status) return node->b->status;
    if (node->op->param) return fvi_onnx_out(node, 0, to_real(node->b, &q, v));
    const int64_t t = fvi_onnx_attr_int(node->proto, "output_dtype", 0);
    if (t < 0 || t > FVI_BF16)
        return fvi_build_fail(node->b, FV_UNSUPPORTED, "it quantises to type %" PRId64, t);
    const fvi_dtype own = q.zero ? q.zero->dtype : t ? (fvi_dtype)t : FVI_U8;
    return fvi_onnx_out(node, 0, to_steps(node->b, &q, own, v));
}

/* ---- DynamicQuantizeLinear ---- */

/* Whether input i of a node is output k of `of`. */
static int reads_output(const Onnx__NodeProto *n, size_t i, const Onnx__NodeProto *of, size_t k) {
    return i < n->n_input && k < of->n_output && of->output[k][0] &&
           !strcmp(n->input[i], of->output[k]);
}

/* How many inputs of a node are outputs of `of`. */
static int count_reads(const Onnx__NodeProto *n, const Onnx__NodeProto *of) {
    int count = 0;
    for (size_t i = 0; i < n->n_input; i++)
        for (size_t k = 0; k < of->n_output; k++) count += reads_output(n, i, of, k);
    return count;
}

/* Operators that read quantised numbers with their scale and zero point. */
typedef struct pair_reader {
    const char *op;
    size_t y, scale, zero; /* inputs; the scale NO_SCALE: multiplied in afterwards */
} pair_reader;

#define NO_SCALE SIZE_MAX

static const pair_reader pair_readers[] = {{"ConvInteger", 0, NO_SCALE, 2},
                                           {"MatMulInteger", 0, NO_SCALE, 2},
                                           {"MatMulIntegerToFloat", 0, 2, 4},
                                           {"DequantizeLinear", 0, 1, 2}};

/* What a node that reads outputs of a DynamicQuantizeLinear does with them. */
enum { SEPARATE, WHOLE, WITHOUT_SCALE, SCALE_ONLY };

static int use_of(const fvi_onnx_node *node, const Onnx__NodeProto *n) {
    const Onnx__NodeProto *of = node->proto;
    const int reads = count_reads(n, of);
    for (size_t i = 0; i < G_N_ELEMENTS(pair_readers); i++) {
        const pair_reader *r = &pair_readers[i];
        const int scaled = r->scale != NO_SCALE;
        if (!strcmp(n->op_type, r->op) && reads == 2 + scaled && reads_output(n, r->y, of, 0) &&
            reads_output(n, r->zero, of, 2) && (!scaled || reads_output(n, r->scale, of, 1)))
            return scaled ? WHOLE : WITHOUT_SCALE;
    }
    for (size_t i = 0; i < 2 && !strcmp(n->op_type, "Mul") && n->n_input == 2 && reads == 1; i++)
        if (reads_output(n, i, of, 1) && fvi_onnx_initializer(node->l->onnx, n->input[1 - i]))
            return SCALE_ONLY;
    return SEPARATE;
}

/* Whether the outputs meet again in what reads them, so that the scale does not matter: products of
 * integers, and the scale times that of the weights, which is multiplied in behind them. */
static int used_together(fvi_onnx_node *node) {
    const Onnx__GraphProto *g = node->scope->graph;
    int used[SCALE_ONLY + 1] = {0};
    for (int i = 0; i < 3; i++)
        if (fvi_onnx_is_asked(node, i)) return 0;
    if (!fvi_build_charge(node->b, (int64_t)g->n_node)) return 0;
    for (size_t i = 0; i < g->n_node; i++) {
        const Onnx__NodeProto *n = g->node[i];
        for (size_t k = 0; k < n->n_attribute; k++)
            if (n->attribute[k]->g) return 0; /* its graph may read them */
        if (count_reads(n, node->proto)) used[use_of(node, n)]++;
    }
    return !used[SEPARATE] && !used[WITHOUT_SCALE] == !used[SCALE_ONLY];
}

/* A constant as uint8; what is computed at run time is of whole numbers already, or not rounded. */
static int as_bytes(fvi_builder *b, int v) {
    const fvi_const *c = fvi_build_const(b, v);
    uint8_t *data;
    if (!c || b->status) return v;
    const int64_t n = fvi_shape_count(&c->shape);
    const int out = fvi_emit_constant(b, FVI_U8, &c->shape, &data);
    for (int64_t i = 0; out >= 0 && i < n; i++) {
        const double x = nearbyint(fvi_const_at(c, i));
        fvi_put_int(FVI_U8, data, i, x > 0 ? x < 255 ? (int64_t)x : 255 : 0);
    }
    return out;
}

/* scale = (max(x, 0) - min(x, 0)) / 255, zero = round(-min(x, 0) / scale), y = x / scale + zero */
static fv_status quantise_dynamically(fvi_onnx_node *node, int x) {
    fvi_builder *b = node->b;
    const unsigned all = (1u << fvi_build_shape(b, x).ndim) - 1;
    const int none = fvi_emit_scalar(b, FVI_F32, 0), one = fvi_emit_scalar(b, FVI_F32, 1);
    const int low =
        fvi_emit_binary(b, FVI_MIN, fvi_emit_reduce(b, FVI_REDUCE_MIN, all, 0, x), none);
    const int high =
        fvi_emit_binary(b, FVI_MAX, fvi_emit_reduce(b, FVI_REDUCE_MAX, all, 0, x), none);
    const int width = fvi_emit_binary(b, FVI_SUB, high, low);
    const int step = fvi_emit_binary(b, FVI_DIV, width, fvi_emit_scalar(b, FVI_F32, 255));
    const int flat = fvi_emit_binary(b, FVI_EQUAL, width, none);
    const int scale = fvi_emit_where(b, flat, one, step);
    int zero = fvi_emit_unary(b, FVI_NEG, 0, 0, fvi_emit_binary(b, FVI_DIV, low, scale));
    zero = fvi_emit_unary(b, FVI_CLIP, 0, 255, fvi_emit_unary(b, FVI_ROUND, 0, 0, zero));
    int y = fvi_emit_binary(b, FVI_DIV, x, scale);
    if (fvi_build_const(b, y)) y = fvi_emit_unary(b, FVI_ROUND, 0, 0, y);
    y = fvi_emit_binary(b, FVI_ADD, y, zero);
    if (fvi_onnx_wants(node, 0)) fvi_onnx_out(node, 0, as_bytes(b, y));
    if (fvi_onnx_wants(node, 1)) fvi_onnx_out(node, 1, scale);
    if (fvi_onnx_wants(node, 2)) fvi_onnx_out(node, 2, as_bytes(b, zero));
    return b->status;
}

fv_status fvi_lower_dynamic_quantize(fvi_onnx_node *node) {
    const int x = fvi_onnx_need(node, 0);
    if (node->b->status) return node->b->status;
    if (!used_together(node)) return quantise_dynamically(node, x);
    fvi_onnx_out(node, 0, x);
    if (fvi_onnx_wants(node, 1)) fvi_onnx_out(node, 1, fvi_emit_scalar(node->b, FVI_F32, 1));
    if (fvi_onnx_wants(node, 2)) fvi_onnx_out(node, 2, fvi_emit_scalar(node->b, FVI_U8, 0));
    return node->b->status;
}

/* ---- products ---- */

/* A product of integers: int32 where it is a constant. */
static fv_status integer_output(fvi_onnx_node *node, int v) {
    const fvi_const *c = fvi_build_const(node->b, v);
    uint8_t *data;
    if (!c || node->b->status) return fvi_onnx_out(node, 0, v);
    const int64_t n = fvi_shape_count(&c->shape);
    if (!fvi_build_charge(node->b, n)) return node->b->status;
    v = fvi_emit_constant(node->b, FVI_I32, &c->shape, &data);
    for (int64_t i = 0; v >= 0 && i < n; i++)
        fvi_put_int(FVI_I32, data, i, (int64_t)nearbyint(fvi_const_at(c, i)));
    return fvi_onnx_out(node, 0, v);
}

/* x, weights, and their zero points. */
fv_status fvi_lower_conv_integer(fvi_onnx_node *node) {
    fvi_onnx_fixed(node, 1, "weights");
    const int x = fvi_onnx_real_input(node, 0, -1, 2, 1),
              w = fvi_onnx_real_input(node, 1, -1, 3, 0);
    if (node->b->status) return node->b->status;
    node->in[0] = x;
    node->in[1] = w;
    node->n_in = 2;
    return integer_output(node, fvi_onnx_conv(node));
}

fv_status fvi_lower_matmul_integer(fvi_onnx_node *node) {
    const int a = fvi_onnx_real_input(node, 0, -1, 2, -2),
              b = fvi_onnx_real_input(node, 1, -1, 3, -1);
    return integer_output(node, fvi_onnx_matmul(node, a, b));
}

/* The bias, whose scale is the product of those of input and weights; -1: none. */
static int real_bias(fvi_onnx_node *node) {
    const fvi_const *c = fvi_onnx_fixed(node, 8, "bias"),
                    *xs = fvi_build_const(node->b, node->in[1]);
    const fvi_const *ws = fvi_build_const(node->b, node->in[4]);
    if (!c || node->b->status) return -1;
    const int64_t n = fvi_shape_count(&c->shape), scales = fvi_shape_count(&ws->shape);
    uint8_t *data;
    if (scales != 1 && scales != n) {
        fvi_build_fail(node->b, FV_SHAPE, "its bias has %" PRId64 " numbers for %" PRId64 " scales",
                       n, scales);
        return -1;
    }
    const int v = fvi_emit_constant(node->b, FVI_F32, &c->shape, &data);
    for (int64_t i = 0; v >= 0 && i < n; i++)
        fvi_put_real(FVI_F32, data, i,
                     fvi_const_at(c, i) * fvi_const_at(xs, 0) *
                         fvi_const_at(ws, scales == 1 ? 0 : i));
    return v;
}

/* x, its scale and zero point; weights, theirs; the output's; bias. */
fv_status fvi_lower_qlinear_conv(fvi_onnx_node *node) {
    fvi_onnx_fixed(node, 3, "weights");
    const int x = fvi_onnx_real_input(node, 0, 1, 2, 1), w = fvi_onnx_real_input(node, 3, 4, 5, 0);
    if (node->b->status) return node->b->status;
    const int bias = real_bias(node), n = node->n_in;
    if (node->b->status) return node->b->status;
    node->in[0] = x;
    node->in[1] = w;
    node->in[2] = bias;
    node->n_in = 3;
    const int v = fvi_onnx_conv(node);
    node->n_in = n;
    return fvi_onnx_quantised_output(node, v, 6, 7);
}

fv_status fvi_lower_qlinear_matmul(fvi_onnx_node *node) {
    const int a = fvi_onnx_real_input(node, 0, 1, 2, -2),
              b = fvi_onnx_real_input(node, 3, 4, 5, -1);
    return fvi_onnx_quantised_output(node, fvi_onnx_matmul(node, a, b), 6, 7);
}
