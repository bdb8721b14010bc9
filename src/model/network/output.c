/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a network's outputs its classes are read from.
 *
 * Networks may give features first and logits second, or boxes beside scores. Class names tell: the
 * output that is as long as they are. Without them it is the last output that is one row of more
 * than one number, or of one that a sigmoid made; rows from which another is computed are features.
 * Where that output holds the best classes (TopK, ArgMax), or scores rounded or
 * multiplied by a number, the row before is read (graph/classes/row.h). What it does not do: look
 * for classes inside an output that holds more than them, such as a detector's boxes with their
 * scores.
 */
#include "model/network/output.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "graph/channel_axis.h"
#include "model/network/find.h"
#include "model/network/network_internal.h"

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

/* How many samples the network's graph is for. */
static int64_t samples_of(const fvi_network *net) {
    const int v = fvi_graph_find(net->graph, net->input.in.name);
    const fvi_shape *s = v >= 0 ? &net->graph->values[v].shape : NULL;
    return s && s->ndim > 1 ? s->dim[0] : 1;
}

/* The value that classes are to be read from, and what it is. */
typedef struct choice {
    int value; /* -1: the network has no output */
    fvi_row_fault fault;
    fvi_row row; /* where there is no fault */
    int is_late; /* chosen since it is computed from other rows */
} choice;

/* Whether a row may be the classes by itself. */
static int may_be_classes(const choice *c) {
    return !c->fault && (c->row.length > 1 || c->row.made == FVI_ROW_OF_SIGMOID);
}

/* The values from which such a row of an output is computed: one bit each; caller frees. */
static char *before_rows(const fvi_graph *g, const fvi_rows *rows) {
    char *before = g_new0(char, g->n_values + 1), *row = g_new0(char, g->n_values + 1);
    for (int i = 0; i < g->n_outputs; i++) {
        choice c = {.value = g->outputs[i]};
        c.fault = fvi_row_find(rows, c.value, &c.row);
        if (may_be_classes(&c)) row[c.row.value] = 1;
    }
    for (int i = g->n_nodes - 1; i >= 0; i--) {
        const fvi_node *n = &g->nodes[i];
        if (!before[n->out] && !row[n->out]) continue;
        for (int k = 0; k < n->n_in; k++)
            if (n->in[k] >= 0) before[n->in[k]] = 1;
    }
    g_free(row);
    return before;
}

/* How likely an output holds the classes, rising. */
typedef enum likely { NO_ROW, FEATURES, ONE_NUMBER, ROW, NAMED } likely;

static likely likelihood(const choice *c, int names, const char *before) {
    if (c->fault) return NO_ROW;
    if (names > 0 && c->row.length == names) return NAMED;
    if (before[c->row.value]) return FEATURES;
    return c->row.length > 1 ? ROW : ONE_NUMBER;
}

/* Of several outputs the one to read classes from; the first where none is a row. */
static choice choose_output(const fvi_network *net, const fvi_rows *rows) {
    const fvi_graph *g = net->graph;
    const int names = fvi_network_class_count(net);
    char *before = before_rows(g, rows);
    choice best = {.value = -1};
    likely best_is = NO_ROW;
    int passed_over = 0;
    for (int i = 0; i < g->n_outputs && best_is < NAMED; i++) {
        choice c = {.value = g->outputs[i]};
        c.fault = fvi_row_find(rows, c.value, &c.row);
        const likely is = likelihood(&c, names, before);
        passed_over |= is == FEATURES;
        if (best.value >= 0 && (is < best_is || is == NO_ROW)) continue;
        best = c;
        best_is = is;
    }
    g_free(before);
    best.is_late = passed_over && best_is < NAMED;
    return best;
}

static choice choose(const fvi_network *net) {
    const char *wanted = NULL;
    fvi_rows *rows = fvi_rows_new(net->graph, samples_of(net));
    choice c = {.value = -1};
    if (net->output_wanted && !fvi_network_find_value(net, net->output_wanted, &wanted, NULL))
        c.value = fvi_graph_find(net->graph, wanted);
    if (c.value >= 0)
        c.fault = fvi_row_find(rows, c.value, &c.row);
    else
        c = choose_output(net, rows);
    fvi_rows_free(rows);
    return c;
}

