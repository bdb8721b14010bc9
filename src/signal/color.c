/* SPDX-License-Identifier: Apache-2.0 */
/* color: decorrelated colour to RGB, rgb = M t.
 *
 * M is the square root of the covariance of ImageNet's colours, divided by the length of its
 * longest column (Olah, Mordvintsev and Schubert, "Feature Visualization", Distill 2017; the
 * numbers are Lucid's). The columns of M are light, red against blue, green against magenta. Lucid
 * multiplies by M's transpose from the right, and so do Horama and Xplique (MACO), which print that
 * transpose with eight digits: FV_COLOR_LUCID and FV_COLOR_MACO are the same map. FV_COLOR_GREY
 * gives the first plane to all colours; the other two planes change nothing.
 */
#include "signal/color.h"

#include "base/parallel.h"

#define LONGEST 0.46195237795f /* sqrt(.26^2 + .27^2 + .27^2), the first column */

static const float matrix[3][3] = {{0.26f / LONGEST, 0.09f / LONGEST, 0.02f / LONGEST},
                                   {0.27f / LONGEST, 0, -0.05f / LONGEST},
                                   {0.27f / LONGEST, -0.09f / LONGEST, 0.03f / LONGEST}};

/* pixels[c] = sum over k of m[c][k] pixels[k], for n pixels of planes `plane` numbers apart. */
FVI_WIDE static void multiply(const float m[3][3], int64_t plane, int64_t n, float *pixels) {
    float *restrict a = pixels, *restrict b = a + plane, *restrict c = b + plane;
    const float m00 = m[0][0], m01 = m[0][1], m02 = m[0][2], m10 = m[1][0], m11 = m[1][1];
    const float m12 = m[1][2], m20 = m[2][0], m21 = m[2][1], m22 = m[2][2];
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        float x = a[i], y = b[i], z = c[i];
        a[i] = m00 * x + m01 * y + m02 * z;
        b[i] = m10 * x + m11 * y + m12 * z;
        c[i] = m20 * x + m21 * y + m22 * z;
    }
}

static const float grey[3][3] = {{1, 0, 0}, {1, 0, 0}, {1, 0, 0}};

void fvi_color_apply(fv_color color, int64_t plane, int64_t n, float *pixels) {
    if (color != FV_COLOR_RGB) multiply(color == FV_COLOR_GREY ? grey : matrix, plane, n, pixels);
}

void fvi_color_adjoint(fv_color color, int64_t plane, int64_t n, float *pixels) {
    if (color == FV_COLOR_RGB) return;
    float transpose[3][3];
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            transpose[i][k] = color == FV_COLOR_GREY ? grey[k][i] : matrix[k][i];
    multiply((const float(*)[3])transpose, plane, n, pixels);
}

void fvi_color_inverse(fv_color color, int64_t plane, float *pixels) {
    static const float mean[3][3] = {{1 / 3.0f, 1 / 3.0f, 1 / 3.0f}};
    if (color == FV_COLOR_RGB) return;
    if (color == FV_COLOR_GREY) {
        multiply(mean, plane, plane, pixels);
        return;
    }
    double m[3][3], determinant = 0;
    float inverse[3][3];
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) { /* the cofactor of [k][i] */
            int a = (k + 1) % 3, b = (k + 2) % 3, c = (i + 1) % 3, d = (i + 2) % 3;
            m[i][k] = (double)matrix[a][c] * matrix[b][d] - (double)matrix[a][d] * matrix[b][c];
        }
    for (int k = 0; k < 3; k++) determinant += matrix[0][k] * m[k][0];
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) inverse[i][k] = (float)(m[i][k] / determinant);
    multiply((const float(*)[3])inverse, plane, plane, pixels);
}
