/* SPDX-License-Identifier: Apache-2.0 */
/* RNN, GRU and LSTM: for each direction a matrix product for all steps of time at once, and a
 * RECURRENT node; Y, Y_h and Y_c are parts of what it gives. Weights, bias, peepholes and the
 * lengths of the sequences are constants; initial states may come at run time. Steps behind a
 * sequence's end are 0 in Y.
 * Source: ONNX operator specification (RNN, GRU, LSTM 7-22).
 */
#include <math.h>
#include <string.h>

#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

enum { X, W, R, B, LENGTHS, H0, C0, P };

typedef struct layer {
    fvi_onnx_node *node;
    fvi_builder *b;
    fvi_recurrent a;
    int gates, directions, batch_first, cells;
    int64_t t, n, h;
    int x;       /* [t][n][in] */
    int lengths; /* [n] as f32; -1: all sequences are of t steps */
    int mask;    /* [t][n][1], 1 inside the sequences; -1 */
} layer;

/* ---- activations ---- */

typedef struct activation {
    const char *name;
    fvi_unary f;
    int parameters; /* how many of alpha and beta it has */
    float alpha, beta;
} activation;

static const activation known[] = {
    {"Sigmoid", FVI_SIGMOID, 0, 0, 0},
    {"Tanh", FVI_TANH, 0, 0, 0},
    {"Relu", FVI_RELU, 0, 0, 0},
    {"HardSigmoid", FVI_HARD_SIGMOID, 2, 0.2f, 0.5f},
    {"LeakyRelu", FVI_LEAKY_RELU, 1, 0.01f, 0},
    {"ThresholdedRelu", FVI_THRESHOLDED_RELU, 1, 1, 0},
    {"Affine", FVI_LINEAR, 2, 1, 0},
    {"Elu", FVI_ELU, 1, 1, 0},
    {"Softsign", FVI_SOFTSIGN, 0, 0, 0},
    {"Softplus", FVI_SOFTPLUS, 0, 0, 0},
};

static const activation *find_activation(fvi_onnx_node *node, const ProtobufCBinaryData *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (strlen(known[i].name) == name->len &&
            !g_ascii_strncasecmp(known[i].name, (const char *)name->data, name->len))
            return &known[i];
    fvi_build_fail(node->b, FV_UNSUPPORTED,
                   "its activation \"%.*s\" is not supported; Sigmoid, Tanh, Relu, HardSigmoid, "
                   "LeakyRelu, ThresholdedRelu, Affine, Elu, Softsign and Softplus are",
                   (int)MIN(name->len, 40), (const char *)name->data);
    return NULL;
}

/* The next number of an attribute's list, or `otherwise`. */
static float next_number(const Onnx__AttributeProto *list, size_t *at, float otherwise) {
    return list && *at < list->n_floats ? list->floats[(*at)++] : otherwise;
}

/* The functions of direction d. Alphas and betas are for those functions that have them, in order,
 * through both directions. */
static void read_functions(layer *l, int d) {
    static const int per_cell[] = {1, 2, 3};
    const int each = per_cell[l->a.cell], all = each * l->directions;
    const Onnx__AttributeProto *names = fvi_onnx_attr(l->node->proto, "activations");
    const Onnx__AttributeProto *alphas = fvi_onnx_attr(l->node->proto, "activation_alpha");
    const Onnx__AttributeProto *betas = fvi_onnx_attr(l->node->proto, "activation_beta");
    const size_t count = names ? names->n_strings : 0;
    size_t alpha = 0, beta = 0;
    if (count && count != (size_t)all) {
        fvi_build_fail(l->b, FV_FORMAT, "activations has %zu names; %d are needed", count, all);
        return;
    }
    for (int i = 0; i < all; i++) {
        const int sigmoid = l->a.cell != FVI_CELL_RNN && i % each == 0;
        const activation *f =
            count ? find_activation(l->node, &names->strings[i]) : &known[sigmoid ? 0 : 1];
        if (!f) return;
        const float p = f->parameters > 0 ? next_number(alphas, &alpha, f->alpha) : f->alpha;
        const float q = f->parameters > 1 ? next_number(betas, &beta, f->beta) : f->beta;
        if (i / each != d) continue;
        l->a.function[i % each].f = f->f;
        l->a.function[i % each].p = p;
        l->a.function[i % each].q = q;
    }
}

/* ---- inputs ---- */

/* Fails unless input i, if there is one, has that shape. */
static void check_shape(const layer *l, int i, const char *what, const fvi_shape *wanted) {
    const int v = fvi_onnx_in(l->node, i);
    const fvi_shape s = fvi_build_shape(l->b, v);
    char is[FVI_SHAPE_TEXT], needed[FVI_SHAPE_TEXT];
    if (v < 0 || fvi_shape_equal(&s, wanted)) return;
    fvi_build_fail(l->b, FV_SHAPE, "its %s are %s; %s is needed", what, fvi_shape_text(&s, is),
                   fvi_shape_text(wanted, needed));
}

