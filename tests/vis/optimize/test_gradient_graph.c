/* SPDX-License-Identifier: Apache-2.0 */
/* Normalising gradients as nodes of a graph, against the same on the processor: to 1e-5 of the
 * largest number. */
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
#include "vis/optimize/gradient_scale.h"

enum { PICTURES = 4 };

typedef struct sizes {
    int channels, h, w, levels;
} sizes;

static const sizes cases[] = {{3, 16, 16, 5},  {3, 15, 17, 5}, {1, 7, 10, 3},
                              {2, 5, 1, 4},    {3, 1, 9, 2},   {1, 2, 2, 2},
                              {3, 33, 20, 10}, {2, 6, 6, 1},   {1, 24, 31, 3}};
enum { CASES = sizeof cases / sizeof *cases };

static const char *text_of(const fvi_gradient_settings *d, const sizes *s) {
    static char text[100];
    snprintf(text, sizeof text, "kind %d, %d levels, clip %g, %dx%dx%d", (int)d->kind, d->levels,
             (double)d->clip, s->channels, s->h, s->w);
    return text;
}

/* y, of the gradient x of one picture. */
static void compare(const fvi_gradient_settings *d, const sizes *s, const float *x,
                    const float *y) {
    const int64_t n = (int64_t)s->channels * s->h * s->w;
    const int64_t scratch = fvi_normalise_room(d, s->channels, s->h, s->w);
    float *want = malloc((size_t)n * sizeof *want), *room = malloc((size_t)(scratch + 1) * 4);
    fv_error err;
    double most = 0;
    assert_true(want && room);
    memcpy(want, x, (size_t)n * sizeof *want);
    if (fvi_normalise(d, want, s->channels, s->h, s->w, room, &err)) fail_msg("%s", err.text);
    for (int64_t i = 0; i < n; i++)
        if (isfinite(want[i])) most = fmax(most, fabs((double)want[i]));
    for (int64_t i = 0; i < n; i++) {
        const int same = isnan(want[i]) ? isnan(y[i]) : y[i] == want[i];
        if (!same && !(fabs((double)y[i] - want[i]) <= 1e-5 * most))
            fail_msg("%s: %lld is %.9g, not %.9g", text_of(d, s), (long long)i, (double)y[i],
                     (double)want[i]);
    }
    free(want);
    free(room);
}

/* Gradients of four sizes. */
static void check(const fvi_gradient_settings *d, const sizes *s) {
    static const float size[PICTURES] = {1, 1e-7f, 0, 1e6f};
    const fvi_shape shape = {4, {PICTURES, s->channels, s->h, s->w}};
    const int64_t n = fvi_shape_product(&shape, 1, 4);
    fvi_random r = fvi_random_stream(1, (uint64_t)n, 0, FVI_DRAW_START);
    float *y = malloc((size_t)(PICTURES * n) * sizeof *y);
    graph_form f;
    graph_form_begin(&f, &shape);
    fvi_random_normals(&r, PICTURES * n, f.x);
    for (int64_t i = 0; i < PICTURES * n; i++)
        f.x[i] = size[i / n] * (f.x[i] + 0.3f * (float)(i % 5));
    graph_form_finish(&f, fvi_normalise_emit(d, f.b, f.input));
    graph_form_run(&f, y);
    for (int i = 0; i < PICTURES; i++) compare(d, s, f.x + i * n, y + i * n);
    graph_form_end(&f);
    free(y);
}

static void both_forms_agree(void **state) {
    (void)state;
    for (int kind = FVI_GRADIENT_SCALE_NONE; kind <= FVI_GRADIENT_SCALE_LAPLACIAN; kind++)
        for (int k = 0; k < CASES; k++) {
            fvi_gradient_settings d = {(fvi_gradient_scale)kind, cases[k].levels, 0};
            if (kind == FVI_GRADIENT_SCALE_LAPLACIAN && cases[k].channels == 1 && cases[k].h == 1)
                continue;
            check(&d, &cases[k]);
            d.clip = 0.5f;
            check(&d, &cases[k]);
        }
}

/* What is no picture has no pyramid. */
static void what_is_no_picture_is_refused(void **state) {
    (void)state;
    const fvi_gradient_settings d = {FVI_GRADIENT_SCALE_LAPLACIAN, 3, 0};
    graph_form f;
    graph_form_begin(&f, &(fvi_shape){4, {PICTURES, 1, 1, 9}});
    assert_int_equal(fvi_normalise_emit(&d, f.b, f.input), -1);
    assert_int_equal(f.b->status, FV_ARG);
    assert_non_null(strstr(f.b->err->text, "a Laplacian pyramid is made of pixels; these 9"));
    fvi_build_free(f.b);
    fvi_given_end(&f.given);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_forms_agree),
                                       cmocka_unit_test(what_is_no_picture_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
