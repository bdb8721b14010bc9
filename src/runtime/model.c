/* SPDX-License-Identifier: Apache-2.0 */
/* model: the public functions of a loaded network, which call those of model/. */
#include "runtime/devices.h"
#include "runtime/lowered.h"
#include "runtime/memory_budget.h"
#include "runtime/model_state.h"

#include <glib.h>
#include <stdlib.h>

#include "backend/backends.h"
#include "base/desc.h"
#include "base/error.h"
#include "fovea-private/file_kind.h"
#include "model/network/find.h"
#include "model/network/layer_weights.h"
#include "model/network/output.h"
#include "model/network/shuffle.h"
#include "model/network/weight_stats.h"
#include "model/readers.h"
#include "runtime/monitor.h"

static void release(const void *network, const void *bytes, size_t size) {
    fvi_network_release(network, bytes, size);
}

/* A model without network and device.  NULL: out of memory */
static fv_model *model_new(void) {
    fv_model *m = calloc(1, sizeof *m);
    if (!m) return NULL;
    m->budget = fvi_budget_new();
    m->lowered = fvi_lowered_new();
    m->devices = fvi_model_devices_new();
    if (m->budget && m->lowered && m->devices) return m;
    fv_model_free(m);
    return NULL;
}

/* The device that runs a model's network. */
static fv_status start_device(fv_model *m, fv_precision precision, fv_error *err) {
    m->precision = precision;
    const int64_t limit = fvi_network_limits(m->network)->memory;
    const fvi_device_desc desc = {
        .precision = precision,
        .memory = (uint64_t)limit > SIZE_MAX ? SIZE_MAX : (size_t)limit,
        .release = release,
        .user = m->network,
    };
    return fvi_device_new(fvi_backend_processor, &desc, &m->device, err);
}

/* The precision to ask devices for. */
static fv_status check_precision(fv_precision asked, fv_precision *out, fv_error *err) {
    if ((int)asked < 0 || asked > FV_PRECISION_TF32)
        return fvi_fail(err, FV_ARG, "precision is %d; allowed: 0 to %d", (int)asked,
                        FV_PRECISION_TF32);
    *out = asked ? asked : FV_PRECISION_F32;
    return FV_OK;
}

const char *fv_model_ending(int index) { return fvi_readers_ending(index); }

const char *fv_file_kind(const char *path) { return path ? fvi_readers_kind(path) : NULL; }

/* Reports to a monitor how many parts of loading are done.  errors  CANCELLED */
static fv_status report(const fv_monitor *monitor, int done, fv_error *err) {
    enum { PARTS = 2 }; /* the file read and lowered; the device ready */
    if (!fvi_monitor_step(monitor, "loading", done, PARTS)) return FV_OK;
    return fvi_monitor_cancelled(done, PARTS, "parts of loading", err);
}

static fv_status load(const fvi_model_source *from, const char *name, const fv_model_desc *desc,
                      fv_model **out, fv_error *err) {
    fv_model_desc d;
    fv_precision precision = FV_PRECISION_F32;
    fv_status st = FVI_DESC_READ(fv_model_desc, monitor, desc, &d, err);
    if (!st) st = check_precision(d.precision, &precision, err);
    if (!st) st = report(d.monitor, 0, err);
    if (st) return st;
    fv_model *m = model_new();
    st = m ? fvi_network_open(from, &d, &m->network, err)
           : fvi_fail(err, FV_NOMEM, "out of memory while loading %s", name);
    if (!st) st = fvi_network_check_output(m->network, err);
    if (!st) m->output_note = fvi_network_output_note(m->network);
    if (!st) st = report(d.monitor, 1, err);
    if (!st) st = start_device(m, precision, err);
    if (!st) st = report(d.monitor, 2, err);
    if (st) {
        fv_model_free(m);
        return st;
    }
    *out = m;
    return FV_OK;
}

fv_status fv_model_load(const char *path, const fv_model_desc *desc, fv_model **out,
                        fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, path, out);
    if (!st && !path[0]) st = fvi_fail(err, FV_ARG, "no path of a model given");
    return st ? st : load(&(fvi_model_source){.path = path}, path, desc, out, err);
}

