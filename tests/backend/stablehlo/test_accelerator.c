/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions on a plug-in's devices: precisions, what is said of the device, two at once, and
 * pictures that begin with redirected ReLUs.
 *
 * On the plug-in for processors in $FOVEA_TEST_PLUGIN; without it the tests are skipped.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fovea/fovea.h"

#define SIZE 32

static const char *plugin;

static void must(fv_status st, const fv_error *err) {
    if (st) fail_msg("%s", err->text);
}

static fv_model *load(const char *file, fv_precision precision) {
    fv_model *m = NULL;
    fv_error err;
    must(
        fv_model_load(file, FV_DESC(fv_model_desc, .precision = precision, .size = SIZE), &m, &err),
        &err);
    return m;
}

static fv_session *open_on(const fv_model *m, int device) {
    fv_session *s = NULL;
    fv_error err;
    must(fv_session_new(m, FV_DESC(fv_session_desc, .plugin = plugin, .device = device), &s, &err),
         &err);
    return s;
}

/* ---- precision ------------------------------------------------------------------------------- */

/* The gradient of an objective at noise; caller frees.  used  what the session says it used */
static fv_tensor *gradient(const char *file, const char *objective, fv_precision asked,
                           fv_precision *used) {
    fv_model *m = load(file, asked);
    fv_session *s = open_on(m, 0);
    fv_objective *o = NULL;
    fv_tensor *x = NULL, *g = NULL;
    fv_error err;
    *used = fv_session_precision(s);
    must(fv_objective_new(m, objective, NULL, 0, &o, &err), &err);
    must(fv_tensor_new(4, (const int64_t[]){1, 3, SIZE, SIZE}, &x, &err), &err);
    for (int i = 0; i < 3 * SIZE * SIZE; i++) x->data[i] = (float)sin(1.7 * i + 0.3 * (i % 7));
    must(fv_session_gradient(s, x, o, NULL, &g, &err), &err);
    fv_tensor_free(x);
    fv_objective_free(o);
    fv_session_free(s);
    fv_model_free(m);
    return g;
}

/* The largest difference, of a's largest number. */
static double apart(const fv_tensor *a, const fv_tensor *b) {
    double most = 0, scale = 0;
    for (int64_t i = 0; i < fv_tensor_count(a); i++) {
        most = fmax(most, fabs((double)a->data[i] - (double)b->data[i]));
        scale = fmax(scale, fabs((double)a->data[i]));
    }
    return most / scale;
}

/* tf32 has no meaning on a processor, which multiplies in f32; bf16 is rounded, but not far. */
static void check_precisions(const char *file, const char *objective) {
    fv_precision used[4];
    fv_tensor *g[4];
    static const fv_precision asked[] = {FV_PRECISION_F32, FV_PRECISION_TF32, FV_PRECISION_BF16,
                                         FV_PRECISION_AUTO};
    for (int i = 0; i < 4; i++) g[i] = gradient(file, objective, asked[i], &used[i]);
    assert_int_equal(used[0], FV_PRECISION_F32);
    assert_int_equal(used[1], FV_PRECISION_TF32);
    assert_int_equal(used[2], FV_PRECISION_BF16);
    assert_int_equal(used[3], FV_PRECISION_F32);
    const double bf16 = apart(g[0], g[2]);
    print_message("%s: bf16 %.3g, tf32 %.3g\n", file, bf16, apart(g[0], g[1]));
    assert_true(apart(g[0], g[1]) == 0);
    assert_true(apart(g[0], g[3]) == 0);
    assert_true(bf16 > 1e-4 && bf16 < 3e-2);
    for (int i = 0; i < 4; i++) fv_tensor_free(g[i]);
}

static void test_precision(void **state) {
    (void)state;
    check_precisions("tests/golden/efficient.new18-free.onnx", "silu_3:0");
    check_precisions("tests/golden/convnext.new20.onnx", "linear_1:0");
}

/* ---- what a picture says --------------------------------------------------------------------- */

static void test_metadata(void **state) {
    (void)state;
    fv_model *m = load("tests/data/cli/tiny.onnx", 0);
    fv_recipe *r = NULL;
    fv_error err;
    must(fv_recipe_new(m, "fovea", NULL, 0, &r, &err), &err);
    must(fv_recipe_set(r, "steps", "1", &err), &err);
    for (int on = 0; on < 2; on++) {
        fv_session *s = NULL;
        fv_image *picture = NULL;
        must(fv_session_new(m, FV_DESC(fv_session_desc, .plugin = on ? plugin : NULL), &s, &err),
             &err);
        must(fv_render(s, "head/conv:1", r, &picture, &err), &err);
        const char *text = fv_image_text(picture, "fovea.device");
        if (on) {
            assert_string_equal(text, fv_session_accelerator(s));
            assert_string_equal(text, fv_session_device(s));
            assert_non_null(strstr(text, "PJRT 0."));
        } else {
            assert_null(text);
            assert_null(fv_session_accelerator(s));
        }
        fv_image_free(picture);
        fv_session_free(s);
    }
    fv_recipe_free(r);
    fv_model_free(m);
}

