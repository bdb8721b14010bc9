/* SPDX-License-Identifier: Apache-2.0 */
/* term_diversity: how different several pictures are, diversity(LAYER) (Lucid's objective of this
 * name; Olah et al. 2017, doi:10.23915/distill.00007).
 *
 * Diversity. A picture's activations are X [positions][channels], its Gram matrix G = Xt X, and
 * cos(i, j) = <G_i, G_j> / (|G_i| |G_j|). Share of picture i: 1 - mean of cos(i, j) over the
 * others. <G_i, G_j> is also |X_i X_jt|^2, so there are two ways: through channels x channels
 * matrices, or through positions x positions; the smaller is used. As in Lucid, a squared length
 * below 1e-10 counts as 1e-10. It is computed by matrix products, as nodes of a graph, also on the
 * processor.
 *
 * Lucid's diversity is the sum of cos(i, j) instead of 1 minus their mean: docs/objectives.md says
 * which weights correspond.
 */
#include <inttypes.h>

#include "base/error.h"
#include "base/shape.h"
#include "graph/build/emit.h"
#include "vis/objective/reader.h"
#include "vis/objective/term_graph.h"
#include "vis/objective/terms/emitted.h"

static fv_status read(fvi_reader *r, const fvi_term_kind *kind, const fvi_call *c, fv_error *err) {
    fvi_unit u;
    fvi_term *t;
    fv_status st = fvi_unit_read(r, c->arg[0], &u, err);
    if (!st && (u.n_position || u.channel >= 0)) return fvi_call_wrong(kind, c, err);
    return st ? st : fvi_reader_add(r, kind, &u, &t, err);
}

#define SQUARED_LENGTH_MIN 1e-10

/* Which way needs fewer numbers: n Gram matrices, or all positions by all. */
static int is_through_channels(int64_t n, int64_t p, int64_t c) {
    return (double)c * (double)c <= (double)n * (double)p * (double)p;
}

/* That this fits, for as many pictures as there are samples. */
static fv_status bind(const fvi_bound *b, fvi_bound_term *t, fv_error *err) {
    const fvi_extent *l = &b->layout[t->term->value];
    const int64_t n = b->samples, p = fvi_extent_positions(l), c = l->channels;
    const double way =
        is_through_channels(n, p, c) ? (double)c * (double)c : (double)n * (double)(p * p);
    t->emitted = fvi_emitted_new();
    if ((double)n * (way + 2 * (double)fvi_extent_count(l)) <= FVI_MAX_ELEMENTS / 4.0) return FV_OK;
    return fvi_fail(err, FV_NOMEM,
                    "diversity of \"%s\", %" PRId64 " channels, takes more than 2 GiB for %" PRId64
                    " pictures; a layer with fewer channels or positions is needed",
                    b->objective->layers[t->term->value], c, n);
}

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
    const int products = emit_products(g, x, is_through_channels(n, p, c));
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
    .drop = fvi_emitted_drop,
    .group = fvi_emitted_evaluate,
    .emit = emit,
};
