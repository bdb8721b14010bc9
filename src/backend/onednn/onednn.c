/* SPDX-License-Identifier: Apache-2.0 */
/* onednn: the backend's table. A device holds a model's weights in the layouts its plans need; an
 * executable is a plan (plan.h) with its own engine and stream, so that executables of one device
 * can run in different threads. All values are in host memory and can be mapped.
 */
#include "backend/onednn/onednn.h"

#include <stdlib.h>

#include "backend/executable.h"
#include "backend/onednn/dnnl/dnnl_conv.h"
#include "backend/onednn/plan.h"
#include "backend/onednn/schedule/weight_cache.h"
#include "base/error.h"

typedef struct device {
    fvi_weight_cache *weights;
    fv_precision precision;
} device;

typedef struct executable {
    fvi_dnnl_engine *engine;
    fvi_plan *plan;
    fvi_profile *profile; /* NULL: not timed */
} executable;

/* ---- devices -------------------------------------------------------------------------------- */

static void device_free(void *data) {
    device *d = data;
    fvi_weight_cache_free(d->weights);
    free(d);
}

static fv_status choose_precision(device *d, fv_precision wanted, fv_error *err) {
    d->precision = FV_PRECISION_F32;
    if (wanted != FV_PRECISION_BF16 && wanted != FV_PRECISION_AUTO) return FV_OK;
    fvi_dnnl_engine *engine = NULL;
    fv_status st = fvi_dnnl_engine_new(&engine, err);
    if (!st && fvi_dnnl_engine_has_bf16(engine)) d->precision = FV_PRECISION_BF16;
    fvi_dnnl_engine_free(engine);
    return st;
}

static fv_status device_new(const fvi_device_desc *desc, void **out, fv_error *err) {
    device *d = calloc(1, sizeof *d);
    if (!d) return fvi_fail(err, FV_NOMEM, "out of memory");
    d->weights = fvi_weight_cache_new();
    fv_status st = d->weights ? choose_precision(d, desc->precision, err)
                              : fvi_fail(err, FV_NOMEM, "out of memory");
    if (st) {
        device_free(d);
        return st;
    }
    if (desc->memory) fvi_weight_cache_set_limit(d->weights, desc->memory);
    fvi_weight_cache_set_release(d->weights, desc->release, desc->user);
    *out = d;
    return FV_OK;
}

static const char *device_name(const void *d) {
    (void)d;
    return fvi_dnnl_version();
}

static fv_precision device_precision(const void *d) { return ((const device *)d)->precision; }

static void device_bytes(void *d, size_t *own, size_t *in_file) {
    fvi_weight_cache_bytes(((device *)d)->weights, own, in_file);
}

static void device_forget(void *d, const void *bytes) {
    fvi_weight_cache_forget(((device *)d)->weights, bytes);
}

static fv_status engine_new(const device *d, fvi_dnnl_engine **out, fv_error *err) {
    fv_status st = fvi_dnnl_engine_new(out, err);
    if (!st) fvi_dnnl_engine_set_bf16(*out, d->precision == FV_PRECISION_BF16);
    return st;
}

/* ---- executables ---------------------------------------------------------------------------- */

static void executable_free(void *self) {
    executable *e = self;
    fvi_profile_free(e->profile);
    fvi_plan_free(e->plan);
    fvi_dnnl_engine_free(e->engine);
    free(e);
}

static fv_status executable_new(void *data, fvi_graph *graph, int flags, void **out,
                                fv_error *err) {
    device *d = data;
    executable *e = calloc(1, sizeof *e);
    fv_status st = e ? engine_new(d, &e->engine, err)
                     : fvi_fail(err, FV_NOMEM, "out of memory while planning");
    if (st)
        fvi_graph_free(graph);
    else
        st = fvi_plan_new(graph, flags, e->engine, d->weights, &e->plan, err);
    if (!st)
        *out = e;
    else if (e)
        executable_free(e);
    return st;
}

