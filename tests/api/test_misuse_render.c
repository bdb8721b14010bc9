/* SPDX-License-Identifier: Apache-2.0 */
/* Misuse of render.h: descs, objectives, rendering, dreams, animations. */
#include "misuse.h"

#define UNIT "pool:0"

/* ---- recipes and options -------------------------------------------------------------------- */

static void test_recipes(void **state) {
    (void)state;
    const int n = fv_recipe_count(), m = fv_render_option_count();
    assert_true(n > 0 && m > 0);
    GIVES(NULL, fv_recipe_name(-1));
    GIVES(NULL, fv_recipe_name(n));
    GIVES(NULL, fv_recipe_summary(-1));
    GIVES(NULL, fv_recipe_summary(n));
    GIVES(NULL, fv_render_option_at(-1));
    GIVES(NULL, fv_render_option_at(m));
    assert_string_equal(fv_recipe_default(NULL, UNIT), "fovea");
    assert_string_equal(fv_recipe_default(t.net, NULL), "fovea");
    assert_string_equal(fv_recipe_default(t.vector, NULL), "erhan");
    assert_non_null(fv_recipe_default(t.net, "nothing:"));
}

static void test_options(void **state) {
    fv_render_desc d = {0}, before;
    (void)state;
    WORKS(fv_render_desc_resolve(t.net, NULL, &d, err));
    before = d;
    REFUSED(FV_ARG, "desc must", fv_render_desc_set(NULL, "steps", "1", err));
    REFUSED(FV_ARG, "name must", fv_render_desc_set(&d, NULL, "1", err));
    REFUSED(FV_ARG, "value must", fv_render_desc_set(&d, "steps", NULL, err));
    REFUSED(FV_NOTFOUND, "no option", fv_render_desc_set(&d, "", "1", err));
    REFUSED(FV_NOTFOUND, "no option", fv_render_desc_set(&d, "step", "1", err));
    for (int i = 0; i < fv_render_option_count(); i++) {
        const char *name = fv_render_option_at(i)->name;
        const char *says = strcmp(name, "walk") == 0 ? "transforms" : name; /* it is such a list */
        if (strcmp(name, "regularizer") != 0) /* a text that is read with the objective */
            REFUSED(FV_ARG, says, fv_render_desc_set(&d, name, "@", err));
        if (strcmp(name, "transforms") != 0 && strcmp(name, "walk") != 0 &&
            strcmp(name, "regularizer") != 0)
            REFUSED(FV_ARG, name, fv_render_desc_set(&d, name, "", err));
    }
    assert_memory_equal(&d, &before, sizeof d);
    REFUSED(FV_ARG, "desc must", fv_render_desc_get(NULL, "steps", o.text, sizeof o.text, err));
    REFUSED(FV_ARG, "name must", fv_render_desc_get(&d, NULL, o.text, sizeof o.text, err));
    REFUSED(FV_ARG, "text must", fv_render_desc_get(&d, "steps", NULL, 8, err));
    REFUSED(FV_ARG, "at least 1", fv_render_desc_get(&d, "steps", o.text, 0, err));
    REFUSED(FV_NOTFOUND, "no option", fv_render_desc_get(&d, "", o.text, sizeof o.text, err));
    const fv_render_desc zero = {0};
    for (int i = 0; i < fv_render_option_count(); i++) /* what no recipe ever says */
        WORKS(fv_render_desc_get(&zero, fv_render_option_at(i)->name, o.text, sizeof o.text, err));
    WORKS(fv_render_desc_get(&d, "steps", o.text, 1, err));
}

/* ---- fields --------------------------------------------------------------------------------- */

/* One field of a resolved desc set to a value that is out of its range. */
#define FIELD(field, wrong, says)                                                   \
    do {                                                                            \
        fv_render_desc bad = good;                                                  \
        bad.field = wrong;                                                          \
        REFUSED(FV_ARG, says, fv_render_desc_resolve(t.net, &bad, &o.render, err)); \
        REFUSED(FV_ARG, says, fv_render(t.net, UNIT, &bad, &o.image, err));         \
    } while (0)

static fv_render_desc good;

