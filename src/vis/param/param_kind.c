/* SPDX-License-Identifier: Apache-2.0 */
/* param_kind: what all parametrisations share after they made a raw picture: colour and output
 * activation, forwards, backwards and inverted (param.c has the formulas); and memory.
 */
#include "vis/param/param_kind.h"

#include <math.h>

#include "base/error.h"
#include "base/large_alloc.h"
#include "base/parallel.h"
#include "base/simd.h"
#include "signal/color.h"

fv_status fvi_param_room(fvi_param *p, int64_t n, float **out, fv_error *err) {
    int i = 0;
    while (p->rooms[i]) i++; /* FVI_PARAM_ROOMS is enough for every kind */
    p->rooms[i] = fvi_large_alloc((size_t)n * sizeof(float));
    if (!p->rooms[i])
        return fvi_fail(err, FV_NOMEM, "no memory for a picture of %d x %d", p->h, p->w);
    *out = p->rooms[i];
    return FV_OK;
}

static float middle(const fvi_param *p, int64_t pixel) {
    int64_t c = pixel / p->plane;
    return p->middle[c < 3 ? c : 0];
}

/* s = the sigmoid of raw; picture = low + range * s */
FVI_WIDE static void sigmoid(const float *raw, float bias, float low, float range, int64_t n,
                             float *restrict s, float *picture) {
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        s[i] = 1 / (1 + fvi_exp(-(raw[i] + bias)));
        picture[i] = low + range * s[i];
    }
}

/* picture = low + range * (raw + middle) */
FVI_WIDE static void shift(const float *raw, float middle, float low, float range, int64_t n,
                           float *picture) {
#pragma omp simd
    for (int64_t i = 0; i < n; i++) picture[i] = low + range * (raw[i] + middle);
}

/* Finishes pixels from..from + n - 1; raw: the first of them, with `apart` floats between channels.
 */
static void finish(const fvi_param *p, int64_t from, int64_t n, float *raw, int64_t apart) {
    const float low = p->desc.low, range = p->desc.high - low;
    fvi_color_apply(p->desc.color, apart, n, raw);
    for (int64_t at = from; at < p->pixels; at += p->plane, raw += apart)
        if (p->sigmoid)
            sigmoid(raw, p->desc.bias, low, range, n, p->sigmoid + at, p->picture + at);
        else
            shift(raw, middle(p, at), low, range, n, p->picture + at);
}

void fvi_param_finish(void *user, int64_t from, int64_t n, float *rows) {
    finish(user, from, n, rows, n);
}

/* d * range, and the sigmoid's slope where there is one */
FVI_WIDE static void activation_adjoint(const float *d, const float *s, float range, int64_t n,
                                        float *restrict draw) {
#pragma omp simd
    for (int64_t i = 0; i < n; i++) draw[i] = d[i] * range * (s ? s[i] * (1 - s[i]) : 1);
}

static void finish_adjoint(const fvi_param *p, int64_t from, int64_t n, float *draw,
                           int64_t apart) {
    const float range = p->desc.high - p->desc.low, *s = p->sigmoid;
    float *to = draw;
    for (int64_t at = from; at < p->pixels; at += p->plane, to += apart)
        activation_adjoint(p->dpicture + at, s ? s + at : NULL, range, n, to);
    fvi_color_adjoint(p->desc.color, apart, n, draw);
}

void fvi_param_finish_adjoint(void *user, int64_t from, int64_t n, float *rows) {
    finish_adjoint(user, from, n, rows, n);
}

/* One of the two for whole planes. */
static void all_pixels(const fvi_param *p, float *raw,
                       void (*piece)(const fvi_param *p, int64_t from, int64_t n, float *raw,
                                     int64_t apart)) {
#pragma omp parallel if (p->pixels > FVI_PARALLEL_MIN)
    {
        int64_t from, to;
        fvi_thread_share(p->plane, &from, &to);
        piece(p, from, to - from, raw + from, p->plane);
    }
}

void fvi_param_finish_all(fvi_param *p, float *raw) { all_pixels(p, raw, finish); }

void fvi_param_finish_all_adjoint(fvi_param *p, float *draw) {
    all_pixels(p, draw, finish_adjoint);
}

void fvi_param_finish_inverse(fvi_param *p, const float *picture, float *raw) {
    float low = p->desc.low, scale = 1 / (p->desc.high - low);
    for (int64_t i = 0; i < p->pixels; i++) {
        float v = (picture[i] - low) * scale;
        if (p->desc.output_activation == FVI_OUTPUT_SIGMOID) {
            v = fminf(fmaxf(v, FVI_PARAM_EDGE), 1 - FVI_PARAM_EDGE);
            raw[i] = logf(v / (1 - v)) - p->desc.bias;
        } else {
            raw[i] = v - middle(p, i);
        }
    }
    fvi_color_inverse(p->desc.color, p->plane, raw);
}

int fvi_param_emit_waves(const fvi_param *p, fvi_builder *b, int64_t n, int z, int64_t each) {
    const fvi_shape waves = {5, {n, p->channels, p->h, p->columns, each}};
    return fvi_emit_reshape(b, z, &waves);
}

int fvi_param_emit_scale(const fvi_param *p, fvi_given_list *given, fvi_builder *b, int channels) {
    const fvi_shape shape = {4, {channels, p->h, p->columns, 1}};
    float *to = NULL;
    const int scale = fvi_given_input(given, b, &shape, FVI_GIVEN_ONCE, &to);
    for (int64_t i = 0; scale >= 0 && i < fvi_shape_count(&shape); i++) to[i] = p->scale[i];
    return scale;
}
