/* SPDX-License-Identifier: Apache-2.0 */
/* nonfinite: after a run whose result is not finite, finds the layer where that began.
 *
 * A run checks only its results, which costs almost nothing; its values share memory, so afterwards
 * most are overwritten. Therefore the same graph is planned again with every value as a target
 * (nothing is fused or overwritten), run on the same input, and searched in the order of running:
 * forward through the values, then, from the objective down, through their gradients. The first
 * that is not finite is reported: either a constant of its node is not finite, or the node computes
 * it from finite numbers.
 *
 * An infinity may be intended (a mask before a softmax). So if the result is NaN, the layer that
 * computes the first NaN is named too.
 */
#include "runtime/numbers/nonfinite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/abs_max.h"
#include "base/error.h"
#include "base/parallel.h"
#include "graph/const.h"

/* A plan with all values as its targets. */
typedef struct trace {
    fvi_executable *plan;
    const fvi_graph *g;
    int *target; /* [n_values] the index of the target, or -1 */
} trace;

#define PIECE   1024 /* numbers of a constant looked at together */
#define STRETCH 1024 /* pieces whose memory is released together */

static const char *word(float largest) { return isnan(largest) ? "NaN" : "infinity"; }

/* Appends every value that nodes compute to the outputs of the graph. */
static fv_status widen(fvi_graph *g, int *target, fv_error *err) {
    int *all = fvi_pool_array(g->pool, (size_t)g->n_outputs + (size_t)g->n_nodes, sizeof *all),
        n = 0;
    if (!all) return fvi_fail(err, FV_NOMEM, "out of memory");
    for (int v = 0; v < g->n_values; v++) target[v] = -1;
    for (int i = 0; i < g->n_outputs; i++) {
        target[g->outputs[i]] = n;
        all[n++] = g->outputs[i];
    }
    for (int k = 0; k < g->n_nodes; k++) {
        const int v = g->nodes[k].out;
        if (target[v] >= 0) continue;
        target[v] = n;
        all[n++] = v;
    }
    g->outputs = all;
    g->n_outputs = n;
    return FV_OK;
}

static void trace_clear(trace *w) {
    fvi_executable_free(w->plan);
    free(w->target);
}

/* A plan of the graph with all its values as targets. */
static fv_status trace_new(fvi_graph *graph, int flags, fvi_device *device, trace *w,
                           fv_error *err) {
    fvi_graph *again = NULL;
    fv_status st = fvi_graph_copy(graph, &again, err);
    if (st) return st;
    w->target = calloc((size_t)again->n_values + 1, sizeof *w->target);
    st = w->target ? widen(again, w->target, err) : fvi_fail(err, FV_NOMEM, "out of memory");
    if (st) {
        fvi_graph_free(again);
        return st;
    }
    w->g = again; /* owned by the plan, also on failure */
    return fvi_executable_new(device, again, flags, &w->plan, err);
}

static int64_t count_of(const fvi_graph *g, int value) {
    return fvi_shape_count(&g->values[value].shape);
}

/* count_bad for numbers [from, to). */
static int64_t count_bad_in(const fvi_const *c, int64_t from, int64_t to, float *largest) {
    const int64_t size = (int64_t)fvi_dtype_size(c->dtype);
    float room[PIECE];
    int64_t bad = 0;
    *largest = 0;
    for (int64_t i = from; i < to; i += PIECE) {
        const int64_t m = to - i < PIECE ? to - i : PIECE;
        const fvi_const piece = {c->dtype, {1, {m}}, c->bytes + i * size, 0};
        fvi_const_to_f32(&piece, room);
        const float most = fvi_abs_max(room, m);
        if (isfinite(most)) continue;
        bad += fvi_count_nonfinite(room, m);
        if (!isnan(*largest)) *largest = most;
    }
    return bad;
}

/* How many numbers of a constant are not finite as f32, and the largest magnitude, 0 if all are
 * finite.
 *   net  its file's pages are released after reading; or NULL */
static int64_t count_bad(const fvi_const *c, const fvi_network *net, float *largest) {
    const int64_t n = fvi_shape_count(&c->shape), size = (int64_t)fvi_dtype_size(c->dtype);
    int64_t bad = 0;
    float most = 0;
#pragma omp parallel for schedule(static) if (n > FVI_PARALLEL_MIN * 16)
    for (int64_t i = 0; i < n; i += PIECE * STRETCH) {
        const int64_t to = n - i < PIECE * STRETCH ? n : i + PIECE * STRETCH;
        float own;
        const int64_t found = count_bad_in(c, i, to, &own);
        if (net) fvi_network_release(net, c->bytes + i * size, (size_t)((to - i) * size));
        if (!found) continue;
#pragma omp critical
        {
            bad += found;
            if (!isnan(most)) most = own;
        }
    }
    *largest = most;
    return bad;
}

