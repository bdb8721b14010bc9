/* SPDX-License-Identifier: Apache-2.0 */
/* Runs changed copies of one picture through the network, and evaluates one objective on each.
 *
 * Copies always run in batches of one size, the last of which is filled up: so there is one plan
 * for each kind of run, memory is bounded whatever a method asks for, and a map does not depend on
 * how many copies were left over. The size is chosen so that a batch holds about BATCH_NUMBERS
 * numbers: 8 pictures of 224 x 224, or half of that, a quarter, ... where the model's memory is
 * limited.
 */
#include "inspect/attribution/probe.h"
#include "model/network/lower.h"

#include <glib.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/tensor.h"
#include "inspect/layer_maps.h"
#include "model/network/output.h"
#include "runtime/monitor.h"
#include "runtime/numbers/nonfinite.h"
#include "vis/objective/bind.h"
#include "vis/update/gradient.h"

#define BATCH_NUMBERS 1250000
#define BATCH_MAX     16

/* Whether the input is one picture. */
static fv_status check_input(const fvi_network *net, const fv_tensor *input, fv_tensor *view,
                             fv_error *err) {
    const fv_input *in = fvi_network_input(net);
    char text[FVI_SHAPE_TEXT];
    fv_status st = in->is_image ? FV_OK : fvi_gradient_check_type(net, in->name, err);
    if (st) return st;
    if (in->kind == FV_INPUT_OTHER)
        return fvi_fail(err, FV_SHAPE,
                        "%s: the input \"%s\" is no picture, signal, volume or row of numbers "
                        "(samples on the first axis): no part of it can be shown; fovea gradient "
                        "writes its gradient as an array",
                        fvi_network_name(net), in->name);
    st = fvi_check_input(net, input, view, err);
    const fvi_shape shape = fvi_tensor_shape(st ? input : view);
    if (!st && shape.dim[0] != 1)
        st = fvi_fail(err, FV_SHAPE, "the input is %s; one sample is wanted",
                      fvi_shape_text(&shape, text));
    for (int64_t i = 0; !st && i < fv_tensor_count(input); i++)
        if (!isfinite(input->data[i]))
            st = fvi_fail(err, FV_ARG, "number %lld of the input is not finite", (long long)i);
    return st;
}

/* The class the network puts first. */
static fv_status first_class(fv_session *session, const fv_tensor *input, fv_objective **out,
                             fv_error *err) {
    char text[32];
    fv_prediction best = {0};
    fvi_row row;
    const fvi_network *net = fvi_session_network(session);
    fv_status st = fvi_network_class_row(net, &row, err);
    if (!st && row.length > 1) st = fv_session_classify(session, input, 1, &best, err);
    if (st) return st;
    snprintf(text, sizeof text, "class:%d", best.index);
    return fvi_objective_read(net, text, NULL, 0, out, err);
}

/* Resolves the objective; without one it is the class the network puts first. */
static fv_status resolve_objective(fv_session *session, const fv_tensor *input,
                                   const fv_objective *objective, fvi_objective *out,
                                   fv_error *err) {
    fv_objective *own = NULL;
    fv_status st = objective ? FV_OK : first_class(session, input, &own, err);
    if (!st)
        st = fvi_objective_resolve(objective ? objective : own, NULL, fvi_session_network(session),
                                   FVI_REDUCTION_LITERAL, out, err);
    if (!st) fvi_objective_tell(objective ? objective : own, fvi_session_monitor(session));
    fv_objective_free(own);
    return st;
}

static fvi_shape batch_shape(const fvi_perturbation *p, int n) {
    fvi_shape s = p->shape;
    s.dim[0] = n;
    return s;
}

fvi_shape fvi_perturbation_map_shape(const fvi_perturbation *p) {
    const int64_t size[] = {p->d, p->h, p->w};
    fvi_shape s = {.ndim = p->space};
    memcpy(s.dim, size + 3 - p->space, (size_t)p->space * sizeof *size);
    return s;
}

int fvi_perturbation_side(const fvi_perturbation *p) {
    const fvi_shape s = fvi_perturbation_map_shape(p);
    int64_t side = s.dim[0];
    for (int i = 1; i < s.ndim; i++) side = s.dim[i] < side ? s.dim[i] : side;
    return (int)side;
}

