/* SPDX-License-Identifier: Apache-2.0 */
/* input_use: which operator reads an input first, but for those that change every element by itself
 * (Cast, Sub, Mul, ...) or only move them (Transpose, Reshape, ...): nodes in topological order,
 * with the names that hold the input so far.
 *
 * What it does not do: look into subgraphs.
 */
#include "model/onnx/use/input_use.h"

#include <string.h>

#include "model/onnx/attribute.h"

/* What a name holds; SWAPPED: the first two of three axes have changed places, and no others. */
enum { HELD = 1, RESHAPED = 2, PERMUTED = 4, SWAPPED = 8 };

/* What an operator does with the input: passes it on, or ends the search. */
typedef struct use_row {
    const char *op;
    int adds; /* to what its output holds; 0: it ends the search */
    fvi_use_op use;
} use_row;

static const use_row rows[] = {
    {"Conv", 0, FVI_USE_CONV},
    {"ConvTranspose", 0, FVI_USE_CONV},
    {"QLinearConv", 0, FVI_USE_CONV},
    {"FusedConv", 0, FVI_USE_CONV},
    {"NhwcConv", 0, FVI_USE_CONV},
    {"MatMul", 0, FVI_USE_PRODUCT},
    {"Gemm", 0, FVI_USE_PRODUCT},
    {"FusedMatMul", 0, FVI_USE_PRODUCT},
    {"LSTM", 0, FVI_USE_RECURRENT},
    {"GRU", 0, FVI_USE_RECURRENT},
    {"RNN", 0, FVI_USE_RECURRENT},
    {"Transpose", PERMUTED, 0},
    {"Reshape", RESHAPED, 0},
    {"Flatten", RESHAPED, 0},
    {"Squeeze", RESHAPED, 0},
    {"Unsqueeze", RESHAPED, 0},
    {"Add", HELD, 0},
    {"BatchNormalization", HELD, 0},
    {"Cast", HELD, 0},
    {"CastLike", HELD, 0},
    {"Clip", HELD, 0},
    {"DequantizeLinear", HELD, 0},
    {"Div", HELD, 0},
    {"Dropout", HELD, 0},
    {"Identity", HELD, 0},
    {"InstanceNormalization", HELD, 0},
    {"LayerNormalization", HELD, 0},
    {"Mul", HELD, 0},
    {"Neg", HELD, 0},
    {"Pad", HELD, 0},
    {"QuantizeLinear", HELD, 0},
    {"Resize", HELD, 0},
    {"Sub", HELD, 0},
};

static const use_row *find_row(const char *op) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!strcmp(rows[i].op, op)) return &rows[i];
    return NULL;
}

/* What the node's inputs hold of the network's. */
static int held(GHashTable *names, const Onnx__NodeProto *n) {
    int all = 0;
    for (size_t k = 0; k < n->n_input; k++)
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
    if (row->adds != PERMUTED) return holds | row->adds;
    const int swaps = fvi_onnx_attr_ints(n, "perm", &perm) == 3 && perm[0] == 1 && perm[1] == 0;
    return swaps && !(holds & PERMUTED) ? holds | PERMUTED | SWAPPED
                                        : (holds | PERMUTED) & ~SWAPPED;
}

/* Whether the input's axes are samples, time, numbers: a recurrent operator has them so with
 * layout 1, else the time is first. */
static int samples_first(const Onnx__NodeProto *n, int holds) {
    if (holds & RESHAPED) return 0;
    return fvi_onnx_attr_int(n, "layout", 0) ? !(holds & PERMUTED) : (holds & SWAPPED) != 0;
}

fvi_input_use fvi_onnx_input_use(const fvi_onnx *o, const char *input) {
    int count;
    const Onnx__NodeProto *const *nodes = fvi_onnx_nodes(o, &count);
    GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);
    fvi_input_use use = {0};
    g_hash_table_insert(names, (void *)(uintptr_t)input, GINT_TO_POINTER(HELD));
    for (int i = 0; i < count && !use.op; i++) {
        const int holds = held(names, nodes[i]);
        const use_row *row = holds ? find_row(nodes[i]->op_type) : NULL;
        if (!row) continue;
        if (row->adds && nodes[i]->n_output) {
            g_hash_table_insert(names, nodes[i]->output[0],
                                GINT_TO_POINTER(passed_on(nodes[i], row, holds)));
            continue;
        }
        if (row->adds) continue;
        use = (fvi_input_use){.op = row->use,
                              .reshaped = (holds & RESHAPED) != 0,
                              .permuted = (holds & PERMUTED) != 0};
        if (use.op == FVI_USE_RECURRENT) use.channels_last = samples_first(nodes[i], holds);
        if (use.op == FVI_USE_CONV) describe_conv(o, nodes[i], &use);
        if (use.op == FVI_USE_PRODUCT && use.reshaped) use.op = FVI_USE_FLAT;
    }
    g_hash_table_destroy(names);
    return use;
}
