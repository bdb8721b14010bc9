/* SPDX-License-Identifier: Apache-2.0 */
/* The names of layers: those of the modules of the training program that the nodes come from
 * (names/module.c, model/operations/modules.h); nodes without a module keep their own.
 *
 * These are the names of torchvision's feature extraction too, but for operations, which are called
 * as ONNX calls them.
 */
#include "model/onnx/names/names.h"

#include <string.h>

#include "base/error.h"
#include "model/onnx/names/module.h"
#include "model/operations/modules.h"

const char *fvi_onnx_layer_name(const fvi_onnx *o, const Onnx__NodeProto *n) {
    const char *name = o->layer_names ? g_hash_table_lookup(o->layer_names, n) : NULL;
    return name ? name : n->name;
}

/* The number of a value's name; -1: it has none. */
static int number_of(GHashTable *values, const char *name) {
    gpointer number = g_hash_table_lookup(values, name);
    if (!*name) return -1;
    if (!number) {
        number = GINT_TO_POINTER((int)g_hash_table_size(values) + 1);
        g_hash_table_insert(values, (gpointer)name, number);
    }
    return GPOINTER_TO_INT(number) - 1;
}

/* Numbers of n names, of which `at` has room for. */
static const int *numbers_of(GHashTable *values, char *const *names, size_t n, int **at) {
    const int *first = *at;
    for (size_t i = 0; i < n; i++) *(*at)++ = number_of(values, names[i]);
    return first;
}

/* What is known of each node; `room` has space for all their inputs and outputs. */
static void describe(const fvi_onnx *o, const fvi_onnx_module *modules, GHashTable *values,
                     int *room, fvi_module_op *ops) {
    for (int i = 0; i < o->n_nodes; i++) {
        const Onnx__NodeProto *n = o->nodes[i];
        ops[i] = (fvi_module_op){.path = modules[i].path,
                                 .part = modules[i].part,
                                 .separator = modules[i].separator,
                                 .counts_only =
                                     !strcmp(n->op_type, "Shape") || !strcmp(n->op_type, "Size"),
                                 .own = n->name,
                                 .n_in = (int)n->n_input,
                                 .n_out = (int)n->n_output};
        ops[i].in = numbers_of(values, n->input, n->n_input, &room);
        ops[i].out = numbers_of(values, n->output, n->n_output, &room);
    }
}

static void keep_names(fvi_onnx *o, const fvi_module_op *ops) {
    for (int i = 0; i < o->n_nodes; i++) {
        if (!ops[i].name) continue;
        if (!o->layer_names) o->layer_names = g_hash_table_new(NULL, NULL);
        g_hash_table_insert(o->layer_names, (gpointer)o->nodes[i], (gpointer)ops[i].name);
    }
}

fv_status fvi_onnx_name_layers(fvi_onnx *o, fv_error *err) {
    const gsize n = (gsize)o->n_nodes;
    gsize links = 0;
    GHashTable *values = g_hash_table_new(g_str_hash, g_str_equal);
    fvi_onnx_module *modules = g_new0(fvi_onnx_module, n + 1);
    fvi_module_op *ops = g_new0(fvi_module_op, n + 1);
    int *inputs = g_new(int, o->n_inputs + 1);
    for (gsize i = 0; i < n; i++) {
        modules[i] = fvi_onnx_module_of(o, o->nodes[i]);
        links += o->nodes[i]->n_input + o->nodes[i]->n_output;
    }
    int *room = g_new(int, links + 1);
    for (int i = 0; i < o->n_inputs; i++) inputs[i] = number_of(values, o->inputs[i].name);
    describe(o, modules, values, room, ops);
    const fv_status st = fvi_modules_name(o->pool, ops, (int)n, (int)g_hash_table_size(values),
                                          inputs, o->n_inputs, err);
    keep_names(o, ops);
    for (gsize i = 0; i < n; i++) fvi_onnx_module_clear(&modules[i]);
    g_hash_table_unref(values);
    g_free(modules);
    g_free(ops);
    g_free(inputs);
    g_free(room);
    return st;
}
