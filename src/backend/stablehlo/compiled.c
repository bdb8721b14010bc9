/* SPDX-License-Identifier: Apache-2.0 */
/* compiled: the programs of a graph on a device.
 *
 * What backward reads is decided by its text: it is written first, and the values it takes are more
 * results of the forward program. Nothing of them leaves the device. Both are compiled at once, so
 * that what a device cannot run is known before anything runs; the backward program with redirected
 * ReLUs, which few pictures need, when it first runs. */
#include "backend/stablehlo/compiled.h"

#include <string.h>

#include "backend/executable.h"
#include "backend/stablehlo/programs.h"
#include "base/error.h"

/* The ways of running backward, each a program of its own. */
enum { PLAIN, REDIRECTED, WAYS };

struct fvi_compiled {
    const fvi_hlo_device *d;
    fvi_graph *g;
    int flags;
    size_t bytes;
    fvi_runnable forward, backward[WAYS];
    GArray *kept;            /* of int: values */
    fvi_pjrt_array **values; /* [values of the graph] inputs, targets and kept ones */
    fvi_pjrt_array **seeds, **target_gradients, **gradients;
    fvi_redirection redirection;
};

/* ---- text ------------------------------------------------------------------------------------ */

/* Adds the values that a program takes and that are not inputs. */
static void keep_values(const fvi_graph *g, const GArray *arguments, GArray *kept) {
    for (guint i = 0; i < arguments->len; i++) {
        const fvi_emitter_argument *a = &g_array_index(arguments, fvi_emitter_argument, i);
        int known = a->source != FVI_EMITTER_VALUE;
        for (int k = 0; k < g->n_inputs; k++) known |= g->inputs[k] == a->index;
        for (int k = 0; k < g->n_outputs; k++) known |= g->outputs[k] == a->index;
        for (guint k = 0; k < kept->len; k++) known |= g_array_index(kept, int, k) == a->index;
        if (!known) g_array_append_val(kept, a->index);
    }
}

