/* SPDX-License-Identifier: Apache-2.0 */
/* The graph forms of transforms against their two directions on the processor: pictures within 1e-4
 * of the values' range, gradients within 1e-4 of the largest.
 *
 * Usage: test_transform_graph [PLUGIN.so EVERY]: on a plug-in, each EVERY-th case; PLUGIN.so '':
 * that of $FOVEA_TEST_PLUGIN, without which it is skipped.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/backends.h"
#include "backend/executable.h"
#include "graph/build/emit.h"
#include "graph/build/pack.h"
#include "transform_help.h"
#include "vis/transform/transform_graph.h"

#define SAMPLES 3
#define DRAWS   6

static const char *plugin;
static int every = 1, seen; /* which of the cases */

static fvi_device *device;

/* A chain as a graph, whose first input is the pictures. */
typedef struct form {
    fvi_given_list given;
    fvi_chain_form chain;
    float *x;
    fvi_executable *e;
    fvi_shape out;
} form;

static fv_status build(const fvi_chain *c, const fvi_chain_frame *f, form *m, fv_error *err) {
    const fvi_build_limits limits = {(size_t)1 << 30, 1 << 30, 1 << 30, 1 << 16};
    const fvi_shape shape = {4, {SAMPLES, f->channels, f->h, f->w}};
    fvi_operation op = {.source_op = "test", .label = "test"};
    fvi_builder *b = NULL;
    fvi_graph *g = NULL;
    memset(m, 0, sizeof *m);
    assert_int_equal(fvi_build_new(&limits, NULL, &b, err), FV_OK);
    fvi_given_begin(&m->given);
    fvi_build_begin(b, &op);
    const fvi_form_site site = {b, &m->given, SAMPLES};
    const int x = fvi_given_input(&m->given, b, &shape, FVI_GIVEN_EACH_UPDATE, &m->x);
    int y = fvi_chain_emit(c, &site, x, &m->chain);
    if (y == x) y = fvi_emit(b, FVI_IDENTITY, NULL, &shape, 1, &x);
    m->out = fvi_build_shape(b, y);
    if (y >= 0) fvi_build_output(b, y);
    fvi_build_end(b);
    fv_status st = fvi_build_finish(b, &g);
    fvi_build_free(b);
    return st ? st : fvi_executable_new(device, g, FVI_EXEC_BACKWARD, &m->e, err);
}

static void stop(form *m) {
    fvi_executable_free(m->e);
    fvi_given_end(&m->given);
}

static void must(fv_status st, const fv_error *err, const char *text) {
    if (st) fail_msg("%s: %s", text, err->text);
}

/* Runs both directions. y, dx: what comes out; dy: the gradient. */
static void run(form *m, const char *text, const float *dy, float *y, float *dx) {
    fv_error err;
    for (guint i = 0; i < m->given.list->len; i++)
        must(fvi_executable_set_input(m->e, (int)i, g_array_index(m->given.list, fvi_given, i).data,
                                      &err),
             &err, text);
    must(fvi_executable_forward(m->e, &err), &err, text);
    must(fvi_executable_read_target(m->e, 0, y, &err), &err, text);
    must(fvi_executable_write_seed(m->e, 0, dy, &err), &err, text);
    must(fvi_executable_backward(m->e, &err), &err, text);
    must(fvi_executable_read_gradient(m->e, 0, dx, &err), &err, text);
}

static double largest(const float *a, int64_t n) {
    double top = 0;
    for (int64_t i = 0; i < n; i++) top = fmax(top, fabs((double)a[i]));
    return top;
}

/* How many pixels of a picture may differ: where nearest pixels are read at positions that are not
 * whole, rounding decides between two pixels. Ties come in pairs, symmetric about the centre. */
static int64_t ties(const char *text) {
    return strstr(text, "rotate") && strstr(text, "lucid") ? 4 : 0;
}

/* What is compared: the pictures' numbers, or the gradients'. */
typedef struct comparison {
    const char *text, *what;
    int channels;
    uint32_t evaluation;
} comparison;

static void close_to(const comparison *c, const float *got, const float *want, int64_t n,
                     double allowed) {
    int64_t off = 0;
    for (int64_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - want[i]) <= allowed) && ++off > c->channels * ties(c->text))
            fail_msg("%s, evaluation %u: %s %lld is %g, not %g; allowed: %g off", c->text,
                     c->evaluation, c->what, (long long)i, got[i], want[i], allowed);
}

/* Sample s of evaluation e. */
static void draw(fvi_chain *c, int s, uint32_t e, int *h, int *w) {
    const float progress = (float)e / (DRAWS - 1);
    const fvi_draw_key key = {7, (uint64_t)s, e, FVI_DRAW_TRANSFORM, progress};
    fvi_chain_draw(c, &key, h, w);
}

