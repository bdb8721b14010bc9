/* SPDX-License-Identifier: Apache-2.0 */
/* How pixels become the values of a picture file, at the end. */
#ifndef FVI_VIS_RENDER_DISPLAY_H
#define FVI_VIS_RENDER_DISPLAY_H

#include <stdint.h>

#include "vis/recipe/settings.h"

/* Values in [0,1] of a picture whose black and white are low and high. Statistics are of all
 * channels together; what is not finite is left out of them. NaN becomes 0.5, as does a picture
 * whose pixels are all equal where a kind stretches them.
 *   picture   [channels][plane]    out  the same; must not overlap */
void fvi_display(const fvi_display_settings *d, const float *picture, int channels, int64_t plane,
                 float low, float high, float *out);

/* How much gradient has arrived at each pixel: summed over channels, cut off at percentile 80, and
 * divided by that. All 1 where none has arrived anywhere.
 *   accumulated  [channels][plane] sums of |gradient|    alpha  [plane] in 0..1 */
void fvi_display_alpha(const float *accumulated, int channels, int64_t plane, float *alpha);

#endif
