/* SPDX-License-Identifier: Apache-2.0 */
/* term_alignment: how alike neighbours of several pictures are, alignment(LAYER|input[, decay])
 * (Lucid's objective of this name). Minus the mean squared difference of two pictures, divided by
 * decay^distance, over all pairs of distance 1..4; each of a pair gets half.
 */
#include <math.h>
#include <string.h>

#include "graph/build/compose.h"
#include "vis/objective/reader.h"
#include "vis/objective/term_graph.h"

#define REACH 4 /* pictures further apart are not aligned */

static fv_status read(fvi_reader *r, const fvi_term_kind *kind, const fvi_call *c, fv_error *err) {
    fvi_unit u = {.channel = -1};
    fvi_term *t;
    float decay = 2;
    int picture = !strcmp(c->arg[0], "input");
    fv_status st = picture ? FV_OK : fvi_unit_read(r, c->arg[0], &u, err);
    if (!st && (u.n_position || u.channel >= 0)) return fvi_call_wrong(kind, c, err);
    if (!st) st = fvi_read_parameter(c, 1, "decay", 1e-3, FVI_PARAMETER_MAX, &decay, err);
    if (!st) st = fvi_reader_add(r, kind, picture ? NULL : &u, &t, err);
    if (!st) t->argument[0] = decay;
    return st;
}

/* `by` times the sum of squared differences of n elements. */
static double difference(const float *a, const float *b, int64_t n, double by, float *da,
                         float *db) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        double d = (double)a[i] - b[i];
        float slope = (float)(2 * by * d);
        sum += d * d;
        da[i] += slope;
        db[i] -= slope;
    }
    return by * sum;
}

/* alignment(LAYER). */
static fv_status group(const fvi_bound *b, const fvi_bound_term *t, const fvi_group_call *c,
                       fv_error *err) {
    const int v = t->term->value;
    (void)err;
    if (v < 0) return FV_OK;
    const fvi_extent *l = &b->layout[v];
    const float *x = c->targets[v];
    float *seed = c->seeds[v];
    int64_t size = fvi_extent_count(l);
    for (int d = 1; d <= REACH; d++) {
        double by = -t->term->weight / pow(t->term->argument[0], d) / (double)size;
        for (int i = 0; i + d < c->count; i++) {
            double sum = 0;
            for (int64_t e = 0; e < size; e += l->run) {
                int64_t one = fvi_extent_offset(l, c->sample[i], e);
                int64_t other = fvi_extent_offset(l, c->sample[i + d], e);
                sum += difference(x + one, x + other, l->run, by, seed + one, seed + other);
            }
            c->values[i] += sum / 2;
            c->values[i + d] += sum / 2;
        }
    }
    return FV_OK;
}

/* alignment(input). */
static void pictures(const fvi_term *t, const float *const *p, int count, int64_t size,
                     float *const *dp, double *values) {
    for (int d = 1; t->value < 0 && d <= REACH; d++) {
        double by = -t->weight / pow(t->argument[0], d) / (double)size;
        for (int i = 0; i + d < count; i++) {
            double sum = difference(p[i], p[i + d], size, by, dp[i], dp[i + d]);
            values[i] += sum / 2;
            values[i + d] += sum / 2;
        }
    }
}

/* ---- as nodes of a graph -------------------------------------------------------------------- */

/* Half of what pairs of distance d are worth, of each group's x [groups][group][size]:
 * [groups][group], a pair's share at both its pictures. */
static int emit_distance(const fvi_term_graph *g, const fvi_bound_term *t, int x, int d) {
    fvi_builder *b = g->b;
    const fvi_shape s = fvi_build_shape(b, x);
    const int64_t groups = s.dim[0], pairs = s.dim[1] - d;
    float *data;
    const int apart = fvi_emit_binary(b, FVI_SUB, fvi_emit_slice(b, x, 1, 0, pairs),
                                      fvi_emit_slice(b, x, 1, d, pairs));
    const int square = fvi_emit_reduce(b, FVI_REDUCE_SUM_SQUARE, 1u << 2, 0, apart);
    const fvi_shape one = {2, {groups, 1}};
    const int by =
        fvi_emit_stop_gradient(b, fvi_given_input(g->given, b, &one, FVI_GIVEN_ONCE, &data));
    for (int64_t i = 0; by >= 0 && i < groups; i++)
        data[i] = (float)(-0.5 / pow(t[i * g->group % g->pictures].term->argument[0], d) /
                          (double)s.dim[2]);
    const int share = fvi_emit_binary(b, FVI_MUL, square, by);
    const int64_t none[] = {0, 0}, far[] = {0, d};
    return fvi_emit_binary(b, FVI_ADD, fvi_emit_pad(b, share, none, far, FVI_PAD_CONSTANT, 0),
                           fvi_emit_pad(b, share, far, none, FVI_PAD_CONSTANT, 0));
}

static int emit(const fvi_term_graph *g, const fvi_bound_term *t) {
    fvi_builder *b = g->b;
    const int of = t->term->value < 0 ? g->pixels : g->layer[t->term->value];
    const fvi_shape s = fvi_build_shape(b, of);
    const fvi_shape groups = {3, {g->samples / g->group, g->group, s.dim[1] * s.dim[2] * s.dim[3]}};
    const int x = fvi_emit_reshape(b, of, &groups);
    int sum = -1;
    for (int d = 1; d <= REACH && d < g->group; d++) {
        const int share = emit_distance(g, t, x, d);
        sum = d == 1 ? share : fvi_emit_binary(b, FVI_ADD, sum, share);
    }
    return g->group > 1 ? fvi_emit_reshape(b, sum, &(fvi_shape){1, {g->samples}})
                        : fvi_term_constant(g, 0);
}

const fvi_term_kind fvi_term_alignment = {
    .name = "alignment",
    .usage = "alignment(LAYER|input[, DECAY])",
    .min = 1,
    .max = 2,
    .scope = FVI_SCOPE_GROUP,
    .usual = 2,
    .read = read,
    .group = group,
    .pictures = pictures,
    .emit = emit,
};
