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

const fvi_param_entry fvi_param_pixels = {pixels_prepare, pixels_raw, pixels_adjoint, pixels_invert,
                                          0};
