/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays out of files that hold several: NPZ files of NumPy (tests/data/arrays, see make_data.py),
 * HDF5 files of h5py (tests/data/hdf5), safetensors written here, and hostile ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/tensor.h"
#include "support/scratch.h"

#define NPZ "tests/data/arrays/"

static int setup(void **state) {
    (void)state;
    return scratch_setup(".bin");
}

/* Loads FILE:NAME, or FILE where name is NULL; NULL with *err filled in where that fails. */
static fv_tensor *load(const char *file, const char *name, fv_error *err) {
    char *path = name ? g_strdup_printf("%s:%s", file, name) : g_strdup(file);
    fv_tensor *t = NULL;
    *err = (fv_error){0};
    if (fv_tensor_load(path, &t, err)) assert_null(t);
    g_free(path);
    return t;
}

/* What npy_values() of make_data.py gives. */
static float expected(char kind, int i) {
    switch (kind) {
    case 'f': return (float)i * 0.5f - 1;
    case 'i': return (float)i * 20 - 50;
    case 'u': return (float)i * 50;
    default: return (float)(i % 2);
    }
}

static void check(const char *file, const char *name, char kind) {
    fv_error err;
    fv_tensor *t = load(file, name, &err);
    if (!t) fail_msg("%s", err.text);
    assert_int_equal(t->ndim, 2);
    assert_int_equal(t->dim[0], 2);
    assert_int_equal(t->dim[1], 3);
    for (int i = 0; i < 6; i++)
        if (t->data[i] != expected(kind, i)) fail_msg("%s: element %d is %g", name, i, t->data[i]);
    fv_tensor_free(t);
}

static void refused(const char *file, const char *name, fv_status status, const char *word) {
    fv_error err;
    fv_tensor *t = load(file, name, &err);
    if (t) fail_msg("%s:%s was read", file, name ? name : "");
    if (err.status != status || !strstr(err.text, word)) fail_msg("%d %s", err.status, err.text);
}

static void test_npz(void **state) {
    (void)state;
    static const char *const dtypes[] = {"f2", "f4", "f8", "i1", "i2", "i4",
                                         "i8", "u1", "u2", "u4", "u8", "b1"};
    for (size_t i = 0; i < G_N_ELEMENTS(dtypes); i++) {
        check(NPZ "stored.npz", dtypes[i], dtypes[i][0]);
        check(NPZ "packed.npz", dtypes[i], dtypes[i][0]);
    }
    check(NPZ "one.npz", NULL, 'f');
    check(NPZ "one.npz", "only", 'f');
}

static void test_names(void **state) {
    (void)state;
    refused(NPZ "stored.npz", NULL, FV_NOTFOUND,
            "stored.npz: holds 12 arrays; one is asked for as ");
    refused(NPZ "stored.npz", "u", FV_NOTFOUND, "no array \"u\"; allowed: u1, u2, u4, u8, f2, f4");
    refused(NPZ "stored.npz", "", FV_NOTFOUND, "and 4 more");
    refused("tests/data/npy/vector.npy", "x", FV_NOTFOUND, "holds one array, without a name");
    refused("tests/data/hdf5/types_latest.h5", "nowhere", FV_NOTFOUND, "no array \"nowhere\"");
    refused(NPZ "nowhere.npz", "x", FV_IO, "nowhere.npz:x");
}

/* A name with a colon, and a file of which the name has one. */
static void test_colons(void **state) {
    (void)state;
    char *folder_of = g_dir_make_tmp("fovea-test-a:b-XXXXXX", NULL), *bytes = NULL;
    char *file = g_build_filename(folder_of, "x.npz", NULL);
    gsize size = 0;
    assert_true(g_file_get_contents(NPZ "stored.npz", &bytes, &size, NULL));
    assert_true(g_file_set_contents(file, bytes, (gssize)size, NULL));
    check(file, "f4", 'f');
    refused(file, "kernel:0", FV_NOTFOUND, "x.npz: has no array \"kernel:0\"");
    g_unlink(file);
    g_rmdir(folder_of);
    g_free(bytes);
    g_free(file);
    g_free(folder_of);
}

/* ---- safetensors ---------------------------------------------------------------------------- */

/* Writes a file with that header and `n` bytes of numbers. */
static void write_safetensors(const char *header, const void *numbers, size_t n) {
    GByteArray *b = g_byte_array_new();
    const uint64_t length = strlen(header);
    g_byte_array_append(b, (const guint8 *)&length, 8);
    g_byte_array_append(b, (const guint8 *)header, (guint)length);
    if (n) g_byte_array_append(b, numbers, (guint)n);
    assert_true(g_file_set_contents(scratch, (const char *)b->data, (gssize)b->len, NULL));
    g_byte_array_unref(b);
}

