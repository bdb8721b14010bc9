/* SPDX-License-Identifier: Apache-2.0 */
/* term_diversity: how different several pictures are, diversity(LAYER) (Lucid's objective of this
 * name; Olah et al. 2017, doi:10.23915/distill.00007).
 *
 * Diversity. A picture's activations are X [positions][channels], its Gram matrix G = Xt X, and
 * cos(i, j) = <G_i, G_j> / (|G_i| |G_j|). Share of picture i: 1 - mean of cos(i, j) over the
 * others. <G_i, G_j> is also |X_i X_jt|^2, so there are two ways: through channels x channels
 * matrices, or through positions x positions; the smaller is used. With respect to X_i, d<G_i,
 * G_j> = 2 X_i G_j,   d cos(i, j) = 2 X_i (G_j / (|G_i| |G_j|) - cos(i, j) G_i / |G_i|^2). As in
 * Lucid, a squared length below 1e-10 counts as 1e-10.
 *
 * Lucid's diversity is the sum of cos(i, j) instead of 1 minus their mean: docs/objectives.md says
 * which weights correspond.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/shape.h"
#include "graph/build/emit.h"
#include "vis/objective/reader.h"
#include "vis/objective/term_graph.h"

static fv_status read(fvi_reader *r, const fvi_term_kind *kind, const fvi_call *c, fv_error *err) {
    fvi_unit u;
    fvi_term *t;
    fv_status st = fvi_unit_read(r, c->arg[0], &u, err);
    if (!st && (u.n_position || u.channel >= 0)) return fvi_call_wrong(kind, c, err);
    return st ? st : fvi_reader_add(r, kind, &u, &t, err);
}

#define SQUARED_LENGTH_MIN 1e-10

/* Work of one sample: X [p][c], its gradient [p][c]; through channels also G and a sum of such,
 * [c][c]. */
typedef struct gram_work {
    int64_t p, c;
    int by_channels;
    float *x, *dx, *g, *h;
} gram_work;

static int by_channels(const fvi_extent *l) { return l->channels <= fvi_extent_positions(l); }

/* Floats of work a sample needs; -1: too many. */
static int64_t work_size(const fvi_extent *l) {
    int64_t x = 2 * fvi_extent_count(l), g = 0;
    if (by_channels(l) && (fvi_mul(l->channels, 2 * l->channels, &g) || fvi_add(x, g, &x)))
        return -1;
    return x;
}

static gram_work work_of(const fvi_extent *l, float *work, int64_t sample) {
    int64_t count = fvi_extent_count(l), square = l->channels * l->channels;
    float *x = work + sample * work_size(l);
    return (gram_work){fvi_extent_positions(l), l->channels,           by_channels(l), x, x + count,
                       x + 2 * count,           x + 2 * count + square};
}

static double inner(const float *a, const float *b, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)a[i] * b[i];
    return sum;
}

static void add_scaled(float *to, const float *from, float by, int64_t n) {
    for (int64_t i = 0; i < n; i++) to[i] += by * from[i];
}

/* Brings a sample into rows of channels, and makes its Gram matrix where that is the way. */
static void pack(const fvi_extent *l, int64_t sample, const float *x, const gram_work *w) {
    for (int64_t p = 0; p < w->p; p++)
        for (int64_t c = 0; c < w->c; c++) w->x[p * w->c + c] = x[fvi_extent_at(l, sample, c, p)];
    memset(w->dx, 0, (size_t)(w->p * w->c) * sizeof(float));
    if (!w->by_channels) return;
    memset(w->g, 0, (size_t)(w->c * w->c) * sizeof(float));
    for (int64_t p = 0; p < w->p; p++)
        for (int64_t c = 0; c < w->c; c++)
            add_scaled(w->g + c * w->c, w->x + p * w->c, w->x[p * w->c + c], w->c);
}

