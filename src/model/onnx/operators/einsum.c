/* SPDX-License-Identifier: Apache-2.0 */
/* Einsum of one or two operands without repeated labels, as one batched matrix product:
 *   a [batch.., m.., k..] x b [batch.., k.., n..] -> [batch.., m.., n..], then a transposition.
 * Labels that one operand has alone and the result has not are summed first. An ellipsis is not
 * done. Source: ONNX operator specification (Einsum-12).
 */
#include <string.h>

#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

typedef struct term {
    char label[FVI_MAX_DIMS + 1];
    int n;
} term;

/* 0 when c is no letter, is there already, or is one too many. */
static int add_label(term *t, char c) {
    int fits = g_ascii_isalpha(c) && t->n < FVI_MAX_DIMS && !strchr(t->label, c);
    if (fits) t->label[t->n++] = c;
    return fits;
}

/* Splits "ab,bc->ac" (blanks ignored) into terms; the result's own when it is spelled out. */
static void parse(fvi_onnx_node *node, term *terms, int n_terms, term *result) {
    const Onnx__AttributeProto *a = fvi_onnx_attr(node->proto, "equation");
    term *t = &terms[0];
    int at = 0, arrow = 0;
    for (size_t i = 0; a && i < a->s.len && !node->b->status; i++) {
        char c = (char)a->s.data[i];
        if (c == ' ' || c == '-') continue; /* "->" is known by its second half */
        if (c == ',' && !arrow && at + 1 < n_terms)
            t = &terms[++at];
        else if (c == '>' && !arrow++)
            t = result;
        else if (!add_label(t, c))
            fvi_build_fail(node->b, FV_UNSUPPORTED, "its equation has '%c' at %zu", c, i);
    }
    if (!node->b->status && (!arrow || at + 1 != n_terms))
        fvi_build_fail(node->b, FV_UNSUPPORTED,
                       "its equation does not spell out %d operands and a result", n_terms);
}

static int has(const term *t, char c) { return c && strchr(t->label, c) != NULL; }

/* Sums away the axes of v whose labels neither `keep` nor `other` has. */
static int sum_lonely(fvi_onnx_node *node, int v, term *t, const term *keep, const term *other) {
    unsigned axes = 0;
    term rest = {{0}, 0};
    for (int i = 0; i < t->n; i++)
        if (has(keep, t->label[i]) || (other && has(other, t->label[i])))
            rest.label[rest.n++] = t->label[i];
        else
            axes |= 1u << i;
    *t = rest;
    return axes ? fvi_emit_reduce(node->b, FVI_REDUCE_SUM, axes, 0, v) : v;
}

/* Transposes v so that its labels come in the order of `to`, a permutation of t. */
static int arrange(fvi_onnx_node *node, int v, const term *t, const term *to) {
    int perm[FVI_MAX_DIMS];
    for (int i = 0; i < to->n; i++) perm[i] = (int)(strchr(t->label, to->label[i]) - t->label);
    return fvi_emit_transpose(node->b, v, perm);
}

/* Appends the labels of t that are (in1) in x and (in2) in y. */
static void append(term *to, const term *t, const term *x, int in1, const term *y, int in2) {
    for (int i = 0; i < t->n; i++)
        if (has(x, t->label[i]) == in1 && has(y, t->label[i]) == in2)
            to->label[to->n++] = t->label[i];
}

static int64_t extent(const fvi_shape *shape, int from, int n) {
    return fvi_shape_product(shape, from, from + n);
}

static int product(fvi_onnx_node *node, int a, term ta, int b, term tb, const term *result) {
    term la = {{0}, 0}, lb = {{0}, 0}, lout = {{0}, 0};
    append(&la, &ta, &tb, 1, result, 1); /* batch */
    int n_batch = la.n;
    lb = la;
    append(&la, &ta, &tb, 0, result, 1); /* m */
    int n_m = la.n - n_batch;
    lout = la;
    append(&la, &ta, &tb, 1, result, 0); /* k */
    append(&lb, &ta, &tb, 1, result, 0);
    int n_k = lb.n - n_batch;
    append(&lb, &tb, &ta, 0, result, 1); /* n */
    int n_n = lb.n - n_batch - n_k;
    if (lout.n + n_n > FVI_MAX_DIMS)
        return fvi_build_fail(node->b, FV_UNSUPPORTED, "too many labels"), -1;
    append(&lout, &tb, &ta, 0, result, 1);
    a = arrange(node, a, &ta, &la);
    b = arrange(node, b, &tb, &lb);
    fvi_shape sa = fvi_build_shape(node->b, a), sb = fvi_build_shape(node->b, b),
              full = {.ndim = lout.n};
    if (node->b->status) return -1;
    for (int i = 0; i < n_batch + n_k; i++) {
        int64_t own = sa.dim[i < n_batch ? i : i + n_m];
        if (own == sb.dim[i]) continue;
        fvi_build_fail(node->b, FV_SHAPE, "label '%c' has %" PRId64 " and %" PRId64 " elements",
                       lb.label[i], own, sb.dim[i]);
        return -1;
    }
    for (int i = 0; i < lout.n; i++)
        full.dim[i] = i < n_batch + n_m ? sa.dim[i] : sb.dim[i - n_m + n_k];
    int64_t batch = extent(&sa, 0, n_batch), k = extent(&sb, n_batch, n_k);
    a = fvi_emit_reshape(node->b, a, &(fvi_shape){3, {batch, extent(&sa, n_batch, n_m), k}});
    b = fvi_emit_reshape(node->b, b, &(fvi_shape){3, {batch, k, extent(&sb, n_batch + n_k, n_n)}});
    int v = fvi_emit_matmul(node->b, a, b, -1, &(fvi_node_attr){.matmul = {0, 0, 1}});
    return arrange(node, fvi_emit_reshape(node->b, v, &full), &lout, result);
}

/* The operands must have as many axes as labels, and the result no label of its own. */
static void check_terms(fvi_onnx_node *node, const term *terms, const term *result, int *v) {
    for (int i = 0; i < node->n_in && !node->b->status; i++) {
        v[i] = fvi_onnx_need(node, i);
        if (!node->b->status && fvi_build_shape(node->b, v[i]).ndim != terms[i].n)
            fvi_build_fail(node->b, FV_SHAPE, "operand %d has %d dimensions, its labels are \"%s\"",
                           i, fvi_build_shape(node->b, v[i]).ndim, terms[i].label);
    }
    for (int i = 0; i < result->n && !node->b->status; i++)
        if (!has(&terms[0], result->label[i]) && !has(&terms[1], result->label[i]))
            fvi_build_fail(node->b, FV_FORMAT, "no operand has label '%c'", result->label[i]);
}

fv_status fvi_lower_einsum(fvi_onnx_node *node) {
    term terms[2] = {0}, result = {{0}, 0};
    int v[2];
    if (node->n_in < 1 || node->n_in > 2)
        return fvi_build_fail(node->b, FV_UNSUPPORTED, "it has %d operands; 1 or 2 are supported",
                              node->n_in);
    parse(node, terms, node->n_in, &result);
    check_terms(node, terms, &result, v);
    for (int i = 0; i < node->n_in && !node->b->status; i++)
        v[i] = sum_lonely(node, v[i], &terms[i], &result, node->n_in == 2 ? &terms[1 - i] : NULL);
    if (node->b->status) return node->b->status;
    return fvi_onnx_out(node, 0,
                        node->n_in == 1 ? arrange(node, v[0], &terms[0], &result)
                                        : product(node, v[0], terms[0], v[1], terms[1], &result));
}
