/* SPDX-License-Identifier: Apache-2.0 */
/* places: reading and writing at places that are computed, and loops. */
#include "backend/stablehlo/text/places.h"

#include "backend/stablehlo/text/constants.h"
#include "backend/stablehlo/text/elementwise.h"
#include "backend/stablehlo/text/move.h"
#include "backend/stablehlo/text/write.h"

/* ---- one axis at many places ---------------------------------------------------------------- */

/* The window's axes in the result: those of x but `axis`, behind which the index' axes stand. */
static void write_window_axes(fvi_hlo *h, int x_axes, int index_axes, int axis) {
    int first = 1;
    g_string_append_c(h->body, '[');
    for (int i = 0; i < x_axes - 1; i++) {
        g_string_append_printf(h->body, "%s%d", first ? "" : ", ", i < axis ? i : i + index_axes);
        first = 0;
    }
    g_string_append_c(h->body, ']');
}

int fvi_hlo_take(fvi_hlo *h, int x, int index, int axis) {
    const fvi_shape s = fvi_hlo_shape(h, x), at = fvi_hlo_shape(h, index);
    fvi_hlo_op op = {
        .name = "gather", .operands = {x, index}, .n = 2, .type = fvi_hlo_type_of(h, x)};
    int64_t sizes[FVI_MAX_DIMS];
    for (int i = 0; i < s.ndim; i++) {
        sizes[i] = i == axis ? 1 : s.dim[i];
        if (i != axis) {
            op.shape.dim[op.shape.ndim++] = s.dim[i];
            continue;
        }
        for (int k = 0; k < at.ndim; k++) op.shape.dim[op.shape.ndim++] = at.dim[k];
    }
    const int y = fvi_hlo_open(h, &op);
    g_string_append(h->body, " {dimension_numbers = #stablehlo.gather<offset_dims = ");
    write_window_axes(h, s.ndim, at.ndim, axis);
    g_string_append_printf(h->body,
                           ", collapsed_slice_dims = [%d], start_index_map = [%d], "
                           "index_vector_dim = %d>, slice_sizes = ",
                           axis, axis, at.ndim);
    fvi_hlo_write_array(h, sizes, s.ndim);
    g_string_append(h->body, ", indices_are_sorted = false}");
    return fvi_hlo_close(h, &op, y);
}

