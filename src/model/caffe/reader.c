/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of Caffe's networks: a .prototxt, and the .caffemodel with its weights beside it.
 * Pictures are BGR from 0 to 255, as Caffe reads them; what is taken off them the .prototxt says
 * only sometimes (transform.c). What it does not do: recurrent layers, layers in
 * Python, networks of before 2014 that Caffe itself has to upgrade (V0).
 */
#include <string.h>

#include "base/error.h"
#include "model/caffe/blobs.h"
#include "model/caffe/network.h"
#include "model/caffe/transform.h"
#include "model/caffe/types.h"
#include "model/operations/lower.h"

#define LIST_MAX   ((size_t)1 << 30) /* bytes of what is made of the file */
#define PROBED_MAX ((size_t)1 << 20) /* bytes of a text that are looked at */

static const char *const endings[] = {".prototxt", NULL};

static const fvi_caffe *caffe_of(const fvi_model_file *f) {
    return (const fvi_caffe *)(const void *)f;
}

/* A text that begins as a message does, and has a layer with a type. */
static fvi_probe probe(const uint8_t *bytes, size_t size, const char *name) {
    const size_t n = MIN(size, PROBED_MAX);
    (void)name;
    if (!n) return FVI_PROBE_NO;
    for (size_t i = 0; i < MIN(n, 512); i++)
        if (bytes[i] < 0x20 && !strchr("\t\r\n", bytes[i])) return FVI_PROBE_NO;
    char *text = g_strndup((const char *)bytes, n);
    const int found =
        g_regex_match_simple("^\\s*(layer|layers)\\s*:?\\s*\\{", text, G_REGEX_MULTILINE, 0) &&
        g_regex_match_simple("\\btype\\s*:", text, 0, 0);
    g_free(text);
    return found ? FVI_PROBE_SURE : FVI_PROBE_NO;
}

static void free_blobs(gpointer blobs) { g_ptr_array_unref(blobs); }

static fv_status open_caffe(fvi_model_file *f, fv_error *err) {
    fvi_caffe *c = (fvi_caffe *)(void *)f;
    c->file.list = fvi_op_list_new(LIST_MAX);
    c->blobs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_blobs);
    if (!c->file.list) return fvi_fail(err, FV_NOMEM, "no memory to open it");
    const int64_t fields = 64 * f->limits.nodes;
    fv_status st =
        fvi_message_read((const char *)f->bytes.bytes, f->bytes.size, fields, &c->net, err);
    if (!st) st = fvi_model_file_map_weights(f, ".caffemodel", err);
    if (!st) st = fvi_caffe_read_blobs(c, err);
    return st ? st : fvi_caffe_make_list(c, err);
}

static void close_caffe(fvi_model_file *f) {
    fvi_caffe *c = (fvi_caffe *)(void *)f;
    fvi_op_list_free(c->file.list);
    fvi_message_free(c->net);
    if (c->blobs) g_hash_table_unref(c->blobs);
    fvi_caffe_free_transform(&c->transform);
}

/* Its channels are those of the first convolution, if the file does not say them. */
static fvi_input_use input_use(const fvi_model_file *f, const char *input) {
    const fvi_op_list *l = f->list;
    const int v = fvi_op_list_find(l, input);
    fvi_input_use use = {0};
    for (guint k = 0; k < l->ops->len && !use.op; k++) {
        const fvi_op *op = &g_array_index(l->ops, fvi_op, k);
        const fvi_caffe_layer *layer = op->detail;
        if (op->n_in < 1 || op->in[0] != v || strcmp(op->type, "Convolution") != 0) continue;
        const fvi_message *p = fvi_message_in(layer->message, "convolution_param", 0);
        use = (fvi_input_use){.op = FVI_USE_CONV, .ndim = 4};
        if (layer->n_blobs > 0 && layer->blobs[0]->shape.ndim == 4)
            use.channels = layer->blobs[0]->shape.dim[1] * fvi_message_int(p, "group", 0, 1);
    }
    return use;
}

static const char *metadata(const fvi_model_file *f, const char *key) {
    if (!strcmp(key, "fovea.range")) return "255";
    if (!strcmp(key, "fovea.channel_order")) return "bgr";
    const fvi_caffe_transform *t = &caffe_of(f)->transform;
    if (!strcmp(key, "transform_param.mean_value")) return t->mean;
    if (!strcmp(key, "transform_param.scale")) return t->scale;
    if (!strcmp(key, "transform_param.mean_file")) return t->mean_file;
    if (!strcmp(key, "mean_file.mean")) return t->file_mean;
    if (!strcmp(key, "mean_file.problem")) return t->problem;
    return NULL;
}

static fv_status lower(const fvi_model_file *f, fvi_builder *b, const fvi_graph_request *request) {
    static const fvi_op_format format = {.kinds = fvi_caffe_kinds};
    return fvi_op_list_lower(f, &format, b, request);
}

extern const fvi_reader fvi_caffe_reader;
const fvi_reader fvi_caffe_reader = {
    .format = "Caffe",
    .kind = "a Caffe network (.prototxt)",
    .endings = endings,
    .file_size = sizeof(fvi_caffe),
    .probe = probe,
    .open = open_caffe,
    .close = close_caffe,
    .inputs = fvi_op_list_inputs,
    .input_use = input_use,
    .output = fvi_op_list_output_name,
    .values = fvi_op_list_values,
    .metadata = metadata,
    .lower = lower,
};
