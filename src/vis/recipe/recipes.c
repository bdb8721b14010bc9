/* SPDX-License-Identifier: Apache-2.0 */
/* recipes: the settings of each of the field's programs.
 *
 * Values follow the programs' code, not their documentation; docs/recipes.md says where the two
 * differ and what of a program cannot be expressed. tests/golden/recipes holds an independent
 * reference of the first steps of each.
 */
#include "vis/recipe/recipes.h"

#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

#define PIXEL (1.0f / 255)
#define LIST(...)                                            \
    {                                                        \
        .count = COUNT(__VA_ARGS__), .list = { __VA_ARGS__ } \
    }
#define COUNT(...) ((int)(sizeof((fvi_transform[]){__VA_ARGS__}) / sizeof(fvi_transform)))
#define T(KIND, ...) \
    { FVI_TRANSFORM_##KIND, {__VA_ARGS__}, FVI_EDGE_ZERO }
#define TE(KIND, EDGE, ...) \
    { FVI_TRANSFORM_##KIND, {__VA_ARGS__}, FVI_EDGE_##EDGE }

/* Pixels as they are, between black 0 and white `high`. */
#define PIXELS(SQUASH, HIGH)                                                                       \
    {                                                                                              \
        .kind = FVI_PARAM_PIXELS, .color = FV_COLOR_RGB, .output_activation = FVI_OUTPUT_##SQUASH, \
        .high = (HIGH), .decay = 1, .gain = 1                                                      \
    }
#define FOURIER(DECAY, GAIN)                                                                 \
    {                                                                                        \
        .kind = FVI_PARAM_FOURIER, .color = FV_COLOR_LUCID,                                  \
        .output_activation = FVI_OUTPUT_SIGMOID, .high = 1, .decay = (DECAY), .gain = (GAIN) \
    }
#define ASCENT(RATE) \
    { .kind = FVI_OPTIMIZER_ASCENT, .rate = (RATE) }
#define ADAM(RATE) \
    { .kind = FVI_OPTIMIZER_ADAM, .rate = (RATE), .beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-8f }
#define ONE_SIZE(STEPS)                                                                  \
    {                                                                                    \
        .steps = (STEPS), .copies = 1, .levels = 1, .level_scale = 1.4f,                 \
        .octave_order = FVI_OCTAVES_FROM_SIZE, .octave_carry = FVI_OCTAVE_CARRY_PICTURE, \
        .keep = FVI_KEEP_LAST                                                            \
    }

typedef struct recipe {
    const char *summary;
    int size; /* 0: the model's own; FVI_SIZE_RECEPTIVE */
    fvi_settings settings;
} recipe;

/* clang-format off */
static const recipe recipes[] = {
    {"our default for classes: the one whose pictures unseen networks recognise best", 0, {
        .recipe = "fovea", .reduction = FVI_REDUCTION_MEAN,
        .param = {.kind = FVI_PARAM_BOUNDED, .color = FV_COLOR_LUCID, .output_activation = FVI_OUTPUT_SIGMOID,
                  .high = 1, .decay = 1.3f, .gain = 1.5f, .bias = 0.5f},
        .start = {FVI_START_NORMAL, 0, 0.05f, NULL, NULL},
        .transforms = LIST(TE(CROP, REFLECT, 0.66f, 0.91f, 0.25f, 0.58f, 10, 0.5f, 0.125f, 1),
                           T(COLOR, 0.25f, 0.05f), T(NOISE, 0.05f)),
        .gradient = {.kind = FVI_GRADIENT_SCALE_NONE},
        .optimizer = ADAM(0.05f), .schedule = ONE_SIZE(256),
        .display = {.kind = FVI_DISPLAY_CLIP, .margin = 0.107f}, .relu_redirect_steps = 16}},
    {"our default for the maps of inner layers: the same without close-ups", FVI_SIZE_RECEPTIVE, {
        .recipe = "fovea-layer", .reduction = FVI_REDUCTION_MEAN,
        .param = {.kind = FVI_PARAM_BOUNDED, .color = FV_COLOR_LUCID, .output_activation = FVI_OUTPUT_SIGMOID,
                  .high = 1, .decay = 1.3f, .gain = 2},
        .start = {FVI_START_NORMAL, 0, 0.05f, NULL, NULL},
        .transforms = LIST(TE(CROP, REFLECT, 0.85f, 1.1f, 0.85f, 1.1f, 10), T(NOISE, 0.05f)),
        .gradient = {.kind = FVI_GRADIENT_SCALE_NONE},
        .optimizer = ADAM(0.05f), .schedule = ONE_SIZE(256),
        .display = {.kind = FVI_DISPLAY_CLIP}, .relu_redirect_steps = 16}},
    {"Lucid's render_vis (Olah, Mordvintsev and Schubert 2017)", 128, {
        .recipe = "lucid", .reduction = FVI_REDUCTION_MEAN,
        .param = FOURIER(1, 0.25f),
        .start = {FVI_START_NORMAL, 0, 0.01f, NULL, NULL},
        .transforms = LIST(TE(PAD, GREY, 12), T(JITTER, 8), T(SCALE, 0.9f, 1.1f, 0.02f, 1),
                           T(ROTATE, -10, 10, 5, 1), T(JITTER, 4)),
        .gradient = {.kind = FVI_GRADIENT_SCALE_NONE},
        .optimizer = ADAM(0.05f), .schedule = ONE_SIZE(513),
        .display = {.kind = FVI_DISPLAY_CLIP}, .relu_redirect_steps = 17}},
    {"Lucent's render_vis, Lucid in PyTorch", 128, {
        .recipe = "lucent", .reduction = FVI_REDUCTION_MEAN,
        .param = FOURIER(1, 0.25f),
        .start = {FVI_START_NORMAL, 0, 0.01f, NULL, NULL},
        .transforms = LIST(TE(PAD, GREY, 12), T(TRANSLATE, 0, 7), T(SCALE, 0.9f, 1.1f, 0.02f, 2),
                           T(ROTATE, -10, 10, 5), T(TRANSLATE, 0, 3), T(RESIZE, 0, 2)),
        .gradient = {.kind = FVI_GRADIENT_SCALE_NONE},
        .optimizer = ADAM(0.05f), .schedule = ONE_SIZE(512),
        .display = {.kind = FVI_DISPLAY_CLIP}}},
    {"MACO as Horama has it: phases under a fixed spectrum (Fel et al. 2023)", 1280, {
        .recipe = "maco", .reduction = FVI_REDUCTION_MEAN,
        .param = {.kind = FVI_PARAM_PHASE, .color = FV_COLOR_MACO, .output_activation = FVI_OUTPUT_SIGMOID,
                  .high = 1, .decay = 1.6f, .gain = 1},
        .start = {FVI_START_NORMAL, 0, 1, NULL, NULL},
        .transforms = LIST(TE(CROP, REPEAT, 0.25f, 0.3f, 0.25f, 0.3f, 0, 0, 0.15f),
                           T(NOISE, 0.01f, 0.005f)),
        .gradient = {.kind = FVI_GRADIENT_SCALE_NONE},
        .optimizer = {.kind = FVI_OPTIMIZER_NADAM, .rate = 1, .beta1 = 0.9f, .beta2 = 0.999f,
                      .epsilon = 1e-8f},
        .schedule = {.steps = 1000, .copies = 6, .levels = 1, .level_scale = 1.4f, .octave_order = FVI_OCTAVES_FROM_SIZE,
                     .octave_carry = FVI_OCTAVE_CARRY_PICTURE, .keep = FVI_KEEP_LAST},
        .display = {.kind = FVI_DISPLAY_PERCENTILE, .alpha = 1}}},
    {"Wolfram's Deep Dream example: the largest step is 1/8, noise at all scales", 0, {
        .recipe = "wolfram", .reduction = FVI_REDUCTION_ENERGY,
        .param = PIXELS(CLIP, 1),
        .start = {FVI_START_SCALES, 0.5f, 0.1f, NULL, NULL},
        .transforms = LIST(T(ROLL, 8)),
        .gradient = {.kind = FVI_GRADIENT_SCALE_MAX},
        .optimizer = ASCENT(0.125f), .schedule = ONE_SIZE(256),
        .display = {.kind = FVI_DISPLAY_CLIP}, .relu_redirect_steps = 16}},
    {"MATLAB's deepDreamImage: growing sizes, Laplacian gradient normalisation", 0, {
        .recipe = "matlab", .reduction = FVI_REDUCTION_MEAN,
        .param = PIXELS(NONE, 1),
        .start = {FVI_START_UNIFORM, 100.5f * PIXEL, 0.5f * PIXEL, NULL, NULL},
        .transforms = LIST(T(ROLL, 0, 511)),

        .gradient = {.kind = FVI_GRADIENT_SCALE_LAPLACIAN, .levels = 5},
        .optimizer = ASCENT(PIXEL),
        .schedule = {.steps = 10, .copies = 1, .levels = 3, .level_scale = 1.4f, .octave_order = FVI_OCTAVES_FROM_SIZE,
                     .octave_carry = FVI_OCTAVE_CARRY_PICTURE, .tile = 512, .keep = FVI_KEEP_LAST},
        .display = {.kind = FVI_DISPLAY_LINEAR}, .relu_redirect_steps = 16}},
    {"Google's DeepDream notebook: octaves on a picture, detail carried over", 0, {
        .recipe = "deepdream", .reduction = FVI_REDUCTION_MEAN,
        .param = PIXELS(CLIP, 1),
        .start = {FVI_START_SCALES, 0.5f, 0.1f, NULL, NULL},
        .transforms = LIST(T(ROLL, 32)),
        .gradient = {.kind = FVI_GRADIENT_SCALE_MEAN},
        .optimizer = ASCENT(1.5f * PIXEL),
        .schedule = {.steps = 10, .copies = 1, .levels = 4, .level_scale = 1.4f, .octave_order = FVI_OCTAVES_TO_SIZE,
                     .octave_carry = FVI_OCTAVE_CARRY_DETAIL, .keep = FVI_KEEP_LAST},
        .display = {.kind = FVI_DISPLAY_CLIP}, .relu_redirect_steps = 16}},
    {"keras-vis' visualize_activation: total variation, 6-norm, RMSprop", 0, {
        .recipe = "keras-vis", .reduction = FVI_REDUCTION_MEAN,
        .param = PIXELS(NONE, 255),
        .start = {FVI_START_UNIFORM, 127.5f, 22.083648f, NULL, NULL}, /* sd 0.05 * 255 */
        .regularizer = {.terms = "- 10*tv(2) - 10*lp(6)"},
        .gradient = {.kind = FVI_GRADIENT_SCALE_L2},
        .optimizer = {.kind = FVI_OPTIMIZER_RMSPROP, .rate = 1, .beta2 = 0.95f, .epsilon = 1e-7f,
                      .epsilon_under_root = 1},
        .schedule = {.steps = 200, .copies = 1, .levels = 1, .level_scale = 1.4f, .octave_order = FVI_OCTAVES_FROM_SIZE,
                     .octave_carry = FVI_OCTAVE_CARRY_PICTURE, .keep = FVI_KEEP_BEST},
        .display = {.kind = FVI_DISPLAY_STANDARD}}},
    {"tf-keras-vis' ActivationMaximization: jitter and rotation of the picture itself", 0, {
        .recipe = "tf-keras-vis", .reduction = FVI_REDUCTION_MEAN,
        .param = PIXELS(NONE, 255),
        .start = {FVI_START_UNIFORM, 127.5f, 127.5f, NULL, NULL},
        .in_place_transforms = LIST(T(ROLL, 4, -1), TE(ROTATE, REFLECT, -1, 1)),
        .regularizer = {.terms = "- mean_tv - 0.3*mean_norm(1)"},
        .gradient = {.kind = FVI_GRADIENT_SCALE_NONE},
        .optimizer = {.kind = FVI_OPTIMIZER_RMSPROP, .rate = 1, .beta2 = 0.999f, .epsilon = 1e-7f,
                      .epsilon_under_root = 1},
        .schedule = ONE_SIZE(200), .display = {.kind = FVI_DISPLAY_CLIP}}},
    {"Darknet's nightmare: one random octave a step, strong activations only", 0, {
        .recipe = "darknet", .reduction = FVI_REDUCTION_STRONG,
        .param = PIXELS(CLIP, 1),
        .start = {FVI_START_SCALES, 0.5f, 0.1f, NULL, NULL},
        .transforms = LIST(TE(TRANSLATE, REPEAT, 7, 1, 1), T(OCTAVE, 4, 4.0f / 3), T(FLIP, 0.5f)),
        .regularizer = {.terms = "- 0.05*squares(0.5)"},
        .gradient = {.kind = FVI_GRADIENT_SCALE_STANDARD},
        .optimizer = ASCENT(0.04f), .schedule = ONE_SIZE(10),
        .display = {.kind = FVI_DISPLAY_CLIP}}},
    {"our inversion: a picture that a layer takes for a photo; objective match(LAYER, PHOTO)", 0, {
        .recipe = "invert", .reduction = FVI_REDUCTION_MEAN,
        .param = FOURIER(1, 0.25f),
        .start = {FVI_START_NORMAL, 0, 0.01f, NULL, NULL},
        .transforms = LIST(TE(PAD, REFLECT, 4), T(JITTER, 8)),
        .gradient = {.kind = FVI_GRADIENT_SCALE_NONE},
        .optimizer = {.kind = FVI_OPTIMIZER_ADAM, .rate = 0.05f, .rate_end = 0.1f, .beta1 = 0.9f,
                      .beta2 = 0.999f, .epsilon = 1e-8f},
        .schedule = ONE_SIZE(256), .display = {.kind = FVI_DISPLAY_CLIP}}},
    {"our caricature, after Lucid's: a photo with what a layer sees in it exaggerated", 0, {
        .recipe = "caricature", .reduction = FVI_REDUCTION_MEAN,
        .param = FOURIER(1, 0.25f),
        .start = {FVI_START_NORMAL, 0, 0.01f, NULL, NULL},
        .transforms = LIST(TE(PAD, REFLECT, 12), T(JITTER, 12), T(ROTATE, -5, 5), T(JITTER, 4)),
        .gradient = {.kind = FVI_GRADIENT_SCALE_NONE},
        .optimizer = ADAM(0.05f), .schedule = ONE_SIZE(256),
        .display = {.kind = FVI_DISPLAY_CLIP}}},
    {"feature accentuation, after Hamblin et al. 2024: crops of all sizes, from a photo", 0, {
        .recipe = "accentuate", .reduction = FVI_REDUCTION_MEAN,
        .param = FOURIER(1, 0.25f),
        .start = {FVI_START_NORMAL, 0, 0.01f, NULL, NULL},
        .transforms = LIST(TE(CROP, REFLECT, 0.05f, 0.99f), T(NOISE, 0.02f, 0.01f)),
        .gradient = {.kind = FVI_GRADIENT_SCALE_NONE},
        .optimizer = ADAM(0.05f),
        .schedule = {.steps = 100, .copies = 4, .levels = 1, .level_scale = 1.4f, .octave_order = FVI_OCTAVES_FROM_SIZE,
                     .octave_carry = FVI_OCTAVE_CARRY_PICTURE, .keep = FVI_KEEP_LAST},
        .display = {.kind = FVI_DISPLAY_CLIP}}},
    {"for inputs that are no pictures: no prior but a fixed norm (Erhan et al. 2009)", 0, {
        .recipe = "erhan", .reduction = FVI_REDUCTION_MEAN,
        .param = PIXELS(NONE, 1),
        .start = {FVI_START_UNIFORM, 0, 1, NULL, NULL},
        .regularizer = {.norm = 10},
        .gradient = {.kind = FVI_GRADIENT_SCALE_L2},
        .optimizer = ASCENT(0.5f), .schedule = ONE_SIZE(256),
        .display = {.kind = FVI_DISPLAY_LINEAR}, .relu_redirect_steps = 16}},
};
/* clang-format on */

/* What fovea-layer has for units of early layers: from the receptive field where they become others
 * on. A unit that sees a few pixels wants a colour and an edge, which every prior on frequencies
 * holds down: pixels. Where it sees a little more, Lucid's free frequencies show the texture at
 * full strength. Both have a margin: at the border of the map units are excited by the padding.
 * Measured by bench/early_layers.py. */
typedef struct early_values {
    int field;             /* pixels that a unit sees along a side, at most */
    double share;          /* and their share of the model's own picture */
    fvi_settings settings; /* param, start, transforms and margin; the rest is the recipe's */
} early_values;

#define EARLY_RECIPE "fovea-layer"

/* clang-format off */
static const early_values earlies[] = {
    {8, 1, {
        .param = {.kind = FVI_PARAM_PIXELS, .color = FV_COLOR_LUCID, .output_activation = FVI_OUTPUT_SIGMOID,
                  .high = 1, .decay = 1, .gain = 1, .levels = 5},
        .start = {FVI_START_NORMAL, 0, 0.05f, NULL, NULL},
        .transforms = LIST(T(JITTER, 4)),
        .display = {.margin = 0.2f}}},
    {G_MAXINT, 0.5, {
        .param = {.kind = FVI_PARAM_FOURIER, .color = FV_COLOR_LUCID, .output_activation = FVI_OUTPUT_SIGMOID,
                  .high = 1, .decay = 1, .gain = 0.25f, .levels = 5},
        .start = {FVI_START_NORMAL, 0, 0.01f, NULL, NULL},
        .transforms = LIST(TE(PAD, GREY, 12), T(JITTER, 8), T(SCALE, 0.9f, 1.1f, 0.02f, 1),
                           T(ROTATE, -10, 10, 5, 1), T(JITTER, 4)),
        .display = {.margin = 0.2f}}},
};
/* clang-format on */

int fvi_recipes_early(const char *name, int64_t field, double share) {
    if (strcmp(name, EARLY_RECIPE) != 0 || field < 1) return 0;
    for (int i = 0; i < (int)G_N_ELEMENTS(earlies); i++)
        if (field <= earlies[i].field && share <= earlies[i].share) return i + 1;
    return 0;
}

void fvi_recipes_adapt(int early, fvi_settings *settings) {
    if (!early) return;
    const fvi_settings *has = &earlies[early - 1].settings;
    settings->param = has->param;
    settings->start = has->start;
    settings->transforms = has->transforms;
    settings->display.margin = has->display.margin;
}

int fv_recipe_count(void) { return (int)G_N_ELEMENTS(recipes); }

const char *fv_recipe_name(int index) {
    return index >= 0 && index < fv_recipe_count() ? recipes[index].settings.recipe : NULL;
}

const char *fv_recipe_summary(int index) {
    return index >= 0 && index < fv_recipe_count() ? recipes[index].summary : NULL;
}

fv_status fvi_recipes_find(const char *name, fvi_settings *settings, fv_error *err) {
    GString *names = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(recipes); i++) {
        if (strcmp(recipes[i].settings.recipe, name) == 0) {
            *settings = recipes[i].settings;
            settings->width = settings->height = recipes[i].size;
            settings->restarts = 1;
            settings->view = FVI_VIEW_MODEL;
            settings->regularizer.every = 1;
            if (!settings->optimizer.rate_end) settings->optimizer.rate_end = 1;
            if (!settings->param.levels) settings->param.levels = 5;
            if (!settings->gradient.levels) settings->gradient.levels = 4;
            g_string_free(names, TRUE);
            return FV_OK;
        }
        g_string_append_printf(names, "%s%s", i ? ", " : "", recipes[i].settings.recipe);
    }
    fv_status st =
        fvi_fail(err, FV_NOTFOUND, "there is no recipe \"%.32s\"; there are %s", name, names->str);
    g_string_free(names, TRUE);
    return st;
}
