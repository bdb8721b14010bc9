/* SPDX-License-Identifier: Apache-2.0 */
/* Misuse of recipe.h and render.h: recipes, objectives, rendering, dreams, animations. */
#include "misuse.h"

#define UNIT "pool:0"

/* ---- recipes and options -------------------------------------------------------------------- */

/* A recipe for tiny pictures, made by setup. */
static fv_recipe *good;

static void test_recipes(void **state) {
    (void)state;
    const int n = fv_recipe_count(), m = fv_recipe_option_count();
    assert_true(n > 0 && m > 0);
    GIVES(NULL, fv_recipe_name(-1));
    GIVES(NULL, fv_recipe_name(n));
    GIVES(NULL, fv_recipe_summary(-1));
    GIVES(NULL, fv_recipe_summary(n));
    GIVES(NULL, fv_recipe_option_at(-1));
    GIVES(NULL, fv_recipe_option_at(m));
    assert_string_equal(fv_recipe_default(NULL, t.pool), "fovea");
    assert_string_equal(fv_recipe_default(t.net, NULL), "fovea");
    assert_string_equal(fv_recipe_default(t.vector, NULL), "erhan");
    assert_non_null(fv_recipe_default(t.net, t.dense));
}

static void test_making(void **state) {
    const fv_objective *unit[] = {t.pool}, *wrong[] = {t.dense}, *none[] = {t.pool, NULL};
    (void)state;
    REFUSED(FV_ARG, "model must", fv_recipe_new(NULL, NULL, unit, 1, &o.recipe, err));
    REFUSED(FV_ARG, "out must", fv_recipe_new(t.net, NULL, unit, 1, NULL, err));
    REFUSED(FV_ARG, "-1 objectives; allowed: 0",
            fv_recipe_new(t.net, NULL, NULL, -1, &o.recipe, err));
    REFUSED(FV_ARG, "-1 objectives", fv_recipe_new(t.net, NULL, unit, -1, &o.recipe, err));
    REFUSED(FV_ARG, "objectives is NULL", fv_recipe_new(t.net, NULL, NULL, 1, &o.recipe, err));
    REFUSED(FV_NOTFOUND, "lucid", fv_recipe_new(t.net, "none", unit, 1, &o.recipe, err));
    REFUSED(FV_NOTFOUND, "lucid", fv_recipe_new(t.net, "", NULL, 0, &o.recipe, err));
    REFUSED(FV_ARG, "another model", fv_recipe_new(t.net, NULL, wrong, 1, &o.recipe, err));
    REFUSED(FV_ARG, "objective 1", fv_recipe_new(t.net, NULL, none, 2, &o.recipe, err));
    REFUSED(FV_ARG, "recipe must", fv_recipe_copy(NULL, &o.recipe, err));
    REFUSED(FV_ARG, "out must", fv_recipe_copy(good, NULL, err));
    REFUSED(FV_ARG, "recipe must", fv_recipe_for(NULL, t.pool, &o.recipe, err));
    REFUSED(FV_ARG, "objective must", fv_recipe_for(good, NULL, &o.recipe, err));
    REFUSED(FV_ARG, "out must", fv_recipe_for(good, t.pool, NULL, err));
    REFUSED(FV_ARG, "another model", fv_recipe_for(good, t.dense, &o.recipe, err));
    WORKS(fv_recipe_new(t.net, NULL, NULL, 0, &o.recipe, err));
    fv_recipe_free(o.recipe);
    HARMLESS(fv_recipe_free(NULL));
}

