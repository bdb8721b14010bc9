/* SPDX-License-Identifier: Apache-2.0 */
/* Montages: where tiles, labels and titles come to lie, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <string.h>

#include "image/image.h"

enum { MARGIN = 8 }; /* as montage.c has it for tiles below 288 */

/* A picture of one value. */
static fv_image *flat(int channels, int height, int width, float value) {
    fv_image *p = NULL;
    assert_int_equal(fv_image_new(channels, height, width, &p, NULL), FV_OK);
    for (int i = 0; i < channels * height * width; i++) p->data[i] = value;
    return p;
}

static fv_image *montage(fv_image **images, const char *const *labels, int count,
                         fv_montage_desc desc) {
    desc.struct_size = sizeof desc;
    fv_image *out = NULL;
    fv_error err;
    if (fv_montage((const fv_image *const *)images, labels, count, &desc, &out, &err))
        fail_msg("%s", err.text);
    return out;
}

static void free_all(fv_image **images, int count) {
    for (int i = 0; i < count; i++) fv_image_free(images[i]);
}

static float at(const fv_image *p, int c, int y, int x) {
    return p->data[(c * p->height + y) * p->width + x];
}

/* Whether the rows y0..y1-1 of columns x0..x1-1 are all white. */
static int is_white(const fv_image *p, int y0, int y1, int x0, int x1) {
    for (int c = 0; c < p->channels; c++)
        for (int y = y0; y < y1; y++)
            for (int x = x0; x < x1; x++)
                if (at(p, c, y, x) != 1) return 0;
    return 1;
}

static void test_grid(void **state) {
    (void)state;
    fv_image *in[6];
    for (int i = 0; i < 6; i++) in[i] = flat(1, 40, 40, (float)i / 10);
    fv_image *m = montage(in, NULL, 6, (fv_montage_desc){.columns = 3});
    assert_int_equal(m->channels, 1);
    assert_int_equal(m->width, 3 * 40 + 2 * 4 + 2 * MARGIN);
    assert_int_equal(m->height, 2 * 40 + 4 + 2 * MARGIN);
    for (int i = 0; i < 6; i++) {
        int y = MARGIN + i / 3 * 44, x = MARGIN + i % 3 * 44;
        assert_true(at(m, 0, y, x) == (float)i / 10);
        assert_true(at(m, 0, y + 39, x + 39) == (float)i / 10);
    }
    assert_true(is_white(m, 0, MARGIN, 0, m->width));
    assert_true(is_white(m, 0, m->height, MARGIN + 40, MARGIN + 44));
    assert_true(is_white(m, MARGIN + 40, MARGIN + 44, 0, m->width));
    fv_image_free(m);
    free_all(in, 6);
}

static void test_columns(void **state) {
    (void)state;
    static const struct {
        int count, h, w, wanted, columns;
    } cases[] = {{16, 64, 64, 0, 4}, {64, 64, 64, 0, 8},  {1, 64, 64, 0, 1},
                 {3, 64, 64, 0, 3},  {12, 64, 64, 0, 4},  {9, 64, 64, 5, 5},
                 {2, 64, 64, 7, 2},  {16, 32, 128, 0, 2}, {16, 128, 32, 0, 8}};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        fv_image *in[64];
        for (int i = 0; i < cases[k].count; i++) in[i] = flat(1, cases[k].h, cases[k].w, 0);
        fv_image *m =
            montage(in, NULL, cases[k].count, (fv_montage_desc){.columns = cases[k].wanted});
        int columns = (m->width - 2 * MARGIN + 4) / (cases[k].w + 4);
        if (columns != cases[k].columns)
            fail_msg("%d of %dx%d: %d columns", cases[k].count, cases[k].w, cases[k].h, columns);
        fv_image_free(m);
        free_all(in, cases[k].count);
    }
}

/* Small pictures grow by whole factors, pixels stay pixels; large ones shrink; aspects stay. */
static void test_fitting(void **state) {
    (void)state;
    fv_image *in[3] = {flat(1, 2, 2, 0), flat(1, 300, 150, 0.5f), flat(1, 3, 7, 0.25f)};
    in[0]->data[3] = 1;
    fv_image *m = montage(in, NULL, 3, (fv_montage_desc){.columns = 3, .tile = 75});
    /* 2x2 becomes 74x74, 150x300 becomes 38x75, 7x3 becomes 70x30: the tile is 74 wide, 75 high. */
    assert_int_equal(m->width, 3 * 74 + 2 * 4 + 2 * MARGIN);
    assert_int_equal(m->height, 75 + 2 * MARGIN);
    assert_true(at(m, 0, MARGIN, MARGIN) == 0);
    assert_true(at(m, 0, MARGIN + 36, MARGIN + 36) == 0);
    assert_true(at(m, 0, MARGIN + 37, MARGIN + 37) == 1);
    assert_true(at(m, 0, MARGIN + 36, MARGIN + 37) == 0);
    int x = MARGIN + 78;
    assert_true(is_white(m, MARGIN, MARGIN + 75, x, x + 18));
    assert_true(at(m, 0, MARGIN + 37, x + 18) == 0.5f && at(m, 0, MARGIN + 37, x + 55) == 0.5f);
    assert_true(is_white(m, MARGIN, MARGIN + 75, x + 56, x + 74));
    x += 78;
    assert_true(is_white(m, MARGIN, MARGIN + 22, x, x + 74));
    assert_true(at(m, 0, MARGIN + 22, x + 2) == 0.25f && at(m, 0, MARGIN + 51, x + 71) == 0.25f);
    fv_image_free(m);
    free_all(in, 3);
}

