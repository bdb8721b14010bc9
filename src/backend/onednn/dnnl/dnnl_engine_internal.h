/* SPDX-License-Identifier: Apache-2.0 */
/* The engine, for the dnnl_*.c files. */
#ifndef FVI_BACKEND_ONEDNN_DNNL_DNNL_ENGINE_INTERNAL_H
#define FVI_BACKEND_ONEDNN_DNNL_DNNL_ENGINE_INTERNAL_H

#include "backend/onednn/dnnl/dnnl_compat.h"
#include "backend/onednn/dnnl/dnnl_engine.h"

struct fvi_dnnl_engine {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    int bf16; /* f32 numbers may be multiplied in bf16 */
    int timing;
    double seconds;
};

/* ---- dnnl_engine.c ---- */

/* A failure of oneDNN as a status with text; `what` names what was being done. */
fv_status fvi_dnnl_fail(fv_error *err, dnnl_status_t st, const char *what);

#endif
