/* SPDX-License-Identifier: Apache-2.0 */
/* param_bounded: spatial frequencies that cannot be stronger than in photographs.
 *
 *     raw = gain * irfft2(m * z / sqrt(1 + |z|^2))
 *
 * Numbers are z, complex, (re, im) of [channels][h][w/2+1]; m the mean magnitudes of photographs
 * (spectrum.c; 0 at frequency 0, which leaves the mean grey); irfft2 divides by h w. A free Fourier
 * picture (param_fourier.c) may pile up any strength at high frequencies, which is what networks
 * other than the one it was made for do not recognise; one of phases alone (param_phase.c) must
 * have the full strength at every frequency from the start, and shows it as clutter. Here
 * frequencies begin near nothing and grow only where the objective wants them, up to a photograph's
 * strength.
 *
 * The adjoint of y = z / s, s = sqrt(1 + |z|^2):  dz = (dy - z <z, dy> / s^2) / s.
 */
#include <math.h>

#include "base/parallel.h"
#include "vis/param_kind.h"
#include "vis/spectrum.h"

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

/* y = m z / sqrt(1 + |z|^2) of n numbers */
FVI_WIDE static void bound(const float *z, const float *m, int64_t n, float *restrict y) {
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        float a = z[2 * i], b = z[2 * i + 1], factor = m[i] / sqrtf(1 + a * a + b * b);
        y[2 * i] = a * factor;
        y[2 * i + 1] = b * factor;
    }
}

/* Its adjoint: d becomes the gradient at z. */
FVI_WIDE static void bound_adjoint(const float *z, const float *m, int64_t n, float *restrict d) {
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        float a = z[2 * i], b = z[2 * i + 1], da = d[2 * i], db = d[2 * i + 1];
        float square = 1 + a * a + b * b, factor = m[i] / sqrtf(square);
        float along = (a * da + b * db) / square;
        d[2 * i] = factor * (da - a * along);
        d[2 * i + 1] = factor * (db - b * along);
    }
}

/* One of the two for all numbers. */
static void bound_all(const fvi_param *p, const float *z, float *y,
                      void (*f)(const float *, const float *, int64_t, float *)) {
    const int64_t n = (int64_t)p->channels * p->h * p->columns;
#pragma omp parallel if (n > FVI_PARALLEL_MIN)
    {
        int64_t from, to;
        fvi_thread_share(n, &from, &to);
        f(z + 2 * from, p->scale + from, to - from, y + 2 * from);
    }
}

static void bounded_raw(fvi_param *p, const float *z, float *raw) {
    bound_all(p, z, fvi_fft_room(p->fft), bound);
    fvi_fft_inverse(p->fft, p->channels, fvi_fft_room(p->fft), raw);
}

static void bounded_adjoint(fvi_param *p, const float *z, float *draw, float *dz) {
    fvi_fft_inverse_adjoint(p->fft, p->channels, draw, dz);
    bound_all(p, z, dz, bound_adjoint);
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

const fvi_param_kind fvi_param_bounded = {bounded_prepare, bounded_raw, bounded_adjoint,
                                          bounded_invert};
