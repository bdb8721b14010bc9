/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of ONNX files: what model/reader.h asks for, from the files of this folder.
 *
 * Protobuf has no signature. A name ending in ".onnx" decides; else it counts for ONNX if the first
 * field is number 1 and an integer (ir_version), as ONNX's own tools write it, and a little if
 * nothing contradicts it.
 */
#include <string.h>

#include "model/onnx/lower.h"
#include "model/onnx/names/classes.h"
#include "model/onnx/open.h"
#include "model/onnx/use/input_use.h"

static const char *const endings[] = {".onnx", NULL};

static fvi_probe probe(const uint8_t *bytes, size_t size, const char *name) {
    const size_t n = strlen(name), k = strlen(endings[0]);
    if (n >= k && !strcmp(name + n - k, endings[0])) return FVI_PROBE_YES;
    const int has_version = size > 1 && bytes[0] == 0x08 && bytes[1] > 0 && bytes[1] < 128;
    return has_version ? FVI_PROBE_YES : FVI_PROBE_MAYBE;
}

static const fvi_model_input *inputs(const fvi_model_file *f, int *count) {
    *count = fvi_onnx_of(f)->n_inputs;
    return fvi_onnx_of(f)->inputs;
}

static fvi_input_use input_use(const fvi_model_file *f, const char *input) {
    return fvi_onnx_input_use(fvi_onnx_of(f), input);
}

static const char *output(const fvi_model_file *f) {
    const Onnx__GraphProto *g = fvi_onnx_proto(fvi_onnx_of(f))->graph;
    return g->n_output ? g->output[0]->name : NULL;
}

static void values(const fvi_model_file *f, GPtrArray *names) {
    const Onnx__GraphProto *g = fvi_onnx_proto(fvi_onnx_of(f))->graph;
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t k = 0; k < g->node[i]->n_output; k++)
            if (g->node[i]->output[k][0]) g_ptr_array_add(names, g->node[i]->output[k]);
}

static const char *metadata(const fvi_model_file *f, const char *key) {
    return fvi_onnx_metadata(fvi_onnx_of(f), key);
}

static fvi_labels *class_names(const fvi_model_file *f, int *are_texts, char **from) {
    return fvi_onnx_class_names(fvi_onnx_of(f), are_texts, from);
}

static fv_status lower(const fvi_model_file *f, fvi_builder *b, const fvi_graph_request *request) {
    return fvi_onnx_lower(fvi_onnx_of(f), b, request);
}

extern const fvi_reader fvi_onnx_reader;
const fvi_reader fvi_onnx_reader = {
    .format = "ONNX",
    .kind = "an ONNX model",
    .endings = endings,
    .file_size = sizeof(fvi_onnx),
    .probe = probe,
    .open = fvi_onnx_open,
    .close = fvi_onnx_close,
    .inputs = inputs,
    .input_use = input_use,
    .output = output,
    .values = values,
    .metadata = metadata,
    .class_names = class_names,
    .lower = lower,
};
