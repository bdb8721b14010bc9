/* SPDX-License-Identifier: Apache-2.0 */
/* LSTM, GRU and RNN of several layers: of each layer and direction a matrix product for all steps
 * at once and a RECURRENT node, whose gates come in another order than PyTorch's:
 *   LSTM  i f g o -> i o f g      GRU  r z n -> z r n
 * LSTMCell, GRUCell and RNNCell are one step of one layer.
 * Packed sequences, projections (proj_size) and dropout between the layers are not done.
 * Source: torch.nn.LSTM, GRU, RNN. */
#include <math.h>
#include <string.h>

#include "graph/const.h"
#include "model/torch/aten.h"

#define LAYERS_MAX 256

typedef struct stack {
    fvi_site *site;
    fvi_builder *b;
    fvi_recurrent a;
    int gates, directions, biases, per; /* tensors of a layer and direction */
    int n_params, *params;
    int n_states, *states; /* hx: [layers directions][n][h] */
    int64_t t, n, h;
} stack;

/* The order of the gates: gate i of RECURRENT is gate order[i] of PyTorch's. */
static const int orders[FVI_CELL_COUNT][4] = {
    [FVI_CELL_RNN] = {0}, [FVI_CELL_GRU] = {1, 0, 2}, [FVI_CELL_LSTM] = {0, 3, 1, 2}};

/* Weights or biases of all gates in RECURRENT's order; made once a network. */
static int reorder(const stack *k, int v) {
    fvi_builder *b = k->b;
    const fvi_const *c = fvi_build_const(b, v);
    int unused, part[4];
    if (v < 0 || k->gates == 1 || b->status) return v;
    if (!c) {
        fvi_build_fail(b, FV_UNSUPPORTED, "its weights are computed; constants are needed");
        return -1;
    }
    const char *key = k->a.cell == FVI_CELL_GRU ? "gates zrn" : "gates iofg";
    const fvi_const *made = fvi_constant_cache_find(b->cache, c->bytes, key, &unused);
    if (made) return fvi_site_constant(k->site, made);
    const int outer = k->site->operation.file_constant;
    k->site->operation.file_constant = fvi_build_value(b, v)->file_constant;
    for (int i = 0; i < k->gates; i++)
        part[i] = fvi_emit_slice(b, v, 0, orders[k->a.cell][i] * k->h, k->h);
    const int all = b->status ? -1 : fvi_emit_concat(b, 0, k->gates, part);
    k->site->operation.file_constant = outer;
    if (all >= 0 && fvi_build_value(b, all)->file_constant)
        fvi_constant_cache_keep(b->cache, c->bytes, key, fvi_build_const(b, all));
    return all;
}

/* Parameter i of a layer and direction, checked; -1: it has no biases. */
static int parameter(const stack *k, int block, int i, const fvi_shape *shape) {
    if (i >= 2 && !k->biases) return -1;
    const int v = k->params[block * k->per + i];
    const fvi_shape s = fvi_build_shape(k->b, v);
    char is[FVI_SHAPE_TEXT], needed[FVI_SHAPE_TEXT];
    if (!fvi_shape_equal(&s, shape))
        fvi_build_fail(k->b, FV_SHAPE, "its parameter %d is %s; %s is needed", block * k->per + i,
                       fvi_shape_text(&s, is), fvi_shape_text(shape, needed));
    return reorder(k, v);
}

/* Bias of the product with the input; *own: what GRU adds inside its reset gate, or -1. */
static int bias(const stack *k, int block, int *own) {
    const int64_t all = k->gates * k->h, inside = k->a.linear_before_reset ? k->h : 0;
    const int w = parameter(k, block, 2, &(fvi_shape){1, {all}});
    const int r = parameter(k, block, 3, &(fvi_shape){1, {all}});
    *own = -1;
    if (w < 0 || r < 0) return -1;
    if (!inside) return fvi_emit_binary(k->b, FVI_ADD, w, r);
    *own = fvi_emit_slice(k->b, r, 0, all - inside, inside);
    const int added = fvi_emit_binary(k->b, FVI_ADD, fvi_emit_slice(k->b, w, 0, 0, all - inside),
                                      fvi_emit_slice(k->b, r, 0, 0, all - inside));
    const int rest = fvi_emit_slice(k->b, w, 0, all - inside, inside);
    return k->b->status ? -1 : fvi_emit_concat(k->b, 0, 2, (int[]){added, rest});
}

