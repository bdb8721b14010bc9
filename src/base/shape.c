/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes: counting, comparing, printing and broadcasting, with every product checked. */
#include "base/shape.h"

#include <stdio.h>
#include <string.h>

int fvi_mul(int64_t a, int64_t b, int64_t *out) {
    int64_t r;
    if (__builtin_mul_overflow(a, b, &r)) return -1;
    *out = r;
    return 0;
}

int fvi_add(int64_t a, int64_t b, int64_t *out) {
    int64_t r;
    if (__builtin_add_overflow(a, b, &r)) return -1;
    *out = r;
    return 0;
}

/* An empty shape such as 0xN is judged with its zeros left out, so that its strides are sound too.
 */
int64_t fvi_shape_count(const fvi_shape *shape) {
    int64_t n = 1;
    int empty = 0;
    if (shape->ndim < 0) return -1;
    for (int i = 0; i < shape->ndim; i++) {
        int64_t d = shape->dim[i];
        if (d < 0) return -1;
        if (d == 0) {
            empty = 1;
            continue;
        }
        if (fvi_mul(n, d, &n) || n > FVI_MAX_ELEMENTS) return -1;
    }
    return empty ? 0 : n;
}

int64_t fvi_shape_product(const fvi_shape *shape, int from, int to) {
    int64_t n = 1;
    for (int i = from; i < to; i++) n *= shape->dim[i];
    return n;
}

int fvi_shape_equal(const fvi_shape *a, const fvi_shape *b) {
    if (a->ndim != b->ndim) return 0;
    for (int i = 0; i < a->ndim; i++)
        if (a->dim[i] != b->dim[i]) return 0;
    return 1;
}

const char *fvi_shape_text(const fvi_shape *shape, char text[FVI_SHAPE_TEXT]) {
    size_t at = 0;
    text[0] = 0;
    if (shape->ndim <= 0)
        snprintf(text, FVI_SHAPE_TEXT, "%s", shape->ndim ? "unknown" : "scalar");
    for (int i = 0; i < shape->ndim && at < FVI_SHAPE_TEXT; i++) {
        int n = snprintf(text + at, FVI_SHAPE_TEXT - at, "%s%lld", i ? "x" : "",
                         (long long)shape->dim[i]);
        at += n > 0 ? (size_t)n : 0;
    }
    return text;
}

void fvi_shape_strides(const fvi_shape *shape, int64_t stride[FVI_MAX_DIMS]) {
    int64_t n = 1;
    for (int i = shape->ndim - 1; i >= 0; i--) {
        stride[i] = n;
        n *= shape->dim[i];
    }
}

int fvi_shape_broadcast(const fvi_shape *a, const fvi_shape *b, fvi_shape *out) {
    fvi_shape r = {0};
    r.ndim = a->ndim > b->ndim ? a->ndim : b->ndim;
    for (int i = 0; i < r.ndim; i++) {
        int ia = i - (r.ndim - a->ndim), ib = i - (r.ndim - b->ndim);
        int64_t da = ia >= 0 ? a->dim[ia] : 1, db = ib >= 0 ? b->dim[ib] : 1;
        if (da != db && da != 1 && db != 1) return -1;
        r.dim[i] = da == 1 ? db : da;
    }
    *out = r;
    return 0;
}
