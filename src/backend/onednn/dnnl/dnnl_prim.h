/* SPDX-License-Identifier: Apache-2.0 */
/* What dnnl.c, dnnl_prim.c and dnnl_build*.c share: the insides of engine and primitive. */
#ifndef FVI_BACKEND_ONEDNN_DNNL_DNNL_PRIM_H
#define FVI_BACKEND_ONEDNN_DNNL_DNNL_PRIM_H

#include "backend/onednn/dnnl/dnnl_compat.h"
#include "backend/onednn/dnnl/dnnl_ops.h"

struct fvi_dnnl_engine {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    int bf16; /* products of f32 numbers may be made in bf16 */
    int timing;
    double seconds;
};

#define FVI_MAX_OPERANDS 8

typedef struct fvi_operand {
    int arg; /* DNNL_ARG_... */
    fvi_buffer *place;
    fvi_access access;
    fvi_layout *view; /* how the place is looked at, if not as the primitive says */
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

/* A failure of oneDNN as a status with text; `what` names what was being done. */
fv_status fvi_dnnl_fail(fv_error *err, dnnl_status_t st, const char *what);
/* The layout of a place or of (shape, layout) as a descriptor of its own; free it. */
fv_status fvi_layout_make(const fvi_layout *l, const fvi_shape *shape, fvi_layout **out,
                          fv_error *err);
/* Attributes: scratch memory from outside, then perhaps an activation. */
fv_status fvi_attr_new(const fvi_act *act, dnnl_primitive_attr_t *out, fv_error *err);
/* oneDNN's name of an activation.  from_dst: the variant whose gradient needs only its output
 * returns 0 if it has none that is exactly ours. */
int fvi_act_algorithm(const fvi_act *a, int from_dst, dnnl_alg_kind_t *alg, float *alpha,
                      float *beta);
/* Makes a primitive from its descriptor, which it owns from here, also on failure. */
fv_status fvi_prim_new(fvi_dnnl_engine *b, dnnl_primitive_desc_t pd, int backward, const char *what,
                       fvi_prim **out, fv_error *err);
/* A primitive that does nothing. */
fv_status fvi_prim_new_empty(fvi_dnnl_engine *b, fvi_prim **out, fv_error *err);
/* Adds an operand by oneDNN's number; `view` is taken over. */
void fvi_prim_attach(fvi_prim *p, int arg, fvi_buffer *place, fvi_access access, fvi_layout *view);

#endif
