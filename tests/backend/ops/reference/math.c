/* SPDX-License-Identifier: Apache-2.0 */
/* reference: element-wise functions, matrix products, reductions, normalisations. */
#include <math.h>

#include "../reference.h"

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double softplus(double x) { return log1p(exp(-fabs(x))) + fmax(x, 0); }
static double clamp(double x, double lo, double hi) { return fmin(fmax(x, lo), hi); }

static double smooth(fvi_unary f, double x, double p, double q) {
    switch (f) {
    case FVI_SIGMOID: return sigmoid(x);
    case FVI_TANH: return tanh(x);
    case FVI_SOFTPLUS: return softplus(x);
    case FVI_SOFTSIGN: return x / (1 + fabs(x));
    case FVI_GELU: return 0.5 * x * (1 + erf(x * M_SQRT1_2));
    case FVI_GELU_TANH: return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case FVI_SWISH: return x * sigmoid(p * x);
    case FVI_MISH: return x * tanh(softplus(x));
    case FVI_ERF: return erf(x);
    case FVI_EXP: return exp(x);
    case FVI_LOG: return log(x);
    case FVI_SQRT: return sqrt(x);
    case FVI_RECIPROCAL: return 1 / x;
    case FVI_NEG: return -x;
    case FVI_POW: return pow(x, p);
    case FVI_SIN: return sin(x);
    case FVI_COS: return cos(x);
    case FVI_TAN: return sin(x) / cos(x);
    case FVI_ASIN: return atan2(x, sqrt(1 - x * x));
    case FVI_ACOS: return atan2(sqrt(1 - x * x), x);
    case FVI_ATAN: return atan2(x, 1);
    case FVI_SINH: return (exp(x) - exp(-x)) / 2;
    case FVI_COSH: return (exp(x) + exp(-x)) / 2;
    case FVI_ASINH: return x < 0 ? -log(sqrt(x * x + 1) - x) : log(x + sqrt(x * x + 1));
    case FVI_ACOSH: return log(x + sqrt(x * x - 1));
    case FVI_ATANH: return log((1 + x) / (1 - x)) / 2;
    case FVI_LINEAR: return p * x + q;
    default: return NAN;
    }
}

static double unary(fvi_unary f, double x, double p, double q) {
    switch (f) {
    case FVI_RELU: return fmax(x, 0);
    case FVI_LEAKY_RELU: return x < 0 ? p * x : x;
    case FVI_CLIP:
    case FVI_SATURATE: return clamp(x, p, q);
    case FVI_ELU: return x < 0 ? p * (exp(x) - 1) : x;
    case FVI_SELU: return q * (x > 0 ? x : p * exp(x) - p);
    case FVI_CELU: return fmax(0, x) + fmin(0, p * (exp(x / p) - 1));
    case FVI_HARD_SIGMOID: return clamp(p * x + q, 0, 1);
    case FVI_HARD_SWISH: return x * clamp(x / 6 + 0.5, 0, 1);
    case FVI_ABS: return fabs(x);
    case FVI_THRESHOLDED_RELU: return x > p ? x : 0;
    case FVI_FLOOR: return floor(x);
    case FVI_CEIL: return ceil(x);
    case FVI_ROUND: return nearbyint(x);
    case FVI_TRUNC: return trunc(x);
    case FVI_SIGN: return (x > 0) - (x < 0);
    case FVI_IS_NAN: return isnan(x);
    case FVI_IS_INF: return isinf(x) && (x > 0 ? p : q) != 0;
    case FVI_NOT: return x == 0;
    default: return smooth(f, x, p, q);
    }
}

void fvi_ref_unary(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    for (int64_t i = 0; i < fvi_ref_count(&out->shape); i++)
        out->data[i] = unary(n->a.unary.f, in[0].data[i], n->a.unary.p, n->a.unary.q);
}

static double binary(fvi_binary f, double a, double b) {
    switch (f) {
    case FVI_ADD: return a + b;
    case FVI_SUB: return a - b;
    case FVI_MUL: return a * b;
    case FVI_DIV: return a / b;
    case FVI_MIN: return a < b ? a : b;
    case FVI_MAX: return a > b ? a : b;
    case FVI_POWER: return pow(a, b);
    case FVI_PRELU: return a >= 0 ? a : a * b;
    case FVI_MOD: return a - b * floor(a / b);
    case FVI_FMOD: return fmod(a, b);
    case FVI_LESS: return a < b;
    case FVI_LESS_EQUAL: return a <= b;
    case FVI_GREATER: return a > b;
    case FVI_GREATER_EQUAL: return a >= b;
    case FVI_EQUAL: return a == b;
    case FVI_AND: return a != 0 && b != 0;
    case FVI_OR: return a != 0 || b != 0;
    case FVI_XOR: return (a != 0) != (b != 0);
    case FVI_BIT_AND: return (double)((long)a & (long)b);
    case FVI_BIT_OR: return (double)((long)a | (long)b);
    case FVI_BIT_XOR: return (double)((long)a ^ (long)b);
    default: return NAN;
    }
}

