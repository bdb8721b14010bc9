/* SPDX-License-Identifier: Apache-2.0 */
/* pyramid: a picture as a sum of bands of spatial frequency, each half as large as the one before.
 *
 *   low = down(x)         the 5x5 binomial kernel, every second row and column, zeros outside
 *   x   = up(low) + band  up = 4 times the transpose of down
 *
 * Positions are those of TensorFlow's SAME padding: ceil(n / 2) outputs, output i reads inputs
 * 2i - p .. 2i - p + 4 with p = 1 for even n, 2 for odd n. The kernel is separable: first along x,
 * then along y. Each band overwrites the level it was split from, so the memory needed is a third
 * of the picture and half a plane. Source: DeepDreaming with TensorFlow (lap_split, lap_merge,
 * normalize_std).
 */
#include "signal/pyramid.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

enum { MAX_LEVELS = FVI_PYRAMID_MAX_LEVELS, TAPS = FVI_PYRAMID_TAPS };

const float fvi_pyramid_kernel[TAPS] = {0.0625f, 0.25f, 0.375f, 0.25f, 0.0625f};

typedef struct level {
    int h, w;
    float *data; /* [channels][h][w] */
} level;

int fvi_pyramid_half(int n) { return n / 2 + n % 2; }
int fvi_pyramid_overhang(int n) { return n % 2 ? 2 : 1; }
/* The taps [first, last) inside n inputs, for the output whose kernel begins at `at`. */
static int first_tap(int at) { return at < 0 ? -at : 0; }
static int last_tap(int at, int n) { return at + TAPS > n ? n - at : TAPS; }

/* dst [fvi_pyramid_half(n)] = src [n] through the kernel. */
static void down_line(const float *src, int n, float *dst) {
    int count = fvi_pyramid_half(n), p = fvi_pyramid_overhang(n), i = 0;
    for (; 2 * i - p < 0 && i < count; i++) {
        float sum = 0;
        for (int k = first_tap(2 * i - p), end = last_tap(2 * i - p, n); k < end; k++)
            sum += fvi_pyramid_kernel[k] * src[2 * i - p + k];
        dst[i] = sum;
    }
    for (; 2 * i - p + TAPS <= n; i++) { /* the whole kernel is inside */
        const float *s = src + (ptrdiff_t)2 * i - p;
        dst[i] = fvi_pyramid_kernel[0] * (s[0] + s[4]) + fvi_pyramid_kernel[1] * (s[1] + s[3]) +
                 fvi_pyramid_kernel[2] * s[2];
    }
    for (; i < count; i++) {
        float sum = 0;
        for (int k = 0, end = last_tap(2 * i - p, n); k < end; k++)
            sum += fvi_pyramid_kernel[k] * src[2 * i - p + k];
        dst[i] = sum;
    }
}

/* dst [n] += 4 * scale * the transpose of down_line on src [fvi_pyramid_half(n)], which has a zero
 * before and after it. Output y receives inputs j, j-1, j-2 through taps 0, 2, 4 where y + p = 2j,
 * and j, j-1 through taps 1, 3 where y + p = 2j + 1. */
static void add_up_line(const float *src, int n, float scale, float *dst) {
    int p = fvi_pyramid_overhang(n), y = 0;
    float end = 4 * scale * fvi_pyramid_kernel[0], side = 4 * scale * fvi_pyramid_kernel[1],
          middle = 4 * scale * fvi_pyramid_kernel[2];
    if (p == 1) {
        dst[0] += side * (src[0] + src[-1]);
        y = 1;
    }
    const float *s = src + (y + p) / 2;
    for (; y + 1 < n; y += 2, s++) {
        dst[y] += end * (s[0] + s[-2]) + middle * s[-1];
        dst[y + 1] += side * (s[0] + s[-1]);
    }
    if (y < n) dst[y] += end * (s[0] + s[-2]) + middle * s[-1];
}

