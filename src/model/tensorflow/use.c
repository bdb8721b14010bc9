/* SPDX-License-Identifier: Apache-2.0 */
/* Which operation reads an input first, but for those that change every element by itself or only
 * move them: operations in their order, with the values that hold the input so far. */
#include "model/tensorflow/use.h"

#include <string.h>

#include "model/tensorflow/nodes/attr.h"

enum { HELD = 1, RESHAPED = 2, PERMUTED = 4, SCALED = 8 }; /* what a value holds */

/* What an operator does with the input: passes it on, or ends the search. */
static const struct {
    const char *op;
    int adds; /* to what its output holds; 0: it ends the search */
    fvi_use_op use;
} rows[] = {
    {"Conv2D", 0, FVI_USE_CONV},
    {"Conv3D", 0, FVI_USE_CONV},
    {"DepthwiseConv2dNative", 0, FVI_USE_CONV},
    {"MatMul", 0, FVI_USE_PRODUCT},
    {"BatchMatMulV2", 0, FVI_USE_PRODUCT},
    {"Transpose", PERMUTED, 0},
    {"Reshape", RESHAPED, 0},
    {"Squeeze", RESHAPED, 0},
    {"ExpandDims", RESHAPED, 0},
    {"Add", SCALED, 0},
    {"AddV2", SCALED, 0},
    {"BiasAdd", HELD, 0},
    {"Cast", HELD, 0},
    {"FusedBatchNorm", SCALED, 0},
    {"FusedBatchNormV2", SCALED, 0},
    {"FusedBatchNormV3", SCALED, 0},
    {"Identity", HELD, 0},
    {"MirrorPad", HELD, 0},
    {"Mul", SCALED, 0},
    {"Pad", HELD, 0},
    {"PadV2", HELD, 0},
    {"RealDiv", SCALED, 0},
    {"ResizeArea", HELD, 0},
    {"ResizeBicubic", HELD, 0},
    {"ResizeBilinear", HELD, 0},
    {"ResizeNearestNeighbor", HELD, 0},
    {"SpaceToBatchND", HELD, 0},
    {"StopGradient", HELD, 0},
    {"Sub", SCALED, 0},
};

static int find_row(const char *op) {
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (!strcmp(rows[i].op, op)) return (int)i;
    return -1;
}

/* The numbers that a value is, through what only passes them on; or NULL.
 *   before  operations before that one are looked at */
static const fvi_const *constant_of(const fvi_op_list *l, int v, int before) {
    for (int k = before; v >= 0 && k-- > 0;) {
        const fvi_op *op = &g_array_index(l->ops, fvi_op, k);
        if (op->n_out < 1 || op->out[0] != v) continue;
        const fvi_tf_op *detail = op->detail;
        if (detail->constant) return detail->constant;
        v = op->n_in == 1 ? op->in[0] : -1;
    }
    return NULL;
}

static int is_first(const fvi_op *op) {
    const fvi_tf_bytes format =
        fvi_tf_attr_text(((const fvi_tf_op *)op->detail)->def, "data_format");
    return fvi_tf_is(format, "NCHW") || fvi_tf_is(format, "NCDHW");
}

static fvi_input_use describe(const fvi_op_list *l, int at, int holds, fvi_use_op use, int *first) {
    const fvi_op *op = &g_array_index(l->ops, fvi_op, at);
    fvi_input_use out = {
        .op = use, .reshaped = (holds & RESHAPED) != 0, .permuted = (holds & PERMUTED) != 0};
    if (use == FVI_USE_PRODUCT && out.reshaped) out.op = FVI_USE_FLAT;
    if (use != FVI_USE_CONV || op->n_in < 2) return out;
    const fvi_const *w = constant_of(l, op->in[1], at);
    out.ndim = op->type[4] == '3' ? 5 : 4;
    *first = is_first(op);
    if (w && w->shape.ndim == out.ndim) out.channels = w->shape.dim[out.ndim - 2];
    return out;
}

/*   first   set to 1 where channels are the second axis
 *   scaled  set to 1 where it is multiplied, or something added, before; NULL allowed */
static fvi_input_use find_use(const fvi_tf *t, const char *input, int *first, int *scaled) {
    const fvi_op_list *l = t->file.list;
    const int v = fvi_op_list_find(l, input);
    uint8_t *holds = g_new0(uint8_t, l->names->len + 1);
    fvi_input_use use = {0};
    if (v >= 0) holds[v] = HELD;
    for (guint k = 0; k < l->ops->len && !use.op; k++) {
        const fvi_op *op = &g_array_index(l->ops, fvi_op, k);
        int own = 0;
        for (int i = 0; i < op->n_in; i++)
            if (op->in[i] >= 0) own |= holds[op->in[i]];
        const int row = own ? find_row(op->type) : -1;
        if (row < 0) continue;
        if (!rows[row].adds && scaled) *scaled = (own & SCALED) != 0;
        if (!rows[row].adds)
            use = describe(l, (int)k, own, rows[row].use, first);
        else if (op->n_out)
            holds[op->out[0]] = (uint8_t)(own | rows[row].adds);
    }
    g_free(holds);
    return use;
}

fvi_input_use fvi_tf_input_use(const fvi_tf *t, const char *input) {
    int first = 0;
    return find_use(t, input, &first, NULL);
}

int fvi_tf_input_is_scaled(const fvi_tf *t, const char *input) {
    int first = 0, scaled = 0;
    find_use(t, input, &first, &scaled);
    return scaled;
}

void fvi_tf_describe_inputs(fvi_tf *t) {
    const fvi_op_list *l = t->file.list;
    for (guint i = 0; i < l->inputs->len; i++) {
        fvi_model_input *in = &g_array_index(l->inputs, fvi_model_input, i);
        int first = 0;
        const fvi_input_use use = find_use(t, in->name, &first, NULL);
        const int by_conv = use.op == FVI_USE_CONV && !use.permuted && !use.reshaped;
        if (in->shape.ndim < 1 && by_conv) { /* files of old say no axes for any */
            in->shape.ndim = use.ndim;
            for (int k = 0; k < use.ndim; k++) in->shape.dim[k] = -1;
        }
        const int channels = first ? 1 : in->shape.ndim - 1;
        if (by_conv && in->shape.ndim == use.ndim && use.channels > 0 &&
            in->shape.dim[channels] < 0)
            in->shape.dim[channels] = use.channels;
        if (in->shape.ndim == 4) in->layout = first ? FVI_NCHW : FVI_NHWC;
        g_array_index(l->stated, fvi_shape, g_array_index(l->input_values, int, i)) = in->shape;
    }
}