static void test_sizes(void **state) {
    (void)state;
    FIELD(width, -1, "size");
    FIELD(width, 32769, "size");
    FIELD(height, -1, "size");
    FIELD(height, 32769, "size");
    FIELD(reduction, 9, "reading");
    FIELD(reduction, -1, "reading");
    FIELD(view, 3, "view");
    FIELD(view, -1, "view");
    FIELD(relu_redirect_steps, -2, "redirect");
    FIELD(relu_redirect_steps, 1000001, "redirect");
    FIELD(on_nan, -1, "on_nan");
    FIELD(on_nan, 3, "on_nan");
    FIELD(batch, -1, "batch");
    FIELD(batch, 1025, "batch");
    fv_render_desc d = good;
    d.restarts = -1;
    REFUSED(FV_ARG, "starts", fv_render_desc_resolve(t.net, &d, &o.render, err));
    d.restarts = 1025;
    REFUSED(FV_ARG, "starts", fv_render_desc_resolve(t.net, &d, &o.render, err));
    d = good;
    d.threads = -1;
    REFUSED(FV_ARG, "threads is -1", fv_render(t.net, UNIT, &d, &o.image, err));
    d.threads = 1025;
    REFUSED(FV_ARG, "threads is 1025", fv_render(t.net, UNIT, &d, &o.image, err));
    d = good;
    d.snapshot_every = -1;
    REFUSED(FV_ARG, "snapshot_every", fv_render(t.net, UNIT, &d, &o.image, err));
    d = (fv_render_desc){.channels = -1};
    REFUSED(FV_ARG, "-1", fv_render_desc_resolve(t.vector, &d, &o.render, err));
    d.channels = 5;
    REFUSED(FV_SHAPE, "4 elements", fv_render_desc_resolve(t.vector, &d, &o.render, err));
}

static void test_param(void **state) {
    (void)state;
    FIELD(param.kind, 6, "param");
    FIELD(param.kind, -1, "param is \"-1\"");
    FIELD(param.color, 4, "color");
    FIELD(param.color, 0, "color");
    FIELD(param.output_activation, 4, "squash");
    FIELD(param.output_activation, -1, "squash");
    FIELD(param.low, good.param.high, "range");
    FIELD(param.low, NAN, "range");
    FIELD(param.high, good.param.low, "range");
    FIELD(param.high, INFINITY, "range");
    FIELD(param.decay, -5, "decay");
    FIELD(param.decay, NAN, "decay");
    FIELD(param.gain, 0, "gain");
    FIELD(param.gain, 1e7f, "gain");
    FIELD(param.levels, -1, "param-levels");
    FIELD(param.levels, 11, "param-levels");
    FIELD(param.bias, -11, "bias");
    FIELD(param.bias, 11, "bias");
    FIELD(param.phase_std, -1, "spread");
    FIELD(param.phase_std, 7, "spread");
    FIELD(start.kind, 6, "start");
    FIELD(start.kind, -1, "start");
    FIELD(start.mean, NAN, "start-mean");
    FIELD(start.mean, -INFINITY, "start-mean");
    FIELD(start.sd, -1, "start-sd");
    FIELD(start.sd, NAN, "start-sd");
}

