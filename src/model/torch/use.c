/* SPDX-License-Identifier: Apache-2.0 */
/* Which ATen operator reads an input first, but for those that change every element by itself or
 * only move them: calls in their order, with the values that hold the input so far. */
#include "model/torch/use.h"

#include <string.h>

/* What an operator does with the input: "aten.NAME." is its beginning, whatever the overload. */
typedef struct use_row {
    const char *name;
    int adds; /* to what its output holds; 0: nothing is known of that */
    fvi_use_op
        use; /* that is described; UNKNOWN: it changes every element by itself, or moves it */
} use_row;

static const use_row rows[] = {
    {"conv1d", 0, FVI_USE_CONV},
    {"conv2d", 0, FVI_USE_CONV},
    {"conv3d", 0, FVI_USE_CONV},
    {"convolution", 0, FVI_USE_CONV},
    {"linear", FVI_HOLDS_ACTED_ON, FVI_USE_PRODUCT},
    {"matmul", FVI_HOLDS_ACTED_ON, FVI_USE_PRODUCT},
    {"mm", FVI_HOLDS_ACTED_ON, FVI_USE_PRODUCT},
    {"addmm", FVI_HOLDS_ACTED_ON, FVI_USE_PRODUCT},
    {"lstm", 0, FVI_USE_RECURRENT},
    {"gru", 0, FVI_USE_RECURRENT},
    {"rnn_tanh", 0, FVI_USE_RECURRENT},
    {"rnn_relu", 0, FVI_USE_RECURRENT},
    {"permute", FVI_HOLDS_PERMUTED, 0},
    {"transpose", FVI_HOLDS_PERMUTED, 0},
    {"swapaxes", FVI_HOLDS_PERMUTED, 0},
    {"swapdims", FVI_HOLDS_PERMUTED, 0},
    {"view", FVI_HOLDS_RESHAPED, 0},
    {"reshape", FVI_HOLDS_RESHAPED, 0},
    {"flatten", FVI_HOLDS_RESHAPED, 0},
    {"squeeze", FVI_HOLDS_RESHAPED, 0},
    {"unsqueeze", FVI_HOLDS_RESHAPED, 0},
    {"embedding", FVI_HOLDS_ACTED_ON, 0},
    {"elu", FVI_HOLDS_ACTED_ON, 0},
    {"gelu", FVI_HOLDS_ACTED_ON, 0},
    {"leaky_relu", FVI_HOLDS_ACTED_ON, 0},
    {"relu", FVI_HOLDS_ACTED_ON, 0},
    {"selu", FVI_HOLDS_ACTED_ON, 0},
    {"sigmoid", FVI_HOLDS_ACTED_ON, 0},
    {"tanh", FVI_HOLDS_ACTED_ON, 0},
    {"_to_copy", FVI_HOLDS, 0},
    {"add", FVI_HOLDS, 0},
    {"batch_norm", FVI_HOLDS, 0},
    {"clamp", FVI_HOLDS, 0},
    {"clone", FVI_HOLDS, 0},
    {"contiguous", FVI_HOLDS, 0},
    {"div", FVI_HOLDS, 0},
    {"dropout", FVI_HOLDS, 0},
    {"layer_norm", FVI_HOLDS, 0},
    {"mul", FVI_HOLDS, 0},
    {"pad", FVI_HOLDS, 0},
    {"sub", FVI_HOLDS, 0},
    {"to", FVI_HOLDS, 0},
};

static const use_row *find_row(const char *type) {
    if (strncmp(type, "aten.", 5) != 0) return NULL;
    const char *name = type + 5;
    const size_t n = strcspn(name, ".");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strlen(rows[i].name) == n && !strncmp(rows[i].name, name, n)) return &rows[i];
    return NULL;
}

static const fvi_torch_arg *argument(const fvi_op *op, const char *name) {
    const fvi_torch_call *call = op->detail;
    for (int i = 0; i < call->n_args; i++)
        if (!strcmp(call->arg[i].name, name)) return &call->arg[i];
    return NULL;
}