static size_t const_bytes(const fvi_const *c) {
    return (size_t)fvi_shape_count(&c->shape) * fvi_dtype_size(c->dtype);
}

/* Returns whether a constant of the node is not finite, and reports it. `sound` as in nonfinite.h.
 *   any  0: infinity is accepted in constants that are not trained weights, such as masks */
static int blame_weights(const fvi_graph *g, const fvi_node *n, int any, const fvi_network *net,
                         GHashTable *sound, fv_error *why) {
    for (int i = 0; i < n->n_in; i++) {
        const fvi_const *c = n->in[i] < 0 ? NULL : g->values[n->in[i]].constant;
        float largest;
        if (!c || !const_bytes(c) ||
            (sound && GPOINTER_TO_SIZE(g_hash_table_lookup(sound, c->bytes)) >= const_bytes(c)))
            continue;
        const int64_t bad = count_bad(c, net, &largest);
        if (!bad && sound)
            g_hash_table_insert(sound, (void *)(uintptr_t)c->bytes,
                                GSIZE_TO_POINTER(const_bytes(c)));
        if (!bad || (!any && !isnan(largest) && !fvi_kind_has(n->kind, FVI_TRAINED))) continue;
        fvi_fail(why, FV_NONFINITE,
                 "weights of layer \"%.200s\" (%s) hold %s: %lld of %lld numbers", n->name,
                 n->source_op, word(largest), (long long)bad,
                 (long long)fvi_shape_count(&c->shape));
        return 1;
    }
    return 0;
}

int fvi_explain_weights(const fvi_graph *g, const fvi_network *net, GHashTable *sound,
                        fv_error *why) {
    for (int k = 0; k < g->n_nodes; k++)
        if (blame_weights(g, &g->nodes[k], 0, net, sound, why)) return 1;
    return 0;
}

/* The values of a target; NULL: reading them failed. */
static const float *target_of(const trace *w, int target) {
    const float *y = NULL;
    return fvi_executable_view_target(w->plan, target, &y, NULL) ? NULL : y;
}

/* The largest magnitude among the inputs of a node. */
static float largest_source(const trace *w, const fvi_node *n, const float *x) {
    float most = 0;
    for (int i = 0; i < n->n_in; i++) {
        const int v = n->in[i];
        if (v < 0 || w->g->values[v].constant) continue;
        const float *from = w->target[v] >= 0 ? target_of(w, w->target[v]) : x;
        if (from) most = fmaxf(most, fvi_abs_max(from, count_of(w->g, v)));
    }
    return most;
}

/* Returns whether a node gathers by an index that is outside of its axis, and reports it. */
static int blame_index(const trace *w, const fvi_node *n, const float *x, fv_error *why) {
    const fvi_graph *g = w->g;
    if (n->kind != FVI_GATHER || g->values[n->in[1]].constant) return 0;
    const int v = n->in[1];
    const int64_t size = g->values[n->in[0]].shape.dim[n->a.axis.axis];
    const float *at = w->target[v] >= 0 ? target_of(w, w->target[v]) : x;
    for (int64_t i = 0; at && i < count_of(g, v); i++) {
        if (at[i] >= -(float)size && at[i] < (float)size) continue;
        fvi_fail(why, FV_NONFINITE,
                 "layer \"%.120s\" (%s): \"%.120s\" has index %.9g; allowed: %lld to %lld", n->name,
                 n->source_op, g->values[v].name, (double)at[i], -(long long)size,
                 (long long)size - 1);
        return 1;
    }
    return 0;
}

/* Searches the values of a forward run. Returns whether one is not finite, and reports where. */
static int search_forward(const trace *w, const float *x, fv_error *why) {
    const fvi_graph *g = w->g;
    const fvi_node *first = NULL;
    for (int k = 0; k < g->n_nodes; k++) {
        const fvi_node *n = &g->nodes[k];
        const float *y = target_of(w, w->target[n->out]);
        const float largest = y ? fvi_abs_max(y, count_of(g, n->out)) : 0;
        if (isfinite(largest)) continue;
        if (!first) {
            first = n;
            if (blame_weights(g, n, 1, NULL, NULL, why) || blame_index(w, n, x, why)) return 1;
            fvi_fail(why, FV_NONFINITE,
                     "layer \"%.120s\" (%s) makes %s of finite numbers, the largest of magnitude "
                     "%.4g",
                     n->name, n->source_op, word(largest), (double)largest_source(w, n, x));
            if (isnan(largest)) return 1;
        } else if (isnan(largest)) {
            char text[sizeof why->text];
            memcpy(text, why->text, sizeof text);
            fvi_fail(why, FV_NONFINITE, "%.300s; and layer \"%.120s\" (%s) NaN of that", text,
                     n->name, n->source_op);
            return 1;
        }
    }
    return first != NULL;
}

