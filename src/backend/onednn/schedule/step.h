/* SPDX-License-Identifier: Apache-2.0 */
/* What an op may call for its step, while planning and while running.
 *
 * Steps are planned in the order they run: every step's `plan`, then, if a gradient is wanted,
 * every step's `plan_backward` in reverse. In `plan` an op reads the layouts of its sources,
 * converts them if necessary (fvi_step_source), and makes its destination; in `plan_backward` it
 * does the same with the destination's gradient and the gradients of its sources. It declares what
 * it touches; memory is laid out afterwards from these declarations. Every buffer is written by
 * exactly one step, so buffers may share memory when they are not needed at the same time. Backward
 * *writes* its gradients; if a value has several readers, the plan adds theirs. So gradients are
 * never cleared, and ops never read what they write.
 */
#ifndef FVI_BACKEND_ONEDNN_SCHEDULE_STEP_H
#define FVI_BACKEND_ONEDNN_SCHEDULE_STEP_H

#include "backend/onednn/schedule/op.h"
#include "backend/onednn/schedule/weight_cache.h"

fvi_dnnl_engine *fvi_step_engine(const fvi_step *s);
fvi_weight_cache *fvi_step_weights(const fvi_step *s);
/* The constant of input i, or NULL. */
const fvi_const *fvi_step_constant(const fvi_step *s, int i);
/* Shape of input i; of the step's output (of the last fused node). */
const fvi_shape *fvi_step_shape(const fvi_step *s, int i);
const fvi_shape *fvi_step_out_shape(const fvi_step *s);

/* Whether a primitive is unavailable, so that the op computes it itself. Out-of-memory is not
 * treated as "unavailable": falling back would change rounding; it is noted and fails the plan. */
int fvi_step_unavailable(fvi_step *s, fv_status st);

/* Zeroed memory that lives as long as the plan. */
void *fvi_step_alloc(fvi_step *s, size_t count, size_t size);

/* Input i in layout `want` (NULL: plain): the buffer itself, a copy made before this step, or a
 * converted constant. Declared as read by the direction being planned. */
fv_status fvi_step_source(fvi_step *s, int i, const fvi_layout *want, fvi_buffer **out,
                          fv_error *err);
/* The same for any buffer, e.g. s->ddst or s->dst. */
fv_status fvi_step_convert(fvi_step *s, fvi_buffer *p, const fvi_layout *want, fvi_buffer **out,
                           fv_error *err);

/* Makes s->dst, or the gradient of input i, in a layout (copied; NULL: plain). */
fv_status fvi_step_make_dst(fvi_step *s, const fvi_layout *layout, fv_error *err);
fv_status fvi_step_make_dsrc(fvi_step *s, int i, const fvi_layout *layout, fv_error *err);
/* Makes s->dst or a gradient share the memory of `of` from byte_offset on, with its own shape and
 * `layout` (copied; NULL: plain). Nothing is computed. */
fv_status fvi_step_share_dst(fvi_step *s, fvi_buffer *of, size_t byte_offset,
                             const fvi_layout *layout, fv_error *err);
fv_status fvi_step_share_dsrc(fvi_step *s, int i, fvi_buffer *of, size_t byte_offset,
                              const fvi_layout *layout, fv_error *err);
/* Asks that the producer of `part`, an input of this step, write it directly into s->dst at
 * byte_offset; `prim`, which would copy it there, is then not run. */
void fvi_step_write_inside(fvi_step *s, fvi_buffer *part, size_t byte_offset, fvi_prim *prim);

/* A buffer for this direction only, or one kept from forward to backward (plain; layout copied). */
fv_status fvi_step_temp(fvi_step *s, const fvi_shape *shape, const fvi_layout *layout,
                        fvi_buffer **out, fv_error *err);
fv_status fvi_step_temp_bytes(fvi_step *s, size_t bytes, fvi_buffer **out, fv_error *err);
fv_status fvi_step_saved_bytes(fvi_step *s, size_t bytes, fvi_buffer **out, fv_error *err);

/* Appends a primitive to the direction being planned, with its scratch memory. The step owns it
 * then, also on failure. */
fv_status fvi_step_add(fvi_step *s, fvi_prim *prim, fv_error *err);
/* Declares that the direction's own code touches a buffer. */
void fvi_step_touch(fvi_step *s, fvi_buffer *p, fvi_access access);
/* Runs the primitives of a direction, in order. */
fv_status fvi_step_run(const fvi_step *s, int direction);

/* ---- settings of the whole schedule ---- */

/* Whether ReLUs pass positive gradients only (fvi_schedule_guide); whether our own methods are used
 * wherever possible (fvi_schedule_every_method); whether steps are timed. */
int fvi_step_is_guided(const fvi_step *s);
int fvi_step_every_method(const fvi_step *s);
int fvi_step_is_timed(const fvi_step *s);
/* The samples that are redirected in this run, [*samples]; NULL: none. */
const unsigned char *fvi_step_redirect(const fvi_step *s, int64_t *samples);

#endif
