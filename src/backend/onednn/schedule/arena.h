/* SPDX-License-Identifier: Apache-2.0 */
/* Laying out the buffers of a schedule in one arena. */
#ifndef FVI_BACKEND_ONEDNN_SCHEDULE_ARENA_H
#define FVI_BACKEND_ONEDNN_SCHEDULE_ARENA_H

#include "backend/onednn/dnnl/buffer.h"

/* Gives every buffer that has memory of its own an offset, so that no two that are alive at the
 * same time overlap; `guard` > 0: no sharing at all, and so many bytes after each. errors  NOMEM
 * the sum overflows */
fv_status fvi_arena_lay_out(fvi_buffer **buffers, int count, size_t guard, size_t *bytes,
                            fv_error *err);

/* Sets every buffer's address, given the arena's. */
void fvi_arena_bind(fvi_buffer **buffers, int count, void *arena);

#endif
