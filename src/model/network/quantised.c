/* SPDX-License-Identifier: Apache-2.0 */
/* quantised: which layers of a graph compute with quantised numbers in the file, where they are run
 * as floating point here; and which layers round to half precision there.
 */
#include "model/network/quantised.h"

#include <glib.h>
#include <string.h>

/* Whether an operator of the file computes with quantised numbers. */
static int is_quantised_operator(const char *source_op) {
    return source_op &&
           (strstr(source_op, "uantizeLinear") || g_str_has_prefix(source_op, "QLinear") ||
            strstr(source_op, "Integer") || !strcmp(source_op, "QGemm") ||
            !strcmp(source_op, "QAttention") || g_str_has_prefix(source_op, "DynamicQuantize"));
}

/* Whether one of a layer's inputs is quantised: weights that were integers, or numbers that the
 * file dequantises just before. */
static int is_quantised_input(const fvi_graph *g, int v) {
    const fvi_value *value = v >= 0 ? &g->values[v] : NULL;
    if (!value) return 0;
    if (value->constant) return value->constant->quantised;
    const char *op = value->producer >= 0 ? g->nodes[value->producer].source_op : NULL;
    return op && !strcmp(op, "DequantizeLinear");
}

int fvi_is_quantised(const fvi_graph *g, const fvi_node *n) {
    if (n->kind == FVI_OPAQUE) return 0;
    if (is_quantised_operator(n->source_op)) return 1;
    if (n->kind != FVI_CONV && n->kind != FVI_CONV_TRANSPOSE && n->kind != FVI_MATMUL &&
        n->kind != FVI_RECURRENT)
        return 0;
    return is_quantised_input(g, n->in[0]) || is_quantised_input(g, n->in[1]);
}

/* Whether the file rounds a layer's output, or what it computes with, at run time. */
static int is_rounded(const fvi_node *n) {
    return (n->kind == FVI_UNARY && n->a.unary.f == FVI_SATURATE) ||
           (n->source_op && (g_str_has_prefix(n->source_op, "DynamicQuantize") ||
                             g_str_has_suffix(n->source_op, "Integer")));
}

int fvi_first_rounded(const fvi_graph *g) {
    for (int k = 0; k < g->n_nodes; k++)
        if (is_rounded(&g->nodes[k])) return k;
    return -1;
}

int fvi_first_half(const fvi_graph *g) {
    for (int k = 0; k < g->n_nodes; k++)
        if (g->nodes[k].kind == FVI_IDENTITY && g->nodes[k].a.identity.half) return k;
    return -1;
}
