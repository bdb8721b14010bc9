/* SPDX-License-Identifier: Apache-2.0 */
/* The way from pictures to objectives and back: transforms, the network, their adjoints. */
#ifndef FVI_VIS_EVALUATE_H
#define FVI_VIS_EVALUATE_H

#include "engine/session.h"
#include "vis/picture.h"

typedef struct fvi_evaluator fvi_evaluator;

/* Makes an evaluator for pictures of objectives on the same values.
 *   pictures  [n] borrowed; neighbours of one objective in groups of `group` where they are joint
 *   group     1: no terms tie pictures together */
fv_status fvi_evaluator_new(fv_session *session, const fv_render_desc *desc, fvi_picture *pictures,
                            int n, int group, fvi_evaluator **out, fv_error *err);
void fvi_evaluator_free(fvi_evaluator *e);

/* Room for the pictures' present level; to be called after every fvi_picture_level. */
fv_status fvi_evaluator_level(fvi_evaluator *e, fv_error *err);

/* Sets every picture's value and dpixels from its pixels.
 *   step      update, counted over all levels      progress  0 first .. 1 last of this level
 *   redirect  whether pictures marked `redirected` may use redirected ReLUs
 *   verdicts  [n] what the network's share of dpixels is good for
 *   errors    NONFINITE, explained, unless the session keeps such numbers */
fv_status fvi_evaluate(fvi_evaluator *e, uint32_t step, float progress, int redirect,
                       fvi_verdict *verdicts, fv_error *err);

/* Where picture i met numbers that are not finite: the first time, or NULL. */
const char *fvi_evaluator_why(const fvi_evaluator *e, int i);

#endif