/* <G_a, G_b>. */
static double gram_inner(const gram_work *a, const gram_work *b) {
    if (a->by_channels) return inner(a->g, b->g, a->c * a->c);
    double sum = 0;
    for (int64_t p = 0; p < a->p; p++)
        for (int64_t q = 0; q < b->p; q++) {
            double m = inner(a->x + p * a->c, b->x + q * b->c, a->c);
            sum += m * m;
        }
    return sum;
}

/* da += by * X_a G_b; through channels only the sum of by * G_b is kept, until multiply(). */
static void gram_add(const gram_work *a, const gram_work *b, double by) {
    if (a->by_channels) {
        add_scaled(a->h, b->g, (float)by, a->c * a->c);
        return;
    }
    for (int64_t p = 0; p < a->p; p++)
        for (int64_t q = 0; q < b->p; q++) {
            double m = inner(a->x + p * a->c, b->x + q * b->c, a->c);
            add_scaled(a->dx + p * a->c, b->x + q * b->c, (float)(by * m), a->c);
        }
}

static void multiply(const gram_work *a) {
    for (int64_t p = 0; a->by_channels && p < a->p; p++)
        for (int64_t c = 0; c < a->c; c++)
            add_scaled(a->dx + p * a->c, a->h + c * a->c, a->x[p * a->c + c], a->c);
}

static double length_of(double square) { return sqrt(fmax(square, SQUARED_LENGTH_MIN)); }

/* In t->work [samples][work_size] and t->product [samples][samples], which has <G_i, G_j> in row
 * sample[i], column sample[j]. */
static void group(const fvi_bound *b, const fvi_bound_term *t, const int64_t *sample, int count,
                  const float *const *targets, float *const *seeds, double *values) {
    const int v = t->term->value;
    const fvi_extent *l = &b->layout[v];
    const double weight = t->term->weight;
    double *product = t->product;
    if (count < 2) {
        for (int i = 0; i < count; i++) values[i] += weight;
        return;
    }
    for (int i = 0; i < count; i++) {
        gram_work a = work_of(l, t->work, sample[i]);
        pack(l, sample[i], targets[v], &a);
        for (int j = 0; j <= i; j++) {
            gram_work other = work_of(l, t->work, sample[j]);
            double s = gram_inner(&a, &other);
            product[sample[i] * l->samples + j] = product[sample[j] * l->samples + i] = s;
        }
    }
    for (int i = 0; i < count; i++) {
        gram_work a = work_of(l, t->work, sample[i]);
        const double *row = product + sample[i] * l->samples;
        double own = length_of(row[i]), turned = 0, sum = 0;
        if (a.by_channels) memset(a.h, 0, (size_t)(a.c * a.c) * sizeof(float));
        for (int j = 0; j < count; j++) {
            if (j == i) continue;
            gram_work other = work_of(l, t->work, sample[j]);
            double length = length_of(product[sample[j] * l->samples + j]);
            double cosine = row[j] / (own * length);
            gram_add(&a, &other, 2 / (own * length));
            if (row[i] > SQUARED_LENGTH_MIN) turned += 2 * cosine / (own * own);
            sum += cosine;
        }
        gram_add(&a, &a, -turned);
        multiply(&a);
        values[i] += weight * (1 - sum / (count - 1));
        /* twice: cos(i, j) is in the share of i and in that of j */
        float by = (float)(-2 * weight / (count - 1));
        for (int64_t p = 0; p < a.p; p++)
            for (int64_t c = 0; c < a.c; c++)
                seeds[v][fvi_extent_at(l, sample[i], c, p)] += by * a.dx[p * a.c + c];
    }
}

static fv_status bind(const fvi_bound *b, fvi_bound_term *t, fv_error *err) {
    const fvi_extent *l = &b->layout[t->term->value];
    int64_t size = work_size(l), all = -1;
    const char *name = b->objective->layers[t->term->value];
    if (size < 0 || fvi_mul(size, b->samples, &all) || all > FVI_MAX_ELEMENTS / 4)
        return fvi_fail(err, FV_NOMEM,
                        "diversity of \"%s\", %" PRId64
                        " channels, takes more than 2 GiB for %" PRId64
                        " pictures; a layer with fewer channels or positions is needed",
                        name, l->channels, b->samples);
    t->work = malloc((size_t)all * sizeof(float));
    t->product = malloc((size_t)(b->samples * b->samples) * sizeof(double));
    if (t->work && t->product) return FV_OK;
    return fvi_fail(err, FV_NOMEM, "no memory for the diversity of \"%s\"", name);
}

