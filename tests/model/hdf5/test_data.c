/* SPDX-License-Identifier: Apache-2.0 */
/* Where the data of datasets lie, what was done to them, and what is refused of them. */
#include <stdlib.h>

#include "h5.h"

static h5 open_layouts(int form) { return h5_open(form ? "layouts_latest" : "layouts_earliest"); }

/* 7x10 numbers 0, 1, 2, ... */
static fvi_const check_ramp(h5 *h, const char *path, fvi_dtype dtype) {
    fvi_const c = h5_numbers(h, path);
    assert_int_equal(c.dtype, dtype);
    assert_int_equal(c.shape.ndim, 2);
    assert_int_equal(c.shape.dim[0], 7);
    assert_int_equal(c.shape.dim[1], 10);
    for (int i = 0; i < 70; i++)
        if (fvi_const_at(&c, i) != i) fail_msg("%s: [%d] is %g", path, i, fvi_const_at(&c, i));
    return c;
}

static void reads_every_layout(void **state) {
    (void)state;
    static const char *const names[] = {"compact",   "contiguous", "chunks", "gzip", "all_filters",
                                        "one_chunk", "one_gzip",   "larger", "early"};
    for (int form = 0; form < 2; form++) {
        h5 h = open_layouts(form);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            char path[64];
            snprintf(path, sizeof path, "layouts/%s", names[i]);
            fvi_const c = check_ramp(&h, path, FVI_F32);
            /* what is compact may lie anywhere in its header */
            if (i == 1) assert_true(h5_borrowed(&h, c.bytes));
            if (i > 1) assert_false(h5_borrowed(&h, c.bytes));
        }
        check_ramp(&h, "layouts/big_endian", FVI_F64);
        h5_close(&h);
    }
}

static void fills_what_was_not_written(void **state) {
    (void)state;
    for (int form = 0; form < 2; form++) {
        h5 h = open_layouts(form);
        fvi_const c = h5_numbers(&h, "layouts/holes");
        for (int y = 0; y < 7; y++)
            for (int x = 0; x < 10; x++) {
                int first = !y && !x, last = y == 6 && x == 9;
                assert_true(fvi_const_at(&c, y * 10 + x) == (first ? 2 : last ? 3 : -1.5));
            }
        c = h5_numbers(&h, "layouts/unwritten");
        assert_int_equal(c.dtype, FVI_I16);
        for (int i = 0; i < 3; i++) assert_int_equal(fvi_const_int(&c, i), 7);
        c = h5_numbers(&h, "layouts/unwritten_chunks");
        for (int i = 0; i < 3; i++) assert_true(fvi_const_at(&c, i) == 0);
        h5_close(&h);
    }
}

static void reads_empty_and_scalar(void **state) {
    (void)state;
    for (int form = 0; form < 2; form++) {
        h5 h = open_layouts(form);
        fvi_const c = h5_numbers(&h, "layouts/no_rows");
        assert_int_equal(c.shape.ndim, 2);
        assert_int_equal(c.shape.dim[0], 0);
        assert_int_equal(c.shape.dim[1], 3);
        assert_non_null(c.bytes);
        c = h5_numbers(&h, "layouts/nothing");
        assert_int_equal(c.shape.ndim, 1);
        assert_int_equal(c.shape.dim[0], 0);
        c = h5_numbers(&h, "layouts/scalar");
        assert_int_equal(c.shape.ndim, 0);
        assert_true(fvi_const_at(&c, 0) == 2.5);
        h5_close(&h);
    }
}

static void reads_many_chunks(void **state) {
    (void)state;
    h5 h = open_layouts(0);
    fvi_const c = h5_numbers(&h, "layouts/many_chunks"); /* a B-tree of two levels */
    for (int i = 0; i < 144; i++) assert_int_equal(fvi_const_int(&c, i), i);
    h5_close(&h);
    h = open_layouts(1);
    c = h5_numbers(&h, "layouts/paged"); /* a fixed array of 3 pages, of which one is not there */
    for (int i = 0; i < 3000; i++)
        assert_int_equal(fvi_const_int(&c, i), i == 0 ? 1 : i == 1 ? 2 : i == 2048 ? 3 : 9);
    h5_close(&h);
}

