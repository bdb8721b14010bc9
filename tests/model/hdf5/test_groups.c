/* SPDX-License-Identifier: Apache-2.0 */
/* Groups: paths, links, many members and attributes, circles; and files that are cut short. */
#include <stdlib.h>

#include "h5.h"

static h5 open_form(const char *name, int form) {
    char file[64];
    snprintf(file, sizeof file, "%s_%s", name, form ? "latest" : "earliest");
    return h5_open(file);
}

static void follows_links(void **state) {
    (void)state;
    static const char *const paths[] = {"links/inner/deep/x",
                                        "/links/soft",
                                        "//links//./inner/hard",
                                        "links/absolute/deep/x",
                                        "links/over_soft",
                                        "links/inner/up/inner/up/soft",
                                        "links/absolute/up/inner/deep/x"};
    for (int form = 0; form < 2; form++) {
        h5 h = open_form("links", form);
        for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
            fvi_const c = h5_numbers(&h, paths[i]);
            assert_int_equal(fvi_shape_count(&c.shape), 3);
            for (int k = 0; k < 3; k++) assert_true(fvi_const_at(&c, k) == k);
        }
        fvi_hdf5_object root = h5_find(&h, "/"), inner = h5_find(&h, "links/inner"), o;
        assert_string_equal(root.path, "/");
        h5_ok(&h, fvi_hdf5_find(h.f, &inner, "deep/x", &o, &h.err));
        assert_string_equal(o.path, "/links/inner/deep/x");
        h5_ok(&h, fvi_hdf5_find(h.f, &inner, "/links/soft", &o, &h.err));
        assert_string_equal(o.path, "/links/soft");
        h5_ok(&h, fvi_hdf5_find(h.f, &inner, "", &o, &h.err));
        assert_string_equal(o.path, "/links/inner");
        h5_close(&h);
    }
}

static void names_links_that_lead_nowhere(void **state) {
    (void)state;
    for (int form = 0; form < 2; form++) {
        h5 h = open_form("links", form);
        fvi_hdf5_object o;
        h5_fails(&h, fvi_hdf5_find(h.f, NULL, "links/none/x", &o, &h.err), FV_NOTFOUND,
                 "/links/none/x: not found: there is no \"none\"");
        h5_fails(&h, fvi_hdf5_find(h.f, NULL, "links/nowhere", &o, &h.err), FV_NOTFOUND,
                 "/links/nowhere: not found: there is no \"missing\"");
        h5_fails(&h, fvi_hdf5_find(h.f, NULL, "links/myself", &o, &h.err), FV_UNSUPPORTED,
                 "/links/myself: soft link \"myself\": more than 16 of them in turn");
        h5_fails(&h, fvi_hdf5_find(h.f, NULL, "links/away", &o, &h.err), FV_UNSUPPORTED,
                 "/links/away: \"away\" is an external link");
        h5_fails(&h, fvi_hdf5_find(h.f, NULL, "links/inner/deep/x/y", &o, &h.err), FV_NOTFOUND,
                 "there is no \"y\"");
        assert_string_equal(h5_members(&h, "links"),
                            "absolute|away|inner|myself|nowhere|outside|over_soft|soft|virtual");
        char path[4 * 300 + 1] = ""; /* inner/up/inner/up/... */
        for (int i = 0; i < 130; i++) strcat(path, i % 2 ? "/up" : "/inner");
        h5_ok(&h, fvi_hdf5_find(h.f, NULL, "links", &o, &h.err));
        fvi_hdf5_object from = o;
        h5_ok(&h, fvi_hdf5_find(h.f, &from, path + 1, &o, &h.err));
        assert_int_equal(o.header, from.header);
        assert_memory_equal(o.path, "...", 3);
        h5_close(&h);
    }
}

typedef struct seen {
    char paths[4096];
    int stop_at, count;
} seen;

static fv_status seen_visit(void *user, const fvi_hdf5_object *o, fv_error *err) {
    seen *s = user;
    (void)err;
    strcat(strcat(s->paths, o->path), o->kind == FVI_HDF5_GROUP ? "/\n" : "\n");
    return ++s->count == s->stop_at ? FV_CANCELLED : FV_OK;
}

static void walks_circles_once(void **state) {
    (void)state;
    for (int form = 0; form < 2; form++) {
        h5 h = open_form("links", form);
        seen s = {.stop_at = 0};
        h5_ok(&h, fvi_hdf5_walk(h.f, NULL, seen_visit, &s, &h.err));
        assert_string_equal(s.paths, "/links/\n/links/inner/\n/links/inner/deep/\n"
                                     "/links/inner/deep/x\n/links/inner/hard\n/links/outside\n"
                                     "/links/virtual\n");
        s = (seen){.stop_at = 2};
        assert_int_equal(fvi_hdf5_walk(h.f, NULL, seen_visit, &s, &h.err), FV_CANCELLED);
        assert_int_equal(s.count, 2);
        fvi_hdf5_object deep = h5_find(&h, "links/inner/deep");
        s = (seen){.stop_at = 0};
        h5_ok(&h, fvi_hdf5_walk(h.f, &deep, seen_visit, &s, &h.err));
        assert_string_equal(s.paths, "/links/inner/deep/x\n");
        h5_close(&h);
    }
}