fv_status fv_model_load_memory(const void *bytes, size_t size, const char *name,
                               const fv_model_desc *desc, fv_model **out, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, bytes, out);
    if (st) return st;
    const fvi_model_source from = {.name = name, .bytes = bytes, .size = size};
    return load(&from, name ? name : "a model in memory", desc, out, err);
}

fv_status fv_model_shuffle(const fv_model *model, const int *layers, int count, uint64_t seed,
                           fv_model **out, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, model, out);
    if (!st && count) st = FVI_NOT_NULL(err, layers);
    if (st) return st;
    if (count < 0)
        return fvi_fail(err, FV_ARG, "%d layers cannot be shuffled; allowed: 0 and more", count);
    fv_model *m = model_new();
    st = m ? fvi_network_shuffle(model->network, layers, count, seed, &m->network, err)
           : fvi_fail(err, FV_NOMEM, "out of memory while shuffling weights");
    if (!st) st = start_device(m, model->precision, err);
    if (st) {
        fv_model_free(m);
        return st;
    }
    *out = m;
    return FV_OK;
}

void fv_model_free(fv_model *model) {
    if (!model) return;
    fvi_lowered_free(model->lowered);
    fvi_model_devices_free(model->devices);
    fvi_device_free(model->device);
    fvi_budget_free(model->budget);
    fvi_network_free(model->network);
    g_free(model->output_note);
    free(model);
}

fv_precision fv_model_precision(const fv_model *model) {
    return model ? fvi_device_precision(model->device) : FV_PRECISION_F32;
}

const char *fv_model_name(const fv_model *model) {
    return model ? fvi_network_name(model->network) : NULL;
}

const char *fv_model_metadata(const fv_model *model, const char *key) {
    return model && key ? fvi_network_metadata(model->network, key) : NULL;
}

const char *fv_model_sha256(const fv_model *model) {
    return model ? fvi_network_sha256(model->network) : NULL;
}

const fv_input *fv_model_input(const fv_model *model) {
    return model ? fvi_network_input(model->network) : NULL;
}

int fv_model_input_part_count(const fv_model *model) {
    return model ? fvi_network_input_part_count(model->network) : 0;
}

const fv_input_part *fv_model_input_part(const fv_model *model, int index) {
    return model ? fvi_network_input_part(model->network, index) : NULL;
}

int fv_model_class_count(const fv_model *model) {
    return model ? fvi_network_class_count(model->network) : 0;
}

const char *fv_model_class_name(const fv_model *model, int index) {
    return model ? fvi_network_class_name(model->network, index) : NULL;
}

const char *fv_model_output(const fv_model *model, const char **note) {
    if (note) *note = model ? model->output_note : NULL;
    return model ? fvi_network_output(model->network) : NULL;
}

int64_t fv_model_output_length(const fv_model *model) {
    fvi_row row;
    return model && !fvi_network_class_row(model->network, &row, NULL) ? row.length : 0;
}

fv_status fv_model_find_class(const fv_model *model, const char *name, int *index, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, model, name, index);
    return st ? st : fvi_network_find_class(model->network, name, index, err);
}

int fv_model_layer_count(const fv_model *model) {
    return model ? fvi_network_layer_count(model->network) : 0;
}

const fv_layer *fv_model_layer(const fv_model *model, int index) {
    return model ? fvi_network_layer(model->network, index) : NULL;
}

fv_status fv_model_find_layer(const fv_model *model, const char *name, int *index, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, model, name, index);
    return st ? st : fvi_network_find_layer(model->network, name, index, err);
}

fv_status fv_model_weight_stats(const fv_model *model, int layer, fv_weight_stats *out,
                                fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, model, out);
    return st ? st : fvi_network_weight_stats(model->network, layer, out, err);
}

fv_status fv_model_weights(const fv_model *model, int layer, fv_tensor **weights, fv_tensor **bias,
                           fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, model, weights);
    return st ? st : fvi_network_weights(model->network, layer, weights, bias, err);
}
