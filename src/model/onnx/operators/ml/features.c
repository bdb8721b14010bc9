/* SPDX-License-Identifier: Apache-2.0 */
/* Operators of ai.onnx.ml that compute with rows of features: [c] or [n, c] of any number type,
 * computed as f32.
 *
 *   Scaler             (x - offset) * scale
 *   Normalizer         x / d, d the row's maximum, sum of magnitudes or length; x where d is 0
 *   Binarizer          1 where x > threshold, else 0
 *   Imputer            another number where x is the one that stands for "missing"
 *   FeatureVectorizer  the rows of several inputs, cut or filled with 0 to the sizes given
 *   ArrayFeatureExtractor  elements of the last axis
 *   OneHotEncoder      a new last axis: 1 where x is that category
 *   ZipMap             its numbers as they are; which name each has is for those who read classes
 *
 * What it does not do: categories that are texts; OneHotEncoder's refusal of a number that is no
 * category (zeros=0), which then is 0 everywhere.
 * Source: ONNX operator specification, ai.onnx.ml 1 to 5; values of ONNX Runtime where it is open.
 */
#include "model/onnx/operators/ml/ml.h"

#include <math.h>

#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

static int constant_as_float(fvi_builder *b, const fvi_const *c) {
    uint8_t *data;
    const int v = fvi_emit_constant(b, FVI_F32, &c->shape, &data);
    const int64_t n = fvi_shape_count(&c->shape);
    for (int64_t i = 0; v >= 0 && i < n; i++) fvi_put_from(FVI_F32, data, i, c, i);
    return v;
}

int fvi_ml_float(fvi_builder *b, int v) {
    const fvi_const *c = fvi_build_const(b, v);
    if (v < 0 || b->status || fvi_build_dtype(b, v) == FVI_F32) return v;
    if (c) return constant_as_float(b, c);
    v = fvi_emit_unary(b, FVI_LINEAR, 1, 0, v);
    if (v >= 0) fvi_build_value(b, v)->dtype = FVI_F32;
    return v;
}

int fvi_ml_features(fvi_onnx_node *node, int i, int64_t *columns) {
    const int v = fvi_ml_float(node->b, fvi_onnx_need(node, i));
    const fvi_shape x = fvi_build_shape(node->b, v);
    char text[FVI_SHAPE_TEXT];
    if (!node->b->status && (x.ndim < 1 || x.ndim > 2))
        fvi_build_fail(node->b, FV_SHAPE, "its input is %s; allowed: 1 or 2 dimensions",
                       fvi_shape_text(&x, text));
    if (node->b->status) return -1;
    *columns = x.dim[x.ndim - 1];
    return v;
}

int fvi_ml_row(fvi_onnx_node *node, const char *attr, int64_t columns) {
    const Onnx__AttributeProto *a = fvi_onnx_attr(node->proto, attr);
    const int64_t n = a ? (int64_t)a->n_floats : 0;
    uint8_t *data;
    if (!node->b->status && n != 1 && n != columns)
        fvi_build_fail(node->b, FV_SHAPE,
                       "%s has %" PRId64 " numbers; allowed: 1 or %" PRId64 ", one a feature", attr,
                       n, columns);
    const int v = fvi_emit_constant(node->b, FVI_F32, &(fvi_shape){1, {n}}, &data);
    for (int64_t i = 0; v >= 0 && i < n; i++) fvi_put_real(FVI_F32, data, i, a->floats[i]);
    return v;
}

/* An input of more axes is scaled by one number: ONNX Runtime and the standard differ in which axis
 * has the features. */
fv_status fvi_lower_scaler(fvi_onnx_node *node) {
    const int x = fvi_ml_float(node->b, fvi_onnx_need(node, 0));
    const fvi_shape shape = fvi_build_shape(node->b, x);
    const int64_t columns = shape.ndim == 1 || shape.ndim == 2 ? shape.dim[shape.ndim - 1] : 1;
    const int offset = fvi_ml_row(node, "offset", columns);
    const int scale = fvi_ml_row(node, "scale", columns);
    const int v = fvi_emit_binary(node->b, FVI_SUB, x, offset);
    return fvi_onnx_out(node, 0, fvi_emit_binary(node->b, FVI_MUL, v, scale));
}

enum { NORM_MAX, NORM_L1, NORM_L2 };

