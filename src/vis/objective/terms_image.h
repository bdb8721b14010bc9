/* SPDX-License-Identifier: Apache-2.0 */
/* Terms of an objective that look at the picture alone: regularisers. Each is a number; what is
 * unwanted gets a negative weight. They see the picture in its own numbers (low..high). n is the
 * number of elements, channels * h * w. */
#ifndef FVI_VIS_OBJECTIVE_TERMS_IMAGE_H
#define FVI_VIS_OBJECTIVE_TERMS_IMAGE_H

#include <glib.h>

#include "fovea/fovea.h"

typedef enum fvi_picture_kind {
    FVI_PICTURE_NONE = 0,
    /* tv: sum of |differences| of neighbours (Lucid: tf.image.total_variation) */
    FVI_PICTURE_TV,
    /* tv(beta): sum of (dy^2 + dx^2)^(beta/2), where a pixel has both, / n (keras-vis) */
    FVI_PICTURE_TV_POWER,
    /* l1[(c)]: sum of |p - c|; c 0 (Lucid) */
    FVI_PICTURE_L1,
    /* l2[(c)]: root of 1e-6 + the sum of (p - c)^2; c 0 (Lucid) */
    FVI_PICTURE_L2,
    /* lp[(p)]: p-norm / n; p 6; inf: the largest number / n (keras-vis) */
    FVI_PICTURE_LP,
    /* squares[(c)]: sum of (p - c)^2; c 0 */
    FVI_PICTURE_SQUARES,
    /* distance: mean of (p - start)^2 (Horama's accentuation) */
    FVI_PICTURE_DISTANCE,
    /* boundary[(w[,C])]: within w pixels of the edge, sum of (b - p)^2 + 0.8 (p - C)^2, b a 5x5
     * blur of p; w 20, C 0.5 (Lucid's penalize_boundary_complexity, without its minus) */
    FVI_PICTURE_BOUNDARY,
    /* mean_tv: tv / n (tf-keras-vis' TotalVariation2D) */
    FVI_PICTURE_MEAN_TV,
    /* mean_norm[(p)]: (mean of |p|^p)^(1/p); p 2 (tf-keras-vis' Norm) */
    FVI_PICTURE_MEAN_NORM,
    /* difference: root of the mean of (p - start)^2 (Lucid's input_diff) */
    FVI_PICTURE_DIFFERENCE,
    /* blur: half the sum of (p - b)^2, b a 3x3 blur of p that is held fixed, so that going down
     * blurs (Lucid's blur_input_each_step) */
    FVI_PICTURE_BLUR
} fvi_picture_kind;

/* Reads "tv", "lp(6)", ... ; number of arguments and their range are checked.
 *   given     [n_given] the numbers in the parentheses; lp takes an infinite one
 *   kind      FVI_PICTURE_NONE where `name` is none of these
 *   argument  as given; the rest as they are by default
 *   errors    ARG a wrong number of arguments, or one out of range */
fv_status fvi_picture_term_find(const char *name, const double *given, int n_given,
                                fvi_picture_kind *kind, float argument[2], fv_error *err);
/* Whether a picture term has that name; all names, "tv, l1, ..." */
int fvi_picture_term_is(const char *name);
void fvi_picture_term_names(GString *s);
/* "tv", "lp(6)": with the arguments, also where they are the default. */
void fvi_picture_term_text(fvi_picture_kind kind, const float argument[2], char *text, size_t size);

/* Value of the term; adds weight * its gradient to dp. Allocates nothing.
 *   p, start, dp   [channels][h][w]; start: the picture before the first update */
double fvi_picture_term(fvi_picture_kind kind, const float argument[2], const float *p,
                        const float *start, int channels, int h, int w, float weight, float *dp);

#endif