static void test_options(void **state) {
    (void)state;
    REFUSED(FV_ARG, "recipe must", fv_recipe_set(NULL, "steps", "1", err));
    REFUSED(FV_ARG, "option must", fv_recipe_set(good, NULL, "1", err));
    REFUSED(FV_ARG, "value must", fv_recipe_set(good, "steps", NULL, err));
    REFUSED(FV_NOTFOUND, "no option", fv_recipe_set(good, "", "1", err));
    REFUSED(FV_NOTFOUND, "no option", fv_recipe_set(good, "step", "1", err));
    REFUSED(FV_NOTFOUND, "no option", fv_recipe_set(good, "recipe", "lucid", err));
    REFUSED(FV_ARG, "option must", fv_recipe_option_check(NULL, "1", err));
    REFUSED(FV_ARG, "value must", fv_recipe_option_check("steps", NULL, err));
    REFUSED(FV_NOTFOUND, "no option", fv_recipe_option_check("", "1", err));
    char preset[8] = "before";
    REFUSED(FV_ARG, "recipe must", fv_recipe_preset(NULL, "steps", preset, 8, err));
    REFUSED(FV_ARG, "option must", fv_recipe_preset("lucid", NULL, preset, 8, err));
    REFUSED(FV_ARG, "text must", fv_recipe_preset("lucid", "steps", NULL, 8, err));
    REFUSED(FV_ARG, "size is 0", fv_recipe_preset("lucid", "steps", preset, 0, err));
    REFUSED(FV_NOTFOUND, "no recipe", fv_recipe_preset("lucit", "steps", preset, 8, err));
    REFUSED(FV_NOTFOUND, "no option", fv_recipe_preset("lucid", "stesp", preset, 8, err));
    assert_string_equal(preset, "before");
    WORKS(fv_recipe_preset("lucid", "steps", preset, 8, err));
    assert_string_equal(preset, "513");
    WORKS(fv_recipe_preset("wolfram", "size", preset, 8, err));
    assert_string_equal(preset, "");
    for (int i = 0; i < fv_recipe_option_count(); i++) {
        const char *name = fv_recipe_option_at(i)->name;
        const int is_list = strstr(name, "transforms") != NULL;
        char before[2048], after[2048];
        if (strcmp(name, "regularizer") == 0) continue; /* "" is none; and it needs a model */
        WORKS(fv_recipe_get(good, name, before, sizeof before, err));
        REFUSED(FV_ARG, name, fv_recipe_set(good, name, "@", err));
        if (!is_list) REFUSED(FV_ARG, name, fv_recipe_set(good, name, "", err));
        REFUSED(FV_ARG, name, fv_recipe_option_check(name, "@", err));
        WORKS(fv_recipe_get(good, name, after, sizeof after, err));
        assert_string_equal(before, after);
    }
    REFUSED(FV_ARG, "recipe must", fv_recipe_get(NULL, "steps", o.text, sizeof o.text, err));
    REFUSED(FV_ARG, "option must", fv_recipe_get(good, NULL, o.text, sizeof o.text, err));
    REFUSED(FV_ARG, "text must", fv_recipe_get(good, "steps", NULL, 8, err));
    REFUSED(FV_ARG, "at least 1", fv_recipe_get(good, "steps", o.text, 0, err));
    REFUSED(FV_NOTFOUND, "no option", fv_recipe_get(good, "", o.text, sizeof o.text, err));
    WORKS(fv_recipe_get(good, "steps", o.text, 1, err));
}