static fv_status count(void *data, fvi_graph *graph, int flags, size_t *bytes, fv_error *err) {
    device *d = data;
    fvi_dnnl_engine *engine = NULL;
    fv_status st = engine_new(d, &engine, err);
    if (st)
        fvi_graph_free(graph);
    else
        st = fvi_plan_count(graph, flags, engine, d->weights, bytes, err);
    fvi_dnnl_engine_free(engine);
    return st;
}

static fvi_plan *plan_of(const void *self) { return ((const executable *)self)->plan; }

static const fvi_graph *graph(const void *self) { return fvi_plan_graph(plan_of(self)); }
static size_t bytes(const void *self) { return fvi_plan_bytes(plan_of(self)); }
static double extra_cost(const void *self) { return fvi_plan_extra_cost(plan_of(self)); }

static fv_status set_input(void *self, int input, const float *data, fv_error *err) {
    (void)err;
    fvi_plan_set_input(plan_of(self), input, data);
    return FV_OK;
}

static fv_status forward(void *self, fv_error *err) { return fvi_plan_forward(plan_of(self), err); }

static fv_status backward(void *self, fv_error *err) {
    return fvi_plan_backward(plan_of(self), err);
}

static void redirect(void *self, const unsigned char *samples, int64_t n) {
    fvi_plan_redirect(plan_of(self), samples, n);
}

/* ---- results and seeds ---------------------------------------------------------------------- */

static fv_status read_target(void *self, int target, float *to, fv_error *err) {
    (void)err;
    fvi_plan_get_target(plan_of(self), target, to);
    return FV_OK;
}

static fv_status write_seed(void *self, int target, const float *from, fv_error *err) {
    (void)err;
    fvi_plan_set_seed(plan_of(self), target, from);
    return FV_OK;
}

static fv_status read_gradient(void *self, int input, float *to, fv_error *err) {
    (void)err;
    fvi_plan_get_gradient(plan_of(self), input, to);
    return FV_OK;
}

static fv_status read_target_gradient(void *self, int target, float *to, fv_error *err) {
    (void)err;
    fvi_plan_get_target_gradient(plan_of(self), target, to);
    return FV_OK;
}

static const float *map_target(void *self, int t) { return fvi_plan_target(plan_of(self), t); }
static float *map_seed(void *self, int t) { return fvi_plan_seed(plan_of(self), t); }
static const float *map_gradient(void *self, int i) { return fvi_plan_gradient(plan_of(self), i); }

static const float *map_target_gradient(void *self, int t) {
    return fvi_plan_target_gradient(plan_of(self), t);
}

/* ---- timing --------------------------------------------------------------------------------- */

static fv_status profile_begin(void *self, int *n, fv_error *err) {
    executable *e = self;
    fv_status st = fvi_plan_profile(e->plan, &e->profile, err);
    if (!st) *n = fvi_profile_count(e->profile);
    return st;
}

static const fvi_timed_op *profile_op(const void *self, int i) {
    return fvi_profile_op(((const executable *)self)->profile, i);
}

static void profile_take(void *self, double *seconds) {
    fvi_profile_take(((executable *)self)->profile, seconds);
}

static void profile_end(void *self) {
    executable *e = self;
    fvi_profile_free(e->profile);
    e->profile = NULL;
}

static double kernel_seconds(void *self, int on) {
    return fvi_dnnl_engine_time(((executable *)self)->engine, on);
}

const fvi_backend fvi_backend_onednn = {
    .name = "onednn",
    .version = fvi_dnnl_version,
    .device_new = device_new,
    .device_free = device_free,
    .device_name = device_name,
    .device_precision = device_precision,
    .device_bytes = device_bytes,
    .device_forget = device_forget,
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
    .map_target = map_target,
    .map_seed = map_seed,
    .map_gradient = map_gradient,
    .map_target_gradient = map_target_gradient,
    .profile_begin = profile_begin,
    .profile_op = profile_op,
    .profile_take = profile_take,
    .profile_end = profile_end,
    .kernel_seconds = kernel_seconds,
};
