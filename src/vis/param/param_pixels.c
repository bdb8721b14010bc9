/* SPDX-License-Identifier: Apache-2.0 */
/* param_pixels: the parameters are the raw picture. */
#include <string.h>

#include "vis/param/param_kind.h"

static fv_status pixels_prepare(fvi_param *p, fv_error *err) {
    (void)err;
    p->count = p->pixels;
    return FV_OK;
}

static void pixels_raw(fvi_param *p, const float *z, float *raw) {
    memcpy(raw, z, (size_t)p->pixels * sizeof *raw);
}

static void pixels_adjoint(fvi_param *p, const float *z, float *draw, float *dz) {
    (void)z;
    memcpy(dz, draw, (size_t)p->pixels * sizeof *dz);
}

static fv_status pixels_invert(fvi_param *p, float *raw, float *z, fv_error *err) {
    (void)err;
    memcpy(z, raw, (size_t)p->pixels * sizeof *z);
    return FV_OK;
}

static int pixels_emit(const fvi_param *p, fvi_given_list *given, fvi_builder *b, int64_t n,
                       int z) {
    (void)given;
    return fvi_emit_reshape(b, z, &(fvi_shape){4, {n, p->channels, p->h, p->w}});
}

const fvi_param_entry fvi_param_pixels = {.prepare = pixels_prepare,
                                          .raw = pixels_raw,
                                          .adjoint = pixels_adjoint,
                                          .invert = pixels_invert,
                                          .emit = pixels_emit};
