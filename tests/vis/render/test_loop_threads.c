/* SPDX-License-Identifier: Apache-2.0 */
/* The loop around the network: the same bits with any number of threads; and moves of whole pixels,
 * whose rows are done in pieces, against their definition pixel by pixel, edges and all. */
#include <omp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/abs_max.h"
#include "vis/transform/transform_help.h"
#include "vis/optimize/optimizer.h"
#include "vis/param/param.h"
#include "signal/sample.h"

static const int threads[] = {1, 2, 3, 7};
enum { TEAMS = sizeof threads / sizeof *threads };

/* What `make` writes to out [n] with each number of threads is the same. */
static void same_bits(void (*make)(const void *what, float *out), const void *what, int64_t n,
                      const char *name) {
    const int before = omp_get_max_threads();
    float *first = NULL;
    for (int k = 0; k < TEAMS; k++) {
        float *out = calloc((size_t)n, sizeof *out);
        omp_set_num_threads(threads[k]);
        make(what, out);
        if (first && memcmp(first, out, (size_t)n * sizeof *out))
            fail_msg("%s: %d threads make other numbers than one", name, threads[k]);
        if (first)
            free(out);
        else
            first = out;
    }
    free(first);
    omp_set_num_threads(before);
}

/* ---- transforms ----------------------------------------------------------------------------- */

/* Odd sizes, large enough that threads take part (FVI_PARALLEL_MIN). */
static const fvi_chain_frame frame = {3, 91, 107, 83, 79, 0, 1};
enum { N = 3 * 91 * 107, EVALUATIONS = 3 };

/* Both directions of three evaluations, one behind the other. */
static void run_chain(const void *what, float *out) {
    fvi_chain *c = chain(what, &frame);
    const int64_t most = 3 * fvi_chain_max_plane(c);
    float *x = noise(1, N), *y = noise(2, most);
    for (uint32_t e = 0; e < EVALUATIONS; e++) {
        const fvi_draw_key key = {7, 3, e, FVI_DRAW_TRANSFORM, (float)e / EVALUATIONS};
        int h, w;
        fvi_chain_draw(c, &key, &h, &w);
        fvi_chain_apply(c, x, out);
        fvi_chain_adjoint(c, y, out + most);
        out += most + N;
    }
    free(x), free(y);
    fvi_chain_free(c);
}

static void transforms_do_not_depend_on_threads(void **state) {
    (void)state;
    static const char *const texts[] = {
        "pad(12;grey)",
        "pad(200;reflect)",
        "pad(40;wrap)",
        "pad(30;repeat)",
        "jitter(8)",
        "roll(300)",
        "translate(150;reflect)",
        "translate(20,0,1)",
        "flip(1)",
        "fit(;wrap)",
        "scale(.3,1.7)",
        "scale(.9,1.1,.02,1)",
        "scale(.8,1.1,.02,2)",
        "resize(140,2)",
        "resize(9)",
        "octave(4,1.4)",
        "zoom(.2,3;reflect)",
        "zoom(.5,2;grey)",
        "rotate(-180,180;wrap)",
        "rotate(-10,10)",
        "rotate(-40,40,5,1)",
        "crop(.2,1.3,.2,1.3,15,.5;reflect)",
        "crop(1.5,1.9,1.5,1.9,9;repeat)",
        "noise(.1)",
        "noise(.1,.2)",
        "blur(1,2)",
        "color(.2,.1)",
        "pad(12;grey) jitter(8) scale(.9,1.1,.02,1) rotate(-10,10,5,1) jitter(4)"};
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        fvi_chain *c = chain(texts[k], &frame);
        const int64_t n = EVALUATIONS * (3 * fvi_chain_max_plane(c) + N);
        fvi_chain_free(c);
        same_bits(run_chain, texts[k], n, texts[k]);
    }
}

/* Which pixel of n stands at place i of what a shift by `by` makes. */
static int from_place(int i, int by, int n, fvi_edge edge) {
    return fvi_edge_index((int64_t)i - by, n, edge);
}