/* Values that are out of their option's range. */
static void test_values(void **state) {
    (void)state;
    static const char *const wrong[][3] = {
        {"size", "-1", "32769"},
        {"size", "0x4", "4x32769"},
        {"seed", "-1", "18446744073709551616"},
        {"restarts", "0", "1025"},
        {"reduction", "9", "-1"},
        {"view", "3", "-1"},
        {"param", "6", "-1"},
        {"color", "4", "0"},
        {"output-activation", "4", "-1"},
        {"range", "1,1", "nan,1"},
        {"range", "0,inf", "1"},
        {"decay", "-5", "nan"},
        {"gain", "0", "1e7"},
        {"bias", "-11", "11"},
        {"phase-std", "-1", "7"},
        {"param-levels", "-1", "11"},
        {"start", "6", "-1"},
        {"start-mean", "nan", "-inf"},
        {"start-sd", "-1", "nan"},
        {"parameter-decay", "-1", "2"},
        {"blur", "-1", "101"},
        {"norm", "-1", "nan"},
        {"regularize-every", "0", "1000001"},
        {"gradient", "8", "-1"},
        {"gradient-levels", "-1", "11"},
        {"gradient-clip", "-1", "nan"},
        {"optimizer", "8", "-1"},
        {"rate", "-1", "inf"},
        {"rate-end", "-1", "2"},
        {"beta1", "-1", "1"},
        {"beta2", "-1", "1"},
        {"epsilon", "-1", "nan"},
        {"epsilon-under-root", "1", "-1"},
        {"weight-decay", "-1", "2"},
        {"steps", "0", "1000001"},
        {"copies", "0", "1025"},
        {"levels", "0", "33"},
        {"level-scale", "1", "17"},
        {"octave-order", "3", "-1"},
        {"octave-carry", "3", "-1"},
        {"tile", "-2", "32769"},
        {"patience", "-2", "1000001"},
        {"keep", "1", "-1"},
        {"display", "5", "-1"},
        {"margin", "-1", "1"},
        {"alpha", "1", "2"},
        {"relu-redirect-steps", "-2", "1000001"},
        {"transforms", "jitter(nan)", "pad(1;5)"},
        {"transforms", "99(1)", "jitter(-1)"},
        {"in-place-transforms", "roll(1,2,3,4)", "roll("},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        for (int k = 1; k < 3; k++)
            REFUSED(FV_ARG, wrong[i][0], fv_recipe_set(good, wrong[i][0], wrong[i][k], err));
    char many[17 * 8 + 1] = "", long_text[257];
    for (int i = 0; i < 17; i++) strcat(many, "roll(1) ");
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[256] = '\0';
    REFUSED(FV_ARG, "transforms", fv_recipe_set(good, "transforms", many, err));
    REFUSED(FV_ARG, "regularizer", fv_recipe_set(good, "regularizer", long_text, err));
    REFUSED(FV_ARG,
            "regularizer is \"- 3*tv(\": ", fv_recipe_set(good, "regularizer", "- 3*tv(", err));
    REFUSED(FV_NOTFOUND, "\"tvv\"", fv_recipe_set(good, "regularizer", "- 3*tvv", err));
}

/* What is copied: pictures to start from, masks, spectra; and shapes. */
static void test_inputs(void **state) {
    (void)state;
    REFUSED(FV_ARG, "recipe must", fv_recipe_set_image(NULL, "start", t.photo, err));
    REFUSED(FV_ARG, "input must", fv_recipe_set_image(good, NULL, t.photo, err));
    REFUSED(FV_NOTFOUND, "start, mask", fv_recipe_set_image(good, "spectrum", t.photo, err));
    REFUSED(FV_ARG, "0 channels", fv_recipe_set_image(good, "start", &no_image, err));
    REFUSED(FV_ARG, "data", fv_recipe_set_image(good, "start", &no_data, err));
    REFUSED(FV_ARG, "mask", fv_recipe_set_image(good, "mask", &seven_channels, err));
    REFUSED(FV_ARG, "recipe must", fv_recipe_set_tensor(NULL, "spectrum", t.input, err));
    REFUSED(FV_ARG, "input must", fv_recipe_set_tensor(good, NULL, t.input, err));
    REFUSED(FV_NOTFOUND, "spectrum", fv_recipe_set_tensor(good, "mask", t.input, err));
    REFUSED(FV_ARG, "spectrum", fv_recipe_set_tensor(good, "spectrum", &no_tensor, err));
    REFUSED(FV_ARG, "spectrum", fv_recipe_set_tensor(good, "spectrum", &negative_dim, err));
    REFUSED(FV_SHAPE, "allowed: [3][height][width/2+1]",
            fv_recipe_set_tensor(good, "spectrum", t.vector_input, err));
    float magnitudes[3] = {1, -1, 1}, pixels[3] = {0, 1, NAN};
    const fv_tensor spectrum = {3, {3, 1, 1}, magnitudes};
    fv_image picture = {.channels = 3, .height = 1, .width = 1, .data = pixels};
    REFUSED(FV_ARG, "element 1 is -1", fv_recipe_set_tensor(good, "spectrum", &spectrum, err));
    magnitudes[1] = INFINITY;
    REFUSED(FV_ARG, "element 1 is inf", fv_recipe_set_tensor(good, "spectrum", &spectrum, err));
    REFUSED(FV_ARG, "the value nan at (0, 0) of channel 2",
            fv_recipe_set_image(good, "start", &picture, err));
    pixels[2] = 1.5f;
    REFUSED(FV_ARG, "the mask has the value 1.5", fv_recipe_set_image(good, "mask", &picture, err));
    pixels[2] = -0.5f;
    REFUSED(FV_ARG, "allowed: 0..1", fv_recipe_set_image(good, "start", &picture, err));
    fv_recipe *vector = NULL, *r = NULL;
    WORKS(fv_recipe_new(t.vector, NULL, NULL, 0, &vector, err));
    REFUSED(FV_ARG, "recipe must", fv_recipe_set_shape(NULL, 1, 1, 4, err));
    REFUSED(FV_ARG, "is a picture", fv_recipe_set_shape(good, 1, 1, 4, err));
    REFUSED(FV_ARG, "-1", fv_recipe_set_shape(vector, -1, 1, 4, err));
    REFUSED(FV_ARG, "0", fv_recipe_set_shape(vector, 1, 0, 4, err));
    REFUSED(FV_ARG, "0", fv_recipe_set_shape(vector, 1, 1, 0, err));
    REFUSED(FV_SHAPE, "4 elements", fv_recipe_set_shape(vector, 5, 1, 1, err));
    REFUSED(FV_ARG, "no picture", fv_recipe_set(vector, "size", "receptive", err));
    WORKS(fv_recipe_set_shape(vector, 1, 2, 2, err));
    REFUSED(FV_ARG, "another model", fv_render(t.session, UNIT, vector, &o.image, err));
    fv_recipe_free(vector);

    WORKS(fv_recipe_copy(good, &r, err));
    WORKS(fv_recipe_set(r, "start", "image", err));
    REFUSED(FV_ARG, "no image", fv_render(t.session, UNIT, r, &o.image, err));
    WORKS(fv_recipe_set_image(r, "start", t.photo, err));
    WORKS(fv_recipe_set(r, "start", "normal", err));
    WORKS(fv_render(t.session, UNIT, r, &o.image, err));
    fv_image_free(o.image);
    o.image = NULL;
    WORKS(fv_recipe_set_image(r, "start", NULL, err));
    magnitudes[1] = 1;
    WORKS(fv_recipe_set_tensor(r, "spectrum", &spectrum, err));
    REFUSED(FV_ARG, "spectrum", fv_render(t.session, UNIT, r, &o.image, err));
    WORKS(fv_recipe_set(r, "param", "phase", err));
    WORKS(fv_recipe_set_tensor(r, "spectrum", NULL, err));
    WORKS(fv_render(t.session, UNIT, r, &o.image, err));
    fv_image_free(o.image);
    fv_recipe_free(r);
}

/* ---- calls ---------------------------------------------------------------------------------- */

static void test_render(void **state) {
    const fv_objective *unit[] = {t.pool, NULL}, *wrong[] = {t.dense};
    fv_recipe *r = NULL;
    (void)state;
    REFUSED(FV_ARG, "session must", fv_render(NULL, UNIT, NULL, &o.image, err));
    REFUSED(FV_ARG, "objective must", fv_render(t.session, NULL, NULL, &o.image, err));
    REFUSED(FV_ARG, "out must", fv_render(t.session, UNIT, NULL, NULL, err));
    REFUSED(FV_ARG, "empty", fv_render(t.session, "", good, &o.image, err));
    REFUSED(FV_NOTFOUND, "nothing", fv_render(t.session, "nothing:0", good, &o.image, err));
    REFUSED(FV_NOTFOUND, "12", fv_render(t.session, "pool:12", good, &o.image, err));
    REFUSED(FV_ARG, "nothing of the network", fv_render(t.session, "tv", good, &o.image, err));
#define MANY(SESSION, UNITS, COUNT, OUT) fv_render_many(SESSION, UNITS, COUNT, good, NULL, OUT, err)
    REFUSED(FV_ARG, "session must", MANY(NULL, unit, 1, o.renderings));
    REFUSED(FV_ARG, "objectives must", MANY(t.session, NULL, 1, o.renderings));
    REFUSED(FV_ARG, "out must", MANY(t.session, unit, 1, NULL));
    REFUSED(FV_ARG, "objective 1",
            fv_render_many(t.session, unit, 2, NULL, NULL, o.renderings, err));
    REFUSED(FV_ARG, "at least 1", MANY(t.session, unit, 0, o.renderings));
    REFUSED(FV_ARG, "at least 1", MANY(t.session, unit, -1, o.renderings));
    REFUSED(FV_ARG, "objective 1", MANY(t.session, unit, 2, o.renderings));
    REFUSED(FV_ARG, "another model", MANY(t.session, wrong, 1, o.renderings));
#define RUN(...)                                                                                 \
    fv_render_many(t.session, unit, 1, good, FV_DESC(fv_render_desc, __VA_ARGS__), o.renderings, \
                   err)
    REFUSED(FV_ARG, "batch is -1", RUN(.batch = -1));
    REFUSED(FV_ARG, "batch is 1025", RUN(.batch = 1025));
    REFUSED(FV_ARG, "snapshot_every", RUN(.snapshot_every = -1));
    REFUSED(FV_ARG, "snapshot_every", RUN(.snapshot_every = INT_MIN));
    fv_session *others[] = {t.session, NULL};
    REFUSED(FV_ARG, "other_count is -1", RUN(.other_count = -1));
    REFUSED(FV_ARG, "other_count is 256", RUN(.others = others, .other_count = 256));
    REFUSED(FV_ARG, "others must not be NULL", RUN(.other_count = 1));
    REFUSED(FV_ARG, "others[0] is there twice", RUN(.others = others, .other_count = 1));
    REFUSED(FV_ARG, "others[0] is NULL", RUN(.others = others + 1, .other_count = 1));
    others[0] = t.vector_session;
    REFUSED(FV_ARG, "others[0] is of another model", RUN(.others = others, .other_count = 1));
    REFUSED(
        FV_ARG, "struct_size is 0",
        fv_render_many(t.session, unit, 1, good, &(fv_render_desc){.batch = 1}, o.renderings, err));
    WORKS(fv_recipe_copy(good, &r, err));
    WORKS(fv_recipe_set(r, "restarts", "1024", err));
    REFUSED(FV_ARG, "too many",
            fv_render_many(t.session, unit, INT_MAX, r, NULL, o.renderings, err));
    WORKS(fv_recipe_set(r, "levels", "32", err)); /* 16^31 times as large */
    WORKS(fv_recipe_set(r, "level-scale", "16", err));
    REFUSED(FV_ARG, "levels", fv_render(t.session, UNIT, r, &o.image, err));
    fv_recipe_free(r);
    HARMLESS(fv_rendering_free(NULL));
}

static void test_timing(void **state) {
    (void)state;
#define BENCH(MODEL, OBJECTIVE, OUT, ...)                                                      \
    fv_bench_render(MODEL, OBJECTIVE, NULL, &(fv_bench_desc){.repeats = 1, __VA_ARGS__}, NULL, \
                    OUT, err)
    REFUSED(FV_ARG, "model must", BENCH(NULL, t.pool, &o.render_bench, .threads = 1));
    REFUSED(FV_ARG, "objective must", BENCH(t.net, NULL, &o.render_bench, .threads = 1));
    REFUSED(FV_ARG, "out must", BENCH(t.net, t.pool, NULL, .threads = 1));
    REFUSED(FV_ARG, "repeats is -1",
            fv_bench_render(t.net, t.pool, NULL, &(fv_bench_desc){.repeats = -1}, NULL,
                            &o.render_bench, err));
    REFUSED(FV_ARG, "another model", BENCH(t.net, t.dense, &o.render_bench, .threads = 1));
    REFUSED(FV_ARG, "threads is -1", BENCH(t.net, t.pool, &o.render_bench, .threads = -1));
    REFUSED(FV_IO, "no such file", BENCH(t.net, t.pool, &o.render_bench, .plugin = "/none.so"));
#undef BENCH
    assert_string_equal(fv_stage_name(FV_STAGE_COUNT), "?");
    assert_string_equal(fv_stage_name((fv_stage)-1), "?");
}

static void test_groups(void **state) {
    const fv_image *two[] = {t.photo, t.photo}, *none[] = {t.photo, NULL};
    const fv_image *bad[] = {t.photo, &no_data}, *huge[] = {&huge_image, t.photo};
    (void)state;
#define GROUP(IMAGES, COUNT, ...)                                                             \
    fv_images_group(IMAGES, COUNT, FV_DESC(fv_group_desc, __VA_ARGS__), o.integers, o.values, \
                    &o.count, err)
    REFUSED(FV_ARG, "images must", fv_images_group(NULL, 2, NULL, o.integers, NULL, &o.count, err));
    REFUSED(FV_ARG, "groups must",
            fv_images_group(two, 2, FV_DESC(fv_group_desc, .fixed = 1), NULL, NULL, &o.count, err));
    REFUSED(FV_ARG, "distinct must", fv_images_group(two, 2, NULL, o.integers, NULL, NULL, err));
    REFUSED(FV_ARG, "at least 1", GROUP(two, 0, .threshold = 0));
    REFUSED(FV_ARG, "at least 1", GROUP(two, -1, .threshold = 0));
    REFUSED(FV_ARG, "threshold", GROUP(two, 2, .threshold = -1));
    REFUSED(FV_ARG, "threshold", GROUP(two, 2, .threshold = NAN));
    REFUSED(FV_ARG, "threshold", GROUP(two, 2, .threshold = 3));
    REFUSED(FV_ARG, "picture 1", GROUP(none, 2, .threshold = 0));
    REFUSED(FV_ARG, "picture 1", GROUP(bad, 2, .threshold = 0));
    REFUSED(FV_ARG, "picture 0", GROUP(huge, 2, .threshold = 0));
    WORKS(GROUP(two, 2, .threshold = 0));
    assert_int_equal(o.count, 1);
}

static void test_spectrum(void **state) {
    const char *one[] = {t.path}, *none[] = {t.path, NULL}, *nowhere[] = {"nowhere.png"};
    (void)state;
#define FILES(PATHS, COUNT) fv_spectrum(PATHS, COUNT, NULL, &o.tensor, &o.count, err)
    REFUSED(FV_ARG, "paths must", FILES(NULL, 1));
    REFUSED(FV_ARG, "out must", fv_spectrum(one, 1, NULL, NULL, NULL, err));
    REFUSED(FV_ARG, "path 1", FILES(none, 2));
    REFUSED(FV_ARG, "at least 1", FILES(one, 0));
    REFUSED(FV_ARG, "at least 1", FILES(one, -1));
    REFUSED(FV_IO, "nowhere", FILES(nowhere, 1));
#define SPECTRUM(...) \
    fv_spectrum(one, 1, FV_DESC(fv_spectrum_desc, __VA_ARGS__), &o.tensor, &o.count, err)
    REFUSED(FV_ARG, "size -1", SPECTRUM(.size = -1));
    REFUSED(FV_ARG, "size", SPECTRUM(.size = INT_MAX));
    REFUSED(FV_ARG, "colour map -1", SPECTRUM(.size = 8, .color = -1));
    REFUSED(FV_ARG, "colour map 4", SPECTRUM(.size = 8, .color = 4));
    REFUSED(FV_ARG, "channels", SPECTRUM(.size = 8, .channels = -1));
    REFUSED(FV_ARG, "channels", SPECTRUM(.size = 8, .channels = 4));
    REFUSED(FV_ARG, "struct_size is 0",
            fv_spectrum(one, 1, &(fv_spectrum_desc){.size = 8}, &o.tensor, &o.count, err));
    WORKS(SPECTRUM(.size = 8));
    fv_tensor_free(o.tensor);
}

/* ---- dreams and animations ------------------------------------------------------------------ */

static void test_dream(void **state) {
    (void)state;
    fv_image *p = NULL, before;
    fv_objective *pool = NULL;
    WORKS(fv_objective_new(t.net, "pool", NULL, 0, &pool, err));
    WORKS(fv_image_crop(t.photo, 0, 0, 40, 40, &p, err));
    before = *p;
    fv_image none = no_image, seven = seven_channels, empty = no_data;
    REFUSED(FV_ARG, "session must", fv_dream(NULL, p, pool, NULL, err));
    REFUSED(FV_ARG, "image must", fv_dream(t.session, NULL, pool, NULL, err));
    REFUSED(FV_ARG, "objective must", fv_dream(t.session, p, NULL, NULL, err));
    REFUSED(FV_ARG, "0 channels", fv_dream(t.session, &none, pool, NULL, err));
    REFUSED(FV_ARG, "7 channels", fv_dream(t.session, &seven, pool, NULL, err));
    REFUSED(FV_ARG, "data", fv_dream(t.session, &empty, pool, NULL, err));
    const float was = p->data[5];
    p->data[5] = NAN;
    REFUSED(FV_ARG, "the picture has the value nan at (0, 5)",
            fv_dream(t.session, p, pool, NULL, err));
    p->data[5] = was;
    REFUSED(FV_ARG, "tv", fv_dream(t.session, p, t.mixed, NULL, err));
    REFUSED(FV_ARG, "another model", fv_dream(t.session, p, t.dense, NULL, err));
    REFUSED(FV_SHAPE, "no picture", fv_dream(t.vector_session, p, t.dense, NULL, err));
#define DREAM(...) fv_dream(t.session, p, pool, FV_DESC(fv_dream_desc, __VA_ARGS__), err)
    REFUSED(FV_ARG, "steps", DREAM(.steps = -1));
    REFUSED(FV_ARG, "steps", DREAM(.steps = 100001));
    REFUSED(FV_ARG, "octaves", DREAM(.octaves = -1));
    REFUSED(FV_ARG, "octaves", DREAM(.octaves = 33));
    REFUSED(FV_ARG, "octave scale", DREAM(.octave_scale = 1));
    REFUSED(FV_ARG, "octave scale", DREAM(.octave_scale = 9));
    REFUSED(FV_ARG, "octave scale", DREAM(.octave_scale = NAN));
    REFUSED(FV_ARG, "rate", DREAM(.rate = -1));
    REFUSED(FV_ARG, "rate", DREAM(.rate = 2));
    REFUSED(FV_ARG, "rate", DREAM(.rate = NAN));
    REFUSED(FV_ARG, "jitter", DREAM(.jitter = -2));
    REFUSED(FV_ARG, "jitter", DREAM(.jitter = INT_MAX));
    REFUSED(FV_ARG, "tile", DREAM(.tile = -1));
    REFUSED(FV_ARG, "tile", DREAM(.tile = 8193));
    REFUSED(FV_ARG, "struct_size is 0",
            fv_dream(t.session, p, pool, &(fv_dream_desc){.steps = 1}, err));
    REFUSED(FV_ARG, "snapshot_every", DREAM(.snapshot_every = -1));
    REFUSED(FV_ARG, "reference", DREAM(.reference = &no_data));
    assert_memory_equal(p, &before, sizeof before);
    WORKS(DREAM(.steps = 1, .octaves = 1, .tile = 32));
    fv_objective_free(pool);
    fv_image_free(p);
}

static void test_animation(void **state) {
    const fv_image *two[] = {t.photo, t.photo}, *none[] = {t.photo, NULL};
    const fv_image *bad[] = {&no_image}, *empty[] = {&no_data}, *huge[] = {&huge_image};
    (void)state;
#define ANIMATION(FRAMES, COUNT, DELAY, PATH) fv_animation_save(FRAMES, COUNT, DELAY, 1, PATH, err)
    const char *path = misuse_path("x.webp");
    REFUSED(FV_ARG, "frames must", ANIMATION(NULL, 2, 100, path));
    REFUSED(FV_ARG, "path must", fv_animation_save(two, 2, 100, 0, NULL, err));
    REFUSED(FV_ARG, "no file", ANIMATION(two, 2, 100, ""));
    REFUSED(FV_ARG, ".webp", ANIMATION(two, 2, 100, "x.png"));
    REFUSED(FV_ARG, "0 frames", ANIMATION(two, 0, 100, path));
    REFUSED(FV_ARG, "-1 frames", ANIMATION(two, -1, 100, path));
    REFUSED(FV_ARG, "9 ms", ANIMATION(two, 2, 9, path));
    REFUSED(FV_ARG, "60001 ms", ANIMATION(two, 2, 60001, path));
    REFUSED(FV_ARG, "frame 1", ANIMATION(none, 2, 100, path));
    REFUSED(FV_ARG, "frame 0", ANIMATION(bad, 1, 100, path));
    REFUSED(FV_ARG, "frame 0", ANIMATION(empty, 1, 100, path));
    REFUSED(FV_ARG, "frame 0", ANIMATION(huge, 1, 100, path));
}

static int setup(void **state) {
    const int st = misuse_setup(state);
    if (st) return st;
    WORKS(fv_recipe_new(t.net, "lucid", NULL, 0, &good, err));
    WORKS(fv_recipe_set(good, "steps", "1", err));
    return 0;
}

static int teardown(void **state) {
    fv_recipe_free(good);
    return misuse_teardown(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recipes),   cmocka_unit_test(test_making),
        cmocka_unit_test(test_options),   cmocka_unit_test(test_values),
        cmocka_unit_test(test_inputs),    cmocka_unit_test(test_render),
        cmocka_unit_test(test_groups),    cmocka_unit_test(test_spectrum),
        cmocka_unit_test(test_dream),     cmocka_unit_test(test_timing),
        cmocka_unit_test(test_animation),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
