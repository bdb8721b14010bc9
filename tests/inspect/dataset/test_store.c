/* SPDX-License-Identifier: Apache-2.0 */
/* The index of what was measured on photos: what goes in comes out; a file that was cut short keeps
 * what is whole; damaged, foreign and occupied files are refused and left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "inspect/dataset/store.h"
#include "support/scratch.h"

enum { UNITS = 5, PHOTOS = 150 };

static char *path;

static int set_up(void **state) {
    if (folder_setup(state)) return -1;
    path = in_folder("a.photos");
    return 0;
}

static int tear_down(void **state) {
    g_unlink(path);
    g_free(path);
    return folder_teardown(state);
}

static fv_status open_index(const char *key, int units, fvi_index **out, fv_error *err) {
    *out = NULL;
    return fvi_index_open(path, key, units, out, err);
}

static fvi_index *opened(void) {
    fvi_index *ix;
    fv_error err;
    if (open_index("key", UNITS, &ix, &err)) fail_msg("%s", err.text);
    return ix;
}

static fvi_response response(int photo, int unit) {
    const float v = (float)(photo * 10 + unit);
    return (fvi_response){v, -v, v / 2, (uint32_t)photo, photo % 3 ? (uint32_t)unit : FVI_NOWHERE};
}

/* Every seventh photo cannot be read. */
static int is_bad(int photo) { return photo % 7 == 3; }

static void add(fvi_index *ix, int i) {
    char name[32];
    fvi_response a[UNITS];
    fv_error err;
    g_snprintf(name, sizeof name, "p/%03d.jpg", i);
    fvi_photo p = {.path = name, .size = 1000 + i, .mtime = -5 - i, .height = 3 + i, .width = 7};
    for (int u = 0; u < UNITS; u++) a[u] = response(i, u);
    if (is_bad(i)) p.why = (char *)(uintptr_t) "is damaged", p.height = p.width = 0;
    if (fvi_index_add(ix, &p, is_bad(i) ? NULL : a, &err)) fail_msg("%s", err.text);
}

static void fill(int from, int to) {
    fvi_index *ix = opened();
    for (int i = from; i < to; i++) add(ix, i);
    assert_int_equal(fvi_index_flush(ix, NULL), FV_OK);
    fvi_index_close(ix);
}

/* How many of the photos are there; what is there must be right. */
static int check_all(fvi_index *ix) {
    int there = 0;
    const int64_t rows = fvi_index_rows(ix);
    for (int u = 0; u < UNITS; u++) {
        fvi_response *all = g_new0(fvi_response, rows + 1);
        assert_int_equal(fvi_index_read(ix, u, all, NULL), FV_OK);
        there = 0;
        for (int i = 0; i < PHOTOS; i++) {
            char name[32];
            g_snprintf(name, sizeof name, "p/%03d.jpg", i);
            const fvi_photo *p = fvi_index_find(ix, name, 1000 + i, -5 - i);
            assert_null(fvi_index_find(ix, name, 1001 + i, -5 - i));
            assert_null(fvi_index_find(ix, name, 1000 + i, -4 - i));
            if (!p) continue;
            there++;
            if (is_bad(i)) {
                assert_string_equal(p->why, "is damaged");
                continue;
            }
            assert_int_equal(p->height, 3 + i);
            const int64_t row = fvi_index_row(ix, p);
            assert_in_range(row, 0, rows - 1);
            const fvi_response want = response(i, u);
            assert_memory_equal(&all[row], &want, sizeof want);
        }
        g_free(all);
    }
    return there;
}

static void test_round_trip(void **state) {
    (void)state;
    g_unlink(path);
    fill(0, 70);
    fill(70, PHOTOS); /* goes on where it ended */
    fvi_index *ix = opened();
    assert_int_equal(check_all(ix), PHOTOS);
    fvi_index_close(ix);
    /* a photo that has changed is added again, and its new responses count */
    ix = opened();
    fvi_response a[UNITS];
    for (int u = 0; u < UNITS; u++) a[u] = response(500, u);
    const fvi_photo p = {
        .path = (char *)(uintptr_t) "p/000.jpg", .size = 1, .height = 1, .width = 1};
    assert_int_equal(fvi_index_add(ix, &p, a, NULL), FV_OK);
    assert_int_equal(fvi_index_flush(ix, NULL), FV_OK);
    fvi_index_close(ix);
    ix = opened();
    assert_null(fvi_index_find(ix, "p/000.jpg", 1000, -5));
    assert_non_null(fvi_index_find(ix, "p/000.jpg", 1, 0));
    fvi_index_close(ix);
}

static void test_without_a_file(void **state) {
    (void)state;
    fvi_index *ix = NULL;
    assert_int_equal(fvi_index_open(NULL, "key", UNITS, &ix, NULL), FV_OK);
    assert_int_equal(fvi_index_writable(ix, NULL), FV_OK);
    for (int i = 0; i < PHOTOS; i++) add(ix, i);
    assert_int_equal(fvi_index_flush(ix, NULL), FV_OK);
    assert_int_equal(check_all(ix), PHOTOS);
    fvi_index_close(ix);
}

/* A process can be killed at any byte: whole blocks stay, and the rest can be added again. */
static void test_cut_short(void **state) {
    (void)state;
    gchar *bytes;
    gsize size;
    g_unlink(path);
    fill(0, PHOTOS);
    assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    int last = -1, kinds = 0;
    for (gsize n = 0; n <= size; n += n + 41 > size && n < size ? size - n : 41) {
        assert_true(g_file_set_contents(path, bytes, (gssize)n, NULL));
        fvi_index *ix = opened();
        const int there = check_all(ix);
        assert_true(there >= last);
        kinds += there > last;
        last = there;
        for (int i = there; i < PHOTOS; i++) add(ix, i);
        assert_int_equal(fvi_index_flush(ix, NULL), FV_OK);
        assert_int_equal(check_all(ix), PHOTOS);
        fvi_index_close(ix);
        ix = opened();
        assert_int_equal(check_all(ix), PHOTOS);
        fvi_index_close(ix);
    }
    assert_int_equal(last, PHOTOS);
    assert_true(kinds >= 3); /* there are several blocks */
    g_free(bytes);
}

