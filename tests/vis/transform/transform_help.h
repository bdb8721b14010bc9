/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the tests of transforms and of sampling: random numbers, products, chains. */
#ifndef FVI_TESTS_VIS_TRANSFORM_HELP_H
#define FVI_TESTS_VIS_TRANSFORM_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "vis/transform/transform.h"

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

#endif
