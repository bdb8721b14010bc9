/* SPDX-License-Identifier: Apache-2.0 */
/* class_logits: finds the values that stand for a network's classes.
 *
 * The gradient of a softmax vanishes where one class is far more probable than the others, that of
 * a sigmoid where it is near 0 or 1. So the logits are optimised, the values before either
 * (Simonyan, Vedaldi and Zisserman 2014, arXiv:1312.6034). They are found in the graph at the
 * network's own size: from a value back through reshapes and identities to a softmax over one row
 * of classes or a sigmoid, and on to what goes into it. A sigmoid counts only at the network's end:
 * elsewhere it is a gate, and its own value is meant.
 */
#include "vis/objective/class_logits.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "model/network/find.h"
#include "model/network/output.h"

/* As far back as the vector keeps its form, so that it has the name a person knows. */
static int origin(const fvi_graph *g, int v, int64_t classes) {
    for (int before = fvi_graph_moved_from(g, v); before >= 0;
         before = fvi_graph_moved_from(g, v)) {
        int64_t length;
        if (g->values[before].producer < 0 || !fvi_graph_is_row(g, before, &length) ||
            length != classes)
            break;
        v = before;
    }
    return v;
}

/* The name of the layer that makes a value. */
static const char *layer_of(const fvi_network *net, int v) {
    const fvi_graph *g = fvi_network_graph(net);
    int producer = g->values[v].producer;
    return producer < 0 ? g->values[v].name : fvi_network_layer(net, producer)->name;
}

/* Whether a node is a softmax over one row of classes. */
static int is_class_softmax(const fvi_graph *g, const fvi_node *n, int64_t length) {
    if (n->kind != FVI_SOFTMAX) return 0;
    return length == 1 || g->values[n->out].shape.dim[n->a.softmax.axis] == length;
}

/* Fills *out if v is a softmax over one row of classes, or a sigmoid of each. */
static int before_end(const fvi_network *net, int v, fvi_logits *out) {
    const fvi_graph *g = fvi_network_graph(net);
    const fvi_node *end = fvi_graph_maker(g, v);
    int64_t length;
    if (!end || !fvi_graph_is_row(g, end->in[0], &length)) return 0;
    const int sigmoid = fvi_node_is_sigmoid(end);
    if (!sigmoid && !is_class_softmax(g, end, length)) return 0;
    int logits = origin(g, end->in[0], length);
    *out = (fvi_logits){.value = g->values[logits].name,
                        .layer = layer_of(net, logits),
                        .end = layer_of(net, end->out),
                        .function = sigmoid ? "sigmoid" : "softmax",
                        .output = g->values[v].name,
                        .classes = length};
    return 1;
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
    int64_t length;
    if (!end) return 0;
    if (!fvi_node_is_sigmoid(end))
        return fvi_graph_is_row(g, v, &length) && before_end(net, v, out);
    /* Inside a network sigmoids are gates. */
    if (end->out != v && !fvi_graph_is_row(g, v, &length)) return 0;
    if (!is_end(net, v)) return 0;
    if (fvi_graph_is_row(g, v, &length)) return before_end(net, v, out);
    const int before = end->in[0];
    *out = (fvi_logits){.value = g->values[before].name,
                        .layer = layer_of(net, before),
                        .end = layer_of(net, v),
                        .function = "sigmoid",
                        .output = value};
    return 1;
}

fv_status fvi_logits_find(const fvi_network *net, fvi_logits *out, fv_error *err) {
    const fvi_graph *g = fvi_network_graph(net);
    int64_t classes;
    int v;
    fv_status st = fvi_network_class_row(net, &v, &classes, err);
    if (st || before_end(net, v, out)) return st;
    *out = (fvi_logits){.value = g->values[v].name, .layer = layer_of(net, v), .classes = classes};
    return FV_OK;
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
    return fvi_fail(err, FV_NOTFOUND,
                    "%s has %" PRId64 " classes; %.80s does not exist (0..%" PRId64 ")",
                    fvi_network_name(net), l->classes, name, l->classes - 1);
}