static void check_shapes(const layer *l, int64_t in) {
    const int64_t d = l->directions, g = l->gates * l->h;
    const fvi_shape states =
        l->batch_first ? (fvi_shape){3, {l->n, d, l->h}} : (fvi_shape){3, {d, l->n, l->h}};
    check_shape(l, W, "weights W", &(fvi_shape){3, {d, g, in}});
    check_shape(l, R, "weights R", &(fvi_shape){3, {d, g, l->h}});
    check_shape(l, B, "biases", &(fvi_shape){2, {d, 2 * g}});
    check_shape(l, LENGTHS, "sequence_lens", &(fvi_shape){1, {l->n}});
    check_shape(l, H0, "initial states", &states);
    if (l->a.cell != FVI_CELL_LSTM) return;
    check_shape(l, C0, "initial cells", &states);
    check_shape(l, P, "peepholes", &(fvi_shape){2, {d, 3 * l->h}});
}

/* Row d of a [directions][rows][columns] or [directions][rows] input, without the first axis, its
 * rows from first on. -1 where it is absent. */
static int of_direction(const layer *l, int i, int d, int64_t first, int64_t rows) {
    int v = fvi_onnx_in(l->node, i);
    if (v < 0) return -1;
    v = fvi_emit_slice(l->b, fvi_emit_slice(l->b, v, 0, d, 1), 1, first, rows);
    fvi_shape s = fvi_build_shape(l->b, v);
    if (v < 0) return -1;
    s.ndim--;
    memmove(s.dim, s.dim + 1, (size_t)s.ndim * sizeof *s.dim);
    return fvi_emit_reshape(l->b, v, &s);
}

static int all_zero(const fvi_const *c) {
    if (!c) return 0;
    for (int64_t i = 0; i < fvi_shape_count(&c->shape); i++)
        if (fvi_const_at(c, i) != 0) return 0;
    return 1;
}

/* Initial states of direction d, [n][h]; -1: zeros. */
static int initial(const layer *l, int i, int d) {
    int v = fvi_onnx_in(l->node, i);
    if (v < 0 || all_zero(fvi_build_const(l->b, v))) return -1;
    v = fvi_emit_slice(l->b, v, l->batch_first ? 1 : 0, d, 1);
    return fvi_emit_reshape(l->b, v, &(fvi_shape){2, {l->n, l->h}});
}

static void read_lengths(layer *l) {
    const fvi_const *c = fvi_onnx_fixed(l->node, LENGTHS, "sequence_lens");
    uint8_t *lengths, *mask;
    int full = 1;
    l->lengths = l->mask = -1;
    for (int64_t i = 0; c && i < l->n; i++) {
        const int64_t k = fvi_const_int(c, i);
        if (k < 0 || k > l->t) {
            fvi_build_fail(l->b, FV_SHAPE, "sequence_lens has %" PRId64 "; allowed: 0..%" PRId64, k,
                           l->t);
            return;
        }
        full &= k == l->t;
    }
    if (!c || full) return;
    l->lengths = fvi_emit_constant(l->b, FVI_F32, &(fvi_shape){1, {l->n}}, &lengths);
    l->mask = fvi_emit_constant(l->b, FVI_F32, &(fvi_shape){3, {l->t, l->n, 1}}, &mask);
    if (l->mask < 0) return;
    for (int64_t i = 0; i < l->n; i++) {
        fvi_put_from(FVI_F32, lengths, i, c, i);
        for (int64_t k = 0; k < l->t; k++)
            fvi_put_real(FVI_F32, mask, k * l->n + i, k < fvi_const_int(c, i));
    }
}

/* ---- one direction ---- */

/* Bias of the product with the input; *own: what GRU adds inside its reset gate, or -1. */
static int bias(const layer *l, int d, int *own) {
    const int64_t all = l->gates * l->h, inside = l->a.linear_before_reset ? l->h : 0;
    *own = -1;
    if (fvi_onnx_in(l->node, B) < 0) return -1;
    const int w = of_direction(l, B, d, 0, all);
    if (!inside) return fvi_emit_binary(l->b, FVI_ADD, w, of_direction(l, B, d, all, all));
    *own = of_direction(l, B, d, 2 * all - inside, inside);
    const int added = fvi_emit_binary(l->b, FVI_ADD, fvi_emit_slice(l->b, w, 0, 0, all - inside),
                                      of_direction(l, B, d, all, all - inside));
    const int rest = fvi_emit_slice(l->b, w, 0, all - inside, inside);
    return fvi_emit_concat(l->b, 0, 2, (int[]){added, rest});
}

/* The RECURRENT node of direction d, [t][n][h] or with the cells behind. */
static int sequence(layer *l, int d) {
    int own;
    const int sum = bias(l, d, &own), w = of_direction(l, W, d, 0, l->gates * l->h);
    const int x = fvi_emit_matmul(l->b, l->x, w, sum, &(fvi_node_attr){.matmul = {0, 1, 1}});
    fvi_node_attr a = {.recurrent = l->a};
    read_functions(l, d);
    a.recurrent = l->a;
    a.recurrent.reverse |= d == 1;
    const int lstm = l->a.cell == FVI_CELL_LSTM;
    const int in[] = {x,
                      of_direction(l, R, d, 0, l->gates * l->h),
                      own,
                      initial(l, H0, d),
                      lstm ? initial(l, C0, d) : -1,
                      lstm ? of_direction(l, P, d, 0, 3 * l->h) : -1,
                      l->lengths};
    const fvi_shape out = {3, {l->t, l->n, l->h * (l->cells ? 2 : 1)}};
    return l->b->status ? -1 : fvi_emit(l->b, FVI_RECURRENT, &a, &out, 7, in);
}

