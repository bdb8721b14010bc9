/* SPDX-License-Identifier: Apache-2.0 */
/* term_direction: how far activations go along a vector, direction(LAYER[@y,x], v[, power]):
 * <a, v> cos(a, v)^power at one position, or the mean over all (Lucid's direction).
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/tensor.h"
#include "graph/build/compose.h"
#include "vis/objective/reader.h"
#include "vis/objective/spelling.h"
#include "vis/objective/subset.h"

static int is_direction(const fv_tensor *v) {
    int somewhere = 0;
    for (int64_t i = 0; i < fv_tensor_count(v); i++) {
        if (!isfinite(v->data[i])) return 0;
        somewhere |= v->data[i] != 0;
    }
    return somewhere;
}

/* Reads the vector of an attachment or a file. */
static fv_status load(const fvi_reader *r, const char *name, fv_tensor **out, fv_error *err) {
    const fv_attachment *a = fvi_reader_attachment(r, name);
    if (!a) return fv_tensor_load(name, out, err);
    if (!a->tensor)
        return fvi_fail(err, FV_ARG, "attachment \"%.150s\" is an image; the term takes a tensor",
                        name);
    return fvi_tensor_copy(a->tensor, out, err);
}

static fv_status read(fvi_reader *r, const fvi_term_kind *kind, const fvi_call *c, fv_error *err) {
    fvi_unit u;
    fvi_term *t;
    float power = 0;
    fv_status st = fvi_unit_read(r, c->arg[0], &u, err);
    if (!st && u.channel >= 0) return fvi_call_wrong(kind, c, err);
    if (!st) st = fvi_read_parameter(c, 2, "power", 0, FVI_PARAMETER_MAX, &power, err);
    if (!st) st = fvi_reader_add(r, kind, &u, &t, err);
    if (st) return st;
    t->argument[0] = power;
    char *name = NULL;
    fv_tensor *v = NULL;
    st = fvi_read_path(c->arg[1], &name, err);
    if (!st) st = load(r, name, &v, err);
    if (!st && !is_direction(v))
        st = fvi_fail(err, FV_ARG, "%.200s: a direction needs finite numbers that are not all 0",
                      name);
    if (!st)
        fvi_term_own(t, name, v);
    else
        fv_tensor_free(v);
    g_free(name);
    return st;
}

static void text(const fvi_objective *o, const fvi_term *t, int alone, GString *s) {
    (void)alone;
    fvi_append_call(s, "direction", o, t);
}

static fv_status check(const fvi_objective *o, const fvi_term *t, const fvi_extent *extents,
                       fv_error *err) {
    const int64_t count = fv_tensor_count(t->vector), channels = extents[t->value].channels;
    if (count == channels) return FV_OK;
    return fvi_fail(err, FV_SHAPE,
                    "%s: %" PRId64 " numbers; a direction in \"%s\" has %" PRId64
                    ", one for each channel",
                    t->file, count, o->layers[t->value], channels);
}

static double value(const fvi_extent *l, int64_t n, const fvi_bound_term *t, const float *x,
                    float *seed) {
    const double scale = t->term->weight;
    const float *v = t->term->vector->data;
    int64_t positions = t->position >= 0 ? 1 : fvi_extent_positions(l);
    double length = sqrt(fvi_sum_squares(v, l->channels)), sum = 0;
    for (int64_t i = 0; i < positions; i++) {
        fvi_subset p = {l, n, -1, t->position >= 0 ? t->position : i, l->channels};
        sum +=
            fvi_dot_cosine(&p, v, length, t->term->argument[0], x, scale / (double)positions, seed);
    }
    return sum / (double)positions;
}

static double vector_length(const fvi_bound_term *t) {
    return sqrt(fvi_sum_squares(t->term->vector->data, fv_tensor_count(t->term->vector)));
}

/* At one position, or the mean over all. */
static int emit(const fvi_term_graph *g, const fvi_bound_term *t) {
    fvi_builder *b = g->b;
    const int value = g->layer[t->term->value];
    const int x = t->position >= 0 ? fvi_emit_at_position(g, t, value) : value;
    const fvi_shape s = fvi_build_shape(b, x);
    const fvi_shape positions = {2, {s.dim[0], s.dim[1] * s.dim[3]}};
    const int64_t c = s.dim[2];
    float *data;
    const int v = fvi_term_given(g, &(fvi_shape){3, {1, c, 1}}, &data);
    for (int64_t i = 0; v >= 0 && i < g->samples; i++)
        memcpy(data + i * c, t[i % g->pictures].term->vector->data, (size_t)c * sizeof *data);
    const int products = fvi_emit_binary(b, FVI_MUL, x, v);
    const int dot =
        fvi_emit_reshape(b, fvi_emit_reduce(b, FVI_REDUCE_SUM, 1u << 2, 0, products), &positions);
    const int length =
        fvi_emit_reshape(b, fvi_emit_reduce(b, FVI_REDUCE_L2, 1u << 2, 0, x), &positions);
    return fvi_emit_reduce(
        b, FVI_REDUCE_MEAN, 1u << 1, 0,
        fvi_emit_dot_cosine(g, t, fvi_term_numbers(g, t, vector_length, 1), dot, length));
}

const fvi_term_kind fvi_term_direction = {
    .name = "direction",
    .usage = "direction(LAYER[@y,x], FILE.npy[, POWER])",
    .min = 2,
    .max = 3,
    .scope = FVI_SCOPE_SAMPLE,
    .read = read,
    .text = text,
    .check = check,
    .value = value,
    .emit = emit,
};
