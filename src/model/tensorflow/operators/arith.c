/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic, comparison and selection. A bias behind a convolution or a product becomes its own; a
 * product by one number a channel and a bias are batch normalisation. Source: math_ops.cc,
 * cwise_ops.h, bias_op.cc. */
#include "graph/const.h"
#include "model/tensorflow/kinds.h"
#include "model/tensorflow/nodes/attr.h"

/* ---- biases --------------------------------------------------------------------------------- */

/* Constant v as [c], where it has one number an element of the channels' axis of x, which is the
 * second where x is moved; -1 otherwise. */
static int as_bias(fvi_site *site, int v, int x) {
    const fvi_const *c = fvi_build_const(site->b, v);
    const fvi_shape s = fvi_channels_shape(site, x);
    if (!c || s.ndim < 2 || c->shape.ndim < 1 || c->shape.ndim > s.ndim) return -1;
    const int64_t n = fvi_shape_count(&c->shape);
    if (n < 1 || n != c->shape.dim[c->shape.ndim - 1] || n != s.dim[s.ndim - 1]) return -1;
    return fvi_emit_reshape(site->b, v, &(fvi_shape){1, {n}});
}

/* The node that makes x, where this operation alone reads its input i. */
static const fvi_node *own_producer(const fvi_site *site, int i, int x) {
    const int at = x >= 0 ? fvi_build_value(site->b, x)->v.producer : -1;
    return at >= 0 && fvi_tf_reads_alone(site, i) ? &g_array_index(site->b->nodes, fvi_node, at)
                                                  : NULL;
}

/* x + bias [c] as the node that makes x, with a bias; -1: it is none that may have one. */
static int into_producer(fvi_site *site, const fvi_node *made, int x, int bias) {
    const fvi_shape shape = fvi_build_shape(site->b, x);
    const int conv = made->kind == FVI_CONV || made->kind == FVI_CONV_TRANSPOSE;
    if (made->n_in != 2 || (conv ? shape.dim[1] : shape.dim[shape.ndim - 1]) !=
                               fvi_shape_count(&fvi_build_const(site->b, bias)->shape))
        return -1;
    if (!conv && made->kind != FVI_MATMUL) return -1;
    const fvi_node_attr a = made->a;
    const int in[] = {made->in[0], made->in[1], bias};
    site->operation.source_op = made->source_op ? made->source_op : site->operation.source_op;
    return fvi_channels_like(site, fvi_emit(site->b, made->kind, &a, &shape, 3, in), x);
}

/* x scale + bias as batch normalisation, where the node that makes x multiplies moved values by one
 * number a channel; -1: it does not. */
static int into_norm(fvi_site *site, const fvi_node *made, int x, int bias) {
    if (made->kind != FVI_BINARY || made->a.binary.f != FVI_MUL || !fvi_channels_moved(site, x))
        return -1;
    const fvi_shape shape = fvi_build_shape(site->b, x);
    const int which = fvi_build_const(site->b, made->in[0]) ? 0 : 1, from = made->in[1 - which];
    const fvi_const *c = fvi_build_const(site->b, made->in[which]);
    const fvi_shape own = fvi_build_shape(site->b, from);
    if (!c || !fvi_shape_equal(&own, &shape) || fvi_shape_count(&c->shape) != shape.dim[1] ||
        c->shape.ndim != shape.ndim || c->shape.dim[1] != shape.dim[1])
        return -1;
    const int scale = fvi_emit_reshape(site->b, made->in[which], &(fvi_shape){1, {shape.dim[1]}});
    const int in[] = {from, scale, bias};
    return fvi_channels_mark(site, fvi_emit(site->b, FVI_BATCH_NORM, NULL, &shape, 3, in));
}

