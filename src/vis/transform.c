/* SPDX-License-Identifier: Apache-2.0 */
/* transform: random jitter keeps an optimised picture from fitting the network's sampling grid
 * (Mordvintsev, Olah and Tyka 2015, "Inceptionism").
 */
#include "vis/transform.h"

#include <stdint.h>
#include <string.h>

static int wrapped(int i, int n) {
    int r = i % n;
    return r < 0 ? r + n : r;
}

void fvi_roll(const float *in, int channels, int h, int w, int dy, int dx, float *out) {
    size_t left = (size_t)wrapped(dx, w); /* columns of `out` from the right edge of `in` */
    size_t right = (size_t)w - left;
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < h; y++) {
            const float *from = in + ((int64_t)c * h + wrapped(y - dy, h)) * w;
            float *to = out + ((int64_t)c * h + y) * w;
            memcpy(to, from + right, left * sizeof *to);
            memcpy(to + left, from, right * sizeof *to);
        }
}
