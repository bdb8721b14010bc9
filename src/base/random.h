/* SPDX-License-Identifier: Apache-2.0 */
/* Counter-based random numbers (Philox4x32-10, Salmon et al. 2011): the n-th number of a stream is
 * a function of the key alone, so results do not depend on batch size, order or threads. */
#ifndef FVI_BASE_RANDOM_H
#define FVI_BASE_RANDOM_H

#include <stdint.h>

/* The purpose of a stream; part of the key, so two purposes never share numbers. */
typedef enum fvi_draw {
    FVI_DRAW_START = 1,
    FVI_DRAW_TILE = 2,       /* tile offsets */
    FVI_DRAW_NOISE = 3,      /* attribution: noisy copies, noise baselines */
    FVI_DRAW_MASK = 4,       /* attribution: masks, random orders */
    FVI_DRAW_SHUFFLE = 5,    /* weights */
    FVI_DRAW_TRANSFORM = 16, /* + the transform's index in its list */
    FVI_DRAW_IN_PLACE = 48
} fvi_draw;

/* One stream of random numbers: keyed by the user's seed, the unit, the step and the use. */
typedef struct fvi_random {
    uint32_t key[2], counter[4], out[4];
    int left;
} fvi_random;

fvi_random fvi_random_stream(uint64_t seed, uint64_t unit, uint32_t step, fvi_draw use);

/* A stream that nothing was drawn from, as numbers that f32 holds exactly: the 16-bit halves, low
 * ones first, of both words of its key and of the last three of its counter; and back (what is no
 * half becomes the nearest one). */
enum { FVI_RANDOM_HALVES = 10 };
void fvi_random_to_halves(const fvi_random *r, float halves[FVI_RANDOM_HALVES]);
fvi_random fvi_random_from_halves(const float halves[FVI_RANDOM_HALVES]);

uint32_t fvi_random_u32(fvi_random *r);
/* Skips the next n >= 0 numbers. */
void fvi_random_skip(fvi_random *r, int64_t n);
/* Uniform in [0,1), 24 bits. */
float fvi_random_uniform(fvi_random *r);
/* Standard normal (Box-Muller). */
float fvi_random_normal(fvi_random *r);
/* Fills out [n] with standard normals, two from each pair of numbers: a, b -> r cos t, r sin t with
 * r = sqrt(-2 ln((a + 1) / 2^32)), t = 2 pi b / 2^32, to single precision. Numbers left over from a
 * pair are dropped. */
void fvi_random_normals(fvi_random *r, int64_t n, float *out);
/* Uniform integer in [lo, hi], without bias. */
int fvi_random_int(fvi_random *r, int lo, int hi);

#endif