/* The last node that reads a value, or NULL. */
static const fvi_node *reader_of(const fvi_graph *g, int value) {
    for (int k = g->n_nodes - 1; k >= 0; k--)
        for (int i = 0; i < g->nodes[k].n_in; i++)
            if (g->nodes[k].in[i] == value) return &g->nodes[k];
    return NULL;
}

/* Reports that the gradient of a value is not finite while those after it are. */
static void blame_backward(const fvi_graph *g, int value, float largest, fv_error *why) {
    const fvi_node *n = reader_of(g, value);
    if (!n)
        fvi_fail(why, FV_NONFINITE, "the objective's own gradient, at \"%.200s\", is %s",
                 g->values[value].name, word(largest));
    else
        fvi_fail(why, FV_NONFINITE, "backward, layer \"%.200s\" (%s) makes %s of finite gradients",
                 n->name, n->source_op, word(largest));
}

/* Searches the gradients of a backward run, from the objective down to the input. */
static int search_backward(const trace *w, const float *const *seeds, int n_seeds, fv_error *why) {
    const fvi_graph *g = w->g;
    for (int t = 0; t < g->n_outputs; t++) {
        const size_t bytes = (size_t)count_of(g, g->outputs[t]) * sizeof(float);
        float *seed = NULL;
        if (fvi_executable_edit_seed(w->plan, t, &seed, NULL)) return 0;
        if (t < n_seeds)
            memcpy(seed, seeds[t], bytes);
        else
            memset(seed, 0, bytes);
    }
    for (int t = 0; t < n_seeds; t++) {
        const float largest = fvi_abs_max(seeds[t], count_of(g, g->outputs[t]));
        if (isfinite(largest)) continue;
        fvi_fail(why, FV_NONFINITE, "the objective's own gradient, at \"%.200s\", is %s",
                 g->values[g->outputs[t]].name, word(largest));
        return 1;
    }
    if (fvi_executable_backward(w->plan, NULL)) return 0;
    for (int k = g->n_nodes - 1; k >= -1; k--) {
        const int v = k >= 0 ? g->nodes[k].out : g->inputs[0];
        const float *d = NULL;
        fv_status st = k >= 0 ? fvi_executable_view_target_gradient(w->plan, w->target[v], &d, NULL)
                              : fvi_executable_view_gradient(w->plan, 0, &d, NULL);
        const float largest = st ? 0 : fvi_abs_max(d, count_of(g, v));
        if (isfinite(largest)) continue;
        blame_backward(g, v, largest, why);
        return 1;
    }
    return 0;
}

int fvi_explain_input(const float *x, int64_t count, int mask, fv_error *why) {
    const float largest = fvi_abs_max(x, count);
    if (mask ? !isnan(largest) : isfinite(largest)) return 0;
    fvi_fail(why, FV_NONFINITE, "the network's input holds %s: %lld of %lld numbers", word(largest),
             (long long)fvi_count_nonfinite(x, count), (long long)count);
    return 1;
}

void fvi_explain(fvi_graph *g, fvi_device *device, const float *x, const float *const *seeds,
                 fv_error *why) {
    const int64_t count = g->n_inputs ? count_of(g, g->inputs[0]) : 0;
    trace w = {0};
    fvi_fail(why, FV_NONFINITE, "\"%.200s\" comes to numbers that are not finite",
             g->values[g->outputs[0]].name);
    if (fvi_explain_input(x, count, 0, why)) return;
    const int flags = seeds ? FVI_EXEC_BACKWARD | FVI_EXEC_TARGET_GRADIENTS : 0;
    if (g->n_inputs && !trace_new(g, flags, device, &w, NULL)) {
        if (!fvi_executable_set_input(w.plan, 0, x, NULL) &&
            !fvi_executable_forward(w.plan, NULL) && !search_forward(&w, x, why) && seeds)
            search_backward(&w, seeds, g->n_outputs, why);
    }
    trace_clear(&w);
}