int fvi_network_row(const fvi_network *net, int v, fvi_row *out) {
    fvi_rows *rows = fvi_rows_new(net->graph, samples_of(net));
    const fvi_row_fault fault = fvi_row_find(rows, v, out);
    fvi_rows_free(rows);
    return fault == FVI_ROW_FINE;
}

const char *fvi_network_output(const fvi_network *net) {
    const choice c = choose(net);
    return c.value < 0 ? NULL : net->graph->values[c.fault ? c.value : c.row.value].name;
}

/* ---- saying what was chosen ----------------------------------------------------------------- */

static int is_output(const fvi_graph *g, int v) {
    for (int i = 0; i < g->n_outputs; i++)
        if (g->outputs[i] == v) return 1;
    return 0;
}

/* The name of the layer that makes a value. */
static const char *name_of(const fvi_network *net, int v) {
    const int producer = net->graph->values[v].producer;
    return producer < 0 ? net->graph->values[v].name : fvi_network_layer(net, producer)->name;
}

/* Of several outputs which one is read, and why. */
static void note_output(const fvi_network *net, const choice *c, GString *s) {
    const fvi_graph *g = net->graph;
    const int output = c->row.value;
    char *all = outputs_text(g);
    g_string_append_printf(s,
                           "%s has %d outputs, %s; classes are read from \"%.40s\", %s "
                           "(--output-name NAME chooses)",
                           net->name, g->n_outputs, all, g->values[output].name,
                           c->row.length == fvi_network_class_count(net)
                               ? "which is as long as there are class names"
                           : c->is_late ? "the row of numbers that is computed from others"
                                        : "the last that is a row of numbers");
    g_free(all);
}

/* That another row is read than the output. */
static void note_row(const fvi_network *net, const choice *c, GString *s) {
    const fvi_graph *g = net->graph;
    const fvi_node *via = &g->nodes[c->row.via];
    g_string_append_printf(s,
                           "%s's output \"%.40s\" is made by %s; classes are read from \"%.60s\", "
                           "the row before that (--output-name NAME chooses)",
                           net->name, g->values[c->value].name, via->source_op,
                           name_of(net, c->row.value));
}

/* That the row is no probability, though it is computed from some. */
static void note_computed(const fvi_network *net, const fvi_row *row, GString *s) {
    const char *from = name_of(net, row->computed);
    g_string_append_printf(
        s,
        "%s\"%.60s\" is computed from the probabilities \"%.60s\", and its numbers "
        "are taken as scores, of which a softmax makes probabilities "
        "(--output-name \"%.60s\" reads those)",
        s->len ? "; " : "", name_of(net, row->value), from, from);
}

char *fvi_network_output_note(const fvi_network *net) {
    const fvi_graph *g = net->graph;
    const choice c = choose(net);
    if (c.value < 0 || c.fault) return NULL;
    GString *s = g_string_new(NULL);
    if (c.row.via >= 0 && !is_output(g, c.row.value))
        note_row(net, &c, s);
    else if (!net->output_wanted && g->n_outputs > 1)
        note_output(net, &c, s);
    if (c.row.computed >= 0 && c.row.length > 1) note_computed(net, &c.row, s);
    return g_string_free(s, s->len == 0);
}

/* ---- asking --------------------------------------------------------------------------------- */

/* Whether a value has a channel for each class. */
static int is_by_class(const fvi_network *net, int v, int channels) {
    const fvi_shape *s = &net->graph->values[v].shape;
    return s->ndim > 2 && channels < s->ndim && s->dim[channels] == fvi_network_class_count(net);
}

/* What names a channel of a class where there is no row of classes: `the units of layer "scores"
 * are classes: "scores:hen"`; caller frees. */
