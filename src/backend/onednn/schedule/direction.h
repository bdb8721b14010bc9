/* SPDX-License-Identifier: Apache-2.0 */
/* One direction of a step, forward or backward: its primitives, in order, and the buffers that the
 * step's own code reads or writes. */
#ifndef FVI_BACKEND_ONEDNN_SCHEDULE_DIRECTION_H
#define FVI_BACKEND_ONEDNN_SCHEDULE_DIRECTION_H

#include "backend/onednn/dnnl/dnnl_prim.h"

typedef struct fvi_direction {
    fvi_prim **prims;
    int n_prims;
    fvi_buffer **touched; /* [n_touched] that are no operands of the primitives */
    int *access;          /* [n_touched] fvi_access */
    int n_touched;
    const char *method;  /* if our own loop computes a convolution: its name, "winograd:f4x4" */
    double method_bytes; /* the bytes of all tensors which that loop reads and writes */
} fvi_direction;

/* Appends a primitive, which the direction owns from then on. */
void fvi_direction_add(fvi_direction *d, fvi_prim *prim);
/* Declares that the step's own code reads or writes a buffer. */
void fvi_direction_touch(fvi_direction *d, fvi_buffer *buffer, fvi_access access);
/* Whether one of the primitives is oneDNN's reference code. */
int fvi_direction_is_slow(const fvi_direction *d);
/* Runs the primitives. Returns oneDNN's failure. */
fv_status fvi_direction_run(const fvi_direction *d);
void fvi_direction_clear(fvi_direction *d);

#endif