/* errors  SHAPE it has no axis of samples, or several sequences */
static fv_status check_samples(const fvi_perturbation *p, const fvi_input_axes *axes,
                               const fv_tensor *x, fv_error *err) {
    if (p->in->is_image) return FV_OK;
    if (axes->time_first && x->dim[2] != 1)
        return fvi_fail(err, FV_SHAPE,
                        "the input has %lld sequences (its first axis counts steps of time); one "
                        "is explained at a time",
                        (long long)x->dim[2]);
    if (axes->time_first || axes->of[0] == FVI_AXIS_BATCH) return FV_OK;
    return fvi_fail(err, FV_SHAPE,
                    "the input \"%s\" has no axis of samples: its parts cannot be shown",
                    p->in->name);
}

/* The grid of positions of an input in the shape that plans take.
 *   errors  SHAPE it has no axis of samples; UNSUPPORTED it is too long */
static fv_status find_grid(fvi_perturbation *p, const fv_tensor *x, fv_error *err) {
    const fvi_input_axes *axes = fvi_network_input_axes(fvi_session_network(p->session));
    int64_t size[] = {1, 1, 1, 1}; /* channels, depth, height, width */
    int c = -1, w = -1;
    const fv_status st = check_samples(p, axes, x, err);
    if (st) return st;
    p->space = 0;
    for (int i = axes->time_first; !p->in->is_image && i < x->ndim; i++) {
        const fvi_axis axis = axes->of[i - axes->time_first];
        if (axis == FVI_AXIS_BATCH) continue;
        if (axis == FVI_AXIS_CHANNEL)
            c = i;
        else
            w = i, p->space++;
        size[axis == FVI_AXIS_ALL ? 3 : axis - FVI_AXIS_CHANNEL] = x->dim[i];
    }
    if (p->in->is_image) {
        const int y = p->in->channels_last ? 1 : 2;
        c = p->in->channels_last ? 3 : 1, w = y + 1, p->space = 2;
        size[0] = x->dim[c], size[2] = x->dim[y], size[3] = x->dim[w];
    }
    for (int i = 0; i < 4; i++)
        if (size[i] > INT32_MAX)
            return fvi_fail(err, FV_UNSUPPORTED, "the input has an axis of %lld",
                            (long long)size[i]);
    p->channels = (int)size[0], p->d = (int)size[1], p->h = (int)size[2], p->w = (int)size[3];
    p->channels_last = c > w;
    p->plane = size[1] * size[2] * size[3];
    return FV_OK;
}

/* Lets the batch follow the model's memory, once, for the largest kind of run. */
static fv_status fit_batch(fvi_perturbation *p, fv_error *err) {
    const fvi_plan_key key = {batch_shape(p, p->batch), p->objective.values, p->objective.n_values,
                              FVI_EXEC_BACKWARD};
    const size_t each = 2 * (size_t)p->count * sizeof *p->x;
    return fvi_session_fit(p->session, &key, p->batch, each, &p->batch, err);
}

static fv_status new_resolved(fv_session *session, const fv_tensor *input,
                              const fvi_objective *objective, fvi_perturbation **out,
                              fv_error *err) {
    const fvi_network *net = fvi_session_network(session);
    fvi_perturbation *p = calloc(1, sizeof *p);
    if (!p) return fvi_fail(err, FV_NOMEM, "out of memory");
    const fv_input *in = fvi_network_input(net);
    p->session = session;
    p->in = in;
    p->shape = fvi_tensor_shape(input);
    p->count = fv_tensor_count(input);
    p->picture = input->data;
    p->what = "";
    int64_t batch = BATCH_NUMBERS / p->count;
    p->batch = batch < 1 ? 1 : batch > BATCH_MAX ? BATCH_MAX : (int)batch;
    fvi_objective_copy(objective, &p->objective);
    fv_status st = find_grid(p, input, err);
    if (!st) st = fvi_objective_check_plain(objective, "a picture's parts", err);
    if (!st) st = fit_batch(p, err);
    size_t numbers = (size_t)p->batch * (size_t)p->count;
    p->x = calloc(numbers, sizeof *p->x);
    p->dx = calloc(numbers, sizeof *p->dx);
    p->values = calloc((size_t)p->batch, sizeof *p->values);
    if (!st && (!p->x || !p->dx || !p->values)) st = fvi_fail(err, FV_NOMEM, "out of memory");
    if (st)
        fvi_perturbation_free(p);
    else
        *out = p;
    return st;
}