int fvi_hlo_put_back(fvi_hlo *h, int g, int index, int axis, const fvi_shape *shape) {
    const fvi_shape at = fvi_hlo_shape(h, index);
    const int zeros = fvi_hlo_number(h, shape, 0);
    const fvi_hlo_op op = {.name = "scatter",
                           .operands = {zeros, index, g},
                           .n = 3,
                           .type = FVI_HLO_F32,
                           .shape = *shape};
    const int y = fvi_hlo_open(h, &op);
    fvi_hlo_write_scalar_function(h, "add");
    g_string_append(h->body, " {scatter_dimension_numbers = #stablehlo.scatter<"
                             "update_window_dims = ");
    write_window_axes(h, shape->ndim, at.ndim, axis);
    g_string_append_printf(h->body,
                           ", inserted_window_dims = [%d], scatter_dims_to_operand_dims = [%d], "
                           "index_vector_dim = %d>, indices_are_sorted = false, "
                           "unique_indices = false}",
                           axis, axis, at.ndim);
    return fvi_hlo_close(h, &op, y);
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* Appends operands "x, [row,] at, 0, 0, ..." and their types; `zero` is an i32 scalar. */
static int dynamic(fvi_hlo *h, const char *name, const int *first, int n_first, int at,
                   const fvi_shape *shape) {
    const int axes = fvi_hlo_shape(h, first[0]).ndim;
    const int zero = fvi_hlo_integers(h, &(fvi_shape){0}, &(int32_t){0});
    const int y = fvi_hlo_new(h, FVI_HLO_F32, shape);
    fvi_hlo_write_name(h, y);
    g_string_append_printf(h->body, " = \"stablehlo.%s\"(", name);
    for (int i = 0; i < n_first + axes; i++) {
        g_string_append(h->body, i ? ", " : "");
        fvi_hlo_write_name(h, i < n_first ? first[i] : i == n_first ? at : zero);
    }
    g_string_append_c(h->body, ')');
    if (n_first == 1) {
        g_string_append(h->body, " {slice_sizes = ");
        fvi_hlo_write_array(h, shape->dim, shape->ndim);
        g_string_append_c(h->body, '}');
    }
    g_string_append(h->body, " : (");
    for (int i = 0; i < n_first + axes; i++) {
        const fvi_shape s = i < n_first ? fvi_hlo_shape(h, first[i]) : (fvi_shape){0};
        g_string_append(h->body, i ? ", " : "");
        fvi_hlo_write_type(h->body, i < n_first ? FVI_HLO_F32 : FVI_HLO_I32, &s);
    }
    g_string_append(h->body, ") -> ");
    fvi_hlo_write_type(h->body, FVI_HLO_F32, shape);
    g_string_append_c(h->body, '\n');
    return y;
}

/* A shape with one row instead of several; and without that axis. */
static fvi_shape one_row(const fvi_shape *s) {
    fvi_shape r = *s;
    r.dim[0] = 1;
    return r;
}

static fvi_shape without_first(const fvi_shape *s) {
    fvi_shape r = {.ndim = s->ndim - 1};
    for (int i = 0; i < r.ndim; i++) r.dim[i] = s->dim[i + 1];
    return r;
}

int fvi_hlo_row(fvi_hlo *h, int x, int at) {
    const fvi_shape s = fvi_hlo_shape(h, x), one = one_row(&s), rest = without_first(&s);
    return fvi_hlo_reshape(h, dynamic(h, "dynamic_slice", &x, 1, at, &one), &rest);
}

int fvi_hlo_set_row(fvi_hlo *h, int x, int at, int row) {
    const fvi_shape s = fvi_hlo_shape(h, x), one = one_row(&s);
    const int both[] = {x, fvi_hlo_reshape(h, row, &one)};
    return dynamic(h, "dynamic_update_slice", both, 2, at, &s);
}

/* ---- loops ---------------------------------------------------------------------------------- */

static void write_all(fvi_hlo *h, const int *x, int n, int types) {
    for (int i = 0; i < n; i++) {
        const fvi_shape s = fvi_hlo_shape(h, x[i]);
        g_string_append(h->body, i ? ", " : "");
        if (types != 1) fvi_hlo_write_name(h, x[i]);
        if (types == 2) g_string_append(h->body, ": ");
        if (types) fvi_hlo_write_type(h->body, fvi_hlo_type_of(h, x[i]), &s);
    }
}

/* The beginning of a region: block arguments like `state`, which are returned in `inner`. */
static void open_region(fvi_hlo *h, const int *state, int n, int *inner) {
    for (int i = 0; i < n; i++) {
        const fvi_shape s = fvi_hlo_shape(h, state[i]);
        inner[i] = fvi_hlo_new(h, fvi_hlo_type_of(h, state[i]), &s);
    }
    g_string_append(h->body, "{\n^bb0(");
    write_all(h, inner, n, 2);
    g_string_append(h->body, "):\n");
}

static void close_region(fvi_hlo *h, const int *results, int n) {
    g_string_append(h->body, "\"stablehlo.return\"(");
    write_all(h, results, n, 0);
    g_string_append(h->body, ") : (");
    write_all(h, results, n, 1);
    g_string_append(h->body, ") -> ()\n}");
}

void fvi_hlo_repeat(fvi_hlo *h, int64_t count, int *state, int n, fvi_hlo_step *step, void *user) {
    const fvi_shape scalar = {0};
    int *outer = g_new(int, n + 1), *inner = g_new(int, n + 1);
    outer[0] = fvi_hlo_integers(h, &scalar, &(int32_t){0});
    for (int i = 0; i < n; i++) outer[i + 1] = state[i];
    const int name = h->names++;
    g_string_append_printf(h->body, "%%%d:%d = \"stablehlo.while\"(", name, n + 1);
    write_all(h, outer, n + 1, 0);
    g_string_append(h->body, ") (");
    open_region(h, outer, n + 1, inner);
    const int more = fvi_hlo_compare(h, "LT", inner[0],
                                     fvi_hlo_integers(h, &scalar, &(int32_t){(int32_t)count}));
    close_region(h, &more, 1);
    g_string_append(h->body, ", ");
    open_region(h, outer, n + 1, inner);
    step(h, user, inner[0], inner + 1);
    inner[0] = fvi_hlo_add_number(h, inner[0], 1);
    close_region(h, inner, n + 1);
    g_string_append(h->body, ") : (");
    write_all(h, outer, n + 1, 1);
    g_string_append(h->body, ") -> (");
    write_all(h, outer, n + 1, 1);
    g_string_append(h->body, ")\n");
    for (int i = 0; i < n; i++) {
        const fvi_shape s = fvi_hlo_shape(h, state[i]);
        state[i] = fvi_hlo_new_part(h, fvi_hlo_type_of(h, state[i]), &s, name, i + 1);
    }
    g_free(outer);
    g_free(inner);
}
