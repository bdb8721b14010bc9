/* SPDX-License-Identifier: Apache-2.0 */
/* Folding of the ops that compute: unary and binary functions, selection, reductions, products.
 *
 * Integers follow C with wrap-around; division truncates toward zero, and dividing by zero is an
 * error of the file. MOD takes the sign of the divisor, FMOD that of the dividend.
 */
#include "graph/fold/math.h"

#include <math.h>
#include <string.h>

#include "graph/const.h"

static double softplus(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }

typedef double (*unary_function)(double x, double p, double q);
#define FVI_UNARY_FUNCTION(NAME, key, kind, text, P, Q, is_bool, VALUE, ...) \
    static double real_##NAME(double x, double p, double q) {                \
        (void)x, (void)p, (void)q;                                           \
        return VALUE;                                                        \
    }
#include "graph/unary.def"
#undef FVI_UNARY_FUNCTION

static const unary_function unary_functions[FVI_UNARY_COUNT] = {
#define FVI_UNARY_FUNCTION(NAME, ...) [FVI_##NAME] = real_##NAME,
#include "graph/unary.def"
#undef FVI_UNARY_FUNCTION
};

static int64_t unary_int(fvi_unary f, double p, double q, int64_t x) {
    switch (f) {
    case FVI_NEG: return (int64_t)(0 - (uint64_t)x);
    case FVI_ABS: return x < 0 ? (int64_t)(0 - (uint64_t)x) : x;
    case FVI_RELU: return x > 0 ? x : 0;
    case FVI_SIGN: return (x > 0) - (x < 0);
    case FVI_NOT: return x == 0;
    case FVI_FLOOR:
    case FVI_CEIL:
    case FVI_ROUND:
    case FVI_TRUNC: return x;
    default: {
        double y = unary_functions[f]((double)x, p, q);
        return y >= -9.2e18 && y <= 9.2e18 ? (int64_t)y : 0;
    }
    }
}

static double floor_mod(double a, double b) {
    double m = fmod(a, b);
    return m != 0 && (m < 0) != (b < 0) ? m + b : m;
}

/* The whole number whose bits x stands for; 0 where there is none. */
static int64_t whole(double x) { return fabs(x) < 9.2e18 ? (int64_t)x : 0; }

typedef double (*binary_function)(double a, double b);
#define FVI_BINARY_FUNCTION(NAME, key, word, is_bool, VALUE, ...) \
    static double real_##NAME(double a, double b) { return VALUE; }
#include "graph/binary.def"
#undef FVI_BINARY_FUNCTION

static const binary_function binary_functions[FVI_BINARY_COUNT] = {
#define FVI_BINARY_FUNCTION(NAME, ...) [FVI_##NAME] = real_##NAME,
#include "graph/binary.def"
#undef FVI_BINARY_FUNCTION
};

/* a^b by squaring, wrapping; b < 0 truncates 1/a^-b. */
static int64_t power_int(int64_t a, int64_t b) {
    if (b < 0) return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
    uint64_t result = 1, base = (uint64_t)a;
    for (; b; b >>= 1, base *= base)
        if (b & 1) result *= base;
    return (int64_t)result;
}

static int64_t divide_int(fvi_binary f, int64_t a, int64_t b) {
    if (b == -1) return f == FVI_DIV ? (int64_t)(0 - (uint64_t)a) : 0; /* INT64_MIN / -1 */
    if (f == FVI_DIV) return a / b;
    int64_t m = a % b;
    return f == FVI_MOD && m && (m < 0) != (b < 0) ? m + b : m;
}

/* Comparisons, min and max, which doubles would get wrong for large integers; and logic. */
static int64_t compare_int(fvi_binary f, int64_t a, int64_t b) {
    switch (f) {
    case FVI_MIN: return a < b ? a : b;
    case FVI_MAX: return a > b ? a : b;
    case FVI_LESS: return a < b;
    case FVI_LESS_EQUAL: return a <= b;
    case FVI_GREATER: return a > b;
    case FVI_GREATER_EQUAL: return a >= b;
    case FVI_EQUAL: return a == b;
    default: return binary_functions[f](a != 0, b != 0) != 0; /* AND, OR, XOR */
    }
}