static void test_colour_if_any_has(void **state) {
    (void)state;
    fv_image *in[2] = {flat(1, 40, 40, 0.5f), flat(3, 40, 40, 0)};
    in[1]->data[0] = 1;
    fv_image *m = montage(in, NULL, 2, (fv_montage_desc){.columns = 2});
    assert_int_equal(m->channels, 3);
    for (int c = 0; c < 3; c++) assert_true(at(m, c, MARGIN, MARGIN) == 0.5f);
    assert_true(at(m, 0, MARGIN, MARGIN + 44) == 1 && at(m, 1, MARGIN, MARGIN + 44) == 0);
    fv_image_free(m);
    free_all(in, 2);
}

static void test_labels(void **state) {
    (void)state;
    static const char *const labels[4] = {"conv1:0", NULL, "",
                                          "a label that is far too long for its tile"};
    fv_image *in[4];
    for (int i = 0; i < 4; i++) in[i] = flat(1, 100, 100, 0);
    fv_image *m = montage(in, labels, 4, (fv_montage_desc){.columns = 4});
    int top = MARGIN + 100, bottom = m->height - MARGIN;
    assert_in_range(bottom - top, 3 * 15, 4 * 22); /* the last label has several lines */
    for (int i = 0; i < 4; i++) {
        int x = MARGIN + i * 104, labelled = labels[i] && labels[i][0];
        assert_int_equal(!is_white(m, top, bottom, x, x + 100), labelled);
    }
    assert_true(is_white(m, top, bottom, MARGIN + 100, MARGIN + 104)); /* none leaves its cell */
    assert_true(is_white(m, top, bottom, MARGIN + 3 * 104 - 4, MARGIN + 3 * 104));
    fv_image_free(m);

    static const char *const none[4] = {NULL, "", NULL, NULL};
    m = montage(in, none, 4, (fv_montage_desc){.columns = 4});
    assert_int_equal(m->height, 100 + 2 * MARGIN);
    fv_image_free(m);
    free_all(in, 4);
}

/* Whether a picture is part of another at (y, x). */
static int is_at(const fv_image *m, const fv_image *part, int y, int x) {
    for (int row = 0; row < part->height; row++)
        if (memcmp(m->data + (y + row) * m->width + x, part->data + row * part->width,
                   (size_t)part->width * sizeof(float)))
            return 0;
    return 1;
}

/* A line of a label stands whole in the middle of its cell, give or take a pixel. */
static void check_line(const fv_image *m, const char *text, int y, int x, int cell) {
    fv_image *line = NULL;
    assert_int_equal(fvi_image_from_text(text, 14, 1000, &line, NULL), FV_OK);
    assert_true(line->width <= cell);
    x += (cell - line->width) / 2;
    assert_true(is_at(m, line, y, x) || is_at(m, line, y, x - 1) || is_at(m, line, y, x + 1));
    fv_image_free(line);
}

/* Whatever the tile, labels are written whole: in wider cells, and in several lines. */
static void test_labels_of_narrow_tiles(void **state) {
    (void)state;
    static const char *const numbers[2] = {"0", "511"};
    static const char *const names[2] = {"block_5/expand/conv:17", "8 H\xC3\xA4hnchen"};
    for (int side = 1; side <= 16; side += 15) {
        fv_image *in[2] = {flat(1, side, side, 0), flat(1, side, side, 0)};
        fv_image *m = montage(in, numbers, 2, (fv_montage_desc){.columns = 2});
        const int y = MARGIN + side + 2;
        int cell = (m->width - 2 * MARGIN - 2) / 2;
        check_line(m, "511", y, MARGIN + cell + 2, cell);
        fv_image_free(m);
        m = montage(in, names, 2, (fv_montage_desc){.columns = 2});
        cell = (m->width - 2 * MARGIN - 2) / 2;
        assert_in_range(cell, 50, 100);
        check_line(m, "block_5/", y, MARGIN, cell);
        check_line(m, "conv:17", y + 2 * 14, MARGIN, cell);
        fv_image_free(m);
        free_all(in, 2);
    }
}

