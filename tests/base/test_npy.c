/* SPDX-License-Identifier: Apache-2.0 */
/* NPY files: numpy's own (tests/data/npy, see make_data.py), ours, and hostile ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/tensor.h"
#include "support/scratch.h"

static int setup(void **state) {
    (void)state;
    return scratch_setup(".npy");
}

static fv_tensor *load_data(const char *name) {
    char *path = g_strdup_printf("tests/data/npy/%s.npy", name);
    fv_tensor *t = NULL;
    fv_error err = {0};
    if (fv_tensor_load(path, &t, &err)) fail_msg("%s", err.text);
    g_free(path);
    return t;
}

static void check_shape(const fv_tensor *t, int ndim, int64_t d0, int64_t d1, int64_t d2) {
    const int64_t expected[3] = {d0, d1, d2};
    assert_int_equal(t->ndim, ndim);
    for (int i = 0; i < ndim; i++) assert_int_equal(t->dim[i], expected[i]);
}

static void test_every_dtype(void **state) {
    (void)state;
    static const char *const dtypes[] = {"f2", "f4", "f8", "i1", "i2", "i4",
                                         "i8", "u1", "u2", "u4", "u8", "b1"};
    static const char *const orders[] = {"little", "big", "little_fortran", "big_fortran"};
    for (size_t d = 0; d < G_N_ELEMENTS(dtypes); d++)
        for (size_t o = 0; o < G_N_ELEMENTS(orders); o++) {
            int both = !strcmp(dtypes[d], "f4") || !strcmp(dtypes[d], "i2");
            if (o >= 2 && !both) continue;
            char *name = g_strdup_printf("%s_%s", dtypes[d], orders[o]);
            fv_tensor *t = load_data(name);
            check_shape(t, 2, 2, 3, 0);
            for (int i = 0; i < 6; i++) {
                float expected = dtypes[d][0] == 'f'   ? (float)i * 0.5f - 1
                                 : dtypes[d][0] == 'i' ? (float)i * 20 - 50
                                 : dtypes[d][0] == 'u' ? (float)i * 50
                                                       : (float)(i % 2);
                if (t->data[i] != expected)
                    fail_msg("%s: element %d is %g, not %g", name, i, t->data[i], expected);
            }
            fv_tensor_free(t);
            g_free(name);
        }
}

static void test_shapes_and_versions(void **state) {
    (void)state;
    fv_tensor *t = load_data("scalar");
    check_shape(t, 0, 0, 0, 0);
    assert_true(t->data[0] == 2.5f);
    fv_tensor_free(t);

    t = load_data("empty");
    check_shape(t, 2, 0, 3, 0);
    assert_int_equal(fv_tensor_count(t), 0);
    assert_non_null(t->data);
    fv_tensor_free(t);

    t = load_data("vector");
    check_shape(t, 1, 5, 0, 0);
    for (int i = 0; i < 5; i++) assert_true(t->data[i] == (float)i);
    fv_tensor_free(t);

    t = load_data("fortran_3d");
    check_shape(t, 3, 2, 3, 4);
    for (int i = 0; i < 24; i++) assert_true(t->data[i] == (float)i);
    fv_tensor_free(t);

    for (int v = 2; v <= 3; v++) {
        t = load_data(v == 2 ? "version2" : "version3");
        check_shape(t, 2, 2, 3, 0);
        for (int i = 0; i < 6; i++) assert_true(t->data[i] == (float)i * 0.5f - 1);
        fv_tensor_free(t);
    }
}

static void test_halves(void **state) {
    (void)state;
    fv_tensor *t = load_data("half_limits");
    const float *x = t->data;
    assert_true(x[0] == 65504.0f && x[1] == -65504.0f);
    assert_true(x[2] == 0x1p-14f && x[3] == 0x1p-24f);
    assert_true(isinf(x[4]) && x[4] > 0 && isinf(x[5]) && x[5] < 0);
    assert_true(isnan(x[6]) && x[7] == 0 && signbit(x[7]));
    fv_tensor_free(t);
}

static void check_round_trip(int ndim, const int64_t *dim) {
    fv_error err;
    fv_tensor *t = NULL, *back = NULL;
    assert_int_equal(fv_tensor_new(ndim, dim, &t, &err), FV_OK);
    int64_t n = fv_tensor_count(t);
    for (int64_t i = 0; i < n; i++) t->data[i] = (float)i / 7 - 3;
    assert_int_equal(fv_tensor_save(t, scratch, &err), FV_OK);
    assert_int_equal(fv_tensor_load(scratch, &back, &err), FV_OK);
    fvi_shape a = fvi_tensor_shape(t), b = fvi_tensor_shape(back);
    assert_true(fvi_shape_equal(&a, &b));
    assert_memory_equal(t->data, back->data, (size_t)n * sizeof(float));
    fv_tensor_free(t);
    fv_tensor_free(back);
}

static void test_round_trip(void **state) {
    (void)state;
    check_round_trip(0, NULL);
    check_round_trip(1, (int64_t[]){5});
    check_round_trip(2, (int64_t[]){0, 1 << 30});
    check_round_trip(4, (int64_t[]){2, 3, 4, 5});
    check_round_trip(8, (int64_t[]){1, 2, 1, 2, 1, 2, 1, 2});
    const int64_t n = 1LL << 31;
    check_round_trip(8, (int64_t[]){n, 0, 1, 1, 1, 1, 1, 1});
}

/* Byte for byte what numpy writes. */
static void test_saves_as_numpy_does(void **state) {
    (void)state;
    char *path = g_strdup("tests/data/npy/f4_little.npy");
    char *ours = NULL, *theirs = NULL;
    size_t n_ours, n_theirs;
    fv_tensor *t = load_data("f4_little");
    assert_int_equal(fv_tensor_save(t, scratch, NULL), FV_OK);
    assert_true(g_file_get_contents(scratch, &ours, &n_ours, NULL));
    assert_true(g_file_get_contents(path, &theirs, &n_theirs, NULL));
    assert_int_equal(n_ours, n_theirs);
    assert_memory_equal(ours, theirs, n_ours);
    fv_tensor_free(t);
    g_free(ours);
    g_free(theirs);
    g_free(path);
}

