/* SPDX-License-Identifier: Apache-2.0 */
/* Resampling, resizing and blurring, against the definitions written out in double, and adjoints by
 * <A x, y> == <x, At y>. All buffers are exactly as large as they must be, so that a sanitizer sees
 * any step outside. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vis/transform/transform_help.h"
#include "signal/resize.h"
#include "signal/blur.h"
#include "signal/sample.h"

static const int sizes[][2] = {{1, 1}, {1, 6}, {5, 1}, {2, 2}, {3, 8}, {13, 9}, {70, 150}};
enum { SIZES = sizeof sizes / sizeof *sizes, EDGES = 5 };

/* The two numbers agree to 1e-5 of the lengths of what was multiplied. */
static void same_products(const float *ax, const float *y, int64_t m, const float *x,
                          const float *aty, int64_t n) {
    double left = dot(ax, y, m), right = dot(x, aty, n);
    double length = sqrt(dot(ax, ax, m) * dot(y, y, m)) + sqrt(dot(x, x, n) * dot(aty, aty, n));
    assert_true(fabs(left - right) <= 1e-5 * length + 1e-12);
}

/* The pixel at i of a line of n, by walking; -1 for a constant. */
static long walk_edge(long i, long n, fvi_edge edge) {
    while (i < 0 || i >= n) {
        if (edge == FVI_EDGE_REFLECT)
            i = i < 0 ? -1 - i : 2 * n - 1 - i;
        else if (edge == FVI_EDGE_WRAP)
            i += i < 0 ? n : -n;
        else if (edge == FVI_EDGE_REPEAT)
            i = i < 0 ? 0 : n - 1;
        else
            return -1;
    }
    return i;
}

static double pixel(const float *in, int h, int w, double y, double x, fvi_edge edge, double grey) {
    long row = walk_edge((long)y, h, edge), column = walk_edge((long)x, w, edge);
    if (row < 0 || column < 0) return edge == FVI_EDGE_GREY ? grey : 0;
    return in[row * w + column];
}

static double bilinear(const float *in, int h, int w, double y, double x, fvi_edge edge,
                       double grey) {
    double fy = floor(y), fx = floor(x), dy = y - fy, dx = x - fx;
    return (1 - dy) * (1 - dx) * pixel(in, h, w, fy, fx, edge, grey) +
           (1 - dy) * dx * pixel(in, h, w, fy, fx + 1, edge, grey) +
           dy * (1 - dx) * pixel(in, h, w, fy + 1, fx, edge, grey) +
           dy * dx * pixel(in, h, w, fy + 1, fx + 1, edge, grey);
}

/* A turned and scaled window somewhere on, around or beside a picture of h x w. */
static fvi_affine random_map(fvi_random *r, int h, int w, int oh, int ow) {
    double angle = 6.3 * fvi_random_uniform(r), size = 0.2 + 2 * fvi_random_uniform(r);
    double sy = size * h / oh, sx = size * w / ow, s = sin(angle), c = cos(angle);
    double y = h * (2 * fvi_random_uniform(r) - 0.5), x = w * (2 * fvi_random_uniform(r) - 0.5);
    fvi_affine map = {{(float)(c * sy), (float)(s * sx),
                       (float)(y - c * sy * oh / 2 - s * sx * ow / 2), (float)(-s * sy),
                       (float)(c * sx), (float)(x + s * sy * oh / 2 - c * sx * ow / 2)}};
    return map;
}

static void edges_are_as_walked(void **state) {
    (void)state;
    for (int edge = 0; edge < EDGES; edge++)
        for (int n = 1; n < 6; n++)
            for (long i = -20; i <= 20; i++)
                assert_int_equal(fvi_edge_index(i, n, edge), walk_edge(i, n, edge));
    const int mirror[] = {1, 0, 0, 1, 2, 2, 1};
    for (int i = -2; i < 5; i++)
        assert_int_equal(fvi_edge_index(i, 3, FVI_EDGE_REFLECT), mirror[i + 2]);
}

