/* SPDX-License-Identifier: Apache-2.0 */
/* Transforms of the pixels' values: noise, blur, color.
 *
 * Noise and colour shifts are added, so the adjoint does not contain them. They are not stored:
 * each apply draws them again from the stream of random numbers as it was after the draw.
 * Deviations, ranges and shifts are in units of high - low.
 */
#include <math.h>
#include <string.h>

#include "base/parallel.h"
#include "graph/build/compose.h"
#include "signal/blur.h"
#include "vis/transform/transform_kind.h"

#define CHUNK 256 /* normals at a time: even, so that chunks are one long call */

/* Arguments of noise, blur, color. */
enum { SD, RANGE };
enum { LOW, HIGH };
enum { CONTRAST, SHIFT };

static int64_t count_of(const fvi_drawn *d) { return (int64_t)d->frame->channels * d->h * d->w; }
static float span_of(const fvi_drawn *d) { return d->frame->high - d->frame->low; }

static void copy(const fvi_drawn *d, const float *in, float *out) {
    memcpy(out, in, (size_t)count_of(d) * sizeof *out);
}

/* ---- noise ---------------------------------------------------------------------------------- */

static void noise_draw(fvi_drawn *d, fvi_random *r, float progress) {
    (void)progress;
    d->random = *r;
}

/* out = in + sd * normal, a share of all numbers: in pieces of CHUNK, whichever begin in the share.
 */
FVI_WIDE static void add_normals(fvi_random r, float sd, int64_t n, int64_t from, int64_t to,
                                 const float *in, float *out) {
    float normal[CHUNK];
    for (int64_t i = (from + CHUNK - 1) / CHUNK * CHUNK; i < to; i += CHUNK) {
        const int64_t m = n - i < CHUNK ? n - i : CHUNK;
        fvi_random mine = r;
        fvi_random_skip(&mine, i);
        fvi_random_normals(&mine, m, normal);
#pragma omp simd
        for (int64_t k = 0; k < m; k++) out[i + k] = in[i + k] + sd * normal[k];
    }
}
static void noise_apply(const fvi_drawn *d, const float *in, float *out) {
    fvi_random r = d->random;
    const int64_t n = count_of(d), plane = (int64_t)d->h * d->w;
    const float sd = d->t.v[SD] * span_of(d), range = d->t.v[RANGE] * span_of(d);
    if (sd > 0) {
#pragma omp parallel if (n > FVI_PARALLEL_MIN)
        {
            int64_t from, to;
            fvi_thread_share(plane, &from, &to);
            for (int64_t at = 0; at < n; at += plane)
                add_normals(r, sd, n, at + from, at + to, in, out);
        }
        fvi_random_skip(&r, n + n % 2);
    } else {
        copy(d, in, out);
    }
    for (int64_t i = 0; range > 0 && i < n; i++) out[i] += range * (2 * fvi_random_uniform(&r) - 1);
}

/* x + gain * numbers of the streams + add */
static int add_numbers(const fvi_form_site *site, int x, int key, fvi_random_function f,
                       int64_t first, float gain, float add) {
    const fvi_shape shape = fvi_build_shape(site->builder, x);
    const int numbers = fvi_emit_random(site->builder, key, f, first, &shape);
    return fvi_emit_binary(site->builder, FVI_ADD, x,
                           fvi_emit_unary(site->builder, FVI_LINEAR, gain, add, numbers));
}
/* The same numbers, made by the graph. */
static int noise_emit(const fvi_drawn *d, const fvi_form_site *site, fvi_form *f, int x) {
    const float sd = d->t.v[SD] * span_of(d), range = d->t.v[RANGE] * span_of(d);
    const int64_t n = d->frame->channels * f->in.high[0] * f->in.high[1];
    if (!(sd > 0 || range > 0)) return x;
    if (!fvi_form_needs_fixed(site, f, "it")) return -1;
    const int key = fvi_form_choices(site, f, FVI_RANDOM_HALVES);
    if (sd > 0) x = add_numbers(site, x, key, FVI_RANDOM_NORMAL, 0, sd, 0);
    if (range > 0)
        x = add_numbers(site, x, key, FVI_RANDOM_UNIFORM, sd > 0 ? n + n % 2 : 0, 2 * range,
                        -range);
    return x;
}
static void noise_fill(const fvi_drawn *d, const fvi_form *f, float *to) {
    (void)f;
    fvi_random_to_halves(&d->random, to);
}

