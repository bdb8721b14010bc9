/* SPDX-License-Identifier: Apache-2.0 */
/* devices: the list of what can run a network, and the devices that a model's sessions use. */
#include "runtime/devices.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backends.h"
#include "base/error.h"
#include "runtime/model_state.h"

/* ---- the list -------------------------------------------------------------------------------- */

struct fv_devices {
    GPtrArray *list; /* of fv_device_info, whose texts are its own */
};

static void free_info(gpointer data) {
    fv_device_info *d = data;
    g_free((char *)d->plugin);
    g_free((char *)d->kind);
    g_free((char *)d->platform);
    g_free((char *)d->version);
    g_free((char *)d->problem);
    g_free(d);
}

static void add_info(void *user, const fv_device_info *from) {
    fv_device_info *d = g_new(fv_device_info, 1);
    *d = *from;
    d->plugin = g_strdup(from->plugin);
    d->kind = g_strdup(from->kind);
    d->platform = g_strdup(from->platform);
    d->version = g_strdup(from->version);
    d->problem = g_strdup(from->problem);
    g_ptr_array_add(((fv_devices *)user)->list, d);
}

fv_status fv_devices_find(const char *const *places, int count, fv_devices **out, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, out);
    if (!st && count) st = FVI_NOT_NULL(err, places);
    if (st) return st;
    if (count < 0)
        return fvi_fail(err, FV_ARG, "%d places of plug-ins; allowed: 0 and more", count);
    fv_devices *d = calloc(1, sizeof *d);
    if (!d) return fvi_fail(err, FV_NOMEM, "out of memory while listing devices");
    d->list = g_ptr_array_new_with_free_func(free_info);
    add_info(d, &(fv_device_info){.kind = "processor",
                                  .platform = "cpu",
                                  .version = fvi_backend_processor->version()});
    fvi_backend_accelerator->list(places, count, add_info, d);
    *out = d;
    return FV_OK;
}

void fv_devices_free(fv_devices *devices) {
    if (!devices) return;
    g_ptr_array_unref(devices->list);
    free(devices);
}

int fv_devices_count(const fv_devices *devices) { return devices ? (int)devices->list->len : 0; }

const fv_device_info *fv_devices_at(const fv_devices *devices, int index) {
    return index >= 0 && index < fv_devices_count(devices) ? devices->list->pdata[index] : NULL;
}

/* ---- a model's ------------------------------------------------------------------------------- */

typedef struct entry {
    char *plugin;
    int index;
    fvi_device *device;
} entry;

struct fvi_model_devices {
    GMutex lock;
    GPtrArray *list; /* of entry */
};

static void free_entry(gpointer data) {
    entry *e = data;
    fvi_device_free(e->device);
    g_free(e->plugin);
    g_free(e);
}

fvi_model_devices *fvi_model_devices_new(void) {
    fvi_model_devices *d = g_try_new0(fvi_model_devices, 1);
    if (!d) return NULL;
    g_mutex_init(&d->lock);
    d->list = g_ptr_array_new_with_free_func(free_entry);
    return d;
}

void fvi_model_devices_free(fvi_model_devices *d) {
    if (!d) return;
    g_ptr_array_unref(d->list);
    g_mutex_clear(&d->lock);
    g_free(d);
}

static fv_status add(const fv_model *m, const fv_session_desc *asked, fvi_device **out,
                     fv_error *err) {
    const int64_t limit = fvi_network_limits(m->network)->memory;
    const fvi_device_desc desc = {
        .precision = m->precision,
        .memory = (uint64_t)limit > SIZE_MAX ? SIZE_MAX : (size_t)limit,
        .plugin = asked->plugin,
        .index = asked->device,
        .programs = asked->programs,
    };
    const fv_status st = fvi_device_new(fvi_backend_accelerator, &desc, out, err);
    if (st) return st;
    entry *e = g_new(entry, 1);
    *e = (entry){g_strdup(asked->plugin), asked->device, *out};
    g_ptr_array_add(m->devices->list, e);
    return FV_OK;
}

fv_status fvi_model_device(const fv_model *m, const fv_session_desc *desc, fvi_device **out,
                           fv_error *err) {
    fvi_model_devices *d = m->devices;
    fv_status st = FV_OK;
    *out = desc->plugin ? NULL : m->device;
    if (!desc->plugin) return FV_OK;
    g_mutex_lock(&d->lock);
    for (guint i = 0; i < d->list->len && !*out; i++) {
        const entry *e = d->list->pdata[i];
        if (e->index == desc->device && !strcmp(e->plugin, desc->plugin)) *out = e->device;
    }
    if (!*out) st = add(m, desc, out, err);
    g_mutex_unlock(&d->lock);
    return st;
}

void fvi_model_forget(const fv_model *m, const void *bytes) {
    fvi_model_devices *d = m->devices;
    fvi_device_forget(m->device, bytes);
    g_mutex_lock(&d->lock);
    for (guint i = 0; i < d->list->len; i++)
        fvi_device_forget(((const entry *)d->list->pdata[i])->device, bytes);
    g_mutex_unlock(&d->lock);
}

size_t fvi_model_devices_bytes(fvi_model_devices *d) {
    size_t bytes = 0;
    g_mutex_lock(&d->lock);
    for (guint i = 0; i < d->list->len; i++) {
        size_t own, in_file;
        fvi_device_bytes(((const entry *)d->list->pdata[i])->device, &own, &in_file);
        bytes += own;
    }
    g_mutex_unlock(&d->lock);
    return bytes;
}
