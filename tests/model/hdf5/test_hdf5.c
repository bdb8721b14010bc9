/* SPDX-License-Identifier: Apache-2.0 */
/* HDF5 files as h5py writes them (tests/data/hdf5/generate.py): objects, attributes, types. */
#include "h5.h"

static const char *const forms[] = {"earliest", "latest"};

/* Opens NAME_earliest.h5 or NAME_latest.h5. */
static h5 open_form(const char *name, int form) {
    char file[64];
    snprintf(file, sizeof file, "%s_%s", name, forms[form]);
    return h5_open(file);
}

static void check_keras(h5 *h) {
    assert_string_equal(h5_attribute(h, "/", "keras_version"), "2.13.1");
    assert_string_equal(h5_attribute(h, "", "model_config"),
                        "{\"class_name\": \"Sequential\", \"config\": {\"name\": \"net\"}}");
    assert_string_equal(h5_attribute(h, "model_weights", "layer_names"), "conv1|dense");
    assert_string_equal(h5_attribute(h, "model_weights", "backend"), "tensorflow");
    assert_string_equal(h5_attribute(h, "model_weights/conv1", "weight_names"),
                        "conv1/kernel:0|conv1/bias:0");
    assert_string_equal(h5_attribute(h, "model_weights/dense", "weight_names"), "");
    fvi_hdf5_object conv = h5_find(h, "model_weights/conv1"), o;
    assert_int_equal(conv.kind, FVI_HDF5_GROUP);
    assert_string_equal(conv.path, "/model_weights/conv1");
    h5_ok(h, fvi_hdf5_find(h->f, &conv, "conv1/kernel:0", &o, &h->err));
    assert_int_equal(o.kind, FVI_HDF5_DATASET);
    assert_string_equal(o.path, "/model_weights/conv1/conv1/kernel:0");
    fvi_hdf5_info info;
    h5_ok(h, fvi_hdf5_dataset_info(h->f, &o, &info, &h->err));
    assert_int_equal(info.dtype, FVI_F32);
    assert_int_equal(info.count, 24);
    fvi_const c;
    h5_ok(h, fvi_hdf5_dataset_numbers(h->f, &o, 24, h->pool, &c, &h->err));
    char text[FVI_SHAPE_TEXT];
    assert_string_equal(fvi_shape_text(&c.shape, text), "2x3x1x4");
    for (int i = 0; i < 24; i++) assert_true(fvi_const_at(&c, i) == i);
    assert_true(h5_borrowed(h, c.bytes));
    assert_true((uintptr_t)c.bytes % 4 == 0);
    c = h5_numbers(h, "model_weights/conv1/conv1/bias:0");
    for (int i = 0; i < 4; i++) assert_true(fvi_const_at(&c, i) == i / 2.);
}

static void reads_what_keras_writes(void **state) {
    (void)state;
    static const char *const names[] = {"keras_earliest", "keras_latest", "user_block",
                                        "user_block_latest", "tracked_keras"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        h5 h = h5_open(names[i]);
        check_keras(&h);
        assert_true(fvi_hdf5_probe(h.map.bytes, h.map.size));
        assert_true(fvi_hdf5_probe_attribute(h.map.bytes, h.map.size, "model_config"));
        assert_false(fvi_hdf5_probe_attribute(h.map.bytes, h.map.size, "model"));
        h5_close(&h);
    }
}

static void reads_every_type(void **state) {
    (void)state;
    static const struct {
        const char *name;
        fvi_dtype dtype;
        double value[3];
        int count;
    } types[] = {
        {"i1", FVI_I8, {1, 2, 100}, 3},     {"u1", FVI_U8, {1, 2, 100}, 3},
        {"le_i2", FVI_I16, {1, 2, 100}, 3}, {"be_i2", FVI_I16, {1, 2, 100}, 3},
        {"le_u2", FVI_U16, {1, 2, 100}, 3}, {"le_i4", FVI_I32, {1, 2, 100}, 3},
        {"be_i4", FVI_I32, {1, 2, 100}, 3}, {"le_u4", FVI_U32, {1, 2, 100}, 3},
        {"le_i8", FVI_I64, {1, 2, 100}, 3}, {"be_i8", FVI_I64, {1, 2, 100}, 3},
        {"le_u8", FVI_U64, {1, 2, 100}, 3}, {"le_f2", FVI_F16, {1, 2, 100}, 3},
        {"be_f2", FVI_F16, {1, 2, 100}, 3}, {"le_f4", FVI_F32, {1, 2, 100}, 3},
        {"be_f4", FVI_F32, {1, 2, 100}, 3}, {"le_f8", FVI_F64, {1, 2, 100}, 3},
        {"be_f8", FVI_F64, {1, 2, 100}, 3}, {"bool", FVI_BOOL, {1, 0, 1}, 3},
        {"enum", FVI_I16, {2, 5}, 2},       {"bfloat16", FVI_BF16, {1, -2}, 2},
        {"opaque", FVI_BF16, {1, -2}, 2},
    };
    for (int form = 0; form < 2; form++) {
        h5 h = open_form("types", form);
        for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
            char path[64];
            snprintf(path, sizeof path, "types/%s", types[i].name);
            fvi_const c = h5_numbers(&h, path);
            assert_int_equal(c.dtype, types[i].dtype);
            assert_int_equal(fvi_shape_count(&c.shape), types[i].count);
            for (int k = 0; k < types[i].count; k++)
                assert_true(fvi_const_at(&c, k) == types[i].value[k]);
        }
        h5_close(&h);
    }
}