/* The forward program, and what it has to keep. */
static fv_status write_forward(const fvi_hlo_device *d, const fvi_graph *g, int flags, GArray *kept,
                               fvi_program_text *out, fv_error *err) {
    fvi_program_text back = {NULL, NULL, NULL};
    fv_status st = FV_OK;
    if (flags & FVI_EXEC_BACKWARD) {
        st = fvi_program_backward(g, flags, 1, d->precision, &back, err);
        if (!st) keep_values(g, back.arguments, kept);
    }
    fvi_program_text_clear(&back);
    return st ? st
              : fvi_program_forward(g, (const int *)(const void *)kept->data, (int)kept->len,
                                    d->precision, out, err);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static size_t value_bytes(const fvi_graph *g, int v) {
    return (size_t)fvi_shape_count(&g->values[v].shape) * sizeof(float);
}

/* The most that one node reads and writes. */
static size_t largest_node(const fvi_graph *g) {
    size_t most = 0;
    for (int k = 0; k < g->n_nodes; k++) {
        size_t bytes = value_bytes(g, g->nodes[k].out);
        for (int i = 0; i < g->nodes[k].n_in; i++) {
            const int v = g->nodes[k].in[i];
            if (v >= 0 && !g->values[v].constant) bytes += value_bytes(g, v);
        }
        most = MAX(most, bytes);
    }
    return most;
}

static size_t own_bytes(const fvi_graph *g, int flags, const GArray *kept) {
    const size_t times = flags & FVI_EXEC_BACKWARD ? 2 : 1;
    size_t bytes = times * largest_node(g);
    for (int i = 0; i < g->n_inputs; i++) bytes += times * value_bytes(g, g->inputs[i]);
    for (int i = 0; i < g->n_outputs; i++) bytes += times * value_bytes(g, g->outputs[i]);
    for (guint i = 0; i < kept->len; i++) bytes += value_bytes(g, g_array_index(kept, int, i));
    return bytes;
}

fv_status fvi_compiled_count(const fvi_hlo_device *d, const fvi_graph *g, int flags, size_t *bytes,
                             fv_error *err) {
    fvi_program_text text = {NULL, NULL, NULL};
    GArray *kept = g_array_new(FALSE, FALSE, sizeof(int));
    const fv_status st = write_forward(d, g, flags, kept, &text, err);
    if (!st) *bytes = own_bytes(g, flags, kept) + fvi_new_weights(d, text.arguments);
    fvi_program_text_clear(&text);
    g_array_unref(kept);
    return st;
}

/* ---- making ---------------------------------------------------------------------------------- */

/* [n] pointers to arrays, NULL; freed by fvi_slots_free. */
static fvi_pjrt_array **new_arrays(int n) { return g_new0(fvi_pjrt_array *, MAX(n, 1)); }

static fv_status compile_backward(fvi_compiled *c, int way, fv_error *err) {
    fvi_program_text text = {NULL, NULL, NULL};
    fv_status st = fvi_program_backward(c->g, c->flags, way == REDIRECTED ? c->redirection.n : 0,
                                        c->d->precision, &text, err);
    if (!st) st = fvi_runnable_compile(c->d, &text, &c->backward[way], err);
    fvi_program_text_clear(&text);
    return st;
}

fv_status fvi_compiled_new(const fvi_hlo_device *d, fvi_graph *graph, int flags, fvi_compiled **out,
                           fv_error *err) {
    fvi_program_text text = {NULL, NULL, NULL};
    fvi_compiled *c = g_new0(fvi_compiled, 1);
    c->d = d;
    c->g = graph;
    c->flags = flags;
    c->kept = g_array_new(FALSE, FALSE, sizeof(int));
    c->values = new_arrays(graph->n_values);
    c->seeds = new_arrays(graph->n_outputs);
    c->target_gradients = new_arrays(graph->n_outputs);
    c->gradients = new_arrays(graph->n_inputs);
    fv_status st = write_forward(d, graph, flags, c->kept, &text, err);
    if (!st) {
        c->bytes = own_bytes(graph, flags, c->kept);
        st = fvi_check_memory(d, text.arguments, c->bytes, err);
    }
    if (!st) st = fvi_runnable_compile(d, &text, &c->forward, err);
    if (!st && flags & FVI_EXEC_BACKWARD) st = compile_backward(c, PLAIN, err);
    fvi_program_text_clear(&text);
    if (st)
        fvi_compiled_free(c);
    else
        *out = c;
    return st;
}

void fvi_compiled_free(fvi_compiled *c) {
    if (!c) return;
    fvi_runnable_clear(&c->forward);
    for (int i = 0; i < WAYS; i++) fvi_runnable_clear(&c->backward[i]);
    fvi_slots_free(c->values, c->g->n_values);
    fvi_slots_free(c->seeds, c->g->n_outputs);
    fvi_slots_free(c->target_gradients, c->g->n_outputs);
    fvi_slots_free(c->gradients, c->g->n_inputs);
    fvi_redirection_set(&c->redirection, NULL, 0);
    g_array_unref(c->kept);
    fvi_graph_free(c->g);
    g_free(c);
}

const fvi_graph *fvi_compiled_graph(const fvi_compiled *c) { return c->g; }

size_t fvi_compiled_bytes(const fvi_compiled *c) { return c->bytes; }

static void add_memory(fvi_program_memory *to, const fvi_pjrt_program *program) {
    const fvi_pjrt_memory m = fvi_pjrt_program_memory(program);
    to->code += m.code;
    to->arguments = MAX(to->arguments, m.arguments);
    to->results = MAX(to->results, m.results);
    to->temporary = MAX(to->temporary, m.temporary);
}

fvi_program_memory fvi_compiled_program_memory(const fvi_compiled *c) {
    fvi_program_memory sum = {0};
    add_memory(&sum, c->forward.code);
    for (int i = 0; i < WAYS; i++) add_memory(&sum, c->backward[i].code);
    return sum;
}

/* ---- running --------------------------------------------------------------------------------- */

fv_status fvi_compiled_set_input(fvi_compiled *c, int input, const float *data, fv_error *err) {
    const int v = c->g->inputs[input];
    return fvi_slot_upload(c->d, &c->g->values[v].shape, data, &c->values[v], err);
}

fv_status fvi_compiled_write_seed(fvi_compiled *c, int target, const float *from, fv_error *err) {
    const fvi_shape *shape = &c->g->values[c->g->outputs[target]].shape;
    return fvi_slot_upload(c->d, shape, from, &c->seeds[target], err);
}

void fvi_compiled_redirect(fvi_compiled *c, const unsigned char *samples, int64_t n) {
    fvi_redirection_set(&c->redirection, samples, n);
}

static fvi_pjrt_array **slot_of(void *user, const fvi_emitter_argument *a) {
    fvi_compiled *c = user;
    switch (a->source) {
    case FVI_EMITTER_SEED: return &c->seeds[a->index];
    case FVI_EMITTER_REDIRECT: return &c->redirection.array;
    default: return &c->values[a->index];
    }
}

fv_status fvi_compiled_forward(fvi_compiled *c, fv_error *err) {
    const fvi_graph *g = c->g;
    fvi_pjrt_array **results = new_arrays(c->forward.n_results);
    const fv_status st = fvi_runnable_run(c->d, &c->forward, slot_of, c, results, err);
    for (int i = 0; i < c->forward.n_results && !st; i++) {
        const int k = i - g->n_outputs;
        fvi_slot_set(&c->values[k < 0 ? g->outputs[i] : g_array_index(c->kept, int, k)],
                     results[i]);
    }
    g_free(results);
    return st;
}

fv_status fvi_compiled_backward(fvi_compiled *c, fv_error *err) {
    const int way = c->redirection.samples ? REDIRECTED : PLAIN;
    fvi_runnable *p = &c->backward[way];
    fv_status st = p->code ? FV_OK : compile_backward(c, way, err);
    if (st) return st;
    fvi_pjrt_array **results = new_arrays(p->n_results);
    st = fvi_redirection_upload(c->d, &c->redirection, err);
    if (!st) st = fvi_runnable_run(c->d, p, slot_of, c, results, err);
    for (int i = 0; i < p->n_results && !st; i++) {
        const int k = i - c->g->n_inputs;
        fvi_slot_set(k < 0 ? &c->gradients[i] : &c->target_gradients[k], results[i]);
    }
    g_free(results);
    return st;
}

/* ---- results --------------------------------------------------------------------------------- */

fv_status fvi_compiled_read_target(fvi_compiled *c, int target, float *to, fv_error *err) {
    return fvi_slot_download(c->values[c->g->outputs[target]], to, err);
}

fv_status fvi_compiled_read_gradient(fvi_compiled *c, int input, float *to, fv_error *err) {
    return fvi_slot_download(c->gradients[input], to, err);
}

fv_status fvi_compiled_read_target_gradient(fvi_compiled *c, int target, float *to, fv_error *err) {
    return fvi_slot_download(c->target_gradients[target], to, err);
}
