/* SPDX-License-Identifier: Apache-2.0 */
/* Parametrisations as nodes of a graph, against the same on the processor: pictures to 1e-5 of
 * their range, gradients to 1e-4 of the largest. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "support/graph_form.h"
#include "vis/param/param.h"

enum { PICTURES = 2 };

static const struct {
    int channels, h, w;
} sizes[] = {{3, 12, 12}, {3, 7, 10}, {1, 9, 5}, {2, 1, 6}};
enum { SIZES = sizeof sizes / sizeof *sizes };

static float *numbers(uint64_t stream, int64_t n, float sd) {
    fvi_random r = fvi_random_stream(9, stream, 0, FVI_DRAW_START);
    float *x = malloc((size_t)n * sizeof *x);
    assert_non_null(x);
    fvi_random_normals(&r, n, x);
    for (int64_t i = 0; i < n; i++) x[i] *= sd;
    return x;
}

typedef struct comparison {
    const fvi_param_settings *d;
    const char *what;
    int h, w;
} comparison;

static void assert_close(const comparison *c, const float *got, const float *want, int64_t n,
                         double allowed) {
    for (int64_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - want[i]) <= allowed))
            fail_msg("kind %d, colour %d, activation %d, %d x %d: %s %lld is %g, not %g",
                     (int)c->d->kind, (int)c->d->color, (int)c->d->output_activation, c->h, c->w,
                     c->what, (long long)i, (double)got[i], (double)want[i]);
}

static double largest(const float *x, int64_t n) {
    double most = 0;
    for (int64_t i = 0; i < n; i++) most = fmax(most, fabs((double)x[i]));
    return most;
}

static void compare(const fvi_param_settings *d, int channels, int h, int w) {
    const comparison picture = {d, "pixel", h, w}, gradient = {d, "gradient", h, w};
    const int64_t pixels = (int64_t)channels * h * w;
    fvi_param *p = NULL;
    fv_error err;
    graph_form f;
    if (fvi_param_new(d, channels, h, w, &p, &err)) fail_msg("%s", err.text);
    const int64_t count = fvi_param_count(p);
    float *z = numbers(1, PICTURES * count, 0.5f), *dy = numbers(2, PICTURES * pixels, 1);
    float *y = numbers(3, PICTURES * pixels, 1), *dz = numbers(3, PICTURES * count, 1);
    float *want = numbers(3, pixels, 1), *back = numbers(3, count, 1);
    graph_form_begin(&f, &(fvi_shape){2, {PICTURES, count}});
    memcpy(f.x, z, (size_t)(PICTURES * count) * sizeof *z);
    graph_form_finish(&f, fvi_param_emit(p, &f.given, f.b, PICTURES, f.input));
    graph_form_run(&f, y);
    graph_form_must(fvi_executable_write_seed(f.e, 0, dy, &f.err), &f);
    graph_form_must(fvi_executable_backward(f.e, &f.err), &f);
    graph_form_must(fvi_executable_read_gradient(f.e, 0, dz, &f.err), &f);
    for (int i = 0; i < PICTURES; i++) {
        fvi_param_picture(p, z + i * count, want);
        assert_close(&picture, y + i * pixels, want, pixels, 1e-5 * fmax(1, largest(want, pixels)));
        fvi_param_adjoint(p, z + i * count, dy + i * pixels, back);
        assert_close(&gradient, dz + i * count, back, count, 1e-4 * largest(back, count));
    }
    graph_form_end(&f);
    free(z), free(dy), free(y), free(dz), free(want), free(back);
    fvi_param_free(p);
}

static void both_forms_agree(void **state) {
    (void)state;
    for (int kind = FVI_PARAM_PIXELS; kind <= FVI_PARAM_BOUNDED; kind++)
        for (int color = FV_COLOR_RGB; color <= FV_COLOR_GREY; color++)
            for (int out = FVI_OUTPUT_NONE; out <= FVI_OUTPUT_CLIP; out++)
                for (int k = 0; k < SIZES; k++) {
                    const fvi_param_settings d = {.kind = (fvi_param_kind)kind,
                                                  .color = (fv_color)color,
                                                  .output_activation = (fvi_output_activation)out,
                                                  .low = -1,
                                                  .high = 2,
                                                  .decay = 1,
                                                  .gain = 1,
                                                  .levels = 5};
                    compare(&d, sizes[k].channels, sizes[k].h, sizes[k].w);
                }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_forms_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
