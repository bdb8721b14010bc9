/* SPDX-License-Identifier: Apache-2.0 */
/* A program: the steps of a plan in the order of running, the places they touch, and one arena that
 * holds them all. The engine decides what happens in which order; this file makes it runnable.
 */
#ifndef FVI_BACKEND_ONEDNN_PROGRAM_H
#define FVI_BACKEND_ONEDNN_PROGRAM_H

#include "backend/onednn/step.h"
#include "backend/onednn/weight_cache.h"

/* `guards`: a debugging program that shares no memory between places, starts as NaN everywhere and
 * has a guard after every place. */
fv_status fvi_schedule_new(fvi_dnnl_engine *b, fvi_weight_cache *w, int guards, fvi_schedule **out,
                           fv_error *err);
void fvi_schedule_free(fvi_schedule *p);
fvi_weight_cache *fvi_schedule_weights(const fvi_schedule *p);

/* Makes a place (layout copied; NULL: plain). It lives as long as the program. */
fv_status fvi_schedule_buffer(fvi_schedule *p, const fvi_shape *shape, const fvi_layout *layout,
                              fvi_buffer **out, fv_error *err);

/* Makes a step for a node; nothing is planned yet. */
fv_status fvi_schedule_step(fvi_schedule *p, const fvi_graph *g, const fvi_node *n, int backward,
                            fvi_step **out, fv_error *err);

/* Plans one direction of a step and appends it. phase 0 forward, 1 backward. */
fv_status fvi_schedule_append(fvi_schedule *p, fvi_step *s, int phase, fv_error *err);

/* The value of `place` in another layout: itself, a copy made earlier, or one made now. Not of
 * weights: a copy made by the schedule is there only from its action on and for one run, and its
 * other readers may come before (fvi_weight_cache_constant). */
fv_status fvi_schedule_convert(fvi_schedule *p, fvi_buffer *place, const fvi_layout *want,
                               fvi_buffer **out, fv_error *err);

/* x + y, in x's layout. */
fv_status fvi_schedule_add(fvi_schedule *p, fvi_buffer *x, fvi_buffer *y, fvi_buffer **out,
                           fv_error *err);

/* Wishes that `place`, which is computed from `of` number by number, take its memory: done where
 * nobody needs `of` afterwards, and neither is pinned. */
void fvi_schedule_reuse(fvi_schedule *p, fvi_buffer *place, fvi_buffer *of);

/* Keeps a place from action `first` to action `last` whatever the steps say (-1: before the run;
 * INT_MAX: to the end). */
void fvi_schedule_pin(fvi_buffer *place, int first, int last);

/* Actions appended so far. */
int fvi_schedule_length(const fvi_schedule *p);

/* Lays out the memory, allocates it, binds every primitive. Nothing can be appended afterwards.
 * Of a program whose weights are a counter, only the memory is laid out.
 *   results  bytes that whoever runs it will need for copies of what comes out
 *   errors   NOMEM, naming the megabytes needed; BACKEND */
fv_status fvi_schedule_finish(fvi_schedule *p, size_t results, fv_error *err);
size_t fvi_schedule_bytes(const fvi_schedule *p);

/* Runs actions [from, to). */
fv_status fvi_schedule_run(fvi_schedule *p, int from, int to, fv_error *err);

/* For tests: what is planned from now on is done by our own methods wherever that is possible, not
 * only where it is worth it: convolutions by Winograd's algorithm (winograd.c), depthwise ones by
 * our loops (depthwise.c), sides of small values kept (relu.c). */
void fvi_schedule_every_method(fvi_schedule *p);

/* Makes ReLUs pass positive gradients only, for good (relu.h). */
void fvi_schedule_guide(fvi_schedule *p);

/* Lets gradients through ReLUs that are dead for a sample (relu.h); see fvi_plan_redirect. */
void fvi_schedule_redirect(fvi_schedule *p, const unsigned char *samples, int64_t n);

/* Plain f32 in and out of a plain place. */
void fvi_buffer_write(fvi_buffer *place, const float *data);
void fvi_buffer_read(const fvi_buffer *place, float *data);

/* Guards found overwritten (0 unless made with guards). */
int fvi_schedule_check_guards(const fvi_schedule *p);

#endif
