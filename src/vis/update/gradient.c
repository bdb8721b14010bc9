/* SPDX-License-Identifier: Apache-2.0 */
/* gradient: forward, objectives, seeds, backward. Samples influence each other only through joint
 * terms, and those only within their group.
 */
#include "vis/update/gradient.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/abs_max.h"
#include "base/error.h"
#include "base/tensor.h"
#include "graph/const.h"
#include "model/network/find.h"
#include "runtime/numbers/nonfinite.h"
#include "runtime/once.h"
#include "vis/update/stage_timer.h"

/* Objectives and seeds of all samples, from the targets of the last forward run. */
static fv_status seed_all(const fvi_gradient_run *r, fv_error *err) {
    const float *targets[FVI_MAX_VALUES];
    float *seeds[FVI_MAX_VALUES];
    int n_values = fvi_executable_graph(r->plan)->n_outputs;
    for (int v = 0; v < n_values; v++) {
        fv_status st = fvi_executable_view_target(r->plan, v, &targets[v], err);
        if (!st) st = fvi_executable_edit_seed(r->plan, v, &seeds[v], err);
        if (st) return st;
    }
#pragma omp parallel for schedule(static) if (r->samples > 1)
    for (int64_t n = 0; n < r->samples; n++)
        r->values[n] = fvi_bound_evaluate(r->bound[n], n, targets, seeds);
    int64_t members[FVI_MAX_GROUP];
    fv_status st = FV_OK;
    for (int64_t n = 0; !st && r->group > 1 && n + r->group <= r->samples; n += r->group) {
        const fvi_group_call group = {members, r->group, targets, seeds, r->values + n};
        for (int i = 0; i < r->group; i++) members[i] = n + i;
        st = fvi_bound_evaluate_joint(r->bound[n], &group, err);
    }
    return st;
}

fv_status fvi_gradient(const fvi_gradient_run *r, fv_error *err) {
    fv_status st = fvi_executable_set_input(r->plan, 0, r->x, err);
    if (!st) st = fvi_executable_forward(r->plan, err);
    if (st) return st;
    fvi_stage_timer(r->times, FV_STAGE_NETWORK);
    st = seed_all(r, err);
    if (st) return st;
    fvi_stage_timer(r->times, FV_STAGE_OBJECTIVE);
    st = fvi_executable_backward(r->plan, err);
    if (!st) st = fvi_executable_read_gradient(r->plan, 0, r->dx, err);
    fvi_stage_timer(r->times, FV_STAGE_NETWORK);
    return st;
}

/* A copy of a target's seed; NULL: no memory. */
static float *copy_seed(fvi_executable *plan, int v) {
    const fvi_graph *g = fvi_executable_graph(plan);
    const int64_t count = fvi_shape_count(&g->values[g->outputs[v]].shape);
    float *seed = NULL, *copy = malloc((size_t)(count > 0 ? count : 1) * sizeof *copy);
    if (copy && fvi_executable_edit_seed(plan, v, &seed, NULL)) {
        free(copy);
        return NULL;
    }
    if (copy) memcpy(copy, seed, (size_t)count * sizeof *copy);
    return copy;
}

static void free_seeds(float **seeds, int n) {
    for (int v = 0; seeds && v < n; v++) free(seeds[v]);
    free(seeds);
}

/* The seeds of sample k alone, in every sample's place: [targets][count]; to be freed with
 * free_seeds. NULL: no memory. */
static float **seeds_of(fvi_executable *plan, const fvi_bound *bound, int64_t samples,
                        const float *x) {
    const int n = fvi_executable_graph(plan)->n_outputs;
    const fvi_bound **all = malloc((size_t)samples * sizeof *all);
    double *values = malloc((size_t)samples * sizeof *values);
    float **seeds = calloc((size_t)n + 1, sizeof *seeds);
    int failed = !all || !values || !seeds;
    for (int64_t i = 0; !failed && i < samples; i++) all[i] = bound;
    const fvi_gradient_run run = {
        .plan = plan, .bound = all, .samples = samples, .group = 1, .values = values};
    if (!failed)
        failed = fvi_executable_set_input(plan, 0, x, NULL) || fvi_executable_forward(plan, NULL) ||
                 seed_all(&run, NULL);
    for (int v = 0; !failed && v < n; v++) failed = !(seeds[v] = copy_seed(plan, v));
    free(values);
    free(all);
    if (!failed) return seeds;
    free_seeds(seeds, n);
    return NULL;
}