/* Input i plus a constant of one number a channel, in the node before; -1: as it is. */
static int with_bias(fvi_site *site, int i, int x, int v) {
    const fvi_node *made = fvi_build_const(site->b, v) ? own_producer(site, i, x) : NULL;
    if (!made) return -1;
    const fvi_node own = *made; /* emitting may move it */
    const int bias = as_bias(site, v, x);
    if (bias < 0) return -1;
    const int done = into_producer(site, &own, x, bias);
    return done >= 0 ? done : into_norm(site, &own, x, bias);
}

void fvi_tf_bias_add(fvi_site *site) {
    const int x = fvi_site_need(site, 0), v = fvi_site_need(site, 1);
    const fvi_shape s = fvi_channels_shape(site, x), bias = fvi_build_shape(site->b, v);
    fvi_tf_data_format(site);
    if (site->b->status) return;
    const int axis = site->channels_last ? s.ndim - 1 : 1;
    if (bias.ndim != 1 || s.ndim < 2 || bias.dim[0] != s.dim[axis]) {
        char tx[FVI_SHAPE_TEXT], tb[FVI_SHAPE_TEXT];
        fvi_build_fail(site->b, FV_SHAPE, "its bias is %s and its input is %s",
                       fvi_shape_text(&bias, tb), fvi_shape_text(&s, tx));
        return;
    }
    fvi_shape wide = {.ndim = s.ndim};
    for (int i = 0; i < s.ndim; i++) wide.dim[i] = i == axis ? bias.dim[0] : 1;
    int done = -1;
    const fvi_node *made = fvi_build_const(site->b, v) ? own_producer(site, 0, x) : NULL;
    if (made && (fvi_channels_axis(site, x, axis) == 1 || made->kind == FVI_MATMUL)) {
        const fvi_node own = *made;
        done = into_producer(site, &own, x, v);
    }
    if (done < 0) done = fvi_channels_binary(site, FVI_ADD, x, fvi_emit_reshape(site->b, v, &wide));
    fvi_site_out(site, 0, done);
}

/* ---- two operands --------------------------------------------------------------------------- */

/* param: the fvi_binary. */
void fvi_tf_binary(fvi_site *site) {
    const fvi_binary f = (fvi_binary)site->kind->param;
    const int a = fvi_site_need(site, 0), b = fvi_site_need(site, 1);
    if (site->b->status) return;
    int v = -1;
    if (f == FVI_ADD) v = with_bias(site, 0, a, b);
    if (f == FVI_ADD && v < 0) v = with_bias(site, 1, b, a);
    if (v < 0) v = fvi_channels_binary(site, f, a, b);
    fvi_site_out(site, 0, v);
}

/* Values that are combined, brought into one order of axes; 1: they are moved. */
static int aligned(fvi_site *site, int n, int *v) {
    int moved = 0;
    fvi_channels_align(site, n, v, 1);
    for (int i = 0; i < n; i++) moved = moved || fvi_channels_moved(site, v[i]);
    return moved;
}

/* The quotient of whole numbers before it is cut, which a product by 1 / b is not exactly. */
static int exact(fvi_site *site, int a, int b) {
    int v[] = {a, b};
    const int moved = aligned(site, 2, v);
    const int out = fvi_emit_binary(site->b, FVI_DIV, v[0], v[1]);
    return moved ? fvi_channels_mark(site, out) : out;
}

/* Div: of whole numbers cut off; param 1: rounded down (FloorDiv). */
void fvi_tf_div(fvi_site *site) {
    const int a = fvi_site_need(site, 0), b = fvi_site_need(site, 1), floor = site->kind->param;
    if (site->b->status) return;
    const int whole = fvi_dtype_is_int(fvi_build_dtype(site->b, a));
    const int constant = fvi_build_const(site->b, a) && fvi_build_const(site->b, b);
    int v;
    if (whole && floor && constant) { /* a - (a mod b) is made of whole b */
        const int rest = fvi_channels_binary(site, FVI_MOD, a, b);
        v = exact(site, fvi_channels_binary(site, FVI_SUB, a, rest), b);
    } else {
        v = whole ? exact(site, a, b) : fvi_channels_binary(site, FVI_DIV, a, b);
        if (floor || (whole && !constant))
            v = fvi_channels_unary(site, floor ? FVI_FLOOR : FVI_TRUNC, 0, 0, v);
    }
    fvi_site_out(site, 0, v);
}