static int all_zero(const fvi_const *c) {
    for (int64_t i = 0; c && i < fvi_shape_count(&c->shape); i++)
        if (fvi_const_at(c, i) != 0) return 0;
    return c != NULL;
}

/* Initial states of a layer and direction, [n][h]; -1: zeros. */
static int initial(const stack *k, int which, int block) {
    const int v = which < k->n_states ? k->states[which] : -1;
    const fvi_shape s = fvi_build_shape(k->b, v);
    if (v < 0 || all_zero(fvi_build_const(k->b, v))) return -1;
    if (s.ndim != 3 || s.dim[0] <= block || s.dim[1] != k->n || s.dim[2] != k->h) {
        fvi_build_fail(k->b, FV_SHAPE, "its initial states do not fit its input");
        return -1;
    }
    return fvi_emit_reshape(k->b, fvi_emit_slice(k->b, v, 0, block, 1),
                            &(fvi_shape){2, {k->n, k->h}});
}

/* One layer in one direction of x [t][n][in]: [t][n][h], for LSTM [t][n][2 h]. */
static int sequence(stack *k, int block, int x) {
    const fvi_shape in = fvi_build_shape(k->b, x);
    const int64_t all = k->gates * k->h;
    int own;
    const int w = parameter(k, block, 0, &(fvi_shape){2, {all, in.dim[2]}});
    const int r = parameter(k, block, 1, &(fvi_shape){2, {all, k->h}});
    const int sum = bias(k, block, &own);
    const int gates = fvi_emit_matmul(k->b, x, w, sum, &(fvi_node_attr){.matmul = {0, 1, 1}});
    fvi_node_attr a = {.recurrent = k->a};
    a.recurrent.reverse = k->directions == 2 && block % 2;
    const int lstm = k->a.cell == FVI_CELL_LSTM;
    const int inputs[] = {gates, r, own, initial(k, 0, block), lstm ? initial(k, 1, block) : -1,
                          -1,    -1};
    const fvi_shape out = {3, {k->t, k->n, lstm ? 2 * k->h : k->h}};
    return k->b->status ? -1 : fvi_emit(k->b, FVI_RECURRENT, &a, &out, 7, inputs);
}

/* The last state of v [t][n][h or 2 h], [1][n][h]. */
static int last_state(const stack *k, int v, int block, int64_t from) {
    const int reverse = k->directions == 2 && block % 2;
    const int end = fvi_emit_slice(k->b, v, 0, reverse ? 0 : k->t - 1, 1);
    return fvi_emit_slice(k->b, end, 2, from, k->h);
}

/* All layers; gives the outputs. */
static void run(stack *k, int x, int layers, int batch_first) {
    const int lstm = k->a.cell == FVI_CELL_LSTM, blocks = layers * k->directions;
    int last[LAYERS_MAX], cells[LAYERS_MAX], way[2];
    for (int i = 0; i < blocks && !k->b->status; i++) {
        const int all = sequence(k, i, x);
        way[i % k->directions] = fvi_emit_slice(k->b, all, 2, 0, k->h);
        last[i] = last_state(k, all, i, 0);
        if (lstm) cells[i] = last_state(k, all, i, k->h);
        if (i % k->directions == k->directions - 1 && !k->b->status)
            x = fvi_emit_concat(k->b, 2, k->directions, way);
    }
    if (batch_first) x = fvi_emit_transpose(k->b, x, (int[]){1, 0, 2});
    fvi_site_out(k->site, 0, x);
    if (fvi_site_wants(k->site, 1) && !k->b->status)
        fvi_site_out(k->site, 1, fvi_emit_concat(k->b, 0, blocks, last));
    if (lstm && fvi_site_wants(k->site, 2) && !k->b->status)
        fvi_site_out(k->site, 2, fvi_emit_concat(k->b, 0, blocks, cells));
}

static void set_cell(stack *k, int kind) {
    static const int gates[] = {1, 3, 4};
    k->a.cell = kind >= FVI_CELL_COUNT ? FVI_CELL_RNN : (fvi_cell)kind;
    k->a.linear_before_reset = k->a.cell == FVI_CELL_GRU;
    k->a.cells = k->a.cell == FVI_CELL_LSTM;
    k->gates = gates[k->a.cell];
    for (int i = 0; i < 3; i++) k->a.function[i].f = FVI_TANH;
    if (k->a.cell != FVI_CELL_RNN) k->a.function[0].f = FVI_SIGMOID;
    if (kind >= FVI_CELL_COUNT) k->a.function[0].f = FVI_RELU;
}

