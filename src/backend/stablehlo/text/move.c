/* SPDX-License-Identifier: Apache-2.0 */
/* move: broadcasting, reshaping, slicing, padding, joining. */
#include "backend/stablehlo/text/move.h"

#include "backend/stablehlo/text/constants.h"
#include "backend/stablehlo/text/write.h"

/* An operation on one value. */
static fvi_hlo_op of_one(const fvi_hlo *h, const char *name, int x, const fvi_shape *shape) {
    return (fvi_hlo_op){
        .name = name, .operands = {x}, .n = 1, .type = fvi_hlo_type_of(h, x), .shape = *shape};
}

static void attribute(fvi_hlo *h, const char *name, const int64_t *x, int n) {
    g_string_append_printf(h->body, "%s = ", name);
    fvi_hlo_write_array(h, x, n);
}

/* The same with one attribute, an array. */
static int with_array(fvi_hlo *h, const fvi_hlo_op *op, const char *name, const int64_t *x, int n) {
    const int y = fvi_hlo_open(h, op);
    g_string_append(h->body, " {");
    attribute(h, name, x, n);
    g_string_append_c(h->body, '}');
    return fvi_hlo_close(h, op, y);
}

int fvi_hlo_spread(fvi_hlo *h, int x, const fvi_shape *shape, const int *axes) {
    const int n = fvi_hlo_shape(h, x).ndim;
    const fvi_hlo_op op = of_one(h, "broadcast_in_dim", x, shape);
    int64_t to[FVI_MAX_DIMS];
    for (int i = 0; i < n; i++) to[i] = axes[i];
    return with_array(h, &op, "broadcast_dimensions", to, n);
}

int fvi_hlo_broadcast(fvi_hlo *h, int x, const fvi_shape *shape) {
    const fvi_shape s = fvi_hlo_shape(h, x);
    int axes[FVI_MAX_DIMS];
    if (fvi_shape_equal(&s, shape)) return x;
    for (int i = 0; i < s.ndim; i++) axes[i] = shape->ndim - s.ndim + i;
    return fvi_hlo_spread(h, x, shape, axes);
}

int fvi_hlo_along(fvi_hlo *h, int x, const fvi_shape *shape, int axis) {
    const fvi_shape s = fvi_hlo_shape(h, x);
    const fvi_shape row = {1, {fvi_shape_count(&s)}};
    return fvi_hlo_spread(h, fvi_hlo_reshape(h, x, &row), shape, &axis);
}

int fvi_hlo_reshape(fvi_hlo *h, int x, const fvi_shape *shape) {
    const fvi_shape s = fvi_hlo_shape(h, x);
    const fvi_hlo_op op = of_one(h, "reshape", x, shape);
    return fvi_shape_equal(&s, shape) ? x : fvi_hlo_write(h, &op);
}

int fvi_hlo_transpose(fvi_hlo *h, int x, const int *perm) {
    const fvi_shape s = fvi_hlo_shape(h, x);
    fvi_shape shape = {s.ndim, {0}};
    int64_t order[FVI_MAX_DIMS];
    for (int i = 0; i < s.ndim; i++) {
        shape.dim[i] = s.dim[perm[i]];
        order[i] = perm[i];
    }
    const fvi_hlo_op op = of_one(h, "transpose", x, &shape);
    return with_array(h, &op, "permutation", order, s.ndim);
}

int fvi_hlo_reverse(fvi_hlo *h, int x, unsigned axes) {
    const fvi_shape s = fvi_hlo_shape(h, x);
    int64_t turned[FVI_MAX_DIMS];
    int n = 0;
    for (int i = 0; i < s.ndim; i++)
        if (axes >> i & 1) turned[n++] = i;
    const fvi_hlo_op op = of_one(h, "reverse", x, &s);
    return n ? with_array(h, &op, "dimensions", turned, n) : x;
}

int fvi_hlo_slice(fvi_hlo *h, int x, const int64_t *from, const int64_t *to, const int64_t *step) {
    fvi_shape s = fvi_hlo_shape(h, x);
    const int n = s.ndim;
    int64_t end[FVI_MAX_DIMS];
    for (int i = 0; i < n; i++) {
        end[i] = MAX(to[i], from[i]);
        s.dim[i] = (end[i] - from[i] + step[i] - 1) / step[i];
    }
    const fvi_hlo_op op = of_one(h, "slice", x, &s);
    const int y = fvi_hlo_open(h, &op);
    g_string_append(h->body, " {");
    attribute(h, "start_indices", from, n);
    attribute(h, ", limit_indices", end, n);
    attribute(h, ", strides", step, n);
    g_string_append_c(h->body, '}');
    return fvi_hlo_close(h, &op, y);
}

int fvi_hlo_part(fvi_hlo *h, int x, int axis, int64_t from, int64_t to) {
    const fvi_shape s = fvi_hlo_shape(h, x);
    int64_t first[FVI_MAX_DIMS] = {0}, end[FVI_MAX_DIMS], step[FVI_MAX_DIMS];
    for (int i = 0; i < s.ndim; i++) {
        end[i] = s.dim[i];
        step[i] = 1;
    }
    if (from == 0 && to == s.dim[axis]) return x;
    first[axis] = from;
    end[axis] = to;
    return fvi_hlo_slice(h, x, first, end, step);
}

int fvi_hlo_pad(fvi_hlo *h, int x, const int64_t *lo, const int64_t *hi, const int64_t *gap,
                double value) {
    fvi_shape s = fvi_hlo_shape(h, x);
    const int n = s.ndim, with = fvi_hlo_number(h, &(fvi_shape){0}, value);
    for (int i = 0; i < n; i++) {
        s.dim[i] += (s.dim[i] > 1 ? s.dim[i] - 1 : 0) * gap[i] + lo[i] + hi[i];
        if (s.dim[i] < 0) s.dim[i] = 0;
    }
    fvi_hlo_op op = of_one(h, "pad", x, &s);
    op.operands[op.n++] = with;
    const int y = fvi_hlo_open(h, &op);
    g_string_append(h->body, " {");
    attribute(h, "edge_padding_low", lo, n);
    attribute(h, ", edge_padding_high", hi, n);
    attribute(h, ", interior_padding", gap, n);
    g_string_append_c(h->body, '}');
    return fvi_hlo_close(h, &op, y);
}

int fvi_hlo_concat(fvi_hlo *h, const int *x, int n, int axis) {
    fvi_shape s = fvi_hlo_shape(h, x[0]);
    for (int i = 1; i < n; i++) s.dim[axis] += fvi_hlo_shape(h, x[i]).dim[axis];
    if (n == 1) return x[0];
    const int y = fvi_hlo_new(h, fvi_hlo_type_of(h, x[0]), &s);
    fvi_hlo_write_name(h, y);
    g_string_append(h->body, " = \"stablehlo.concatenate\"(");
    for (int i = 0; i < n; i++) {
        g_string_append(h->body, i ? ", " : "");
        fvi_hlo_write_name(h, x[i]);
    }
    g_string_append_printf(h->body, ") {dimension = %d : i64} : (", axis);
    for (int i = 0; i < n; i++) {
        const fvi_shape part = fvi_hlo_shape(h, x[i]);
        g_string_append(h->body, i ? ", " : "");
        fvi_hlo_write_type(h->body, fvi_hlo_type_of(h, x[i]), &part);
    }
    g_string_append(h->body, ") -> ");
    fvi_hlo_write_type(h->body, fvi_hlo_type_of(h, x[0]), &s);
    g_string_append_c(h->body, '\n');
    return y;
}
