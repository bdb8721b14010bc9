/* SPDX-License-Identifier: Apache-2.0 */
/* A layer's weights, one row for each unit whatever the file's order.
 *
 * Files keep a transposed convolution as [in][out/groups][k...] and a matrix as [in][out], or,
 * where the product transposes it, as [out][in]; here both become [out][...]. Of a product whose
 * first operand is the constant the units are that one's rows. Several matrices (a batched
 * constant) are laid one under the other. What it does not do: multiply the normalisation that
 * follows into a convolution, or alpha into a product. The result is what the file stores.
 */
#include "model/network/layer_weights.h"

#include <string.h>

#include "base/error.h"
#include "base/tensor.h"
#include "graph/const.h"
#include "model/network/network.h"
#include "model/network/network_internal.h"

static const fvi_const *constant_input(const fvi_graph *g, const fvi_node *n, int i) {
    if (i < 0 || i >= n->n_in || n->in[i] < 0) return NULL;
    return g->values[n->in[i]].constant;
}

void fvi_node_weights(const fvi_graph *g, const fvi_node *n, const fvi_const **kernel,
                      const fvi_const **bias) {
    int k = -1, b = -1;
    if (fvi_kind_has(n->kind, FVI_TRAINED)) k = 1, b = 2;
    if (n->kind == FVI_BINARY) k = 1;
    if (n->kind == FVI_GATHER) k = 0;
    *kernel = constant_input(g, n, k);
    *bias = constant_input(g, n, b);
    if (!*kernel && (n->kind == FVI_BINARY || n->kind == FVI_MATMUL))
        *kernel = constant_input(g, n, 0);
}

/* src [in][per][rest] -> dst [groups*per][in/groups][rest]: a transposed convolution's kernel. */
static void turn_kernel(const float *src, int64_t in, int64_t per, int64_t rest, int64_t groups,
                        float *dst) {
    const int64_t own = in / groups;
    for (int64_t i = 0; i < in; i++)
        for (int64_t o = 0; o < per; o++) {
            int64_t row = i / own * per + o;
            memcpy(dst + (row * own + i % own) * rest, src + (i * per + o) * rest,
                   (size_t)rest * sizeof *dst);
        }
}

/* src [count][rows][columns] -> dst [count][columns][rows] */
static void turn_matrices(const float *src, int64_t count, int64_t rows, int64_t columns,
                          float *dst) {
    for (int64_t m = 0; m < count; m++, src += rows * columns, dst += rows * columns)
        for (int64_t y = 0; y < rows; y++)
            for (int64_t x = 0; x < columns; x++) dst[x * rows + y] = src[y * columns + x];
}

/* The layout of a node's constant: the shape it is given, and whether it must be transposed. */
static fvi_shape wanted_shape(const fvi_graph *g, const fvi_node *n, const fvi_const *c,
                              int *turned) {
    fvi_shape s = c->shape;
    *turned = 0;
    if (n->kind == FVI_CONV_TRANSPOSE) {
        *turned = 1;
        s.dim[0] = c->shape.dim[1] * n->a.window.groups;
        s.dim[1] = c->shape.dim[0] / n->a.window.groups;
    } else if (n->kind == FVI_MATMUL && s.ndim >= 2) {
        const int first = c != constant_input(g, n, 1);
        const int64_t rows = s.dim[s.ndim - 2], columns = s.dim[s.ndim - 1];
        *turned = first ? n->a.matmul.trans_a : !n->a.matmul.trans_b;
        const int64_t count = fvi_shape_product(&s, 0, s.ndim - 2);
        s = (fvi_shape){2, {count * (*turned ? columns : rows), *turned ? rows : columns}};
    }
    return s;
}

static fv_status read_kernel(const fvi_graph *g, const fvi_node *n, const fvi_const *c,
                             fv_tensor **out, fv_error *err) {
    int turned;
    const fvi_shape shape = wanted_shape(g, n, c, &turned);
    fv_tensor *plain = NULL, *result = NULL;
    fv_status st = fvi_tensor_new(&shape, &result, err);
    if (!st && turned) st = fvi_tensor_new(&c->shape, &plain, err);
    if (st) goto done;
    fvi_const_to_f32(c, turned ? plain->data : result->data);
    const int last = c->shape.ndim - 1;
    if (turned && n->kind == FVI_MATMUL)
        turn_matrices(plain->data, fvi_shape_product(&c->shape, 0, last - 1),
                      c->shape.dim[last - 1], c->shape.dim[last], result->data);
    else if (turned)
        turn_kernel(plain->data, c->shape.dim[0], c->shape.dim[1],
                    fvi_shape_product(&c->shape, 2, c->shape.ndim), n->a.window.groups,
                    result->data);
    *out = result;
    result = NULL;
done:
    fv_tensor_free(plain);
    fv_tensor_free(result);
    return st;
}

/* Fails; names the layer of the same module that has weights ("mlp.0.matmul" of "mlp.0"). */
static fv_status no_weights(const fvi_network *net, int layer, fv_error *err) {
    const fv_layer *l = &net->layers[layer];
    const size_t length = strlen(l->name);
    const char *other = NULL;
    for (int i = 0; i < net->graph->n_nodes && !other; i++) {
        const char *name = net->layers[i].name;
        const int part = !strncmp(name, l->name, length) && strchr("./", name[length]);
        if (part && name[length] && fvi_node_has_weights(net->graph, i)) other = name;
    }
    return fvi_fail(err, FV_NOTFOUND, "%s: layer \"%s\" (%s) has no weights%s%s%s", net->name,
                    l->name, l->kind, other ? "; \"" : "", other ? other : "",
                    other ? "\" has" : "");
}

fv_status fvi_network_weights(const fvi_network *net, int layer, fv_tensor **weights,
                              fv_tensor **bias, fv_error *err) {
    const fvi_graph *g = net->graph;
    if (layer < 0 || layer >= g->n_nodes)
        return fvi_fail(err, FV_ARG, "%s: layer %d does not exist (0..%d)", net->name, layer,
                        g->n_nodes - 1);
    const fvi_node *n = &g->nodes[layer];
    const fvi_const *k, *b;
    fvi_node_weights(g, n, &k, &b);
    if (!k || fvi_shape_count(&k->shape) < 1) return no_weights(net, layer, err);
    fv_tensor *w = NULL, *shift = NULL;
    fv_status st = read_kernel(g, n, k, &w, err);
    if (!st && bias && b) st = fvi_tensor_new(&b->shape, &shift, err);
    if (st) {
        fv_tensor_free(w);
        return st;
    }
    if (shift) fvi_const_to_f32(b, shift->data);
    *weights = w;
    if (bias) *bias = shift;
    return FV_OK;
}
