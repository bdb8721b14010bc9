/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of photos that excite units share: made photos in a folder, a small network, its
 * session, and scans of them. */
#ifndef FVI_TESTS_INSPECT_EXAMPLES_HELP_H
#define FVI_TESTS_INSPECT_EXAMPLES_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "fovea/fovea.h"
#include "support/texts.h"

/* 37 pixels a side are cropped to the network's 32 without being resized. */
enum { PHOTOS = 37, SIDE = 37, CROP = 2, INPUT = 32 };

static fv_model *model;
static fv_session *session;
static char *root, *photos, *index_folder;

static uint32_t random_state = 1;
static inline float next_random(void) {
    random_state = random_state * 1664525u + 1013904223u;
    return (float)(random_state >> 8) / 16777216.0f;
}

/* A photo of soft blocks: neither noise nor flat. */
static inline fv_image *make_photo(uint32_t seed, int height, int width) {
    fv_image *p = NULL;
    assert_int_equal(fv_image_new(3, height, width, &p, NULL), FV_OK);
    random_state = seed * 7919u + 1;
    float level[3][8][8];
    for (int i = 0; i < 192; i++) level[i / 64][i / 8 % 8][i % 8] = next_random();
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                p->data[(c * height + y) * width + x] =
                    0.8f * level[c][y * 8 / height][x * 8 / width] + 0.2f * next_random();
    return p;
}

static inline char *photo_path(const char *name) { return g_build_filename(photos, name, NULL); }

static inline void save_photo(const char *name, uint32_t seed, int height, int width) {
    char *path = photo_path(name);
    fv_image *p = make_photo(seed, height, width);
    fv_error err;
    if (fv_image_save(p, path, &err)) fail_msg("%s", err.text);
    fv_image_free(p);
    g_free(path);
}

static inline void save_text(const char *name, const char *text) {
    char *path = photo_path(name);
    assert_true(g_file_set_contents(path, text, -1, NULL));
    g_free(path);
}

static inline void remove_file(const char *name) {
    char *path = photo_path(name);
    g_unlink(path);
    g_free(path);
}

static inline void remove_tree(const char *path) {
    GDir *dir = g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        char *inside = g_build_filename(path, name, NULL);
        remove_tree(inside);
        g_free(inside);
    }
    if (dir) g_dir_close(dir);
    g_remove(path);
}

static inline void name_photo(int i, char name[32]) {
    g_snprintf(name, 32, "%s%02d.png", i % 5 ? "" : "deep/", i);
}

static inline int set_up(void **state) {
    (void)state;
    char name[32];
    root = g_dir_make_tmp("fovea-examples-XXXXXX", NULL);
    photos = g_build_filename(root, "photos", NULL);
    index_folder = g_build_filename(root, "index", NULL);
    char *deep = photo_path("deep");
    g_mkdir_with_parents(deep, 0777);
    g_free(deep);
    for (int i = 0; i < PHOTOS; i++) {
        name_photo(i, name);
        save_photo(name, (uint32_t)i, i % 3 == 1 ? 60 : SIDE, i % 3 == 2 ? 80 : SIDE);
    }
    return fv_model_load("tests/data/cli/tiny.onnx", NULL, &model, NULL) ||
           fv_session_new(model, NULL, &session, NULL);
}

static inline int tear_down(void **state) {
    (void)state;
    fv_session_free(session);
    fv_model_free(model);
    remove_tree(root);
    g_free(photos);
    g_free(index_folder);
    g_free(root);
    return 0;
}

static inline fv_examples *scan_with(const char *const *objectives, int count, const char *index) {
    fv_examples *e = NULL;
    fv_error err;
    const fv_examples_desc desc = {.struct_size = sizeof desc, .decoders = 3, .index = index};
    if (scan_texts(model, session, objectives, count, photos, &desc, &e, &err))
        fail_msg("%s", err.text);
    return e;
}

static inline fv_examples *scan(const char *objective, const char *index) {
    return scan_with(&objective, 1, index);
}

static inline void expect_failure(const char *objective, const char *folder, fv_status status,
                                  const char *text) {
    fv_examples *e = NULL;
    fv_error err = {0};
    fv_status st = scan_texts(model, session, &objective, 1, folder, NULL, &e, &err);
    if (st != status || e || !strstr(err.text, text))
        fail_msg("status %d, \"%s\"; expected %d, \"%s\"", st, err.text, status, text);
}

/* Finds the highest or lowest examples of a unit, at most `count`; returns how many there are. */
static inline int find_examples(fv_examples *e, int unit, fv_score by, int lowest, int count,
                                fv_example *out) {
    assert_int_equal(fv_examples_find(e, unit, by, lowest, out, &count, NULL), FV_OK);
    return count;
}

/* The network's input for a photo. */
static inline fv_tensor *input_of(const char *name) {
    char *path = photo_path(name);
    fv_image *p = NULL;
    fv_tensor *x = NULL;
    assert_int_equal(fv_image_load(path, &p, NULL), FV_OK);
    assert_int_equal(fv_input_from_image(model, p, &x, NULL), FV_OK);
    fv_image_free(p);
    g_free(path);
    return x;
}

#endif
