/* SPDX-License-Identifier: Apache-2.0 */
/* start: the picture before the first update.
 *
 * "Random at all scales" (Wolfram's Deep Dream example): every octave of spatial frequency has the
 * same energy, as in photographs, so that the optimiser finds structures of every size to
 * strengthen.
 */
#include "vis/param/start.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define MAX_CELLS 4096

/* Adds one bilinear noise grid of `cells` x `cells` squares, stretched over the picture. */
static void add_grid(fvi_random *r, int cells, int h, int w, float *p) {
    float rows[2][MAX_CELLS + 1]; /* the grid's lines above and below the current pixels */
    int n = cells + 1, have = -1;
    for (int y = 0; y < h; y++) {
        float gy = (float)y * (float)cells / (float)h, fy = gy - floorf(gy);
        int cell = (int)gy;
        while (have < cell + 1) { /* lines are drawn in order: each exactly once */
            memcpy(rows[0], rows[1], sizeof rows[0]);
            for (int i = 0; i < n; i++) rows[1][i] = fvi_random_normal(r);
            have++;
        }
        for (int x = 0; x < w; x++) {
            float gx = (float)x * (float)cells / (float)w, fx = gx - floorf(gx);
            int c = (int)gx;
            float top = rows[0][c] + fx * (rows[0][c + 1] - rows[0][c]);
            float low = rows[1][c] + fx * (rows[1][c + 1] - rows[1][c]);
            p[(int64_t)y * w + x] += top + fy * (low - top);
        }
    }
}

/* Shifts and scales to a mean and standard deviation. */
static void standardise(float *p, int64_t n, float to, float sd) {
    double sum = 0, square = 0;
    for (int64_t i = 0; i < n; i++) sum += p[i];
    double mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++) square += (p[i] - mean) * (p[i] - mean);
    double deviation = sqrt(square / (double)n);
    float scale = deviation > 0 ? (float)(sd / deviation) : 0;
    for (int64_t i = 0; i < n; i++) p[i] = to + (p[i] - (float)mean) * scale;
}

void fvi_start_all_scales(fvi_random *r, int channels, int h, int w, float mean, float sd,
                          float *pixels) {
    int64_t plane = (int64_t)h * w;
    int side = h > w ? h : w;
    memset(pixels, 0, (size_t)(channels * plane) * sizeof *pixels);
    for (int c = 0; c < channels; c++) {
        for (int cells = 1; cells <= side && cells <= MAX_CELLS; cells *= 2)
            add_grid(r, cells, h, w, pixels + c * plane);
        standardise(pixels + c * plane, plane, mean, sd);
    }
}
