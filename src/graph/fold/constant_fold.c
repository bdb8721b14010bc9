/* SPDX-License-Identifier: Apache-2.0 */
/* Folding: computing nodes of the small op set whose inputs are constants.
 *
 * Two kinds of numbers only: every integer type and bool as int64 (u64 as its bits), every floating
 * one as double; results are stored in the ONNX type. Ops that only move elements copy bytes.
 * The heavy kinds (convolution, pooling, ...) are not folded: they run, on constants, and so do
 * large matrix products.
 */
#include "graph/fold/constant_fold.h"

#include "graph/const.h"
#include "graph/fold/math.h"
#include "graph/fold/move.h"

/* A product of at most this many multiplications is folded; larger ones run. */
#define FOLD_MAX_PRODUCT ((int64_t)1 << 24)

static int small_product(const fvi_node_attr *a, const fvi_const *x, const fvi_shape *shape) {
    int64_t k = x->shape.dim[x->shape.ndim - 1 - (a->matmul.trans_a != 0)], work;
    return fvi_mul(fvi_shape_count(shape), k, &work) == 0 && work <= FOLD_MAX_PRODUCT;
}

/* Functions and walks over axes cost more than a copy; a product is counted by its
 * multiplications. None overflows: counts are at most 2^31, a product's work is small_product's. */
int64_t fvi_fold_work(fvi_kind kind, const fvi_node_attr *a, const fvi_const *const *in, int n_in,
                      const fvi_shape *shape) {
    int64_t out = fvi_shape_count(shape), work = 0;
    for (int i = 0; i < n_in; i++)
        if (in[i]) work += fvi_shape_count(&in[i]->shape);
    switch (kind) {
    case FVI_MATMUL: {
        const fvi_shape *x = &in[0]->shape;
        return work + out * x->dim[x->ndim - 1 - (a->matmul.trans_a != 0)];
    }
    case FVI_UNARY:
    case FVI_BINARY:
    case FVI_WHERE:
    case FVI_PAD: return work + 4 * out;
    default: return work + out;
    }
}

int fvi_fold_knows(fvi_kind kind, const fvi_node_attr *a, const fvi_const *first,
                   const fvi_shape *shape) {
    return kind == FVI_MATMUL ? small_product(a, first, shape) : fvi_kind_has(kind, FVI_FOLDED);
}

int fvi_constant_fold(fvi_builder *builder, fvi_kind kind, const fvi_node_attr *a,
                      const fvi_const *const *in, int n_in, const fvi_shape *shape, fvi_dtype t,
                      uint8_t *dst) {
    if (fvi_shape_count(shape) == 0) return 1;
    return fvi_fold_move(builder, kind, a, in, n_in, shape, dst) ||
           fvi_fold_math(builder, kind, a, in, n_in, shape, t, dst);
}
