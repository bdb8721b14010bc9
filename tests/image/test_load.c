/* SPDX-License-Identifier: Apache-2.0 */
/* Loading: Pillow's files (tests/data/pictures, see make_data.py), damaged ones, and what is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "image/image.h"
#include "support/scratch.h"

static int setup(void **state) {
    (void)state;
    return scratch_setup(".picture");
}

static char *data_path(const char *name) { return g_strconcat("tests/data/pictures/", name, NULL); }

static fv_image *load_data(const char *name) {
    char *path = data_path(name);
    fv_image *p = NULL;
    fv_error err = {0};
    if (fv_image_load(path, &p, &err)) fail_msg("%s", err.text);
    assert_int_equal(p->channels, 3);
    g_free(path);
    return p;
}

/* The pixel at (y, x) is (r, g, b), give or take. */
static void check_pixel(const fv_image *p, int y, int x, double r, double g, double b, double eps) {
    const double expected[3] = {r, g, b};
    for (int c = 0; c < 3; c++) {
        double v = p->data[(c * p->height + y) * p->width + x];
        if (!(fabs(v - expected[c]) <= eps))
            fail_msg("(%d, %d) channel %d: %g, not %g", y, x, c, v, expected[c]);
    }
}

/* Red, green / blue, white. */
static void check_quarters(const fv_image *p, double eps) {
    assert_int_equal(p->height, 8);
    assert_int_equal(p->width, 16);
    check_pixel(p, 1, 2, 1, 0, 0, eps);
    check_pixel(p, 1, 13, 0, 1, 0, eps);
    check_pixel(p, 6, 2, 0, 0, 1, eps);
    check_pixel(p, 6, 13, 1, 1, 1, eps);
}

static void test_formats(void **state) {
    (void)state;
    static const struct {
        const char *name;
        double eps;
    } files[] = {
        {"palette.png", 0}, {"animated.gif", 0}, {"profile.png", 0.01}, {"bad_profile.png", 0}};
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        fv_image *p = load_data(files[i].name);
        check_quarters(p, files[i].eps);
        fv_image_free(p);
    }
}

/* Inks are no pure colours: each quarter's own channel stands out, white is white. */
static void test_cmyk(void **state) {
    (void)state;
    static const int corner[3][2] = {{1, 2}, {1, 13}, {6, 2}};
    fv_image *p = load_data("cmyk.jpg");
    for (int own = 0; own < 3; own++)
        for (int c = 0; c < 3; c++) {
            int i = corner[own][0] * 16 + corner[own][1];
            if (c != own) assert_true(p->data[own * 128 + i] > p->data[c * 128 + i] + 0.1f);
        }
    check_pixel(p, 6, 13, 1, 1, 1, 0.03);
    fv_image_free(p);
}

/* Where the stored picture's corners come to lie, by the EXIF standard: a red, b green, c blue,
 * d white. */
static void test_orientation(void **state) {
    (void)state;
    static const char *const corners[9] = {NULL,   "abcd", "badc", "dcba", "cdab",
                                           "acbd", "cadb", "dbca", "bdac"};
    static const double colours[4][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 1, 1}};
    for (int o = 1; o <= 8; o++) {
        char name[20];
        g_snprintf(name, sizeof name, "exif%d.jpg", o);
        fv_image *p = load_data(name);
        assert_int_equal(p->height, o < 5 ? 8 : 16);
        assert_int_equal(p->width, o < 5 ? 16 : 8);
        for (int k = 0; k < 4; k++) {
            const double *e = colours[corners[o][k] - 'a'];
            check_pixel(p, k / 2 ? p->height - 2 : 1, k % 2 ? p->width - 2 : 1, e[0], e[1], e[2],
                        0.02);
        }
        fv_image_free(p);
    }
}

static void test_alpha_lies_over_mid_grey(void **state) {
    (void)state;
    fv_image *p = load_data("alpha.png");
    check_pixel(p, 0, 0, 0.5, 0.5, 0.5, 0.003);
    check_pixel(p, 0, 1, 1, 0, 0, 0);
    check_pixel(p, 0, 2, 0.25, 0.25, 0.25, 0.005);
    fv_image_free(p);
    p = load_data("grey_alpha.png");
    check_pixel(p, 0, 0, 0.5, 0.5, 0.5, 0.003);
    check_pixel(p, 0, 1, 200 / 255., 200 / 255., 200 / 255., 1e-6);
    fv_image_free(p);
}

