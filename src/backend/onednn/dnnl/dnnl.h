/* SPDX-License-Identifier: Apache-2.0 */
/* The only door to oneDNN (C API v2 and v3); dnnl*.c are the only files that include its headers.
 *
 * A layout says how a tensor's elements lie in memory. A primitive is one oneDNN call, made while
 * planning, bound once to memory, then run any number of times without allocating. Operands are
 * places (step.h): their layouts are read when the primitive is made, their addresses when bound.
 */
#ifndef FVI_BACKEND_ONEDNN_DNNL_DNNL_H
#define FVI_BACKEND_ONEDNN_DNNL_DNNL_H

#include "base/shape.h"
#include "fovea/fovea.h"

typedef struct fvi_dnnl_engine fvi_dnnl_engine; /* oneDNN's engine and stream; one a session */
typedef struct fvi_layout fvi_layout;           /* immutable; NULL means plain row-major f32 */
typedef struct fvi_prim fvi_prim;
typedef struct fvi_buffer fvi_buffer;

fv_status fvi_dnnl_engine_new(fvi_dnnl_engine **out, fv_error *err);
void fvi_dnnl_engine_free(fvi_dnnl_engine *b);
/* Whether convolutions and products made from now on may multiply in bf16; whether this processor
 * and oneDNN have that. */
void fvi_dnnl_engine_set_bf16(fvi_dnnl_engine *b, int on);
int fvi_dnnl_engine_has_bf16(fvi_dnnl_engine *b);
/* "oneDNN 2.6.3", static. */
const char *fvi_dnnl_version(void);
/* Whether the best instructions oneDNN uses here are AVX2's. */
int fvi_dnnl_is_avx2(void);
/* Seconds spent inside primitives since the last call; measured only while `on` was last set. */
double fvi_dnnl_engine_time(fvi_dnnl_engine *b, int on);

/* ---- layouts ---- */
/* NULL gives NULL; NULL also when out of memory. */
fvi_layout *fvi_layout_copy(const fvi_layout *l);
void fvi_layout_free(fvi_layout *l);
/* Both for a tensor of `shape`; a layout that happens to be plain equals NULL. */
int fvi_layout_equal(const fvi_layout *a, const fvi_layout *b, const fvi_shape *shape);
size_t fvi_layout_bytes(const fvi_layout *l, const fvi_shape *shape);
/* Whether the part [offset, offset+n) of `axis` of a tensor so laid out is itself one dense run of
 * bytes laid out as `part` would be: then its byte offset, else -1. (A concat done in place.) */
int64_t fvi_layout_part_offset(const fvi_layout *whole, const fvi_shape *shape,
                               const fvi_layout *part, const fvi_shape *part_shape, int axis,
                               int64_t offset);

/* ---- primitives ---- */
typedef enum fvi_access { FVI_READ = 1, FVI_WRITE = 2 } fvi_access;

/* Copies `from` into `to`, same shape, any two layouts. */
fv_status fvi_prim_reorder(fvi_dnnl_engine *b, fvi_buffer *from, fvi_buffer *to, fvi_prim **out,
                           fv_error *err);
/* to = x + y, same shape and layout; `to` may share memory with x or y. */
fv_status fvi_prim_add(fvi_dnnl_engine *b, fvi_buffer *x, fvi_buffer *y, fvi_buffer *to,
                       fvi_prim **out, fv_error *err);

/* Bytes of scratch memory it needs while running; the place for it. */
size_t fvi_prim_scratch(const fvi_prim *p);
void fvi_prim_set_scratch(fvi_prim *p, fvi_buffer *scratch);
/* Its operands: number, and one of them with how it is used. */
int fvi_prim_operand_count(const fvi_prim *p);
fvi_buffer *fvi_prim_operand(const fvi_prim *p, int i, fvi_access *access);
/* Ties it to the places' data; to be called after every place has its address. */
fv_status fvi_prim_bind(fvi_prim *p, fv_error *err);
/* Which implementation oneDNN chose, "jit:avx2"; borrowed. */
const char *fvi_prim_info(const fvi_prim *p);
/* What it does in a word, "convolution"; static. "empty": nothing. */
const char *fvi_prim_kind(const fvi_prim *p);
/* Seconds it ran since the last call; measured only while fvi_dnnl_engine_time was last set on. */
double fvi_prim_take_seconds(fvi_prim *p);
fv_status fvi_prim_run(fvi_prim *p);
void fvi_prim_free(fvi_prim *p);

#endif
