/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the multiply-adds of nodes and graphs (of convolutions, matrix products
 * and recurrent layers only), and
 * estimates run times, to refuse graphs that would run for hours.
 *
 * The estimate's unit is the time of one multiply-add of a large convolution. In that unit, on one
 * thread, reading or writing an element costs 16 to 64, a function of it (exp, pow) up to 128, each
 * position of a window in our own loops 32. Convolutions pad channels to blocks of 16. Each small
 * product of a batched matrix product costs 2^15 more (a microsecond), making a primitive 2^24
 * (half a millisecond). Backward is counted as twice forward.
 */
#include <glib.h>

#include "graph/cost.h"

int64_t fvi_node_multiply_adds(const fvi_graph *g, const fvi_node *n) {
    const fvi_shape *out = &g->values[n->out].shape, *in = &g->values[n->in[0]].shape;
    if (n->kind == FVI_MATMUL) {
        int k = in->ndim - (n->a.matmul.trans_a ? 2 : 1);
        return k < 0 ? 0 : fvi_shape_product(out, 0, out->ndim) * in->dim[k]; /* both <= 2^31 */
    }
    if (n->kind == FVI_RECURRENT) {
        const fvi_shape *r = &g->values[n->in[1]].shape;
        return fvi_shape_product(in, 0, in->ndim) * r->dim[1];
    }
    if (n->kind != FVI_CONV && n->kind != FVI_CONV_TRANSPOSE) return 0;
    const fvi_shape *w = &g->values[n->in[1]].shape;       /* [oc][ic/g][k..] or [ic][oc/g][k..] */
    const fvi_shape *per = n->kind == FVI_CONV ? out : in; /* each element takes one w[0] */
    return fvi_shape_product(per, 0, per->ndim) * fvi_shape_product(w, 1, w->ndim);
}

/* ---- the estimate: in doubles, since the sizes in a hostile file have unbounded products ---- */

enum { MOVE = 32, FUNCTION = 128, CELL = 32, BLOCK = 16 };
#define PRIMITIVE 0x1p24
#define PRODUCT   0x1p15

static double blocks(int64_t channels) { return (double)((channels + BLOCK - 1) / BLOCK * BLOCK); }

static double count(const fvi_shape *s) { return (double)fvi_shape_count(s); }

/* A group's channels are padded to blocks, except in depthwise convolutions. */
static double cost_conv(const fvi_graph *g, const fvi_node *n) {
    const fvi_shape *out = &g->values[n->out].shape, *in = &g->values[n->in[0]].shape;
    const fvi_shape *w = &g->values[n->in[1]].shape; /* [oc][ic/g][k..] or [ic][oc/g][k..] */
    const fvi_shape *per = n->kind == FVI_CONV ? out : in;
    double groups = (double)n->a.window.groups, per_group = (double)w->dim[0] / groups;
    double positions = per->dim[1] ? count(per) / (double)per->dim[1] : 0;
    double kernel = (double)fvi_shape_product(w, 2, w->ndim);
    if (per_group == 1 && w->dim[1] == 1) return 4 * positions * kernel * groups;
    return positions * kernel * groups * blocks((int64_t)per_group) * blocks(w->dim[1]);
}

static double cost_matmul(const fvi_graph *g, const fvi_node *n) {
    const fvi_shape *out = &g->values[n->out].shape;
    double rows = (double)out->dim[out->ndim - 2], macs = (double)fvi_node_multiply_adds(g, n);
    double products = count(out) / (rows * (double)out->dim[out->ndim - 1]);
    return macs ? macs * blocks((int64_t)rows) / rows + PRODUCT * products : 0;
}

static double cost_grid_sample(const fvi_graph *g, const fvi_node *n) {
    static const double taps[FVI_GRID_MODES] = {1, 2, 4, 1};
    const fvi_shape *out = &g->values[n->out].shape;
    double cells = 1;
    for (int i = 2; i < out->ndim; i++) cells *= taps[n->a.grid_sample.mode];
    return CELL * cells * count(out);
}

