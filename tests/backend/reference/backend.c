/* SPDX-License-Identifier: Apache-2.0 */
/* backend: runs a graph node by node with the reference forwards, and back with their gradients. */
#include "backend.h"

#include <stdlib.h>
#include <string.h>

#include "backend/executable.h"
#include "base/error.h"
#include "graph/const.h"
#include "vjp.h"

static int fail_at = -1;

void fvi_reference_fail_at(int call) { fail_at = call; }

static fv_status answer(const char *what, fv_error *err) {
    if (fail_at < 0 || fail_at-- > 0) return FV_OK;
    return fvi_fail(err, FV_BACKEND, "%s failed, as asked", what);
}

static double *need(int64_t count) {
    double *p = calloc(count > 0 ? (size_t)count : 1, sizeof *p);
    if (!p) abort();
    return p;
}

typedef struct executable {
    fvi_graph *graph;
    int flags;
    double **value;    /* [n_values] */
    double **gradient; /* [n_values] of those that depend on an input and of targets, else NULL */
    double **seed;     /* [n_outputs] */
    fvi_ref_relu relu;
    unsigned char *redirect;
} executable;

/* ---- device: there is nothing to share ------------------------------------------------------ */

static const char *version(void) { return "reference"; }

static fv_status device_new(const fvi_device_desc *desc, void **device, fv_error *err) {
    (void)desc;
    *device = malloc(1);
    return *device ? FV_OK : fvi_fail(err, FV_NOMEM, "out of memory");
}

static void device_free(void *device) { free(device); }

static const char *device_name(const void *device) {
    (void)device;
    return "plain loops";
}

static fv_precision device_precision(const void *device) {
    (void)device;
    return FV_PRECISION_F32;
}

static void device_bytes(void *device, size_t *own, size_t *in_file) {
    (void)device;
    *own = *in_file = 0;
}

/* ---- executables ---------------------------------------------------------------------------- */

static int64_t count_of(const executable *e, int value) {
    return fvi_ref_count(&e->graph->values[value].shape);
}

static void executable_free(void *self) {
    executable *e = self;
    for (int v = 0; v < e->graph->n_values; v++) {
        free(e->value[v]);
        free(e->gradient[v]);
    }
    for (int t = 0; t < e->graph->n_outputs; t++) free(e->seed[t]);
    free(e->value);
    free(e->gradient);
    free(e->seed);
    free(e->redirect);
    fvi_graph_free(e->graph);
    free(e);
}

/* Memory for the gradients of the inputs and of all that depends on them. */
static void reserve_gradients(executable *e) {
    const fvi_graph *g = e->graph;
    for (int i = 0; i < g->n_inputs; i++)
        e->gradient[g->inputs[i]] = need(count_of(e, g->inputs[i]));
    for (int k = 0; k < g->n_nodes; k++) {
        const fvi_node *n = &g->nodes[k];
        for (int i = 0; i < n->n_in; i++)
            if (n->in[i] >= 0 && e->gradient[n->in[i]] && !e->gradient[n->out])
                e->gradient[n->out] = need(count_of(e, n->out));
    }
}

static fv_status executable_new(void *device, fvi_graph *graph, int flags, void **self,
                                fv_error *err) {
    (void)device;
    executable *e = calloc(1, sizeof *e);
    if (!e) abort();
    e->graph = graph;
    e->flags = flags;
    e->value = calloc((size_t)graph->n_values + 1, sizeof *e->value);
    e->gradient = calloc((size_t)graph->n_values + 1, sizeof *e->gradient);
    e->seed = calloc((size_t)graph->n_outputs + 1, sizeof *e->seed);
    e->relu.guided = (flags & FVI_EXEC_GUIDED) != 0;
    if (!e->value || !e->gradient || !e->seed) abort();
    for (int v = 0; v < graph->n_values; v++) {
        const fvi_const *c = graph->values[v].constant;
        e->value[v] = need(count_of(e, v));
        for (int64_t i = 0; c && i < count_of(e, v); i++) e->value[v][i] = fvi_const_at(c, i);
    }
    reserve_gradients(e);
    for (int t = 0; t < graph->n_outputs; t++) e->seed[t] = need(count_of(e, graph->outputs[t]));
    fv_status st = answer("making an executable", err);
    if (st)
        executable_free(e);
    else
        *self = e;
    return st;
}

static const fvi_graph *graph(const void *self) { return ((const executable *)self)->graph; }

static size_t bytes(const void *self) {
    const executable *e = self;
    size_t sum = 0;
    for (int v = 0; v < e->graph->n_values; v++) sum += (size_t)count_of(e, v) * sizeof(double);
    return sum;
}

static fv_status count(void *device, fvi_graph *g, int flags, size_t *sum, fv_error *err) {
    void *e = NULL;
    fv_status st = executable_new(device, g, flags, &e, err);
    if (st) return st;
    *sum = bytes(e);
    executable_free(e);
    return FV_OK;
}

