/* SPDX-License-Identifier: Apache-2.0 */
/* input_use: which operator reads an input first, but for those that change every element by itself
 * (Cast, Sub, Mul, ...) or only move them (Transpose, Reshape, ...): nodes in topological order,
 * with the names that hold the input so far. Behind a matrix product over the last axis, or a table
 * that words are looked up in, the search goes on to a recurrent operator, which says whether the
 * time is the first axis.
 *
 * What it does not do: look into subgraphs.
 */
#include "model/onnx/use/input_use.h"

#include <string.h>

#include "graph/const.h"
#include "model/onnx/attribute.h"

/* What an operator does with the input. */
typedef struct use_row {
    const char *op;
    int adds; /* to what its output holds; 0: nothing is known of that */
    fvi_use_op
        use; /* that is described; UNKNOWN: it changes every element by itself, or moves it */
} use_row;

static const use_row rows[] = {
    {"Conv", 0, FVI_USE_CONV},
    {"ConvTranspose", 0, FVI_USE_CONV},
    {"QLinearConv", 0, FVI_USE_CONV},
    {"FusedConv", 0, FVI_USE_CONV},
    {"NhwcConv", 0, FVI_USE_CONV},
    {"MatMul", FVI_HOLDS_ACTED_ON, FVI_USE_PRODUCT},
    {"Gemm", 0, FVI_USE_PRODUCT},
    {"FusedMatMul", FVI_HOLDS_ACTED_ON, FVI_USE_PRODUCT},
    {"LSTM", 0, FVI_USE_RECURRENT},
    {"GRU", 0, FVI_USE_RECURRENT},
    {"RNN", 0, FVI_USE_RECURRENT},
    {"Transpose", FVI_HOLDS_PERMUTED, 0},
    {"Reshape", FVI_HOLDS_RESHAPED, 0},
    {"Flatten", FVI_HOLDS_RESHAPED, 0},
    {"Squeeze", FVI_HOLDS_RESHAPED, 0},
    {"Unsqueeze", FVI_HOLDS_RESHAPED, 0},
    {"Elu", FVI_HOLDS_ACTED_ON, 0},
    {"Gather", FVI_HOLDS_ACTED_ON, 0},
    {"Gelu", FVI_HOLDS_ACTED_ON, 0},
    {"LeakyRelu", FVI_HOLDS_ACTED_ON, 0},
    {"Relu", FVI_HOLDS_ACTED_ON, 0},
    {"Selu", FVI_HOLDS_ACTED_ON, 0},
    {"Sigmoid", FVI_HOLDS_ACTED_ON, 0},
    {"Tanh", FVI_HOLDS_ACTED_ON, 0},
    {"Add", FVI_HOLDS, 0},
    {"BatchNormalization", FVI_HOLDS, 0},
    {"Cast", FVI_HOLDS, 0},
    {"CastLike", FVI_HOLDS, 0},
    {"Clip", FVI_HOLDS, 0},
    {"DequantizeLinear", FVI_HOLDS, 0},
    {"Div", FVI_HOLDS, 0},
    {"Dropout", FVI_HOLDS, 0},
    {"Identity", FVI_HOLDS, 0},
    {"InstanceNormalization", FVI_HOLDS, 0},
    {"LayerNormalization", FVI_HOLDS, 0},
    {"Mul", FVI_HOLDS, 0},
    {"Neg", FVI_HOLDS, 0},
    {"Pad", FVI_HOLDS, 0},
    {"QuantizeLinear", FVI_HOLDS, 0},
    {"Resize", FVI_HOLDS, 0},
    {"Sub", FVI_HOLDS, 0},
};

static const use_row *find_row(const char *op) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strcmp(rows[i].op, op)) return &rows[i];
    return NULL;
}

/* What the node's inputs hold of the network's; of a Gather its indices. */
static int held(GHashTable *names, const Onnx__NodeProto *n) {
    int all = 0;
    for (size_t k = !strcmp(n->op_type, "Gather"); k < n->n_input; k++)
        all |= GPOINTER_TO_INT(g_hash_table_lookup(names, n->input[k]));
    return all;
}

