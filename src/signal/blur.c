/* SPDX-License-Identifier: Apache-2.0 */
/* Gaussian blur with repeated edges, and its adjoint.
 *
 * Along one line, forward: out[i] = sum over k of kernel[k] in[clamp(i + k)]; the adjoint scatters:
 * out[clamp(i + k)] += kernel[k] in[i]. The outer loop is over the taps k and the inner loop over a
 * row, so memory is read in order. The kernel is symmetric, but because edges are repeated the blur
 * is not its own adjoint.
 *
 * Not done: recursive filters; kernels are short here.
 */
#include <math.h>
#include <string.h>

#include "signal/blur.h"

#define MAX_RADIUS (3 * FVI_BLUR_MAX)

static int clamp(int i, int n) { return i < 0 ? 0 : i < n ? i : n - 1; }

int fvi_blur_radius(float sigma) { return (int)ceil(3 * fmin(sigma, FVI_BLUR_MAX)); }

void fvi_blur_kernel(float sigma, float *kernel) {
    const int r = fvi_blur_radius(sigma);
    double sum = 0, s = fmin(sigma, FVI_BLUR_MAX);
    for (int k = -r; k <= r; k++) sum += exp(-0.5 * k * k / (s * s));
    for (int k = -r; k <= r; k++) kernel[r + k] = (float)(exp(-0.5 * k * k / (s * s)) / sum);
}

static void add_row(const float *in, float weight, int n, float *out) {
#pragma omp simd
    for (int i = 0; i < n; i++) out[i] += weight * in[i];
}

/* Down the columns: out [h][w] += in [h][w]. */
static void blur_columns(const float *in, int h, int w, const float *kernel, int r, int adjoint,
                         float *out) {
    for (int y = 0; y < h; y++)
        for (int k = -r; k <= r; k++) {
            int other = clamp(y + k, h), from = adjoint ? y : other, to = adjoint ? other : y;
            add_row(in + (int64_t)from * w, kernel[r + k], w, out + (int64_t)to * w);
        }
}

/* Along one row: for each tap, pixels whose neighbour is clamped to the start, is inside, or is
 * clamped to the end. */
static void blur_row(const float *in, int n, const float *kernel, int r, float *out) {
    for (int k = -r; k <= r; k++) {
        int a = clamp(-k, n + 1), b = clamp(n - k, n + 1);
        for (int i = 0; i < a; i++) out[i] += kernel[r + k] * in[0];
        if (a < b) add_row(in + a + k, kernel[r + k], b - a, out + a);
        for (int i = b; i < n; i++) out[i] += kernel[r + k] * in[n - 1];
    }
}
static void blur_row_adjoint(const float *in, int n, const float *kernel, int r, float *out) {
    for (int k = -r; k <= r; k++) {
        int a = clamp(-k, n + 1), b = clamp(n - k, n + 1);
        for (int i = 0; i < a; i++) out[0] += kernel[r + k] * in[i];
        if (a < b) add_row(in + a, kernel[r + k], b - a, out + a + k);
        for (int i = b; i < n; i++) out[n - 1] += kernel[r + k] * in[i];
    }
}

static void blur(fvi_planes p, float sigma, int adjoint, float *work) {
    const int h = p.h, w = p.w;
    if (!(sigma > 0)) return;
    float kernel[2 * MAX_RADIUS + 1];
    const int r = fvi_blur_radius(sigma);
    fvi_blur_kernel(sigma, kernel);
    size_t bytes = (size_t)((int64_t)h * w) * sizeof *work;
    for (int c = 0; c < p.channels; c++) {
        float *plane = p.data + (int64_t)c * h * w;
        memset(work, 0, bytes);
        blur_columns(plane, h, w, kernel, r, adjoint, work);
        memset(plane, 0, bytes);
        for (int y = 0; y < h; y++) {
            int64_t row = (int64_t)y * w;
            if (adjoint)
                blur_row_adjoint(work + row, w, kernel, r, plane + row);
            else
                blur_row(work + row, w, kernel, r, plane + row);
        }
    }
}

void fvi_blur(fvi_planes p, float sigma, float *work) { blur(p, sigma, 0, work); }
void fvi_blur_adjoint(fvi_planes dp, float sigma, float *work) { blur(dp, sigma, 1, work); }