void fvi_ref_binary(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    int64_t pos[FVI_MAX_DIMS] = {0};
    for (int64_t i = 0; i < fvi_ref_count(&out->shape); i++) {
        fvi_ref_unravel(&out->shape, i, pos);
        out->data[i] = binary(n->a.binary.f, fvi_ref_broadcast(&in[0], pos, out->shape.ndim),
                              fvi_ref_broadcast(&in[1], pos, out->shape.ndim));
    }
}

/* Element (row, col) of the matrix that batch position pos selects; 1-D operands are a row (a) or a
 * column (b). */
static double element(const fvi_ref *t, int trans, int is_a, const int64_t *pos, int batch_ndim,
                      int64_t row, int64_t col) {
    int64_t own[FVI_MAX_DIMS];
    int m = t->shape.ndim;
    if (m == 1) return t->data[is_a ? col : row];
    for (int d = 0; d < m - 2; d++)
        own[d] = t->shape.dim[d] == 1 ? 0 : pos[d + batch_ndim - (m - 2)];
    own[m - 2] = trans ? col : row;
    own[m - 1] = trans ? row : col;
    return t->data[fvi_ref_ravel(&t->shape, own)];
}

void fvi_ref_matmul(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    int ta = n->a.matmul.trans_a, tb = n->a.matmul.trans_b, nd = out->shape.ndim;
    const fvi_shape *as = &in[0].shape;
    int a1 = as->ndim == 1, b1 = in[1].shape.ndim == 1, batch = nd - 2 + a1 + b1;
    int64_t depth = as->dim[a1 ? 0 : ta ? as->ndim - 2 : as->ndim - 1], pos[FVI_MAX_DIMS];
    for (int64_t i = 0; i < fvi_ref_count(&out->shape); i++) {
        fvi_ref_unravel(&out->shape, i, pos);
        int64_t row = a1 ? 0 : pos[batch], col = b1 ? 0 : pos[nd - 1];
        double sum = 0;
        for (int64_t k = 0; k < depth; k++)
            sum += element(&in[0], ta, 1, pos, batch, row, k) *
                   element(&in[1], tb, 0, pos, batch, k, col);
        out->data[i] = n->a.matmul.alpha * sum;
        if (n->n_in > 2 && in[2].data) out->data[i] += fvi_ref_broadcast(&in[2], pos, nd);
    }
}

void fvi_ref_lrn(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    int64_t pos[FVI_MAX_DIMS], size = n->a.lrn.size;
    for (int64_t i = 0; i < fvi_ref_count(&out->shape); i++) {
        fvi_ref_unravel(&out->shape, i, pos);
        int64_t c = pos[1];
        double sum = 0;
        for (pos[1] = c - (size - 1) / 2; pos[1] <= c + size / 2; pos[1]++) {
            if (pos[1] < 0 || pos[1] >= out->shape.dim[1]) continue;
            double x = in[0].data[fvi_ref_ravel(&in[0].shape, pos)];
            sum += x * x;
        }
        out->data[i] =
            in[0].data[i] / pow(n->a.lrn.bias + n->a.lrn.alpha / (double)size * sum, n->a.lrn.beta);
    }
}

void fvi_ref_batch_norm(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    (void)n;
    int64_t pos[FVI_MAX_DIMS] = {0};
    for (int64_t i = 0; i < fvi_ref_count(&out->shape); i++) {
        fvi_ref_unravel(&out->shape, i, pos);
        out->data[i] = in[0].data[i] * in[1].data[pos[1]] + in[2].data[pos[1]];
    }
}

/* dst[0..m) = (src - mean) / sqrt(variance + epsilon) */
static void normalise(const double *src, double *dst, int64_t m, double epsilon) {
    double mean = 0, var = 0;
    for (int64_t i = 0; i < m; i++) mean += src[i] / (double)m;
    for (int64_t i = 0; i < m; i++) var += (src[i] - mean) * (src[i] - mean) / (double)m;
    for (int64_t i = 0; i < m; i++) dst[i] = (src[i] - mean) / sqrt(var + epsilon);
}