fv_status fvi_perturbation_new_resolved(fv_session *session, const fv_tensor *input,
                                        const fvi_objective *objective, fvi_perturbation **out,
                                        fv_error *err) {
    fv_tensor view;
    fv_status st = check_input(fvi_session_network(session), input, &view, err);
    if (!st) fvi_session_note_size(session, &view);
    return st ? st : new_resolved(session, &view, objective, out, err);
}

fv_status fvi_perturbation_new(fv_session *session, const fv_tensor *input,
                               const fv_objective *objective, fvi_perturbation **out,
                               fv_error *err) {
    fvi_objective o = {0};
    fv_tensor view;
    fv_status st = check_input(fvi_session_network(session), input, &view, err);
    if (!st) fvi_session_note_size(session, &view);
    if (!st) st = resolve_objective(session, &view, objective, &o, err);
    if (!st) st = new_resolved(session, &view, &o, out, err);
    fvi_objective_clear(&o);
    return st;
}

void fvi_perturbation_free(fvi_perturbation *p) {
    if (!p) return;
    fvi_objective_clear(&p->objective);
    for (int v = 0; v < FVI_MAX_VALUES; v++) free(p->seeds[v]);
    free(p->x);
    free(p->dx);
    free(p->values);
    free(p);
}

/* ---- forward only --------------------------------------------------------------------------- */

/* Allocates buffers for the gradients that objectives write together with their values. */
static fv_status reserve_seeds(fvi_perturbation *p, const fvi_graph *g, fv_error *err) {
    for (int v = 0; v < p->objective.n_values; v++) {
        int64_t n = fvi_shape_count(&g->values[g->outputs[v]].shape);
        if (n <= p->seed_count[v]) continue;
        free(p->seeds[v]);
        p->seeds[v] = calloc((size_t)n, sizeof *p->seeds[v]);
        p->seed_count[v] = p->seeds[v] ? n : 0;
        if (!p->seeds[v]) return fvi_fail(err, FV_NOMEM, "out of memory");
    }
    return FV_OK;
}

/* Values of a forward run are not finite: what the session says to that. */
static fv_status broken(fvi_perturbation *p, fvi_executable *plan, const float *x, fv_error *err) {
    fv_error why;
    fvi_session_explain(p->session, plan, x, NULL, &why);
    return fvi_session_nonfinite(p->session, &why, err);
}

static fv_status run_forward(fvi_perturbation *p, fvi_executable *plan, const fvi_bound *bound,
                             int64_t samples, const float *x, double *values, fv_error *err) {
    const float *targets[FVI_MAX_VALUES];
    fv_status st = fvi_executable_set_input(plan, 0, x, err);
    if (!st) st = fvi_executable_forward(plan, err);
    for (int v = 0; !st && v < p->objective.n_values; v++)
        st = fvi_executable_view_target(plan, v, &targets[v], err);
    if (st) return st;
    for (int64_t n = 0; n < samples; n++)
        values[n] = fvi_bound_evaluate(bound, n, targets, p->seeds);
    for (int64_t n = 0; n < samples; n++)
        if (!isfinite(values[n])) return broken(p, plan, x, err);
    return FV_OK;
}

/* Copies i..i + samples - 1 with their gradients. */
static fv_status run_gradient(fvi_perturbation *p, fvi_executable *plan,
                              const fvi_bound *const *bound, int64_t samples, const float *x,
                              int64_t i, fv_error *err) {
    const fvi_gradient_run run = {.plan = plan,
                                  .bound = bound,
                                  .samples = samples,
                                  .group = 1,
                                  .x = x,
                                  .values = p->values + i,
                                  .dx = p->dx + i * p->count};
    fv_error why;
    fv_status st = fvi_gradient(&run, err);
    for (int64_t k = 0; !st && k < samples; k++)
        if (fvi_gradient_check(p->session, &run, k, &why))
            st = fvi_session_nonfinite(p->session, &why, err);
    return st;
}

/* ---- batches -------------------------------------------------------------------------------- */

