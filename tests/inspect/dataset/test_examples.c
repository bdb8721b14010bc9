/* SPDX-License-Identifier: Apache-2.0 */
/* Photos that excite units, on a small network and made photos: against runs of each photo alone; a
 * pass that was stopped; what an index knows; which part of a photo a position sees. */
#include "examples_help.h"

#include <math.h>
#include <sys/resource.h>
#include <unistd.h>

static float *values_of(fv_examples *e, int unit, fv_score by, int lowest) {
    float *v = g_new(float, fv_examples_photo_count(e));
    assert_int_equal(fv_examples_values(e, unit, by, lowest, v, NULL), FV_OK);
    return v;
}

/* ---- values --------------------------------------------------------------------------------- */

/* One channel's map of one photo run alone. */
typedef struct alone {
    float max, min, mean;
    int at_max, at_min, width;
} alone;

static alone run_alone(const char *name, const char *layer, int channel) {
    fv_tensor *x = input_of(name), *y = NULL;
    assert_int_equal(fv_session_run(session, x, layer, &y, NULL), FV_OK);
    const int plane = (int)(y->dim[2] * y->dim[3]);
    const float *map = y->data + channel * plane;
    alone a = {map[0], map[0], 0, 0, 0, (int)y->dim[3]};
    double sum = 0;
    for (int i = 0; i < plane; i++) {
        if (map[i] > a.max) a.max = map[i], a.at_max = i;
        if (map[i] < a.min) a.min = map[i], a.at_min = i;
        sum += (double)map[i];
    }
    a.mean = (float)(sum / plane);
    fv_tensor_free(x);
    fv_tensor_free(y);
    return a;
}

static void check_near(double a, double b) {
    if (!(fabs(a - b) <= 1e-5 * fmax(1, fabs(b)))) fail_msg("%.9g instead of %.9g", a, b);
}

/* Every unit of a layer on every photo, and where; the ranking of what came out. */
static void test_values(void **state) {
    (void)state;
    fv_examples *e = scan("head/conv", NULL);
    assert_int_equal(fv_examples_unit_count(e), 12);
    assert_int_equal(fv_examples_photo_count(e), PHOTOS);
    assert_int_equal(fv_examples_measured(e), PHOTOS);
    for (int u = 0; u < 12; u++) {
        char *name = g_strdup_printf("head/conv:%d", u);
        assert_string_equal(fv_examples_unit(e, u), name);
        g_free(name);
        fv_example found[PHOTOS + 3];
        int n = 0, n_low = 0;
        float *mean = values_of(e, u, FV_SCORE_MEAN, 0);
        n = find_examples(e, u, 0, 0, PHOTOS + 3, found);
        assert_int_equal(n, PHOTOS);
        for (int i = 0; i < n; i++) {
            const alone a = run_alone(fv_examples_photo(e, found[i].photo), "head/conv", u);
            check_near(found[i].value, a.max);
            assert_int_equal(found[i].y * a.width + found[i].x, a.at_max);
            check_near(mean[found[i].photo], a.mean);
            assert_true(i == 0 || found[i - 1].value >= found[i].value);
        }
        fv_example low[4];
        n_low = find_examples(e, u, FV_SCORE_MAX, 1, 4, low);
        assert_int_equal(n_low, 4);
        float *min = values_of(e, u, FV_SCORE_MAX, 1);
        for (int i = 0; i < 4; i++) {
            const alone a = run_alone(fv_examples_photo(e, low[i].photo), "head/conv", u);
            int below = 0;
            for (int k = 0; k < PHOTOS; k++) below += min[k] < low[i].value;
            check_near(low[i].value, a.min);
            assert_int_equal(low[i].y * a.width + low[i].x, a.at_min);
            assert_int_equal(below, i);
        }
        g_free(min);
        g_free(mean);
    }
    fv_examples_free(e);
}

