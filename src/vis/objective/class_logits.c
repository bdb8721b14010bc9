/* SPDX-License-Identifier: Apache-2.0 */
/* class_logits: finds the values that stand for a network's classes.
 *
 * The gradient of a softmax vanishes where one class is far more probable than the others, that of
 * a sigmoid where it is near 0 or 1. So the logits are optimised, the values before either
 * (Simonyan, Vedaldi and Zisserman 2014, arXiv:1312.6034). graph/classes/row.h finds them, in the
 * graph at the network's own size. A sigmoid counts only at the network's end: elsewhere it is a
 * gate, and its own value is meant.
 */
#include "vis/objective/class_logits.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "model/network/find.h"
#include "model/network/output.h"

const char *fvi_logits_layer(const fvi_network *net, int v) {
    const fvi_graph *g = fvi_network_graph(net);
    int producer = g->values[v].producer;
    return producer < 0 ? g->values[v].name : fvi_network_layer(net, producer)->name;
}

/* What a row's numbers are logits of, if they have any. */
static fvi_logits of_row(const fvi_network *net, const fvi_row *row) {
    const fvi_graph *g = fvi_network_graph(net);
    const int has_logits = row->logits >= 0, v = has_logits ? row->logits : row->value;
    const int sigmoid = has_logits && fvi_node_is_sigmoid(&g->nodes[g->values[row->end].producer]);
    return (fvi_logits){
        .value = g->values[v].name,
        .layer = fvi_logits_layer(net, v),
        .end = has_logits ? fvi_logits_layer(net, row->end) : NULL,
        .function = !has_logits ? NULL
                    : sigmoid   ? "sigmoid"
                                : "softmax",
        .output = has_logits ? g->values[row->value].name : NULL,
        .computed = !has_logits && row->computed >= 0 ? fvi_logits_layer(net, row->computed) : NULL,
        .classes = row->length,
        .made = has_logits ? FVI_ROW_OF_SCORES : row->made};
}

/* Whether a node only moves or joins elements. */
static int is_mover(const fvi_node *n) {
    return n->kind == FVI_RESHAPE || n->kind == FVI_IDENTITY || n->kind == FVI_TRANSPOSE ||
           n->kind == FVI_CONCAT || n->kind == FVI_SLICE;
}

/* Whether v is an output of the network, or is only moved and joined into one. */
static int is_end(const fvi_network *net, int v) {
    const fvi_graph *g = fvi_network_graph(net);
    const char *output = fvi_network_output(net);
    int found = output && !strcmp(output, g->values[v].name);
    char *moved = g_new0(char, (gsize)g->n_values + 1); /* v, and what only moves it */
    moved[v] = 1;
    for (int k = MAX(g->values[v].producer, 0); k < g->n_nodes; k++)
        for (int i = 0; is_mover(&g->nodes[k]) && i < g->nodes[k].n_in; i++)
            if (g->nodes[k].in[i] >= 0 && moved[g->nodes[k].in[i]]) moved[g->nodes[k].out] = 1;
    for (int i = 0; !found && i < g->n_outputs; i++) found = moved[g->outputs[i]];
    g_free(moved);
    return found;
}

int fvi_logits_before(const fvi_network *net, const char *value, fvi_logits *out) {
    const fvi_graph *g = fvi_network_graph(net);
    const int v = fvi_graph_find(g, value);
    const fvi_node *end = v >= 0 ? fvi_graph_maker(g, v) : NULL;
    fvi_row row;
    if (!end) return 0;
    const int is_row = fvi_network_row(net, v, &row);
    if (is_row && row.end >= 0) end = &g->nodes[g->values[row.end].producer];
    const int sigmoid = fvi_node_is_sigmoid(end);
    /* Inside a network sigmoids are gates. */
    if (sigmoid && ((end->out != v && !is_row) || !is_end(net, v))) return 0;
    if (is_row && (row.value != v || row.logits < 0)) return 0;
    if (is_row) *out = of_row(net, &row);
    if (is_row || !sigmoid) return is_row;
    const int before = end->in[0];
    *out = (fvi_logits){.value = g->values[before].name,
                        .layer = fvi_logits_layer(net, before),
                        .end = fvi_logits_layer(net, v),
                        .function = "sigmoid",
                        .output = value};
    return 1;
}

fv_status fvi_logits_find(const fvi_network *net, fvi_logits *out, fv_error *err) {
    fvi_row row;
    fv_status st = fvi_network_class_row(net, &row, err);
    if (!st) *out = of_row(net, &row);
    return st;
}

fv_status fvi_class_find(const fvi_network *net, const fvi_logits *l, const char *name,
                         int64_t *index, fv_error *err) {
    guint64 number;
    int found;
    if (fvi_network_class_count(net) > 0 && !fvi_network_find_class(net, name, &found, NULL))
        *index = found;
    else if (g_ascii_string_to_unsigned(name, 10, 0, G_MAXINT64, &number, NULL))
        *index = (int64_t)number;
    else if (fvi_network_class_count(net) > 0)
        return fvi_network_find_class(net, name, &found, err);
    else
        return fvi_fail(err, FV_NOTFOUND,
                        "%s carries no class names; \"%.80s\" is no number of 0..%" PRId64,
                        fvi_network_name(net), name, l->classes - 1);
    if (*index < l->classes) return FV_OK;
    if (l->classes == 1)
        return fvi_fail(err, FV_NOTFOUND,
                        "%s gives one number; class %.80s does not exist (0 does)",
                        fvi_network_name(net), name);
    return fvi_fail(err, FV_NOTFOUND,
                    "%s has %" PRId64 " classes; %.80s does not exist (0..%" PRId64 ")",
                    fvi_network_name(net), l->classes, name, l->classes - 1);
}