/* low [hl][wl] = down(high [h][w]), one plane; room [h][wl]. */
static void down(const float *high, int h, int w, float *room, float *low) {
    int wl = fvi_pyramid_half(w), hl = fvi_pyramid_half(h);
    for (int y = 0; y < h; y++) down_line(high + (int64_t)y * w, w, room + (int64_t)y * wl);
    for (int i = 0; i < hl; i++) {
        int at = 2 * i - fvi_pyramid_overhang(h), last = last_tap(at, h);
        float *dst = low + (int64_t)i * wl;
        memset(dst, 0, (size_t)wl * sizeof *dst);
        for (int k = first_tap(at); k < last; k++) {
            const float *src = room + (int64_t)(at + k) * wl;
            for (int x = 0; x < wl; x++) dst[x] += fvi_pyramid_kernel[k] * src[x];
        }
    }
}

/* high [h][w] += scale * up(low [hl][wl]), one plane; room [wl + 2]. */
static void add_up(const float *low, int h, int w, float scale, float *room, float *high) {
    int wl = fvi_pyramid_half(w), hl = fvi_pyramid_half(h), p = fvi_pyramid_overhang(h);
    room[0] = room[wl + 1] = 0;
    for (int y = 0; y < h; y++) {
        float *line = room + 1;
        memset(line, 0, (size_t)wl * sizeof *line);
        for (int k = (y + p) % 2; k < TAPS; k += 2) { /* y = 2i - p + k */
            int i = (y + p - k) / 2;
            if (y + p < k || i >= hl) continue;
            const float *src = low + (int64_t)i * wl;
            for (int x = 0; x < wl; x++) line[x] += fvi_pyramid_kernel[k] * src[x];
        }
        add_up_line(line, w, scale, high + (int64_t)y * w);
    }
}

/* Divides by the root mean square. */
static void normalise(float *x, int64_t n) {
    double square = 0;
    for (int64_t i = 0; i < n; i++) square += (double)x[i] * x[i];
    float scale = (float)(1 / fmax(sqrt(square / (double)n), 1e-10));
    for (int64_t i = 0; i < n; i++) x[i] *= scale;
}

/* Floats of scratch: half a plane, and a line. The levels follow them in `room`. */
static int64_t work_room(int h, int w) { return (int64_t)h * fvi_pyramid_half(w) + 2; }

static void lay_out(level *l, int levels, fvi_planes g, float *room) {
    float *at = room + work_room(g.h, g.w);
    l[0] = (level){g.h, g.w, g.data};
    for (int k = 1; k < levels; k++) {
        l[k] = (level){fvi_pyramid_half(l[k - 1].h), fvi_pyramid_half(l[k - 1].w), at};
        at += (int64_t)g.channels * l[k].h * l[k].w;
    }
}

int64_t fvi_pyramid_room(int channels, int h, int w, int levels) {
    int64_t count = work_room(h, w);
    for (int k = 1; k < levels && k < MAX_LEVELS; k++) {
        h = fvi_pyramid_half(h);
        w = fvi_pyramid_half(w);
        count += (int64_t)channels * h * w;
    }
    return count;
}

fv_status fvi_pyramid_normalise(fvi_planes g, int levels, float *room, fv_error *err) {
    const int channels = g.channels;
    level l[MAX_LEVELS];
    if (levels < 1 || levels > MAX_LEVELS)
        return fvi_fail(err, FV_ARG, "a pyramid of %d levels; allowed: 1..%d", levels, MAX_LEVELS);
    lay_out(l, levels, g, room);
    for (int k = 0; k < levels; k++) {
        int64_t plane = (int64_t)l[k].h * l[k].w;
        for (int c = 0; c < channels && k + 1 < levels; c++) {
            float *low = l[k + 1].data + c * (int64_t)l[k + 1].h * l[k + 1].w;
            down(l[k].data + c * plane, l[k].h, l[k].w, room, low);
            add_up(low, l[k].h, l[k].w, -1, room, l[k].data + c * plane);
        }
        normalise(l[k].data, channels * plane);
    }
    for (int k = levels - 2; k >= 0; k--)
        for (int c = 0; c < channels; c++)
            add_up(l[k + 1].data + c * (int64_t)l[k + 1].h * l[k + 1].w, l[k].h, l[k].w, 1, room,
                   l[k].data + c * (int64_t)l[k].h * l[k].w);
    return FV_OK;
}
