/* SPDX-License-Identifier: Apache-2.0 */
/* term_graph: pieces of which the graph forms of several terms are made. */
#include "vis/objective/term_graph.h"

#include "graph/build/compose.h"

#define INDICES_MAX ((int64_t)1 << 24) /* whole numbers up to it are exact in f32 */

int fvi_term_given(const fvi_term_graph *g, const fvi_shape *each, float **data) {
    fvi_shape s = {.ndim = each->ndim + 1, .dim = {g->samples}};
    for (int i = 0; i < each->ndim; i++) s.dim[i + 1] = each->dim[i];
    const int v = fvi_given_input(g->given, g->b, &s, FVI_GIVEN_ONCE, data);
    return fvi_emit_stop_gradient(g->b, v);
}

int fvi_term_numbers(const fvi_term_graph *g, const fvi_bound_term *t, fvi_term_number number,
                     int ones) {
    fvi_shape each = {.ndim = ones};
    float *data;
    for (int i = 0; i < ones; i++) each.dim[i] = 1;
    const int v = fvi_term_given(g, &each, &data);
    for (int64_t i = 0; v >= 0 && i < g->samples; i++) data[i] = (float)number(&t[i % g->pictures]);
    return v;
}

int fvi_term_power(const fvi_term_graph *g, const fvi_bound_term *t, fvi_term_number exponent,
                   int x) {
    const double first = exponent(&t[0]);
    int same = 1;
    for (int64_t i = 1; i < g->pictures; i++) same &= exponent(&t[i]) == first;
    if (same && first == 1) return x;
    if (same) return fvi_emit_unary(g->b, FVI_POW, (float)first, 0, x);
    const int ones = fvi_build_shape(g->b, x).ndim - 1;
    return fvi_emit_binary(g->b, FVI_POWER, x, fvi_term_numbers(g, t, exponent, ones));
}

int fvi_term_choose(const fvi_term_graph *g, const fvi_bound_term *t, fvi_term_number which,
                    int x) {
    fvi_shape s = fvi_build_shape(g->b, x);
    float *data;
    if (x < 0 || g->b->status) return -1;
    const int64_t n = s.dim[1], rows = g->samples * n;
    if (rows > INDICES_MAX) {
        fvi_build_fail(g->b, FV_UNSUPPORTED,
                       "one of %" PRId64 " elements is chosen; allowed: up to %" PRId64, rows,
                       INDICES_MAX);
        return -1;
    }
    s.ndim--;
    s.dim[0] = rows;
    if (s.ndim > 1) s.dim[1] = s.dim[2];
    x = fvi_emit_reshape(g->b, x, &s);
    const int at = fvi_term_given(g, &(fvi_shape){0}, &data);
    for (int64_t i = 0; at >= 0 && i < g->samples; i++)
        data[i] = (float)((double)(i * n) + which(&t[i % g->pictures]));
    return fvi_emit_gather(g->b, x, at, 0);
}

int fvi_term_constant(const fvi_term_graph *g, double x) {
    return fvi_emit_expand(g->b, fvi_emit_scalar(g->b, FVI_F32, x), &(fvi_shape){1, {g->samples}});
}

/* ---- arithmetic with a number --------------------------------------------------------------- */

int fvi_term_scale(const fvi_term_graph *g, double p, double q, int x) {
    return p == 1 && q == 0 ? x : fvi_emit_unary(g->b, FVI_LINEAR, (float)p, (float)q, x);
}

int fvi_term_at_least(const fvi_term_graph *g, double low, int x) {
    return fvi_term_where(g, fvi_term_compare(g, FVI_GREATER, x, low), x, low);
}

int fvi_term_compare(const fvi_term_graph *g, fvi_binary f, int x, double y) {
    return fvi_emit_binary(g->b, f, x, fvi_emit_scalar(g->b, FVI_F32, y));
}

int fvi_term_where(const fvi_term_graph *g, int condition, int x, double otherwise) {
    return fvi_emit_where(g->b, condition, x, fvi_emit_scalar(g->b, FVI_F32, otherwise));
}
