/* SPDX-License-Identifier: Apache-2.0 */
/* How a tensor's elements are arranged in memory: oneDNN's memory descriptor behind an opaque type.
 */
#ifndef FVI_BACKEND_ONEDNN_DNNL_DNNL_LAYOUT_H
#define FVI_BACKEND_ONEDNN_DNNL_DNNL_LAYOUT_H

#include "base/shape.h"
#include "fovea/fovea.h"

typedef struct fvi_layout fvi_layout; /* immutable; NULL means plain row-major f32 */

/* NULL for NULL, and when out of memory. */
fvi_layout *fvi_layout_copy(const fvi_layout *l);
void fvi_layout_free(fvi_layout *l);
/* For a tensor of `shape`. A layout that is plain for this shape equals NULL. */
int fvi_layout_equal(const fvi_layout *a, const fvi_layout *b, const fvi_shape *shape);
size_t fvi_layout_bytes(const fvi_layout *l, const fvi_shape *shape);
/* The byte offset of the part [offset, offset+n) of `axis` if it is one dense run of bytes in
 * layout `part`, so that a concat can be done in place; else -1. */
int64_t fvi_layout_part_offset(const fvi_layout *whole, const fvi_shape *shape,
                               const fvi_layout *part, const fvi_shape *part_shape, int axis,
                               int64_t offset);

/* A copy of l, or the plain layout if l is NULL; yours to free. */
fv_status fvi_layout_make(const fvi_layout *l, const fvi_shape *shape, fvi_layout **out,
                          fv_error *err);

/* Whether its numbers are f32. Only inputs of convolutions that multiply in bf16 are not. */
int fvi_layout_is_f32(const fvi_layout *l);
/* Whether the memory holds the tensor's elements and nothing else (no channels that pad a block),
 * so that element-wise code may run over it in order. */
int fvi_layout_is_dense(const fvi_layout *l, const fvi_shape *shape);
/* Whether the layout is [n][c/block][..][block of c], c perhaps padded with zeros; writes the block
 * and the padded c. Channels last is one block of all channels. */
int fvi_layout_channel_block(const fvi_layout *l, const fvi_shape *shape, int64_t *block,
                             int64_t *padded);
/* The layout [n][c/block][..][block of c], block 8 or 16, c padded. Yours to free. */
fv_status fvi_layout_blocked(const fvi_shape *shape, int64_t block, fvi_layout **out,
                             fv_error *err);
/* The block size at whose multiples a tensor in this layout can be split along `axis`; 0: it cannot
 * be split. */
int64_t fvi_layout_cut(const fvi_layout *l, int axis);
/* The same kind of layout for another shape of as many axes; NULL if l is NULL, if there is none,
 * or out of memory. Yours to free. */
fvi_layout *fvi_layout_like(const fvi_layout *l, const fvi_shape *shape);

#endif