static int64_t binary_int(fvi_builder *builder, fvi_binary f, int64_t a, int64_t b) {
    switch (f) {
    case FVI_ADD: return (int64_t)((uint64_t)a + (uint64_t)b);
    case FVI_SUB: return (int64_t)((uint64_t)a - (uint64_t)b);
    case FVI_MUL: return (int64_t)((uint64_t)a * (uint64_t)b);
    case FVI_PRELU: return a >= 0 ? a : (int64_t)((uint64_t)a * (uint64_t)b);
    case FVI_DIV:
    case FVI_MOD:
    case FVI_FMOD:
        if (b) return divide_int(f, a, b);
        fvi_build_fail(builder, FV_FORMAT, "divides the integer %" PRId64 " by zero", a);
        return 0;
    case FVI_POWER: return power_int(a, b);
    case FVI_BIT_AND: return a & b;
    case FVI_BIT_OR: return a | b;
    case FVI_BIT_XOR: return a ^ b;
    default: return compare_int(f, a, b);
    }
}

/* Counts through an output shape in order, with the index of each broadcast operand's element. */
typedef struct broadcast {
    const fvi_shape *shape;
    int64_t index[FVI_MAX_DIMS], stride[3][FVI_MAX_DIMS], at[3];
    int n;
} broadcast;

static void broadcast_begin(broadcast *w, const fvi_shape *shape, const fvi_const *const *in,
                            int n) {
    memset(w, 0, sizeof *w);
    w->shape = shape;
    w->n = n;
    for (int k = 0; k < n; k++) {
        int64_t own[FVI_MAX_DIMS];
        fvi_shape_strides(&in[k]->shape, own);
        for (int i = 0; i < shape->ndim; i++) {
            int j = i - (shape->ndim - in[k]->shape.ndim);
            w->stride[k][i] = j < 0 || in[k]->shape.dim[j] == 1 ? 0 : own[j];
        }
    }
}

static void broadcast_next(broadcast *w) {
    for (int i = w->shape->ndim - 1; i >= 0; i--) {
        for (int k = 0; k < w->n; k++) w->at[k] += w->stride[k][i];
        if (++w->index[i] < w->shape->dim[i]) return;
        for (int k = 0; k < w->n; k++) w->at[k] -= w->stride[k][i] * w->shape->dim[i];
        w->index[i] = 0;
    }
}

void fvi_fold_unary(fvi_builder *builder, const fvi_fold_node *node, uint8_t *dst) {
    const fvi_const *x = node->in[0];
    fvi_unary f = node->attr->unary.f;
    double p = node->attr->unary.p, q = node->attr->unary.q;
    int64_t n = fvi_shape_count(node->shape);
    int is_int = fvi_dtype_is_int(x->dtype);
    (void)builder;
    for (int64_t i = 0; i < n; i++)
        if (is_int)
            fvi_put_int(node->dtype, dst, i, unary_int(f, p, q, fvi_const_int(x, i)));
        else
            fvi_put_real(node->dtype, dst, i, unary_functions[f](fvi_const_at(x, i), p, q));
}

void fvi_fold_binary(fvi_builder *builder, const fvi_fold_node *node, uint8_t *dst) {
    const fvi_const *a = node->in[0], *b = node->in[1];
    fvi_binary f = node->attr->binary.f;
    int is_int = fvi_dtype_is_int(a->dtype) && fvi_dtype_is_int(b->dtype);
    int64_t n = fvi_shape_count(node->shape);
    broadcast w;
    broadcast_begin(&w, node->shape, node->in, 2);
    for (int64_t i = 0; i < n && !builder->status; i++, broadcast_next(&w))
        if (is_int)
            fvi_put_int(
                node->dtype, dst, i,
                binary_int(builder, f, fvi_const_int(a, w.at[0]), fvi_const_int(b, w.at[1])));
        else
            fvi_put_real(node->dtype, dst, i,
                         binary_functions[f](fvi_const_at(a, w.at[0]), fvi_const_at(b, w.at[1])));
}

