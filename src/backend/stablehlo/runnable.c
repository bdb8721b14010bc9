/* SPDX-License-Identifier: Apache-2.0 */
/* runnable: compiles a program's text and gives a run its arguments: weights, which the device
 * keeps for all programs, and arrays in slots of whoever runs it. */
#include "backend/stablehlo/runnable.h"

#include "base/error.h"

fv_status fvi_runnable_compile(const fvi_hlo_device *d, const fvi_program_text *text,
                               fvi_runnable *out, fv_error *err) {
    const int n = (int)text->results->len;
    const fvi_pjrt_source from = {text->text->str, text->text->len,
                                  (const fvi_shape *)(const void *)text->results->data, n};
    const fv_status st = fvi_loaded_compile(
        d->loaded, &(fvi_kept_programs){d->plugin, d->device, d->programs}, &from, &out->code, err);
    if (st) return st;
    out->arguments = g_array_ref(text->arguments);
    out->n_results = n;
    return FV_OK;
}

void fvi_runnable_clear(fvi_runnable *r) {
    fvi_pjrt_program_free(r->code);
    if (r->arguments) g_array_unref(r->arguments);
    *r = (fvi_runnable){NULL, NULL, 0};
}

static fv_status find_argument(const fvi_hlo_device *d, const fvi_emitter_argument *a,
                               fvi_pjrt_array **slot, fvi_pjrt_array **out, fv_error *err) {
    if (!slot) return fvi_device_weights_get(d->weights, a->constant, out, err);
    const fv_status st = *slot ? FV_OK : fvi_slot_upload(d, &a->shape, NULL, slot, err);
    *out = *slot;
    return st;
}

fv_status fvi_runnable_run(const fvi_hlo_device *d, const fvi_runnable *r, fvi_argument_slot *slot,
                           void *user, fvi_pjrt_array **results, fv_error *err) {
    const int n = (int)r->arguments->len;
    fvi_pjrt_array **args = g_new0(fvi_pjrt_array *, MAX(n, 1));
    fv_status st = FV_OK;
    for (int i = 0; i < n && !st; i++) {
        const fvi_emitter_argument *a = &g_array_index(r->arguments, fvi_emitter_argument, i);
        st = find_argument(d, a, a->constant ? NULL : slot(user, a), &args[i], err);
    }
    if (!st) st = fvi_pjrt_run(r->code, args, n, results, err);
    g_free(args);
    return st;
}

size_t fvi_new_weights(const fvi_hlo_device *d, const GArray *arguments) {
    size_t bytes = 0;
    for (guint i = 0; i < arguments->len; i++) {
        const fvi_emitter_argument *a = &g_array_index(arguments, fvi_emitter_argument, i);
        if (a->constant && !fvi_device_weights_has(d->weights, a->constant))
            bytes += (size_t)fvi_shape_count(&a->shape) * sizeof(float);
    }
    return bytes;
}

fv_status fvi_check_memory(const fvi_hlo_device *d, const GArray *arguments, size_t own,
                           fv_error *err) {
    if (!d->memory) return FV_OK;
    const size_t all = own + fvi_new_weights(d, arguments) + fvi_device_weights_bytes(d->weights);
    if (all <= d->memory) return FV_OK;
    return fvi_fail(err, FV_NOMEM, "%zu MB are needed on the device; allowed: %zu", all >> 20,
                    d->memory >> 20);
}

/* ---- redirected ReLUs ------------------------------------------------------------------------ */

void fvi_redirection_set(fvi_redirection *r, const unsigned char *samples, int64_t n) {
    fvi_slot_set(&r->array, NULL);
    g_clear_pointer(&r->samples, g_free);
    if (!samples) return;
    r->n = n;
    r->samples = g_new(float, MAX(n, 1));
    for (int64_t i = 0; i < n; i++) r->samples[i] = samples[i] != 0;
}

fv_status fvi_redirection_upload(const fvi_hlo_device *d, fvi_redirection *r, fv_error *err) {
    if (!r->samples || r->array) return FV_OK;
    return fvi_slot_upload(d, &(fvi_shape){1, {r->n}}, r->samples, &r->array, err);
}

/* ---- slots ----------------------------------------------------------------------------------- */

void fvi_slot_set(fvi_pjrt_array **slot, fvi_pjrt_array *array) {
    fvi_pjrt_array_free(*slot);
    *slot = array;
}

fv_status fvi_slot_upload(const fvi_hlo_device *d, const fvi_shape *shape, const float *data,
                          fvi_pjrt_array **slot, fv_error *err) {
    fvi_pjrt_array *array = NULL;
    float *zeros = NULL;
    if (!data) {
        zeros = g_try_new0(float, (gsize)fvi_shape_count(shape) + 1);
        if (!zeros) return fvi_fail(err, FV_NOMEM, "no memory for an input");
        data = zeros;
    }
    const fv_status st = fvi_pjrt_upload(d->plugin, d->device, shape, data, &array, err);
    g_free(zeros);
    if (!st) fvi_slot_set(slot, array);
    return st;
}

fv_status fvi_slot_download(const fvi_pjrt_array *array, float *to, fv_error *err) {
    return array ? fvi_pjrt_download(array, to, err)
                 : fvi_fail(err, FV_BACKEND, "nothing was computed yet");
}

void fvi_slots_free(fvi_pjrt_array **slots, int n) {
    for (int i = 0; slots && i < n; i++) fvi_pjrt_array_free(slots[i]);
    g_free(slots);
}
