/* SPDX-License-Identifier: Apache-2.0 */
/* How a tensor's elements are arranged in memory: oneDNN's memory descriptor behind an opaque type.
 */
#ifndef FVI_BACKEND_ONEDNN_DNNL_DNNL_LAYOUT_H
#define FVI_BACKEND_ONEDNN_DNNL_DNNL_LAYOUT_H

#include "base/shape.h"
#include "fovea/fovea.h"

typedef struct fvi_layout fvi_layout; /* immutable; NULL means plain row-major f32 */

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

/* A layout, or the plain one where l is NULL, as a descriptor of its own; yours to free. */
fv_status fvi_layout_make(const fvi_layout *l, const fvi_shape *shape, fvi_layout **out,
                          fv_error *err);

/* Whether its numbers are f32: all but what convolutions that multiply in bf16 read. */
int fvi_layout_is_f32(const fvi_layout *l);
/* Whether element-wise code may run over a buffer's memory in order, whatever its layout: it holds
 * the tensor's elements and nothing else (no channels added to fill a block). */
int fvi_layout_is_dense(const fvi_layout *l, const fvi_shape *shape);
/* Whether the tensor lies as [n][c/block][..][block of c], c perhaps filled up with zeros: then the
 * block and the filled-up c; else 0. Channels last is one block of all channels. */
int fvi_layout_channel_block(const fvi_layout *l, const fvi_shape *shape, int64_t *block,
                             int64_t *padded);
/* The layout [n][c/block][..][block of c], block 8 or 16, c filled up. Yours to free. */
fv_status fvi_layout_blocked(const fvi_shape *shape, int64_t block, fvi_layout **out,
                             fv_error *err);
/* Parts of `axis` may be cut from a tensor laid out so at multiples of this; 0: cannot be cut. */
int64_t fvi_layout_cut(const fvi_layout *l, int axis);
/* l's kind of layout for another shape of as many axes; NULL where l is NULL or it cannot be (or on
 * lack of memory). Yours to free. */
fvi_layout *fvi_layout_like(const fvi_layout *l, const fvi_shape *shape);

#endif
