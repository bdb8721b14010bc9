/* SPDX-License-Identifier: Apache-2.0 */
/* A primitive: one oneDNN call, made while planning, bound once to memory, then run any number of
 * times without allocating. Operands are buffers: their layouts are read when the primitive is
 * made, their addresses when it is bound. */
#ifndef FVI_BACKEND_ONEDNN_DNNL_DNNL_PRIM_H
#define FVI_BACKEND_ONEDNN_DNNL_DNNL_PRIM_H

#include "backend/onednn/dnnl/buffer.h"
#include "backend/onednn/dnnl/dnnl_engine.h"

typedef struct fvi_prim fvi_prim;

typedef enum fvi_access { FVI_READ = 1, FVI_WRITE = 2 } fvi_access;

/* The role of an operand. */
typedef enum fvi_role {
    FVI_SRC,
    FVI_SRC1,
    FVI_WEIGHTS,
    FVI_BIAS,
    FVI_DST,
    FVI_DIFF_SRC,
    FVI_DIFF_DST,
    FVI_WORKSPACE,
    FVI_MEAN,
    FVI_VARIANCE,
    FVI_SCALE,
    FVI_SHIFT,
    FVI_ROLE_COUNT
} fvi_role;

/* The layout that an operand must have (NULL: plain), borrowed. */
const fvi_layout *fvi_prim_layout(const fvi_prim *p, fvi_role role);
/* Bytes of that operand, 0 if the primitive has none. */
size_t fvi_prim_bytes(const fvi_prim *p, fvi_role role);
/* Sets the buffer of an operand, which must have the layout of fvi_prim_layout (its shape may
 * differ).
 */
void fvi_prim_set(fvi_prim *p, fvi_role role, fvi_buffer *buffer);
/* Whether oneDNN chose its reference code, which is far slower than our loops. */
int fvi_prim_is_slow(const fvi_prim *p);

/* Bytes of scratch memory it needs while running; the buffer for it. */
size_t fvi_prim_scratch(const fvi_prim *p);
void fvi_prim_set_scratch(fvi_prim *p, fvi_buffer *scratch);
/* Its operands: number, and one of them with how it is used. */
int fvi_prim_operand_count(const fvi_prim *p);
fvi_buffer *fvi_prim_operand(const fvi_prim *p, int i, fvi_access *access);
/* Binds it to the buffers' data; to be called after every buffer has its address. */
fv_status fvi_prim_bind(fvi_prim *p, fv_error *err);
/* Which implementation oneDNN chose, "jit:avx2"; borrowed. */
const char *fvi_prim_info(const fvi_prim *p);
/* Its kind in a word, "convolution"; static. "empty": it does nothing. */
const char *fvi_prim_kind(const fvi_prim *p);
/* Seconds it ran since the last call; measured only while fvi_dnnl_engine_time was last set on. */
double fvi_prim_take_seconds(fvi_prim *p);
fv_status fvi_prim_run(fvi_prim *p);
void fvi_prim_free(fvi_prim *p);

#endif