/* Why sample k came out as it did: all samples become this one, so that no other is blamed. */
static void explain(fv_session *s, const fvi_gradient_run *r, int64_t k, int64_t count,
                    fv_error *why) {
    float *same = malloc((size_t)(r->samples * count) * sizeof *same);
    for (int64_t i = 0; same && i < r->samples; i++)
        memcpy(same + i * count, r->x + k * count, (size_t)count * sizeof *same);
    float **seeds = same ? seeds_of(r->plan, r->bound[k], r->samples, same) : NULL;
    fvi_session_explain(s, r->plan, same ? same : r->x, (const float *const *)seeds, why);
    free_seeds(seeds, fvi_executable_graph(r->plan)->n_outputs);
    free(same);
}

fv_status fvi_gradient_check(fv_session *s, const fvi_gradient_run *r, int64_t k, fv_error *why) {
    const fvi_graph *g = fvi_executable_graph(r->plan);
    if (!g->n_inputs) return FV_OK; /* the targets are constants */
    const int64_t count = fvi_shape_count(&g->values[g->inputs[0]].shape) / r->samples;
    const float largest = fvi_abs_max(r->dx + k * count, count);
    if (largest == 0 && fvi_abs_max(r->dx, count * r->samples) == 0)
        fvi_session_note_zero(s, r->plan, r->x);
    if (isfinite(r->values[k]) && isfinite(largest)) return FV_OK;
    explain(s, r, k, count, why);
    return FV_NONFINITE;
}

/* Runs a plan over the input in equal pieces of whole->samples each; the values and the gradient of
 * `whole` have room for the whole input's. */
static fv_status gradient_pieces(fv_session *s, const fvi_gradient_run *whole,
                                 const fvi_objective *o, const fv_tensor *input, int64_t pieces,
                                 fv_error *err) {
    const int64_t samples = whole->samples;
    fvi_bound *bound = NULL;
    fv_status st =
        fvi_objective_bind(o, fvi_executable_graph(whole->plan), samples, NULL, &bound, err);
    if (st) return st;
    const fvi_bound **all = malloc((size_t)samples * sizeof *all);
    if (!all) st = fvi_fail(err, FV_NOMEM, "out of memory");
    for (int64_t i = 0; !st && i < samples; i++) all[i] = bound;
    fvi_gradient_run piece = *whole;
    piece.bound = all;
    int64_t step = fv_tensor_count(input) / pieces;
    for (int64_t i = 0; !st && i < pieces; i++) {
        fv_error why;
        piece.x = input->data + i * step;
        piece.dx = whole->dx + i * step;
        piece.values = whole->values + i * samples;
        st = fvi_session_piece(s, i * samples, pieces * samples, err);
        if (st) break;
        st = fvi_gradient(&piece, err);
        for (int64_t k = 0; !st && k < samples; k++)
            if (fvi_gradient_check(s, &piece, k, &why)) st = fvi_session_nonfinite(s, &why, err);
    }
    if (!st) fvi_session_done(s, pieces * samples);
    free(all);
    fvi_bound_free(bound);
    return st;
}

/* What a gradient is taken at: the network's input, or another value. */
typedef struct gradient_at {
    const fv_tensor *numbers;
    fvi_numbers given;
    const char *name; /* NULL: the network's input */
    fv_tensor *own;   /* of numbers that were computed; or NULL */
} gradient_at;

/* The first layer that looks up what stands for an integer, or NULL. */
static const char *embedding(const fvi_network *net) {
    for (int i = 0; i < fvi_network_layer_count(net); i++)
        if (!strcmp(fvi_network_layer(net, i)->kind, "embedding"))
            return fvi_network_layer(net, i)->name;
    return NULL;
}

