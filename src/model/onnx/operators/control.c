/* SPDX-License-Identifier: Apache-2.0 */
/* If, Loop, Scan: the branch that is taken, and as many copies of a body as there are turns, are
 * put in place of the node. What decides (a condition, a number of turns) is a constant of the
 * file, or computed by the builder's runner from the numbers at hand (graph/build/evaluate.h).
 * Names in a body see those of the graphs around it. Source: ONNX operator specification (If-1..25,
 * Loop-1..25, Scan-9..25).
 */
#include <string.h>

#include "graph/build/evaluate.h"
#include "graph/const.h"
#include "model/onnx/attribute.h"
#include "model/onnx/lower.h"
#include "model/onnx/operators.h"

#define TURN_CHARGE 1024 /* elements counted for each node of a body at each turn */

/* The truth of a value, computed where it is no constant. */
static int holds(fvi_builder *b, int v) {
    v = fvi_build_evaluate(b, v, "condition");
    const fvi_const *c = fvi_build_const(b, v);
    if (!c || fvi_shape_count(&c->shape) != 1) {
        fvi_build_fail(b, FV_FORMAT, "its condition is not one number");
        return 0;
    }
    return fvi_const_int(c, 0) != 0;
}

fv_status fvi_lower_if(fvi_onnx_node *node) {
    const char *branch = holds(node->b, fvi_onnx_in(node, 0)) ? "then_branch" : "else_branch";
    if (node->b->status) return node->b->status;
    const Onnx__AttributeProto *a = fvi_onnx_attr(node->proto, branch);
    if (!a || !a->g) return fvi_build_fail(node->b, FV_FORMAT, "%s is missing", branch);
    if (a->g->n_output != (size_t)node->n_out)
        return fvi_build_fail(node->b, FV_FORMAT, "%s has %zu outputs; the node has %d", branch,
                              a->g->n_output, node->n_out);
    int *made = g_try_new(int, (gsize)node->n_out + 1);
    if (!made) return fvi_build_nomem(node->b);
    if (!fvi_lower_subgraph(node, a->g, NULL, made))
        for (int i = 0; i < node->n_out; i++) fvi_onnx_out(node, i, made[i]);
    g_free(made);
    return node->b->status;
}

/* ---- bodies that are repeated --------------------------------------------------------------- */

/* A node that repeats its body. */
typedef struct turns {
    fvi_onnx_node *node;
    const Onnx__GraphProto *body;
    int states;       /* values carried from turn to turn */
    int *in, *out;    /* [inputs], [outputs] of the body in the current turn */
    int skipped_in;   /* inputs of the body before the states: the turn and the condition */
    int skipped_out;  /* outputs before them: the condition */
    GArray **scanned; /* of each output beyond the states, what each turn gave: int */
} turns;

static int scans(const turns *t) { return (int)t->body->n_output - t->skipped_out - t->states; }

static void turns_free(turns *t) {
    for (int i = 0; t->scanned && i < scans(t); i++) g_array_unref(t->scanned[i]);
    g_free(t->scanned);
    g_free(t->in);
    g_free(t->out);
}

/* Reads the body, and the first states from the node's inputs first_input on. */
static fv_status turns_new(fvi_onnx_node *node, int skipped_in, int skipped_out, int states,
                           int first_input, turns *t) {
    const Onnx__AttributeProto *a = fvi_onnx_attr(node->proto, "body");
    if (!a || !a->g) return fvi_build_fail(node->b, FV_FORMAT, "it has no body");
    *t = (turns){.node = node,
                 .body = a->g,
                 .states = states,
                 .skipped_in = skipped_in,
                 .skipped_out = skipped_out};
    const int more = (int)a->g->n_output - skipped_out - states;
    if (states < 0 || more < 0 || (int)a->g->n_input < skipped_in + states ||
        node->n_out != states + more)
        return fvi_build_fail(node->b, FV_FORMAT,
                              "its body has %zu inputs and %zu outputs, the node %d and %d",
                              a->g->n_input, a->g->n_output, node->n_in, node->n_out);
    t->in = g_new(int, a->g->n_input + 1);
    t->out = g_new(int, a->g->n_output + 1);
    t->scanned = g_new0(GArray *, more + 1);
    for (int i = 0; i < more; i++) t->scanned[i] = g_array_new(FALSE, FALSE, sizeof(int));
    for (size_t i = 0; i < a->g->n_input; i++) t->in[i] = -1;
    for (int i = 0; i < states; i++) t->in[skipped_in + i] = fvi_onnx_need(node, first_input + i);
    return node->b->status;
}

