/* SPDX-License-Identifier: Apache-2.0 */
/* param_phase: phases under fixed magnitudes, MACO.
 *
 *     phi = std * (z - mean z) / (sd z + eps)           over all channels together
 *     x   = irfft2(magnitude * exp(i phi))                 each channel
 *     raw = gain * (x - mean x) / (sd x + eps)             over all channels together
 *
 * The parameters are z, [channels][h][w/2+1]. sd is that of a sample (n - 1) and eps 1e-4, as in
 * Horama; Xplique divides by n and has 1e-5, which changes the fourth digit. Both have std 1. With
 * it exp(-1/2) = 61 % of every magnitude is in phase at the origin, whatever z is, which shows as
 * bright corners; with std 2.5 it is 4 %.
 *
 * The adjoint of y = (x - mean) / (sd + eps) =: (x - mean) * s is, u being x - mean,
 *     dx = s (dy - mean dy) - s^2 u <dy, u> / ((n - 1) sd).
 *
 * Source: Fel et al., "Unlocking Feature Visualization for Deeper Networks with MAgnitude
 * Constrained Optimization", NeurIPS 2023.
 */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/simd.h"
#include "vis/param/param_kind.h"
#include "vis/param/spectrum.h"

#define EPSILON 1e-4
#define PI      3.14159265358979323846

static fv_status phase_prepare(fvi_param *p, fv_error *err) {
    p->count = p->channels * (int64_t)p->h * p->columns;
    fv_status st = fvi_param_room(p, p->count, &p->scale, err);
    if (!st) st = fvi_param_room(p, 2 * p->count, &p->spectrum, err);
    if (!st) st = fvi_param_room(p, 2 * (int64_t)p->h * p->columns, &p->dspectrum, err);
    if (!st) st = fvi_param_room(p, p->pixels, &p->centred, err);
    if (st) return st;
    if (p->desc.spectrum)
        return fvi_spectrum_resample(p->desc.spectrum, p->channels, p->h, p->w, p->scale, err);
    fvi_spectrum_builtin(p->desc.color, p->desc.decay, p->channels, p->h, p->w, p->scale);
    return FV_OK;
}

/* Mean and standard deviation of a sample. */
static double moments(const float *x, int64_t n, double *sd) {
    double sum = 0, square = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++) sum += x[i];
    double mean = sum / (double)n;
#pragma omp simd reduction(+ : square)
    for (int64_t i = 0; i < n; i++) square += (x[i] - mean) * (x[i] - mean);
    *sd = sqrt(square / (double)(n > 1 ? n - 1 : 1));
    return mean;
}

/* dx = the adjoint of y = factor * (x - mean) / (sd + eps), u being x - mean + shift. dx may be dy.
 */
static void standardise_adjoint(const float *u, double shift, double sd, double factor,
                                const float *dy, int64_t n, float *dx) {
    double sum = 0, dot = 0, s = 1 / (sd + EPSILON);
#pragma omp simd reduction(+ : sum, dot)
    for (int64_t i = 0; i < n; i++) {
        sum += dy[i];
        dot += dy[i] * (u[i] - shift);
    }
    double along = sd > 0 ? s * dot / ((double)(n > 1 ? n - 1 : 1) * sd) : 0;
    float a = (float)(factor * s), b = (float)(factor * s * along);
    float mean = (float)(sum / (double)n), from = (float)shift;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) dx[i] = a * (dy[i] - mean) - b * (u[i] - from);
}

/* Fills p->spectrum with magnitude * exp(i phi). */
static void polar(fvi_param *p, const float *z) {
    float *s = p->spectrum, mean = (float)p->mean;
    float factor = (float)(p->desc.phase_std / (p->sd + EPSILON));
    const float *magnitude = p->scale;
#pragma omp simd
    for (int64_t i = 0; i < p->count; i++) {
        float sine, cosine;
        fvi_sincos(factor * (z[i] - mean), &sine, &cosine);
        s[2 * i] = magnitude[i] * cosine;
        s[2 * i + 1] = magnitude[i] * sine;
    }
}

static void phase_raw(fvi_param *p, const float *z, float *raw) {
    p->mean = moments(z, p->count, &p->sd);
    polar(p, z);
    fvi_fft_inverse(p->fft, p->channels, p->spectrum, p->centred);
    float mean = (float)moments(p->centred, p->pixels, &p->picture_sd);
    float factor = (float)(p->desc.gain / (p->picture_sd + EPSILON));
    for (int64_t i = 0; i < p->pixels; i++) {
        p->centred[i] -= mean;
        raw[i] = p->centred[i] * factor;
    }
}

static void phase_adjoint(fvi_param *p, const float *z, float *draw, float *dz) {
    int64_t half = (int64_t)p->h * p->columns;
    standardise_adjoint(p->centred, 0, p->picture_sd, p->desc.gain, draw, p->pixels, draw);
    for (int c = 0; c < p->channels; c++) {
        const float *s = p->spectrum + 2 * half * c;
        float *d = p->dspectrum, *to = dz + c * half;
        fvi_fft_inverse_adjoint(p->fft, 1, draw + c * p->plane, d);
        for (int64_t i = 0; i < half; i++) /* d (re, im) / d phi = (-im, re) */
            to[i] = s[2 * i] * d[2 * i + 1] - s[2 * i + 1] * d[2 * i];
    }
    standardise_adjoint(z, p->mean, p->sd, p->desc.phase_std, dz, p->count, dz);
}