static void write_padded(const gchar *bytes, gsize size, gsize zeros, char last) {
    gchar *padded = g_malloc0(size + zeros + 1);
    memcpy(padded, bytes, size);
    if (zeros) padded[size + zeros - 1] = last;
    assert_true(g_file_set_contents(path, padded, (gssize)(size + zeros), NULL));
    g_free(padded);
}

/* After a power failure a file can have grown by zeros: a block that did not reach the disk. */
static void test_zero_end(void **state) {
    (void)state;
    static const gsize zeros[] = {1, 23, 24, 25, 5000, 200000};
    gchar *bytes, *whole, *after;
    gsize size, whole_size, after_size;
    fv_error err;
    g_unlink(path);
    fill(0, 30);
    assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    fill(30, PHOTOS);
    assert_true(g_file_get_contents(path, &whole, &whole_size, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(zeros); i++)
        for (int none = 0; none < 2; none++) { /* of the file is there but zeros */
            write_padded(bytes, none ? 0 : size, zeros[i], 0);
            fvi_index *ix = opened();
            assert_int_equal(check_all(ix), none ? 0 : 30);
            fvi_index_close(ix);
            if (none) fill(0, 30);
            fill(30, PHOTOS);
            assert_true(g_file_get_contents(path, &after, &after_size, NULL));
            assert_int_equal(after_size, whole_size);
            assert_memory_equal(after, whole, whole_size);
            g_free(after);
        }
    /* anything else in it, or more than a block, is no such end */
    fvi_index *ix = NULL;
    write_padded(bytes, size, 200000, 1);
    assert_int_equal(open_index("key", UNITS, &ix, &err), FV_FORMAT);
    write_padded(bytes, size, 0, 0);
    assert_int_equal(truncate(path, (off_t)1 << 30), 0);
    assert_int_equal(open_index("key", UNITS, &ix, &err), FV_FORMAT);
    assert_non_null(strstr(err.text, "damaged"));
    g_free(whole);
    g_free(bytes);
}

/* Any changed byte is noticed, at the latest when its unit is read, and nothing is written. */
static void test_damaged(void **state) {
    (void)state;
    gchar *bytes, *after;
    gsize size, after_size;
    g_unlink(path);
    fill(0, 80);
    assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    for (gsize at = 0; at < size; at += 7) {
        fvi_index *ix = NULL;
        fv_error err = {0};
        bytes[at] ^= (char)(1 << at % 8);
        assert_true(g_file_set_contents(path, bytes, (gssize)size, NULL));
        fv_status st = open_index("key", UNITS, &ix, &err);
        for (int u = 0; !st && u < UNITS; u++) {
            fvi_response *all = g_new0(fvi_response, fvi_index_rows(ix) + 1);
            st = fvi_index_read(ix, u, all, &err);
            g_free(all);
        }
        if (st != FV_FORMAT || !strstr(err.text, path))
            fail_msg("byte %d: status %d, \"%s\"", (int)at, st, err.text);
        fvi_index_close(ix);
        assert_true(g_file_get_contents(path, &after, &after_size, NULL));
        assert_int_equal(after_size, size);
        assert_memory_equal(after, bytes, size);
        g_free(after);
        bytes[at] ^= (char)(1 << at % 8);
    }
    g_free(bytes);
}

static void test_foreign(void **state) {
    (void)state;
    static const char other[] = "my holidays, day 1: ...";
    fvi_index *ix = NULL;
    fv_error err;
    gchar *after;
    assert_true(g_file_set_contents(path, other, -1, NULL));
    assert_int_equal(open_index("key", UNITS, &ix, &err), FV_FORMAT);
    assert_non_null(strstr(err.text, "no index of photos"));
    assert_true(g_file_get_contents(path, &after, NULL, NULL));
    assert_string_equal(after, other);
    g_free(after);
    g_unlink(path);
    fill(0, 5);
    assert_int_equal(open_index("kez", UNITS, &ix, &err), FV_FORMAT);
    assert_non_null(strstr(err.text, "another model, layer or input"));
    assert_int_equal(fvi_index_open(folder, "key", UNITS, &ix, &err), FV_IO);
    assert_int_equal(open_index("key", 0, &ix, &err), FV_ARG);
    assert_int_equal(open_index("key", FVI_UNITS_MAX + 1, &ix, &err), FV_ARG);
}

/* One process writes; others read what is whole, and say why they cannot add. */
static void test_occupied(void **state) {
    (void)state;
    fv_error err;
    g_unlink(path);
    fill(0, 30);
    fvi_index *first = opened(), *second = opened();
    assert_int_equal(fvi_index_writable(first, NULL), FV_OK);
    assert_int_equal(fvi_index_writable(second, &err), FV_IO);
    assert_non_null(strstr(err.text, "another process"));
    assert_int_equal(check_all(second), 30);
    fvi_index_close(second);
    fvi_index_finish(first);
    second = opened();
    assert_int_equal(fvi_index_writable(second, NULL), FV_OK);
    assert_int_equal(check_all(first), 30);
    fvi_index_close(second);
    fvi_index_close(first);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_without_a_file),
        cmocka_unit_test(test_cut_short),  cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_foreign),    cmocka_unit_test(test_occupied),
        cmocka_unit_test(test_zero_end),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