/* pad(P) of any picture: out[y][x] = in[y - P][x - P]; the gradient the same way back. */
static void check_pad(const fvi_chain_frame *f, int by, fvi_edge edge, const char *text) {
    const int h = f->h + 2 * by, w = f->w + 2 * by;
    const int64_t n = (int64_t)f->channels * f->h * f->w, m = (int64_t)f->channels * h * w;
    float *x = noise(1, n), *y = noise(2, m), *ax = noise(3, m), *aty = noise(4, n);
    float *back = calloc((size_t)n, sizeof *back);
    fvi_chain *c = chain(text, f);
    fvi_chain_apply(c, x, ax);
    fvi_chain_adjoint(c, y, aty);
    for (int64_t i = 0; i < m; i++) {
        const int row = from_place((int)(i / w % h), by, f->h, edge);
        const int column = from_place((int)(i % w), by, f->w, edge);
        const int64_t at = (i / w / h * f->h + row) * f->w + column;
        const int inside = row >= 0 && column >= 0;
        if (ax[i] != (inside ? x[at] : edge == FVI_EDGE_GREY ? 0.5f : 0))
            fail_msg("%s of %d x %d: pixel %d", text, f->h, f->w, (int)i);
        if (inside) back[at] += y[i];
    }
    assert_memory_equal(back, aty, (size_t)n * sizeof *back);
    fvi_chain_free(c);
    free(x), free(y), free(ax), free(aty), free(back);
}

