/* SPDX-License-Identifier: Apache-2.0 */
/* branches: gates on a network's residual branches, for stochastic depth (Huang et al., "Deep
 * Networks with Stochastic Depth", 2016).
 *
 * A residual branch is what lies between a value x and a sum x + f(x) of equal shapes, if a
 * convolution or a matrix product is on the way. f(x) is multiplied by a gate, one number a sample:
 * a new input of the graph. At 1 the network is as it was; at 0 the branch is left out.
 * What it does not do: blocks whose shortcut is a layer too (where sizes change), since which of
 * the two is the branch cannot be told; values whose samples do not lie along the first axis.
 */
#include <glib.h>
#include <string.h>

#include "base/error.h"
#include "model/graph.h"

/* A residual sum: operand `operand` of node `node` is the branch. */
typedef struct branch {
    int node, operand;
} branch;

/* Whether operand i of sum k is made from the other one, with weights on the way.
 *   reached, needed  [n_values] room */
static int is_branch(const fvi_graph *g, int k, int i, char *reached, char *needed) {
    const fvi_node *sum = &g->nodes[k];
    const int from = sum->in[1 - i], to = sum->in[i];
    int begin = g->values[from].producer + 1, weights = 0;
    if (from == to || g->values[to].producer < begin) return 0;
    memset(reached, 0, (size_t)g->n_values);
    memset(needed, 0, (size_t)g->n_values);
    reached[from] = 1;
    for (int n = begin; n < k; n++)
        for (int j = 0; j < g->nodes[n].n_in; j++)
            if (g->nodes[n].in[j] >= 0 && reached[g->nodes[n].in[j]]) reached[g->nodes[n].out] = 1;
    needed[to] = reached[to];
    for (int n = k - 1; n >= begin; n--) {
        const fvi_node *node = &g->nodes[n];
        if (!needed[node->out]) continue;
        weights |= node->kind == FVI_CONV || node->kind == FVI_MATMUL;
        for (int j = 0; j < node->n_in; j++)
            if (node->in[j] >= 0) needed[node->in[j]] |= reached[node->in[j]];
    }
    return needed[from] && weights;
}

static int is_sum(const fvi_graph *g, const fvi_node *n) {
    return n->kind == FVI_BINARY && n->a.binary.f == FVI_ADD && !g->values[n->in[0]].constant &&
           !g->values[n->in[1]].constant &&
           fvi_shape_equal(&g->values[n->in[0]].shape, &g->values[n->in[1]].shape) &&
           g->values[n->out].shape.ndim > 1;
}

/* Whether the samples are the elements of a value's first axis. */
static int has_samples(const fvi_graph *g, int64_t batch, int value) {
    int axis = 0;
    int64_t outer = 1;
    return g->values[value].shape.dim[0] == batch &&
           !fvi_graph_samples(g, batch, value, &axis, &outer, NULL) && axis == 0 && outer == 1;
}

/* Finds the branches, in the order of the nodes: *out [returned], or -1 without memory. */
static int find(const fvi_graph *g, int64_t batch, branch *out) {
    char *reached = g_try_malloc((gsize)g->n_values + 1);
    char *needed = g_try_malloc((gsize)g->n_values + 1);
    int n = reached && needed ? 0 : -1;
    for (int k = 0; n >= 0 && k < g->n_nodes; k++) {
        if (!is_sum(g, &g->nodes[k]) || !has_samples(g, batch, g->nodes[k].out)) continue;
        for (int i = 1; i >= 0; i--) {
            if (!is_branch(g, k, i, reached, needed)) continue;
            out[n++] = (branch){k, i};
            break;
        }
    }
    g_free(reached);
    g_free(needed);
    return n;
}

/* Adds the gate and the product of branch b; nodes behind it have moved by b already.
 *   returns  0, or -1 without memory */
static int add_gate(fvi_graph *g, const branch *found, int b, int first_value, fvi_node *sum,
                    fvi_node *product) {
    const int gate = first_value + 2 * b, made = gate + 1, from = sum->in[found->operand];
    const fvi_shape *shape = &g->values[from].shape;
    fvi_value *v = g->values + gate;
    int *in = fvi_pool_array(g->pool, 2, sizeof *in);
    int *operands = fvi_pool_array(g->pool, (size_t)sum->n_in, sizeof *operands);
    v[0] = (fvi_value){.name = fvi_pool_printf(g->pool, "%s/gate", sum->name), .producer = -1};
    v[1] = (fvi_value){.name = fvi_pool_printf(g->pool, "%s/gated", sum->name), .shape = *shape};
    if (!in || !operands || !v[0].name || !v[1].name) return -1;
    v[0].shape.ndim = shape->ndim;
    for (int i = 0; i < shape->ndim; i++) v[0].shape.dim[i] = i ? 1 : shape->dim[0];
    in[0] = from;
    in[1] = gate;
    memcpy(operands, sum->in, (size_t)sum->n_in * sizeof *operands);
    operands[found->operand] = made;
    sum->in = operands;
    *product = (fvi_node){.kind = FVI_BINARY,
                          .name = v[1].name,
                          .onnx_op = "Mul",
                          .n_in = 2,
                          .in = in,
                          .out = made,
                          .a.binary.f = FVI_MUL};
    g->inputs[g->n_inputs + b] = gate;
    return 0;
}

/* Gives the graph larger arrays. */
static int enlarge(fvi_graph *g, int n) {
    fvi_value *values = fvi_pool_array(g->pool, (size_t)(g->n_values + 2 * n) + 1, sizeof *values);
    fvi_node *nodes = fvi_pool_array(g->pool, (size_t)(g->n_nodes + n) + 1, sizeof *nodes);
    int *inputs = fvi_pool_array(g->pool, (size_t)(g->n_inputs + n) + 1, sizeof *inputs);
    if (!values || !nodes || !inputs) return -1;
    memcpy(values, g->values, (size_t)g->n_values * sizeof *values);
    memcpy(nodes, g->nodes, (size_t)g->n_nodes * sizeof *nodes);
    memcpy(inputs, g->inputs, (size_t)g->n_inputs * sizeof *inputs);
    g->values = values;
    g->nodes = nodes;
    g->inputs = inputs;
    return 0;
}

/* See graph.h. */
fv_status fvi_graph_gate_branches(fvi_graph *g, int64_t batch, fv_error *err) {
    branch *found = g_try_new(branch, (gsize)g->n_nodes + 1);
    int n = found ? find(g, batch, found) : -1, failed = n < 0;
    if (n > 0) failed = enlarge(g, n);
    const int first_value = g->n_values;
    for (int k = g->n_nodes - 1, b = n - 1; !failed && b >= 0; k--) { /* from the end, in place */
        g->nodes[k + b + 1] = g->nodes[k];
        if (k != found[b].node) continue;
        failed = add_gate(g, &found[b], b, first_value, &g->nodes[k + b + 1], &g->nodes[k + b]);
        b--;
    }
    g_free(found);
    if (failed) return fvi_fail(err, FV_NOMEM, "no memory for the graph");
    g->n_values += 2 * n;
    g->n_nodes += n;
    g->n_inputs += n;
    g->n_gates += n;
    for (int k = 0; k < g->n_nodes; k++) g->values[g->nodes[k].out].producer = k;
    return FV_OK;
}