/* One random map: values, means of side x side samples, adjoint. */
static void check_sampling(fvi_random *r, int channels, const int *from, const int *to,
                           fvi_edge edge, int side) {
    int h = from[0], w = from[1], oh = to[0], ow = to[1];
    int64_t n = (int64_t)channels * h * w, m = (int64_t)channels * oh * ow;
    fvi_affine map = random_map(r, h, w, oh, ow);
    float *in = noise(1, n), *y = noise(2, m), *out = malloc((size_t)m * sizeof *out);
    float *zero = calloc((size_t)n, sizeof *zero), *back = malloc((size_t)n * sizeof *back);
    float *border = malloc((size_t)m * sizeof *border);
    const fvi_sampler how = {map, edge, 0.7f, side};
    fvi_sample(fvi_planes_of(channels, h, w, in), &how, fvi_planes_of(channels, oh, ow, out));
    double worst = 0, slope = 0;
    for (int i = 0; i < 6; i++) slope = fmax(slope, fabs(map.m[i]));
    for (int64_t i = 0; i < m; i++) {
        int64_t c = i / (oh * ow), py = i / ow % oh, px = i % ow;
        double want = 0;
        for (int k = 0; k < side * side; k++) {
            double sy = (double)py + (k / side + 0.5) / side - 0.5;
            double sx = (double)px + (k % side + 0.5) / side - 0.5;
            want += bilinear(in + c * h * w, h, w, map.m[0] * sy + map.m[1] * sx + map.m[2],
                             map.m[3] * sy + map.m[4] * sx + map.m[5], edge, 0.7f) /
                    (side * side);
        }
        worst = fmax(worst, fabs(out[i] - want));
    }
    assert_true(worst < 2e-5 * (1 + slope));
    fvi_sample(fvi_planes_of(channels, h, w, zero), &how, fvi_planes_of(channels, oh, ow, border));
    for (int64_t i = 0; i < m; i++) out[i] -= border[i];
    fvi_sample_adjoint(fvi_planes_of(channels, oh, ow, y), &how,
                       fvi_planes_of(channels, h, w, back));
    same_products(out, y, m, in, back, n);
    free(in), free(y), free(out), free(zero), free(back), free(border);
}

static void samples_are_bilinear_with_their_adjoint(void **state) {
    (void)state;
    fvi_random r = fvi_random_stream(5, 0, 0, FVI_DRAW_START);
    for (int a = 0; a < SIZES; a++)
        for (int b = 0; b < SIZES; b++)
            for (int edge = 0; edge < EDGES; edge++)
                for (int k = 0; k < 3; k++)
                    check_sampling(&r, k == 1 ? 3 : 1, sizes[a], sizes[b], (fvi_edge)edge,
                                   k == 2 ? 2 : 1);
    check_sampling(&r, 1, sizes[6], sizes[5], FVI_EDGE_REFLECT, 3);
}

/* Maps on whole pixels give these pixels, also in the last row and column. */
static void sampling_whole_pixels_copies(void **state) {
    (void)state;
    enum { H = 6, W = 7 };
    float *in = noise(3, H * W), out[H * W];
    const fvi_sampler same = {{{1, 0, 0, 0, 1, 0}}, FVI_EDGE_ZERO, 0, 1};
    const fvi_sampler turned = {{{-1, 0, H - 1, 0, -1, W - 1}}, FVI_EDGE_ZERO, 0, 1};
    const fvi_planes from = fvi_planes_of(1, H, W, in), to = fvi_planes_of(1, H, W, out);
    fvi_sample(from, &same, to);
    assert_memory_equal(in, out, sizeof out);
    fvi_sample(from, &turned, to);
    for (int i = 0; i < H * W; i++) assert_true(out[i] == in[H * W - 1 - i]);
    free(in);
}

static void nearest_takes_the_nearest(void **state) {
    (void)state;
    fvi_random r = fvi_random_stream(6, 0, 0, FVI_DRAW_START);
    for (int k = 0; k < 200; k++) {
        const int *from = sizes[k % SIZES], *to = sizes[k / SIZES % SIZES];
        int h = from[0], w = from[1], oh = to[0], ow = to[1];
        fvi_edge edge = (fvi_edge)(k % EDGES);
        fvi_affine map = random_map(&r, h, w, oh, ow);
        float *in = noise(4, 2 * h * w), *out = malloc((size_t)(2 * oh * ow) * sizeof *out);
        const fvi_sampler how = {map, edge, 0.7f, 1};
        fvi_sample_nearest(fvi_planes_of(2, h, w, in), &how, fvi_planes_of(2, oh, ow, out));
        int different = 0;
        for (int i = 0; i < 2 * oh * ow; i++) {
            double y = i / ow % oh, x = i % ow;
            float want = (float)pixel(in + i / (oh * ow) * h * w, h, w,
                                      round(map.m[0] * y + map.m[1] * x + map.m[2]),
                                      round(map.m[3] * y + map.m[4] * x + map.m[5]), edge, 0.7f);
            different += out[i] != want;
        }
        assert_true(different <= oh * ow / 1000); /* halves that floats round otherwise */
        free(in), free(out);
    }
}

/* torch 2.13.0, interpolate(mode="bilinear") of [0, 1, 4, 9, 16] (5 -> 3 and 5 -> 8), and
 * TensorFlow 1's resize_bilinear of the same by its definition. */