/* ---- blur ----------------------------------------------------------------------------------- */

static void blur_draw(fvi_drawn *d, fvi_random *r, float progress) {
    (void)progress;
    d->value = (float)fvi_between(d->t.v[LOW], d->t.v[HIGH], fvi_random_uniform(r));
}
static void blur_apply(const fvi_drawn *d, const float *in, float *out) {
    copy(d, in, out);
    fvi_blur(fvi_planes_of(d->frame->channels, d->h, d->w, out), d->value, d->work);
}
static void blur_adjoint(const fvi_drawn *d, const float *dout, float *din) {
    copy(d, dout, din);
    fvi_blur_adjoint(fvi_planes_of(d->frame->channels, d->h, d->w, din), d->value, d->work);
}

/* The kernel's taps are random choices, with a zero behind them: [samples][2 r + 2]. Of them this
 * makes the matrices that are multiplied with a side of `size` pixels, between r repeated ones on
 * each end: [samples][1][size][size + 2 r]. */
static int emit_matrices(const fvi_form_site *site, int taps, int64_t size, int64_t r) {
    fvi_builder *b = site->builder;
    const fvi_shape table = {2, {size, size + 2 * r}};
    int64_t *at;
    const int places = fvi_emit_constant(b, FVI_I64, &table, &at);
    if (places < 0) return -1;
    for (int64_t i = 0; i < size; i++)
        for (int64_t k = 0; k < size + 2 * r; k++, at++)
            *at = k >= i && k <= i + 2 * r ? k - i : 2 * r + 1;
    return fvi_emit_reshape(b, fvi_emit_gather(b, taps, places, 1),
                            &(fvi_shape){4, {site->samples, 1, size, size + 2 * r}});
}

static int blur_emit(const fvi_drawn *d, const fvi_form_site *site, fvi_form *f, int x) {
    fvi_builder *b = site->builder;
    const int64_t r = fvi_blur_radius(d->t.v[HIGH]), around[4] = {0, 0, r, r};
    if (r == 0) return x;
    if (!fvi_form_needs_fixed(site, f, "it")) return -1;
    const int taps = fvi_emit_stop_gradient(b, fvi_form_choices(site, f, 2 * r + 2));
    const int rows = emit_matrices(site, taps, f->in.high[0], r);
    const int columns = emit_matrices(site, taps, f->in.high[1], r);
    const int wide = fvi_emit_pad(b, x, around, around, FVI_PAD_EDGE, 0);
    const int down = fvi_emit_matmul(b, rows, wide, -1, &(fvi_node_attr){.matmul = {.alpha = 1}});
    return fvi_emit_matmul(b, down, columns, -1,
                           &(fvi_node_attr){.matmul = {.trans_b = 1, .alpha = 1}});
}
static void blur_fill(const fvi_drawn *d, const fvi_form *f, float *to) {
    const int most = fvi_blur_radius(d->t.v[HIGH]), r = fvi_blur_radius(d->value);
    memset(to, 0, (size_t)f->numbers * sizeof *to);
    if (d->value > 0)
        fvi_blur_kernel(d->value, to + most - r);
    else
        to[most] = 1;
}

/* ---- color ---------------------------------------------------------------------------------- */

static void color_draw(fvi_drawn *d, fvi_random *r, float progress) {
    (void)progress;
    d->value = (float)exp(d->t.v[CONTRAST] * fvi_between(-1, 1, fvi_random_uniform(r)));
    d->random = *r;
}

