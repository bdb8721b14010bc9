/* SPDX-License-Identifier: Apache-2.0 */
/* The weights of a model on a device: one array for each constant, shared by all programs. */
#ifndef FVI_BACKEND_STABLEHLO_WEIGHTS_H
#define FVI_BACKEND_STABLEHLO_WEIGHTS_H

#include "backend/device.h"
#include "backend/stablehlo/pjrt/program.h"
#include "graph/graph.h"

typedef struct fvi_device_weights fvi_device_weights;

/* Of one device of a plug-in, which outlives it.  release, user  as in fvi_device_desc */
fvi_device_weights *fvi_device_weights_new(const fvi_pjrt *p, int device,
                                           const fvi_device_desc *desc);
void fvi_device_weights_free(fvi_device_weights *w);

/* The constant's numbers as f32; copied there when first asked for. From any thread.
 *   out     stays the weights' own
 *   errors  NOMEM, BACKEND */
fv_status fvi_device_weights_get(fvi_device_weights *w, const fvi_const *c, fvi_pjrt_array **out,
                                 fv_error *err);
/* Frees the arrays of a constant, by the address of its bytes. */
void fvi_device_weights_forget(fvi_device_weights *w, const void *bytes);
/* Bytes there; and whether a constant is among them. */
size_t fvi_device_weights_bytes(fvi_device_weights *w);
int fvi_device_weights_has(fvi_device_weights *w, const fvi_const *c);

#endif