/* Reduces the mean square of angles to `square`: multiplies each by m^2 / (m^2 + lambda), m being
 * the magnitude of its frequency in the picture, so that strong frequencies keep their phases. */
static void draw_together(const float *m, float *z, int64_t n, double square) {
    double low = 0, high = 1;
    for (int64_t i = 0; i < n; i++) high = fmax(high, 1e4 * m[i] * m[i]);
    for (int step = 0; step < 60; step++) {
        double lambda = sqrt((low + 1e-30) * high), sum = 0; /* halves the range of its logarithm */
        for (int64_t i = 0; i < n; i++) {
            double m2 = (double)m[i] * m[i], a = z[i] * (m2 / (m2 + lambda));
            sum += a * a;
        }
        if (sum > square * (double)n)
            low = lambda;
        else
            high = lambda;
    }
    for (int64_t i = 0; i < n; i++) {
        double m2 = (double)m[i] * m[i];
        z[i] *= (float)(m2 / (m2 + high));
    }
}

/* Raises the mean square of angles: some get a whole turn more, which leaves their frequencies as
 * they are. */
static void draw_apart(float *z, int64_t n, double missing) {
    double gain = 0, owed = 0;
    for (int64_t i = 0; i < n; i++) gain += 4 * PI * (PI + fabs((double)z[i]));
    double share = missing / gain; /* of the angles; more than one turn each for a large std */
    for (int64_t i = 0; i < n; i++) {
        owed += share;
        if (owed < 1) continue;
        owed -= 1;
        z[i] += (float)(z[i] < 0 ? -2 * PI : 2 * PI);
    }
}

static fv_status phase_invert(fvi_param *p, float *raw, float *z, fv_error *err) {
    (void)err;
    int64_t half = (int64_t)p->h * p->columns;
    float *m = p->spectrum; /* [count] magnitudes in the picture: its second half is free */
    double sum = 0;
    for (int c = 0; c < p->channels; c++) {
        fvi_fft_forward(p->fft, 1, raw + c * p->plane, p->dspectrum);
        for (int64_t i = 0; i < half; i++) {
            float re = p->dspectrum[2 * i], im = p->dspectrum[2 * i + 1];
            z[c * half + i] = atan2f(im, re);
            m[c * half + i] = hypotf(re, im);
            sum += (double)z[c * half + i] * z[c * half + i];
        }
    }
    double square = (double)p->desc.phase_std * p->desc.phase_std;
    double missing = square * (double)p->count - sum;
    if (missing < 0)
        draw_together(m, z, p->count, square);
    else
        draw_apart(z, p->count, missing);
    return FV_OK;
}

/* factor * (x - mean) / (sd + eps), over all axes but the first. */
static int emit_standardised(fvi_builder *b, int x, double factor) {
    const fvi_shape shape = fvi_build_shape(b, x);
    const unsigned axes = (1u << shape.ndim) - 2;
    const int64_t n = shape.ndim ? fvi_shape_product(&shape, 1, shape.ndim) : 1;
    const int mean = fvi_emit_reduce(b, FVI_REDUCE_MEAN, axes, 1, x);
    const int u = fvi_emit_binary(b, FVI_SUB, x, mean);
    const int square = fvi_emit_reduce(b, FVI_REDUCE_SUM_SQUARE, axes, 1, u);
    const float share = (float)(1 / (double)(n > 1 ? n - 1 : 1));
    const int sd =
        fvi_emit_unary(b, FVI_SQRT, 0, 0, fvi_emit_unary(b, FVI_LINEAR, share, 0, square));
    const int scaled = fvi_emit_unary(b, FVI_LINEAR, (float)factor, 0, u);
    return fvi_emit_binary(b, FVI_DIV, scaled, fvi_emit_unary(b, FVI_LINEAR, 1, EPSILON, sd));
}

static int phase_emit(const fvi_param *p, fvi_given_list *given, fvi_builder *b, int64_t n, int z) {
    const int scale = fvi_param_emit_scale(p, given, b, p->channels);
    const int phi = fvi_param_emit_waves(p, b, n, emit_standardised(b, z, p->desc.phase_std), 1);
    const int polar[] = {fvi_emit_unary(b, FVI_COS, 0, 0, phi),
                         fvi_emit_unary(b, FVI_SIN, 0, 0, phi)};
    const int waves = fvi_emit_binary(b, FVI_MUL, fvi_emit_concat(b, 4, 2, polar), scale);
    return emit_standardised(b, fvi_emit_inverse_fft(b, waves, p->w), p->desc.gain);
}

const fvi_param_entry fvi_param_phase = {.prepare = phase_prepare,
                                         .raw = phase_raw,
                                         .adjoint = phase_adjoint,
                                         .invert = phase_invert,
                                         .emit = phase_emit};
