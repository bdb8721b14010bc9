/* SPDX-License-Identifier: Apache-2.0 */
/* executable: calls the functions of the backend's table, and keeps host copies of what a backend
 * cannot map.
 *
 * A copy is made when it is first asked for after a run, and its memory is kept: a caller that
 * views the same targets step after step allocates once. Seeds are edited in their copy, which is
 * written to the backend when the backward run begins.
 */
#include "backend/executable.h"

#include <stdlib.h>

#include "backend/device_internal.h"
#include "base/error.h"

/* A tensor's host copy. */
typedef struct host_copy {
    float *data; /* NULL: not needed so far */
    int valid;   /* it holds the values of the last run; of a seed: it is still to be written */
} host_copy;

typedef enum view { VIEW_TARGET, VIEW_SEED, VIEW_TARGET_GRADIENT, VIEW_GRADIENT, VIEWS } view;

struct fvi_executable {
    const fvi_backend *backend;
    void *self; /* the backend's */
    const fvi_graph *graph;
    host_copy *copies[VIEWS]; /* each [targets], of gradients [inputs] */
};

static int count_of(const fvi_executable *e, view v) {
    return v == VIEW_GRADIENT ? e->graph->n_inputs : e->graph->n_outputs;
}

fv_status fvi_executable_new(fvi_device *d, fvi_graph *graph, int flags, fvi_executable **out,
                             fv_error *err) {
    fvi_executable *e = calloc(1, sizeof *e);
    if (!e) {
        fvi_graph_free(graph);
        return fvi_fail(err, FV_NOMEM, "out of memory while planning");
    }
    e->backend = d->backend;
    fv_status st = d->backend->executable_new(d->self, graph, flags, &e->self, err);
    if (!st) e->graph = d->backend->graph(e->self);
    for (view v = 0; !st && v < VIEWS; v++) {
        e->copies[v] = calloc((size_t)count_of(e, v) + 1, sizeof *e->copies[v]);
        if (!e->copies[v]) st = fvi_fail(err, FV_NOMEM, "out of memory while planning");
    }
    if (st)
        fvi_executable_free(e);
    else
        *out = e;
    return st;
}

void fvi_executable_free(fvi_executable *e) {
    if (!e) return;
    for (view v = 0; v < VIEWS; v++) {
        for (int i = 0; e->copies[v] && i < count_of(e, v); i++) free(e->copies[v][i].data);
        free(e->copies[v]);
    }
    if (e->self) e->backend->executable_free(e->self);
    free(e);
}

fv_status fvi_executable_count(fvi_device *d, fvi_graph *graph, int flags, size_t *bytes,
                               fv_error *err) {
    return d->backend->count(d->self, graph, flags, bytes, err);
}

const fvi_graph *fvi_executable_graph(const fvi_executable *e) { return e->graph; }

size_t fvi_executable_bytes(const fvi_executable *e) { return e->backend->bytes(e->self); }

double fvi_executable_extra_cost(const fvi_executable *e) {
    return e->backend->extra_cost(e->self);
}

fvi_program_memory fvi_executable_program_memory(const fvi_executable *e) {
    fvi_program_memory m = {0};
    if (e->backend->program_memory) e->backend->program_memory(e->self, &m);
    return m;
}

/* ---- running -------------------------------------------------------------------------------- */

static void forget(fvi_executable *e, view v) {
    for (int i = 0; i < count_of(e, v); i++) e->copies[v][i].valid = 0;
}

fv_status fvi_executable_set_input(fvi_executable *e, int input, const float *data, fv_error *err) {
    if (input >= e->graph->n_inputs) return FV_OK; /* the targets are constants */
    return e->backend->set_input(e->self, input, data, err);
}

fv_status fvi_executable_forward(fvi_executable *e, fv_error *err) {
    for (view v = 0; v < VIEWS; v++) forget(e, v);
    return e->backend->forward(e->self, err);
}

fv_status fvi_executable_backward(fvi_executable *e, fv_error *err) {
    fv_status st = FV_OK;
    for (int t = 0; !st && t < e->graph->n_outputs; t++)
        if (e->copies[VIEW_SEED][t].valid)
            st = e->backend->write_seed(e->self, t, e->copies[VIEW_SEED][t].data, err);
    if (st) return st;
    forget(e, VIEW_SEED);
    forget(e, VIEW_GRADIENT);
    forget(e, VIEW_TARGET_GRADIENT);
    return e->backend->backward(e->self, err);
}

void fvi_executable_redirect(fvi_executable *e, const unsigned char *samples, int64_t n) {
    e->backend->redirect(e->self, samples, n);
}

