/* SPDX-License-Identifier: Apache-2.0 */
/* A schedule: the steps of a plan in the order they run, the buffers they touch, and one arena that
 * holds all buffers. plan.c decides the order.
 */
#ifndef FVI_BACKEND_ONEDNN_SCHEDULE_SCHEDULE_H
#define FVI_BACKEND_ONEDNN_SCHEDULE_SCHEDULE_H

#include "backend/onednn/schedule/op.h"
#include "backend/onednn/schedule/weight_cache.h"

/* `guards`: for debugging, buffers share no memory, are filled with NaN and followed by a guard. */
fv_status fvi_schedule_new(fvi_dnnl_engine *b, fvi_weight_cache *w, int guards, fvi_schedule **out,
                           fv_error *err);
void fvi_schedule_free(fvi_schedule *p);
fvi_weight_cache *fvi_schedule_weights(const fvi_schedule *p);

/* Makes a buffer (layout copied; NULL: plain). It lives as long as the schedule. */
fv_status fvi_schedule_buffer(fvi_schedule *p, const fvi_shape *shape, const fvi_layout *layout,
                              fvi_buffer **out, fv_error *err);

/* Makes a step for a node, without planning it. */
fv_status fvi_schedule_step(fvi_schedule *p, const fvi_graph *g, const fvi_node *n, int backward,
                            fvi_step **out, fv_error *err);

/* Plans one direction of a step and appends it: FVI_FORWARD, FVI_BACKWARD. */
fv_status fvi_schedule_append(fvi_schedule *p, fvi_step *s, int direction, fv_error *err);

/* The value of a buffer in another layout: the buffer itself, an earlier copy, or a new one. Not
 * for weights: a copy made by the schedule is valid only from its entry to the end of a run, and
 * another reader may come earlier (use fvi_weight_cache_constant). */
fv_status fvi_schedule_convert(fvi_schedule *p, fvi_buffer *buffer, const fvi_layout *want,
                               fvi_buffer **out, fv_error *err);

/* x + y, in x's layout. */
fv_status fvi_schedule_add(fvi_schedule *p, fvi_buffer *x, fvi_buffer *y, fvi_buffer **out,
                           fv_error *err);

/* Allows `buffer`, which is computed from `of` element by element, to be computed in the memory of
 * `of`. It is, unless `of` is read afterwards or one of them is persistent. */
void fvi_schedule_allow_inplace(fvi_schedule *p, fvi_buffer *buffer, fvi_buffer *of);

/* Keeps a buffer alive from entry `first` to entry `last`, in addition to what the steps declare
 * (-1: before the run; INT_MAX: to the end). */
void fvi_schedule_persist(fvi_buffer *buffer, int first, int last);

/* Entries appended so far. */
int fvi_schedule_length(const fvi_schedule *p);

/* Lays out the memory, allocates it and binds every primitive. Nothing can be appended afterwards.
 * If the weights are a dry-run cache, only the memory is laid out.
 *   results  bytes the caller will need for copies of the results
 *   errors   NOMEM, naming the megabytes needed; BACKEND */
fv_status fvi_schedule_finish(fvi_schedule *p, size_t results, fv_error *err);
size_t fvi_schedule_bytes(const fvi_schedule *p);

/* Runs entries [from, to). */
fv_status fvi_schedule_run(fvi_schedule *p, int from, int to, fv_error *err);

/* For tests: from now on plans use our own methods wherever possible, not only where they are
 * faster: Winograd's algorithm (winograd.c), depthwise loops (depthwise.c), sides instead of values
 * even of small tensors (relu_backward.c). */
void fvi_schedule_every_method(fvi_schedule *p);

/* Makes ReLUs pass positive gradients only, in all runs (relu_backward.h). */
void fvi_schedule_guide(fvi_schedule *p);

/* fvi_executable_redirect, by the hooks of relu_backward.h. */
void fvi_schedule_redirect(fvi_schedule *p, const unsigned char *samples, int64_t n);

/* How many guards were overwritten (0 unless made with guards). */
int fvi_schedule_check_guards(const fvi_schedule *p);

#endif