static void test_16_bits_are_kept(void **state) {
    (void)state;
    fv_image *p = load_data("grey16.png");
    static const double expected[4] = {0, 1 / 65535., 32768 / 65535., 1};
    for (int x = 0; x < 4; x++) check_pixel(p, 0, x, expected[x], expected[x], expected[x], 1e-7);
    fv_image_free(p);
}

/* Loads and expects a one-line failure that names the file. */
static void check_refused(const char *path, fv_status expected, const char *word) {
    fv_image *p = NULL;
    fv_error err = {0};
    fv_status st = fv_image_load(path, &p, &err);
    if (st != expected) fail_msg("%s: status %d, %s", path, st, err.text);
    assert_null(p);
    assert_memory_equal(err.text, path, strlen(path));
    assert_null(strchr(err.text, '\n'));
    if (!strstr(err.text, word)) fail_msg("%s", err.text);
}

static void check_bytes_refused(const void *bytes, size_t n, fv_status status, const char *word) {
    assert_true(g_file_set_contents(scratch, bytes, (gssize)n, NULL));
    check_refused(scratch, status, word);
}

static void test_what_is_no_picture(void **state) {
    (void)state;
    static const char svg[] = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'></svg>";
    check_bytes_refused("", 0, FV_FORMAT, "is empty");
    check_bytes_refused("just words, no picture", 22, FV_FORMAT, "not a picture");
    check_bytes_refused(svg, sizeof svg - 1, FV_FORMAT, "not a picture"); /* not trusted */
    check_bytes_refused(svg, sizeof svg - 1, FV_FORMAT, "an SVG drawing");
    check_bytes_refused("%PDF-1.7 and more", 17, FV_FORMAT, "is a PDF document");
    check_bytes_refused("\xff\x0a and more of it", 17, FV_FORMAT, "is a JPEG XL picture");
    check_refused("/nonexistent/x.png", FV_IO, "cannot be read");
    check_refused("tests", FV_IO, "is a folder");
    char *path = data_path("float.tif");
    check_refused(path, FV_UNSUPPORTED, "float");
    g_free(path);
    fv_error err;
    fv_image *p = NULL;
    assert_int_equal(fv_image_load("", &p, &err), FV_ARG);
    assert_int_equal(fv_image_load(NULL, &p, &err), FV_ARG);
}

/* ---- plain pixels: PBM, PGM, PPM, BMP ------------------------------------------------------- */

static fv_image *load_bytes(const void *bytes, size_t n) {
    fv_image *p = NULL;
    fv_error err = {0};
    assert_true(g_file_set_contents(scratch, bytes, (gssize)n, NULL));
    if (fv_image_load(scratch, &p, &err)) fail_msg("%s", err.text);
    assert_int_equal(p->channels, 3);
    return p;
}

/* Two pixels side by side: (0, 51, 102) / 255 and white, or their greys 0 and white. */
static void test_pnm(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        int grey;
    } files[] = {{"P3\n# a comment\n2 1 # another\n255\n0 51 102\n255 255 255\n", 53, 0},
                 {"P6 2 1 255 \0\x33\x66\xff\xff\xff", 17, 0},
                 {"P6 2 1 65535 \0\0\x33\x33\x66\x66\xff\xff\xff\xff\xff\xff", 25, 0},
                 {"P2\t2\r\n1\r\n5\r\n0 5", 15, 1},
                 {"P5\n2 1\n255\n\0\xff", 13, 1},
                 {"P5\n2 1\n256\n\0\0\1\0", 15, 1},
                 {"P1\n2 1\n10", 9, 1},
                 {"P4\n2 1\n\x80", 8, 1}};
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        fv_image *p = load_bytes(files[i].bytes, files[i].n);
        assert_int_equal(p->height, 1);
        assert_int_equal(p->width, 2);
        check_pixel(p, 0, 0, 0, files[i].grey ? 0 : 0.2, files[i].grey ? 0 : 0.4, 1e-6);
        check_pixel(p, 0, 1, 1, 1, 1, 0);
        fv_image_free(p);
    }
}

