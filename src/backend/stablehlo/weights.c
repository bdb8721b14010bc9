/* SPDX-License-Identifier: Apache-2.0 */
/* weights: constants on a device, found by the address of their bytes, type and shape. */
#include "backend/stablehlo/weights.h"

#include <glib.h>
#include <string.h>

#include "base/error.h"
#include "graph/const.h"

struct fvi_device_weights {
    const fvi_pjrt *plugin;
    int device;
    fvi_device_desc desc;
    GMutex lock;
    GHashTable *arrays; /* fvi_const, a copy of it -> fvi_pjrt_array */
    size_t bytes;
};

static guint hash(gconstpointer key) {
    const fvi_const *c = key;
    return g_direct_hash(c->bytes) ^ (guint)fvi_shape_count(&c->shape);
}

static gboolean equal(gconstpointer a, gconstpointer b) {
    const fvi_const *x = a, *y = b;
    return x->bytes == y->bytes && x->dtype == y->dtype && fvi_shape_equal(&x->shape, &y->shape);
}

static void free_array(gpointer array) { fvi_pjrt_array_free(array); }

fvi_device_weights *fvi_device_weights_new(const fvi_pjrt *p, int device,
                                           const fvi_device_desc *desc) {
    fvi_device_weights *w = g_new0(fvi_device_weights, 1);
    w->plugin = p;
    w->device = device;
    w->desc = *desc;
    g_mutex_init(&w->lock);
    w->arrays = g_hash_table_new_full(hash, equal, g_free, free_array);
    return w;
}

void fvi_device_weights_free(fvi_device_weights *w) {
    if (!w) return;
    g_hash_table_unref(w->arrays);
    g_mutex_clear(&w->lock);
    g_free(w);
}

static size_t size_of(const fvi_const *c) {
    return (size_t)fvi_shape_count(&c->shape) * sizeof(float);
}

static fv_status add(fvi_device_weights *w, const fvi_const *c, fvi_pjrt_array **out,
                     fv_error *err) {
    const size_t bytes = size_of(c);
    float *numbers = g_try_malloc(MAX(bytes, 1));
    if (!numbers) return fvi_fail(err, FV_NOMEM, "no memory for weights");
    fvi_const_to_f32(c, numbers);
    const fv_status st = fvi_pjrt_upload(w->plugin, w->device, &c->shape, numbers, out, err);
    g_free(numbers);
    if (st) return st;
    g_hash_table_insert(w->arrays, g_memdup2(c, sizeof *c), *out);
    w->bytes += bytes;
    if (w->desc.release)
        w->desc.release(w->desc.user, c->bytes, bytes / sizeof(float) * fvi_dtype_size(c->dtype));
    return FV_OK;
}

fv_status fvi_device_weights_get(fvi_device_weights *w, const fvi_const *c, fvi_pjrt_array **out,
                                 fv_error *err) {
    g_mutex_lock(&w->lock);
    *out = g_hash_table_lookup(w->arrays, c);
    const fv_status st = *out ? FV_OK : add(w, c, out, err);
    g_mutex_unlock(&w->lock);
    return st;
}

void fvi_device_weights_forget(fvi_device_weights *w, const void *bytes) {
    GHashTableIter at;
    gpointer key;
    g_mutex_lock(&w->lock);
    g_hash_table_iter_init(&at, w->arrays);
    while (g_hash_table_iter_next(&at, &key, NULL)) {
        const fvi_const *c = key;
        if (c->bytes != bytes) continue;
        w->bytes -= size_of(c);
        g_hash_table_iter_remove(&at);
    }
    g_mutex_unlock(&w->lock);
}

size_t fvi_device_weights_bytes(fvi_device_weights *w) {
    g_mutex_lock(&w->lock);
    const size_t bytes = w->bytes;
    g_mutex_unlock(&w->lock);
    return bytes;
}

int fvi_device_weights_has(fvi_device_weights *w, const fvi_const *c) {
    g_mutex_lock(&w->lock);
    const int has = g_hash_table_contains(w->arrays, c);
    g_mutex_unlock(&w->lock);
    return has;
}
