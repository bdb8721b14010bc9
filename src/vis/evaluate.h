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
 * The network's share of dpixels being zero everywhere is said in nonzero [n] (0), if not NULL. */
fv_status fvi_evaluate(fvi_evaluator *e, uint32_t step, float progress, int redirect,
                       unsigned char *nonzero, fv_error *err);

#endif