static fv_status run_batch(fvi_perturbation *p, int flags, fv_error *err) {
    fvi_executable *plan = NULL;
    fvi_bound *bound = NULL;
    const fvi_bound *all[BATCH_MAX];
    int64_t samples = 0;
    const fvi_objective *o = &p->objective;
    const fvi_plan_key key = {batch_shape(p, p->batch), o->values, o->n_values, flags};
    fv_status st = fvi_session_plan(p->session, &key, &plan, &samples, err);
    if (!st) st = fvi_objective_bind(o, fvi_executable_graph(plan), samples, NULL, &bound, err);
    if (!st && !flags) st = reserve_seeds(p, fvi_executable_graph(plan), err);
    for (int i = 0; i < BATCH_MAX; i++) all[i] = bound;
    for (int64_t i = 0; !st && i < p->batch; i += samples) {
        const float *x = p->x + i * p->count;
        st = flags ? run_gradient(p, plan, all, samples, x, i, err)
                   : run_forward(p, plan, bound, samples, x, p->values + i, err);
    }
    fvi_bound_free(bound);
    return st;
}

/* Counts n copies as done and reports to the session's monitor. */
static fv_status tell(fvi_perturbation *p, int n, fv_error *err) {
    const fv_monitor *monitor = fvi_session_monitor(p->session);
    p->done += n;
    if (!monitor) return FV_OK;
    double sum = 0;
    for (int i = 0; i < n; i++) sum += p->values[i];
    const fv_progress now = {.done = p->done,
                             .total = p->total > p->done ? p->total : p->done,
                             .objective = sum / n,
                             .what = p->what,
                             .iteration = p->done,
                             .level = 1};
    const int answer = fvi_monitor_report(monitor, &now);
    if (answer == FV_MONITOR_CANCEL)
        return fvi_monitor_cancelled(now.done, now.total, "pictures", err);
    if (answer == FV_MONITOR_STOP) p->stopped = 1;
    return FV_OK;
}

fv_status fvi_perturbation_run(fvi_perturbation *p, int n, int flags, fv_error *err) {
    for (int i = n; i < p->batch; i++)
        memcpy(p->x + i * p->count, p->x, (size_t)p->count * sizeof *p->x);
    fv_status st = run_batch(p, flags, err);
    return st ? st : tell(p, n, err);
}

fv_status fvi_perturbation_run_picture(fvi_perturbation *p, int flags, fv_error *err) {
    memcpy(p->x, p->picture, (size_t)p->count * sizeof *p->x);
    return fvi_perturbation_run(p, 1, flags, err);
}

/* ---- inside --------------------------------------------------------------------------------- */

char *fvi_perturbation_other_methods(void) {
    GString *all = g_string_new(NULL);
    const char *last = NULL;
    for (int i = 0; i < fv_method_count(); i++) {
        const fv_method_info *m = fv_method_at(i);
        if (strstr(m->options, "layer")) continue;
        if (last) g_string_append_printf(all, "%s%s", all->len ? ", " : "", last);
        last = m->name;
    }
    if (last) g_string_append_printf(all, "%s%s", all->len ? " and " : "", last);
    return g_string_free(all, FALSE);
}

/* Fails since a layer's values are no maps over an input that is no picture. */
static fv_status no_maps(const fvi_perturbation *p, const char *name, const fvi_shape *s,
                         fv_error *err) {
    char text[FVI_SHAPE_TEXT], *methods = fvi_perturbation_other_methods();
    const fv_status st = fvi_fail(err, FV_SHAPE,
                                  "layer \"%.120s\" is %s, no maps over the input: besides samples "
                                  "and channels it has not %d axes; --method %s need none",
                                  name, fvi_shape_text(s, text), p->space, methods);
    g_free(methods);
    return st;
}

/* Where a layer's maps are, and the shape of its copy.
 *   out  [channels][positions...] of an input that is no picture, else [channels][rows][columns] */
static fv_status find_maps(const fvi_perturbation *p, const fvi_graph *g, int v, const char *name,
                           fvi_layer_maps *m, fvi_shape *out, fv_error *err) {
    const fvi_network *net = fvi_session_network(p->session);
    int axis[FVI_MAX_DIMS];
    fv_status st = fvi_layer_maps_find(net, g, v, 1, name, m, err);
    if (st) return st;
    *out = (fvi_shape){3, {m->extent.channels, m->grid.rows, m->grid.columns}};
    if (p->in->is_image)
        return fvi_token_grid_is_map(&m->grid) ? FV_OK : fvi_layer_maps_refuse(net, name, m, err);
    const int n = fvi_position_axes(&m->sample, axis);
    if (n != p->space || p->in->kind == FV_INPUT_ROW)
        return no_maps(p, name, &g->values[v].shape, err);
    *out = (fvi_shape){.ndim = 1 + n, .dim = {m->extent.channels}};
    for (int i = 0; i < n; i++) out->dim[1 + i] = m->sample.shape.dim[axis[i]];
    return FV_OK;
}