/* ---- copies --------------------------------------------------------------------------------- */

fv_status fvi_executable_read_target(fvi_executable *e, int target, float *to, fv_error *err) {
    return e->backend->read_target(e->self, target, to, err);
}

fv_status fvi_executable_write_seed(fvi_executable *e, int target, const float *from,
                                    fv_error *err) {
    e->copies[VIEW_SEED][target].valid = 0;
    return e->backend->write_seed(e->self, target, from, err);
}

fv_status fvi_executable_read_gradient(fvi_executable *e, int input, float *to, fv_error *err) {
    if (input >= e->graph->n_inputs) return FV_OK;
    return e->backend->read_gradient(e->self, input, to, err);
}

fv_status fvi_executable_read_target_gradient(fvi_executable *e, int target, float *to,
                                              fv_error *err) {
    return e->backend->read_target_gradient(e->self, target, to, err);
}

/* ---- views ---------------------------------------------------------------------------------- */

/* Memory for the host copy of tensor i of a kind. */
static fv_status reserve(fvi_executable *e, view v, int i, fv_error *err) {
    host_copy *c = &e->copies[v][i];
    if (c->data) return FV_OK;
    const int value = v == VIEW_GRADIENT ? e->graph->inputs[i] : e->graph->outputs[i];
    const int64_t count = fvi_shape_count(&e->graph->values[value].shape);
    c->data = malloc((size_t)(count > 0 ? count : 1) * sizeof *c->data);
    return c->data ? FV_OK
                   : fvi_fail(err, FV_NOMEM, "out of memory for a copy of \"%s\"",
                              e->graph->values[value].name);
}

typedef fv_status (*read_fn)(void *self, int i, float *to, fv_error *err);
typedef const float *(*map_fn)(void *self, int i);

/* The backend's own memory if it can be mapped, else the copy, which is read once a run. */
static fv_status view_values(fvi_executable *e, view v, int i, map_fn map, read_fn read,
                             const float **out, fv_error *err) {
    host_copy *c = &e->copies[v][i];
    const float *mapped = map ? map(e->self, i) : NULL;
    if (mapped) {
        *out = mapped;
        return FV_OK;
    }
    fv_status st = reserve(e, v, i, err);
    if (!st && !c->valid) st = read(e->self, i, c->data, err);
    if (st) return st;
    c->valid = 1;
    *out = c->data;
    return FV_OK;
}

fv_status fvi_executable_view_target(fvi_executable *e, int target, const float **out,
                                     fv_error *err) {
    return view_values(e, VIEW_TARGET, target, e->backend->map_target, e->backend->read_target, out,
                       err);
}

fv_status fvi_executable_view_gradient(fvi_executable *e, int input, const float **out,
                                       fv_error *err) {
    return view_values(e, VIEW_GRADIENT, input, e->backend->map_gradient, e->backend->read_gradient,
                       out, err);
}

fv_status fvi_executable_view_target_gradient(fvi_executable *e, int target, const float **out,
                                              fv_error *err) {
    return view_values(e, VIEW_TARGET_GRADIENT, target, e->backend->map_target_gradient,
                       e->backend->read_target_gradient, out, err);
}

fv_status fvi_executable_edit_seed(fvi_executable *e, int target, float **out, fv_error *err) {
    float *mapped = e->backend->map_seed ? e->backend->map_seed(e->self, target) : NULL;
    if (!mapped) {
        fv_status st = reserve(e, VIEW_SEED, target, err);
        if (st) return st;
        e->copies[VIEW_SEED][target].valid = 1;
        mapped = e->copies[VIEW_SEED][target].data;
    }
    *out = mapped;
    return FV_OK;
}

/* ---- timing --------------------------------------------------------------------------------- */

fv_status fvi_executable_profile_begin(fvi_executable *e, int *count, fv_error *err) {
    if (e->backend->profile_begin) return e->backend->profile_begin(e->self, count, err);
    *count = 0;
    return FV_OK;
}

const fvi_timed_op *fvi_executable_profile_op(const fvi_executable *e, int i) {
    return e->backend->profile_op ? e->backend->profile_op(e->self, i) : NULL;
}

void fvi_executable_profile_take(fvi_executable *e, double *seconds) {
    if (e->backend->profile_take) e->backend->profile_take(e->self, seconds);
}

void fvi_executable_profile_end(fvi_executable *e) {
    if (e->backend->profile_end) e->backend->profile_end(e->self);
}

double fvi_executable_kernel_seconds(fvi_executable *e, int on) {
    return e->backend->kernel_seconds ? e->backend->kernel_seconds(e->self, on) : 0;
}
