/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a network's outputs its classes are read from.
 *
 * Networks may give features first and logits second, or boxes beside scores. Class names tell: the
 * output that is as long as they are. Without them it is the last output that is one row of more
 * than one number. What it does not do: look for classes inside an output that holds more than
 * them, such as a detector's boxes with their scores.
 */
#include "model/network/output.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "graph/channel_axis.h"
#include "model/network/find.h"
#include "model/network/network_internal.h"

/* Whether a shape whose channels are on an axis is a row of numbers for each sample. One axis is a
 * row of a network that takes one sample and knows no axis of them. */
static int is_row(const fvi_shape *s, int channels, int64_t *length) {
    int axis = -1;
    if (s->ndim == 1 && s->dim[0] > 1) {
        *length = s->dim[0];
        return 1;
    }
    if (s->ndim < 2) return 0;
    for (int i = 1; i < s->ndim; i++) {
        if (s->dim[i] == 1) continue;
        if (axis >= 0) return 0;
        axis = i;
    }
    if (axis >= 0 && axis != channels) return 0;
    *length = axis >= 0 ? s->dim[axis] : 1;
    return *length > 0;
}

int fvi_graph_is_row(const fvi_graph *g, int v, int64_t *length) {
    return is_row(&g->values[v].shape, fvi_graph_channel_axis(g, v), length);
}

int fvi_graph_moved_from(const fvi_graph *g, int v) {
    const int producer = g->values[v].producer;
    if (producer < 0) return -1;
    const fvi_node *n = &g->nodes[producer];
    return n->kind == FVI_RESHAPE || n->kind == FVI_IDENTITY ? n->in[0] : -1;
}

const fvi_node *fvi_graph_maker(const fvi_graph *g, int v) {
    while (fvi_graph_moved_from(g, v) >= 0) v = fvi_graph_moved_from(g, v);
    const int producer = g->values[v].producer;
    return producer >= 0 ? &g->nodes[producer] : NULL;
}

int fvi_node_is_sigmoid(const fvi_node *n) {
    return n->kind == FVI_UNARY &&
           (n->a.unary.f == FVI_SIGMOID || n->a.unary.f == FVI_HARD_SIGMOID);
}

/* ---- choosing ------------------------------------------------------------------------------- */

/* `"features", "logits"`: the outputs there are; caller frees. */
static char *outputs_text(const fvi_graph *g) {
    GString *s = g_string_new(NULL);
    for (int i = 0; i < g->n_outputs && i < 8; i++)
        g_string_append_printf(s, "%s\"%.40s\"", i ? ", " : "", g->values[g->outputs[i]].name);
    if (g->n_outputs > 8) g_string_append(s, ", ...");
    return g_string_free(s, FALSE);
}

fv_status fvi_network_check_output(const fvi_network *net, fv_error *err) {
    const char *value = NULL;
    if (!net->output_wanted) return FV_OK;
    fv_status st = fvi_network_find_value(net, net->output_wanted, &value, err);
    if (!st && fvi_graph_find(net->graph, value) < 0)
        st = fvi_fail(err, FV_NOTFOUND, "\"%.200s\" is not among the values computed",
                      net->output_wanted);
    if (!st) return FV_OK;
    char *all = outputs_text(net->graph);
    fvi_error_prefix(err, "option output (the outputs are %s)", all);
    g_free(all);
    return st;
}

/* Index of the output to read classes from, and its length, 0 where it is no row. */
static int choose(const fvi_network *net, int64_t *length) {
    const fvi_graph *g = net->graph;
    const int names = fvi_network_class_count(net);
    int *axes = g_new(int, g->n_values + 1), found = 0, fits = 0;
    int64_t n;
    *length = 0;
    fvi_graph_channel_axes(g, axes);
    for (int i = 0; i < g->n_outputs && !fits; i++) {
        const int v = g->outputs[i];
        if (!is_row(&g->values[v].shape, axes[v], &n)) continue;
        fits = names > 0 && n == names;
        if (!fits && n <= 1 && *length > 1) continue;
        found = i;
        *length = n;
    }
    g_free(axes);
    return found;
}

const char *fvi_network_output(const fvi_network *net) {
    const fvi_graph *g = net->graph;
    const char *value = NULL;
    int64_t length;
    if (net->output_wanted && !fvi_network_find_value(net, net->output_wanted, &value, NULL))
        return value;
    return g->n_outputs ? g->values[g->outputs[choose(net, &length)]].name : NULL;
}

char *fvi_network_output_note(const fvi_network *net) {
    const fvi_graph *g = net->graph;
    int64_t length = 0;
    if (net->output_wanted || g->n_outputs < 2) return NULL;
    const int at = choose(net, &length);
    if (!length) return NULL;
    char *all = outputs_text(g);
    char *note = g_strdup_printf(
        "%s has %d outputs, %s; classes are read from \"%.40s\", %s (--output-name NAME chooses)",
        net->name, g->n_outputs, all, g->values[g->outputs[at]].name,
        length == fvi_network_class_count(net) ? "which is as long as there are class names"
                                               : "the last that is a row of numbers");
    g_free(all);
    return note;
}

/* ---- asking --------------------------------------------------------------------------------- */

/* Fails because the value is no row of numbers. */
static fv_status no_row(const fvi_network *net, int v, fv_error *err) {
    const fvi_graph *g = net->graph;
    char text[FVI_SHAPE_TEXT], *all = outputs_text(g);
    const int several = g->n_outputs > 1, is_first = g->n_outputs && g->outputs[0] == v;
    fv_status st = fvi_fail(
        err, FV_SHAPE,
        "%s: its %soutput \"%.80s\" is %s, no row of classes for each picture; LAYER:C names a "
        "unit of any layer%s%s",
        net->name, is_first ? "first " : "", g->values[v].name,
        fvi_shape_text(&g->values[v].shape, text),
        several ? ", --output-name another output: " : "", several ? all : "");
    g_free(all);
    return st;
}

fv_status fvi_network_class_row(const fvi_network *net, int *v, int64_t *length, fv_error *err) {
    const fvi_graph *g = net->graph;
    const char *output = fvi_network_output(net);
    if (!output) return fvi_fail(err, FV_SHAPE, "%s has no output, so no classes", net->name);
    const int at = fvi_graph_find(g, output);
    if (at < 0) return fvi_fail(err, FV_NOTFOUND, "%s has no \"%s\"", net->name, output);
    if (g->values[at].shape.ndim < 0) { /* the lowering says why */
        fvi_graph *part = NULL;
        fv_status st = fvi_network_lower(net, NULL, 0, &output, 1, &part, err);
        fvi_graph_free(part);
        if (st) return st;
        return fvi_fail(err, FV_SHAPE, "%s: the shape of its output \"%.80s\" is not known",
                        net->name, output);
    }
    *v = at;
    return fvi_graph_is_row(g, at, length) ? FV_OK : no_row(net, at, err);
}
