/* SPDX-License-Identifier: Apache-2.0 */
/* compiled: the programs of a graph on a device.
 *
 * What backward reads is decided by its text: it is written first, and the values it takes are more
 * results of the forward program. Nothing of them leaves the device. The backward program is
 * compiled when it first runs, once without redirected ReLUs and once with them. */
#include "backend/stablehlo/compiled.h"

#include <string.h>

#include "backend/executable.h"
#include "backend/stablehlo/kept_programs.h"
#include "backend/stablehlo/programs.h"
#include "base/error.h"

/* One program, and where its arguments come from. */
typedef struct program {
    fvi_pjrt_program *code; /* NULL: not compiled yet */
    GArray *arguments;      /* of fvi_emitter_argument */
    int n_results;
} program;

/* The ways of running backward, each a program of its own. */
enum { PLAIN, REDIRECTED, WAYS };

struct fvi_compiled {
    const fvi_hlo_device *d;
    fvi_graph *g;
    int flags;
    size_t bytes;
    program forward, backward[WAYS];
    GArray *kept;            /* of int: values */
    fvi_pjrt_array **values; /* [values of the graph] inputs, targets and kept ones */
    fvi_pjrt_array **seeds, **target_gradients, **gradients;
    fvi_pjrt_array *redirect; /* NULL: none is redirected */
    float *redirected;        /* [samples] to be uploaded; NULL: none */
    int64_t samples;
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
static fv_status write_forward(const fvi_graph *g, int flags, GArray *kept, fvi_program_text *out,
                               fv_error *err) {
    fvi_program_text back = {NULL, NULL, NULL};
    fv_status st = FV_OK;
    if (flags & FVI_EXEC_BACKWARD) {
        st = fvi_program_backward(g, flags, 1, &back, err);
        if (!st) keep_values(g, back.arguments, kept);
    }
    fvi_program_text_clear(&back);
    return st ? st
              : fvi_program_forward(g, (const int *)(const void *)kept->data, (int)kept->len, out,
                                    err);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static size_t value_bytes(const fvi_graph *g, int v) {
    return (size_t)fvi_shape_count(&g->values[v].shape) * sizeof(float);
}

/* Of the weights among a program's arguments, those that are not there yet. */
static size_t new_weights(const fvi_hlo_device *d, const fvi_graph *g, const GArray *arguments) {
    size_t bytes = 0;
    for (guint i = 0; i < arguments->len; i++) {
        const fvi_emitter_argument *a = &g_array_index(arguments, fvi_emitter_argument, i);
        if (a->source == FVI_EMITTER_WEIGHT &&
            !fvi_device_weights_has(d->weights, g->values[a->index].constant))
            bytes += value_bytes(g, a->index);
    }
    return bytes;
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
    const fv_status st = write_forward(g, flags, kept, &text, err);
    if (!st) *bytes = own_bytes(g, flags, kept) + new_weights(d, g, text.arguments);
    fvi_program_text_clear(&text);
    g_array_unref(kept);
    return st;
}

/* ---- making ---------------------------------------------------------------------------------- */

static fv_status compile(const fvi_compiled *c, const fvi_program_text *text, program *out,
                         fv_error *err) {
    const int n = (int)text->results->len;
    const fvi_pjrt_source from = {text->text->str, text->text->len,
                                  (const fvi_shape *)(const void *)text->results->data, n};
    const fv_status st = fvi_kept_compile(
        &(fvi_kept_programs){c->d->plugin, c->d->device, c->d->programs}, &from, &out->code, err);
    if (st) return st;
    out->arguments = g_array_ref(text->arguments);
    out->n_results = n;
    return FV_OK;
}

static void program_clear(program *p) {
    fvi_pjrt_program_free(p->code);
    if (p->arguments) g_array_unref(p->arguments);
}

/* [n + 1] pointers to arrays, ended by NULL when freed by count. */
static fvi_pjrt_array **new_arrays(int n) { return g_new0(fvi_pjrt_array *, MAX(n, 1)); }

static void free_arrays(fvi_pjrt_array **arrays, int n) {
    for (int i = 0; arrays && i < n; i++) fvi_pjrt_array_free(arrays[i]);
    g_free(arrays);
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
    fv_status st = write_forward(graph, flags, c->kept, &text, err);
    if (!st) {
        c->bytes = own_bytes(graph, flags, c->kept);
        const size_t more = c->bytes + new_weights(d, graph, text.arguments);
        const size_t there = fvi_device_weights_bytes(d->weights);
        if (d->memory && more + there > d->memory)
            st = fvi_fail(err, FV_NOMEM, "%zu MB are needed on the device; allowed: %zu",
                          (more + there) >> 20, d->memory >> 20);
    }
    if (!st) st = compile(c, &text, &c->forward, err);
    fvi_program_text_clear(&text);
    if (st)
        fvi_compiled_free(c);
    else
        *out = c;
    return st;
}

void fvi_compiled_free(fvi_compiled *c) {
    if (!c) return;
    program_clear(&c->forward);
    for (int i = 0; i < WAYS; i++) program_clear(&c->backward[i]);
    free_arrays(c->values, c->g->n_values);
    free_arrays(c->seeds, c->g->n_outputs);
    free_arrays(c->target_gradients, c->g->n_outputs);
    free_arrays(c->gradients, c->g->n_inputs);
    fvi_pjrt_array_free(c->redirect);
    g_free(c->redirected);
    g_array_unref(c->kept);
    fvi_graph_free(c->g);
    g_free(c);
}

const fvi_graph *fvi_compiled_graph(const fvi_compiled *c) { return c->g; }

size_t fvi_compiled_bytes(const fvi_compiled *c) { return c->bytes; }

/* ---- running --------------------------------------------------------------------------------- */

static void replace(fvi_pjrt_array **slot, fvi_pjrt_array *with) {
    fvi_pjrt_array_free(*slot);
    *slot = with;
}

/* Numbers into a slot; NULL: zeros. */
static fv_status upload(const fvi_compiled *c, const fvi_shape *shape, const float *data,
                        fvi_pjrt_array **slot, fv_error *err) {
    fvi_pjrt_array *array = NULL;
    float *zeros = NULL;
    if (!data) {
        zeros = g_try_new0(float, (gsize)fvi_shape_count(shape) + 1);
        if (!zeros) return fvi_fail(err, FV_NOMEM, "no memory for an input");
        data = zeros;
    }
    const fv_status st = fvi_pjrt_upload(c->d->plugin, c->d->device, shape, data, &array, err);
    g_free(zeros);
    if (!st) replace(slot, array);
    return st;
}

fv_status fvi_compiled_set_input(fvi_compiled *c, int input, const float *data, fv_error *err) {
    const int v = c->g->inputs[input];
    return upload(c, &c->g->values[v].shape, data, &c->values[v], err);
}

fv_status fvi_compiled_write_seed(fvi_compiled *c, int target, const float *from, fv_error *err) {
    const fvi_shape *shape = &c->g->values[c->g->outputs[target]].shape;
    return upload(c, shape, from, &c->seeds[target], err);
}

void fvi_compiled_redirect(fvi_compiled *c, const unsigned char *samples, int64_t n) {
    replace(&c->redirect, NULL);
    g_clear_pointer(&c->redirected, g_free);
    if (!samples) return;
    c->samples = n;
    c->redirected = g_new(float, MAX(n, 1));
    for (int64_t i = 0; i < n; i++) c->redirected[i] = samples[i] != 0;
}

/* The array of an argument; an input or seed that nobody gave is zeros. */
static fv_status argument(fvi_compiled *c, const fvi_emitter_argument *a, fvi_pjrt_array **out,
                          fv_error *err) {
    const fvi_graph *g = c->g;
    fv_status st = FV_OK;
    fvi_pjrt_array **slot = NULL;
    switch (a->source) {
    case FVI_EMITTER_WEIGHT:
        return fvi_device_weights_get(c->d->weights, g->values[a->index].constant, out, err);
    case FVI_EMITTER_VALUE:
        slot = &c->values[a->index];
        if (!*slot) st = upload(c, &g->values[a->index].shape, NULL, slot, err);
        break;
    case FVI_EMITTER_SEED:
        slot = &c->seeds[a->index];
        if (!*slot) st = upload(c, &g->values[g->outputs[a->index]].shape, NULL, slot, err);
        break;
    case FVI_EMITTER_REDIRECT:
        slot = &c->redirect;
        if (!*slot) st = upload(c, &(fvi_shape){1, {c->samples}}, c->redirected, slot, err);
        break;
    }
    *out = slot ? *slot : NULL;
    return st;
}

/* Runs a program.  results: [results of the program] yours */
static fv_status run(fvi_compiled *c, const program *p, fvi_pjrt_array **results, fv_error *err) {
    const int n = (int)p->arguments->len;
    fvi_pjrt_array **args = new_arrays(n);
    fv_status st = FV_OK;
    for (int i = 0; i < n && !st; i++)
        st = argument(c, &g_array_index(p->arguments, fvi_emitter_argument, i), &args[i], err);
    if (!st) st = fvi_pjrt_run(p->code, args, n, results, err);
    g_free(args);
    return st;
}

fv_status fvi_compiled_forward(fvi_compiled *c, fv_error *err) {
    const fvi_graph *g = c->g;
    fvi_pjrt_array **results = new_arrays(c->forward.n_results);
    const fv_status st = run(c, &c->forward, results, err);
    for (int i = 0; i < c->forward.n_results && !st; i++) {
        const int k = i - g->n_outputs;
        replace(&c->values[k < 0 ? g->outputs[i] : g_array_index(c->kept, int, k)], results[i]);
    }
    g_free(results);
    return st;
}

static fv_status compile_backward(fvi_compiled *c, int way, fv_error *err) {
    fvi_program_text text = {NULL, NULL, NULL};
    fv_status st =
        fvi_program_backward(c->g, c->flags, way == REDIRECTED ? c->samples : 0, &text, err);
    if (!st) st = compile(c, &text, &c->backward[way], err);
    fvi_program_text_clear(&text);
    return st;
}

fv_status fvi_compiled_backward(fvi_compiled *c, fv_error *err) {
    const int way = c->redirected ? REDIRECTED : PLAIN;
    program *p = &c->backward[way];
    fv_status st = p->code ? FV_OK : compile_backward(c, way, err);
    if (st) return st;
    fvi_pjrt_array **results = new_arrays(p->n_results);
    st = run(c, p, results, err);
    for (int i = 0; i < p->n_results && !st; i++) {
        const int k = i - c->g->n_inputs;
        replace(k < 0 ? &c->gradients[i] : &c->target_gradients[k], results[i]);
    }
    g_free(results);
    return st;
}

/* ---- results --------------------------------------------------------------------------------- */

static fv_status download(const fvi_pjrt_array *a, float *to, fv_error *err) {
    return a ? fvi_pjrt_download(a, to, err)
             : fvi_fail(err, FV_BACKEND, "nothing was computed yet");
}

fv_status fvi_compiled_read_target(fvi_compiled *c, int target, float *to, fv_error *err) {
    return download(c->values[c->g->outputs[target]], to, err);
}

fv_status fvi_compiled_read_gradient(fvi_compiled *c, int input, float *to, fv_error *err) {
    return download(c->gradients[input], to, err);
}

fv_status fvi_compiled_read_target_gradient(fvi_compiled *c, int target, float *to, fv_error *err) {
    return download(c->target_gradients[target], to, err);
}