static void check(const char *text, const fvi_chain_frame *f) {
    if (seen++ % every) return;
    form m;
    fv_error err;
    fvi_chain *c = chain(text, f);
    must(build(c, f, &m, &err), &err, text);
    const int64_t n = (int64_t)f->channels * f->h * f->w, outs = fvi_shape_count(&m.out) / SAMPLES;
    float *dy = noise(3, SAMPLES * outs), *y = noise(4, SAMPLES * outs);
    float *dx = noise(5, SAMPLES * n), *want = noise(6, outs), *back = noise(7, n);
    fvi_random r = fvi_random_stream(1, 0, 0, FVI_DRAW_START);
    int h, w;
    for (int64_t i = 0; i < SAMPLES * n; i++)
        m.x[i] = f->low + (f->high - f->low) * fvi_random_uniform(&r);
    for (uint32_t e = 0; e < DRAWS; e++) {
        const comparison pixels = {text, "pixel", f->channels, e};
        const comparison gradients = {text, "gradient", f->channels, e};
        for (int s = 0; s < SAMPLES; s++) {
            draw(c, s, e, &h, &w);
            fvi_chain_fill(&m.chain, c, s);
        }
        run(&m, text, dy, y, dx);
        for (int s = 0; s < SAMPLES; s++) {
            draw(c, s, e, &h, &w);
            assert_int_equal(outs, (int64_t)f->channels * h * w);
            fvi_chain_apply(c, m.x + s * n, want);
            fvi_chain_adjoint(c, dy + s * outs, back);
            close_to(&pixels, y + s * outs, want, outs, 1e-4 * (f->high - f->low));
            close_to(&gradients, dx + s * n, back, n, 1e-4 * largest(back, n));
        }
    }
    free(y), free(dx), free(want), free(back), free(dy);
    stop(&m);
    fvi_chain_free(c);
}

static const fvi_chain_frame frames[] = {
    {1, 33, 33, 24, 24, 0, 1}, {3, 21, 38, 17, 29, 0, 255}, {2, 17, 16, 40, 30, -2, 2}};
enum { FRAMES = sizeof frames / sizeof *frames };

static void check_all(const char *text) {
    for (int k = 0; k < FRAMES; k++) check(text, &frames[k]);
}

static void transforms_with_edges(void **state) {
    (void)state;
    static const char *const names[] = {
        "pad(5",       "pad(40",         "translate(9",           "translate(0,7",
        "zoom(.5,2",   "zoom(.8,1.2,.1", "rotate(-90,90",         "rotate(-10,10,5",
        "crop(.5,1.1", "fit(",           "crop(.1,1,.1,1,5,1,.3", "crop(.3,.6,.9,2.4,15,.5"};
    static const char *const edges[] = {")", ";grey)", ";reflect)", ";wrap)", ";repeat)"};
    char text[80];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (size_t e = 0; e < sizeof edges / sizeof *edges; e++) {
            snprintf(text, sizeof text, "%s%s", names[i], edges[e]);
            check_all(text);
        }
}

static void other_transforms(void **state) {
    (void)state;
    static const char *const texts[] = {"none",
                                        "jitter(8)",
                                        "jitter(0)",
                                        "roll(4)",
                                        "roll(100)",
                                        "roll(50,0,1)",
                                        "flip(.5)",
                                        "blur(0,2)",
                                        "blur(1,1)",
                                        "blur(0,0)",
                                        "blur(3,12)",
                                        "translate(7,1,1)",
                                        "translate(7,1,1;grey)",
                                        "translate(7,1,1;repeat)",
                                        "translate(7,0,1;wrap)",
                                        "octave(1,2)",
                                        "color(.2,.1)",
                                        "color(0,.3)",
                                        "noise(.1)",
                                        "noise(.1,.2)",
                                        "noise(0,.2)",
                                        "noise(0)",
                                        "resize(9)",
                                        "resize(0)",
                                        "resize(31,1)",
                                        "resize(9,2)",
                                        "rotate(-90,90,0,lucid)",
                                        "rotate(-20,20,5,lucid;grey)",
                                        "rotate(-60,60,0,lucid;reflect)",
                                        "rotate(-60,60,0,lucid;repeat)"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) check_all(texts[i]);
}

