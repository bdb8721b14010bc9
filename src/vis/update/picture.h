/* SPDX-License-Identifier: Apache-2.0 */
/* A picture during its optimisation: its parameters, pixels, transforms and optimiser. */
#ifndef FVI_VIS_UPDATE_PICTURE_H
#define FVI_VIS_UPDATE_PICTURE_H

#include "vis/objective/bind.h"
#include "vis/optimize/gradient_health.h"
#include "vis/recipe/settings.h"

typedef struct fvi_picture {
    const fvi_settings *desc; /* resolved */
    const fvi_objective *objective;
    int index;    /* of its rendering in the call */
    int start;    /* which of its objective's restarts, from 0 */
    uint64_t key; /* of its random streams */

    /* Of its current level. */
    int channels, h, w; /* with the margins */
    int margin[2];      /* rows above and below, columns left and right: cut at the end */
    int64_t count;      /* channels * h * w */
    fvi_param *param;
    fvi_optimizer *optimizer;
    fvi_chain **chain;   /* [copies] */
    fvi_chain *in_place; /* of the in-place transforms, or NULL */
    int64_t n_params;
    float *params, *dparams, *best; /* [n_params] */
    float *good;                    /* [n_params] at the last finite evaluation; NULL unless kept */
    float *pixels, *dpixels;        /* [count] */
    float *begun;                   /* [count] the picture before the first update of this level */
    float *mask, *alpha;            /* [h * w], [count], or NULL */
    float *photo;                   /* [count] what terms compare with, or NULL */
    float *room;                    /* [count] scratch */
    float *levels;                  /* what normalising the gradient needs, or NULL */

    double value, first, best_value;
    int steps, age; /* updates made; updates since the best value */
    int frozen;     /* stopped: on a plateau, or broken */
    int redirected, alive;
    int sound;              /* an evaluation was finite */
    double sound_value;     /* objective at the last one that was */
    int broken;             /* its gradient exploded, or it met NaN: stays as it is */
    float largest_gradient; /* magnitude, of all gradients so far that vanished */
    char *why;              /* it is broken; NULL. g_free */
} fvi_picture;

/* Makes a picture; nothing is allocated before its first level.
 *   name   the canonical text of the objective, which selects its random numbers */
void fvi_picture_init(fvi_picture *p, const fvi_settings *desc, const fvi_objective *objective,
                      const char *name, int start, int index);
void fvi_picture_clear(fvi_picture *p);

/* Rows (columns) added on each side of a picture with `side` of them. */
int fvi_picture_margin(const fvi_settings *desc, int side);
/* What transforms need to know of a picture of h x w, margins added.  in  the network's input */
fvi_chain_frame fvi_picture_frame(const fvi_settings *desc, const fv_input *in, int h, int w);

/* Begins a level of the size that `frame` has. The first level begins with the start picture,
 * further ones with the result of the level before (fvi_octave_carry).
 *   full_h, full_w  size of the last level: the start is made at it where levels grow towards it */
fv_status fvi_picture_level(fvi_picture *p, const fvi_chain_frame *frame, int full_h, int full_w,
                            fv_error *err);

/* Bytes a picture of `desc` and `objective` takes at a level of that frame, at most.
 *   chain, in_place  one of its chains there; that of its in-place transforms, or NULL */
size_t fvi_picture_bytes(const fvi_settings *desc, const fvi_objective *objective,
                         const fvi_chain_frame *frame, const fvi_chain *chain,
                         const fvi_chain *in_place);

/* Before an evaluation: in-place transforms, then parameters -> pixels. */
void fvi_picture_decode(fvi_picture *p, uint32_t step);
/* After it: an optimiser step. dpixels -> parameters, through gradient normalisation, optimiser and
 * regularisers.
 *   step, steps  update counted from 0, of how many at this level */
fv_status fvi_picture_step(fvi_picture *p, int step, int steps, fv_error *err);
/* The first part of that: counts the update, and keeps the best value. Returns whether the
 * parameters are to be updated. */
int fvi_picture_begin_step(fvi_picture *p);
/* Between them: checks the gradient. Where it exploded or is not finite, the picture goes back to
 * the parameters of its last finite evaluation and stops; it is dead if those are not kept.
 *   why  of what is not finite, or NULL */
void fvi_picture_check(fvi_picture *p, const fvi_gradient_health *v, const char *why);
/* At the end of a level: the best parameters, where they are kept, become the parameters and the
 * pixels. */
void fvi_picture_finish(fvi_picture *p);

#endif