/* a / b, and 0 where b is 0, whose gradient is 0 there too. */
void fvi_tf_div_no_nan(fvi_site *site) {
    int v[] = {fvi_site_need(site, 0), fvi_site_need(site, 1)};
    if (site->b->status) return;
    const int moved = aligned(site, 2, v);
    const int zero = fvi_emit_scalar(site->b, FVI_F32, 0),
              one = fvi_emit_scalar(site->b, FVI_F32, 1);
    const int none = fvi_emit_binary(site->b, FVI_EQUAL, v[1], zero);
    const int quotient =
        fvi_emit_binary(site->b, FVI_DIV, v[0], fvi_emit_where(site->b, none, one, v[1]));
    const int out = fvi_emit_where(site->b, none, zero, quotient);
    fvi_site_out(site, 0, moved ? fvi_channels_mark(site, out) : out);
}

void fvi_tf_squared_difference(fvi_site *site) {
    const int d =
        fvi_channels_binary(site, FVI_SUB, fvi_site_need(site, 0), fvi_site_need(site, 1));
    fvi_site_out(site, 0, fvi_channels_unary(site, FVI_POW, 2, 0, d));
}

void fvi_tf_not_equal(fvi_site *site) {
    const int v =
        fvi_channels_binary(site, FVI_EQUAL, fvi_site_need(site, 0), fvi_site_need(site, 1));
    fvi_site_out(site, 0, fvi_channels_unary(site, FVI_NOT, 0, 0, v));
}

void fvi_tf_add_n(fvi_site *site) {
    int v = fvi_site_need(site, 0);
    for (int i = 1; i < site->n_in; i++)
        v = fvi_channels_binary(site, FVI_ADD, v, fvi_site_need(site, i));
    fvi_site_out(site, 0, v);
}

/* Between two numbers. */
void fvi_tf_clip(fvi_site *site) {
    const int x = fvi_site_need(site, 0), lo = fvi_site_need(site, 1), hi = fvi_site_need(site, 2);
    const fvi_const *p = fvi_build_const(site->b, lo), *q = fvi_build_const(site->b, hi);
    if (site->b->status) return;
    if (p && q && fvi_shape_count(&p->shape) == 1 && fvi_shape_count(&q->shape) == 1 &&
        fvi_const_at(p, 0) <= fvi_const_at(q, 0) && !fvi_build_const(site->b, x)) {
        fvi_site_out(site, 0,
                     fvi_channels_unary(site, FVI_CLIP, (float)fvi_const_at(p, 0),
                                        (float)fvi_const_at(q, 0), x));
        return;
    }
    const int least = fvi_channels_binary(site, FVI_MIN, x, hi);
    fvi_site_out(site, 0, fvi_channels_binary(site, FVI_MAX, least, lo));
}

/* ---- selection ------------------------------------------------------------------------------ */

/* Select (param 1: a condition of one axis is of the first axis), SelectV2: NumPy's where. */
void fvi_tf_select(fvi_site *site) {
    int v[3];
    for (int i = 0; i < 3; i++) v[i] = fvi_site_need(site, i);
    if (site->b->status) return;
    const fvi_shape c = fvi_build_shape(site->b, v[0]), x = fvi_build_shape(site->b, v[1]);
    if (site->kind->param && c.ndim == 1 && x.ndim > 1) {
        fvi_shape wide = {.ndim = x.ndim};
        for (int i = 0; i < x.ndim; i++) wide.dim[i] = i ? 1 : c.dim[0];
        v[0] = fvi_emit_reshape(site->b, v[0], &wide);
    }
    const int moved = aligned(site, 3, v);
    const int out = fvi_emit_where(site->b, v[0], v[1], v[2]);
    fvi_site_out(site, 0, moved ? fvi_channels_mark(site, out) : out);
}
