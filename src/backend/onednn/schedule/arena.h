/* SPDX-License-Identifier: Apache-2.0 */
/* The layout of a schedule's buffers in one arena. */
#ifndef FVI_BACKEND_ONEDNN_SCHEDULE_ARENA_H
#define FVI_BACKEND_ONEDNN_SCHEDULE_ARENA_H

#include "backend/onednn/dnnl/buffer.h"

/* Gives every buffer that has its own memory an offset, so that no two that are alive at the same
 * time overlap.
 *   guard   > 0: no buffers share memory, and each is followed by so many bytes
 *   errors  NOMEM the sum overflows */
fv_status fvi_arena_lay_out(fvi_buffer **buffers, int count, size_t guard, size_t *bytes,
                            fv_error *err);

/* Sets every buffer's address, given the arena's. */
void fvi_arena_bind(fvi_buffer **buffers, int count, void *arena);

#endif
