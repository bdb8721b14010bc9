/* SPDX-License-Identifier: Apache-2.0 */
/* stablehlo: the backend's table. A device is one device of a plug-in with a model's weights on it;
 * an executable is a graph's two programs (compiled.h). Values live on the device, and are copied
 * when they are read. */
#include "backend/stablehlo/stablehlo.h"

#include <glib.h>

#include "backend/stablehlo/compiled.h"
#include "backend/stablehlo/plugins.h"
#include "backend/stablehlo/update.h"
#include "base/error.h"

static const char *version(void) { return "StableHLO"; }

/* ---- devices --------------------------------------------------------------------------------- */

static void device_free(void *data) {
    fvi_hlo_device *d = data;
    fvi_device_weights_free(d->weights);
    fvi_loaded_programs_free(d->loaded);
    fvi_pjrt_release(d->plugin);
    g_free(d->programs);
    g_free(d->name);
    g_free(d);
}

/* The precision that is asked for; AUTO is bf16, but not on processors, which have it in software.
 */
static fv_precision choose_precision(const fvi_pjrt *plugin, fv_precision asked) {
    if (asked == FV_PRECISION_AUTO)
        return fvi_pjrt_is_accelerator(plugin) ? FV_PRECISION_BF16 : FV_PRECISION_F32;
    return asked ? asked : FV_PRECISION_F32;
}

static fv_status device_new(const fvi_device_desc *desc, void **out, fv_error *err) {
    fvi_pjrt *plugin = NULL;
    const fv_status st = fvi_pjrt_acquire(desc->plugin, &plugin, err);
    if (st) return st;
    const int n = fvi_pjrt_device_count(plugin);
    if (desc->index < 0 || desc->index >= n) {
        fvi_fail(err, FV_ARG, "device %d of %s; allowed: 0 to %d", desc->index,
                 fvi_pjrt_path(plugin), n - 1);
        fvi_pjrt_release(plugin);
        return FV_ARG;
    }
    fvi_hlo_device *d = g_new0(fvi_hlo_device, 1);
    d->plugin = plugin;
    d->device = desc->index;
    d->memory = desc->memory;
    d->precision = choose_precision(plugin, desc->precision);
    d->programs = g_strdup(desc->programs);
    d->name = g_strdup_printf("%s, %s", fvi_pjrt_device_kind(plugin, desc->index),
                              fvi_pjrt_version(plugin));
    d->loaded = fvi_loaded_programs_new();
    d->weights = fvi_device_weights_new(plugin, desc->index, desc);
    *out = d;
    return FV_OK;
}

static const char *device_name(const void *d) { return ((const fvi_hlo_device *)d)->name; }

static fv_precision device_precision(const void *d) {
    return ((const fvi_hlo_device *)d)->precision;
}

static void device_bytes(void *d, size_t *own, size_t *in_file) {
    *own = fvi_device_weights_bytes(((fvi_hlo_device *)d)->weights);
    *in_file = 0;
}

static void device_copied(const void *d, size_t *to, size_t *from) {
    fvi_pjrt_copied(((const fvi_hlo_device *)d)->plugin, to, from);
}

static void device_forget(void *d, const void *bytes) {
    fvi_device_weights_forget(((fvi_hlo_device *)d)->weights, bytes);
}

/* ---- executables ----------------------------------------------------------------------------- */

static fv_status executable_new(void *d, fvi_graph *graph, int flags, void **out, fv_error *err) {
    fvi_compiled *c = NULL;
    const fv_status st = fvi_compiled_new(d, graph, flags, &c, err);
    if (!st) *out = c;
    return st;
}

static void executable_free(void *self) { fvi_compiled_free(self); }

static fv_status count(void *d, fvi_graph *graph, int flags, size_t *bytes, fv_error *err) {
    const fv_status st = fvi_compiled_count(d, graph, flags, bytes, err);
    fvi_graph_free(graph);
    return st;
}

static const fvi_graph *graph(const void *self) { return fvi_compiled_graph(self); }
static size_t bytes(const void *self) { return fvi_compiled_bytes(self); }

static void program_memory(const void *self, fvi_program_memory *out) {
    *out = fvi_compiled_program_memory(self);
}

static double extra_cost(const void *self) {
    (void)self;
    return 0;
}

static fv_status set_input(void *self, int input, const float *data, fv_error *err) {
    return fvi_compiled_set_input(self, input, data, err);
}

static fv_status forward(void *self, fv_error *err) { return fvi_compiled_forward(self, err); }
static fv_status backward(void *self, fv_error *err) { return fvi_compiled_backward(self, err); }

static void redirect(void *self, const unsigned char *samples, int64_t n) {
    fvi_compiled_redirect(self, samples, n);
}

static fv_status read_target(void *self, int target, float *to, fv_error *err) {
    return fvi_compiled_read_target(self, target, to, err);
}

static fv_status write_seed(void *self, int target, const float *from, fv_error *err) {
    return fvi_compiled_write_seed(self, target, from, err);
}

static fv_status read_gradient(void *self, int input, float *to, fv_error *err) {
    return fvi_compiled_read_gradient(self, input, to, err);
}

static fv_status read_target_gradient(void *self, int target, float *to, fv_error *err) {
    return fvi_compiled_read_target_gradient(self, target, to, err);
}

const fvi_backend fvi_backend_stablehlo = {
    .name = "stablehlo",
    .version = version,
    .list = fvi_plugins_list,
    .device_new = device_new,
    .device_free = device_free,
    .device_name = device_name,
    .device_precision = device_precision,
    .device_bytes = device_bytes,
    .device_copied = device_copied,
    .device_forget = device_forget,
    .executable_new = executable_new,
    .executable_free = executable_free,
    .count = count,
    .graph = graph,
    .bytes = bytes,
    .extra_cost = extra_cost,
    .program_memory = program_memory,
    .set_input = set_input,
    .forward = forward,
    .backward = backward,
    .redirect = redirect,
    .read_target = read_target,
    .write_seed = write_seed,
    .read_gradient = read_gradient,
    .read_target_gradient = read_target_gradient,
    .updates = &fvi_hlo_updates,
};