static fv_status nothing_visit(void *user, const fvi_hdf5_object *o, fv_error *err) {
    (void)user, (void)o, (void)err;
    return FV_OK;
}

static void bounds_a_walk_of_many_paths(void **state) {
    (void)state;
    h5 h = h5_open("paths");
    h5_fails(&h, fvi_hdf5_walk(h.f, NULL, nothing_visit, NULL, &h.err), FV_FORMAT,
             "form a circle or overlap");
    h5_find(&h, "g0/a/b/a/a/b/b/a/b/b/b/a/b");
    h5_close(&h);
}

static void reads_large_groups(void **state) {
    (void)state;
    for (int form = 0; form < 2; form++) {
        h5 h = open_form("many", form);
        fvi_hdf5_object many = h5_find(&h, "many"), o;
        fvi_hdf5_texts t;
        h5_ok(&h, fvi_hdf5_members(h.f, &many, h.pool, &t, &h.err));
        assert_int_equal(t.count, 150);
        for (int i = 0; i < 150; i++) {
            char name[32];
            snprintf(name, sizeof name, "member_%03d", i);
            assert_string_equal(t.text[i], name);
            h5_ok(&h, fvi_hdf5_find(h.f, &many, name, &o, &h.err));
        }
        h5_fails(&h, fvi_hdf5_find(h.f, &many, "member_150", &o, &h.err), FV_NOTFOUND,
                 "member_150");
        assert_string_equal(h5_members(&h, "tracked"), "zebra|apple|mango");
        assert_string_equal(h5_members(&h, "tracked_many"),
                            "m19|m18|m17|m16|m15|m14|m13|m12|m11|m10|m09|m08|m07|m06|m05|m04|m03|"
                            "m02|m01|m00");
        h5_close(&h);
    }
}

static void reads_many_attributes(void **state) {
    (void)state;
    for (int form = 0; form < 2; form++) {
        h5 h = open_form("many", form);
        fvi_hdf5_object o = h5_find(&h, "attributes");
        fvi_hdf5_texts names;
        fvi_const c;
        h5_ok(&h, fvi_hdf5_attributes(h.f, &o, h.pool, &names, &h.err));
        assert_int_equal(names.count, 60);
        for (int i = 0; i < 60; i++) {
            char name[32];
            snprintf(name, sizeof name, "attribute_%02d", i);
            h5_ok(&h, fvi_hdf5_attribute_numbers(h.f, &o, name, h.pool, &c, &h.err));
            assert_int_equal(fvi_const_int(&c, 0), i * 10);
        }
        h5_close(&h);
    }
    h5 h = open_form("many", 1); /* an object outside the heap's blocks */
    fvi_hdf5_object o = h5_find(&h, "large");
    fvi_const c;
    h5_ok(&h, fvi_hdf5_attribute_numbers(h.f, &o, "large", h.pool, &c, &h.err));
    assert_int_equal(fvi_shape_count(&c.shape), 3000);
    for (int i = 0; i < 3000; i++) assert_int_equal(fvi_const_int(&c, i), i);
    h5_close(&h);
}

/* Reads all there is. */
static fv_status read_visit(void *user, const fvi_hdf5_object *o, fv_error *err) {
    const fvi_hdf5 *f = user;
    fvi_pool *pool = fvi_pool_new(1 << 20);
    fvi_hdf5_texts t;
    fvi_const c;
    assert_non_null(pool);
    fv_status st = fvi_hdf5_attributes(f, o, pool, &t, err);
    for (int64_t i = 0; !st && i < t.count; i++) {
        fvi_hdf5_texts text;
        if (fvi_hdf5_attribute_texts(f, o, t.text[i], pool, &text, err) == FV_UNSUPPORTED)
            fvi_hdf5_attribute_numbers(f, o, t.text[i], pool, &c, err);
    }
    if (o->kind == FVI_HDF5_DATASET) fvi_hdf5_dataset_numbers(f, o, 1000, pool, &c, err);
    fvi_pool_free(pool);
    return FV_OK;
}