static void test_lists(void **state) {
    (void)state;
    FIELD(transforms.count, -1, "transforms");
    FIELD(transforms.count, 17, "transforms");
    FIELD(in_place_transforms.count, -1, "transforms");
    FIELD(in_place_transforms.count, INT_MAX, "transforms");
    fv_render_desc d = good;
    d.transforms = (fv_transforms){.kind = 1, .count = 1, .list = {{.kind = 99}}};
    REFUSED(FV_ARG, "no kind 99", fv_render_desc_resolve(t.net, &d, &o.render, err));
    d.transforms.list[0] = (fv_transform){.kind = 0};
    REFUSED(FV_ARG, "no kind 0", fv_render_desc_resolve(t.net, &d, &o.render, err));
    d.transforms.list[0] = (fv_transform){.kind = FV_TRANSFORM_PAD, .v = {1}, .edge = 5};
    REFUSED(FV_ARG, "edge", fv_render_desc_resolve(t.net, &d, &o.render, err));
    d.transforms.list[0] = (fv_transform){.kind = FV_TRANSFORM_PAD, .v = {1}, .edge = -1};
    REFUSED(FV_ARG, "edge", fv_render_desc_resolve(t.net, &d, &o.render, err));
    d.transforms.list[0] = (fv_transform){.kind = FV_TRANSFORM_JITTER, .v = {NAN}};
    REFUSED(FV_ARG, "jitter", fv_render_desc_resolve(t.net, &d, &o.render, err));
    d = good;
    memset(d.recipe, 'x', sizeof d.recipe); /* no end */
    REFUSED(FV_NOTFOUND, "xxx", fv_render_desc_resolve(t.net, &d, &o.render, err));
    d = good;
    d.regularizer.kind = 1;
    memset(d.regularizer.terms, 'x', sizeof d.regularizer.terms);
    REFUSED(FV_NOTFOUND, "xxx", fv_render(t.net, UNIT, &d, &o.image, err));
    FIELD(regularizer.decay, -1, "shrink");
    FIELD(regularizer.decay, 2, "shrink");
    FIELD(regularizer.blur, -1, "smooth");
    FIELD(regularizer.blur, 101, "smooth");
    FIELD(regularizer.norm, -1, "norm");
    FIELD(regularizer.norm, NAN, "norm");
    FIELD(regularizer.every, -1, "regularize-every");
    FIELD(regularizer.every, 1000001, "regularize-every");
}

static void test_climbing(void **state) {
    (void)state;
    FIELD(gradient.kind, 8, "gradient");
    FIELD(gradient.kind, -1, "gradient");
    FIELD(gradient.levels, -1, "gradient-levels");
    FIELD(gradient.levels, 11, "gradient-levels");
    FIELD(gradient.clip, -1, "gradient-clip");
    FIELD(gradient.clip, NAN, "gradient-clip");
    FIELD(optimizer.kind, 8, "optimizer");
    FIELD(optimizer.kind, -1, "optimizer");
    FIELD(optimizer.rate, -1, "rate");
    FIELD(optimizer.rate, INFINITY, "rate");
    FIELD(optimizer.rate_end, -1, "rate-end");
    FIELD(optimizer.rate_end, 2, "rate-end");
    FIELD(optimizer.beta1, -1, "beta1");
    FIELD(optimizer.beta1, 1, "beta1");
    FIELD(optimizer.beta2, -1, "beta2");
    FIELD(optimizer.beta2, 1, "beta2");
    FIELD(optimizer.epsilon, -1, "epsilon");
    FIELD(optimizer.epsilon, NAN, "epsilon");
    FIELD(optimizer.weight_decay, -1, "weight-decay");
    FIELD(optimizer.weight_decay, 2, "weight-decay");
    FIELD(schedule.steps, -1, "steps");
    FIELD(schedule.steps, 1000001, "steps");
    FIELD(schedule.copies, -1, "copies");
    FIELD(schedule.copies, 1025, "copies");
    FIELD(schedule.levels, -1, "levels");
    FIELD(schedule.levels, 33, "levels");
    FIELD(schedule.level_scale, 1, "level-scale");
    FIELD(schedule.level_scale, 17, "level-scale");
    FIELD(schedule.octave_order, 3, "levels-are");
    FIELD(schedule.octave_order, -1, "levels-are");
    FIELD(schedule.octave_carry, 3, "carry");
    FIELD(schedule.octave_carry, -1, "carry");
    FIELD(schedule.tile, -2, "tile");
    FIELD(schedule.tile, 32769, "tile");
    FIELD(schedule.patience, -2, "patience");
    FIELD(schedule.patience, 1000001, "patience");
    FIELD(display.kind, 5, "display");
    FIELD(display.kind, -1, "display");
    FIELD(display.margin, -1, "margin");
    FIELD(display.margin, 1, "margin");
    fv_render_desc d = good; /* 16^31 times as large */
    d.schedule.levels = 32, d.schedule.level_scale = 16, d.schedule.octave_order = 1;
    REFUSED(FV_ARG, "levels", fv_render(t.net, UNIT, &d, &o.image, err));
}

/* ---- calls ---------------------------------------------------------------------------------- */