/* After a ReLU many positions are 0: the first of them counts. */
static void test_first_of_equals(void **state) {
    (void)state;
    fv_examples *e = scan("stem/relu6", NULL);
    int zeros = 0;
    for (int u = 0; u < 10; u++) {
        fv_example low[PHOTOS];
        const int n = find_examples(e, u, 0, 1, PHOTOS, low);
        for (int i = 0; i < n; i += 6) {
            const alone a = run_alone(fv_examples_photo(e, low[i].photo), "stem/relu6", u);
            assert_int_equal(low[i].y * a.width + low[i].x, a.at_min);
            zeros += low[i].value == 0 && a.at_min < 200;
        }
    }
    assert_true(zeros > 5);
    fv_examples_free(e);
}

/* A class, a probability, a neuron, a sum: one number each, in one pass with a layer. */
static void test_objectives(void **state) {
    (void)state;
    static const char *const objectives[] = {"class:hen", "prob:8", "stem/conv:2@3,4",
                                             "stem/conv:1 - 2*head/conv:3", "stem/conv:7"};
    fv_examples *e = scan_with(objectives, 5, NULL);
    assert_int_equal(fv_examples_unit_count(e), 5);
    assert_string_equal(fv_examples_unit(e, 0), "logits:8");
    assert_int_equal(fv_examples_unit_class(e, 0), 8);
    assert_int_equal(fv_examples_unit_class(e, 2), -1);
    for (int u = 0; u < 5; u++) {
        float *v = values_of(e, u, FV_SCORE_MEAN, 0);
        for (int i = 0; i < PHOTOS; i += 5) {
            fv_tensor *x = input_of(fv_examples_photo(e, i)), *dx = NULL;
            double want = 0;
            assert_int_equal(gradient_text(model, session, x, objectives[u], &want, &dx, NULL),
                             FV_OK);
            check_near(v[i], want);
            fv_tensor_free(x);
            fv_tensor_free(dx);
        }
        g_free(v);
    }
    fv_example found;
    assert_int_equal(find_examples(e, 2, 0, 0, 1, &found), 1);
    assert_int_equal(found.y, 3);
    assert_int_equal(found.x, 4);
    assert_int_equal(find_examples(e, 0, 0, 0, 1, &found), 1);
    assert_int_equal(found.y, -1);
    assert_true(found.whole);
    fv_examples_free(e);
}

static void test_measure(void **state) {
    (void)state;
    static const char *const objectives[] = {"head/conv", "prob:3"};
    fv_examples *e = scan_with(objectives, 2, NULL);
    for (int u = 0; u < 13; u += 4) {
        float *v = values_of(e, u, FV_SCORE_MAX, 0), *low = values_of(e, u, FV_SCORE_MAX, 1);
        fv_tensor *x = input_of(fv_examples_photo(e, 9));
        double value = 0;
        assert_int_equal(fv_examples_measure(e, u, FV_SCORE_MAX, 0, x, &value, NULL), FV_OK);
        check_near(value, v[9]);
        assert_int_equal(fv_examples_measure(e, u, FV_SCORE_MAX, 1, x, &value, NULL), FV_OK);
        check_near(value, low[9]);
        x->dim[0] = 0;
        assert_int_equal(fv_examples_measure(e, u, 0, 0, x, &value, NULL), FV_SHAPE);
        x->dim[0] = 1;
        fv_tensor_free(x);
        g_free(v);
        g_free(low);
    }
    fv_examples_free(e);
}

