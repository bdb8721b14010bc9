/* SPDX-License-Identifier: Apache-2.0 */
/* param_fourier: raw = gain * irfft2(z / max(f, 1 / max(h, w))^decay), f in cycles a pixel, irfft2
 * the orthonormal inverse; numbers are (re, im) of [channels][h][w/2+1].
 *
 * Dividing by the frequency makes all of them equally strong in the picture, as they are in
 * photographs, so that one step of the optimiser moves them alike. This is fft_image of Lucid,
 * which writes sqrt(h w) / f before an inverse transform that divides by h w: the same numbers. Not
 * as Lucid: an odd width has its own (w+1)/2 columns; Lucid makes a picture one column wider and
 * cuts.
 *
 * Source: Olah, Mordvintsev and Schubert, "Feature Visualization", Distill 2017.
 */
#include <math.h>

#include "base/parallel.h"
#include "vis/param_kind.h"

static fv_status fourier_prepare(fvi_param *p, fv_error *err) {
    int64_t half = (int64_t)p->h * p->columns;
    p->count = p->channels * half * 2;
    fv_status st = fvi_param_room(p, half, &p->scale, err);
    if (st) return st;
    double lowest = 1.0 / (p->h > p->w ? p->h : p->w);
    double strength = p->desc.gain * sqrt((double)p->plane);
    for (int y = 0; y < p->h; y++)
        for (int x = 0; x < p->columns; x++) {
            double fy = (double)(y <= p->h / 2 ? y : p->h - y) / p->h, fx = (double)x / p->w;
            double f = fmax(sqrt(fy * fy + fx * fx), lowest);
            p->scale[(int64_t)y * p->columns + x] = (float)(strength / pow(f, p->desc.decay));
        }
    return FV_OK;
}

/* out [n] = (re, im) pairs of `in`, times scale. */
FVI_WIDE static void scale_pairs(const float *in, const float *scale, int64_t n, float *out) {
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        out[2 * i] = in[2 * i] * scale[i];
        out[2 * i + 1] = in[2 * i + 1] * scale[i];
    }
}

/* The same with all channels; in and out may be the same. */
static void scaled(const fvi_param *p, const float *in, float *out) {
    const int64_t half = (int64_t)p->h * p->columns;
#pragma omp parallel if (p->channels * half > FVI_PARALLEL_MIN)
    {
        int64_t from, to;
        fvi_thread_share(half, &from, &to);
        for (int64_t c = 0; c < p->channels; c++)
            scale_pairs(in + 2 * (c * half + from), p->scale + from, to - from,
                        out + 2 * (c * half + from));
    }
}

static void fourier_raw(fvi_param *p, const float *z, float *raw) {
    scaled(p, z, fvi_fft_room(p->fft));
    fvi_fft_inverse(p->fft, p->channels, fvi_fft_room(p->fft), raw);
}

static void fourier_adjoint(fvi_param *p, const float *z, float *draw, float *dz) {
    (void)z;
    fvi_fft_inverse_adjoint(p->fft, p->channels, draw, dz);
    scaled(p, dz, dz);
}

static fv_status fourier_invert(fvi_param *p, float *raw, float *z, fv_error *err) {
    (void)err;
    int64_t half = (int64_t)p->h * p->columns;
    fvi_fft_forward(p->fft, p->channels, raw, z);
    for (int c = 0; c < p->channels; c++, z += 2 * half) {
        for (int64_t i = 0; i < half; i++) {
            z[2 * i] /= p->scale[i];
            z[2 * i + 1] /= p->scale[i];
        }
    }
    return FV_OK;
}

const fvi_param_kind fvi_param_fourier = {fourier_prepare, fourier_raw, fourier_adjoint,
                                          fourier_invert};