fv_status fvi_gradient_check_type(const fvi_network *net, const char *name, fv_error *err) {
    const fvi_dtype t = fvi_network_input_type(net, name);
    const char *layer = embedding(net);
    if (!fvi_dtype_is_int(t) || t == FVI_U8 || t == FVI_I8) return FV_OK; /* bytes: pixels */
    return fvi_fail(
        err, FV_UNSUPPORTED,
        "input \"%.100s\" holds integers (%s), at which there is no gradient; it can be "
        "taken at a layer inside: gradient --wrt %.200s (fv_session_gradient_at)",
        name, fvi_dtype_name(t), layer ? layer : "LAYER");
}

/* Finds the value that the gradient is taken at, and its numbers. */
static fv_status find_at(fv_session *s, const fv_tensor *input, const char *wrt, gradient_at *out,
                         fv_error *err) {
    const fvi_network *net = fvi_session_network(s);
    const char *main = fvi_network_input(net)->name, *name = main;
    *out = (gradient_at){input, {input, NULL, NULL}, NULL, NULL};
    fv_status st = wrt ? fvi_network_find_value(net, wrt, &name, err) : FV_OK;
    if (!st) st = fvi_gradient_check_type(net, name, err);
    if (st || !strcmp(name, main)) return st;
    out->name = name;
    st = fv_session_run(s, input, name, &out->own, err);
    out->numbers = out->own;
    out->given = (fvi_numbers){input, name, out->own};
    return st;
}

/* The objective's values and gradient at `at`. */
static fv_status gradient_of(fv_session *s, const fvi_objective *o, const gradient_at *at,
                             double *found, fv_tensor *dx, fv_error *err) {
    const fvi_shape shape = fvi_tensor_shape(at->given.input);
    fvi_executable *plan = NULL;
    int64_t samples = 0;
    const fvi_plan_key key = {shape, o->values, o->n_values, FVI_EXEC_BACKWARD};
    fv_status st = fvi_session_plan_for(s, &key, &at->given, &plan, &samples, err);
    if (!st) st = fvi_session_check_backward(s, plan, err);
    if (st) return st;
    const fvi_gradient_run run = {
        .plan = plan, .samples = samples, .group = 1, .values = found, .dx = dx->data};
    const int64_t pieces = shape.ndim && !at->name ? shape.dim[0] / samples : 1;
    return gradient_pieces(s, &run, o, at->numbers, pieces, err);
}

fv_status fv_session_gradient_at(fv_session *s, const fv_tensor *input,
                                 const fv_objective *objective, const char *wrt, double *values,
                                 fv_tensor **gradient, fv_error *err) {
    FVI_USE_THREADS(s);
    fv_status st =
        FVI_NOT_NULL_AS(err, "session, input, objective, gradient", s, input, objective, gradient);
    if (st) return st;
    const fvi_network *net = fvi_session_network(s);
    fvi_objective o = {0};
    gradient_at at = {0};
    fv_tensor *dx = NULL;
    double *found = NULL; /* values are the caller's only when all is well */
    fv_tensor view;
    fvi_objective_tell(objective, fvi_session_monitor(s));
    st = fvi_session_check_input(s, input, &view, err);
    const int64_t count = !st && view.ndim ? view.dim[0] : 1; /* a scalar is one sample */
    if (!st) st = fvi_objective_resolve(objective, NULL, net, FVI_REDUCTION_LITERAL, &o, err);
    if (!st) st = fvi_objective_check_plain(&o, "a raw input", err);
    if (!st) st = find_at(s, &view, wrt, &at, err);
    const fv_tensor *like = at.own ? at.own : input;
    if (!st) st = fv_tensor_new(like->ndim, like->dim, &dx, err);
    if (!st && !(found = calloc((size_t)count + 1, sizeof *found)))
        st = fvi_fail(err, FV_NOMEM, "no memory for %lld values", (long long)count);
    if (!st) st = gradient_of(s, &o, &at, found, dx, err);
    fvi_objective_clear(&o);
    fv_tensor_free(at.own);
    if (!st && values) memcpy(values, found, (size_t)count * sizeof *values);
    free(found);
    if (st) {
        fv_tensor_free(dx);
        return st;
    }
    *gradient = dx;
    return FV_OK;
}

fv_status fv_session_gradient(fv_session *s, const fv_tensor *input, const fv_objective *objective,
                              double *values, fv_tensor **gradient, fv_error *err) {
    return fv_session_gradient_at(s, input, objective, NULL, values, gradient, err);
}