static int compare_floats(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void test_spread(void **state) {
    (void)state;
    fv_examples *e = scan("head/conv:5", NULL);
    float *v = values_of(e, 0, 0, 0);
    fv_distribution s;
    double sum = 0;
    assert_int_equal(fv_examples_distribution(e, 0, 0, 0, &s, NULL), FV_OK);
    qsort(v, PHOTOS, sizeof *v, compare_floats);
    for (int i = 0; i < PHOTOS; i++) sum += (double)v[i];
    assert_int_equal(s.count, PHOTOS);
    assert_true(s.minimum == (double)v[0] && s.maximum == (double)v[PHOTOS - 1]);
    assert_true(s.median == (double)v[18]); /* 37 values */
    check_near(s.mean, sum / PHOTOS);
    /* place 0.999 * 36 = 35.964 */
    check_near(s.percentile_99_9, 0.036 * (double)v[35] + 0.964 * (double)v[36]);
    g_free(v);
    fv_examples_free(e);
}

/* ---- what an index knows -------------------------------------------------------------------- */

/* Only what is new or changed is measured; what is gone is gone; other layers are other questions.
 */
static void test_known(void **state) {
    (void)state;
    remove_tree(index_folder);
    fv_examples_free(scan("head/conv", index_folder));
    fv_examples *e = scan("head/conv:3", index_folder);
    assert_int_equal(fv_examples_measured(e), 0);
    fv_example best;
    assert_int_equal(find_examples(e, 0, 0, 0, 1, &best), 1);
    char *name = g_strdup(fv_examples_photo(e, best.photo));
    fv_examples_free(e);

    save_photo("new.png", 1000, SIDE, SIDE);
    e = scan("head/conv:3", index_folder);
    assert_int_equal(fv_examples_measured(e), 1);
    assert_int_equal(fv_examples_photo_count(e), PHOTOS + 1);
    fv_examples_free(e);

    save_photo("new.png", 1001, SIDE, SIDE + 9);
    e = scan("head/conv:3", index_folder);
    assert_int_equal(fv_examples_measured(e), 1);
    float *v = values_of(e, 0, 0, 0);
    check_near(v[fv_examples_photo_count(e) - 1], run_alone("new.png", "head/conv", 3).max);
    g_free(v);
    fv_examples_free(e);
    remove_file("new.png");

    char *path = photo_path(name), *away = g_build_filename(root, "away.png", NULL);
    assert_int_equal(g_rename(path, away), 0);
    e = scan("head/conv:3", index_folder);
    assert_int_equal(fv_examples_measured(e), 0);
    assert_int_equal(fv_examples_photo_count(e), PHOTOS - 1);
    for (int i = 0; i < PHOTOS - 1; i++) assert_string_not_equal(fv_examples_photo(e, i), name);
    fv_examples_free(e);
    assert_int_equal(g_rename(away, path), 0);

    e = scan("stem/conv:3", index_folder);
    assert_int_equal(fv_examples_measured(e), PHOTOS);
    fv_examples_free(e);
    g_free(path);
    g_free(away);
    g_free(name);
}

/* Files that are no photos among photos: named, counted, remembered. */
static void test_unreadable(void **state) {
    (void)state;
    remove_tree(index_folder);
    save_text("05x.jpg", "not a picture");
    save_text("zz.png", "");
    save_text("notes.txt", "no picture at all");
    save_text(".hidden.png", "");
    for (int pass = 0; pass < 2; pass++) {
        fv_examples *e = scan("head/conv", index_folder);
        assert_int_equal(fv_examples_photo_count(e), PHOTOS);
        assert_int_equal(fv_examples_measured(e), pass ? 0 : PHOTOS + 2);
        assert_int_equal(fv_examples_skipped_count(e), 2);
        assert_true(g_str_has_prefix(fv_examples_skipped(e, 0), "05x.jpg: is not a picture"));
        assert_true(g_str_has_prefix(fv_examples_skipped(e, 1), "zz.png: is empty"));
        const alone a = run_alone(fv_examples_photo(e, 20), "head/conv", 1);
        float *v = values_of(e, 1, 0, 0);
        check_near(v[20], a.max);
        g_free(v);
        fv_examples_free(e);
    }
    remove_file("05x.jpg");
    remove_file("zz.png");
    remove_file("notes.txt");
    remove_file(".hidden.png");
}

static void test_damaged_index(void **state) {
    (void)state;
    remove_tree(index_folder);
    fv_examples_free(scan("head/conv", index_folder));
    GDir *dir = g_dir_open(index_folder, 0, NULL);
    char *path = g_build_filename(index_folder, g_dir_read_name(dir), NULL);
    g_dir_close(dir);
    gchar *bytes;
    gsize size;
    assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    bytes[size / 2] ^= 1;
    assert_true(g_file_set_contents(path, bytes, (gssize)size, NULL));
    fv_examples *e = NULL;
    fv_error err = {0};
    const char *objective = "head/conv";
    const fv_examples_desc desc = {.struct_size = sizeof desc, .index = index_folder};
    fv_status st = scan_texts(model, session, &objective, 1, photos, &desc, &e, &err);
    for (int u = 0; !st && u < 12; u++) {
        float v[PHOTOS];
        st = fv_examples_values(e, u, 0, 0, v, &err);
    }
    assert_int_equal(st, FV_FORMAT);
    assert_non_null(strstr(err.text, path));
    fv_examples_free(e);
    g_free(bytes);
    g_free(path);
}

/* ---- which photos --------------------------------------------------------------------------- */

/* Equal photos: the first path; links in circles: each folder once, in the order of paths. */
static void test_links_and_ties(void **state) {
    (void)state;
    char *loop = photo_path("loop"), *twin = photo_path("deep/a.png"), *one = photo_path("01.png");
    assert_int_equal(symlink("..", loop), 0);
    assert_int_equal(symlink(one, twin), 0);
    fv_examples *e = scan("head/conv:0", NULL);
    assert_int_equal(fv_examples_photo_count(e), PHOTOS + 1);
    for (int i = 1; i <= PHOTOS; i++)
        assert_true(strcmp(fv_examples_photo(e, i - 1), fv_examples_photo(e, i)) < 0);
    fv_example found[PHOTOS + 1];
    int n, seen = 0;
    n = find_examples(e, 0, 0, 0, PHOTOS + 1, found);
    for (int i = 0; i + 1 < n; i++) {
        if (strcmp(fv_examples_photo(e, found[i].photo), "01.png")) continue;
        assert_string_equal(fv_examples_photo(e, found[i + 1].photo), "deep/a.png");
        assert_true(found[i].value == found[i + 1].value);
        seen = 1;
    }
    assert_true(seen);
    fv_examples_free(e);
    g_unlink(loop);
    g_unlink(twin);
    g_free(loop);
    g_free(twin);
    g_free(one);
}

static void test_refused(void **state) {
    (void)state;
    char *empty = g_build_filename(root, "empty", NULL),
         *bad = g_build_filename(empty, "a.jpg", NULL);
    g_mkdir(empty, 0777);
    expect_failure("head/conv", empty, FV_NOTFOUND, "there is no picture in this folder");
    assert_true(g_file_set_contents(bad, "x", 1, NULL));
    expect_failure("head/conv", empty, FV_FORMAT, "none of its 1 pictures can be measured");
    expect_failure("head/conv", bad, FV_IO, bad);
    expect_failure("head/conv", "/nowhere/at/all", FV_IO, "/nowhere/at/all");
    expect_failure("class:hne", photos, FV_NOTFOUND, "hne");
    expect_failure("class:10", photos, FV_NOTFOUND, "10");
    expect_failure("head/conv:12", photos, FV_NOTFOUND, "12 channels; 12 does not exist (0..11)");
    expect_failure("head/cnov", photos, FV_NOTFOUND, "head/conv");
    expect_failure("tv", photos, FV_ARG, "tv");
    fv_model *vector = NULL, *keep = model;
    fv_session *kept = session;
    assert_int_equal(fv_model_load("tests/data/cli/vector.onnx", NULL, &vector, NULL), FV_OK);
    model = vector;
    assert_int_equal(fv_session_new(vector, NULL, &session, NULL), FV_OK);
    expect_failure("dense1", photos, FV_SHAPE, "no picture of 1, 3 or 4 channels");
    fv_session_free(session);
    model = keep;
    session = kept;
    fv_model_free(vector);
    g_free(bad);
    g_free(empty);
}

static int count_units(const fv_model *m, const char *const *objectives, int count) {
    fv_error err;
    int units = 0;
    if (count_texts(m, objectives, count, &units, &err)) fail_msg("%s", err.text);
    return units;
}

/* A layer's units are its channels, on whichever axis those are. */
static void test_count(void **state) {
    (void)state;
    static const char *const objectives[] = {"head/conv", "class:3", "head/conv:2 - stem/conv:1",
                                             "head/conv"};
    static const struct {
        const char *file, *layer;
        int units;
    } last_axis[] = {
        {"convnext.new20.onnx", "val_5", 24}, /* [1][3][3][24] */
        {"swin.old17.onnx", "v85", 8},        /* [1][16][8] */
    };
    fv_examples *e = scan_with(objectives, 4, NULL);
    assert_int_equal(count_units(model, objectives, 4), 12 + 1 + 1 + 12);
    assert_int_equal(fv_examples_unit_count(e), 12 + 1 + 1 + 12);
    fv_examples_free(e);
    for (size_t i = 0; i < sizeof last_axis / sizeof *last_axis; i++) {
        fv_model *m = NULL;
        char *path = g_build_filename("tests/golden", last_axis[i].file, NULL);
        assert_int_equal(fv_model_load(path, NULL, &m, NULL), FV_OK);
        assert_int_equal(count_units(m, &last_axis[i].layer, 1), last_axis[i].units);
        fv_model_free(m);
        g_free(path);
    }
    int units = 0;
    static const char *const wrong = "head/cnov";
    assert_int_equal(count_texts(model, &wrong, 1, &units, NULL), FV_NOTFOUND);
    assert_int_equal(fv_examples_count_units(model, NULL, 1, &units, NULL), FV_ARG);
    assert_int_equal(count_texts(model, objectives, 1, NULL, NULL), FV_ARG);
}

enum { FILES = 40 }; /* a process may have open, in the next test */

/* Every index is an open file, and half of those are left for other things. */
static void test_many_tables(void **state) {
    (void)state;
    char *objectives[FILES / 2 + 1];
    fv_examples *e = NULL;
    fv_error err = {0};
    struct rlimit before, few;
    for (int i = 0; i <= FILES / 2; i++)
        objectives[i] = g_strdup_printf("head/conv:1 + %d*head/conv:2", i + 2);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = FILES;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    const char *const *asked = (const char *const *)objectives;
    fv_status all = scan_texts(model, session, asked, FILES / 2 + 1, photos, NULL, &e, &err);
    fv_examples_free(e);
    e = scan_with(asked, FILES / 2, NULL);
    assert_int_equal(fv_examples_unit_count(e), FILES / 2);
    fv_examples_free(e);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(all, FV_UNSUPPORTED);
    assert_non_null(strstr(err.text, "21 layers and expressions"));
    assert_non_null(strstr(err.text, "at most 20"));
    for (int i = 0; i <= FILES / 2; i++) g_free(objectives[i]);
}

/* ---- what is seen --------------------------------------------------------------------------- */

/* Value of a layer's channel at one position for an input. */
static float at_position(const fv_tensor *x, const char *layer, int channel, int y, int x_at) {
    fv_tensor *out = NULL;
    assert_int_equal(fv_session_run(session, x, layer, &out, NULL), FV_OK);
    const float v = out->data[(channel * out->dim[2] + y) * out->dim[3] + x_at];
    fv_tensor_free(out);
    return v;
}

/* Number of a photo: photo 3n is not resized. */
static int number_of(const fv_examples *e, int photo) {
    const char *name = fv_examples_photo(e, photo);
    return atoi(name[0] == 'd' ? name + strlen("deep/") : name);
}

/* What lies outside the rectangle makes no difference; its corner does. */
static void check_region(const fv_examples *e, const fv_example *x, const char *layer, int most) {
    const int top = x->top - CROP, left = x->left - CROP, unit = x->unit;
    assert_false(x->whole);
    assert_true(top >= 0 && left >= 0 && top + x->height <= INPUT);
    assert_true(x->height <= most && x->width <= most);
    assert_true(x->center_top >= x->top && x->center_left >= x->left);
    fv_tensor *in = input_of(fv_examples_photo(e, x->photo));
    check_near(at_position(in, layer, unit, x->y, x->x), x->value);
    for (int p = 0; p < 3 * INPUT * INPUT; p++) {
        const int row = p / INPUT % INPUT - top, column = p % INPUT - left;
        if (row < 0 || row >= x->height || column < 0 || column >= x->width)
            in->data[p] = 0.9f - in->data[p];
    }
    check_near(at_position(in, layer, unit, x->y, x->x), x->value);
    for (int c = 0; c < 3; c++) in->data[(c * INPUT + top) * INPUT + left] += 5;
    assert_true(fabsf(at_position(in, layer, unit, x->y, x->x) - x->value) > 1e-4f);
    fv_tensor_free(in);
}

static void test_region(void **state) {
    (void)state;
    static const char *const layers[] = {"stem/conv", "head/conv"};
    for (int k = 0; k < 2; k++) {
        fv_examples *e = scan(layers[k], NULL);
        for (int u = 0; u < 10; u++) {
            fv_example ex[PHOTOS];
            int i = 0;
            find_examples(e, u, 0, u % 2, PHOTOS, ex);
            while (number_of(e, ex[i].photo) % 3) i++;
            check_region(e, &ex[i], layers[k], k ? 7 : 3);
        }
        fv_examples_free(e);
    }
}

/* A rectangle of a photo that is resized: half the size, twice the rectangle. */
static void test_scaled_region(void **state) {
    (void)state;
    fv_examples *e = scan("stem/conv:0", NULL);
    fv_example ex[PHOTOS];
    int n, seen = 0;
    n = find_examples(e, 0, 0, 0, PHOTOS, ex);
    for (int i = 0; i < n; i++) {
        if (number_of(e, ex[i].photo) % 3 != 2)
            continue; /* 37 high, 80 wide: the middle 32 columns */
        assert_int_equal(ex[i].top, CROP + 2 * ex[i].y);
        assert_int_equal(ex[i].left, 24 + 2 * ex[i].x);
        seen++;
    }
    assert_true(seen > 5);
    fv_examples_free(e);
}

static int is_orange(const fv_image *p, int y, int x) {
    const int64_t plane = (int64_t)p->height * p->width, at = (int64_t)y * p->width + x;
    return p->data[at] == 1 && fabsf(p->data[plane + at] - 0.6f) < 1e-6f &&
           p->data[2 * plane + at] == 0;
}

static int count_orange(const fv_image *p) {
    int n = 0;
    for (int i = 0; i < p->height * p->width; i++) n += is_orange(p, i / p->width, i % p->width);
    return n;
}

static void test_tiles(void **state) {
    (void)state;
    fv_examples *e = scan("head/conv", NULL);
    fv_example ex;
    fv_image *tile = NULL;
    find_examples(e, 4, 0, 0, 1, &ex);
    assert_int_equal(fv_examples_tile(e, &ex, 0, 21, &tile, NULL), FV_OK); /* cut out, enlarged */
    assert_int_equal(MAX(tile->height, tile->width), 21);
    assert_int_equal(count_orange(tile), 0);
    fv_image_free(tile);
    assert_int_equal(fv_examples_tile(e, &ex, 0, 400, &tile, NULL), FV_OK); /* left to montages */
    assert_int_equal(tile->height, ex.height);
    assert_int_equal(tile->width, ex.width);
    fv_image_free(tile);
    assert_int_equal(fv_examples_tile(e, &ex, FV_EXAMPLE_PHOTO, 74, &tile, NULL), FV_OK);
    assert_int_equal(MAX(tile->height, tile->width), 74);
    assert_in_range(count_orange(tile), 40, 400);
    fv_image_free(tile);
    assert_int_equal(fv_examples_tile(e, &ex, 0, 2, &tile, NULL), FV_ARG);
    ex.photo = PHOTOS;
    assert_int_equal(fv_examples_tile(e, &ex, 0, 64, &tile, NULL), FV_ARG);
    fv_examples_free(e);
}

static void test_sheets(void **state) {
    (void)state;
    fv_examples *e = scan("head/conv", NULL);
    fv_image *sheet = NULL, *both = NULL, *optimised = make_photo(1, 48, 48);
    const fv_contact_sheet_desc one = {.struct_size = sizeof one, .top = 3, .tile = 50};
    const fv_contact_sheet_desc two = {
        .struct_size = sizeof two, .top = 3, .bottom = 2, .tile = 50, .by = FV_SCORE_MEAN};
    assert_int_equal(fv_examples_contact_sheet(e, 2, &one, &sheet, NULL), FV_OK);
    assert_int_equal(fv_examples_contact_sheet(e, 2, &two, &both, NULL), FV_OK);
    assert_true(both->height > 3 * sheet->height / 2);
    assert_string_equal(fv_image_text(sheet, "fovea.objective"), "head/conv:2");
    assert_non_null(strstr(fv_image_text(both, "fovea.options"), "by=mean; top=3; bottom=2"));
    assert_string_equal(fv_image_text(sheet, "fovea.model-sha256"), fv_model_sha256(model));
    fv_image_free(sheet);
    fv_image_free(both);
    const fv_contact_sheet_desc wrong = {.struct_size = sizeof wrong, .top = -1};
    assert_int_equal(fv_examples_contact_sheet(e, 2, &wrong, &sheet, NULL), FV_ARG);
    assert_int_equal(fv_examples_contact_sheet(e, 12, &one, &sheet, NULL), FV_ARG);
    assert_int_equal(fv_examples_strip(e, 2, optimised, optimised, NULL, &sheet, NULL), FV_OK);
    assert_int_equal(fv_examples_strip(e, 2, NULL, NULL, NULL, &both, NULL), FV_OK);
    assert_true(sheet->width > 4 * 192);
    assert_true(both->width > 2 * 192);
    fv_image_free(sheet);
    fv_image_free(both);
    fv_image_free(optimised);
    fv_examples_free(e);
}

/* A photo that is another one by the time it is shown. */
static void test_changed_since(void **state) {
    (void)state;
    save_photo("zz.png", 77, SIDE, SIDE);
    fv_examples *e = scan("head/conv:0", NULL);
    fv_example ex = {.photo = fv_examples_photo_count(e) - 1, .height = SIDE, .width = SIDE};
    fv_image *tile = NULL;
    fv_error err;
    assert_string_equal(fv_examples_photo(e, ex.photo), "zz.png");
    save_photo("zz.png", 78, 20, 20);
    assert_int_equal(fv_examples_tile(e, &ex, FV_EXAMPLE_CROP, 64, &tile, &err), FV_IO);
    assert_non_null(strstr(err.text, "has changed since"));
    remove_file("zz.png");
    assert_int_equal(fv_examples_tile(e, &ex, FV_EXAMPLE_CROP, 64, &tile, &err), FV_IO);
    fv_examples_free(e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),          cmocka_unit_test(test_objectives),
        cmocka_unit_test(test_first_of_equals), cmocka_unit_test(test_measure),
        cmocka_unit_test(test_spread),          cmocka_unit_test(test_known),
        cmocka_unit_test(test_unreadable),      cmocka_unit_test(test_damaged_index),
        cmocka_unit_test(test_links_and_ties),  cmocka_unit_test(test_refused),
        cmocka_unit_test(test_region),          cmocka_unit_test(test_scaled_region),
        cmocka_unit_test(test_tiles),           cmocka_unit_test(test_sheets),
        cmocka_unit_test(test_changed_since),   cmocka_unit_test(test_many_tables),
        cmocka_unit_test(test_count),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