void fvi_ref_group_norm(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    int64_t pos[FVI_MAX_DIMS], count = fvi_ref_count(&out->shape);
    int64_t m = count / (out->shape.dim[0] * n->a.norm.groups);
    for (int64_t i = 0; i < count; i += m)
        normalise(in[0].data + i, out->data + i, m, n->a.norm.epsilon);
    for (int64_t i = 0; i < count; i++) {
        fvi_ref_unravel(&out->shape, i, pos);
        out->data[i] = out->data[i] * in[1].data[pos[1]] + in[2].data[pos[1]];
    }
}

void fvi_ref_layer_norm(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    int64_t pos[FVI_MAX_DIMS], count = fvi_ref_count(&out->shape), m = 1;
    int nd = out->shape.ndim;
    for (int d = n->a.norm.axis; d < nd; d++) m *= out->shape.dim[d];
    for (int64_t i = 0; i < count; i += m)
        normalise(in[0].data + i, out->data + i, m, n->a.norm.epsilon);
    for (int64_t i = 0; i < count; i++) {
        fvi_ref_unravel(&out->shape, i, pos);
        if (n->n_in > 1 && in[1].data) out->data[i] *= fvi_ref_broadcast(&in[1], pos, nd);
        if (n->n_in > 2 && in[2].data) out->data[i] += fvi_ref_broadcast(&in[2], pos, nd);
    }
}

void fvi_ref_softmax(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    int axis = n->a.softmax.axis;
    int64_t pos[FVI_MAX_DIMS] = {0}, size = out->shape.dim[axis], apart = 1;
    for (int d = axis + 1; d < out->shape.ndim; d++) apart *= out->shape.dim[d];
    for (int64_t i = 0; i < fvi_ref_count(&out->shape); i++) {
        fvi_ref_unravel(&out->shape, i, pos);
        if (pos[axis]) continue; /* i is the first of a line */
        double sum = 0, most = -INFINITY;
        for (int64_t k = 0; k < size; k++) most = fmax(most, in[0].data[i + k * apart]);
        for (int64_t k = 0; k < size; k++) sum += exp(in[0].data[i + k * apart] - most);
        for (int64_t k = 0; k < size; k++) {
            double x = in[0].data[i + k * apart] - most;
            out->data[i + k * apart] = n->a.softmax.log ? x - log(sum) : exp(x) / sum;
        }
    }
}

static double reduce_start(fvi_reduce f) {
    if (f == FVI_REDUCE_MAX) return -INFINITY;
    if (f == FVI_REDUCE_MIN) return INFINITY;
    return f == FVI_REDUCE_PROD;
}

static double reduce_step(fvi_reduce f, double a, double x) {
    switch (f) {
    case FVI_REDUCE_MAX: return fmax(a, x);
    case FVI_REDUCE_MIN: return fmin(a, x);
    case FVI_REDUCE_PROD: return a * x;
    case FVI_REDUCE_L1: return a + fabs(x);
    case FVI_REDUCE_L2:
    case FVI_REDUCE_SUM_SQUARE: return a + x * x;
    case FVI_REDUCE_LOG_SUM_EXP: return a + exp(x);
    default: return a + x;
    }
}

void fvi_ref_reduce(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    fvi_reduce f = n->a.reduce.f;
    fvi_shape kept = in[0].shape; /* the output's, with the folded axes as 1 */
    for (int d = 0; d < kept.ndim; d++)
        if (n->a.reduce.axes >> d & 1) kept.dim[d] = 1;
    int64_t outs = fvi_ref_count(&kept), count = fvi_ref_count(&in[0].shape), pos[FVI_MAX_DIMS];
    for (int64_t i = 0; i < outs; i++) out->data[i] = reduce_start(f);
    for (int64_t i = 0; i < count; i++) {
        fvi_ref_unravel(&in[0].shape, i, pos);
        for (int d = 0; d < kept.ndim; d++)
            if (n->a.reduce.axes >> d & 1) pos[d] = 0;
        double *o = &out->data[fvi_ref_ravel(&kept, pos)];
        *o = reduce_step(f, *o, in[0].data[i]);
    }
    for (int64_t i = 0; i < outs; i++) {
        if (f == FVI_REDUCE_MEAN) out->data[i] /= (double)(count / outs);
        if (f == FVI_REDUCE_L2) out->data[i] = sqrt(out->data[i]);
        if (f == FVI_REDUCE_LOG_SUM || f == FVI_REDUCE_LOG_SUM_EXP)
            out->data[i] = log(out->data[i]);
    }
}