/* Moves behind each other are done in one: the bits of doing them one by one, both ways. */
static void check_joined(const char *const *texts, int count) {
    enum { MOST = 3 * 160 * 160 };
    fvi_chain_frame f = frame;
    fvi_chain *alone[4];
    char all[128] = "";
    float *x = noise(1, MOST), *a = calloc(MOST, sizeof *a), *b = calloc(MOST, sizeof *b);
    int h, w;
    for (int i = 0; i < count; i++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s ", texts[i]);
    fvi_chain *c = chain(all, &frame);
    for (uint32_t e = 0; e < 4; e++) {
        const fvi_draw_key key = {7, 3, e, FVI_DRAW_TRANSFORM, 0};
        f = frame;
        memcpy(a, x, MOST * sizeof *a);
        for (int i = 0; i < count; i++) {
            fvi_draw_key one = key;
            one.use += (fvi_draw)i;
            alone[i] = chain(texts[i], &f);
            fvi_chain_draw(alone[i], &one, &f.h, &f.w);
            fvi_chain_apply(alone[i], a, b);
            memcpy(a, b, MOST * sizeof *a);
        }
        fvi_chain_draw(c, &key, &h, &w);
        assert_true(h == f.h && w == f.w);
        fvi_chain_apply(c, x, b);
        if (memcmp(a, b, (size_t)(3 * h * w) * sizeof *a)) fail_msg("%s: other pixels", all);
        memcpy(a, x, MOST * sizeof *a);
        for (int i = count - 1; i >= 0; i--) {
            fvi_chain_adjoint(alone[i], a, b);
            memcpy(a, b, MOST * sizeof *a);
            fvi_chain_free(alone[i]);
        }
        fvi_chain_adjoint(c, x, b);
        if (memcmp(a, b, N * sizeof *a)) fail_msg("%s: another gradient", all);
    }
    fvi_chain_free(c);
    free(x), free(a), free(b);
}

static void moves_in_one_are_the_same(void **state) {
    (void)state;
    check_joined((const char *const[]){"pad(12;grey)", "jitter(8)"}, 2);
    check_joined((const char *const[]){"pad(12;grey)", "jitter(8)", "jitter(4)", "flip(.5)"}, 4);
    check_joined((const char *const[]){"flip(.5)", "roll(30)", "pad(5;grey)", "roll(9,0,1)"}, 4);
    check_joined((const char *const[]){"translate(9;grey)", "pad(5)", "jitter(3)"}, 3);
    check_joined((const char *const[]){"translate(9,0,1;repeat)", "jitter(3)", "pad(4;repeat)"}, 3);
    check_joined((const char *const[]){"fit(;grey)", "jitter(3)", "scale(.8,1.2)"}, 3);
}

static void moves_are_right_at_every_edge(void **state) {
    (void)state;
    static const int sizes[][2] = {{1, 1}, {1, 97}, {97, 1}, {2, 3}, {61, 53}};
    static const int by[] = {0, 1, 5, 130};
    static const char *const edges[] = {[FVI_EDGE_ZERO] = "zero",
                                        [FVI_EDGE_GREY] = "grey",
                                        [FVI_EDGE_REFLECT] = "reflect",
                                        [FVI_EDGE_WRAP] = "wrap",
                                        [FVI_EDGE_REPEAT] = "repeat"};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
        for (size_t b = 0; b < sizeof by / sizeof *by; b++)
            for (int e = 0; e < (int)(sizeof edges / sizeof *edges); e++) {
                const fvi_chain_frame f = {3, sizes[k][0], sizes[k][1], 9, 9, 0, 1};
                char text[40];
                snprintf(text, sizeof text, "pad(%d;%s)", by[b], edges[e]);
                check_pad(&f, by[b], (fvi_edge)e, text);
            }
}

/* ---- parametrisation, optimiser ------------------------------------------------------------- */

static void run_param(const void *what, float *out) {
    fvi_param *p = NULL;
    assert_int_equal(fvi_param_new(what, 3, frame.h, frame.w, &p, NULL), FV_OK);
    const int64_t count = fvi_param_count(p);
    float *z = noise(5, count), *d = noise(6, N);
    fvi_param_picture(p, z, out);
    fvi_param_adjoint(p, z, d, out + N);
    free(z), free(d);
    fvi_param_free(p);
}

static void parametrisations_do_not_depend_on_threads(void **state) {
    (void)state;
    for (int kind = FVI_PARAM_PIXELS; kind <= FVI_PARAM_BOUNDED; kind++)
        for (int squash = FVI_OUTPUT_NONE; squash <= FVI_OUTPUT_CLIP; squash++) {
            const fvi_param_settings d = {.kind = (fvi_param_kind)kind,
                                     .color = FV_COLOR_LUCID,
                                     .output_activation = (fvi_output_activation)squash,
                                     .high = 2,
                                     .decay = 1,
                                     .gain = 1,
                                     .levels = 3};
            fvi_param *p = NULL;
            assert_int_equal(fvi_param_new(&d, 3, frame.h, frame.w, &p, NULL), FV_OK);
            const int64_t n = N + fvi_param_count(p);
            fvi_param_free(p);
            same_bits(run_param, &d, n, "a parametrisation");
        }
}

static void run_optimizer(const void *what, float *out) {
    fvi_optimizer *o = NULL;
    float *g = noise(7, N);
    assert_int_equal(fvi_optimizer_new(what, N, &o, NULL), FV_OK);
    for (int i = 0; i < N; i++) out[i] = (float)i / N;
    for (int step = 0; step < 3; step++) fvi_optimizer_step(o, g, (float)step / 2, out);
    g[N - 1] = 1 / 0.0f; /* the last thread's: no step at all */
    fvi_optimizer_step(o, g, 1, out);
    out[N] = fvi_abs_max(g, N - 1);
    free(g);
    fvi_optimizer_free(o);
}

static void optimizers_do_not_depend_on_threads(void **state) {
    (void)state;
    for (int kind = FVI_OPTIMIZER_ASCENT; kind <= FVI_OPTIMIZER_RMSPROP; kind++) {
        const fvi_optimizer_settings d = {.kind = (fvi_optimizer_kind)kind,
                                     .rate = 0.05f,
                                     .rate_end = 0.5f,
                                     .beta1 = 0.9f,
                                     .beta2 = 0.99f,
                                     .epsilon = 1e-8f,
                                     .weight_decay = 0.01f};
        same_bits(run_optimizer, &d, N + 1, "an optimiser");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transforms_do_not_depend_on_threads),
        cmocka_unit_test(moves_are_right_at_every_edge),
        cmocka_unit_test(moves_in_one_are_the_same),
        cmocka_unit_test(parametrisations_do_not_depend_on_threads),
        cmocka_unit_test(optimizers_do_not_depend_on_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
