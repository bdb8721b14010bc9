/* SPDX-License-Identifier: Apache-2.0 */
/* One pass of pictures through the network and back: pictures of one size in, their objectives and
 * the gradient at the pictures out. */
#ifndef FVI_VIS_UPDATE_PASS_H
#define FVI_VIS_UPDATE_PASS_H

#include "runtime/session.h"
#include "vis/objective/bind.h"
#include "vis/update/stage_timer.h"

typedef struct fvi_pass fvi_pass;

/* Makes a pass for objectives.
 *   objectives  sample i of a run has objective i % n
 *   group       neighbouring samples that joint terms tie together; 1: none are
 *   low, high   what black and white are in the pictures' numbers */
fv_status fvi_pass_new(fv_session *session, const fvi_objective_list *objectives, int group,
                       float low, float high, fvi_pass **out, fv_error *err);
void fvi_pass_free(fvi_pass *p);

/* The network's input, and its shape for `samples` pictures. */
const fv_input *fvi_pass_input(const fvi_pass *p);
fvi_shape fvi_pass_shape(const fvi_pass *p, int64_t samples, int channels, int h, int w);

/* Has the parts of later runs timed there; NULL: not timed. */
void fvi_pass_time(fvi_pass *p, fvi_stage_times *times);

/* Room for `samples` samples of `count` numbers; to be called before fvi_pass_run needs more. */
fv_status fvi_pass_reserve(fvi_pass *p, int samples, int64_t count, fv_error *err);

/* Whether the network runs on `samples` pictures of that size.
 *   errors  NOMEM it could not be found out */
fv_status fvi_pass_takes_size(const fvi_pass *p, int samples, int h, int w, int *takes,
                              fv_error *err);

/* Why sample i of the runs so far came to numbers that are not finite: the first reason found, or
 * NULL. Samples i, i + n, ... have one objective, and one reason. */
const char *fvi_pass_why(const fvi_pass *p, int i);

/* The samples of a run: pictures of one size, and where their values go. */
typedef struct fvi_pass_samples {
    int samples, channels, h, w;
    float *t;           /* [samples][channels][h][w] pictures; becomes the gradient there */
    const float *photo; /* the same of what terms compare with (fvi_objective_photo), or NULL where
                           none do */
    const unsigned char *redirect; /* [samples] whose ReLUs may be redirected, or NULL */
    double *values;                /* [samples] written: objectives */
} fvi_pass_samples;

/* Runs samples through the network and back.
 *   errors  NONFINITE, explained, unless the session keeps such numbers: then they are left in
 *           a->values and a->t, and fvi_pass_why says where they come from; CANCELLED another
 *           thread has told the session's monitor to stop or cancel */
fv_status fvi_pass_run(fvi_pass *p, const fvi_pass_samples *a, fv_error *err);

#endif