/* With any number of its bytes a file is refused, in one line. */
static void refuses_files_cut_short(void **state) {
    (void)state;
    static const char *const names[] = {"keras_earliest", "keras_latest", "user_block"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        h5 h = h5_open(names[k]);
        for (size_t size = 0; size < h.map.size; size += size < 2000 ? 1 : 97) {
            uint8_t *part = malloc(size + 1); /* of its own, so that reading past it is seen */
            assert_non_null(part);
            memcpy(part, h.map.bytes, size);
            fvi_hdf5 *f = NULL;
            assert_int_equal(fvi_hdf5_open(part, size, &f, &h.err), FV_FORMAT);
            assert_null(f);
            assert_null(strchr(h.err.text, '\n'));
            free(part);
        }
        h5_fails(&h, fvi_hdf5_open(h.map.bytes, h.map.size - 1, &h.f, &h.err), FV_FORMAT,
                 "cut short: it has");
        h5_close(&h);
    }
}

/* Each byte in turn is set to 255: nothing crashes, and what fails says so. */
static void survives_damage(void **state) {
    (void)state;
    static const char *const names[] = {"keras_earliest", "keras_latest"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        h5 h = h5_open(names[k]);
        uint8_t *b = malloc(h.map.size);
        assert_non_null(b);
        memcpy(b, h.map.bytes, h.map.size);
        for (size_t i = 0; i < h.map.size; i++) {
            if (!b[i]) continue; /* most zeros are padding */
            fvi_hdf5 *f = NULL;
            b[i] = 255;
            fv_status st = fvi_hdf5_open(b, h.map.size, &f, &h.err);
            if (!st) st = fvi_hdf5_walk(f, NULL, read_visit, f, &h.err);
            if (st) assert_int_equal(st, h.err.status);
            fvi_hdf5_close(f);
            b[i] = h.map.bytes[i];
        }
        free(b);
        h5_close(&h);
    }
}

/* The B-tree of one group after the other is damaged: only what is in that group is not found. */
static void reads_around_damage(void **state) {
    (void)state;
    static const char *const paths[] = {"model_weights/conv1/conv1/bias:0", "model_weights/conv1",
                                        "model_weights/dense", "model_weights"};
    h5 h = h5_open("keras_earliest");
    uint8_t *b = malloc(h.map.size);
    int damaged[5] = {0}, trees = 0; /* how often so many of the paths are not found */
    assert_non_null(b);
    memcpy(b, h.map.bytes, h.map.size);
    for (size_t i = 0; i + 4 <= h.map.size; i++) {
        if (memcmp(b + i, "TREE", 4) != 0) continue;
        fvi_hdf5 *f = NULL;
        fvi_hdf5_object o;
        int missing = 0;
        b[i] = 't';
        h5_ok(&h, fvi_hdf5_open(b, h.map.size, &f, &h.err));
        for (size_t k = 0; k < 4; k++) {
            fv_status st = fvi_hdf5_find(f, NULL, paths[k], &o, &h.err);
            if (st) h5_fails(&h, st, FV_FORMAT, "does not begin with \"TREE\"");
            missing += st != FV_OK;
        }
        fvi_hdf5_close(f);
        b[i] = 'T';
        damaged[missing]++;
        trees++;
    }
    /* of the root; of model_weights; of both groups called conv1; of dense */
    assert_int_equal(trees, 5);
    assert_int_equal(damaged[4], 1);
    assert_int_equal(damaged[3], 1);
    assert_int_equal(damaged[1], 2);
    assert_int_equal(damaged[0], 1);
    free(b);
    h5_close(&h);
}

static void refuses_other_files(void **state) {
    (void)state;
    fvi_hdf5 *f = NULL;
    fv_error err;
    uint8_t b[2100] = {0};
    assert_false(fvi_hdf5_probe(b, sizeof b));
    assert_false(fvi_hdf5_probe(NULL, 0));
    assert_int_equal(fvi_hdf5_open(b, sizeof b, &f, &err), FV_FORMAT);
    assert_string_equal(err.text, "not an HDF5 file: its signature is not there");
    memcpy(b + 2048, "\x89HDF\r\n\x1a\n\x07", 9);
    assert_true(fvi_hdf5_probe(b, sizeof b));
    assert_int_equal(fvi_hdf5_open(b, sizeof b, &f, &err), FV_UNSUPPORTED);
    assert_string_equal(err.text, "HDF5 file with superblock version 7; 0 to 3 are read");
    assert_null(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_links),
        cmocka_unit_test(names_links_that_lead_nowhere),
        cmocka_unit_test(walks_circles_once),
        cmocka_unit_test(reads_large_groups),
        cmocka_unit_test(bounds_a_walk_of_many_paths),
        cmocka_unit_test(reads_many_attributes),
        cmocka_unit_test(refuses_files_cut_short),
        cmocka_unit_test(survives_damage),
        cmocka_unit_test(refuses_other_files),
        cmocka_unit_test(reads_around_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
