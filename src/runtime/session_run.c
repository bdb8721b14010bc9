/* SPDX-License-Identifier: Apache-2.0 */
/* session_run: runs raw inputs forward to values of the graph, and backward from the caller's seeds
 * at those values.
 *
 * Reverse-mode differentiation: with seeds dL/dv at some values v, one backward run gives dL/dx for
 * any L. The values are those of the last forward run. Its plan still holds what the backward run
 * needs, unless a plan was used in between: then it is run again on a copy of the input.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/abs_max.h"
#include "base/error.h"
#include "base/tensor.h"
#include "model/network/find.h"
#include "model/network/lower.h"
#include "runtime/model_state.h"
#include "runtime/monitor.h"
#include "runtime/numbers/nonfinite.h"
#include "runtime/once.h"
#include "runtime/session.h"
#include "runtime/session_state.h"

#define MAX_VALUES 64 /* of one forward run */

/* Runs the plan over the input, `samples` at a time, joining the outputs along dim 0. */
static fv_status run_pieces(fv_session *s, fvi_executable *plan, const fv_tensor *input,
                            int64_t samples, fv_tensor *out, fv_error *err) {
    int64_t pieces = input->ndim && samples ? input->dim[0] / samples : 1;
    int64_t in_step = fv_tensor_count(input) / (pieces ? pieces : 1);
    int64_t out_step = fv_tensor_count(out) / (pieces ? pieces : 1);
    for (int64_t i = 0; i < pieces; i++) {
        fv_status st = fvi_session_piece(s, i * samples, pieces * samples, err);
        if (!st) st = fvi_session_forward(s, plan, input->data + i * in_step, err);
        if (!st) fvi_session_note_whole(s, plan, input->data + i * in_step);
        if (!st) st = fvi_executable_read_target(plan, 0, out->data + i * out_step, err);
        if (st) return st;
    }
    fvi_session_done(s, pieces * samples);
    return FV_OK;
}

/* "Nx3x224x224" */
static char *wanted_shape(const fvi_network *net) {
    const fv_input *in = fvi_network_input(net);
    GString *s = g_string_new(NULL);
    for (int i = 0; i < in->ndim; i++) {
        if (i) g_string_append_c(s, 'x');
        if (i == 0 && fvi_network_has_batch(net) &&
            !(in->dim[0] < 0 && in->ndim > 2 && in->dim[1] == 1 && !in->is_image))
            g_string_append_c(s, 'N');
        else if (in->dim[i] < 0)
            g_string_append_c(s, '?');
        else
            g_string_append_printf(s, "%" G_GINT64_FORMAT, in->dim[i]);
    }
    if (!in->ndim) g_string_append(s, "a single number, without axes");
    return g_string_free(s, FALSE);
}

fv_status fvi_check_input(const fvi_network *net, const fv_tensor *input, fv_tensor *view,
                          fv_error *err) {
    fvi_shape shape;
    fv_status st = fvi_tensor_check(input, "the input", err);
    if (st) return st;
    const fvi_shape have = fvi_tensor_shape(input);
    if (fvi_network_takes_shape(net, &have, &shape)) {
        st = fvi_network_check_numbers(net, input, err);
        if (st) return st;
        *view = (fv_tensor){.ndim = shape.ndim, .data = input->data};
        memcpy(view->dim, shape.dim, sizeof view->dim);
        return FV_OK;
    }
    char text[FVI_SHAPE_TEXT], *wanted = wanted_shape(net);
    st = fvi_fail(err, FV_SHAPE, "the input is %s; %s wants %s", fvi_shape_text(&have, text),
                  fvi_network_name(net), wanted);
    g_free(wanted);
    return st;
}

