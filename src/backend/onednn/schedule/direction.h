/* SPDX-License-Identifier: Apache-2.0 */
/* One direction of a step, forward or backward: its primitives, in order, and the other buffers
 * that its own code touches. */
#ifndef FVI_BACKEND_ONEDNN_SCHEDULE_DIRECTION_H
#define FVI_BACKEND_ONEDNN_SCHEDULE_DIRECTION_H

#include "backend/onednn/dnnl/dnnl_prim.h"

typedef struct fvi_direction {
    fvi_prim **prims;
    int n_prims;
    fvi_buffer **touched; /* beyond the primitives' operands */
    int *access;
    int n_touched;
    const char *method;  /* of a convolution by our own loop: its method's name, */
    double method_bytes; /* and bytes of the tensors it reads and writes */
} fvi_direction;

/* Appends a primitive, which it then owns. */
void fvi_direction_add(fvi_direction *d, fvi_prim *prim);
void fvi_direction_touch(fvi_direction *d, fvi_buffer *buffer, fvi_access access);
/* Whether one of the primitives is oneDNN's reference code. */
int fvi_direction_is_slow(const fvi_direction *d);
/* Runs the primitives. Returns oneDNN's failure. */
fv_status fvi_direction_run(const fvi_direction *d);
void fvi_direction_clear(fvi_direction *d);

#endif
