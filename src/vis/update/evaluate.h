/* SPDX-License-Identifier: Apache-2.0 */
/* The way from pictures to objectives and back: transforms, the network, their adjoints. */
#ifndef FVI_VIS_UPDATE_EVALUATE_H
#define FVI_VIS_UPDATE_EVALUATE_H

#include "runtime/session.h"
#include "vis/update/pass.h"
#include "vis/update/picture.h"

typedef struct fvi_evaluator fvi_evaluator;

/* Makes an evaluator for pictures of objectives on the same values.
 *   pictures  [n] borrowed; neighbours of one objective in groups of `group` where they are joint
 *   group     1: no terms tie pictures together */
fv_status fvi_evaluator_new(fv_session *session, const fvi_settings *desc, fvi_picture *pictures,
                            int n, int group, fvi_evaluator **out, fv_error *err);
void fvi_evaluator_free(fvi_evaluator *e);

/* Its runs through the network; the evaluator's own. */
const fvi_pass *fvi_evaluator_pass(const fvi_evaluator *e);

/* How pictures of one size reach the network. */
typedef struct fvi_route {
    int h, w;     /* what comes out of the transforms */
    int eh, ew;   /* what the network is given */
    int resample; /* 1: resized to eh x ew; 0: as it is, or in tiles */
} fvi_route;

/* Finds how pictures of h x w go, in runs of `samples`.  errors  NOMEM it could not be found out */
fv_status fvi_route_find(const fvi_settings *desc, const fvi_pass *pass, int samples, int h, int w,
                         fvi_route *out, fv_error *err);

/* Copies of each of n pictures that are evaluated side by side, in batches of desc->batch. */
int fvi_copies_at_once(const fvi_settings *desc, int n);

/* Room for the pictures' present level; to be called after every fvi_picture_level. */
fv_status fvi_evaluator_level(fvi_evaluator *e, fv_error *err);

/* Sets every picture's value and dpixels from its pixels.
 *   step      update, counted over all levels      progress  0 first .. 1 last of this level
 *   redirect  whether pictures marked `redirected` may use redirected ReLUs
 *   verdicts  [n] the health of the network's share of dpixels
 *   errors    NONFINITE, explained, unless the session keeps such numbers */
fv_status fvi_evaluate(fvi_evaluator *e, uint32_t step, float progress, int redirect,
                       fvi_gradient_health *verdicts, fv_error *err);

/* Why picture i first had values that are not finite, or NULL. */
const char *fvi_evaluator_why(const fvi_evaluator *e, int i);

/* Tiles that cover a line of pixels evenly: the first begins where the line does, the last ends
 * where it ends. */

/* How many tiles a line of `size` pixels takes. */
static inline int fvi_tile_count(int size, int tile) {
    return size > tile ? (size + tile - 1) / tile : 1;
}

/* First pixel of tile i of n. */
static inline int fvi_tile_begin(int i, int n, int size, int tile) {
    return n > 1 ? (int)((int64_t)i * (size - tile) / (n - 1)) : 0;
}

#endif