/* Lowers one turn, and carries the states over. */
static fv_status turn(turns *t) {
    fvi_builder *b = t->node->b;
    if (!fvi_build_charge(b, TURN_CHARGE * (int64_t)(t->body->n_node + 1))) return b->status;
    if (fvi_lower_subgraph(t->node, t->body, t->in, t->out)) return b->status;
    for (size_t i = 0; i < t->body->n_output; i++) {
        if (t->out[i] < 0) return fvi_build_fail(b, FV_FORMAT, "its body has no output %zu", i);
        if (fvi_build_shape(b, t->out[i]).ndim < 0) return fvi_build_blame(b, t->out[i]);
    }
    for (int i = 0; i < t->states; i++) t->in[t->skipped_in + i] = t->out[t->skipped_out + i];
    for (int i = 0; i < scans(t); i++)
        g_array_append_val(t->scanned[i], t->out[t->skipped_out + t->states + i]);
    return FV_OK;
}

/* Joins what all turns gave for an output along a new axis; negative axes count from the end. */
static int join(turns *t, int scan, int64_t axis, int reversed) {
    fvi_builder *b = t->node->b;
    GArray *parts = t->scanned[scan];
    if (!parts->len) {
        fvi_build_fail(b, FV_UNSUPPORTED, "it makes no turn, so that its results have no shape");
        return -1;
    }
    for (guint i = 0; i < parts->len && !b->status; i++) {
        int *v = &g_array_index(parts, int, i);
        const fvi_shape from = fvi_build_shape(b, *v);
        if (from.ndim == FVI_MAX_DIMS) {
            fvi_build_fail(b, FV_UNSUPPORTED, "results of %d dimensions are joined", from.ndim);
            return -1;
        }
        fvi_shape to = {.ndim = from.ndim + 1};
        const int at = fvi_build_axis(b, axis, to.ndim);
        for (int k = 0; k < to.ndim; k++)
            to.dim[k] = k < at ? from.dim[k] : k == at ? 1 : from.dim[k - 1];
        *v = fvi_emit_reshape(b, *v, &to);
    }
    for (guint i = 0; reversed && i < parts->len / 2; i++) {
        int *v = (int *)(void *)parts->data, last = v[parts->len - 1 - i];
        v[parts->len - 1 - i] = v[i];
        v[i] = last;
    }
    const int *v = (const int *)(const void *)parts->data;
    const int at = b->status ? 0 : fvi_build_axis(b, axis, fvi_build_shape(b, v[0]).ndim);
    return b->status ? -1 : fvi_emit_concat(b, at, (int)parts->len, v);
}

static fv_status run_loop(turns *t) {
    fvi_onnx_node *node = t->node;
    fvi_builder *b = node->b;
    const fvi_const *count = fvi_onnx_fixed(node, 0, "number of turns");
    if (count && fvi_shape_count(&count->shape) != 1)
        return fvi_build_fail(b, FV_FORMAT, "its number of turns is not one number");
    const int64_t most = count ? fvi_const_int(count, 0) : INT64_MAX;
    int go_on = fvi_onnx_in(node, 1) < 0 || holds(b, fvi_onnx_in(node, 1));
    for (int64_t i = 0; i < most && go_on && !b->status; i++) {
        uint8_t *data;
        t->in[0] = fvi_emit_constant(b, FVI_I64, &(fvi_shape){0}, &data);
        if (t->in[0] >= 0) fvi_put_int(FVI_I64, data, 0, i);
        t->in[1] = fvi_emit_scalar(b, FVI_BOOL, 1);
        if (turn(t)) return b->status;
        go_on = holds(b, t->out[0]);
    }
    for (int i = 0; i < t->states; i++) fvi_onnx_out(node, i, t->in[2 + i]);
    for (int i = 0; i < scans(t); i++)
        if (fvi_onnx_wants(node, t->states + i))
            fvi_onnx_out(node, t->states + i, join(t, i, 0, 0));
    return b->status;
}