fv_status fvi_lower_normalizer(fvi_onnx_node *node) {
    static const fvi_reduce sums[] = {FVI_REDUCE_MAX, FVI_REDUCE_L1, FVI_REDUCE_SUM_SQUARE};
    int64_t columns;
    const int x = fvi_ml_features(node, 0, &columns);
    const int norm = fvi_onnx_choice(node, "norm", (const char *const[]){"MAX", "L1", "L2", NULL});
    const unsigned last = 1u << (MAX(fvi_build_shape(node->b, x).ndim, 1) - 1);
    int d = fvi_emit_reduce(node->b, sums[norm], last, 1, x);
    /* 1 where it is 0; added before the root, whose slope at 0 is no number */
    const int none = fvi_emit_binary(node->b, FVI_EQUAL, d, fvi_emit_scalar(node->b, FVI_F32, 0));
    d = fvi_emit_binary(node->b, FVI_ADD, d, fvi_ml_float(node->b, none));
    if (norm == NORM_L2) d = fvi_emit_unary(node->b, FVI_SQRT, 0, 0, d);
    return fvi_onnx_out(node, 0, fvi_emit_binary(node->b, FVI_DIV, x, d));
}

fv_status fvi_lower_binarizer(fvi_onnx_node *node) {
    const int x = fvi_ml_float(node->b, fvi_onnx_need(node, 0));
    const double threshold = fvi_onnx_attr_float(node->proto, "threshold", 0);
    const int t = fvi_emit_scalar(node->b, FVI_F32, threshold);
    return fvi_onnx_out(node, 0,
                        fvi_ml_float(node->b, fvi_emit_binary(node->b, FVI_GREATER, x, t)));
}

/* The numbers that take the place of missing ones, [1] or [columns], in `type`. */
static int imputed(fvi_onnx_node *node, fvi_dtype type, int64_t columns) {
    const int64_t *ints = NULL;
    const int n = fvi_onnx_attr_ints(node->proto, "imputed_value_int64s", &ints);
    uint8_t *data;
    if (n < 1) return fvi_ml_row(node, "imputed_value_floats", columns);
    if (n != 1 && n != columns)
        fvi_build_fail(node->b, FV_SHAPE,
                       "imputed_value_int64s has %d numbers; allowed: 1 or %" PRId64
                       ", one a feature",
                       n, columns);
    const int v = fvi_emit_constant(node->b, type, &(fvi_shape){1, {n}}, &data);
    for (int i = 0; v >= 0 && i < n; i++) fvi_put_int(type, data, i, ints[i]);
    return v;
}

fv_status fvi_lower_imputer(fvi_onnx_node *node) {
    const int x = fvi_onnx_need(node, 0);
    const fvi_shape shape = fvi_build_shape(node->b, x);
    const fvi_dtype type = fvi_build_dtype(node->b, x);
    const double missing = fvi_dtype_is_int(type)
                               ? (double)fvi_onnx_attr_int(node->proto, "replaced_value_int64", 0)
                               : fvi_onnx_attr_float(node->proto, "replaced_value_float", 0);
    const int by = imputed(node, type, shape.ndim ? shape.dim[shape.ndim - 1] : 1);
    const int where = isnan(missing) ? fvi_emit_unary(node->b, FVI_IS_NAN, 0, 0, x)
                                     : fvi_emit_binary(node->b, FVI_EQUAL, x,
                                                       fvi_emit_scalar(node->b, type, missing));
    return fvi_onnx_out(node, 0, fvi_emit_where(node->b, where, by, x));
}

/* Input i as [rows, size]: cut, or filled with 0. */
static int fitted(fvi_onnx_node *node, int i, int64_t size) {
    int64_t columns;
    int v = fvi_ml_features(node, i, &columns);
    const fvi_shape x = fvi_build_shape(node->b, v);
    if (node->b->status) return -1;
    const int64_t rows = x.ndim == 2 ? x.dim[0] : 1;
    v = fvi_emit_reshape(node->b, v, &(fvi_shape){2, {rows, columns}});
    if (columns >= size) return fvi_emit_slice(node->b, v, 1, 0, size);
    uint8_t *data;
    const fvi_shape rest = {2, {rows, size - columns}};
    const int zeros = fvi_emit_constant(node->b, FVI_F32, &rest, &data);
    return fvi_emit_concat(node->b, 1, 2, (int[]){v, zeros});
}

