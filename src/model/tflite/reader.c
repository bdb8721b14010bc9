/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of TensorFlow Lite's files (.tflite, .lite): the first subgraph, as floating point.
 *
 * Quantised weights are made real, quantised values are real numbers; an input of whole numbers
 * with a scale is given as those. What it does not do: control flow into other subgraphs, custom
 * operators, training.
 * Source: schema.fbs of TensorFlow Lite.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/operations/lower.h"
#include "model/tflite/metadata.h"
#include "model/tflite/op.h"
#include "model/tflite/tensors.h"

#define LIST_MAX                                                                    \
    ((size_t)2 << 30) /* bytes of what is made of the file, real weights among them \
                       */

enum { MODEL_CODES = 1, MODEL_SUBGRAPHS = 2 };
enum { CODE_OLD = 0, CODE_CUSTOM = 1, CODE_NEW = 3 };
enum { GRAPH_INPUTS = 1, GRAPH_OUTPUTS = 2, GRAPH_OPERATORS = 3 };
enum { OP_CODE, OP_INPUTS, OP_OUTPUTS, OP_OPTIONS = 4 };
enum { CUSTOM = 32 };

static const char *const endings[] = {".tflite", ".lite", NULL};

static const struct {
    int code;
    const char *name;
} names[] = {
#define FVI_TFLITE_OP(code, name, lower, param) {code, name},
#include "model/tflite/operators.def"
#undef FVI_TFLITE_OP
};

/* The input's whole numbers as real ones. */
static void lower_real_input(fvi_site *site) {
    const fvi_tflite_op *op = site->op->detail;
    const fvi_quantum *q = &op->file->tensors[op->out].quantum;
    fvi_site_out(site, 0,
                 fvi_channels_unary(site, FVI_LINEAR, (float)q->scale, (float)(-q->scale * q->zero),
                                    fvi_site_need(site, 0)));
}

static const fvi_op_kind kinds[] = {
#define FVI_TFLITE_OP(code, name, lower, param) {name, fvi_tflite_lower_##lower, param},
#include "model/tflite/operators.def"
#undef FVI_TFLITE_OP
    {"quantised input", lower_real_input, 0}, {0}};

static fvi_probe probe(const uint8_t *bytes, size_t size, const char *name) {
    (void)name;
    return size >= 8 && !memcmp(bytes + 4, "TFL3", 4) ? FVI_PROBE_SURE : FVI_PROBE_NO;
}

/* ---- opening -------------------------------------------------------------------------------- */

/* The name of the operator that entry i of the codes stands for; in the list's pool. */
static const char *code_name(const fvi_tflite *t, uint32_t i) {
    const fvi_flat *f = &t->flat;
    const fvi_flat_vector codes = fvi_flat_list(f, fvi_flat_root(f), MODEL_CODES, 4);
    const uint32_t table = fvi_flat_table_element(f, &codes, i);
    const int64_t old = fvi_flat_int(f, table, CODE_OLD, 1, 0);
    const int64_t code = MAX(fvi_flat_int(f, table, CODE_NEW, 4, 0), old);
    size_t n;
    const char *custom = fvi_flat_text(f, table, CODE_CUSTOM, &n);
    for (size_t k = 0; table && k < G_N_ELEMENTS(names); k++)
        if (names[k].code == code) return names[k].name;
    if (code == CUSTOM && custom)
        return fvi_pool_printf(t->file.list->pool, "custom %.*s", (int)MIN(n, 256), custom);
    return fvi_pool_printf(t->file.list->pool, "operator %d", (int)code);
}

/* The tensor of element i of a list of tensors; -1: absent, or none. */
static int tensor_at(const fvi_tflite *t, const fvi_flat_vector *list, uint32_t i) {
    const int64_t k = fvi_flat_element(&t->flat, list, i, 4);
    return k >= 0 && k < t->n_tensors ? (int)k : -1;
}

/* Makes the tensor a value of the list. */
static int make_value(fvi_tflite *t, int tensor) {
    fvi_tflite_tensor *own = &t->tensors[tensor];
    if (own->value < 0) own->value = fvi_op_list_value(t->file.list, own->name);
    if (own->value >= 0) g_array_index(t->file.list->stated, fvi_shape, own->value) = own->shape;
    return own->value >= 0;
}

