/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of TensorFlow's graphs: frozen ones (GraphDef, .pb), whose weights are constants, and
 * SavedModels: a folder with saved_model.pb, and the weights in variables/.
 *
 * Protobuf has no signature: a file counts as a graph if its first field is a node with a name and
 * an operator, and as a SavedModel if it has a version and a graph with tags.
 */
#include <string.h>

#include "base/error.h"
#include "model/operations/lower.h"
#include "model/tensorflow/family.h"
#include "model/tensorflow/kinds.h"
#include "model/tensorflow/network.h"
#include "model/tensorflow/nodes/branches.h"
#include "model/tensorflow/nodes/dropout.h"
#include "model/tensorflow/nodes/read.h"
#include "model/tensorflow/saved/model.h"
#include "model/tensorflow/saved/variables.h"
#include "model/tensorflow/use.h"

static const char *const endings[] = {".pb", NULL};

/* A name or operator: printable, not empty. */
static int is_word(fvi_tf_bytes text) {
    for (size_t i = 0; i < text.size; i++)
        if (text.bytes[i] <= ' ' || text.bytes[i] > '~') return 0;
    return text.size > 0 && text.size < 1000;
}

/* Whether the first field is a node. */
static int is_graph(const uint8_t *bytes, size_t size) {
    fvi_wire w = {bytes, bytes + size};
    fvi_wire_field f;
    if (!size || fvi_wire_next(&w, &f) <= 0) return 0;
    const fvi_tf_bytes node = {f.bytes, f.size};
    return f.number == 1 && f.type == FVI_WIRE_BYTES && is_word(fvi_tf_part(node, 1)) &&
           is_word(fvi_tf_part(node, 2)) && g_ascii_isupper(fvi_tf_part(node, 2).bytes[0]);
}

static fvi_probe probe(const uint8_t *bytes, size_t size, const char *name) {
    (void)name;
    return is_graph(bytes, size) || fvi_tf_is_saved_model(bytes, size) ? FVI_PROBE_SURE
                                                                       : FVI_PROBE_NO;
}

static fv_status open_tf(fvi_model_file *f, fv_error *err) {
    fvi_tf *t = (fvi_tf *)(void *)f;
    t->file.list = fvi_op_list_new(fvi_limits_constants(&f->limits));
    if (!t->file.list) return fvi_fail(err, FV_NOMEM, "no memory to open it");
    fvi_tf_bytes graph = {f->bytes.bytes, f->bytes.size};
    const int saved = fvi_tf_is_saved_model(graph.bytes, graph.size);
    fv_status st = saved ? fvi_tf_saved_model(graph, &graph, &t->signature, err) : FV_OK;
    if (!st) st = fvi_tf_graph_read(&t->graph, graph, t->file.list->pool, f->limits.nodes, err);
    if (!st) st = fvi_tf_take_branches(&t->graph, err);
    if (!st) fvi_tf_drop_dropout(&t->graph);
    if (!st && saved) st = fvi_tf_variables_open(t, err);
    return st ? st : fvi_tf_make_list(t, err);
}

static void close_tf(fvi_model_file *f) {
    fvi_tf *t = (fvi_tf *)(void *)f;
    fvi_tf_variables_close(t->variables);
    fvi_tf_graph_clear(&t->graph);
    fvi_op_list_free(t->file.list);
}

/* ---- what it holds -------------------------------------------------------------------------- */

static fvi_input_use input_use(const fvi_model_file *f, const char *input) {
    return fvi_tf_input_use(fvi_tf_of(f), input);
}

/* None but what the names of the nodes tell. */
static const char *metadata(const fvi_model_file *f, const char *key) {
    const char *how = NULL, *family = fvi_tf_family(fvi_tf_of(f), &how);
    if (!strcmp(key, "network family")) return family;
    return strcmp(key, "network family.how") ? NULL : how;
}

static fv_status lower(const fvi_model_file *f, fvi_builder *b, const fvi_graph_request *request) {
    static const fvi_op_format format = {.kinds = fvi_tf_kinds, .channels_last = 1};
    return fvi_op_list_lower(f, &format, b, request);
}

extern const fvi_reader fvi_tensorflow_reader;
const fvi_reader fvi_tensorflow_reader = {
    .format = "TensorFlow",
    .kind = "a TensorFlow graph",
    .endings = endings,
    .file_size = sizeof(fvi_tf),
    .probe = probe,
    .open = open_tf,
    .close = close_tf,
    .inputs = fvi_op_list_inputs,
    .input_use = input_use,
    .output = fvi_op_list_output_name,
    .values = fvi_op_list_values,
    .metadata = metadata,
    .lower = lower,
};
