/* SPDX-License-Identifier: Apache-2.0 */
/* param_bounded: spatial frequencies that cannot be stronger than in photographs.
 *
 *     raw = gain * irfft2(m * z / sqrt(1 + |z|^2))
 *
 * The parameters are z, complex, (re, im) of [channels][h][w/2+1]; m are the mean magnitudes of
 * photographs (spectrum.c; 0 at frequency 0, which leaves the mean grey); irfft2 divides by h w. A
 * free Fourier picture (param_fourier.c) may pile up any strength at high frequencies, which is
 * what networks other than the one it was made for do not recognise; one of phases alone
 * (param_phase.c) must have the full strength at every frequency from the start, and shows it as
 * clutter. Here frequencies begin near 0 and grow only where that raises the objective, up to a
 * photograph's strength.
 *
 * The adjoint of y = z / s, s = sqrt(1 + |z|^2):  dz = (dy - z <z, dy> / s^2) / s.
 */
#include <math.h>

#include "base/parallel.h"
#include "vis/param/param_kind.h"
#include "vis/param/spectrum.h"

#define NEARLY 0.999f /* of a photograph's strength: what a stronger picture is cut to */

static fv_status bounded_prepare(fvi_param *p, fv_error *err) {
    int64_t half = (int64_t)p->h * p->columns;
    p->count = p->channels * half * 2;
    fv_status st = fvi_param_room(p, p->channels * half, &p->scale, err);
    if (st) return st;
    if (p->desc.spectrum)
        st = fvi_spectrum_resample(p->desc.spectrum, p->channels, p->h, p->w, p->scale, err);
    else
        fvi_spectrum_builtin(p->desc.color, p->desc.decay, p->channels, p->h, p->w, p->scale);
    for (int c = 0; !st && c < p->channels; c++) {
        float *m = p->scale + c * half;
        m[0] = 0;
        for (int64_t i = 0; i < half; i++) m[i] *= p->desc.gain;
    }
    return st;
}

/* y = m z / sqrt(1 + |z|^2) of n elements */
FVI_INLINE void bound(const float *z, const float *m, int n, float *restrict re,
                      float *restrict im) {
#pragma omp simd
    for (int i = 0; i < n; i++) {
        const float a = z[2 * i], b = z[2 * i + 1], factor = m[i] / sqrtf(1 + a * a + b * b);
        re[i] = a * factor;
        im[i] = b * factor;
    }
}

/* dz of dy = (re, im) */
FVI_INLINE void bound_adjoint(const float *z, const float *m, int n, const float *re,
                              const float *im, float *restrict dz) {
#pragma omp simd
    for (int i = 0; i < n; i++) {
        const float a = z[2 * i], b = z[2 * i + 1], da = re[i], db = im[i];
        const float root = 1 / sqrtf(1 + a * a + b * b), factor = m[i] * root;
        const float along = (a * da + b * db) * root * root;
        dz[2 * i] = factor * (da - a * along);
        dz[2 * i + 1] = factor * (db - b * along);
    }
}

/* The Fourier transform's frequencies, and their gradient. */
FVI_WIDE static void bounded_spectrum(void *user, int64_t first, int n, float *re, float *im) {
    const fvi_param *p = user;
    for (int y = 0; y < p->h; y++, first += p->columns, re += FVI_FFT_LANES, im += FVI_FFT_LANES) {
        fvi_param_fetch(p->z + 2 * first, 2 * p->columns);
        fvi_param_fetch(p->scale + first, p->columns);
        if (n == FVI_FFT_LANES)
            bound(p->z + 2 * first, p->scale + first, FVI_FFT_LANES, re, im);
        else
            bound(p->z + 2 * first, p->scale + first, n, re, im);
    }
}
FVI_WIDE static void bounded_gradient(void *user, int64_t first, int n, float *re, float *im) {
    const fvi_param *p = user;
    for (int y = 0; y < p->h; y++, first += p->columns, re += FVI_FFT_LANES, im += FVI_FFT_LANES) {
        fvi_param_fetch(p->z + 2 * first, 2 * p->columns);
        fvi_param_fetch(p->dz + 2 * first, 2 * p->columns);
        fvi_param_fetch(p->scale + first, p->columns);
        if (n == FVI_FFT_LANES)
            bound_adjoint(p->z + 2 * first, p->scale + first, FVI_FFT_LANES, re, im,
                          p->dz + 2 * first);
        else
            bound_adjoint(p->z + 2 * first, p->scale + first, n, re, im, p->dz + 2 * first);
    }
}

static void bounded_raw(fvi_param *p, const float *z, float *raw) {
    (void)raw;
    p->z = z;
    const fvi_fft_ends ends = {p, bounded_spectrum, fvi_param_finish};
    fvi_fft_inverse_with(p->fft, p->channels, &ends);
}

static void bounded_adjoint(fvi_param *p, const float *z, float *draw, float *dz) {
    (void)draw;
    p->z = z;
    p->dz = dz;
    const fvi_fft_ends ends = {p, bounded_gradient, fvi_param_finish_adjoint};
    fvi_fft_inverse_adjoint_with(p->fft, p->channels, &ends);
}

/* z = y / sqrt(1 - |y|^2), y being what the picture has of a photograph's strength. */
static fv_status bounded_invert(fvi_param *p, float *raw, float *z, fv_error *err) {
    (void)err;
    int64_t half = (int64_t)p->h * p->columns;
    fvi_fft_forward(p->fft, p->channels, raw, z);
    for (int c = 0; c < p->channels; c++, z += 2 * half) {
        const float *m = p->scale + c * half;
        for (int64_t i = 0; i < half; i++) {
            float a = m[i] > 0 ? z[2 * i] / m[i] : 0, b = m[i] > 0 ? z[2 * i + 1] / m[i] : 0;
            float strength = hypotf(a, b), kept = fminf(strength, NEARLY);
            float factor = strength > 0 ? kept / strength / sqrtf(1 - kept * kept) : 0;
            z[2 * i] = a * factor;
            z[2 * i + 1] = b * factor;
        }
    }
    return FV_OK;
}

static int bounded_emit(const fvi_param *p, fvi_given_list *given, fvi_builder *b, int64_t n,
                        int z) {
    const int scale = fvi_param_emit_scale(p, given, b, p->channels);
    const int waves = fvi_param_emit_waves(p, b, n, z, 2);
    const int square = fvi_emit_reduce(b, FVI_REDUCE_SUM_SQUARE, 1u << 4, 1, waves);
    const int root = fvi_emit_unary(b, FVI_SQRT, 0, 0, fvi_emit_unary(b, FVI_LINEAR, 1, 1, square));
    const int bound = fvi_emit_binary(b, FVI_DIV, scale, root);
    return fvi_emit_inverse_fft(b, fvi_emit_binary(b, FVI_MUL, waves, bound), p->w);
}

const fvi_param_entry fvi_param_bounded = {.prepare = bounded_prepare,
                                           .raw = bounded_raw,
                                           .adjoint = bounded_adjoint,
                                           .invert = bounded_invert,
                                           .emit = bounded_emit,
                                           .by_pieces = 1};
