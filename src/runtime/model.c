/* SPDX-License-Identifier: Apache-2.0 */
/* model: the public face of a loaded network. All it does is to hand on to model/. */
#include "runtime/model.h"

#include <stdlib.h>

#include "base/error.h"
#include "model/layer_weights.h"
#include "backend/onednn/dnnl/dnnl.h"

static void release(const void *network, const void *bytes, size_t size) {
    fvi_network_release(network, bytes, size);
}

static size_t memory_limit(const fv_model *m) {
    int64_t limit = fvi_network_limits(m->network)->memory;
    return (uint64_t)limit > SIZE_MAX ? SIZE_MAX : (size_t)limit;
}

/* What is asked for as what there is. */
static fv_status choose_precision(const fv_model_desc *desc, fv_precision *out, fv_error *err) {
    const fv_precision asked = desc ? desc->precision : 0;
    *out = FV_PRECISION_F32;
    if ((int)asked < 0 || asked > FV_PRECISION_AUTO)
        return fvi_fail(err, FV_ARG, "precision is %d; allowed are 0 to %d", (int)asked,
                        FV_PRECISION_AUTO);
    if (asked <= FV_PRECISION_F32) return FV_OK;
    fvi_backend *b = NULL;
    fv_status st = fvi_backend_new(&b, err);
    if (!st && fvi_backend_has_bf16(b)) *out = FV_PRECISION_BF16;
    fvi_backend_free(b);
    return st;
}

fv_status fv_model_load(const char *path, const fv_model_desc *desc, fv_model **out,
                        fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, path, out);
    if (st) return st;
    fv_model *m = calloc(1, sizeof *m);
    if (!m) return fvi_fail(err, FV_NOMEM, "out of memory while loading %s", path);
    m->weights = fvi_weight_cache_new();
    m->budget = fvi_budget_new();
    m->lowered = fvi_lowered_new();
    st = m->weights && m->budget && m->lowered ? choose_precision(desc, &m->precision, err)
                                 : fvi_fail(err, FV_NOMEM, "out of memory while loading %s", path);
    if (!st) st = fvi_network_load(path, desc, &m->network, err);
    if (st) {
        fv_model_free(m);
        return st;
    }
    fvi_weight_cache_set_limit(m->weights, memory_limit(m));
    fvi_weight_cache_set_release(m->weights, release, m->network);
    *out = m;
    return FV_OK;
}

fv_status fv_model_shuffle(const fv_model *model, const int *layers, int count, uint64_t seed,
                           fv_model **out, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, model, out);
    if (!st && count) st = FVI_NOT_NULL(err, layers);
    if (st) return st;
    if (count < 0)
        return fvi_fail(err, FV_ARG, "%d layers cannot be shuffled; allowed are 0 and more", count);
    fv_model *m = calloc(1, sizeof *m);
    if (!m) return fvi_fail(err, FV_NOMEM, "out of memory while shuffling weights");
    m->precision = model->precision;
    m->weights = fvi_weight_cache_new();
    m->budget = fvi_budget_new();
    m->lowered = fvi_lowered_new();
    st = m->weights && m->budget && m->lowered
             ? fvi_network_shuffle(model->network, layers, count, seed, &m->network, err)
             : fvi_fail(err, FV_NOMEM, "out of memory while shuffling weights");
    if (st) {
        fv_model_free(m);
        return st;
    }
    fvi_weight_cache_set_limit(m->weights, memory_limit(m));
    fvi_weight_cache_set_release(m->weights, release, m->network);
    *out = m;
    return FV_OK;
}

void fv_model_free(fv_model *model) {
    if (!model) return;
    fvi_lowered_free(model->lowered);
    fvi_weight_cache_free(model->weights);
    fvi_budget_free(model->budget);
    fvi_network_free(model->network);
    free(model);
}

fv_precision fv_model_precision(const fv_model *model) {
    return model ? model->precision : FV_PRECISION_F32;
}

const char *fv_model_name(const fv_model *model) {
    return model ? fvi_network_name(model->network) : NULL;
}

const char *fv_model_sha256(const fv_model *model) {
    return model ? fvi_network_sha256(model->network) : NULL;
}

const fv_input *fv_model_input(const fv_model *model) {
    return model ? fvi_network_input(model->network) : NULL;
}

int fv_model_class_count(const fv_model *model) {
    return model ? fvi_network_class_count(model->network) : 0;
}

const char *fv_model_class_name(const fv_model *model, int index) {
    return model ? fvi_network_class_name(model->network, index) : NULL;
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
