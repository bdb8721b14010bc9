/* SPDX-License-Identifier: Apache-2.0 */
/* An ONNX file opened through the readers' door, for tests that look into it. */
#ifndef FVI_TESTS_SUPPORT_ONNX_FILE_H
#define FVI_TESTS_SUPPORT_ONNX_FILE_H

#include "model/onnx/file.h"
#include "model/readers.h"

static inline fv_status onnx_open(const char *path, fvi_onnx **out, fv_error *err) {
    fvi_model_file *f = NULL;
    const fv_status st = fvi_readers_open(&(fvi_model_source){.path = path}, NULL, &f, err);
    if (!st) *out = (fvi_onnx *)(void *)f;
    return st;
}

static inline void onnx_close(fvi_onnx *o) {
    if (o) fvi_model_file_close(&o->file);
}

#endif
