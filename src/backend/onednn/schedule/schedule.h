/* SPDX-License-Identifier: Apache-2.0 */
/* A schedule: the steps of a plan in the order of running, the buffers they touch, and one arena
 * that holds them all. plan.c decides what is run in which order.
 */
#ifndef FVI_BACKEND_ONEDNN_SCHEDULE_SCHEDULE_H
#define FVI_BACKEND_ONEDNN_SCHEDULE_SCHEDULE_H

#include "backend/onednn/schedule/op.h"
#include "backend/onednn/schedule/weight_cache.h"

/* `guards`: for debugging, buffers share no memory, start as NaN everywhere and have a guard after
 * each. */
fv_status fvi_schedule_new(fvi_dnnl_engine *b, fvi_weight_cache *w, int guards, fvi_schedule **out,
                           fv_error *err);
void fvi_schedule_free(fvi_schedule *p);
fvi_weight_cache *fvi_schedule_weights(const fvi_schedule *p);

/* Makes a buffer (layout copied; NULL: plain). It lives as long as the schedule. */
fv_status fvi_schedule_buffer(fvi_schedule *p, const fvi_shape *shape, const fvi_layout *layout,
                              fvi_buffer **out, fv_error *err);

/* Makes a step for a node; nothing is planned yet. */
fv_status fvi_schedule_step(fvi_schedule *p, const fvi_graph *g, const fvi_node *n, int backward,
                            fvi_step **out, fv_error *err);

/* Plans one direction of a step and appends it: FVI_FORWARD, FVI_BACKWARD. */
fv_status fvi_schedule_append(fvi_schedule *p, fvi_step *s, int direction, fv_error *err);

/* The value of a buffer in another layout: the buffer itself, a copy made earlier, or one made now.
 * Not of weights: a copy made by the schedule has its values from its entry on and for one run
 * only, and its other readers may come before (fvi_weight_cache_constant). */
fv_status fvi_schedule_convert(fvi_schedule *p, fvi_buffer *buffer, const fvi_layout *want,
                               fvi_buffer **out, fv_error *err);

/* x + y, in x's layout. */
fv_status fvi_schedule_add(fvi_schedule *p, fvi_buffer *x, fvi_buffer *y, fvi_buffer **out,
                           fv_error *err);

/* Allows `buffer`, which is computed from `of` element by element, to be computed in place, in the
 * memory of `of`: done where nothing reads `of` afterwards and neither is persistent. */
void fvi_schedule_allow_inplace(fvi_schedule *p, fvi_buffer *buffer, fvi_buffer *of);

/* Keeps a buffer from entry `first` to entry `last` whatever the steps declare (-1: before the run;
 * INT_MAX: to the end). */
void fvi_schedule_persist(fvi_buffer *buffer, int first, int last);

/* Entries appended so far. */
int fvi_schedule_length(const fvi_schedule *p);

/* Lays out the memory, allocates it, binds every primitive. Nothing can be appended afterwards.
 * Of a schedule whose weights are a dry-run cache, only the memory is laid out.
 *   results  bytes the caller will need for copies of the results
 *   errors   NOMEM, naming the megabytes needed; BACKEND */
fv_status fvi_schedule_finish(fvi_schedule *p, size_t results, fv_error *err);
size_t fvi_schedule_bytes(const fvi_schedule *p);

/* Runs entries [from, to). */
fv_status fvi_schedule_run(fvi_schedule *p, int from, int to, fv_error *err);

/* For tests: what is planned from now on uses our own methods wherever that is possible, not only
 * where it is faster: Winograd's algorithm (winograd.c), our depthwise loops (depthwise.c), sides
 * of small values kept (relu_backward.c). */
void fvi_schedule_every_method(fvi_schedule *p);

/* Makes ReLUs pass positive gradients only, for good (relu_backward.h). */
void fvi_schedule_guide(fvi_schedule *p);

/* Lets gradients through ReLUs that are dead for a sample (relu_backward.h); see
 * fvi_executable_redirect. */
void fvi_schedule_redirect(fvi_schedule *p, const unsigned char *samples, int64_t n);

/* Guards found overwritten (0 unless made with guards). */
int fvi_schedule_check_guards(const fvi_schedule *p);

#endif