void fvi_fold_where(fvi_builder *builder, const fvi_fold_node *node, uint8_t *dst) {
    int64_t n = fvi_shape_count(node->shape);
    broadcast w;
    (void)builder;
    broadcast_begin(&w, node->shape, node->in, 3);
    for (int64_t i = 0; i < n; i++, broadcast_next(&w)) {
        int pick = fvi_const_int(node->in[0], w.at[0]) ? 1 : 2;
        fvi_put_from(node->dtype, dst, i, node->in[pick], w.at[pick]);
    }
}

/* alpha a b + bias, one product for every position of the batch axes. */
void fvi_fold_matmul(fvi_builder *builder, const fvi_fold_node *node, uint8_t *dst) {
    const fvi_const *a = node->in[0], *b = node->in[1], *bias = node->n_in > 2 ? node->in[2] : NULL;
    const fvi_shape *shape = node->shape;
    int ta = node->attr->matmul.trans_a != 0, tb = node->attr->matmul.trans_b != 0;
    int64_t m = shape->dim[shape->ndim - 2], n = shape->dim[shape->ndim - 1];
    int64_t k = a->shape.dim[a->shape.ndim - 1 - ta], count = fvi_shape_count(shape);
    fvi_const corner[2] = {*a, *b}; /* their batch axes, with one element for each matrix */
    fvi_shape batch = *shape;
    broadcast w;
    (void)builder;
    for (int i = 0; i < 2; i++) corner[i].shape.ndim -= 2;
    batch.ndim -= 2;
    broadcast_begin(&w, &batch, (const fvi_const *const[]){&corner[0], &corner[1]}, 2);
    for (int64_t i = 0; i < count; i++) {
        int64_t y = i / n % m, x = i % n;
        double sum = 0;
        for (int64_t j = 0; j < k; j++)
            sum += fvi_const_at(a, w.at[0] * m * k + (ta ? j * m + y : y * k + j)) *
                   fvi_const_at(b, w.at[1] * k * n + (tb ? x * k + j : j * n + x));
        sum *= node->attr->matmul.alpha;
        fvi_put_real(node->dtype, dst, i, bias ? sum + fvi_const_at(bias, x) : sum);
        if ((i + 1) % (m * n) == 0) broadcast_next(&w);
    }
}

/* x * scale[c] + shift[c] along axis 1. */
void fvi_fold_batch_norm(fvi_builder *builder, const fvi_fold_node *node, uint8_t *dst) {
    const fvi_const *const *in = node->in;
    const fvi_shape *shape = node->shape;
    (void)builder;
    int64_t inner = fvi_shape_product(shape, 2, shape->ndim), n = fvi_shape_count(shape);
    for (int64_t i = 0; i < n; i++) {
        int64_t c = i / inner % shape->dim[1];
        fvi_put_real(node->dtype, dst, i,
                     fvi_const_at(in[0], i) * fvi_const_at(in[1], c) + fvi_const_at(in[2], c));
    }
}

/* One accumulation. */
static double reduce_step(fvi_reduce f, double sum, double x) {
    switch (f) {
    case FVI_REDUCE_MAX: return isnan(x) || x > sum ? x : sum;
    case FVI_REDUCE_MIN: return isnan(x) || x < sum ? x : sum;
    case FVI_REDUCE_PROD: return sum * x;
    case FVI_REDUCE_L1: return sum + fabs(x);
    case FVI_REDUCE_L2:
    case FVI_REDUCE_SUM_SQUARE: return sum + x * x;
    case FVI_REDUCE_LOG_SUM_EXP: return sum + exp(x);
    default: return sum + x;
    }
}