static double extra_cost(const void *self) {
    (void)self;
    return 0;
}

/* ---- running -------------------------------------------------------------------------------- */

/* A node's inputs; to be freed. */
static fvi_ref *inputs_of(const executable *e, const fvi_node *n) {
    fvi_ref *in = calloc((size_t)n->n_in + 1, sizeof *in);
    if (!in) abort();
    for (int i = 0; i < n->n_in; i++)
        if (n->in[i] >= 0) in[i] = (fvi_ref){e->graph->values[n->in[i]].shape, e->value[n->in[i]]};
    return in;
}

static fv_status forward(void *self, fv_error *err) {
    executable *e = self;
    for (int k = 0; k < e->graph->n_nodes; k++) {
        const fvi_node *n = &e->graph->nodes[k];
        fvi_ref *in = inputs_of(e, n), out = {e->graph->values[n->out].shape, e->value[n->out]};
        fvi_reference_of(n->kind)(n, in, &out);
        free(in);
    }
    return answer("the forward pass", err);
}

static void add(double *to, const double *from, int64_t n) {
    for (int64_t i = 0; i < n; i++) to[i] += from[i];
}

static fv_status backward(void *self, fv_error *err) {
    executable *e = self;
    const fvi_graph *g = e->graph;
    for (int v = 0; v < g->n_values; v++)
        if (e->gradient[v]) memset(e->gradient[v], 0, (size_t)count_of(e, v) * sizeof(double));
    for (int t = 0; t < g->n_outputs; t++)
        if (e->gradient[g->outputs[t]])
            add(e->gradient[g->outputs[t]], e->seed[t], count_of(e, g->outputs[t]));
    for (int k = g->n_nodes - 1; k >= 0; k--) {
        const fvi_node *n = &g->nodes[k];
        if (!e->gradient[n->out]) continue;
        const fvi_ref dy = {g->values[n->out].shape, e->gradient[n->out]};
        fvi_ref *in = inputs_of(e, n);
        for (int i = 0; i < n->n_in; i++) {
            if (n->in[i] < 0 || !e->gradient[n->in[i]]) continue;
            double *dx = need(count_of(e, n->in[i]));
            fvi_ref_vjp(n, in, &dy, i, &e->relu, dx);
            add(e->gradient[n->in[i]], dx, count_of(e, n->in[i]));
            free(dx);
        }
        free(in);
    }
    return answer("the backward pass", err);
}

static void redirect(void *self, const unsigned char *samples, int64_t n) {
    executable *e = self;
    free(e->redirect);
    e->redirect = samples ? malloc((size_t)n) : NULL;
    if (e->redirect) memcpy(e->redirect, samples, (size_t)n);
    e->relu.redirect = e->redirect;
    e->relu.samples = n;
}

/* ---- values in and out ---------------------------------------------------------------------- */

static void to_float(const double *from, int64_t n, float *to) {
    for (int64_t i = 0; i < n; i++) to[i] = from ? (float)from[i] : 0;
}

static void to_double(const float *from, int64_t n, double *to) {
    for (int64_t i = 0; i < n; i++) to[i] = from[i];
}

static fv_status set_input(void *self, int input, const float *data, fv_error *err) {
    const executable *e = self;
    const int v = e->graph->inputs[input];
    to_double(data, count_of(e, v), e->value[v]);
    return answer("setting an input", err);
}

static fv_status read_target(void *self, int target, float *to, fv_error *err) {
    const executable *e = self;
    const int v = e->graph->outputs[target];
    to_float(e->value[v], count_of(e, v), to);
    return answer("reading a target", err);
}

static fv_status write_seed(void *self, int target, const float *from, fv_error *err) {
    const executable *e = self;
    to_double(from, count_of(e, e->graph->outputs[target]), e->seed[target]);
    return answer("writing a seed", err);
}

static fv_status read_gradient(void *self, int input, float *to, fv_error *err) {
    const executable *e = self;
    const int v = e->graph->inputs[input];
    to_float(e->gradient[v], count_of(e, v), to);
    return answer("reading a gradient", err);
}

static fv_status read_target_gradient(void *self, int target, float *to, fv_error *err) {
    const executable *e = self;
    const int v = e->graph->outputs[target];
    to_float(e->gradient[v], count_of(e, v), to);
    return answer("reading a target's gradient", err);
}

const fvi_backend fvi_backend_reference = {
    .name = "reference",
    .version = version,
    .device_new = device_new,
    .device_free = device_free,
    .device_name = device_name,
    .device_precision = device_precision,
    .device_bytes = device_bytes,
    .executable_new = executable_new,
    .executable_free = executable_free,
    .count = count,
    .graph = graph,
    .bytes = bytes,
    .extra_cost = extra_cost,
    .set_input = set_input,
    .forward = forward,
    .backward = backward,
    .redirect = redirect,
    .read_target = read_target,
    .write_seed = write_seed,
    .read_gradient = read_gradient,
    .read_target_gradient = read_target_gradient,
};