fv_status fvi_lower_loop(fvi_onnx_node *node) {
    turns t = {0};
    if (!turns_new(node, 2, 1, node->n_in - 2, 2, &t)) run_loop(&t);
    turns_free(&t);
    return node->b->status;
}

/* ---- Scan ----------------------------------------------------------------------------------- */

/* Element i of a list of integers in an attribute; 0 where there is none. */
static int64_t list_at(const fvi_onnx_node *node, const char *name, int i) {
    const int64_t *list = NULL;
    return i < fvi_onnx_attr_ints(node->proto, name, &list) ? list[i] : 0;
}

/* Element `at` of scanned input i, counted from the end where it is scanned backwards. */
static int scan_slice(turns *t, int i, int64_t at, int64_t length) {
    fvi_onnx_node *node = t->node;
    const int v = fvi_onnx_need(node, t->states + i);
    const fvi_shape from = fvi_build_shape(node->b, v);
    const int axis = fvi_build_axis(node->b, list_at(node, "scan_input_axes", i), from.ndim);
    if (node->b->status) return -1;
    if (from.dim[axis] != length) {
        fvi_build_fail(node->b, FV_SHAPE, "its inputs have %" PRId64 " and %" PRId64 " elements",
                       length, from.dim[axis]);
        return -1;
    }
    if (list_at(node, "scan_input_directions", i)) at = length - 1 - at;
    fvi_shape to = {0};
    for (int k = 0; k < from.ndim; k++)
        if (k != axis) to.dim[to.ndim++] = from.dim[k];
    return fvi_emit_reshape(node->b, fvi_emit_slice(node->b, v, axis, at, 1), &to);
}

static fv_status run_scan(turns *t, int inputs) {
    fvi_onnx_node *node = t->node;
    const fvi_shape first = fvi_build_shape(node->b, fvi_onnx_need(node, t->states));
    const int axis = fvi_build_axis(node->b, list_at(node, "scan_input_axes", 0), first.ndim);
    const int64_t length = node->b->status ? 0 : first.dim[axis];
    for (int64_t i = 0; i < length && !node->b->status; i++) {
        for (int k = 0; k < inputs; k++) t->in[t->states + k] = scan_slice(t, k, i, length);
        if (!node->b->status) turn(t);
    }
    for (int i = 0; i < t->states; i++) fvi_onnx_out(node, i, t->in[i]);
    for (int i = 0; i < scans(t); i++)
        if (fvi_onnx_wants(node, t->states + i))
            fvi_onnx_out(node, t->states + i,
                         join(t, i, list_at(node, "scan_output_axes", i),
                              list_at(node, "scan_output_directions", i) != 0));
    return node->b->status;
}

fv_status fvi_lower_scan(fvi_onnx_node *node) {
    turns t = {0};
    const int64_t inputs = fvi_onnx_attr_int(node->proto, "num_scan_inputs", 0);
    if (inputs < 1 || inputs > node->n_in)
        return fvi_build_fail(node->b, FV_FORMAT, "num_scan_inputs is %" PRId64 "; 1 to %d fit",
                              inputs, node->n_in);
    if (!turns_new(node, 0, 0, node->n_in - (int)inputs, 0, &t)) {
        if ((int64_t)t.body->n_input != t.states + inputs)
            fvi_build_fail(node->b, FV_FORMAT, "its body has %zu inputs, the node %d",
                           t.body->n_input, node->n_in);
        else
            run_scan(&t, (int)inputs);
    }
    turns_free(&t);
    return node->b->status;
}
