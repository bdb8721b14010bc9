/* SPDX-License-Identifier: Apache-2.0 */
/* gradient: forward, objectives, seeds, backward. Samples never influence each other: each has its
 * own objective and its own seed.
 */
#include "vis/gradient.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/tensor.h"

fv_status fvi_gradient(fvi_plan *plan, const fvi_unit *units, int64_t samples, const float *x,
                       double *values, float *dx, fv_error *err) {
    if (x) fvi_plan_set_input(plan, 0, x);
    fv_status st = fvi_plan_forward(plan, err);
    if (st) return st;
    const float *target = fvi_plan_target(plan, 0);
    float *seed = fvi_plan_seed(plan, 0);
#pragma omp parallel for schedule(static)
    for (int64_t n = 0; n < samples; n++) {
        if (values) values[n] = fvi_unit_value(&units[n], n, target);
        fvi_unit_seed(&units[n], n, target, seed);
    }
    st = fvi_plan_backward(plan, err);
    if (!st) fvi_plan_get_gradient(plan, 0, dx);
    return st;
}

/* Runs the plan over the input, `samples` at a time. */
static fv_status gradient_pieces(fvi_plan *plan, const fvi_objective *o, const fv_tensor *input,
                                 int64_t samples, double *values, fv_tensor *dx, fv_error *err) {
    const fvi_graph *g = fvi_plan_graph(plan);
    fvi_unit unit;
    fv_status st = fvi_objective_bind(o, g, g->outputs[0], samples, &unit, err);
    if (st) return st;
    fvi_unit *units = malloc((size_t)samples * sizeof *units);
    if (!units) return fvi_fail(err, FV_NOMEM, "out of memory");
    for (int64_t i = 0; i < samples; i++) units[i] = unit;
    int64_t pieces = input->dim[0] / samples, step = fv_tensor_count(input) / pieces;
    for (int64_t i = 0; !st && i < pieces; i++)
        st = fvi_gradient(plan, units, samples, input->data + i * step,
                          values ? values + i * samples : NULL, dx->data + i * step, err);
    free(units);
    return st;
}

fv_status fv_session_gradient(fv_session *s, const fv_tensor *input, const char *objective,
                              double *values, fv_tensor **gradient, fv_error *err) {
    if (!s || !input || !gradient)
        return fvi_fail(err, FV_ARG,
                        "fv_session_gradient: session, input and gradient must not be "
                        "NULL");
    const fvi_network *net = fvi_session_network(s);
    fvi_objective o;
    fvi_shape shape = fvi_tensor_shape(input);
    fvi_plan *plan = NULL;
    int64_t samples = 0;
    fv_tensor *dx = NULL;
    fv_status st = fvi_check_input(net, input, err);
    if (!st) st = fvi_objective_parse(net, objective, &o, err);
    if (!st) st = fvi_session_plan(s, &shape, &o.value, 1, FVI_PLAN_BACKWARD, &plan, &samples, err);
    if (!st) st = fvi_tensor_new(&shape, &dx, err);
    if (!st) st = gradient_pieces(plan, &o, input, samples, values, dx, err);
    if (st) {
        fv_tensor_free(dx);
        return st;
    }
    *gradient = dx;
    return FV_OK;
}
