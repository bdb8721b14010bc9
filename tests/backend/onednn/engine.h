/* SPDX-License-Identifier: Apache-2.0 */
/* What plans are made with: an engine and a cache of weights, one for all tests of a program. */
#ifndef FVI_TESTS_BACKEND_ONEDNN_ENGINE_H
#define FVI_TESTS_BACKEND_ONEDNN_ENGINE_H

#include "backend/onednn/dnnl/dnnl_engine.h"
#include "backend/onednn/schedule/weight_cache.h"

static fvi_dnnl_engine *backend;
static fvi_weight_cache *weights;

static inline int setup(void **state) {
    (void)state;
    weights = fvi_weight_cache_new();
    return fvi_dnnl_engine_new(&backend, NULL);
}

static inline int teardown(void **state) {
    (void)state;
    fvi_weight_cache_free(weights);
    fvi_dnnl_engine_free(backend);
    return 0;
}

#endif