static void test_resolve(void **state) {
    (void)state;
    REFUSED(FV_ARG, "model must", fv_render_desc_resolve(NULL, NULL, &o.render, err));
    REFUSED(FV_ARG, "out must", fv_render_desc_resolve(t.net, NULL, NULL, err));
    const fv_render_desc none = {.recipe = "none"};
    REFUSED(FV_NOTFOUND, "lucid", fv_render_desc_resolve(t.net, &none, &o.render, err));
    WORKS(fv_render_desc_resolve(t.net, NULL, &o.render, err));
}

static void test_settle(void **state) {
    const char *unit[] = {UNIT}, *wrong[] = {"conv99:0"};
    fv_render_desc d = good;
    (void)state;
    REFUSED(FV_ARG, "model must", fv_render_desc_settle(NULL, unit, 1, &d, err));
    REFUSED(FV_ARG, "objectives must", fv_render_desc_settle(t.net, NULL, 1, &d, err));
    REFUSED(FV_ARG, "desc must", fv_render_desc_settle(t.net, unit, 1, NULL, err));
    REFUSED(FV_ARG, "0 objectives", fv_render_desc_settle(t.net, unit, 0, &d, err));
    REFUSED(FV_ARG, "-1 objectives", fv_render_desc_settle(t.net, unit, -1, &d, err));
    d.width = d.height = FV_SIZE_RECEPTIVE;
    REFUSED(FV_NOTFOUND, "conv99", fv_render_desc_settle(t.net, wrong, 1, &d, err));
    assert_int_equal(d.width, FV_SIZE_RECEPTIVE);
    WORKS(fv_render_desc_settle(t.net, unit, 1, &d, err));
}

static void test_render(void **state) {
    const char *unit[] = {UNIT, NULL};
    fv_render_desc d = good;
    (void)state;
    REFUSED(FV_ARG, "model must", fv_render(NULL, UNIT, NULL, &o.image, err));
    REFUSED(FV_ARG, "objective must", fv_render(t.net, NULL, NULL, &o.image, err));
    REFUSED(FV_ARG, "out must", fv_render(t.net, UNIT, NULL, NULL, err));
    REFUSED(FV_ARG, "empty", fv_render(t.net, "", &d, &o.image, err));
    REFUSED(FV_NOTFOUND, "nothing", fv_render(t.net, "nothing:0", &d, &o.image, err));
    REFUSED(FV_NOTFOUND, "12", fv_render(t.net, "pool:12", &d, &o.image, err));
    REFUSED(FV_ARG, "nothing of the network", fv_render(t.net, "tv", &d, &o.image, err));
    REFUSED(FV_ARG, "model must", fv_render_many(NULL, unit, 1, &d, o.renderings, err));
    REFUSED(FV_ARG, "objectives must", fv_render_many(t.net, NULL, 1, &d, o.renderings, err));
    REFUSED(FV_ARG, "out must", fv_render_many(t.net, unit, 1, &d, NULL, err));
    REFUSED(FV_ARG, "at least 1", fv_render_many(t.net, unit, 0, &d, o.renderings, err));
    REFUSED(FV_ARG, "at least 1", fv_render_many(t.net, unit, -1, NULL, o.renderings, err));
    REFUSED(FV_ARG, "empty", fv_render_many(t.net, unit, 2, &d, o.renderings, err));
    d.restarts = 1024;
    REFUSED(FV_ARG, "too many", fv_render_many(t.net, unit, INT_MAX, &d, o.renderings, err));
    HARMLESS(fv_rendering_free(NULL));
}

/* What is borrowed: pictures to start from, masks, spectra. */
static void test_borrowed(void **state) {
    fv_render_desc d = good;
    (void)state;
    d.start.kind = FV_START_IMAGE;
    REFUSED(FV_ARG, "no image", fv_render(t.net, UNIT, &d, &o.image, err));
    d.start.image = &no_image;
    REFUSED(FV_ARG, "0 channels", fv_render(t.net, UNIT, &d, &o.image, err));
    d.start.image = &no_data;
    REFUSED(FV_ARG, "data", fv_render(t.net, UNIT, &d, &o.image, err));
    d.start.image = t.photo;
    d.start.mask = &seven_channels;
    REFUSED(FV_ARG, "mask", fv_render(t.net, UNIT, &d, &o.image, err));
    d = good;
    d.param.kind = FV_PARAM_PHASE;
    d.param.spectrum = &no_tensor;
    REFUSED(FV_ARG, "spectrum", fv_render(t.net, UNIT, &d, &o.image, err));
    d.param.spectrum = &negative_dim;
    REFUSED(FV_ARG, "spectrum", fv_render(t.net, UNIT, &d, &o.image, err));
    d.param.spectrum = t.vector_input;
    REFUSED(FV_SHAPE, "spectrum", fv_render(t.net, UNIT, &d, &o.image, err));
    d = good;
    WORKS(fv_render(t.net, UNIT, &d, &o.image, err));
    fv_image_free(o.image);
}