/* A number of the call; `otherwise` where it is absent. */
static int64_t number(const fvi_op *op, const char *name, int64_t otherwise) {
    const fvi_torch_arg *a = argument(op, name);
    return a && a->n == 1 && a->item[0].in < 0 ? a->item[0].i : otherwise;
}

/* The operation that makes a value, among those before `at`; NULL: there is none. */
static const fvi_op *maker_of(const fvi_op_list *l, int v, guint at) {
    for (guint k = at; v >= 0 && k-- > 0;) {
        const fvi_op *op = &g_array_index(l->ops, fvi_op, k);
        for (int i = 0; i < op->n_out; i++)
            if (op->out[i] == v) return op;
    }
    return NULL;
}

/* Adds the axes and channels that the weights of convolution `at` say. */
static void describe_conv(const fvi_op_list *l, guint at, fvi_input_use *use) {
    const fvi_op *op = &g_array_index(l->ops, fvi_op, at);
    const fvi_torch_arg *weight = argument(op, "weight");
    const int in = weight && weight->n == 1 ? weight->item[0].in : -1;
    const fvi_op *maker = in >= 0 ? maker_of(l, op->in[in], at) : NULL;
    const fvi_torch_call *tensor = maker ? maker->detail : NULL;
    const int64_t groups = number(op, "groups", 1);
    int64_t c;
    if (!tensor || !tensor->numbers || tensor->numbers->shape.ndim < 3) return;
    use->ndim = tensor->numbers->shape.ndim;
    if (groups > 0 && !fvi_mul(tensor->numbers->shape.dim[1], groups, &c)) use->channels = c;
}

/* What the output of a call holds that passes the input on. */
static int passed_on(const fvi_op *op, const use_row *row, int holds) {
    int64_t perm[FVI_MAX_DIMS] = {0};
    const fvi_torch_arg *dims = argument(op, "dims");
    int n = 2;
    if (row->adds != FVI_HOLDS_PERMUTED) return holds | row->adds;
    if (dims) {
        n = dims->n <= FVI_MAX_DIMS ? dims->n : 0;
        for (int i = 0; i < n; i++) perm[i] = dims->item[i].in < 0 ? dims->item[i].i : -1;
    } else { /* two axes by name */
        const int64_t a = number(op, "dim0", number(op, "axis0", -1));
        const int64_t b = number(op, "dim1", number(op, "axis1", -1));
        n = (a == 0 && b == 1) || (a == 1 && b == 0) ? 2 : 0;
        perm[0] = 1;
    }
    return fvi_use_permuted(holds, n, perm);
}

/* What the call's inputs hold of the network's; of an embedding its indices. */
static int held(const fvi_op *op, const uint8_t *holds) {
    const fvi_torch_arg *indices = argument(op, "indices");
    int all = 0;
    for (int i = 0; i < op->n_in; i++) {
        const int other = indices && indices->n == 1 && indices->item[0].in != i;
        if (op->in[i] >= 0 && !other) all |= holds[op->in[i]];
    }
    return all;
}

fvi_input_use fvi_torch_input_use(const fvi_torch *t, const char *input) {
    const fvi_op_list *l = t->file.list;
    const int v = fvi_op_list_find(l, input);
    uint8_t *holds = g_new0(uint8_t, l->names->len + 1);
    fvi_input_use use = {0};
    if (v >= 0) holds[v] = FVI_HOLDS;
    for (guint k = 0; k < l->ops->len; k++) {
        const fvi_op *op = &g_array_index(l->ops, fvi_op, k);
        const int own = held(op, holds);
        const use_row *row = own ? find_row(op->type) : NULL;
        if (!row) continue;
        const fvi_use_op before = use.op;
        int more = !row->use || fvi_use_add(&use, row->use, own, (int)number(op, "batch_first", 0));
        if (!before && use.op == FVI_USE_CONV) {
            describe_conv(l, k, &use);
            more = 0;
        }
        if (!more) break;
        if (row->adds && op->n_out) holds[op->out[0]] = (uint8_t)passed_on(op, row, own);
    }
    g_free(holds);
    return use;
}
