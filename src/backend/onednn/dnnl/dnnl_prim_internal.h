/* SPDX-License-Identifier: Apache-2.0 */
/* The insides of a primitive. */
#ifndef FVI_BACKEND_ONEDNN_DNNL_DNNL_PRIM_INTERNAL_H
#define FVI_BACKEND_ONEDNN_DNNL_DNNL_PRIM_INTERNAL_H

#include "backend/onednn/dnnl/dnnl_engine_internal.h"
#include "backend/onednn/dnnl/dnnl_prim.h"

#define FVI_MAX_OPERANDS 8

typedef struct fvi_operand {
    int arg; /* DNNL_ARG_... */
    fvi_buffer *buffer;
    fvi_access access;
    fvi_layout *view; /* the layout the buffer is read in, if not that of the primitive */
    dnnl_memory_t memory;
} fvi_operand;

struct fvi_prim {
    fvi_dnnl_engine *engine;
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t prim; /* NULL: nothing to do (no elements) */
    const char *info;
    double seconds; /* spent running while the engine is timing */
    int backward;
    fvi_layout *layout[FVI_ROLE_COUNT]; /* NULL: plain, or none */
    size_t scratch_bytes;
    fvi_operand operand[FVI_MAX_OPERANDS];
    int n_operands;
    fvi_buffer *scratch;
    dnnl_memory_t scratch_memory;
    dnnl_exec_arg_t arg[FVI_MAX_OPERANDS + 1];
    int n_args;
};

/* ---- dnnl_prim.c ---- */

/* Makes a primitive from its descriptor, which it owns from here, also on failure. */
fv_status fvi_prim_new(fvi_dnnl_engine *b, dnnl_primitive_desc_t pd, int backward, const char *what,
                       fvi_prim **out, fv_error *err);
/* A primitive that does nothing. */
fv_status fvi_prim_new_empty(fvi_dnnl_engine *b, fvi_prim **out, fv_error *err);
/* Adds an operand by oneDNN's number; `view` is owned by the primitive then. */
void fvi_prim_attach(fvi_prim *p, int arg, fvi_buffer *buffer, fvi_access access, fvi_layout *view);

#endif