void fvi_session_note_size(const fv_session *s, const fv_tensor *view) {
    const fvi_network *net = s->model->network;
    const fv_input *in = fvi_network_input(net);
    const fvi_input_axes *axes = fvi_network_input_axes(net);
    const int64_t *have = view->dim + (in->channels_last ? 1 : 2);
    int64_t fixed[2] = {have[0], have[1]};
    char text[256];
    if (!in->is_image || view->ndim != 4 || (have[0] == in->height && have[1] == in->width)) return;
    for (int i = 0; i < in->ndim; i++)
        if (in->dim[i] > 0 && (axes->of[i] == FVI_AXIS_HEIGHT || axes->of[i] == FVI_AXIS_WIDTH))
            fixed[axes->of[i] == FVI_AXIS_WIDTH] = in->dim[i];
    if (fixed[0] == have[0] && fixed[1] == have[1]) return;
    snprintf(text, sizeof text,
             "the input is %lldx%lld, and the file fixes %lldx%lld: a network that is not made for "
             "other sizes (position embeddings) gives wrong numbers there",
             (long long)have[0], (long long)have[1], (long long)fixed[0], (long long)fixed[1]);
    fvi_monitor_note(fvi_session_monitor(s), text);
}

fv_status fvi_session_check_input(fv_session *s, const fv_tensor *input, fv_tensor *view,
                                  fv_error *err) {
    fv_error why;
    fv_status st = fvi_check_input(s->model->network, input, view, err);
    if (!st) fvi_session_note_size(s, view);
    if (!st && fvi_explain_input(input->data, fv_tensor_count(input), 1, &why))
        st = fvi_session_nonfinite(s, &why, err);
    return st;
}

/* A tensor for a target of a plan that takes `samples` of the input's samples at a time. */
static fv_status result_new(const fvi_executable *plan, int target, const fvi_shape *input,
                            int64_t samples, fv_tensor **out, fv_error *err) {
    const fvi_graph *g = fvi_executable_graph(plan);
    fvi_shape result = g->values[g->outputs[target]].shape;
    if (result.ndim && input->ndim && samples && input->dim[0] != samples)
        result.dim[0] *= input->dim[0] / samples;
    return fvi_tensor_new(&result, out, err);
}

fv_status fvi_session_run_value(fv_session *s, const fv_tensor *input, const char *name,
                                fv_tensor **out, fv_error *err) {
    fvi_shape shape = fvi_tensor_shape(input);
    fvi_executable *plan = NULL;
    int64_t samples = 0;
    const fvi_plan_key key = {shape, &name, 1, 0};
    const fvi_numbers numbers = {input, NULL, NULL};
    fv_status st = fvi_session_plan_for(s, &key, &numbers, &plan, &samples, err);
    if (st) return st;
    fv_tensor *t = NULL;
    st = result_new(plan, 0, &shape, samples, &t, err);
    if (!st) st = run_pieces(s, plan, input, samples, t, err);
    if (st) {
        fv_tensor_free(t);
        return st;
    }
    *out = t;
    return FV_OK;
}

fv_status fv_session_run(fv_session *s, const fv_tensor *input, const char *value, fv_tensor **out,
                         fv_error *err) {
    FVI_USE_THREADS(s);
    fv_status st = FVI_NOT_NULL_AS(err, "session, input, out", s, input, out);
    const char *name = NULL;
    fv_tensor view;
    if (!st) st = fvi_session_check_input(s, input, &view, err);
    if (!st) st = fvi_network_find_value(s->model->network, value, &name, err);
    return st ? st : fvi_session_run_value(s, &view, name, out, err);
}

/* ---- several values, and back from them ----------------------------------------------------- */

/* A forward or backward run of several values. */
typedef struct values_run {
    fvi_executable *plan;
    int64_t samples, pieces;
    const fv_tensor *input;
    int64_t step; /* numbers of the input in a piece */
} values_run;

/*   fresh  the plan of the last run, if it still holds that; one for a single run is used again */
static fv_status values_open(fv_session *s, const fv_tensor *input, const char *const *values,
                             int count, const fvi_executable *fresh, values_run *r, fv_error *err) {
    const fvi_shape shape = fvi_tensor_shape(input);
    const fvi_plan_key key = {shape, values, count, FVI_EXEC_BACKWARD};
    const fvi_numbers numbers = {input, NULL, NULL};
    fv_status st = FV_OK;
    r->plan = s->once.plan;
    r->samples = input->ndim ? input->dim[0] : 1;
    if (!fresh || fresh != s->once.plan)
        st = fvi_session_plan_for(s, &key, &numbers, &r->plan, &r->samples, err);
    if (st) return st;
    r->input = input;
    r->pieces = input->ndim && r->samples ? input->dim[0] / r->samples : 1;
    r->step = fv_tensor_count(input) / (r->pieces ? r->pieces : 1);
    return FV_OK;
}

