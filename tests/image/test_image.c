/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures in memory: making, texts, cutting, pasting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <math.h>
#include <string.h>

#include "image/image.h"

static fv_image *ramp(int channels, int height, int width) {
    fv_image *p = NULL;
    assert_int_equal(fv_image_new(channels, height, width, &p, NULL), FV_OK);
    for (int i = 0; i < channels * height * width; i++) p->data[i] = (float)i / 1000;
    return p;
}

static float at(const fv_image *p, int c, int y, int x) {
    return p->data[(c * p->height + y) * p->width + x];
}

static void test_new(void **state) {
    (void)state;
    fv_error err;
    fv_image *p = NULL;
    assert_int_equal(fv_image_new(0, 4, 4, &p, &err), FV_ARG);
    assert_int_equal(fv_image_new(5, 4, 4, &p, &err), FV_ARG);
    assert_int_equal(fv_image_new(3, 0, 4, &p, &err), FV_ARG);
    assert_int_equal(fv_image_new(3, 4, -1, &p, &err), FV_ARG);
    assert_int_equal(fv_image_new(3, INT_MAX, INT_MAX, &p, &err), FV_NOMEM);
    assert_null(p);
    assert_int_equal(fv_image_new(3, 4, 5, &p, &err), FV_OK);
    assert_int_equal(p->channels, 3);
    assert_int_equal(p->height, 4);
    assert_int_equal(p->width, 5);
    for (int i = 0; i < 60; i++) assert_true(p->data[i] == 0);
    assert_null(fv_image_text(p, "seed"));
    fv_image_free(p);
    fv_image_free(NULL);
}

static void test_texts(void **state) {
    (void)state;
    fv_error err;
    fv_image *p = ramp(1, 1, 1), *q = ramp(1, 1, 1);
    assert_int_equal(fv_image_set_text(p, "seed", "1", &err), FV_OK);
    assert_int_equal(fv_image_set_text(p, "model-sha_256.x", "abc", &err), FV_OK);
    assert_int_equal(fv_image_set_text(p, "seed", "2", &err), FV_OK);
    assert_string_equal(fv_image_text(p, "seed"), "2");
    assert_null(fv_image_text(p, "see"));
    assert_null(fv_image_text(p, NULL));

    assert_int_equal(fv_image_set_text(q, "seed", "own", &err), FV_OK);
    assert_int_equal(fvi_image_copy_texts(q, p, &err), FV_OK);
    assert_string_equal(fv_image_text(q, "seed"), "own");
    assert_string_equal(fv_image_text(q, "model-sha_256.x"), "abc");
    fv_image_free(p);
    fv_image_free(q);
}

static void test_text_keys(void **state) {
    (void)state;
    fv_error err;
    fv_image *p = ramp(1, 1, 1);
    char key[62];
    memset(key, 'k', sizeof key);
    key[61] = 0;
    static const char *const bad[] = {"", "a b", "a=b", "a\n", "\xC3\xA9", "a/b", "a:b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(fv_image_set_text(p, bad[i], "x", &err), FV_ARG);
    assert_int_equal(fv_image_set_text(p, key, "x", &err), FV_ARG);
    key[60] = 0;
    assert_int_equal(fv_image_set_text(p, key, "x", &err), FV_OK);
    assert_int_equal(fv_image_set_text(p, NULL, "x", &err), FV_ARG);
    assert_int_equal(fv_image_set_text(p, "a", NULL, &err), FV_ARG);
    assert_int_equal(fv_image_set_text(NULL, "a", "x", &err), FV_ARG);
    fv_image_free(p);
}

static void test_crop(void **state) {
    (void)state;
    fv_error err;
    fv_image *p = ramp(3, 6, 7), *part = NULL;
    assert_int_equal(fvi_image_crop(p, 1, 2, 4, 5, &part, &err), FV_OK);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < 4; y++)
            for (int x = 0; x < 5; x++) assert_true(at(part, c, y, x) == at(p, c, y + 1, x + 2));
    fv_image_free(part);
    part = NULL;
    assert_int_equal(fvi_image_crop(p, 3, 2, 4, 5, &part, &err), FV_ARG);
    assert_int_equal(fvi_image_crop(p, 1, 3, 4, 5, &part, &err), FV_ARG);
    assert_int_equal(fvi_image_crop(p, -1, 0, 4, 5, &part, &err), FV_ARG);
    assert_int_equal(fvi_image_crop(p, 0, -1, 4, 5, &part, &err), FV_ARG);
    assert_int_equal(fvi_image_crop(p, 0, 0, 0, 5, &part, &err), FV_ARG);
    assert_int_equal(fvi_image_crop(p, INT_MAX, INT_MAX, 1, 1, &part, &err), FV_ARG);
    assert_null(part);
    fv_image_free(p);
}

/* Every position, also far outside: what falls inside is copied, the rest stays black. */
static void test_paste(void **state) {
    (void)state;
    static const int places[] = {-100, -3, -2, -1, 0, 1, 3, 4, 5, 100, INT_MIN, INT_MAX};
    enum { N = sizeof places / sizeof places[0] };
    for (int channels = 1; channels <= 3; channels += 2)
        for (int k = 0; k < N * N; k++) {
            fv_image *onto = NULL, *p = ramp(channels, 3, 2);
            int py = places[k / N], px = places[k % N];
            assert_int_equal(fv_image_new(3, 5, 4, &onto, NULL), FV_OK);
            fvi_image_paste(onto, p, py, px);
            for (int c = 0; c < 3; c++)
                for (int y = 0; y < 5; y++)
                    for (int x = 0; x < 4; x++) {
                        int64_t sy = (int64_t)y - py, sx = (int64_t)x - px;
                        int inside = sy >= 0 && sy < 3 && sx >= 0 && sx < 2;
                        int from = channels == 3 ? c : 0;
                        float expected = inside ? at(p, from, (int)sy, (int)sx) : 0;
                        assert_true(at(onto, c, y, x) == expected);
                    }
            fv_image_free(onto);
            fv_image_free(p);
        }
}

/* Over mid grey: transparent becomes grey, opaque stays, half is half-way; NaN is transparent. */
static void test_flatten(void **state) {
    (void)state;
    static const float alphas[6] = {0, 1, 0.5f, 2, -1, NAN};
    for (int channels = 1; channels <= 4; channels++) {
        fv_image *p = ramp(channels, 2, 3), *flat = NULL;
        int colours = channels <= 2 ? 1 : 3, has_alpha = channels % 2 == 0;
        if (has_alpha) memcpy(p->data + colours * 6, alphas, sizeof alphas);
        p->data[0] = has_alpha ? NAN : p->data[0]; /* what cannot be seen does not matter */
        assert_int_equal(fvi_image_flatten(p, 0.5f, &flat, NULL), FV_OK);
        assert_int_equal(flat->channels, colours);
        for (int i = 0; i < colours * 6; i++) {
            float share = !has_alpha || i % 6 == 1 || i % 6 == 3 ? 1 : i % 6 == 2 ? 0.5f : 0;
            float want = share > 0 ? 0.5f + share * (p->data[i] - 0.5f) : 0.5f;
            assert_true(share == 1 ? flat->data[i] == p->data[i]
                                   : flat->data[i] - want < 1e-6f && want - flat->data[i] < 1e-6f);
        }
        fv_image_free(p);
        fv_image_free(flat);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new),  cmocka_unit_test(test_texts), cmocka_unit_test(test_text_keys),
        cmocka_unit_test(test_crop), cmocka_unit_test(test_paste), cmocka_unit_test(test_flatten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