static void resizes_as_the_peers(void **state) {
    (void)state;
    static const struct {
        fvi_resize_align align;
        int m;
        float want[8];
    } cases[] = {
        {FVI_ALIGN_CENTRES, 3, {0.33333334f, 4, 13.666667f}},
        {FVI_ALIGN_CENTRES, 8, {0, 0.4375f, 1.1875f, 3.0625f, 5.5625f, 8.6875f, 12.9375f, 16}},
        {FVI_ALIGN_ENDS, 3, {0, 4, 16}},
        {FVI_ALIGN_ENDS, 8, {0, 0.571429f, 1.428571f, 3.142857f, 5.428571f, 8.285714f, 12, 16}},
        {FVI_ALIGN_CORNER, 3, {0, 3, 11.333333f}},
        {FVI_ALIGN_CORNER, 8, {0, 0.625f, 1.75f, 3.625f, 6.5f, 9.875f, 14.25f, 16}},
    };
    const float in[5] = {0, 1, 4, 9, 16};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        float across[8], down[8];
        fvi_resize(fvi_planes_view(1, 1, 5, in), fvi_planes_of(1, 1, cases[k].m, across),
                   cases[k].align);
        fvi_resize(fvi_planes_view(1, 5, 1, in), fvi_planes_of(1, cases[k].m, 1, down),
                   cases[k].align);
        for (int i = 0; i < cases[k].m; i++) {
            assert_true(fabsf(across[i] - cases[k].want[i]) < 1e-5f);
            assert_true(down[i] == across[i]);
        }
    }
}

static void resizing_has_its_adjoint(void **state) {
    (void)state;
    for (int k = 0; k < 3 * SIZES * SIZES; k++) {
        const int *from = sizes[k % SIZES], *to = sizes[k / SIZES % SIZES];
        int channels = k % 2 ? 3 : 1;
        fvi_resize_align align = (fvi_resize_align)(k / (SIZES * SIZES));
        int64_t n = channels * from[0] * from[1], m = channels * to[0] * to[1];
        float *x = noise(7, n), *y = noise(8, m), *ax = malloc((size_t)m * sizeof *ax);
        float *aty = malloc((size_t)n * sizeof *aty);
        fvi_resize(fvi_planes_of(channels, from[0], from[1], x),
                   fvi_planes_of(channels, to[0], to[1], ax), align);
        fvi_resize_adjoint(fvi_planes_of(channels, to[0], to[1], y),
                           fvi_planes_of(channels, from[0], from[1], aty), align);
        same_products(ax, y, m, x, aty, n);
        if (from == to) assert_memory_equal(x, ax, (size_t)n * sizeof *x);
        free(x), free(y), free(ax), free(aty);
    }
    float wide[600], wider[1000], back[600]; /* more than one block of columns */
    for (int i = 0; i < 600; i++) wide[i] = (float)i;
    fvi_resize(fvi_planes_of(1, 1, 600, wide), fvi_planes_of(1, 1, 1000, wider), FVI_ALIGN_CENTRES);
    for (int i = 1; i < 999; i++) assert_true(fabs(wider[i] - ((i + 0.5) * 0.6 - 0.5)) < 1e-3);
    fvi_resize_adjoint(fvi_planes_of(1, 1, 1000, wider), fvi_planes_of(1, 1, 600, back),
                       FVI_ALIGN_CENTRES);
    same_products(wider, wider, 1000, wide, back, 600);
}

/* Gaussian, ceil(3 sigma) to each side, edges repeated, written out. */
static double blurred(const float *in, int h, int w, double sigma, int y, int x) {
    int r = (int)ceil(3 * sigma);
    double sum = 0, weights = 0;
    for (int j = -r; j <= r; j++)
        for (int i = -r; i <= r; i++) {
            double weight = exp(-(i * i + j * j) / (2 * sigma * sigma));
            weights += weight;
            sum += weight * pixel(in, h, w, y + j, x + i, FVI_EDGE_REPEAT, 0);
        }
    return sum / weights;
}

static void blurs_with_its_adjoint(void **state) {
    (void)state;
    const float sigmas[] = {0, 0.2f, 0.7f, 1.5f, 4};
    for (int k = 0; k < 5 * (SIZES - 1); k++) {
        int h = sizes[k % (SIZES - 1)][0], w = sizes[k % (SIZES - 1)][1], n = 3 * h * w;
        float sigma = sigmas[k / (SIZES - 1)];
        float *x = noise(9, n), *y = noise(10, n), *ax = noise(9, n), *aty = noise(10, n);
        float *work = malloc((size_t)(h * w) * sizeof *work);
        fvi_blur(fvi_planes_of(3, h, w, ax), sigma, work);
        fvi_blur_adjoint(fvi_planes_of(3, h, w, aty), sigma, work);
        same_products(ax, y, n, x, aty, n);
        for (int i = 0; i < n; i++) {
            double want =
                sigma > 0 ? blurred(x + i / (h * w) * h * w, h, w, sigma, i / w % h, i % w) : x[i];
            assert_true(fabs(ax[i] - want) < 1e-5);
        }
        free(x), free(y), free(ax), free(aty), free(work);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edges_are_as_walked),
        cmocka_unit_test(samples_are_bilinear_with_their_adjoint),
        cmocka_unit_test(sampling_whole_pixels_copies),
        cmocka_unit_test(nearest_takes_the_nearest),
        cmocka_unit_test(resizes_as_the_peers),
        cmocka_unit_test(resizing_has_its_adjoint),
        cmocka_unit_test(blurs_with_its_adjoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