/* Writes an NPY 1.0 file with that header text and `data` zero bytes, loads it and expects a
 * one-line failure that names the file and has `word` in it; NULL: expects success. */
static void check_header(const char *header, size_t data, const char *word) {
    GByteArray *file = g_byte_array_new();
    size_t n = strlen(header);
    const uint8_t start[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (uint8_t)n, (uint8_t)(n >> 8)};
    g_byte_array_append(file, start, sizeof start);
    g_byte_array_append(file, (const uint8_t *)header, (guint)n);
    g_byte_array_set_size(file, file->len + (guint)data);
    memset(file->data + sizeof start + n, 0, data);
    assert_true(g_file_set_contents(scratch, (const char *)file->data, file->len, NULL));
    g_byte_array_free(file, TRUE);
    fv_tensor *t = NULL;
    fv_error err = {0};
    fv_status st = fv_tensor_load(scratch, &t, &err);
    if (!word) {
        if (st) fail_msg("%s", err.text);
        fv_tensor_free(t);
        return;
    }
    if (st != FV_FORMAT) fail_msg("%s: status %d", header, st);
    assert_null(t);
    assert_memory_equal(err.text, scratch, strlen(scratch));
    if (!strstr(err.text, word)) fail_msg("%s: %s", header, err.text);
}

#define SHAPE(s) "{'descr': '<f4', 'fortran_order': False, 'shape': " s ", }"
#define DESCR(d) "{'descr': " d ", 'fortran_order': False, 'shape': (1,), }"

static void test_unusual_headers(void **state) {
    (void)state;
    check_header(SHAPE("(2, 3)"), 24, NULL);
    check_header(SHAPE("(2L, 3L)"), 24, NULL);
    check_header(SHAPE(" ( 2,3 , ) ") "   \n", 24, NULL);
    check_header(SHAPE("(2,)"), 1000, NULL); /* more than needed, as numpy allows */
    check_header("{'shape':(),\"fortran_order\":True,\"descr\":\"=f8\"}", 8, NULL);
    check_header(DESCR("'|b1'"), 1, NULL);
    check_header(DESCR("'u1'"), 1, NULL);
}

static void test_hostile_shapes(void **state) {
    (void)state;
    check_header(SHAPE("(2, 3)"), 23, "cut short");
    check_header(SHAPE("(99999999999, 99999999999)"), 24, "elements are read");
    check_header(SHAPE("(4294967296, 4294967296)"), 24, "elements are read");
    check_header(SHAPE("(2147483648,)"), 24, "cut short");
    check_header(SHAPE("(99999999999999999999,)"), 24, "no size");
    check_header(SHAPE("(-1,)"), 24, "no size");
    check_header(SHAPE("(1.5,)"), 24, "not closed");
    check_header(SHAPE("(2 3)"), 24, "not closed");
    check_header(SHAPE("(,)"), 24, "no size");
    check_header(SHAPE("(1,1,1,1,1,1,1,1,1)"), 24, "more than 8 dimensions");
    check_header(SHAPE("[2, 3]"), 24, "no tuple");
    check_header("{'descr': '<f4', 'fortran_order': False, 'shape': (2,", 24, "no size");
    check_header("{'descr': '<f4', 'fortran_order': False, 'shape': (2", 24, "not closed");
}