/* param: a fvi_cell; beyond them: RNN with ReLU. */
void fvi_aten_recurrent(fvi_site *site) {
    stack k = {.site = site, .b = site->b};
    int x = fvi_torch_need(site, "input");
    const fvi_shape s = fvi_build_shape(site->b, x);
    const int64_t layers = fvi_torch_int(site, "num_layers", 1);
    const int batch_first = fvi_torch_int(site, "batch_first", 0) != 0;
    set_cell(&k, site->kind->param);
    k.directions = fvi_torch_int(site, "bidirectional", 0) ? 2 : 1;
    k.biases = fvi_torch_int(site, "has_biases", 1) != 0;
    k.per = k.biases ? 4 : 2;
    if (fvi_torch_int(site, "train", 0) && fvi_torch_real(site, "dropout", 0) > 0)
        fvi_torch_refuse(site, "train", "true", "false: export the module after .eval()");
    k.params = fvi_torch_tensors(site, "params", &k.n_params);
    k.states = fvi_torch_tensors(site, "hx", &k.n_states);
    const fvi_shape r = fvi_build_shape(site->b, k.n_params > 1 ? k.params[1] : -1);
    if (!site->b->status &&
        (s.ndim != 3 || !fvi_shape_count(&s) || r.ndim != 2 || layers < 1 ||
         layers > LAYERS_MAX / 2 || k.n_params != layers * k.directions * k.per))
        fvi_build_fail(site->b, FV_UNSUPPORTED,
                       "its input has %d axes, and %" PRId64
                       " layers have %d parameters; allowed: 3 axes, %d parameters a layer and "
                       "direction (no proj_size), 1..%d layers",
                       s.ndim, layers, k.n_params, k.per, LAYERS_MAX / 2);
    if (!site->b->status) {
        k.t = s.dim[batch_first];
        k.n = s.dim[!batch_first];
        k.h = r.dim[1];
        if (batch_first) x = fvi_emit_transpose(site->b, x, (int[]){1, 0, 2});
        run(&k, x, (int)layers, batch_first);
    }
    g_free(k.params);
    g_free(k.states);
}

/* ---- cells ---------------------------------------------------------------------------------- */

/* x [n][k] as one step, [1][n][k]. */
static int one_step(stack *k, int x) {
    const fvi_shape s = fvi_build_shape(k->b, x);
    if (x < 0) return -1;
    if (s.ndim == 2) return fvi_emit_reshape(k->b, x, &(fvi_shape){3, {1, s.dim[0], s.dim[1]}});
    fvi_build_fail(k->b, FV_UNSUPPORTED, "its input or state has %d axes; allowed: 2", s.ndim);
    return -1;
}

/* The states of a cell: a list of LSTM's, else one. */
static void read_states(stack *k) {
    if (k->a.cell == FVI_CELL_LSTM) {
        k->states = fvi_torch_tensors(k->site, "hx", &k->n_states);
    } else {
        k->states = g_new(int, 1);
        k->states[k->n_states++] = fvi_torch_need(k->site, "hx");
    }
    for (int i = 0; i < k->n_states; i++) k->states[i] = one_step(k, k->states[i]);
}

/* param: as of fvi_aten_recurrent. */
void fvi_aten_cell(fvi_site *site) {
    static const char *const names[] = {"w_ih", "w_hh", "b_ih", "b_hh"};
    stack k = {.site = site, .b = site->b, .directions = 1, .t = 1, .per = 4};
    int params[4];
    for (int i = 0; i < 4; i++) params[i] = fvi_torch_tensor(site, names[i]);
    set_cell(&k, site->kind->param);
    k.params = params;
    k.biases = params[2] >= 0 || params[3] >= 0;
    read_states(&k);
    const int x = one_step(&k, fvi_torch_need(site, "input"));
    const fvi_shape s = fvi_build_shape(k.b, x), r = fvi_build_shape(k.b, params[1]);
    if (!k.b->status && (r.ndim != 2 || !fvi_shape_count(&s)))
        fvi_build_fail(k.b, FV_SHAPE, "its weights have %d axes; allowed: 2", r.ndim);
    if (!k.b->status) {
        k.n = s.dim[1];
        k.h = r.dim[1];
        const int all = sequence(&k, 0, x);
        for (int i = 0; i < 1 + (k.a.cell == FVI_CELL_LSTM); i++)
            fvi_site_out(site, i,
                         fvi_emit_reshape(k.b, fvi_emit_slice(k.b, all, 2, i * k.h, k.h),
                                          &(fvi_shape){2, {k.n, k.h}}));
    }
    g_free(k.states);
}