/* What the output of all directions is made of: v [t][n][h], with an axis for the directions. */
static int with_direction(const layer *l, int v, int64_t steps) {
    if (!l->batch_first && steps < 0)
        return fvi_emit_reshape(l->b, v, &(fvi_shape){3, {1, l->n, l->h}});
    if (steps < 0) return fvi_emit_reshape(l->b, v, &(fvi_shape){3, {l->n, 1, l->h}});
    if (!l->batch_first) return fvi_emit_reshape(l->b, v, &(fvi_shape){4, {steps, 1, l->n, l->h}});
    v = fvi_emit_transpose(l->b, v, (int[]){1, 0, 2});
    return fvi_emit_reshape(l->b, v, &(fvi_shape){4, {l->n, steps, 1, l->h}});
}

static void emit_outputs(layer *l) {
    int y[2], last[2], cells[2];
    for (int d = 0; d < l->directions && !l->b->status; d++) {
        const int all = sequence(l, d), reverse = l->a.reverse || d == 1;
        int v = l->cells ? fvi_emit_slice(l->b, all, 2, 0, l->h) : all;
        const int end = fvi_emit_slice(l->b, all, 0, reverse ? 0 : l->t - 1, 1);
        last[d] = with_direction(l, fvi_emit_slice(l->b, end, 2, 0, l->h), -1);
        if (l->cells) cells[d] = with_direction(l, fvi_emit_slice(l->b, end, 2, l->h, l->h), -1);
        if (l->mask >= 0) v = fvi_emit_binary(l->b, FVI_MUL, v, l->mask);
        y[d] = with_direction(l, v, l->t);
    }
    if (l->b->status) return;
    const int axis = l->batch_first ? 1 : 0;
    if (fvi_onnx_wants(l->node, 0))
        fvi_onnx_out(l->node, 0, fvi_emit_concat(l->b, axis + 1, l->directions, y));
    if (fvi_onnx_wants(l->node, 1))
        fvi_onnx_out(l->node, 1, fvi_emit_concat(l->b, axis, l->directions, last));
    if (l->cells) fvi_onnx_out(l->node, 2, fvi_emit_concat(l->b, axis, l->directions, cells));
}

/* param: a fvi_cell. */
fv_status fvi_lower_recurrent(fvi_onnx_node *node) {
    static const char *const ways[] = {"forward", "reverse", "bidirectional", NULL};
    static const int gates[] = {1, 3, 4};
    const Onnx__NodeProto *p = node->proto;
    layer l = {.node = node, .b = node->b, .x = fvi_onnx_need(node, X)};
    fvi_shape x = fvi_build_shape(node->b, l.x);
    const int way = fvi_onnx_choice(node, "direction", ways);
    fvi_onnx_need(node, W);
    fvi_onnx_need(node, R);
    fvi_onnx_fixed(node, W, "weights");
    const fvi_const *r = fvi_onnx_fixed(node, R, "recurrent weights");
    fvi_onnx_fixed(node, B, "bias");
    if (node->op->param == FVI_CELL_LSTM) fvi_onnx_fixed(node, P, "peepholes");
    if (node->b->status) return node->b->status;
    l.a =
        (fvi_recurrent){.cell = (fvi_cell)node->op->param,
                        .reverse = way == 1,
                        .linear_before_reset = fvi_onnx_attr_int(p, "linear_before_reset", 0) != 0,
                        .input_forget = fvi_onnx_attr_int(p, "input_forget", 0) != 0,
                        .clip = fvi_onnx_attr_float(p, "clip", 0)};
    if (l.a.cell != FVI_CELL_GRU) l.a.linear_before_reset = 0;
    l.gates = gates[l.a.cell];
    l.directions = way == 2 ? 2 : 1;
    l.batch_first = fvi_onnx_attr_int(p, "layout", 0) != 0;
    l.cells = l.a.cells = l.a.cell == FVI_CELL_LSTM && fvi_onnx_wants(node, 2);
    if (x.ndim != 3 || r->shape.ndim != 3 || r->shape.dim[2] < 1 || !x.dim[l.batch_first])
        return fvi_build_fail(node->b, FV_SHAPE,
                              "its input has %d axes and its recurrent weights %d; 3 are needed, "
                              "with at least one unit and step",
                              x.ndim, r->shape.ndim);
    l.t = x.dim[l.batch_first];
    l.n = x.dim[!l.batch_first];
    l.h = r->shape.dim[2];
    check_shapes(&l, x.dim[2]);
    if (l.batch_first) l.x = fvi_emit_transpose(node->b, l.x, (int[]){1, 0, 2});
    if (!node->b->status) read_lengths(&l);
    if (!node->b->status) emit_outputs(&l);
    return node->b->status;
}