/* Each is brought to one size. */
static void drawn_sizes(void **state) {
    (void)state;
    static const char *const texts[] = {"scale(.9,1.1) resize(20)",
                                        "scale(.5,2,.1) fit()",
                                        "scale(.9,1.1,.02,1) crop(.5,1)",
                                        "scale(.3,1.2,.1,2) resize(0,2)",
                                        "scale(.03,.03,0,2) resize(7)",
                                        "scale(.5,1.4) rotate(-20,20) zoom(.5,1.5) resize(0)",
                                        "scale(.5,1.4) roll(4) flip(.5) jitter(2) resize(0)",
                                        "scale(.5,1.4) translate(4;wrap) pad(2;reflect) resize(0)",
                                        "scale(.5,1.4) roll(4) rotate(-20,20) resize(0)",
                                        "scale(.5,1.4) scale(.8,1.1) resize(0)",
                                        "octave(3,1.5) resize(0)",
                                        "octave(4,1.33333) flip(.5) resize(9)",
                                        "scale(.5,1.4) octave(3,1.5) fit()",
                                        "scale(.5,1.4) translate(4,0,1) resize(0)",
                                        "scale(.5,1.4) fit(;grey)"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) check_all(texts[i]);
}

/* Those of the recipes; the network's size at the end where one draws it. */
static void chains_of_recipes(void **state) {
    (void)state;
    static const char *const texts[] = {
        "crop(.66,.91,.25,.58,10,.5,.125,1;reflect) color(.25,.05) noise(.05)", /* fovea */
        "crop(.85,1.1,.85,1.1,10;reflect) noise(.05)",                          /* fovea-layer */
        "crop(.25,.3,.25,.3,0,0,.15;repeat) noise(.01,.005)",                   /* maco */
        "crop(.05,.99;reflect) noise(.02,.01)",                                 /* accentuate */
        "pad(12;grey) jitter(8) scale(.9,1.1,.02,lucid) rotate(-10,10,5,lucid) jitter(4) "
        "resize(20)",
        "pad(4;reflect) jitter(8)",                          /* invert */
        "pad(12;reflect) jitter(12) rotate(-5,5) jitter(4)", /* caricature */
        "pad(12;grey) translate(0,7) scale(.9,1.1,.02,lucent) rotate(-10,10,5) translate(0,3) "
        "resize(0,lucent)",
        "roll(8)",
        "roll(32)",
        "roll(0,511)",                     /* wolfram, deepdream, matlab */
        "roll(4,-1) rotate(-1,1;reflect)", /* tf-keras-vis */
        "translate(7,1,1;repeat) octave(4,1.33333) flip(.5) resize(0)", /* darknet */
        "pad(1) pad(1;grey) jitter(1) jitter(1) flip(.5) roll(3) fit()"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) check_all(texts[i]);
}

static void what_has_no_form_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *names;
    } cases[] = {{"scale(.9,1.1) rotate(-5,5)", "transform \"scale\": it draws the size"},
                 {"resize(9) scale(.9,1.1) jitter(1)", "transform \"scale\": it draws the size"},
                 {"scale(.9,1.1) rotate(-5,5;wrap) resize(0)", "transform \"rotate\": an edge"},
                 {"rotate(0,9,0,lucid;wrap)", "transform \"rotate\": edge wrap"},
                 {"scale(.9,1.1) pad(5;grey) resize(0)", "transform \"pad\": its grey edge"},
                 {"scale(.9,1.1) noise(.1) resize(0)", "transform \"noise\": it"},
                 {"scale(.9,1.1) blur(.1,1) resize(0)", "transform \"blur\": it"},
                 {"scale(.9,1.1) color(.1,.1) resize(0)", "transform \"color\": it"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        form m;
        fv_error err;
        fvi_chain *c = chain(cases[i].text, &frames[0]);
        assert_int_equal(build(c, &frames[0], &m, &err), FV_UNSUPPORTED);
        if (!strstr(err.text, cases[i].names)) fail_msg("%s: %s", cases[i].text, err.text);
        fvi_given_end(&m.given);
        fvi_chain_free(c);
    }
}

static int start(void **state) {
    fv_error err;
    const fvi_device_desc desc = {.precision = FV_PRECISION_F32, .plugin = plugin};
    (void)state;
    if (!fvi_device_new(plugin ? fvi_backend_accelerator : fvi_backend_processor, &desc, &device,
                        &err))
        return 0;
    fprintf(stderr, "%s\n", err.text);
    return 1;
}

static int end(void **state) {
    (void)state;
    fvi_device_free(device);
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 2) {
        plugin = argv[1][0] ? argv[1] : getenv("FOVEA_TEST_PLUGIN");
        every = atoi(argv[2]) > 0 ? atoi(argv[2]) : 1;
        if (!plugin || !*plugin) {
            fprintf(stderr, "skipped: no plug-in in $FOVEA_TEST_PLUGIN\n");
            return 77;
        }
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transforms_with_edges), cmocka_unit_test(other_transforms),
        cmocka_unit_test(drawn_sizes), cmocka_unit_test(chains_of_recipes),
        cmocka_unit_test(what_has_no_form_is_refused)};
    return cmocka_run_group_tests(tests, start, end);
}