static void test_timing(void **state) {
    (void)state;
    REFUSED(FV_ARG, "model must", fv_bench_render(NULL, UNIT, NULL, 1, &o.render_bench, err));
    REFUSED(FV_ARG, "objective must", fv_bench_render(t.net, NULL, NULL, 1, &o.render_bench, err));
    REFUSED(FV_ARG, "out must", fv_bench_render(t.net, UNIT, NULL, 1, NULL, err));
    REFUSED(FV_ARG, "repeats is -1", fv_bench_render(t.net, UNIT, NULL, -1, &o.render_bench, err));
    REFUSED(FV_NOTFOUND, "nothing",
            fv_bench_render(t.net, "nothing:0", NULL, 1, &o.render_bench, err));
    assert_string_equal(fv_stage_name(FV_STAGE_COUNT), "?");
    assert_string_equal(fv_stage_name((fv_stage)-1), "?");
}

static void test_objectives(void **state) {
    char room[4];
    (void)state;
#define DESCRIBE(MODEL, TEXT, OUT, SIZE, NOTE) \
    fv_objective_describe(MODEL, TEXT, OUT, SIZE, NOTE, err)
    REFUSED(FV_ARG, "model must", fv_objective_describe(NULL, UNIT, o.text, 99, o.note, err));
    REFUSED(FV_ARG, "objective must", fv_objective_describe(t.net, NULL, o.text, 99, o.note, err));
    REFUSED(FV_ARG, "text must", fv_objective_describe(t.net, UNIT, NULL, 99, o.note, err));
    REFUSED(FV_ARG, "note must", fv_objective_describe(t.net, UNIT, o.text, 99, NULL, err));
    REFUSED(FV_ARG, "at least 1", fv_objective_describe(t.net, UNIT, o.text, 0, o.note, err));
    REFUSED(FV_ARG, "empty", DESCRIBE(t.net, "", o.text, 99, o.note));
    REFUSED(FV_NOTFOUND, "nothing", DESCRIBE(t.net, "nothing:0", o.text, 99, o.note));
    WORKS(DESCRIBE(t.net, UNIT, room, sizeof room, o.note));
    assert_true(strlen(room) < sizeof room);

#define PHOTO(MODEL, TERM, LAYER, FILE, POWER, TEXT, SIZE) \
    fv_photo_objective(MODEL, TERM, LAYER, FILE, POWER, TEXT, SIZE, err)
    REFUSED(FV_ARG, "model must",
            fv_photo_objective(NULL, "match", "pool", t.path, 1, o.text, 99, err));
    REFUSED(FV_ARG, "term must",
            fv_photo_objective(t.net, NULL, "pool", t.path, 1, o.text, 99, err));
    REFUSED(FV_ARG, "layer must",
            fv_photo_objective(t.net, "match", NULL, t.path, 1, o.text, 99, err));
    REFUSED(FV_ARG, "photo must",
            fv_photo_objective(t.net, "match", "pool", NULL, 1, o.text, 99, err));
    REFUSED(FV_ARG, "text must",
            fv_photo_objective(t.net, "match", "pool", t.path, 1, NULL, 99, err));
    REFUSED(FV_ARG, "at least 1", PHOTO(t.net, "match", "pool", t.path, 1, o.text, 0));
    REFUSED(FV_ARG, "room", PHOTO(t.net, "match", "pool", t.path, 1, o.text, 4));
    REFUSED(FV_ARG, "caricature", PHOTO(t.net, "", "pool", t.path, 1, o.text, 99));
    REFUSED(FV_ARG, "power", PHOTO(t.net, "caricature", "pool", t.path, NAN, o.text, 99));
    REFUSED(FV_ARG, "power", PHOTO(t.net, "caricature", "pool", t.path, 1001, o.text, 99));
    REFUSED(FV_IO, "nowhere", PHOTO(t.net, "match", "pool", "nowhere.png", 1, o.text, 99));
    REFUSED(FV_NOTFOUND, "nothing", PHOTO(t.net, "match", "nothing", t.path, 1, o.text, 99));
    REFUSED(FV_ARG, "quotes", PHOTO(t.net, "match", "pool", "'\"", 1, o.text, 99));

    REFUSED(FV_ARG, "model must",
            fv_accentuation_objective(NULL, UNIT, t.path, NULL, 1, o.text, 99, err));
    REFUSED(FV_ARG, "objective must",
            fv_accentuation_objective(t.net, NULL, t.path, NULL, 1, o.text, 99, err));
    REFUSED(FV_ARG, "photo must",
            fv_accentuation_objective(t.net, UNIT, NULL, NULL, 1, o.text, 99, err));
    REFUSED(FV_ARG, "text must",
            fv_accentuation_objective(t.net, UNIT, t.path, NULL, 1, NULL, 99, err));
#define ACCENT(STRENGTH, SIZE) \
    fv_accentuation_objective(t.net, UNIT, t.path, "pool", STRENGTH, o.text, SIZE, err)
    REFUSED(FV_ARG, "at least 1", ACCENT(1, 0));
    REFUSED(FV_ARG, "room", ACCENT(1, 4));
    REFUSED(FV_ARG, "strength", ACCENT(-1, 99));
    REFUSED(FV_ARG, "strength", ACCENT(NAN, 99));
    REFUSED(FV_ARG, "strength", ACCENT(INFINITY, 99));
}