/* The values of a layer, as find_maps says; zeros where there are none. */
static fv_status copy_layer(const fvi_perturbation *p, const fvi_layer_maps *m,
                            const fvi_shape *shape, const float *from, fv_tensor **out,
                            fv_error *err) {
    const fv_status st = fvi_tensor_new(shape, out, err);
    if (!st && from)
        fvi_layer_maps_copy(m, p->in->is_image, 0, fvi_shape_product(shape, 1, shape->ndim), from,
                            (*out)->data);
    return st;
}

/* Forward, objective, backward, with the layer as target `at`. */
static fv_status run_inside(fvi_perturbation *p, fvi_executable *plan, int at, fv_error *err) {
    const float *targets[FVI_MAX_VALUES];
    float *seeds[FVI_MAX_VALUES + 1];
    fvi_bound *bound = NULL;
    const fvi_graph *g = fvi_executable_graph(plan);
    const int n = p->objective.n_values;
    fv_status st = fvi_executable_set_input(plan, 0, p->picture, err);
    if (!st) st = fvi_objective_bind(&p->objective, g, 1, NULL, &bound, err);
    if (!st) st = fvi_executable_forward(plan, err);
    for (int v = 0; !st && v < n; v++) {
        st = fvi_executable_view_target(plan, v, &targets[v], err);
        if (!st) st = fvi_executable_edit_seed(plan, v, &seeds[v], err);
    }
    if (!st && at == n) st = fvi_executable_edit_seed(plan, at, &seeds[at], err);
    if (st) goto done;
    p->values[0] = fvi_bound_evaluate(bound, 0, targets, seeds);
    if (!isfinite(p->values[0])) st = broken(p, plan, p->picture, err);
    if (st) goto done;
    if (at == n)
        memset(seeds[at], 0,
               (size_t)fvi_shape_count(&g->values[g->outputs[at]].shape) * sizeof(float));
    st = fvi_executable_backward(plan, err);
done:
    fvi_bound_free(bound);
    return st;
}

fv_status fvi_perturbation_layer(fvi_perturbation *p, const char *value, fvi_layer_maps *maps,
                                 fv_tensor **y, fv_tensor **dy, fv_error *err) {
    const char *wanted[FVI_MAX_VALUES + 1] = {0};
    const int n = p->objective.n_values;
    int at = n;
    for (int v = 0; v < n; v++) {
        wanted[v] = p->objective.values[v];
        if (!strcmp(wanted[v], value)) at = v; /* the objective looks at this very layer */
    }
    wanted[n] = value;
    fvi_executable *plan = NULL;
    int64_t samples = 0;
    fvi_shape shape;
    fv_tensor *values = NULL, *gradients = NULL;
    const fvi_plan_key key = {batch_shape(p, 1), wanted, at == n ? n + 1 : n,
                              FVI_EXEC_BACKWARD | FVI_EXEC_TARGET_GRADIENTS};
    fv_status st = fvi_session_plan(p->session, &key, &plan, &samples, err);
    if (st) return st;
    const fvi_graph *g = fvi_executable_graph(plan);
    st = find_maps(p, g, g->outputs[at], value, maps, &shape, err);
    if (!st) st = run_inside(p, plan, at, err);
    const float *from = NULL;
    if (!st) st = fvi_executable_view_target(plan, at, &from, err);
    if (!st) st = copy_layer(p, maps, &shape, from, &values, err);
    if (!st) st = fvi_executable_view_target_gradient(plan, at, &from, err);
    if (!st) st = copy_layer(p, maps, &shape, from, &gradients, err);
    if (!st) st = tell(p, 1, err);
    if (st) {
        fv_tensor_free(values);
        fv_tensor_free(gradients);
        return st;
    }
    *y = values;
    *dy = gradients;
    return FV_OK;
}
