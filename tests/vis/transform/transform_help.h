/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the tests of transforms and of sampling: random numbers, products, chains. */
#ifndef FVI_TESTS_VIS_TRANSFORM_HELP_H
#define FVI_TESTS_VIS_TRANSFORM_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "vis/transform/transform.h"
#include "vis/transform/transform_text.h"

/* n standard normal numbers; yours to free. */
static inline float *noise(uint64_t seed, int64_t n) {
    float *x = malloc((size_t)n * sizeof *x);
    fvi_random r = fvi_random_stream(seed, 0, 0, FVI_DRAW_START);
    for (int64_t i = 0; i < n; i++) x[i] = fvi_random_normal(&r);
    return x;
}

static inline double dot(const float *a, const float *b, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)a[i] * b[i];
    return sum;
}

static inline fvi_transforms parse(const char *text) {
    fvi_transforms t;
    fv_error err;
    if (fvi_transforms_parse(text, &t, &err)) fail_msg("%s: %s", text, err.text);
    return t;
}

static inline fvi_chain *chain(const char *text, const fvi_chain_frame *frame) {
    fvi_transforms t = parse(text);
    fvi_chain *c = NULL;
    fv_error err;
    if (fvi_chain_new(&t, frame, &c, &err)) fail_msg("%s: %s", text, err.text);
    return c;
}

/* The stream transform `i` of a chain draws from. */
static inline fvi_random stream(const fvi_draw_key *key, int i, int one_for_all) {
    return fvi_random_stream(key->seed, one_for_all ? 0 : key->unit, key->evaluation,
                             (fvi_draw)(key->use + i));
}

/* Shifts a picture down by dy and right by dx, around the edges: out[y][x] = in[y - dy][x - dx].
 *   in, out   [channels][h][w], not the same memory; any dy, dx */
static inline void roll(const float *in, int channels, int h, int w, int dy, int dx, float *out) {
    int sy = fvi_edge_index(-(int64_t)dy, h, FVI_EDGE_WRAP);
    int sx = fvi_edge_index(-(int64_t)dx, w, FVI_EDGE_WRAP); /* first pixel of each row */
    for (int c = 0; c < channels; c++)
        for (int y = 0; y < h; y++) {
            const float *from = in + ((int64_t)c * h + (y + sy) % h) * w;
            float *to = out + ((int64_t)c * h + y) * w;
            memcpy(to, from + sx, (size_t)(w - sx) * sizeof *to);
            memcpy(to + w - sx, from, (size_t)sx * sizeof *to);
        }
}

#endif
