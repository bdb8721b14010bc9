/* SPDX-License-Identifier: Apache-2.0 */
/* A tensor inside a plan: its shape, its layout and, once the plan is bound, its address. */
#ifndef FVI_BACKEND_ONEDNN_DNNL_BUFFER_H
#define FVI_BACKEND_ONEDNN_DNNL_BUFFER_H

#include "backend/onednn/dnnl/dnnl_layout.h"

typedef struct fvi_buffer fvi_buffer;

struct fvi_buffer {
    fvi_shape shape;
    fvi_layout *layout; /* NULL: plain */
    size_t bytes;
    void *data; /* NULL until bound; weights are bound from the start */
    /* kept by schedule.c: */
    fvi_buffer *alias_of; /* the buffer whose memory it shares, or NULL */
    size_t offset;        /* inside alias_of, or inside the arena */
    int first, last; /* entries between which its values are needed; first -1: before the run */
    int external;    /* its memory is not the arena's: weights */
    int persistent;  /* an input, a target or a seed: never placed inside another */
    int donated;     /* its memory was given to another buffer (an in-place op) at its last use */
    fvi_buffer *copies; /* the same value in other layouts */
    fvi_buffer *next_copy;
};

/* Plain f32 into and out of a plain buffer. */
void fvi_buffer_write(fvi_buffer *b, const float *data);
void fvi_buffer_read(const fvi_buffer *b, float *data);

#endif