static void test_safetensors(void **state) {
    (void)state;
    float f4[6];
    uint16_t bf16[6];
    int64_t i8[6];
    uint8_t all[sizeof f4 + sizeof bf16 + sizeof i8];
    for (int i = 0; i < 6; i++) {
        uint32_t bits;
        f4[i] = expected('f', i);
        memcpy(&bits, &f4[i], 4);
        bf16[i] = (uint16_t)(bits >> 16);
        i8[i] = (int64_t)expected('i', i);
    }
    memcpy(all, f4, sizeof f4);
    memcpy(all + sizeof f4, bf16, sizeof bf16);
    memcpy(all + sizeof f4 + sizeof bf16, i8, sizeof i8);
    write_safetensors("{\"__metadata__\":{\"format\":\"pt\"},"
                      "\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
                      "\"half\":{\"dtype\":\"BF16\",\"shape\":[2,3],\"data_offsets\":[24,36]},"
                      "\"enc.ids\":{\"dtype\":\"I64\",\"shape\":[2,3],\"data_offsets\":[36,84]}}  ",
                      all, sizeof all);
    check(scratch, "w", 'f');
    check(scratch, "half", 'f');
    check(scratch, "enc.ids", 'i');
    refused(scratch, NULL, FV_NOTFOUND, "holds 3 arrays");
    refused(scratch, "__metadata__", FV_NOTFOUND, "no array \"__metadata__\"");
    write_safetensors("{\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}}", all,
                      24);
    check(scratch, NULL, 'f');
    write_safetensors("{\"s\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
                      "\"e\":{\"dtype\":\"F32\",\"shape\":[0,3],\"data_offsets\":[4,4]}}",
                      all, 4);
    fv_error err;
    fv_tensor *t = load(scratch, "s", &err);
    assert_non_null(t);
    assert_int_equal(t->ndim, 0);
    assert_float_equal(t->data[0], -1, 0);
    fv_tensor_free(t);
    t = load(scratch, "e", &err);
    assert_non_null(t);
    assert_int_equal(fv_tensor_count(t), 0);
    fv_tensor_free(t);
}

static void test_hostile_safetensors(void **state) {
    (void)state;
    static const struct {
        const char *entry;
        fv_status status;
        const char *word;
    } cases[] = {
        {"\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,28]", FV_FORMAT,
         "outside the file"},
        {"\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[24,0]", FV_FORMAT,
         "outside the file"},
        {"\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[-4,20]", FV_FORMAT,
         "outside the file"},
        {"\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,1e300]", FV_FORMAT, "outside"},
        {"\"dtype\":\"F32\",\"shape\":[2,3]", FV_FORMAT, "outside the file's 24 bytes"},
        {"\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,24]", FV_FORMAT, "2x2 needs 16"},
        {"\"dtype\":\"F32\",\"shape\":[-2,-3],\"data_offsets\":[0,24]", FV_FORMAT, "no shape"},
        {"\"dtype\":\"F32\",\"shape\":[0.5],\"data_offsets\":[0,24]", FV_FORMAT, "no shape"},
        {"\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,6],\"data_offsets\":[0,24]", FV_FORMAT,
         "no shape of at most 8"},
        {"\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,24]", FV_FORMAT,
         "elements are read"},
        {"\"dtype\":\"F8_E4M3\",\"shape\":[24],\"data_offsets\":[0,24]", FV_UNSUPPORTED, "F8_E4M3"},
        {"\"shape\":[6],\"data_offsets\":[0,24]", FV_UNSUPPORTED, "dtype \"\""},
        {"\"dtype\":\"I64\",\"shape\":[3],\"data_offsets\":[0,24]", FV_FORMAT, "would be rounded"},
    };
    uint8_t numbers[24];
    memset(numbers, 0x41, sizeof numbers);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char *header = g_strdup_printf("{\"w\":{%s}}", cases[i].entry);
        write_safetensors(header, numbers, sizeof numbers);
        refused(scratch, "w", cases[i].status, cases[i].word);
        g_free(header);
    }
    write_safetensors("{\"w\":[1]}", NULL, 0);
    refused(scratch, "w", FV_UNSUPPORTED, "array \"w\"");
    write_safetensors("{}", NULL, 0);
    refused(scratch, NULL, FV_NOTFOUND, "holds no array");
    write_safetensors("{\"w\":", NULL, 0);
    refused(scratch, NULL, FV_FORMAT, "");
}

static void test_header_of_a_gibibyte(void **state) {
    (void)state;
    uint8_t head[10] = {0, 0, 0, 0x40, 0, 0, 0, 0, '{', '}'};
    assert_true(g_file_set_contents(scratch, (const char *)head, sizeof head, NULL));
    refused(scratch, NULL, FV_FORMAT, "is not an NPY, NPZ, safetensors or HDF5 file");
}

/* ---- HDF5 ----------------------------------------------------------------------------------- */

static void test_hdf5(void **state) {
    (void)state;
    fv_error err;
    fv_tensor *t = load("tests/data/hdf5/keras_latest.h5", NULL, &err);
    assert_null(t);
    assert_int_equal(err.status, FV_NOTFOUND);
    const char *first = strstr(err.text, "NAME one of ");
    assert_non_null(first);
    first += strlen("NAME one of ");
    char *name = g_strndup(first, strcspn(first, ", "));
    t = load("tests/data/hdf5/keras_latest.h5", name, &err);
    if (!t) fail_msg("%s", err.text);
    assert_true(fv_tensor_count(t) > 0);
    fv_tensor_free(t);
    g_free(name);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_npz),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_colons),
        cmocka_unit_test_setup_teardown(test_safetensors, setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_hostile_safetensors, setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_header_of_a_gibibyte, setup, scratch_teardown),
        cmocka_unit_test(test_hdf5),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