static void put(uint8_t *at, uint32_t x, int bytes) {
    for (int i = 0; i < bytes; i++) at[i] = (uint8_t)(x >> 8 * i);
}

/* A BMP file of 1 x 2 pixels with that header; rows begin at 128.  compression  3: masks */
static void bmp(int header, int bits, int height, uint32_t compression, uint8_t file[160]) {
    memset(file, 0, 160);
    memcpy(file, "BM", 2);
    put(file + 10, 128, 4);
    put(file + 14, (uint32_t)header, 4);
    const int half = header == 12 ? 2 : 4;
    put(file + 18, 1, half);
    put(file + 18 + half, (uint32_t)height, half);
    put(file + 18 + 2 * half, 1, 2);
    put(file + 20 + 2 * half, (uint32_t)bits, 2);
    if (header > 12) put(file + 30, compression, 4);
}

/* The lower pixel, first in the file, is (1, 0.2, 0); the upper one white. */
static void test_bmp(void **state) {
    (void)state;
    static const struct {
        int header, bits;
        uint32_t compression, low, high, mask[4];
    } files[] = {{40, 24, 0, 0xff3300, 0xffffff, {0}},
                 {12, 24, 0, 0xff3300, 0xffffff, {0}},
                 {40, 32, 0, 0xff3300, 0xffffff, {0}}, /* what could be alpha is not */
                 {56, 32, 3, 0xff00ff33, 0xffffffff, {0xff, 0xff00, 0xff0000, 0xff000000}},
                 {40, 16, 0, 0x7cc0, 0x7fff, {0}},
                 {40, 8, 0, 1, 2, {0}},
                 {12, 4, 0, 0x10, 0x20, {0}},
                 {40, 1, 0, 0x80, 0x00, {0}}};
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        uint8_t file[160];
        const int header = files[i].header, bits = files[i].bits, entry = header == 12 ? 3 : 4;
        bmp(header, bits, 2, files[i].compression, file);
        for (int c = 0; c < 4 && header > 40; c++) put(file + 54 + 4 * c, files[i].mask[c], 4);
        if (header > 40) { /* red, green and blue stand in that order */
            put(file + 128, 0xff0033ff, 4);
            put(file + 132, files[i].high, 4);
        } else {
            put(file + 128, files[i].low, 4);
            put(file + 132, files[i].high, 4);
        }
        if (bits == 8) put(file + 46, 3, 4); /* colours */
        if (bits < 16) {
            put(file + 14 + header + (bits == 1 ? 0 : 2 * entry), 0xffffff, 3);
            put(file + 14 + header + entry, 0xff3300, 3);
        }
        fv_image *p = load_bytes(file, 136);
        assert_int_equal(p->height, 2);
        assert_int_equal(p->width, 1);
        check_pixel(p, 1, 0, 1, 0.2, 0, 0.01);
        check_pixel(p, 0, 0, 1, 1, 1, 0);
        fv_image_free(p);
    }
    uint8_t file[160]; /* a negative height: the first row is the top one */
    bmp(40, 24, -2, 0, file);
    put(file + 128, 0xff3300, 3);
    fv_image *p = load_bytes(file, 136);
    check_pixel(p, 0, 0, 1, 0.2, 0, 1e-6);
    fv_image_free(p);
}

static void test_damaged_plain_pixels(void **state) {
    (void)state;
    uint8_t file[160];
    check_bytes_refused("P6\n1 2\n255\nabcde", 16, FV_FORMAT, "do not fit");
    check_bytes_refused("P3\n1 1\n255\n0 256 0", 19, FV_FORMAT, "above that of white");
    check_bytes_refused("P3\n1 1\n255\n0 1 \n\n", 18, FV_FORMAT, "a number is missing");
    check_bytes_refused("P5\n1 0\n255\n1", 12, FV_FORMAT, "its size");
    check_bytes_refused("P5\n1 99999999999\n255\n1", 23, FV_FORMAT, "its size");
    check_bytes_refused("P5\n1 1\n65536\n11", 15, FV_FORMAT, "1..65535");
    check_bytes_refused("P5\n1000000 1000000\n255\n1", 24, FV_NOMEM, "1000000x1000000");
    bmp(40, 24, 2, 0, file);
    check_bytes_refused(file, 135, FV_FORMAT, "do not fit");
    put(file + 10, 0xffffffff, 4);
    check_bytes_refused(file, 160, FV_FORMAT, "do not fit");
    bmp(40, 8, 2, 1, file);
    check_bytes_refused(file, 160, FV_UNSUPPORTED, "compressed");
    bmp(40, 8, 2, 0, file);
    put(file + 46, 2, 4); /* two colours, and a third is used */
    put(file + 128, 2, 1);
    check_bytes_refused(file, 160, FV_FORMAT, "palette");
    bmp(40, 32, 2, 3, file);
    check_bytes_refused(file, 160, FV_FORMAT, "mask");
    bmp(40, 24, (int)0x80000000u, 0, file);
    check_bytes_refused(file, 160, FV_NOMEM, "pixels");
}

