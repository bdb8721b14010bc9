/* SPDX-License-Identifier: Apache-2.0 */
/* LinearRegressor and LinearClassifier: y = x w' + b, and a function of the numbers of a row.
 *
 * A classifier of two classes with one row of coefficients gives [1 - y, y]. Its first output is
 * the label of the largest number, which depends on the numbers: it is computed where they are at
 * hand, and not where it is a text.
 *
 * What it does not do: PROBIT and SOFTMAX_ZERO; SOFTMAX and LOGISTIC of one number, where ONNX
 * Runtime does not do what the standard says.
 * Source: ONNX operator specification, ai.onnx.ml 1; values of ONNX Runtime.
 */
#include "graph/build/evaluate.h"
#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"
#include "model/onnx/operators/ml/ml.h"

enum { POST_NONE, POST_SOFTMAX, POST_LOGISTIC };

static int64_t float_count(const fvi_onnx_node *node, const char *attr) {
    const Onnx__AttributeProto *a = fvi_onnx_attr(node->proto, attr);
    return a ? (int64_t)a->n_floats : 0;
}

/* A constant of all numbers of an attribute, of a shape that holds as many. */
static int numbers(fvi_onnx_node *node, const char *attr, const fvi_shape *shape) {
    const Onnx__AttributeProto *a = fvi_onnx_attr(node->proto, attr);
    uint8_t *data;
    const int v = fvi_emit_constant(node->b, FVI_F32, shape, &data);
    for (size_t i = 0; v >= 0 && i < a->n_floats; i++)
        fvi_put_real(FVI_F32, data, (int64_t)i, a->floats[i]);
    return v;
}

/* [n, targets]: the products of the rows with the coefficients, plus the intercepts. */
static int products(fvi_onnx_node *node, int x, int64_t columns, int64_t targets) {
    const int64_t given = float_count(node, "coefficients"), b = float_count(node, "intercepts");
    const fvi_shape shape = fvi_build_shape(node->b, x);
    if (node->b->status) return -1;
    if (targets < 1 || columns < 1 || given % columns || given / columns != targets) {
        fvi_build_fail(node->b, FV_SHAPE,
                       "coefficients has %" PRId64 " numbers for %" PRId64 " results of %" PRId64
                       " features; allowed: one for each pair",
                       given, targets, columns);
        return -1;
    }
    if (b && b != targets) {
        fvi_build_fail(node->b, FV_SHAPE,
                       "intercepts has %" PRId64 " numbers; allowed: 0 or %" PRId64, b, targets);
        return -1;
    }
    const int w = numbers(node, "coefficients", &(fvi_shape){2, {targets, columns}});
    const int bias = b ? numbers(node, "intercepts", &(fvi_shape){1, {targets}}) : -1;
    const int64_t rows = shape.ndim == 2 ? shape.dim[0] : 1;
    x = fvi_emit_reshape(node->b, x, &(fvi_shape){2, {rows, columns}});
    if (node->b->status) return -1;
    return fvi_emit_matmul(node->b, x, w, bias, &(fvi_node_attr){.matmul = {0, 1, 1}});
}

static int post_transform(fvi_onnx_node *node) {
    const Onnx__AttributeProto *a = fvi_onnx_attr(node->proto, "post_transform");
    if (a && fvi_onnx_attr_type(a) != FVI_ATTR_STRING)
        fvi_build_fail(node->b, FV_FORMAT, "post_transform is no text");
    return fvi_onnx_choice(node, "post_transform",
                           (const char *const[]){"NONE", "SOFTMAX", "LOGISTIC", NULL});
}

/* The post_transform of rows [n, several]. */
static int transformed(fvi_onnx_node *node, int v, int post) {
    if (post == POST_LOGISTIC) return fvi_emit_unary(node->b, FVI_SIGMOID, 0, 0, v);
    if (post != POST_SOFTMAX || node->b->status) return v;
    const fvi_shape shape = fvi_build_shape(node->b, v);
    const fvi_node_attr a = {.softmax = {.axis = 1}};
    return fvi_emit(node->b, FVI_SOFTMAX, &a, &shape, 1, &v);
}