/* Writes an NPY file of two integers of a dtype, loads it, and expects `word` in the failure; NULL:
 * success, and `value` for the first. */
static void check_integers(const char *dtype, const int64_t *two, const char *word, float value) {
    char *header =
        g_strdup_printf("{'descr': '%s', 'fortran_order': False, 'shape': (2,), }", dtype);
    const int size = dtype[2] - '0';
    GByteArray *file = g_byte_array_new();
    const uint8_t start[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (uint8_t)strlen(header), 0};
    g_byte_array_append(file, start, sizeof start);
    g_byte_array_append(file, (const uint8_t *)header, (guint)strlen(header));
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < size; k++) {
            const int byte = dtype[0] == '>' ? size - 1 - k : k;
            const uint8_t b = (uint8_t)((uint64_t)two[i] >> (8 * byte));
            g_byte_array_append(file, &b, 1);
        }
    assert_true(g_file_set_contents(scratch, (const char *)file->data, file->len, NULL));
    fv_tensor *t = NULL;
    fv_error err = {0};
    const fv_status st = fv_tensor_load(scratch, &t, &err);
    if (st != (word ? FV_FORMAT : FV_OK) || (word && !strstr(err.text, word)))
        fail_msg("%s: status %d, %s", dtype, st, err.text);
    if (!word) assert_true(t->data[0] == value);
    if (word) assert_null(t);
    fv_tensor_free(t);
    g_byte_array_free(file, TRUE);
    g_free(header);
}

static void test_integers_are_not_rounded(void **state) {
    (void)state;
    const int64_t edge = 1 << 24;
    check_integers("<i4", (int64_t[]){edge, -edge}, NULL, 16777216);
    check_integers("<i4", (int64_t[]){edge + 2, 0}, NULL, 16777218);
    check_integers("<i4", (int64_t[]){0, edge + 1}, ": 1 of its integers would be rounded", 0);
    check_integers(">i8", (int64_t[]){-edge - 1, edge + 1}, ": 2 of its integers", 0);
    check_integers("<i8", (int64_t[]){INT64_MIN, 0}, NULL, -0x1p63f);
    check_integers("<i8", (int64_t[]){INT64_MAX, 0}, "would be rounded", 0);
    check_integers("<u8", (int64_t[]){INT64_MIN, 0}, NULL, 0x1p63f);
    check_integers("<u8", (int64_t[]){-1, 0}, "would be rounded", 0);
    check_integers("<u4", (int64_t[]){(int64_t)UINT32_MAX, 0}, "would be rounded", 0);
    check_integers("<f8", (int64_t[]){0x4170000010000000, 0}, NULL, 16777216);
}

static void test_hostile_types(void **state) {
    (void)state;
    check_header(DESCR("'<c8'"), 8, "<c8");
    check_header(DESCR("'<f16'"), 16, "<f16");
    check_header(DESCR("'|O'"), 8, "|O");
    check_header(DESCR("'<f\xC3\xA9'"), 8, "dtype");
    check_header(DESCR("'<f4\\x00'"), 8, "structured");
    check_header(DESCR("'a very long name of a type'"), 8, "structured");
    check_header(DESCR("[('a', '<f4')]"), 8, "structured");
    check_header(DESCR("4"), 8, "structured");
    check_header(DESCR("''"), 8, "dtype ''");
    check_header(DESCR("'<"), 8, "dtype '<, '");
}

static void test_hostile_dictionaries(void **state) {
    (void)state;
    check_header("", 8, "not a dictionary");
    check_header("{", 8, "not a dictionary");
    check_header("{}", 8, "lacks 'descr'");
    check_header("{'descr': '<f4', 'shape': (1,)}", 8, "lacks 'fortran_order'");
    check_header("{'descr': '<f4', 'fortran_order': False}", 8, "lacks 'shape'");
    check_header("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}", 8, "neither True");
    check_header("{'descr': '<f4', 'fortran_order': F", 8, "neither True");
    check_header("{'descr': '<f4', 'extra': 1}", 8, "unknown key 'extra'");
    check_header("{'descr' '<f4'}", 8, "not a dictionary");
    check_header("{'\xE6\x97\xA5': 1}", 8, "unknown key '\xE6\x97\xA5'");
    check_header("{'descr\n': 1}", 8, "unknown key 'descr?'");
    check_header("{'a key that is far too long to be any of the three': 1}", 8, "not a dictionary");
}