/* The header is believed only so far: 100000 x 100000 pixels are refused before any is decoded. */
static void test_absurd_size(void **state) {
    (void)state;
    char *path = data_path("huge.png");
    check_refused(path, FV_NOMEM, "100000x100000");
    g_free(path);
}

/* Nor is a size that the file's bytes cannot fill, or that many bands multiply. */
static void test_bombs(void **state) {
    (void)state;
    char *path = data_path("bomb.png");
    check_refused(path, FV_NOMEM, "8192x8192 pixels in 74 bytes");
    g_free(path);
    path = data_path("bands.tif");
    check_refused(path, FV_NOMEM, "4096x2048 pixels of 500 bytes");
    g_free(path);
}

/* Every way of cutting a file short is noticed, except right before an end mark that carries no
 * pixels. */
static void test_cut_short(void **state) {
    (void)state;
    static const struct {
        const char *name;
        size_t spare;
    } files[] = {{"exif1.jpg", 2}, {"resize.png", 12}, {"animated.gif", 0}};
    for (size_t k = 0; k < G_N_ELEMENTS(files); k++) {
        char *path = data_path(files[k].name), *bytes = NULL;
        size_t n;
        assert_true(g_file_get_contents(path, &bytes, &n, NULL));
        if (!strcmp(files[k].name, "animated.gif")) n /= 4; /* the first frame is all we read */
        for (size_t cut = 1; cut < n - files[k].spare; cut += 1 + cut / 20)
            check_bytes_refused(bytes, cut, FV_FORMAT, "");
        g_free(bytes);
        g_free(path);
    }
}

/* Bytes changed at random: a status or a picture, nothing else. */
static void test_damaged(void **state) {
    (void)state;
    static const char *const files[] = {"exif6.jpg", "resize.png",  "animated.gif",
                                        "cmyk.jpg",  "profile.png", "float.tif"};
    uint32_t random = 1;
    for (size_t k = 0; k < G_N_ELEMENTS(files); k++) {
        char *path = data_path(files[k]), *bytes = NULL;
        size_t n;
        assert_true(g_file_get_contents(path, &bytes, &n, NULL));
        for (int trial = 0; trial < 60; trial++) {
            char *copy = g_memdup2(bytes, n);
            for (int i = 0; i < 1 + trial % 8; i++) {
                random = random * 1664525u + 1013904223u;
                copy[(random >> 8) % n] ^= (char)(1 + (random >> 3) % 255);
            }
            assert_true(g_file_set_contents(scratch, copy, (gssize)n, NULL));
            fv_image *p = NULL;
            fv_image_load(scratch, &p, NULL);
            fv_image_free(p);
            g_free(copy);
        }
        g_free(bytes);
        g_free(path);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_cmyk),
        cmocka_unit_test(test_orientation),
        cmocka_unit_test(test_alpha_lies_over_mid_grey),
        cmocka_unit_test(test_16_bits_are_kept),
        cmocka_unit_test(test_what_is_no_picture),
        cmocka_unit_test(test_pnm),
        cmocka_unit_test(test_bmp),
        cmocka_unit_test(test_damaged_plain_pixels),
        cmocka_unit_test(test_absurd_size),
        cmocka_unit_test(test_bombs),
        cmocka_unit_test(test_cut_short),
        cmocka_unit_test(test_damaged),
    };
    return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
