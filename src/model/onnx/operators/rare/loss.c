/* SPDX-License-Identifier: Apache-2.0 */
/* NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss: of each position's logarithms the one of
 * its target class, times that class' weight. What is ignored counts nothing.
 *
 *   l[i] = -w[t[i]] x[n][t[i]][..]     mean: sum of l / sum of w[t[i]]
 *
 * Targets are known, or computed before; gradients go to the logarithms (or what they are of) and
 * the weights. Source: ONNX operator specification (12/13/22).
 */
#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

enum { REDUCE_TO_MEAN, REDUCE_TO_SUM, REDUCE_NOTHING };

/* Where the targets are. */
typedef struct targets {
    int row;    /* [n] of each the element of x, flat */
    int class;  /* [n] the class */
    int counts; /* [n] 1, or 0 where it is ignored */
    int64_t n;
    int ignored; /* how many */
    fvi_shape shape;
} targets;

/* Fills the tables of t; 0 when failed. */
static int find_targets(fvi_onnx_node *node, const fvi_shape *x, const fvi_const *target,
                        targets *t) {
    const int ignores = fvi_onnx_attr(node->proto, "ignore_index") != NULL;
    const int64_t ignored = fvi_onnx_attr_int(node->proto, "ignore_index", 0);
    const int64_t classes = x->dim[1], inner = fvi_shape_product(x, 2, x->ndim);
    uint8_t *row, *class, *counts;
    const fvi_shape flat = {1, {t->n = fvi_shape_count(&target->shape)}};
    t->shape = target->shape;
    t->row = fvi_emit_constant(node->b, FVI_I64, &flat, &row);
    t->class = fvi_emit_constant(node->b, FVI_I64, &flat, &class);
    t->counts = fvi_emit_constant(node->b, FVI_F32, &flat, &counts);
    if (node->b->status || !fvi_build_charge(node->b, 4 * t->n)) return 0;
    for (int64_t i = 0; i < t->n; i++) {
        int64_t k = fvi_const_int(target, i);
        const int skip = ignores && k == ignored;
        if (skip) k = 0;
        if (k < 0 || k >= classes) {
            fvi_build_fail(node->b, FV_SHAPE,
                           "its target has class %" PRId64 "; allowed: 0 to %" PRId64, k,
                           classes - 1);
            return 0;
        }
        t->ignored += skip;
        fvi_put_int(FVI_I64, row, i, (i / inner * classes + k) * inner + i % inner);
        fvi_put_int(FVI_I64, class, i, k);
        fvi_put_int(FVI_F32, counts, i, !skip);
    }
    return 1;
}

/* [n] elements of the flat x. */
static int pick(fvi_onnx_node *node, int x, int at, int64_t n) {
    fvi_shape s = fvi_build_shape(node->b, x);
    x = fvi_emit_reshape(node->b, x, &(fvi_shape){1, {fvi_shape_count(&s)}});
    if (node->b->status) return -1;
    return fvi_emit(node->b, FVI_GATHER, &(fvi_node_attr){.axis = {0}}, &(fvi_shape){1, {n}}, 2,
                    (int[]){x, at});
}

/* [n] the weights of the targets, 0 where they are ignored. */
static int target_weights(fvi_onnx_node *node, const targets *t, int64_t classes) {
    const int w = fvi_onnx_in(node, 2);
    const fvi_shape s = fvi_build_shape(node->b, w);
    if (w < 0 || node->b->status) return t->counts;
    if (s.ndim != 1 || s.dim[0] != classes) {
        char text[FVI_SHAPE_TEXT];
        fvi_build_fail(node->b, FV_SHAPE, "its weight is %s; allowed: %" PRId64 " numbers",
                       fvi_shape_text(&s, text), classes);
        return -1;
    }
    const int of = pick(node, w, t->class, t->n);
    return t->ignored ? fvi_emit_binary(node->b, FVI_MUL, of, t->counts) : of;
}

/* Fails unless x is [n, classes, ..] and the target of the same sizes without classes. */
static int fits(fvi_onnx_node *node, const fvi_shape *x, const fvi_shape *target) {
    char a[FVI_SHAPE_TEXT], b[FVI_SHAPE_TEXT];
    int fit = x->ndim >= 2 && target->ndim == x->ndim - 1 && fvi_shape_count(x) > 0;
    for (int i = 0; fit && i < target->ndim; i++) fit = target->dim[i] == x->dim[i ? i + 1 : 0];
    if (!fit)
        fvi_build_fail(node->b, FV_SHAPE,
                       "its input is %s and its target %s; allowed: NxCx.. and Nx..",
                       fvi_shape_text(x, a), fvi_shape_text(target, b));
    return fit;
}

static int likelihood_loss(fvi_onnx_node *node, int x) {
    static const char *const reductions[] = {"mean", "sum", "none", NULL};
    fvi_builder *b = node->b;
    const int reduction = fvi_onnx_choice(node, "reduction", reductions);
    const fvi_const *target = fvi_onnx_fixed(node, 1, "target");
    const fvi_shape s = fvi_build_shape(b, x);
    targets t = {0};
    if (!target) return fvi_onnx_need(node, 1), -1;
    if (b->status || !fits(node, &s, &target->shape) || !find_targets(node, &s, target, &t))
        return -1;
    const int w = target_weights(node, &t, s.dim[1]);
    int v = fvi_emit_unary(b, FVI_NEG, 0, 0, pick(node, x, t.row, t.n));
    v = fvi_emit_binary(b, FVI_MUL, v, w);
    if (t.ignored) /* 0, even of a number that is not finite */
        v = fvi_emit_where(b, t.counts, v, fvi_emit_scalar(b, FVI_F32, 0));
    if (reduction == REDUCE_NOTHING) return fvi_emit_reshape(b, v, &t.shape);
    v = fvi_emit_reduce(b, FVI_REDUCE_SUM, 1, 0, v);
    if (reduction == REDUCE_TO_SUM) return v;
    return fvi_emit_binary(b, FVI_DIV, v, fvi_emit_reduce(b, FVI_REDUCE_SUM, 1, 0, w));
}

/* param 1: of the logarithm of the softmax of its input, which is its second output. */
fv_status fvi_lower_loss(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0);
    const fvi_shape s = fvi_build_shape(node->b, x);
    if (node->op->param && !node->b->status) {
        if (s.ndim < 2)
            return fvi_build_fail(node->b, FV_SHAPE, "its input has %d axes; allowed: 2 or more",
                                  s.ndim);
        const fvi_node_attr a = {.softmax = {.axis = 1, .log = 1}};
        x = fvi_emit(node->b, FVI_SOFTMAX, &a, &s, 1, &x);
        fvi_onnx_out(node, 1, x);
    }
    return fvi_onnx_out(node, 0, likelihood_loss(node, x));
}