fv_status fvi_lower_linear_regressor(fvi_onnx_node *node) {
    int64_t columns = 0;
    const int x = fvi_ml_features(node, 0, &columns);
    const int64_t targets = fvi_onnx_attr_int(node->proto, "targets", 1);
    const int post = post_transform(node);
    if (targets == 1 && post)
        return fvi_build_fail(node->b, FV_UNSUPPORTED,
                              "post_transform of one target; allowed: NONE");
    const int v = products(node, x, columns, targets);
    return fvi_onnx_out(node, 0, transformed(node, v, post));
}

/* ---- classifier ----------------------------------------------------------------------------- */

/* [n, 2] of one number for each row. */
static int both_classes(fvi_onnx_node *node, int y, int post) {
    if (post == POST_SOFTMAX) {
        fvi_build_fail(
            node->b, FV_UNSUPPORTED,
            "post_transform SOFTMAX of one row of coefficients; allowed: NONE, LOGISTIC");
        return -1;
    }
    const int second = transformed(node, y, post);
    const int first = fvi_emit_unary(node->b, FVI_LINEAR, -1, 1, second);
    return fvi_emit_concat(node->b, 1, 2, (int[]){first, second});
}

/* The class of row i of y: that of the largest number, of several the first; of one number the
 * second class where it is above 0. */
static int64_t class_of(const fvi_const *y, int64_t i) {
    const int64_t n = y->shape.dim[1];
    int64_t best = 0;
    if (n == 1) return fvi_const_at(y, i) > 0;
    for (int64_t k = 1; k < n; k++)
        if (fvi_const_at(y, i * n + k) > fvi_const_at(y, i * n + best)) best = k;
    return best;
}

/* The labels of rows of numbers y. */
static fv_status label_rows(fvi_onnx_node *node, int y, const int64_t *labels) {
    if (!labels) {
        node->unmade = "it is a text (--layer names another output)";
        return FV_OK;
    }
    if (!node->b->runner && !fvi_build_const(node->b, y)) {
        node->unmade = "it depends on the input's numbers, so that only `fovea run` computes it";
        return FV_OK;
    }
    const fvi_const *c = fvi_build_const(node->b, fvi_build_evaluate(node->b, y, "scores"));
    if (!c) return node->b->status;
    uint8_t *data;
    const int64_t rows = c->shape.dim[0];
    const int v = fvi_emit_constant(node->b, FVI_I64, &(fvi_shape){1, {rows}}, &data);
    if (v < 0 || !fvi_build_charge(node->b, fvi_shape_count(&c->shape))) return node->b->status;
    for (int64_t i = 0; i < rows; i++) fvi_put_int(FVI_I64, data, i, labels[class_of(c, i)]);
    return fvi_onnx_out(node, 0, v);
}

fv_status fvi_lower_linear_classifier(fvi_onnx_node *node) {
    int64_t columns = 0;
    const int64_t *labels = NULL;
    const Onnx__AttributeProto *texts = fvi_onnx_attr(node->proto, "classlabels_strings");
    const int n_ints = fvi_onnx_attr_ints(node->proto, "classlabels_ints", &labels);
    const int64_t classes = n_ints > 0 ? n_ints : texts ? (int64_t)texts->n_strings : 0;
    const int x = fvi_ml_features(node, 0, &columns), post = post_transform(node);
    const int single = classes == 2 && float_count(node, "coefficients") == columns;
    const int y = products(node, x, columns, single ? 1 : classes);
    const int scores = single ? both_classes(node, y, post) : transformed(node, y, post);
    if (fvi_onnx_out(node, 1, scores) || !fvi_onnx_wants(node, 0)) return node->b->status;
    return label_rows(node, y, n_ints > 0 ? labels : NULL);
}