static void refuses_what_is_not_read(void **state) {
    (void)state;
    static const struct {
        const char *file, *path, *part;
    } cases[] = {
        {"layouts_earliest", "layouts/lzf", "/layouts/lzf: has its data behind filter 32000 (lzf)"},
        {"layouts_latest", "layouts/lzf", "filter 32000 (lzf)"},
        {"layouts_earliest", "layouts/scaled", "filter 6 (scale-offset)"},
        {"layouts_latest", "layouts/growing", "an extensible array"},
        {"layouts_latest", "layouts/growing_both", "a B-tree of version 2"},
        {"links_earliest", "links/virtual", "virtual dataset"},
        {"links_earliest", "links/outside", "/links/outside: has its data in other files"},
        {"links_latest", "links/virtual", "virtual dataset"},
        {"links_latest", "links/outside", "in other files"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        h5 h = h5_open(cases[i].file);
        fvi_hdf5_object o = h5_find(&h, cases[i].path);
        fvi_const c;
        h5_fails(&h, fvi_hdf5_dataset_numbers(h.f, &o, 100, h.pool, &c, &h.err), FV_UNSUPPORTED,
                 cases[i].part);
        h5_close(&h);
    }
    h5 h = open_layouts(0);
    check_ramp(&h, "layouts/growing", FVI_F32); /* both are B-trees of version 1 here */
    check_ramp(&h, "layouts/growing_both", FVI_F32);
    h5_close(&h);
}

static void keeps_to_limits(void **state) {
    (void)state;
    h5 h = open_layouts(0);
    fvi_hdf5_object o = h5_find(&h, "layouts/contiguous"), gzip = h5_find(&h, "layouts/gzip");
    fvi_const c;
    h5_fails(&h, fvi_hdf5_dataset_numbers(h.f, &o, 69, h.pool, &c, &h.err), FV_NOMEM,
             "/layouts/contiguous: has 70 elements; at most 69 are allowed");
    fvi_pool *small = fvi_pool_new(64);
    h5_ok(&h, fvi_hdf5_dataset_numbers(h.f, &o, 70, small, &c, &h.err)); /* takes nothing */
    h5_fails(&h, fvi_hdf5_dataset_numbers(h.f, &gzip, 70, small, &c, &h.err), FV_NOMEM,
             "/layouts/gzip: no memory for its 70 elements");
    fvi_pool_free(small);
    fvi_hdf5_object group = h5_find(&h, "layouts");
    h5_fails(&h, fvi_hdf5_dataset_numbers(h.f, &group, 70, h.pool, &c, &h.err), FV_ARG,
             "/layouts: is not a dataset");
    fvi_hdf5_texts t;
    h5_fails(&h, fvi_hdf5_dataset_texts(h.f, &o, 70, h.pool, &t, &h.err), FV_UNSUPPORTED,
             "float32, which are no texts");
    h5_close(&h);
}

/* A copy of a file, to be damaged. */
static uint8_t *copy_of(const h5 *h) {
    uint8_t *copy = malloc(h->map.size);
    assert_non_null(copy);
    memcpy(copy, h->map.bytes, h->map.size);
    return copy;
}

/* A byte of each chunk of zlib's is changed in turn: the 9 of a dataset are found to be damaged, by
 * zlib's own sum or, where it comes first, by fletcher32's. */
static void finds_damaged_chunks(void **state) {
    (void)state;
    h5 h = open_layouts(0);
    static const char *const paths[] = {"layouts/gzip", "layouts/all_filters"};
    static const char *const words[] = {"deflated bytes is damaged", "its sum does not fit"};
    for (int k = 0; k < 2; k++) {
        int found = 0;
        for (size_t i = 0; i + 12 < h.map.size; i++) {
            uint8_t *b = copy_of(&h);
            fvi_hdf5 *f = NULL;
            fvi_hdf5_object o;
            fvi_const c;
            fv_error err;
            if (b[i] == 0x78 && b[i + 1] == 0x5e) { /* zlib's header of level 4 */
                b[i + 6] ^= 0x55;
                h5_ok(&h, fvi_hdf5_open(b, h.map.size, &f, &h.err));
                h5_ok(&h, fvi_hdf5_find(f, NULL, paths[k], &o, &h.err));
                if (fvi_hdf5_dataset_numbers(f, &o, 70, h.pool, &c, &err)) {
                    assert_int_equal(err.status, FV_FORMAT);
                    assert_non_null(strstr(err.text, words[k]));
                    found++;
                }
                fvi_hdf5_close(f);
            }
            free(b);
        }
        assert_int_equal(found, 9);
    }
    h5_close(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_layout),       cmocka_unit_test(fills_what_was_not_written),
        cmocka_unit_test(reads_empty_and_scalar),   cmocka_unit_test(reads_many_chunks),
        cmocka_unit_test(refuses_what_is_not_read), cmocka_unit_test(keeps_to_limits),
        cmocka_unit_test(finds_damaged_chunks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
