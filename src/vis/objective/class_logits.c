/* SPDX-License-Identifier: Apache-2.0 */
/* class_logits: finds the values that stand for a network's classes.
 *
 * The gradient of a softmax vanishes where one class is far more probable than the others. So the
 * logits are optimised, the values before the softmax (Simonyan, Vedaldi and Zisserman 2014,
 * arXiv:1312.6034). They are found in the graph at the network's own size: from a value back
 * through reshapes and identities to a softmax over one vector of classes, and on to what goes into
 * it.
 */
#include "vis/objective/class_logits.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "graph/channel_axis.h"
#include "model/network/find.h"

/* Whether a value is a vector for each sample, along its channels. */
static int is_vector(const fvi_graph *g, int v, int64_t *length) {
    const fvi_shape *s = &g->values[v].shape;
    int axis = -1;
    if (s->ndim < 2) return 0;
    for (int i = 1; i < s->ndim; i++) {
        if (s->dim[i] == 1) continue;
        if (axis >= 0) return 0;
        axis = i;
    }
    if (axis >= 0 && axis != fvi_graph_channel_axis(g, v)) return 0;
    *length = axis >= 0 ? s->dim[axis] : 1;
    return 1;
}

/* The value before one that only moves its elements; -1 at the end. */
static int value_before(const fvi_graph *g, int v) {
    int producer = g->values[v].producer;
    if (producer < 0) return -1;
    const fvi_node *n = &g->nodes[producer];
    return n->kind == FVI_RESHAPE || n->kind == FVI_IDENTITY ? n->in[0] : -1;
}

/* As far back as the vector keeps its form, so that it has the name a person knows. */
static int origin(const fvi_graph *g, int v, int64_t classes) {
    for (int before = value_before(g, v); before >= 0; before = value_before(g, v)) {
        int64_t length;
        if (g->values[before].producer < 0 || !is_vector(g, before, &length) || length != classes)
            break;
        v = before;
    }
    return v;
}

/* The softmax that makes v, through reshapes; NULL if none does. */
static const fvi_node *softmax_of(const fvi_graph *g, int v) {
    while (value_before(g, v) >= 0) v = value_before(g, v);
    int producer = g->values[v].producer;
    return producer >= 0 && g->nodes[producer].kind == FVI_SOFTMAX ? &g->nodes[producer] : NULL;
}

/* The name of the layer that makes a value. */
static const char *layer_of(const fvi_network *net, int v) {
    const fvi_graph *g = fvi_network_graph(net);
    int producer = g->values[v].producer;
    return producer < 0 ? g->values[v].name : fvi_network_layer(net, producer)->name;
}

/* Fills *out if v is a softmax over one vector of classes. */
static int before_softmax(const fvi_network *net, int v, fvi_logits *out) {
    const fvi_graph *g = fvi_network_graph(net);
    const fvi_node *softmax = softmax_of(g, v);
    int64_t length;
    if (!softmax || !is_vector(g, softmax->in[0], &length)) return 0;
    const fvi_shape *s = &g->values[softmax->out].shape;
    if (length > 1 && s->dim[softmax->a.softmax.axis] != length) return 0;
    int logits = origin(g, softmax->in[0], length);
    *out = (fvi_logits){g->values[logits].name, layer_of(net, logits), layer_of(net, softmax->out),
                        length};
    return 1;
}

int fvi_logits_before(const fvi_network *net, const char *value, fvi_logits *out) {
    const fvi_graph *g = fvi_network_graph(net);
    int v = fvi_graph_find(g, value);
    int64_t length;
    return v >= 0 && is_vector(g, v, &length) && before_softmax(net, v, out);
}

fv_status fvi_logits_find(const fvi_network *net, fvi_logits *out, fv_error *err) {
    const fvi_graph *g = fvi_network_graph(net);
    int64_t classes;
    if (g->n_outputs < 1)
        return fvi_fail(err, FV_SHAPE, "%s has no output, so no classes", fvi_network_name(net));
    int v = g->outputs[0];
    if (!is_vector(g, v, &classes)) {
        char text[FVI_SHAPE_TEXT];
        return fvi_fail(err, FV_SHAPE,
                        "%s: its first output \"%.80s\" is %s, no row of classes for each picture; "
                        "LAYER:C names a unit of any layer",
                        fvi_network_name(net), g->values[v].name,
                        fvi_shape_text(&g->values[v].shape, text));
    }
    if (before_softmax(net, v, out)) return FV_OK;
    *out = (fvi_logits){g->values[v].name, layer_of(net, v), NULL, classes};
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