/* Runs piece i forward, unless the monitor cancels. */
static fv_status values_forward(fv_session *s, const values_run *r, int64_t i, fv_error *err) {
    fv_status st = fvi_session_piece(s, i * r->samples, r->pieces * r->samples, err);
    const float *x = r->input->data + i * r->step;
    if (!st) st = fvi_session_forward(s, r->plan, x, err);
    if (!st) fvi_session_note_whole(s, r->plan, x);
    return st;
}

/* Numbers of target v in a piece. */
static int64_t target_count(const values_run *r, int v) {
    const fvi_graph *g = fvi_executable_graph(r->plan);
    return fvi_shape_count(&g->values[g->outputs[v]].shape);
}

static fv_status forward_all(fv_session *s, const values_run *r, int count, fv_tensor **outs,
                             fv_error *err) {
    const fvi_shape shape = fvi_tensor_shape(r->input);
    fv_status st = FV_OK;
    for (int v = 0; !st && v < count; v++)
        st = result_new(r->plan, v, &shape, r->samples, &outs[v], err);
    for (int64_t i = 0; !st && i < r->pieces; i++) {
        st = values_forward(s, r, i, err);
        for (int v = 0; !st && v < count; v++)
            st =
                fvi_executable_read_target(r->plan, v, outs[v]->data + i * target_count(r, v), err);
    }
    if (!st) fvi_session_done(s, r->pieces * r->samples);
    return st;
}

/* Stores a forward run of an input that was given in that shape; it owns the names then. */
static fv_status keep_last(fv_session *s, const values_run *r, const fvi_shape *given,
                           const char **names, int count, fv_error *err) {
    fv_tensor *copy = NULL;
    fv_status st = fvi_tensor_copy(r->input, &copy, err);
    if (st) return st;
    fvi_last_forward_clear(&s->last);
    s->last = (fvi_last_forward){copy, *given, names, count, r->pieces == 1 ? r->plan : NULL};
    return FV_OK;
}

fv_status fv_session_forward(fv_session *s, const fv_tensor *input, const char *const *values,
                             int count, fv_tensor **outs, fv_error *err) {
    FVI_USE_THREADS(s);
    fv_tensor *made[MAX_VALUES] = {NULL};
    values_run r = {0};
    fv_status st = FVI_NOT_NULL_AS(err, "session, input, values, outs", s, input, values, outs);
    if (st) return st;
    if (count < 1 || count > MAX_VALUES)
        return fvi_fail(err, FV_ARG, "count is %d; allowed: 1..%d", count, MAX_VALUES);
    const fvi_network *net = s->model->network;
    const char **names = g_new0(const char *, (gsize)count);
    fv_tensor view;
    st = fvi_session_check_input(s, input, &view, err);
    for (int v = 0; !st && v < count; v++)
        st = fvi_network_find_value(net, values[v], &names[v], err);
    if (!st) st = values_open(s, &view, names, count, NULL, &r, err);
    if (!st) st = forward_all(s, &r, count, made, err);
    const fvi_shape given = fvi_tensor_shape(input);
    if (!st) st = keep_last(s, &r, &given, names, count, err);
    if (st) {
        for (int v = 0; v < count; v++) fv_tensor_free(made[v]);
        g_free(names);
        return st;
    }
    memcpy(outs, made, (size_t)count * sizeof *outs);
    return FV_OK;
}

