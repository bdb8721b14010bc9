/* SPDX-License-Identifier: Apache-2.0 */
/* once: lowers a network with a runner, which runs the parts of the graph that decide how it goes
 * on. Each part is a small plan of its own, freed when its numbers are read. All of them together
 * may do as much work as one plan of the network.
 */
#include "runtime/once.h"

#include <glib.h>
#include <string.h>

#include "base/error.h"
#include "base/tensor.h"
#include "graph/const.h"
#include "graph/cost.h"
#include "model/network/lower.h"
#include "runtime/session_state.h"

/* Runs parts of a network on its numbers. */
typedef struct part_runner {
    fv_session *s;
    const char *input;  /* name of the plan's input */
    const fv_tensor *x; /* its numbers */
    double cost;        /* of all parts so far */
} part_runner;

static fv_status execute(fvi_executable *e, const part_runner *r, float *out, fv_error *err) {
    const fvi_graph *g = fvi_executable_graph(e);
    fv_status st = FV_OK;
    for (int i = 0; !st && i < g->n_inputs; i++)
        if (!strcmp(g->values[g->inputs[i]].name, r->input))
            st = fvi_executable_set_input(e, i, r->x->data, err);
    if (!st) st = fvi_executable_forward(e, err);
    return st ? st : fvi_executable_read_target(e, 0, out, err);
}

static fv_status run_part(void *user, fvi_graph *g, float *out, fv_error *err) {
    part_runner *r = user;
    fvi_graph *copy = NULL;
    fvi_executable *e = NULL;
    const fvi_shape shape = fvi_tensor_shape(r->x);
    r->cost += fvi_graph_cost(g, 0);
    fv_status st = fvi_session_check_cost(r->s, &shape, r->cost, err);
    if (!st) st = fvi_session_piece(r->s, 0, 1, err);
    if (!st) st = fvi_graph_copy(g, &copy, err);
    if (!st) st = fvi_executable_new(fvi_session_device(r->s), copy, 0, &e, err);
    if (!st) st = execute(e, r, out, err);
    fvi_executable_free(e);
    fvi_forget_own(fvi_session_model(r->s), g);
    return st;
}

/* The main input's numbers as a constant of its own type; bytes to be freed with g_free. */
static fv_status main_constant(const fv_session *s, const fv_tensor *x, fvi_const *out,
                               fv_error *err) {
    const fvi_network *net = fvi_session_network(s);
    const int64_t count = fv_tensor_count(x);
    const fvi_dtype t = fvi_network_input_type(net, fvi_network_input(net)->name);
    uint8_t *bytes = g_try_malloc0((gsize)count * fvi_dtype_size(t) + 1);
    if (!bytes) return fvi_fail(err, FV_NOMEM, "no memory for a copy of the input");
    for (int64_t i = 0; i < count; i++) fvi_put_real(t, bytes, i, (double)x->data[i]);
    *out = (fvi_const){t, fvi_tensor_shape(x), bytes, 0};
    return FV_OK;
}

static fv_status lower(fv_session *s, const fvi_plan_key *key, const fvi_numbers *numbers,
                       fvi_graph **graph, fv_error *err) {
    const fvi_network *net = fvi_session_network(s);
    const char *main = fvi_network_input(net)->name;
    const char *at = numbers->at;
    part_runner r = {s, at ? at : main, at ? numbers->at_numbers : numbers->input, 0};
    const fvi_part_runner runner = {run_part, &r};
    fvi_const c = {0};
    fv_status st = at ? main_constant(s, numbers->input, &c, err) : FV_OK;
    if (st) return st;
    const fvi_binding bound[] = {
        {.name = main, .shape = key->input, .constant = at ? &c : NULL},
        {.name = at, .shape = at ? fvi_tensor_shape(numbers->at_numbers) : key->input}};
    const fvi_graph_request request = {bound, at ? 2 : 1, key->wanted, key->n_wanted, 0, &runner};
    st = fvi_network_lower_once(net, &request, graph, err);
    g_free((void *)(uintptr_t)c.bytes);
    return st;
}

/* Makes the plan, whose one input is the network's, or numbers->at. */
static fv_status make(fv_session *s, const fvi_plan_key *key, const fvi_numbers *numbers,
                      fv_error *err) {
    fvi_once_clear(&s->once);
    s->once.model = s->model;
    fv_status st = lower(s, key, numbers, &s->once.graph, err);
    if (!st) st = fvi_session_compile(s, key, s->once.graph, &s->once.plan, err);
    if (st)
        fvi_once_clear(&s->once);
    else
        s->plans_made++;
    return st;
}

fv_status fvi_session_plan_for(fv_session *s, const fvi_plan_key *key, const fvi_numbers *numbers,
                               fvi_executable **plan, int64_t *samples, fv_error *err) {
    fv_status st = FV_UNSUPPORTED;
    s->last.fresh = NULL;
    if (!numbers->at) st = fvi_session_plan(s, key, plan, samples, err);
    if (st != FV_UNSUPPORTED) return st;
    st = make(s, key, numbers, err);
    if (st) return st;
    *plan = s->once.plan;
    *samples = key->input.ndim > 0 ? key->input.dim[0] : 1;
    return FV_OK;
}

fv_status fvi_session_check_backward(const fv_session *s, const fvi_executable *plan,
                                     fv_error *err) {
    if (s->once.plan != plan || !s->once.graph || !s->once.graph->frozen) return FV_OK;
    return fvi_fail(err, FV_UNSUPPORTED, "%s, and the gradient does not go through it",
                    s->once.graph->frozen);
}