static double cost_recurrent(const fvi_graph *g, const fvi_node *n) {
    const fvi_shape *in = &g->values[n->in[0]].shape;
    return count(in) * (2 * (double)g->values[n->in[1]].shape.dim[1] + FUNCTION);
}

/* Counts the positions of a window that can be inside the input. */
static double cost_pool(const fvi_graph *g, const fvi_node *n) {
    const fvi_shape *in = &g->values[n->in[0]].shape, *out = &g->values[n->out].shape;
    double cells = 1;
    for (int i = 0; i < n->a.window.n; i++)
        cells *= (double)MIN(n->a.window.global ? in->dim[i + 2] : n->a.window.kernel[i],
                             in->dim[i + 2]);
    return CELL * cells * count(out);
}

/* Axis by axis, first those that shrink, as backend/onednn/ops/resize.c computes it. */
static double cost_resize(const fvi_graph *g, const fvi_node *n) {
    const fvi_shape *in = &g->values[n->in[0]].shape, *out = &g->values[n->out].shape;
    double now = count(in), cost = 0;
    for (int grow = 0; grow < 2; grow++)
        for (int i = 0; i < in->ndim; i++) {
            int entries = n->a.resize.axis[i].entries;
            if (!entries || (out->dim[i] >= in->dim[i]) != grow || !in->dim[i]) continue;
            now *= (double)out->dim[i] / (double)in->dim[i];
            cost += CELL * now * entries;
        }
    return cost;
}

static double cost_lrn(const fvi_graph *g, const fvi_node *n) {
    const fvi_shape *out = &g->values[n->out].shape;
    return CELL * count(out) * (double)MIN(n->a.lrn.size, out->dim[1]);
}

static double cost_function(const fvi_graph *g, const fvi_node *n) {
    return FUNCTION * count(&g->values[n->out].shape);
}

static double cost_none(const fvi_graph *g, const fvi_node *n) {
    (void)g, (void)n;
    return 0;
}

static double (*const costs[FVI_KIND_COUNT])(const fvi_graph *, const fvi_node *) = {
#define FVI_KIND(NAME, file, traits, fold, channels, batch, field, cost, ...) \
    [FVI_##NAME] = cost_##cost,
#include "graph/kinds.def"
#undef FVI_KIND
};

double fvi_node_cost(const fvi_graph *g, const fvi_node *n) {
    double moved = count(&g->values[n->out].shape);
    for (int i = 0; i < n->n_in; i++)
        if (n->in[i] >= 0 && !g->values[n->in[i]].constant)
            moved += count(&g->values[n->in[i]].shape);
    double primitives = n->kind == FVI_CONCAT ? n->n_in : 1;
    return PRIMITIVE * primitives + MOVE * moved + costs[n->kind](g, n);
}

double fvi_graph_cost(const fvi_graph *g, int backward) {
    double sum = 0;
    for (int k = 0; k < g->n_nodes; k++) sum += fvi_node_cost(g, &g->nodes[k]);
    return backward ? 3 * sum : sum;
}

int64_t fvi_graph_multiply_adds(const fvi_graph *g, int backward) {
    int64_t sum = 0;
    char *depends = g_new0(char, (gsize)g->n_values + 1); /* on a run-time input */
    for (int i = 0; i < g->n_inputs; i++) depends[g->inputs[i]] = 1;
    for (int k = 0; k < g->n_nodes; k++) {
        const fvi_node *n = &g->nodes[k];
        int64_t work = fvi_node_multiply_adds(g, n);
        sum += work;
        for (int i = 0; i < n->n_in; i++) {
            if (n->in[i] < 0 || !depends[n->in[i]]) continue;
            depends[n->out] = 1;
            if (backward) sum += work; /* a product of two activations has two gradients */
        }
    }
    g_free(depends);
    return sum;
}