static double reduce_start(fvi_reduce f) {
    return f == FVI_REDUCE_MAX ? -INFINITY : f == FVI_REDUCE_MIN ? INFINITY : f == FVI_REDUCE_PROD;
}

static double reduce_end(fvi_reduce f, double sum, double count) {
    switch (f) {
    case FVI_REDUCE_MEAN: return sum / count;
    case FVI_REDUCE_L2: return sqrt(sum);
    case FVI_REDUCE_LOG_SUM:
    case FVI_REDUCE_LOG_SUM_EXP: return log(sum);
    default: return sum;
    }
}

/* Sum, product, max and min of integers are exact. */
static int64_t reduce_int(fvi_reduce f, int64_t sum, int64_t x) {
    if (f == FVI_REDUCE_MAX) return x > sum ? x : sum;
    if (f == FVI_REDUCE_MIN) return x < sum ? x : sum;
    if (f == FVI_REDUCE_PROD) return (int64_t)((uint64_t)sum * (uint64_t)x);
    return (int64_t)((uint64_t)sum + (uint64_t)x);
}

/* Accumulates every element of x, in order, into sum or whole. */
static void accumulate(const fvi_node_attr *a, const fvi_const *x, int exact, double *sum,
                       int64_t *whole) {
    int64_t n = fvi_shape_count(&x->shape), index[FVI_MAX_DIMS] = {0}, stride[FVI_MAX_DIMS];
    int64_t step = 1, at = 0;
    for (int i = x->shape.ndim - 1; i >= 0; i--) {
        stride[i] = a->reduce.axes >> i & 1 ? 0 : step;
        if (stride[i]) step *= x->shape.dim[i];
    }
    for (int64_t i = 0; i < n; i++) {
        if (exact)
            whole[at] = reduce_int(a->reduce.f, whole[at], fvi_const_int(x, i));
        else
            sum[at] = reduce_step(a->reduce.f, sum[at], fvi_const_at(x, i));
        for (int k = x->shape.ndim - 1; k >= 0; k--) {
            at += stride[k];
            if (++index[k] < x->shape.dim[k]) break;
            at -= stride[k] * x->shape.dim[k];
            index[k] = 0;
        }
    }
}

static int64_t reduce_int_start(fvi_reduce f, fvi_dtype t) {
    if (f == FVI_REDUCE_MAX) return t == FVI_BOOL ? 0 : INT64_MIN;
    if (f == FVI_REDUCE_MIN) return t == FVI_BOOL ? 1 : INT64_MAX;
    return f == FVI_REDUCE_PROD;
}

void fvi_fold_reduce(fvi_builder *builder, const fvi_fold_node *node, uint8_t *dst) {
    const fvi_const *x = node->in[0];
    const fvi_reduce f = node->attr->reduce.f;
    const fvi_dtype t = node->dtype;
    const int64_t out_n = fvi_shape_count(node->shape);
    const int64_t each = fvi_shape_count(&x->shape) / out_n; /* numbers that become one */
    double count = (double)each;
    int exact = fvi_dtype_is_int(x->dtype) && f >= FVI_REDUCE_SUM && f <= FVI_REDUCE_PROD;
    double *sum = g_try_new(double, (gsize)out_n);
    int64_t *whole = g_try_new(int64_t, (gsize)out_n);
    if (!sum || !whole) {
        fvi_build_nomem(builder);
        goto done;
    }
    for (int64_t i = 0; i < out_n; i++) {
        sum[i] = reduce_start(f);
        whole[i] = reduce_int_start(f, t);
    }
    accumulate(node->attr, x, exact, sum, whole);
    for (int64_t i = 0; i < out_n; i++)
        if (exact)
            fvi_put_int(t, dst, i, whole[i]);
        else
            fvi_put_real(t, dst, i, reduce_end(f, sum[i], count));
done:
    g_free(sum);
    g_free(whole);
}
