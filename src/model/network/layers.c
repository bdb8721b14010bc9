/* SPDX-License-Identifier: Apache-2.0 */
/* The layer table: one row for each node of the graph, with its cost and receptive field.
 *
 * Multiply-adds are those of convolutions and matrix products, for batch 1:
 *   convolution             outputs * (input channels / groups) * kernel
 *   transposed convolution  inputs * (output channels / groups) * kernel
 *   matrix product          outputs * summed length
 * Parameters are the constants that a node multiplies or adds; a weight that two nodes share is
 * counted at both. Single numbers in element-wise nodes (1/sqrt(d)) are not counted, since they are
 * not trained; slopes of PReLU are.
 */
#include "model/network/layers.h"

#include <glib.h>
#include <string.h>

#include "base/error.h"
#include "graph/channel_axis.h"
#include "graph/cost.h"
#include "graph/receptive_field.h"
#include "model/network/layer_attrs.h"
#include "model/network/layer_words.h"

static int is_real(fvi_dtype t) {
    return t == FVI_F32 || t == FVI_F16 || t == FVI_BF16 || t == FVI_F64;
}

/* Elements of a node's i-th input when it is a constant of floats; 0 otherwise. */
static int64_t constant_count(const fvi_graph *g, const fvi_node *n, int i) {
    if (i >= n->n_in || n->in[i] < 0) return 0;
    const fvi_const *c = g->values[n->in[i]].constant;
    return c && is_real(c->dtype) ? fvi_shape_count(&c->shape) : 0;
}

static int64_t count_parameters(const fvi_graph *g, const fvi_node *n) {
    int64_t sum = 0;
    for (int i = 0; i < n->n_in; i++) {
        int64_t c = constant_count(g, n, i);
        const int slope = n->kind == FVI_BINARY && n->a.binary.f == FVI_PRELU;
        if (fvi_kind_has(n->kind, FVI_TRAINED) ||
            (fvi_kind_has(n->kind, FVI_HOLDS_TABLES) && (c > 1 || slope)))
            sum += c;
    }
    return sum;
}

/* For each value the index of the node that reads it; -1: none; -2: several, or it is an output. */
static int *find_readers(const fvi_graph *g) {
    int *reader = g_try_new(int, (gsize)g->n_values + 1);
    if (!reader) return NULL;
    for (int v = 0; v < g->n_values; v++) reader[v] = -1;
    for (int i = 0; i < g->n_nodes; i++)
        for (int k = 0; k < g->nodes[i].n_in; k++) {
            int v = g->nodes[i].in[k];
            if (v >= 0) reader[v] = reader[v] == -1 ? i : -2;
        }
    for (int i = 0; i < g->n_outputs; i++) reader[g->outputs[i]] = -2;
    return reader;
}

/* How many channels an objective may name; a batch of 1 on their axis leaves the last one. */
static int64_t count_channels(const fvi_shape *s, int axis) {
    if (axis == 0 && s->ndim > 1 && s->dim[0] == 1) axis = s->ndim - 1;
    return s->ndim ? s->dim[axis] : 1;
}

static fv_status make_row(const fvi_graph *g, const fvi_node *n, const fvi_node *sole_reader,
                          fvi_pool *pool, fv_layer *l, fv_error *err) {
    const fvi_value *y = &g->values[n->out];
    l->name = fvi_pool_strdup(pool, n->name);
    l->output = fvi_pool_strdup(pool, y->name);
    l->source_op = fvi_pool_strdup(pool, n->source_op);
    l->description = fvi_describe(g, n, pool, &l->kind);
    l->source_name = fvi_pool_strdup(pool, n->source_name ? n->source_name : "");
    if (!l->name || !l->source_name || !l->output || !l->source_op || !l->description)
        return fvi_fail(err, FV_NOMEM, "no memory for the layer table");
    l->ndim = y->shape.ndim;
    memcpy(l->dim, y->shape.dim, sizeof l->dim);
    l->parameters = count_parameters(g, n);
    l->multiply_adds = fvi_node_multiply_adds(g, n);
    return fvi_layer_attrs(g, n, sole_reader, pool, l, err);
}

static fv_status add_receptive_fields(const fvi_graph *g, const fv_input *in, fv_layer *rows,
                                      fv_error *err) {
    int input = in->is_image ? fvi_graph_find(g, in->name) : -1;
    if (input < 0 || g->values[input].shape.ndim != 4) return FV_OK;
    int64_t(*fields)[2] = g_try_malloc0_n((gsize)g->n_nodes + 1, sizeof *fields);
    if (!fields) return fvi_fail(err, FV_NOMEM, "no memory for the layer table");
    int y = in->channels_last ? 1 : 2;
    fv_status st = fvi_graph_receptive_sizes(g, input, y, y + 1, fields, err);
    for (int i = 0; i < g->n_nodes && !st; i++)
        memcpy(rows[i].receptive_field, fields[i], sizeof fields[i]);
    g_free(fields);
    return st;
}

fv_status fvi_layers_make(const fvi_graph *g, const fv_input *in, fvi_pool *pool, fv_layer **out,
                          fv_error *err) {
    fv_layer *rows = fvi_pool_array(pool, (size_t)g->n_nodes + 1, sizeof *rows);
    int *reader = find_readers(g), *axes = g_try_new(int, (gsize)g->n_values + 1);
    fv_status st = rows && reader && axes
                       ? FV_OK
                       : fvi_fail(err, FV_NOMEM, "no memory for %d layers", g->n_nodes);
    if (!st) fvi_graph_channel_axes(g, axes);
    for (int i = 0; i < g->n_nodes && !st; i++) {
        int r = reader[g->nodes[i].out];
        const int value = g->nodes[i].out;
        st = make_row(g, &g->nodes[i], r >= 0 ? &g->nodes[r] : NULL, pool, &rows[i], err);
        rows[i].channels = count_channels(&g->values[value].shape, axes[value]);
    }
    if (!st) st = add_receptive_fields(g, in, rows, err);
    g_free(reader);
    g_free(axes);
    if (!st) *out = rows;
    return st;
}