/* ---- two devices ----------------------------------------------------------------------------- */

/* Five pictures, with all that a recipe draws and transforms. */
static void make_pictures(const fv_model *m, int devices, fv_rendering **made) {
    static const char *const names[] = {"head/conv:1", "head/conv:2", "logits:3", "logits:4",
                                        "stem/conv:0"};
    fv_session *s[2] = {open_on(m, 0), open_on(m, 2)};
    fv_objective *units[5] = {NULL};
    fv_recipe *r = NULL;
    fv_error err;
    for (int i = 0; i < 5; i++) must(fv_objective_new(m, names[i], NULL, 0, &units[i], &err), &err);
    must(fv_recipe_new(m, "fovea", NULL, 0, &r, &err), &err);
    must(fv_recipe_set(r, "steps", "3", &err), &err);
    must(fv_recipe_set(r, "size", "32", &err), &err);
    must(fv_recipe_set(r, "transforms", "jitter(2) noise(0.05)", &err), &err);
    must(fv_render_many(
             s[0], (const fv_objective *const *)units, 5, r,
             FV_DESC(fv_render_desc, .batch = 1, .others = s + 1, .other_count = devices - 1), made,
             &err),
         &err);
    for (int i = 0; i < 5; i++) fv_objective_free(units[i]);
    fv_recipe_free(r);
    for (int i = 0; i < 2; i++) fv_session_free(s[i]);
}

static void test_two_devices(void **state) {
    (void)state;
    fv_model *m = load("tests/data/cli/tiny.onnx", 0);
    fv_rendering *one[5] = {NULL}, *two[5] = {NULL};
    make_pictures(m, 1, one);
    make_pictures(m, 2, two);
    for (int i = 0; i < 5; i++) {
        const fv_image *a = one[i]->image, *b = two[i]->image;
        assert_memory_equal(a->data, b->data, (size_t)(3 * a->height * a->width) * sizeof(float));
        assert_string_equal(one[i]->objective, two[i]->objective);
        assert_true(one[i]->reached == two[i]->reached);
        fv_rendering_free(one[i]);
        fv_rendering_free(two[i]);
    }
    fv_model_free(m);
}

/* ---- redirected ReLUs ------------------------------------------------------------------------ */

/* Two units without a gradient at first, in one batch.  on  the plug-in; NULL: the processor */
static void make_redirected(const fv_model *m, const char *on, fv_rendering **made) {
    static const char *const names[] = {"features.denseblock1.denselayer1.conv2:0",
                                        "features.denseblock1.denselayer1.conv2:1"};
    fv_session *s = NULL;
    fv_objective *units[2] = {NULL};
    fv_recipe *r = NULL;
    fv_error err;
    must(fv_session_new(m, FV_DESC(fv_session_desc, .plugin = on), &s, &err), &err);
    for (int i = 0; i < 2; i++) must(fv_objective_new(m, names[i], NULL, 0, &units[i], &err), &err);
    must(fv_recipe_new(m, "fovea-layer", (const fv_objective *const *)units, 2, &r, &err), &err);
    must(fv_recipe_set(r, "steps", "2", &err), &err);
    must(fv_render_many(s, (const fv_objective *const *)units, 2, r, NULL, made, &err), &err);
    for (int i = 0; i < 2; i++) fv_objective_free(units[i]);
    fv_recipe_free(r);
    fv_session_free(s);
}

/* An update's inputs need not have a sample each (a spectrum, a mask): ReLUs find theirs. */
static void test_redirected(void **state) {
    (void)state;
    fv_model *m = NULL;
    fv_error err;
    must(fv_model_load("tests/golden/dense.old17.onnx", NULL, &m, &err), &err);
    fv_rendering *own[2] = {NULL}, *there[2] = {NULL};
    make_redirected(m, NULL, own);
    make_redirected(m, plugin, there);
    for (int i = 0; i < 2; i++) {
        assert_true(own[i]->redirected && there[i]->redirected);
        assert_int_equal(there[i]->batch, 2);
        assert_true(fabs(own[i]->reached - there[i]->reached) <= 1e-3 * fabs(own[i]->reached));
        fv_rendering_free(own[i]);
        fv_rendering_free(there[i]);
    }
    fv_model_free(m);
}

int main(void) {
    plugin = getenv("FOVEA_TEST_PLUGIN");
    if (!plugin || !*plugin) {
        fprintf(stderr, "skipped: no plug-in in $FOVEA_TEST_PLUGIN\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_precision),
        cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_two_devices),
        cmocka_unit_test(test_redirected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