/* The convolution's own weights; behind a DequantizeLinear of them those. NULL: not known. */
static const fvi_const *weights_of(const fvi_onnx *o, const Onnx__NodeProto *n) {
    const size_t k = !strcmp(n->op_type, "QLinearConv") ? 3 : 1;
    if (n->n_input <= k) return NULL;
    const fvi_const *w = fvi_onnx_initializer(o, n->input[k]);
    int count;
    const Onnx__NodeProto *const *nodes = fvi_onnx_nodes(o, &count);
    for (int i = 0; !w && i < count; i++)
        if (nodes[i]->n_output && nodes[i]->n_input && !strcmp(nodes[i]->output[0], n->input[k]) &&
            !strcmp(nodes[i]->op_type, "DequantizeLinear"))
            w = fvi_onnx_initializer(o, nodes[i]->input[0]);
    return w;
}

static void describe_conv(const fvi_onnx *o, const Onnx__NodeProto *n, fvi_input_use *out) {
    const fvi_const *w = weights_of(o, n);
    if (!w || w->shape.ndim < 3) return;
    const int64_t groups = fvi_onnx_attr_int(n, "group", 1);
    const int turned = !strcmp(n->op_type, "ConvTranspose");
    int64_t c;
    if (groups < 1) return;
    out->ndim = w->shape.ndim;
    if (turned)
        out->channels = w->shape.dim[0];
    else if (strcmp(n->op_type, "NhwcConv") != 0 && !fvi_mul(w->shape.dim[1], groups, &c) && c > 0)
        out->channels = c;
}

/* What the output of a node holds that passes the input on. */
static int passed_on(const Onnx__NodeProto *n, const use_row *row, int holds) {
    const int64_t *perm = NULL;
    if (row->adds != FVI_HOLDS_PERMUTED) return holds | row->adds;
    const size_t axes = fvi_onnx_attr_ints(n, "perm", &perm);
    return fvi_use_permuted(holds, axes <= FVI_MAX_DIMS ? (int)axes : 0, perm);
}

/* Notes the last three of the four sizes that a Reshape gives the input. */
static void note_layout(const fvi_onnx *o, const Onnx__NodeProto *n, int holds,
                        fvi_input_use *use) {
    const fvi_const *sizes = n->n_input > 1 ? fvi_onnx_initializer(o, n->input[1]) : NULL;
    const int is_first = !(holds & ~FVI_HOLDS) && sizes && fvi_shape_count(&sizes->shape) == 4;
    use->laid_out = 1;
    for (int i = 0; i < 3; i++) use->last[i] = is_first ? fvi_const_int(sizes, i + 1) : 0;
}

/* Adds what a node says that reads the input. Returns 0 where no more is to be known. */
static int describe(const fvi_onnx *o, const Onnx__NodeProto *n, const use_row *row, int holds,
                    fvi_input_use *use) {
    const fvi_use_op before = use->op;
    const int more = fvi_use_add(use, row->use, holds, fvi_onnx_attr_int(n, "layout", 0) != 0);
    if (!before && use->op == FVI_USE_CONV) describe_conv(o, n, use);
    return more && use->op != FVI_USE_CONV;
}

fvi_input_use fvi_onnx_input_use(const fvi_onnx *o, const char *input) {
    int count;
    const Onnx__NodeProto *const *nodes = fvi_onnx_nodes(o, &count);
    GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);
    fvi_input_use use = {0};
    g_hash_table_insert(names, (void *)(uintptr_t)input, GINT_TO_POINTER(FVI_HOLDS));
    for (int i = 0; i < count; i++) {
        const int holds = held(names, nodes[i]);
        const use_row *row = holds ? find_row(nodes[i]->op_type) : NULL;
        if (!row) continue;
        if (!use.op && !strcmp(row->op, "Reshape")) note_layout(o, nodes[i], holds, &use);
        if (row->use && !describe(o, nodes[i], row, holds, &use)) break;
        if (row->adds && nodes[i]->n_output)
            g_hash_table_insert(names, nodes[i]->output[0],
                                GINT_TO_POINTER(passed_on(nodes[i], row, holds)));
    }
    g_hash_table_destroy(names);
    return use;
}
