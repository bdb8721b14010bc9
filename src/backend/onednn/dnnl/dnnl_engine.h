/* SPDX-License-Identifier: Apache-2.0 */
/* oneDNN's engine and stream: one for each executable, used by one thread at a time. */
#ifndef FVI_BACKEND_ONEDNN_DNNL_DNNL_ENGINE_H
#define FVI_BACKEND_ONEDNN_DNNL_DNNL_ENGINE_H

#include "fovea/fovea.h"

typedef struct fvi_dnnl_engine fvi_dnnl_engine;

fv_status fvi_dnnl_engine_new(fvi_dnnl_engine **out, fv_error *err);
void fvi_dnnl_engine_free(fvi_dnnl_engine *b);
/* Sets whether convolutions and products built from now on may multiply in bf16. */
void fvi_dnnl_engine_set_bf16(fvi_dnnl_engine *b, int on);
/* "oneDNN 2.6.3", static. */
const char *fvi_dnnl_version(void);
/* Whether AVX2 is the best instruction set oneDNN uses on this processor. */
int fvi_dnnl_is_avx2(void);
/* Seconds spent inside primitives since the last call; measured only while `on` was last set. */
double fvi_dnnl_engine_time(fvi_dnnl_engine *b, int on);

#endif
