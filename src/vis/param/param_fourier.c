/* SPDX-License-Identifier: Apache-2.0 */
/* param_fourier: raw = gain * irfft2(z / max(f, 1 / max(h, w))^decay), f in cycles a pixel, irfft2
 * the orthonormal inverse; the parameters z are (re, im) of [channels][h][w/2+1].
 *
 * Dividing by the frequency makes all of them equally strong in the picture, as they are in
 * photographs, so that one step of the optimiser moves them alike. This is fft_image of Lucid,
 * which writes sqrt(h w) / f before an inverse transform that divides by h w. That is the
 * same. Different from Lucid: an odd width has its own (w+1)/2 columns, where Lucid makes a picture
 * one column wider and crops it.
 *
 * Source: Olah, Mordvintsev and Schubert, "Feature Visualization", Distill 2017.
 */
#include <math.h>

#include "base/parallel.h"
#include "vis/param/param_kind.h"

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

/* The frequencies of the inverse transform, z times scale, and their gradient. */
FVI_WIDE static void fourier_spectrum(void *user, int64_t first, int n, float *re, float *im) {
    const fvi_param *p = user;
    const float *z = p->z + 2 * first, *scale = p->scale + first % ((int64_t)p->h * p->columns);
    for (int y = 0; y < p->h; y++, z += 2 * (int64_t)p->columns, scale += p->columns) {
        fvi_param_fetch(z, 2 * p->columns);
        fvi_param_fetch(scale, p->columns);
#pragma omp simd
        for (int l = 0; l < n; l++) {
            re[y * FVI_FFT_LANES + l] = z[2 * l] * scale[l];
            im[y * FVI_FFT_LANES + l] = z[2 * l + 1] * scale[l];
        }
    }
}
FVI_WIDE static void fourier_gradient(void *user, int64_t first, int n, float *re, float *im) {
    const fvi_param *p = user;
    const float *scale = p->scale + first % ((int64_t)p->h * p->columns);
    float *dz = p->dz + 2 * first;
    for (int y = 0; y < p->h; y++, dz += 2 * (int64_t)p->columns, scale += p->columns) {
        fvi_param_fetch(dz, 2 * p->columns);
        fvi_param_fetch(scale, p->columns);
#pragma omp simd
        for (int l = 0; l < n; l++) {
            dz[2 * l] = re[y * FVI_FFT_LANES + l] * scale[l];
            dz[2 * l + 1] = im[y * FVI_FFT_LANES + l] * scale[l];
        }
    }
}

static void fourier_raw(fvi_param *p, const float *z, float *raw) {
    (void)raw;
    p->z = z;
    const fvi_fft_ends ends = {p, fourier_spectrum, fvi_param_finish};
    fvi_fft_inverse_with(p->fft, p->channels, &ends);
}

static void fourier_adjoint(fvi_param *p, const float *z, float *draw, float *dz) {
    (void)draw;
    p->z = z;
    p->dz = dz;
    const fvi_fft_ends ends = {p, fourier_gradient, fvi_param_finish_adjoint};
    fvi_fft_inverse_adjoint_with(p->fft, p->channels, &ends);
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

static int fourier_emit(const fvi_param *p, fvi_given_list *given, fvi_builder *b, int64_t n,
                        int z) {
    const int scale = fvi_param_emit_scale(p, given, b, 1);
    const int waves = fvi_param_emit_waves(p, b, n, z, 2);
    return fvi_emit_inverse_fft(b, fvi_emit_binary(b, FVI_MUL, waves, scale), p->w);
}

const fvi_param_entry fvi_param_fourier = {.prepare = fourier_prepare,
                                           .raw = fourier_raw,
                                           .adjoint = fourier_adjoint,
                                           .invert = fourier_invert,
                                           .emit = fourier_emit,
                                           .by_pieces = 1};