/* ---- as nodes of a graph -------------------------------------------------------------------- */

/* <G_i, G_j> of the pictures of each group, [groups][group][group]; x [samples][p][c]. */
static int emit_products(const fvi_term_graph *g, int x, int through_channels) {
    fvi_builder *b = g->b;
    const fvi_shape s = fvi_build_shape(b, x);
    const int64_t n = g->group, groups = g->samples / n, p = s.dim[1], c = s.dim[2];
    const fvi_node_attr rows = {.matmul = {0, 1, 1}}, columns = {.matmul = {1, 0, 1}};
    if (through_channels) {
        const int gram = fvi_emit_reshape(b, fvi_emit_matmul(b, x, x, -1, &columns),
                                          &(fvi_shape){3, {groups, n, c * c}});
        return fvi_emit_matmul(b, gram, gram, -1, &rows);
    }
    x = fvi_emit_reshape(b, x, &(fvi_shape){3, {groups, n * p, c}});
    const int all = fvi_emit_reshape(b, fvi_emit_matmul(b, x, x, -1, &rows),
                                     &(fvi_shape){5, {groups, n, p, n, p}});
    return fvi_emit_reduce(b, FVI_REDUCE_SUM_SQUARE, 1u << 2 | 1u << 4, 0, all);
}

/* [n][n]: 1 on the diagonal and 0 beside it, or the other way round. */
static int emit_diagonal(const fvi_term_graph *g, int on) {
    const int64_t n = g->group;
    float *data;
    const int v = fvi_emit_constant(g->b, FVI_F32, &(fvi_shape){2, {n, n}}, &data);
    for (int64_t i = 0; v >= 0 && i < n * n; i++) data[i] = (float)((i / n == i % n) == on);
    return v;
}

static int emit_sum(const fvi_term_graph *g, int x, int of) {
    return fvi_emit_reduce(g->b, FVI_REDUCE_SUM, 1u << 2, 0,
                           fvi_emit_binary(g->b, FVI_MUL, x, emit_diagonal(g, of)));
}

static int emit(const fvi_term_graph *g, const fvi_bound_term *t) {
    fvi_builder *b = g->b;
    const int value = g->layer[t->term->value];
    const fvi_shape s = fvi_build_shape(b, value);
    const int64_t p = s.dim[1] * s.dim[3], c = s.dim[2], n = g->group, groups = g->samples / n;
    if (n < 2) return fvi_term_constant(g, 1);
    const int x = fvi_emit_reshape(b, fvi_emit_transpose(b, value, (int[]){0, 1, 3, 2}),
                                   &(fvi_shape){3, {g->samples, p, c}});
    const int products = emit_products(g, x, c <= p);
    const int length = fvi_emit_unary(
        b, FVI_SQRT, 0, 0, fvi_term_at_least(g, SQUARED_LENGTH_MIN, emit_sum(g, products, 1)));
    const int lengths =
        fvi_emit_binary(b, FVI_MUL, fvi_emit_reshape(b, length, &(fvi_shape){3, {groups, n, 1}}),
                        fvi_emit_reshape(b, length, &(fvi_shape){3, {groups, 1, n}}));
    const int others = emit_sum(g, fvi_emit_binary(b, FVI_DIV, products, lengths), 0);
    return fvi_emit_reshape(b, fvi_term_scale(g, -1 / (double)(n - 1), 1, others),
                            &(fvi_shape){1, {g->samples}});
}

const fvi_term_kind fvi_term_diversity = {
    .name = "diversity",
    .usage = "diversity(LAYER)",
    .min = 1,
    .max = 1,
    .scope = FVI_SCOPE_GROUP,
    .read = read,
    .bind = bind,
    .group = group,
    .emit = emit,
};
