/* SPDX-License-Identifier: Apache-2.0 */
/* option_table: each option's name, values, help, range and field of the settings. options.c reads
 * and writes options by it, and the command's help is made from it.
 *
 * Inputs that are not text (an image to start from, a mask, a spectrum) are not in it.
 */
#include "vis/recipe/option_table.h"

#include <glib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "vis/recipe/settings.h"

#define OPTION(...) RENAMED(NULL, NULL, __VA_ARGS__)
#define RENAMED(FORMER, FORMER_VALUE, NAME, VALUE, HELP, KIND, FIELD, LOW, HIGH)                  \
    {                                                                                             \
        {NAME, VALUE, HELP, FORMER}, FVI_OPTION_##KIND, offsetof(fvi_settings, FIELD), LOW, HIGH, \
            FORMER_VALUE                                                                          \
    }
#define ANY FVI_OPTION_ANY

/* Name, value, help; kind, field, range. RENAMED: the name and the words of `value` as they were.
 */
/* clang-format off */
static const fvi_option options[] = {
    RENAMED(NULL, "seen", "size", "N|WxH|receptive",
           "width and height of the picture; receptive: three times the units' receptive fields, "
           "at most the model's own size", SIZE, width, 1, 32768),
    OPTION("seed", "N",
           "of every random choice: the same command makes the same picture", SEED, seed, 0, 0),
    RENAMED("starts", NULL, "restarts", "N",
           "pictures of each unit, from different random starts", INT, restarts, 1, 1024),
    RENAMED("reading", NULL, "reduction", "mean|energy|strong",
           "what LAYER:C is reduced to: the mean over positions, the sum of squares, or half the "
           "sum of squares of what exceeds mean + standard deviation", CHOICE, reduction, 1, 3),
    OPTION("view", "model|picture",
           "the size that crop, fit and resize bring the picture to: the model's own, or the "
           "picture's", CHOICE, view, 1, 2),
    OPTION("param", "pixels|fourier|laplacian|phase|bounded",
           "parametrisation of the picture", CHOICE, param.kind, 1, 5),
    OPTION("color", "rgb|lucid|maco|grey",
           "colour space of the parameters: RGB, a decorrelated one, or grey, whose pictures have "
           "three equal channels", CHOICE, param.color, 1, 4),
    RENAMED("squash", NULL, "output-activation", "none|sigmoid|clip",
           "what keeps the picture in its range: nothing, a sigmoid, or clipping after each "
           "update", CHOICE, param.output_activation, 1, 3),
    OPTION("range", "LOW,HIGH",
           "picture values of black and white", PAIR, param.low, -ANY, ANY),
    OPTION("decay", "X",
           "power of 1/f that scales spatial frequencies, or of the built-in spectrum",
           FLOAT, param.decay, -4, 4),
    OPTION("gain", "X",
           "contrast before the output activation", FLOAT, param.gain, 1e-6, 1e6),
    OPTION("bias", "X",
           "brightness before a sigmoid", FLOAT, param.bias, -10, 10),
    RENAMED("spread", NULL, "phase-std", "X",
           "standard deviation the phases are brought to; 0: 1", FLOAT, param.phase_std, 0, 6),
    OPTION("param-levels", "N",
           "pictures a Laplacian parametrisation adds up", INT, param.levels, 0, 10),
    OPTION("start", "scales|normal|uniform|grey|image",
           "the parameters before the first update", CHOICE, start.kind, 1, 5),
    OPTION("start-mean", "X",
           "their mean", FLOAT, start.mean, -ANY, ANY),
    OPTION("start-sd", "X",
           "their standard deviation, or half their range", FLOAT, start.sd, 0, ANY),
    OPTION("transforms", "LIST",
           "what the picture must survive, inside the gradient: \"pad(12) jitter(8) "
           "scale(0.9,1.1)\"", TRANSFORMS, transforms, 0, 0),
    RENAMED("walk", NULL, "in-place-transforms", "LIST",
           "transforms of the pixels themselves before each update, never undone",
           TRANSFORMS, in_place_transforms, 0, 0),
    OPTION("regularizer", "TERMS",
           "added to every objective: \"- 10*tv(2) - 10*lp(6)\"", TEXT, regularizer.terms, 0, 0),
    RENAMED("shrink", NULL, "parameter-decay", "X",
           "share the parameters lose every --regularize-every updates",
           FLOAT, regularizer.decay, 0, 1),
    RENAMED("smooth", NULL, "blur", "X",
           "sigma of a blur of the pixels every --regularize-every updates",
           FLOAT, regularizer.blur, 0, 100),
    OPTION("norm", "X",
           "L2 norm the parameters are scaled to after each update; 0: not",
           FLOAT, regularizer.norm, 0, ANY),
    OPTION("regularize-every", "N",
           "updates from one --parameter-decay and --blur to the next",
           INT, regularizer.every, 1, 1000000),
    OPTION("gradient", "none|max|mean|l2|rms|standard|laplacian",
           "what the gradient is divided by", CHOICE, gradient.kind, 1, 7),
    OPTION("gradient-levels", "N",
           "levels of --gradient laplacian", INT, gradient.levels, 0, 10),
    OPTION("gradient-clip", "X",
           "then cut off at +-X; 0: not", FLOAT, gradient.clip, 0, ANY),
    OPTION("optimizer", "ascent|momentum|adam|nadam|adamw|rmsprop|lbfgs",
           "the optimiser", CHOICE, optimizer.kind, 1, 7),
    OPTION("rate", "X",
           "its step size", FLOAT, optimizer.rate, 0, ANY),
    OPTION("rate-end", "X",
           "share of the rate left at the last update, reached along a cosine",
           FLOAT, optimizer.rate_end, 0, 1),
    OPTION("beta1", "X",
           "momentum", FLOAT, optimizer.beta1, 0, 0.999999),
    OPTION("beta2", "X",
           "memory of squared gradients (rho)", FLOAT, optimizer.beta2, 0, 0.999999),
    OPTION("epsilon", "X",
           "added to the root", FLOAT, optimizer.epsilon, 0, ANY),
    RENAMED("epsilon-inside", NULL, "epsilon-under-root", "on|off",
           "whether epsilon is added under the root (Keras 3)",
           FLAG, optimizer.epsilon_under_root, 0, 1),
    OPTION("weight-decay", "X",
           "of the parameters, by the optimiser", FLOAT, optimizer.weight_decay, 0, 1),
    OPTION("steps", "N",
           "updates at each level", INT, schedule.steps, 1, 1000000),
    OPTION("copies", "N",
           "differently transformed copies in each update", INT, schedule.copies, 1, 1024),
    OPTION("levels", "N",
           "sizes the picture goes through (octaves)", INT, schedule.levels, 1, 32),
    OPTION("level-scale", "X",
           "from one size to the next", FLOAT, schedule.level_scale, 1.01, 16),
    RENAMED("levels-are", "above|below", "octave-order", "from-size|to-size",
           "whether the first or the last octave has the asked size",
           CHOICE, schedule.octave_order, 1, 2),
    RENAMED("carry", NULL, "octave-carry", "picture|detail",
           "what goes on to the next octave: the picture, or the start at that size and what was "
           "added to it", CHOICE, schedule.octave_carry, 1, 2),
    OPTION("tile", "N|never",
           "larger pictures are evaluated in tiles of this side",
           COUNT, schedule.tile, FVI_NEVER, 32768),
    OPTION("patience", "N|never",
           "stops a picture whose best value is that many updates old",
           COUNT, schedule.patience, FVI_NEVER, 1000000),
    OPTION("keep", "best|last",
           "which update's picture is the result", CHOICE, schedule.keep, 1, 2),
    OPTION("display", "clip|linear|standard|percentile",
           "how picture values become those of the file", CHOICE, display.kind, 1, 4),
    OPTION("margin", "X",
           "share of the sides the picture is made larger by, all round, and cut at the end",
           FLOAT, display.margin, 0, 0.5),
    OPTION("alpha", "on|off",
           "transparent where little gradient arrived", FLAG, display.alpha, 0, 1),
    RENAMED("redirect", NULL, "relu-redirect-steps", "N|never",
           "updates in which ReLUs without gradient let it through, for units that have none at "
           "the start", COUNT, relu_redirect_steps, FVI_NEVER, 1000000),
};
/* clang-format on */