static void test_groups(void **state) {
    const fv_image *two[] = {t.photo, t.photo}, *none[] = {t.photo, NULL};
    const fv_image *bad[] = {t.photo, &no_data}, *huge[] = {&huge_image, t.photo};
    (void)state;
#define GROUP(IMAGES, COUNT, THRESHOLD) \
    fv_images_group(IMAGES, COUNT, 1, THRESHOLD, o.integers, o.values, &o.count, err)
    REFUSED(FV_ARG, "images must",
            fv_images_group(NULL, 2, 1, 0, o.integers, NULL, &o.count, err));
    REFUSED(FV_ARG, "groups must", fv_images_group(two, 2, 0, 0, NULL, NULL, &o.count, err));
    REFUSED(FV_ARG, "distinct must", fv_images_group(two, 2, 1, 0, o.integers, NULL, NULL, err));
    REFUSED(FV_ARG, "at least 1", GROUP(two, 0, 0));
    REFUSED(FV_ARG, "at least 1", GROUP(two, -1, 0));
    REFUSED(FV_ARG, "threshold", GROUP(two, 2, -1));
    REFUSED(FV_ARG, "threshold", GROUP(two, 2, NAN));
    REFUSED(FV_ARG, "threshold", GROUP(two, 2, 3));
    REFUSED(FV_ARG, "picture 1", GROUP(none, 2, 0));
    REFUSED(FV_ARG, "picture 1", GROUP(bad, 2, 0));
    REFUSED(FV_ARG, "picture 0", GROUP(huge, 2, 0));
    WORKS(GROUP(two, 2, 0));
    assert_int_equal(o.count, 1);
}

