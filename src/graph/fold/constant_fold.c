/* SPDX-License-Identifier: Apache-2.0 */
/* Folding: computing nodes of the small op set whose inputs are constants.
 *
 * There are two kinds of numbers: integers and bool are computed as int64 (u64 as its bits), floats
 * as double; results are stored in their own type. Ops that only move elements copy bytes. The
 * heavy kinds (convolution, pooling, ...) and large matrix products are not folded: they run, on
 * constants.
 */
#include "graph/fold/constant_fold.h"

#include <stddef.h>

#include "graph/fold/math.h"
#include "graph/fold/move.h"

/* A product of at most this many multiplications is folded; larger ones run. */
#define FOLD_MAX_PRODUCT ((int64_t)1 << 24)

typedef void (*fold_rule)(fvi_builder *builder, const fvi_fold_node *n, uint8_t *dst);

#define fvi_fold_none NULL
static const fold_rule rules[FVI_KIND_COUNT] = {
#define FVI_KIND(NAME, file, traits, fold, ...) [FVI_##NAME] = fvi_fold_##fold,
#include "graph/kinds.def"
#undef FVI_KIND
};
#undef fvi_fold_none

/* The axis of a matrix product that is summed over. */
static int64_t product_depth(const fvi_fold_node *n) {
    const fvi_shape *a = &n->in[0]->shape;
    return a->dim[a->ndim - 1 - (n->attr->matmul.trans_a != 0)];
}

int fvi_fold_knows(const fvi_fold_node *n) {
    int64_t work;
    if (!rules[n->kind]) return 0;
    if (n->kind != FVI_MATMUL) return 1;
    return fvi_mul(fvi_shape_count(n->shape), product_depth(n), &work) == 0 &&
           work <= FOLD_MAX_PRODUCT;
}

/* Functions, and ops that step through several axes, cost more than a copy; a product is counted by
 * its multiplications. None overflows: counts are at most 2^31, a product is a small one. */
int64_t fvi_fold_work(const fvi_fold_node *n) {
    int64_t out = fvi_shape_count(n->shape), work = 0;
    for (int i = 0; i < n->n_in; i++)
        if (n->in[i]) work += fvi_shape_count(&n->in[i]->shape);
    switch (n->kind) {
    case FVI_MATMUL: return work + out * product_depth(n);
    case FVI_UNARY:
    case FVI_BINARY:
    case FVI_WHERE:
    case FVI_PAD: return work + 4 * out;
    default: return work + out;
    }
}

void fvi_constant_fold(fvi_builder *builder, const fvi_fold_node *n, uint8_t *dst) {
    if (fvi_shape_count(n->shape) > 0) rules[n->kind](builder, n, dst);
}