static char *units_text(const fvi_network *net, int v) {
    const fvi_graph *g = net->graph;
    const int names = fvi_network_class_count(net);
    int *axes = g_new(int, g->n_values + 1), at = names > 1 ? g->n_nodes : 0;
    fvi_graph_channel_axes(g, axes);
    while (--at >= 0)
        if (is_by_class(net, g->nodes[at].out, axes[g->nodes[at].out])) break;
    g_free(axes);
    if (at >= 0)
        return g_strdup_printf(
            "layer \"%.60s\" has a channel for each class: \"%.60s:%.40s\" is one",
            fvi_network_layer(net, at)->name, fvi_network_layer(net, at)->name,
            fvi_network_class_name(net, names - 1));
    at = g->values[v].producer;
    if (at >= 0 && g->values[v].shape.ndim > 2)
        return g_strdup_printf("\"%.60s:C\" names a channel of it",
                               fvi_network_layer(net, at)->name);
    return g_strdup("LAYER:C names a unit of any layer");
}

/* Why a value is no row of classes; caller frees. */
static char *fault_text(const fvi_network *net, const choice *c) {
    const fvi_graph *g = net->graph;
    const fvi_value *v = &g->values[c->value];
    char shape[FVI_SHAPE_TEXT];
    fvi_shape_text(&v->shape, shape);
    const char *op = v->producer >= 0 ? g->nodes[v->producer].source_op : "input";
    if (c->fault == FVI_ROW_INTEGERS)
        return g_strdup_printf("holds integers (made by %s), no scores of classes", op);
    if (c->fault == FVI_ROW_RANKED)
        return g_strdup_printf("holds the largest of several rows (made by %s), no scores of "
                               "classes",
                               op);
    if (c->fault == FVI_ROW_SEVERAL)
        return g_strdup_printf("is %s, %" PRId64 " rows for each sample; allowed: one", shape,
                               v->shape.dim[0] / samples_of(net));
    return g_strdup_printf("is %s, no row of classes for each picture", shape);
}

/* Fails because the value is no row of classes. */
static fv_status no_row(const fvi_network *net, const choice *c, fv_error *err) {
    const fvi_graph *g = net->graph;
    char *all = outputs_text(g), *fault = fault_text(net, c), *units = units_text(net, c->value);
    const int several = g->n_outputs > 1, is_first = several && g->outputs[0] == c->value;
    fv_status st =
        fvi_fail(err, FV_SHAPE, "%s: its %soutput \"%.80s\" %s; %s, --output-name another %s%s",
                 net->name, is_first ? "first " : "", g->values[c->value].name, fault, units,
                 several ? "output: " : "layer's row", several ? all : "");
    g_free(all);
    g_free(fault);
    g_free(units);
    return st;
}

/* Fails because a value's shape is not known; the lowering says why. */
static fv_status no_shape(const fvi_network *net, int v, fv_error *err) {
    const char *name = net->graph->values[v].name;
    fvi_graph *part = NULL;
    fv_status st = fvi_network_lower(net, NULL, 0, &name, 1, &part, err);
    fvi_graph_free(part);
    return st ? st
              : fvi_fail(err, FV_SHAPE, "%s: the shape of its output \"%.80s\" is not known",
                         net->name, name);
}

/* Whether the shape of what was chosen is not known. */
static int is_open(const fvi_network *net, const choice *c) {
    return c->value >= 0 && c->fault == FVI_ROW_OTHER_SHAPE &&
           net->graph->values[c->value].shape.ndim < 0;
}

fv_status fvi_network_class_row(const fvi_network *net, fvi_row *out, fv_error *err) {
    const choice c = choose(net);
    if (c.value < 0) return fvi_fail(err, FV_SHAPE, "%s has no output, so no classes", net->name);
    if (!c.fault) *out = c.row;
    if (!c.fault) return FV_OK;
    return is_open(net, &c) ? no_shape(net, c.value, err) : no_row(net, &c, err);
}

int fvi_network_row_is_open(const fvi_network *net) {
    const choice c = choose(net);
    return is_open(net, &c);
}