static int add_input(fvi_tflite *t, int tensor) {
    fvi_tflite_tensor *own = &t->tensors[tensor];
    fvi_shape shape = own->shape;
    if (shape.ndim > 0 && shape.dim[0] == 1) shape.dim[0] = -1;
    const int whole = own->quantum.is_set;
    const int v =
        fvi_op_list_input(t->file.list, own->name, &shape, own->type ? (int)own->type : -1,
                          shape.ndim == 4 ? FVI_NHWC : 0);
    own->value = v;
    if (v < 0 || !whole) return v >= 0;
    char *name = g_strconcat(own->name, "/real", NULL);
    own->value = fvi_op_list_value(t->file.list, name);
    g_free(name);
    fvi_tflite_op *detail = fvi_pool_alloc(t->file.list->pool, sizeof *detail);
    if (!detail || own->value < 0) return 0;
    *detail = (fvi_tflite_op){.file = t, .out = tensor};
    const fvi_op op = {.type = "quantised input",
                       .n_in = 1,
                       .in = (int[]){v},
                       .n_out = 1,
                       .out = &own->value,
                       .detail = detail};
    return fvi_op_list_add(t->file.list, &op);
}

/* Whether an operator only widens a constant, whose numbers were read as real ones, all of them:
 * then its output is that constant. */
static int is_constant(fvi_tflite *t, uint32_t table, const char *name) {
    const fvi_flat_vector in = fvi_flat_list(&t->flat, table, OP_INPUTS, 4);
    const fvi_flat_vector out = fvi_flat_list(&t->flat, table, OP_OUTPUTS, 4);
    const int from = tensor_at(t, &in, 0), to = tensor_at(t, &out, 0);
    const int widens = !strcmp(name, "DEQUANTIZE") || !strcmp(name, "DENSIFY");
    if (!widens || from < 0 || to < 0) return 0;
    t->tensors[to].constant = t->tensors[from].constant;
    t->tensors[to].problem = t->tensors[from].problem;
    return t->tensors[to].constant || t->tensors[to].problem;
}

static int add_operator(fvi_tflite *t, uint32_t table) {
    const fvi_flat *f = &t->flat;
    const fvi_flat_vector in = fvi_flat_list(f, table, OP_INPUTS, 4);
    const fvi_flat_vector out = fvi_flat_list(f, table, OP_OUTPUTS, 4);
    fvi_pool *pool = t->file.list->pool;
    fvi_tflite_op *detail = fvi_pool_alloc(pool, sizeof *detail);
    int *tensors = fvi_pool_array(pool, (size_t)in.count + 1, sizeof *tensors);
    int *values = fvi_pool_array(pool, (size_t)in.count + out.count + 1, sizeof *values);
    const char *name = code_name(t, (uint32_t)fvi_flat_int(f, table, OP_CODE, 4, 0));
    int n_out = 0;
    if (!detail || !tensors || !values || !name) return 0;
    if (is_constant(t, table, name)) return 1;
    for (uint32_t i = 0; i < in.count; i++) {
        tensors[i] = tensor_at(t, &in, i);
        values[i] = tensors[i] >= 0 ? t->tensors[tensors[i]].value : -1;
    }
    *detail = (fvi_tflite_op){.file = t,
                              .options = fvi_flat_table(f, table, OP_OPTIONS),
                              .n_in = (int)in.count,
                              .in = tensors,
                              .out = out.count ? tensor_at(t, &out, 0) : -1};
    for (uint32_t i = 0; i < out.count; i++) {
        const int tensor = tensor_at(t, &out, i);
        if (tensor < 0 || t->tensors[tensor].value >= 0)
            continue; /* made twice: the first counts */
        if (!make_value(t, tensor)) return 0;
        values[in.count + (uint32_t)n_out++] = t->tensors[tensor].value;
    }
    const fvi_op op = {.type = name,
                       .n_in = (int)in.count,
                       .in = values,
                       .n_out = n_out,
                       .out = values + in.count,
                       .detail = detail};
    return fvi_op_list_add(t->file.list, &op);
}