static void check_bytes(const void *bytes, size_t n, const char *word) {
    assert_true(g_file_set_contents(scratch, bytes, (gssize)n, NULL));
    fv_tensor *t = NULL;
    fv_error err = {0};
    assert_int_equal(fv_tensor_load(scratch, &t, &err), FV_FORMAT);
    if (!strstr(err.text, word)) fail_msg("%s", err.text);
}

static void test_not_npy(void **state) {
    (void)state;
    check_bytes("", 0, "not an NPY, NPZ, safetensors or HDF5 file");
    check_bytes("hello, world", 12, "not an NPY, NPZ, safetensors or HDF5 file");
    check_bytes("\x93NUMPY\1\0", 8, "not an NPY, NPZ, safetensors or HDF5 file");
    check_bytes("\x93NUMPY\4\0\2\0{}", 12, "version 4.0");
    check_bytes("\x93NUMPY\1\1\2\0{}", 12, "version 1.1");
    check_bytes("\x93NUMPY\1\0\3\0{}", 12, "inside its header");
    check_bytes("\x93NUMPY\2\0\2\0", 10, "inside its header");
    check_bytes("\x93NUMPY\2\0\xFF\xFF\xFF\xFF{}", 14, "inside its header");
}

/* Every beginning of a good file, and every byte of one changed: a status, never more. */
static void test_damaged_files(void **state) {
    (void)state;
    char *path = g_strdup("tests/data/npy/i2_big_fortran.npy");
    char *good = NULL;
    size_t n;
    assert_true(g_file_get_contents(path, &good, &n, NULL));
    for (size_t i = 0; i < n; i++) check_bytes(good, i, scratch);
    for (size_t i = 0; i < n; i++) {
        char kept = good[i];
        good[i] ^= (char)(1 + i % 255);
        assert_true(g_file_set_contents(scratch, good, (gssize)n, NULL));
        fv_tensor *t = NULL;
        fv_status st = fv_tensor_load(scratch, &t, NULL);
        assert_true(st == FV_OK || st == FV_FORMAT);
        fv_tensor_free(t);
        good[i] = kept;
    }
    g_free(good);
    g_free(path);
}

static void test_new(void **state) {
    (void)state;
    fv_error err;
    fv_tensor *t = NULL;
    assert_int_equal(fv_tensor_new(9, (int64_t[9]){0}, &t, &err), FV_ARG);
    assert_int_equal(fv_tensor_new(-1, NULL, &t, &err), FV_ARG);
    assert_int_equal(fv_tensor_new(2, (int64_t[]){3, -2}, &t, &err), FV_ARG);
    assert_non_null(strstr(err.text, "-2"));
    assert_int_equal(fv_tensor_new(2, (int64_t[]){1LL << 40, 1LL << 40}, &t, &err), FV_NOMEM);
    assert_null(t);
    assert_int_equal(fv_tensor_new(2, (int64_t[]){3, 2}, &t, &err), FV_OK);
    for (int i = 0; i < 6; i++) assert_true(t->data[i] == 0);
    fv_tensor_free(t);
    fv_tensor_free(NULL);
}

static void test_file_errors(void **state) {
    (void)state;
    fv_error err;
    fv_tensor *t = NULL, one = {.ndim = 0, .data = (float[]){1}};
    assert_int_equal(fv_tensor_load("/nonexistent/x.npy", &t, &err), FV_IO);
    assert_non_null(strstr(err.text, "/nonexistent/x.npy"));
    assert_int_equal(fv_tensor_load(NULL, &t, &err), FV_ARG);
    assert_int_equal(fv_tensor_save(&one, "/nonexistent/x.npy", &err), FV_IO);
    assert_int_equal(fv_tensor_save(NULL, scratch, &err), FV_ARG);
    one.ndim = 1;
    one.dim[0] = -1;
    assert_int_equal(fv_tensor_save(&one, scratch, &err), FV_ARG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_dtype),
        cmocka_unit_test(test_shapes_and_versions),
        cmocka_unit_test(test_halves),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_saves_as_numpy_does),
        cmocka_unit_test(test_unusual_headers),
        cmocka_unit_test(test_hostile_shapes),
        cmocka_unit_test(test_integers_are_not_rounded),
        cmocka_unit_test(test_hostile_types),
        cmocka_unit_test(test_hostile_dictionaries),
        cmocka_unit_test(test_not_npy),
        cmocka_unit_test(test_damaged_files),
        cmocka_unit_test(test_new),
        cmocka_unit_test(test_file_errors),
    };
    return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