static void test_spectrum(void **state) {
    const char *one[] = {t.path}, *none[] = {t.path, NULL}, *nowhere[] = {"nowhere.png"};
    (void)state;
#define SPECTRUM(PATHS, COUNT, SIZE, COLOR, CHANNELS) \
    fv_spectrum(PATHS, COUNT, SIZE, COLOR, CHANNELS, NULL, NULL, &o.tensor, &o.count, err)
    REFUSED(FV_ARG, "paths must", SPECTRUM(NULL, 1, 8, 0, 3));
    REFUSED(FV_ARG, "paths must", fv_spectrum(NULL, 1, 8, 0, 3, NULL, NULL, &o.tensor, NULL, err));
    REFUSED(FV_ARG, "out must", fv_spectrum(one, 1, 8, 0, 3, NULL, NULL, NULL, NULL, err));
    REFUSED(FV_ARG, "path 1", SPECTRUM(none, 2, 8, 0, 3));
    REFUSED(FV_ARG, "at least 1", SPECTRUM(one, 0, 8, 0, 3));
    REFUSED(FV_ARG, "at least 1", SPECTRUM(one, -1, 8, 0, 3));
    REFUSED(FV_ARG, "size -1", SPECTRUM(one, 1, -1, 0, 3));
    REFUSED(FV_ARG, "size", SPECTRUM(one, 1, INT_MAX, 0, 3));
    REFUSED(FV_ARG, "colour map -1", SPECTRUM(one, 1, 8, -1, 3));
    REFUSED(FV_ARG, "colour map 4", SPECTRUM(one, 1, 8, 4, 3));
    REFUSED(FV_ARG, "channels", SPECTRUM(one, 1, 8, 0, 0));
    REFUSED(FV_ARG, "channels", SPECTRUM(one, 1, 8, 0, 4));
    REFUSED(FV_IO, "nowhere", SPECTRUM(nowhere, 1, 8, 0, 3));
    WORKS(SPECTRUM(one, 1, 8, 0, 3));
    fv_tensor_free(o.tensor);
}

/* ---- dreams and animations ------------------------------------------------------------------ */

static void test_dream(void **state) {
    (void)state;
    fv_image *p = NULL, before;
    WORKS(fv_image_crop(t.photo, 0, 0, 40, 40, &p, err));
    before = *p;
    fv_image none = no_image, seven = seven_channels, empty = no_data;
    REFUSED(FV_ARG, "model must", fv_dream(NULL, p, "pool", NULL, err));
    REFUSED(FV_ARG, "image must", fv_dream(t.net, NULL, "pool", NULL, err));
    REFUSED(FV_ARG, "objective must", fv_dream(t.net, p, NULL, NULL, err));
    REFUSED(FV_ARG, "0 channels", fv_dream(t.net, &none, "pool", NULL, err));
    REFUSED(FV_ARG, "7 channels", fv_dream(t.net, &seven, "pool", NULL, err));
    REFUSED(FV_ARG, "data", fv_dream(t.net, &empty, "pool", NULL, err));
    REFUSED(FV_ARG, "empty", fv_dream(t.net, p, "", NULL, err));
    REFUSED(FV_NOTFOUND, "nothing", fv_dream(t.net, p, "nothing", NULL, err));
    REFUSED(FV_SHAPE, "no picture", fv_dream(t.vector, p, "dense1", NULL, err));
#define DREAM(...) fv_dream(t.net, p, "pool", &(fv_dream_desc){__VA_ARGS__}, err)
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
    REFUSED(FV_ARG, "threads", DREAM(.threads = -1));
    REFUSED(FV_ARG, "threads", DREAM(.threads = 1025));
    REFUSED(FV_ARG, "on_nan", DREAM(.on_nan = -1));
    REFUSED(FV_ARG, "on_nan", DREAM(.on_nan = 3));
    REFUSED(FV_ARG, "snapshot_every", DREAM(.snapshot_every = -1));
    REFUSED(FV_ARG, "guide", DREAM(.guide = &no_data));
    assert_memory_equal(p, &before, sizeof before);
    WORKS(DREAM(.steps = 1, .octaves = 1, .tile = 32, .threads = 1));
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
    const fv_render_desc small = {.recipe = "lucid", .schedule.steps = 1, .threads = 1};
    if (!st) WORKS(fv_render_desc_resolve(t.net, &small, &good, err));
    return st;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recipes),   cmocka_unit_test(test_options),
        cmocka_unit_test(test_sizes),     cmocka_unit_test(test_param),
        cmocka_unit_test(test_lists),     cmocka_unit_test(test_climbing),
        cmocka_unit_test(test_resolve),
        cmocka_unit_test(test_settle),
        cmocka_unit_test(test_render),
        cmocka_unit_test(test_borrowed),  cmocka_unit_test(test_objectives),
        cmocka_unit_test(test_groups),    cmocka_unit_test(test_spectrum),
        cmocka_unit_test(test_dream),     cmocka_unit_test(test_timing),
        cmocka_unit_test(test_animation),
    };
    return cmocka_run_group_tests(tests, setup, misuse_teardown);
}