static fv_status make_list(fvi_tflite *t, uint32_t graph, fv_error *err) {
    const fvi_flat *f = &t->flat;
    const fvi_flat_vector in = fvi_flat_list(f, graph, GRAPH_INPUTS, 4);
    const fvi_flat_vector out = fvi_flat_list(f, graph, GRAPH_OUTPUTS, 4);
    const fvi_flat_vector ops = fvi_flat_list(f, graph, GRAPH_OPERATORS, 4);
    int ok = 1;
    if ((int64_t)ops.count + in.count > t->file.limits.nodes)
        return fvi_fail(err, FV_NOMEM,
                        "it has %u operators; at most %lld are read (limit max_nodes)", ops.count,
                        (long long)t->file.limits.nodes);
    for (uint32_t i = 0; i < in.count && ok; i++)
        if (tensor_at(t, &in, i) >= 0) ok = add_input(t, tensor_at(t, &in, i));
    for (uint32_t i = 0; i < ops.count && ok; i++)
        ok = add_operator(t, fvi_flat_table_element(f, &ops, i));
    if (!ok) return fvi_fail(err, FV_NOMEM, "no memory for its operators");
    for (uint32_t i = 0; i < out.count; i++) {
        const int tensor = tensor_at(t, &out, i);
        if (tensor >= 0 && t->tensors[tensor].value >= 0)
            fvi_op_list_output(t->file.list, t->tensors[tensor].value);
    }
    if (!t->file.list->inputs->len || !t->file.list->outputs->len)
        return fvi_fail(err, FV_FORMAT, "its graph has no input or no output, or is damaged");
    fvi_op_list_finish(t->file.list);
    return FV_OK;
}

static fv_status open_tflite(fvi_model_file *f, fv_error *err) {
    fvi_tflite *t = (fvi_tflite *)(void *)f;
    t->flat = (fvi_flat){f->bytes.bytes, MIN(f->bytes.size, (size_t)UINT32_MAX)};
    t->file.list = fvi_op_list_new(LIST_MAX);
    if (!t->file.list) return fvi_fail(err, FV_NOMEM, "no memory to open it");
    const fvi_flat_vector graphs =
        fvi_flat_list(&t->flat, fvi_flat_root(&t->flat), MODEL_SUBGRAPHS, 4);
    const uint32_t graph = fvi_flat_table_element(&t->flat, &graphs, 0);
    if (!graph) return fvi_fail(err, FV_FORMAT, "it holds no graph, or is damaged");
    fv_status st = fvi_tflite_read_tensors(t, graph, err);
    if (!st) fvi_tflite_read_metadata(t, graph);
    return st ? st : make_list(t, graph, err);
}

static void close_tflite(fvi_model_file *f) {
    fvi_tflite_free_metadata((fvi_tflite *)(void *)f);
    fvi_op_list_free(f->list);
}

/* ---- what it holds -------------------------------------------------------------------------- */

static const char *metadata(const fvi_model_file *f, const char *key) {
    const fvi_tflite *t = (const fvi_tflite *)(const void *)f;
    if (!strcmp(key, "NormalizationOptions.mean")) return t->mean;
    if (!strcmp(key, "NormalizationOptions.std")) return t->std;
    return strcmp(key, "labels") ? NULL : t->labels;
}

/* Whether an operator changes neither the order of a picture's axes nor how many there are. */
static int keeps_axes(const char *type) {
    static const char *const types[] = {
        "quantised input", "QUANTIZE", "DEQUANTIZE", "CAST", "PAD", "PADV2",
        "MIRROR_PAD",      "ADD",      "SUB",        "MUL",  "DIV"};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (!strcmp(type, types[i])) return 1;
    return 0;
}

/* Whether a convolution over rows and columns reads it: then whole numbers are pixels too. */
static fvi_input_use input_use(const fvi_model_file *f, const char *input) {
    const fvi_op_list *l = f->list;
    fvi_input_use use = {0};
    int v = fvi_op_list_find(l, input);
    for (guint k = 0; k < l->ops->len && v >= 0; k++) {
        const fvi_op *op = &g_array_index(l->ops, fvi_op, k);
        if (op->n_in < 1 || op->n_out < 1 || op->in[0] != v) continue;
        if (!strcmp(op->type, "CONV_2D") || !strcmp(op->type, "DEPTHWISE_CONV_2D"))
            use = (fvi_input_use){.op = FVI_USE_CONV, .ndim = 4, .permuted = 1};
        v = keeps_axes(op->type) ? op->out[0] : -1;
    }
    return use;
}

static fv_status lower(const fvi_model_file *f, fvi_builder *b, const fvi_graph_request *request) {
    static const fvi_op_format format = {.kinds = kinds, .channels_last = 1};
    return fvi_op_list_lower(f, &format, b, request);
}

extern const fvi_reader fvi_tflite_reader;
const fvi_reader fvi_tflite_reader = {
    .format = "TensorFlow Lite",
    .kind = "a TensorFlow Lite model",
    .endings = endings,
    .file_size = sizeof(fvi_tflite),
    .probe = probe,
    .open = open_tflite,
    .close = close_tflite,
    .inputs = fvi_op_list_inputs,
    .input_use = input_use,
    .output = fvi_op_list_output_name,
    .values = fvi_op_list_values,
    .metadata = metadata,
    .lower = lower,
};