static void test_title(void **state) {
    (void)state;
    fv_image *in[4];
    for (int i = 0; i < 4; i++) in[i] = flat(1, 150, 150, 0);
    fv_image *plain = montage(in, NULL, 4, (fv_montage_desc){0});
    fv_image *m = montage(in, NULL, 4, (fv_montage_desc){.title = "mixed4a, channels 0-3"});
    assert_int_equal(m->width, plain->width);
    int extra = m->height - plain->height;
    assert_in_range(extra, 16 + MARGIN, 24 + MARGIN);
    assert_false(is_white(m, MARGIN, extra, 0, m->width));
    size_t row = (size_t)m->width * sizeof(float);
    for (int y = MARGIN; y < plain->height; y++) /* the grid is the same, further down */
        assert_memory_equal(m->data + (y + extra) * m->width, plain->data + y * m->width, row);
    fv_image_free(m);
    fv_image_free(plain);
    free_all(in, 4);

    /* One small picture: it grows for its title, but not for ever, and the picture stays central.
     */
    in[0] = flat(1, 20, 20, 0);
    char text[400];
    for (size_t i = 0; i < sizeof text; i++) text[i] = i % 4 ? 'w' : ' ';
    text[sizeof text - 1] = 0;
    m = montage(in, NULL, 1, (fv_montage_desc){.title = text});
    assert_in_range(m->width, 400, 480 + 2 * MARGIN);
    assert_in_range(m->height, 6 * 16, 16 * 16); /* whole, in several lines */
    assert_true(at(m, 0, m->height - MARGIN - 10, m->width / 2) == 0);
    fv_image_free(m);
    fv_image_free(in[0]);
}

static void test_texts_come_along(void **state) {
    (void)state;
    fv_image *in[2] = {flat(1, 8, 8, 0), flat(1, 8, 8, 0)};
    fv_image_set_text(in[0], "seed", "5", NULL);
    fv_image_set_text(in[1], "other", "x", NULL);
    fv_image *m = montage(in, NULL, 2, (fv_montage_desc){0});
    assert_string_equal(fv_image_text(m, "seed"), "5");
    assert_null(fv_image_text(m, "other"));
    fv_image_free(m);
    free_all(in, 2);
}

static void check_refused(fv_image **images, int count, fv_montage_desc desc, fv_status expected) {
    desc.struct_size = sizeof desc;
    fv_image *out = NULL;
    fv_error err;
    fv_status st = fv_montage((const fv_image *const *)images, NULL, count, &desc, &out, &err);
    assert_int_equal(st, expected);
    assert_null(out);
}

static void test_errors(void **state) {
    (void)state;
    fv_image *in[2] = {flat(1, 8, 8, 0), NULL};
    check_refused(in, 0, (fv_montage_desc){0}, FV_ARG);
    check_refused(in, -1, (fv_montage_desc){0}, FV_ARG);
    check_refused(NULL, 1, (fv_montage_desc){0}, FV_ARG);
    check_refused(in, 2, (fv_montage_desc){0}, FV_ARG);
    check_refused(in, 1, (fv_montage_desc){.columns = -1}, FV_ARG);
    check_refused(in, 1, (fv_montage_desc){.tile = -1}, FV_ARG);
    check_refused(in, 1, (fv_montage_desc){.tile = INT_MAX}, FV_ARG);
    check_refused(in, 1, (fv_montage_desc){.tile = 1 << 20}, FV_NOMEM);
    fv_image *many[3000];
    for (int i = 0; i < 3000; i++) many[i] = in[0];
    check_refused(many, 3000, (fv_montage_desc){.columns = 3000, .tile = 1 << 20}, FV_NOMEM);
    in[0]->channels = 5;
    check_refused(in, 1, (fv_montage_desc){0}, FV_ARG);
    fv_image_free(in[0]);
}

/* Alpha is laid over white, whatever the colours under it; grey ones stay grey. */
static void test_alpha_shows_white(void **state) {
    (void)state;
    for (int channels = 2; channels <= 4; channels += 2) {
        fv_image *in[2] = {flat(channels, 40, 40, 0.2f), flat(1, 40, 40, 0.3f)};
        float *alpha = in[0]->data + (channels - 1) * 1600;
        for (int i = 0; i < 1600; i++) alpha[i] = i < 800 ? 0 : 1;
        fv_image *m = montage(in, NULL, 2, (fv_montage_desc){.columns = 2});
        assert_int_equal(m->channels, channels - 1);
        assert_true(is_white(m, MARGIN, MARGIN + 20, MARGIN, MARGIN + 40));
        for (int c = 0; c < m->channels; c++) {
            assert_true(at(m, c, MARGIN + 20, MARGIN) == 0.2f);
            assert_true(at(m, c, MARGIN + 39, MARGIN + 39) == 0.2f);
            assert_true(at(m, c, MARGIN, MARGIN + 44) == 0.3f);
        }
        fv_image_free(m);
        free_all(in, 2);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alpha_shows_white),
        cmocka_unit_test(test_grid),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_fitting),
        cmocka_unit_test(test_colour_if_any_has),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_labels_of_narrow_tiles),
        cmocka_unit_test(test_title),
        cmocka_unit_test(test_texts_come_along),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
