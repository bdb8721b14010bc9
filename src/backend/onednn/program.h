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
fv_status fvi_program_new(fvi_backend *b, fvi_weights *w, int guards, fvi_program **out,
                          fv_error *err);
void fvi_program_free(fvi_program *p);
fvi_weights *fvi_program_weights(const fvi_program *p);

/* Makes a place (layout copied; NULL: plain). It lives as long as the program. */
fv_status fvi_program_place(fvi_program *p, const fvi_shape *shape, const fvi_layout *layout,
                            fvi_place **out, fv_error *err);

/* Makes a step for a node; nothing is planned yet. */
fv_status fvi_program_step(fvi_program *p, const fvi_graph *g, const fvi_node *n, int backward,
                           fvi_step **out, fv_error *err);

/* Plans one direction of a step and appends it. phase 0 forward, 1 backward. */
fv_status fvi_program_append(fvi_program *p, fvi_step *s, int phase, fv_error *err);

/* The value of `place` in another layout: itself, a copy made earlier, or one made now. */
fv_status fvi_program_convert(fvi_program *p, fvi_place *place, const fvi_layout *want,
                              fvi_place **out, fv_error *err);

/* x + y, in x's layout. */
fv_status fvi_program_add(fvi_program *p, fvi_place *x, fvi_place *y, fvi_place **out,
                          fv_error *err);

/* Wishes that `place`, which is computed from `of` number by number, take its memory: done where
 * nobody needs `of` afterwards, and neither is pinned. */
void fvi_program_reuse(fvi_program *p, fvi_place *place, fvi_place *of);

/* Keeps a place from action `first` to action `last` whatever the steps say (-1: before the run;
 * INT_MAX: to the end). */
void fvi_program_pin(fvi_place *place, int first, int last);

/* Actions appended so far. */
int fvi_program_length(const fvi_program *p);

/* Lays out the memory, allocates it, binds every primitive. Nothing can be appended afterwards.
 * Of a program whose weights are a counter, only the memory is laid out.
 *   results  bytes that whoever runs it will need for copies of what comes out
 *   errors   NOMEM, naming the megabytes needed; BACKEND */
fv_status fvi_program_finish(fvi_program *p, size_t results, fv_error *err);
size_t fvi_program_bytes(const fvi_program *p);

/* Runs actions [from, to). */
fv_status fvi_program_run(fvi_program *p, int from, int to, fv_error *err);

/* For tests: what is planned from now on is done by our own methods wherever that is possible, not
 * only where it is worth it: convolutions by Winograd's algorithm (winograd.c), depthwise ones by
 * our loops (depthwise.c), sides of small values kept (relu.c). */
void fvi_program_every_method(fvi_program *p);

/* Makes ReLUs pass positive gradients only, for good (relu.h). */
void fvi_program_guide(fvi_program *p);

/* Lets gradients through ReLUs that are dead for a sample (relu.h); see fvi_plan_redirect. */
void fvi_program_redirect(fvi_program *p, const unsigned char *samples, int64_t n);

/* Plain f32 in and out of a plain place. */
void fvi_place_write(fvi_place *place, const float *data);
void fvi_place_read(const fvi_place *place, float *data);

/* Guards found overwritten (0 unless made with guards). */
int fvi_program_check_guards(const fvi_program *p);

#endif
