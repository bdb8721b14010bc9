/* SPDX-License-Identifier: Apache-2.0 */
/* GELU as exporters write it that have no operator for it (PyTorch before opset 20):
 *     (x (erf(x / sqrt 2) + 1)) / 2,   or   (x / 2) (erf(x / sqrt 2) + 1)
 * It becomes one node. Unmerged, it computes five maps and keeps four for the gradient instead of
 * one, half of the memory of a vision transformer's step.
 */
#include <math.h>

#include "graph/simplify/rules.h"

#define SQRT_1_2 0.70710678118654752
#define NEAR     1e-6 /* constants may have gone through f32 */

/* x if v = p x + q and v has one reader, else -1. */
static int linear_of(const fvi_graph *g, int v, double p, double q, const int *readers) {
    const fvi_node *n = fvi_producer(g, v);
    if (!n || readers[v] != 1 || n->kind != FVI_UNARY || n->a.unary.f != FVI_LINEAR) return -1;
    return fabs(n->a.unary.p - p) < NEAR && fabs(n->a.unary.q - q) < NEAR ? n->in[0] : -1;
}

/* x if v = erf(x / sqrt 2) + 1 and each value of it has one reader, else -1. */
static int erf_of(const fvi_graph *g, int v, const int *readers) {
    const int e = linear_of(g, v, 1, 1, readers);
    const fvi_node *n = fvi_producer(g, e);
    if (!n || readers[e] != 1 || n->kind != FVI_UNARY || n->a.unary.f != FVI_ERF) return -1;
    return linear_of(g, n->in[0], SQRT_1_2, 0, readers);
}

static int is_product(const fvi_node *n) {
    return n && n->kind == FVI_BINARY && n->a.binary.f == FVI_MUL;
}

/* x if n is (x / 2) (erf(x / sqrt 2) + 1), or the product without the half; else -1. */
static int gelu_of(const fvi_graph *g, const fvi_node *n, int halved, const int *readers) {
    for (int i = 0; i < 2; i++) {
        const int x = erf_of(g, n->in[1 - i], readers);
        if (x >= 0 && (halved ? linear_of(g, n->in[i], 0.5, 0, readers) : n->in[i]) == x) return x;
    }
    return -1;
}

int fvi_simplify_gelu(fvi_graph *g, fvi_node *n, const int *readers) {
    int x = -1;
    if (is_product(n)) {
        x = gelu_of(g, n, 1, readers);
    } else if (n->kind == FVI_UNARY && n->a.unary.f == FVI_LINEAR && n->a.unary.p == 0.5f &&
               n->a.unary.q == 0) {
        const fvi_node *product = fvi_producer(g, n->in[0]);
        if (is_product(product) && readers[n->in[0]] == 1) x = gelu_of(g, product, 0, readers);
    }
    if (x < 0 || !fvi_shape_equal(&g->values[x].shape, &g->values[n->out].shape)) return 0;
    n->kind = FVI_UNARY;
    n->source_op = "Gelu";
    n->a.unary.f = FVI_GELU;
    n->in[0] = x;
    n->n_in = 1;
    return 1;
}