const fvi_option *fvi_option_at(int index) {
    return index >= 0 && index < (int)G_N_ELEMENTS(options) ? &options[index] : NULL;
}

/* Says that there is no option of that name, and which are the nearest. */
static void fail_unknown(const char *name, fv_error *err) {
    enum { MOST = 2 }; /* edits apart */
    GString *near = g_string_new(NULL);
    for (int apart = 0; apart <= MOST; apart++)
        for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
            if (fvi_text_distance(name, options[i].shown.name) == apart)
                g_string_append_printf(near, "%s%s", near->len ? ", " : "", options[i].shown.name);
    fvi_fail(err, FV_NOTFOUND, "there is no option \"%.64s\"; %s%s", name,
             near->len ? "the nearest: " : "fv_recipe_option_at lists them", near->str);
    g_string_free(near, TRUE);
}

const fvi_option *fvi_option_find(const char *name, fv_error *err) {
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        const fv_recipe_option *o = &options[i].shown;
        if (!strcmp(o->name, name) || (o->former && !strcmp(o->former, name))) return &options[i];
    }
    fail_unknown(name, err);
    return NULL;
}

G_STATIC_ASSERT(G_N_ELEMENTS(options) <= 64); /* sets of them are bits of a uint64_t */

int fvi_option_index(const char *name) { return (int)(fvi_option_find(name, NULL) - options); }

int fv_recipe_option_count(void) { return (int)G_N_ELEMENTS(options); }

const fv_recipe_option *fv_recipe_option_at(int index) {
    const fvi_option *o = fvi_option_at(index);
    return o ? &o->shown : NULL;
}