/* out = in * gain + add */
FVI_WIDE static void scale(float gain, float add, int64_t n, const float *in, float *out) {
#pragma omp simd
    for (int64_t i = 0; i < n; i++) out[i] = in[i] * gain + add;
}
/* What is added to channel c; channels in order. The random numbers come in pairs. */
static float next_shift(const fvi_drawn *d, int c, fvi_random *r, float pair[2]) {
    if (c % 2 == 0) fvi_random_normals(r, 2, pair);
    return d->grey * (1 - d->value) + d->t.v[SHIFT] * span_of(d) * pair[c % 2];
}
/* The same of all channels; `shift`: each adds its own random number. */
static void scale_all(const fvi_drawn *d, int shift, const float *in, float *out) {
    const int64_t plane = (int64_t)d->h * d->w;
#pragma omp parallel if (count_of(d) > FVI_PARALLEL_MIN)
    {
        fvi_random r = d->random;
        float pair[2] = {0}, add = 0;
        int64_t from, to;
        fvi_thread_share(plane, &from, &to);
        for (int c = 0; c < d->frame->channels; c++) {
            if (shift) add = next_shift(d, c, &r, pair);
            scale(d->value, add, to - from, in + c * plane + from, out + c * plane + from);
        }
    }
}
static void color_apply(const fvi_drawn *d, const float *in, float *out) {
    scale_all(d, 1, in, out);
}
static void color_adjoint(const fvi_drawn *d, const float *dout, float *din) {
    scale_all(d, 0, dout, din);
}

/* x * gain + add, one gain a sample and one add a channel. */
static int color_emit(const fvi_drawn *d, const fvi_form_site *site, fvi_form *f, int x) {
    const fvi_shape gain = {4, {site->samples, 1, 1, 1}};
    const fvi_shape add = {4, {site->samples, d->frame->channels, 1, 1}};
    if (!fvi_form_needs_fixed(site, f, "it")) return -1;
    const int choices = fvi_form_choices(site, f, 1 + d->frame->channels);
    const int scaled =
        fvi_emit_binary(site->builder, FVI_MUL, x, fvi_form_part(site, choices, 0, &gain));
    return fvi_emit_binary(site->builder, FVI_ADD, scaled, fvi_form_part(site, choices, 1, &add));
}
static void color_fill(const fvi_drawn *d, const fvi_form *f, float *to) {
    fvi_random r = d->random;
    float pair[2];
    (void)f;
    *to++ = d->value;
    for (int c = 0; c < d->frame->channels; c++) *to++ = next_shift(d, c, &r, pair);
}

const fvi_transform_entry fvi_transform_noise = {
    .name = "noise",
    .least = 1,
    .most = 2,
    .argument = {{"sd", 0, 100, 0, NULL}, {"range", 0, 100, 0, NULL}},
    .draw = noise_draw,
    .apply = noise_apply,
    .emit = noise_emit,
    .fill = noise_fill,
};
const fvi_transform_entry fvi_transform_blur = {
    .name = "blur",
    .least = 2,
    .most = 2,
    .argument = {{"low", 0, FVI_BLUR_MAX, 0, NULL}, {"high", 0, FVI_BLUR_MAX, 0, NULL}},
    .ordered = 1,
    .draw = blur_draw,
    .apply = blur_apply,
    .adjoint = blur_adjoint,
    .emit = blur_emit,
    .fill = blur_fill,
};
const fvi_transform_entry fvi_transform_color = {
    .name = "color",
    .least = 2,
    .most = 2,
    .argument = {{"contrast", 0, 10, 0, NULL}, {"shift", 0, 10, 0, NULL}},
    .draw = color_draw,
    .apply = color_apply,
    .adjoint = color_adjoint,
    .emit = color_emit,
    .fill = color_fill,
};