static void refuses_other_types(void **state) {
    (void)state;
    static const struct {
        const char *name, *part;
    } types[] = {
        {"opaque_4", "/types/opaque_4: has elements of type opaque"},
        {"compound", "compound"},
        {"complex", "compound"},
        {"sequence", "sequences of variable length"},
        {"array", "array"},
        {"reference", "reference"},
        {"of_committed", "committed datatype"},
    };
    for (int form = 0; form < 2; form++) {
        h5 h = open_form("types", form);
        for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
            char path[64];
            fvi_const c;
            snprintf(path, sizeof path, "types/%s", types[i].name);
            fvi_hdf5_object o = h5_find(&h, path);
            h5_fails(&h, fvi_hdf5_dataset_numbers(h.f, &o, 100, h.pool, &c, &h.err), FV_UNSUPPORTED,
                     types[i].part);
        }
        assert_int_equal(h5_find(&h, "types/committed").kind, FVI_HDF5_OTHER);
        h5_close(&h);
    }
}

static const char *texts_of(h5 *h, const char *path) {
    fvi_hdf5_object o = h5_find(h, path);
    fvi_hdf5_texts t = {0};
    h5_ok(h, fvi_hdf5_dataset_texts(h->f, &o, 10, h->pool, &t, &h->err));
    return h5_joined(h, &t);
}

static void reads_texts(void **state) {
    (void)state;
    for (int form = 0; form < 2; form++) {
        h5 h = open_form("texts", form);
        const char *t = texts_of(&h, "texts/variable");
        assert_int_equal(strlen(t), 4 + 1 + 1 + 5 + 1 + 300);
        assert_memory_equal(t, "conv||caf\xc3\xa9|xxx", 14);
        assert_string_equal(texts_of(&h, "texts/fixed"), "conv||kernel:0");
        assert_string_equal(texts_of(&h, "texts/ended"), "ab|abcde");
        assert_string_equal(texts_of(&h, "texts/spaces"), "ab|a c");
        assert_string_equal(texts_of(&h, "texts/one"), "text");
        assert_string_equal(h5_attribute(&h, "texts", "square"), "a|b|c|d");
        assert_string_equal(h5_attribute(&h, "texts", "empty"), "");
        fvi_hdf5_object g = h5_find(&h, "texts");
        fvi_hdf5_texts many;
        h5_ok(&h, fvi_hdf5_attribute_texts(h.f, &g, "many", h.pool, &many, &h.err));
        assert_int_equal(many.count, 40);
        for (int i = 0; i < 40; i++) {
            char want[16];
            snprintf(want, sizeof want, "layer_%d", i);
            assert_string_equal(many.text[i], want);
        }
        h5_close(&h);
    }
}

static void reads_numbers_of_attributes(void **state) {
    (void)state;
    for (int form = 0; form < 2; form++) {
        h5 h = open_form("texts", form);
        fvi_hdf5_object g = h5_find(&h, "texts");
        fvi_const c;
        fvi_hdf5_info info;
        h5_ok(&h, fvi_hdf5_attribute_numbers(h.f, &g, "number", h.pool, &c, &h.err));
        assert_int_equal(c.shape.ndim, 0);
        assert_true(fvi_const_at(&c, 0) == 3.5);
        h5_ok(&h, fvi_hdf5_attribute_numbers(h.f, &g, "numbers", h.pool, &c, &h.err));
        assert_int_equal(c.dtype, FVI_I32);
        for (int i = 0; i < 3; i++) assert_int_equal(fvi_const_int(&c, i), i + 1);
        h5_ok(&h, fvi_hdf5_attribute_info(h.f, &g, "flag", &info, &h.err));
        assert_int_equal(info.dtype, FVI_BOOL);
        assert_int_equal(info.count, 1);
        assert_true(fvi_hdf5_has_attribute(h.f, &g, "flag"));
        assert_false(fvi_hdf5_has_attribute(h.f, &g, "fla"));
        h5_fails(&h, fvi_hdf5_attribute_numbers(h.f, &g, "many", h.pool, &c, &h.err),
                 FV_UNSUPPORTED, "/texts: attribute \"many\": has elements of type string");
        fvi_hdf5_texts t;
        h5_fails(&h, fvi_hdf5_attribute_texts(h.f, &g, "number", h.pool, &t, &h.err),
                 FV_UNSUPPORTED, "float64");
        h5_fails(&h, fvi_hdf5_attribute_texts(h.f, &g, "missing", h.pool, &t, &h.err), FV_NOTFOUND,
                 "/texts: attribute \"missing\": there is no such attribute");
        h5_close(&h);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_keras_writes),     cmocka_unit_test(reads_every_type),
        cmocka_unit_test(refuses_other_types),         cmocka_unit_test(reads_texts),
        cmocka_unit_test(reads_numbers_of_attributes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