/* Checks that each seed has the shape of its value. */
static fv_status check_seeds(const fvi_last_forward *last, const values_run *r,
                             const fv_tensor *const *seeds, fv_error *err) {
    fv_status st = FV_OK;
    for (int v = 0; !st && v < last->count; v++) {
        if (!seeds[v]) continue;
        const fvi_graph *g = fvi_executable_graph(r->plan);
        fvi_shape wanted = g->values[g->outputs[v]].shape;
        if (wanted.ndim) wanted.dim[0] *= r->pieces;
        st = fvi_tensor_check(seeds[v], "a seed", err);
        if (st) return st;
        const fvi_shape have = fvi_tensor_shape(seeds[v]);
        char a[FVI_SHAPE_TEXT], b[FVI_SHAPE_TEXT];
        if (!fvi_shape_equal(&have, &wanted))
            st = fvi_fail(err, FV_SHAPE, "seed %d is %s; value \"%.200s\" is %s", v,
                          fvi_shape_text(&have, a), last->values[v], fvi_shape_text(&wanted, b));
    }
    return st;
}

/* Checks that the gradient of one piece, in dx, is finite. */
static fv_status check_gradient(fv_session *s, const values_run *r, int64_t i,
                                const fv_tensor *const *seeds, const float *dx, fv_error *err) {
    const float *piece[MAX_VALUES];
    float *zeros[MAX_VALUES] = {NULL};
    fv_error why;
    if (isfinite(fvi_abs_max(dx, r->step))) return FV_OK;
    for (int v = 0; v < s->last.count; v++) {
        const int64_t n = target_count(r, v);
        if (!seeds[v]) zeros[v] = g_new0(float, (gsize)n + 1);
        piece[v] = seeds[v] ? seeds[v]->data + i * n : zeros[v];
    }
    fvi_session_explain(s, r->plan, r->input->data + i * r->step, piece, &why);
    for (int v = 0; v < s->last.count; v++) g_free(zeros[v]);
    return fvi_session_nonfinite(s, &why, err);
}

/* Runs piece i backward from its seeds, and writes its gradient to dx. */
static fv_status backward_piece(fv_session *s, const values_run *r, int64_t i,
                                const fv_tensor *const *seeds, float *dx, fv_error *err) {
    fv_status st = FV_OK;
    for (int v = 0; !st && v < s->last.count; v++) {
        const int64_t n = target_count(r, v);
        float *seed = NULL;
        st = fvi_executable_edit_seed(r->plan, v, &seed, err);
        if (st) break;
        if (seeds[v])
            memcpy(seed, seeds[v]->data + i * n, (size_t)n * sizeof *seed);
        else
            memset(seed, 0, (size_t)n * sizeof *seed);
    }
    if (!st) st = fvi_executable_backward(r->plan, err);
    if (!st && fvi_executable_graph(r->plan)->n_inputs)
        st = fvi_executable_read_gradient(r->plan, 0, dx, err);
    else
        memset(dx, 0, (size_t)r->step * sizeof *dx);
    if (st) return st;
    return check_gradient(s, r, i, seeds, dx, err);
}

fv_status fv_session_backward(fv_session *s, const fv_tensor *const *seeds, fv_tensor **gradient,
                              fv_error *err) {
    FVI_USE_THREADS(s);
    fv_status st = FVI_NOT_NULL_AS(err, "session, seeds, gradient", s, seeds, gradient);
    if (st) return st;
    if (!s->last.input)
        return fvi_fail(err, FV_ARG, "fv_session_backward needs an fv_session_forward before it");
    const fvi_executable *fresh = s->last.fresh;
    fv_tensor *dx = NULL;
    values_run r = {0};
    st = values_open(s, s->last.input, s->last.values, s->last.count, fresh, &r, err);
    if (!st) st = fvi_session_check_backward(s, r.plan, err);
    if (!st) st = check_seeds(&s->last, &r, seeds, err);
    if (!st) st = fvi_tensor_new(&s->last.given, &dx, err);
    for (int64_t i = 0; !st && i < r.pieces; i++) {
        st = r.plan == fresh ? fvi_session_piece(s, 0, r.samples, err)
                             : values_forward(s, &r, i, err);
        if (!st) st = backward_piece(s, &r, i, seeds, dx->data + i * r.step, err);
    }
    if (st) {
        fv_tensor_free(dx);
        return st;
    }
    fvi_session_done(s, r.pieces * r.samples);
    *gradient = dx;
    return FV_OK;
}
