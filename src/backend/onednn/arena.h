/* SPDX-License-Identifier: Apache-2.0 */
/* Laying out the places of a program in one arena. */
#ifndef FVI_BACKEND_ONEDNN_ARENA_H
#define FVI_BACKEND_ONEDNN_ARENA_H

#include "backend/onednn/step.h"

/* Gives every place that has memory of its own an offset, so that no two that live at the same time
 * overlap; `guard` > 0: no sharing at all, and so many bytes after each.
 *   errors  NOMEM the sum overflows */
fv_status fvi_arena_lay_out(fvi_buffer **places, int count, size_t guard, size_t *bytes,
                            fv_error *err);

/* Sets every place's address, given the arena's. */
void fvi_arena_bind(fvi_buffer **places, int count, void *arena);

#endif
