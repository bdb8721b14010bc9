/* SPDX-License-Identifier: Apache-2.0 */
/* A picture under way: its numbers, what they look like, and what climbs with them. */
#ifndef FVI_VIS_RENDER_PICTURE_H
#define FVI_VIS_RENDER_PICTURE_H

#include "vis/objective/bind.h"
#include "vis/optimize/gradient_health.h"
#include "vis/recipe/settings.h"

typedef struct fvi_picture {
    const fvi_settings *desc; /* resolved */
    const fvi_objective *objective;
    int place;    /* of its rendering among all */
    int start;    /* which of its objective's starts */
    uint64_t key; /* of its random streams */

    /* Of the level it is at. */
    int channels, h, w; /* with the margins */
    int margin[2];      /* rows above and below, columns left and right: cut at the end */
    int64_t count;      /* channels * h * w */
    fvi_param *param;
    fvi_optimizer *optimizer;
    fvi_chain **chain;   /* [copies] */
    fvi_chain *in_place; /* of in-place transforms, or NULL */
    int64_t numbers;
    float *z, *dz, *best;    /* [numbers] */
    float *good;             /* [numbers] of the last sound evaluation; NULL unless kept */
    float *pixels, *dpixels; /* [count] */
    float *begun;            /* [count] the picture before the first update of this level */
    float *mask, *alpha;     /* [h * w], [count], or NULL */
    float *photo;            /* [count] what terms compare with, or NULL */
    float *room;             /* [count] */
    float *levels;           /* what normalising the gradient needs, or NULL */

    double value, first, best_value;
    int steps, age; /* updates made; updates since the best value */
    int frozen;     /* stopped: on a plateau, or broken */
    int redirected, alive;
    int sound;          /* an evaluation was */
    double sound_value; /* of the last one */
    int broken;         /* its gradient exploded, or it met NaN: stays as it is */
    float faint;        /* largest magnitude of its gradients so far */
    char *why;          /* it is broken; NULL. g_free */
} fvi_picture;

/* Makes a picture; nothing is allocated before its first level.
 *   name   the objective's one spelling, which decides its random numbers */
void fvi_picture_init(fvi_picture *p, const fvi_settings *desc, const fvi_objective *objective,
                      const char *name, int start, int place);
void fvi_picture_clear(fvi_picture *p);

/* Rows (columns) added on each side of a picture with `side` of them. */
int fvi_picture_margin(const fvi_settings *desc, int side);
/* How transforms see a picture of h x w with its margins; `in` is the network's input. */
fvi_chain_frame fvi_picture_frame(const fvi_settings *desc, const fv_input *in, int h, int w);

/* Enters a level: of size h x w; `frame` as transforms see it there. The first level begins with
 * the start, further ones with what the level before left (fvi_octave_carry).
 *   full_h, full_w  size of the last level: what the start is made at where levels lie below it */
fv_status fvi_picture_level(fvi_picture *p, const fvi_chain_frame *frame, int full_h, int full_w,
                            fv_error *err);

/* Bytes a picture of `desc` and `objective` takes at a level of that frame, at most.
 *   chain, in_place  one of its chains there, and that of in-place transforms or NULL */
size_t fvi_picture_bytes(const fvi_settings *desc, const fvi_objective *objective,
                         const fvi_chain_frame *frame, const fvi_chain *chain,
                         const fvi_chain *in_place);

/* Before an evaluation: applies in-place transforms, then parameters -> pixels. */
void fvi_picture_decode(fvi_picture *p, uint32_t step);
/* After it: dpixels -> numbers, by normalisation, optimiser and regularisers.
 *   step, steps  update counted from 0, of how many at this level */
fv_status fvi_picture_step(fvi_picture *p, int step, int steps, fv_error *err);
/* Between them: takes an evaluation's verdict. A picture that is broken goes back to the numbers of
 * its last sound evaluation, if those are kept, and stops; else it is dead.
 *   why  of what is not finite, or NULL */
void fvi_picture_check(fvi_picture *p, const fvi_gradient_health *v, const char *why);
/* At the end: the numbers kept -> pixels. */
void fvi_picture_settle(fvi_picture *p);

#endif