fv_status fvi_lower_feature_vectorizer(fvi_onnx_node *node) {
    const int64_t *size = NULL;
    const int n = fvi_onnx_attr_ints(node->proto, "inputdimensions", &size);
    if (n != node->n_in || n < 1)
        return fvi_build_fail(node->b, FV_FORMAT,
                              "inputdimensions has %d numbers for %d inputs; allowed: one an input",
                              MAX(n, 0), node->n_in);
    int *parts = g_try_new(int, (gsize)n);
    if (!parts) return fvi_build_nomem(node->b);
    for (int i = 0; i < n; i++) {
        parts[i] = -1;
        if (size[i] < 1 || size[i] > node->b->limits.elements)
            fvi_build_fail(node->b, FV_SHAPE,
                           "inputdimensions has %" PRId64 "; allowed: 1 to %" PRId64, size[i],
                           node->b->limits.elements);
        if (!node->b->status) parts[i] = fitted(node, i, size[i]);
    }
    if (!node->b->status) fvi_onnx_out(node, 0, fvi_emit_concat(node->b, 1, n, parts));
    g_free(parts);
    return node->b->status;
}

/* x [.., c], indices -> [.., number of indices]; of a row [c] too it is [1, ..]. */
fv_status fvi_lower_array_feature_extractor(fvi_onnx_node *node) {
    int x = fvi_onnx_need(node, 0);
    const fvi_const *indices = fvi_onnx_fixed(node, 1, "indices");
    fvi_shape shape = fvi_build_shape(node->b, x);
    if (!indices) return fvi_onnx_need(node, 1), node->b->status;
    const int64_t n = fvi_shape_count(&indices->shape);
    if (shape.ndim < 1 || n < 1)
        return fvi_build_fail(node->b, FV_SHAPE, "it needs an axis and at least one index");
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = fvi_const_int(indices, i), most = shape.dim[shape.ndim - 1];
        if (at < 0 || at >= most)
            return fvi_build_fail(node->b, FV_SHAPE,
                                  "index %" PRId64 " of %" PRId64
                                  " features; allowed: 0 to %" PRId64,
                                  at, most, most - 1);
    }
    if (shape.ndim == 1) shape = (fvi_shape){2, {1, shape.dim[0]}};
    x = fvi_emit_reshape(node->b, x, &shape);
    const int at = fvi_emit_reshape(node->b, node->in[1], &(fvi_shape){1, {n}});
    const fvi_node_attr a = {.axis = {shape.ndim - 1}};
    shape.dim[shape.ndim - 1] = n;
    if (node->b->status) return node->b->status;
    return fvi_onnx_out(node, 0, fvi_emit(node->b, FVI_GATHER, &a, &shape, 2, (int[]){x, at}));
}

fv_status fvi_lower_one_hot_encoder(fvi_onnx_node *node) {
    const int64_t *cats = NULL;
    const int n = fvi_onnx_attr_ints(node->proto, "cats_int64s", &cats);
    int x = fvi_ml_float(node->b, fvi_onnx_need(node, 0));
    fvi_shape shape = fvi_build_shape(node->b, x);
    if (n < 1)
        return fvi_build_fail(node->b, FV_UNSUPPORTED,
                              "its categories are texts, which are not computed here");
    if (node->b->status || shape.ndim >= FVI_MAX_DIMS)
        return fvi_build_fail(node->b, FV_SHAPE, "its input has %d dimensions; allowed: %d",
                              shape.ndim, FVI_MAX_DIMS - 1);
    uint8_t *data;
    const int row = fvi_emit_constant(node->b, FVI_F32, &(fvi_shape){1, {n}}, &data);
    for (int i = 0; row >= 0 && i < n; i++) fvi_put_int(FVI_F32, data, i, cats[i]);
    shape.dim[shape.ndim++] = 1;
    x = fvi_emit_reshape(node->b, x, &shape);
    return fvi_onnx_out(node, 0,
                        fvi_ml_float(node->b, fvi_emit_binary(node->b, FVI_EQUAL, x, row)));
}

fv_status fvi_lower_zip_map(fvi_onnx_node *node) {
    int64_t columns;
    const int x = fvi_ml_features(node, 0, &columns);
    const Onnx__AttributeProto *texts = fvi_onnx_attr(node->proto, "classlabels_strings");
    const Onnx__AttributeProto *ints = fvi_onnx_attr(node->proto, "classlabels_int64s");
    const size_t n = texts && texts->n_strings ? texts->n_strings : ints ? ints->n_ints : 0;
    if (!node->b->status && (int64_t)n != columns)
        return fvi_build_fail(node->b, FV_SHAPE, "%zu class labels for %" PRId64 " numbers", n,
                              columns);
    return fvi_onnx_out(node, 0, x);
}
