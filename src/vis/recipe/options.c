/* SPDX-License-Identifier: Apache-2.0 */
/* options: one table of everything a render desc can say, by name. It reads options from text,
 * writes them back, checks their ranges, and is what the command's help is made of.
 *
 * What is not text (an image to start from, a mask, a spectrum, callbacks) is not here.
 */
#include "vis/recipe/options.h"

#include <errno.h>
#include <glib.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "vis/transform/transform.h"

#define ANY      1e9
#define NEVER    "never"
#define SEEN     "seen" /* FV_SIZE_RECEPTIVE */
#define MAX_TEXT 2048

typedef enum option_kind {
    OPTION_INT,       /* int in low..high; where low is -1, "never" is -1 */
    OPTION_SEED,      /* uint64_t */
    OPTION_FLOAT,     /* float in low..high */
    OPTION_PAIR,      /* two floats, the first below the second */
    OPTION_CHOICE,    /* int: 1, 2, ... for the words of `value` */
    OPTION_SWITCH,    /* int: 1 for the first word of `value`, -1 for the second */
    OPTION_FLAG,      /* int: "on" 1, "off" 0 */
    OPTION_SIZE,      /* width and height: "N", "WxH" or "seen" */
    OPTION_TEXT,      /* char [256] */
    OPTION_TRANSFORMS /* fv_transforms */
} option_kind;

typedef struct option {
    fv_render_option shown;
    option_kind kind;
    size_t offset;
    double low, high;
} option;

#define AT(field) offsetof(fv_render_desc, field)

/* clang-format off */
static const option options[] = {
    {{"size", "N|WxH|seen", "width and height of the picture while it is made; seen: three times what "
      "the units see of it, at most the model's own"},
     OPTION_SIZE, AT(width), 1, 32768},
    {{"seed", "N", "of every random choice: the same command makes the same picture"},
     OPTION_SEED, AT(seed), 0, 0},
    {{"starts", "N", "pictures of each unit, from different random starts"},
     OPTION_INT, AT(restarts), 1, 1024},
    {{"reading", "mean|energy|strong", "what LAYER:C stands for: the mean over positions, the sum of "
      "squares, or half the squares of what exceeds mean + deviation"},
     OPTION_CHOICE, AT(reduction), 1, 3},
    {{"view", "model|picture", "the size that crop, fit and resize bring it to: the model's own, or the "
      "picture's"},
     OPTION_CHOICE, AT(view), 1, 2},
    {{"param", "pixels|fourier|laplacian|phase|bounded", "how the picture is written as numbers"},
     OPTION_CHOICE, AT(param.kind), 1, 5},
    {{"color", "rgb|lucid|maco", "the numbers' colours: RGB, or decorrelated ones"},
     OPTION_CHOICE, AT(param.color), 1, 3},
    {{"squash", "none|sigmoid|clip", "how the numbers are kept where pictures are"},
     OPTION_CHOICE, AT(param.output_activation), 1, 3},
    {{"range", "LOW,HIGH", "what black and white are in numbers"},
     OPTION_PAIR, AT(param.low), -ANY, ANY},
    {{"decay", "X", "power of 1/f that scales spatial frequencies, or of the built-in spectrum"},
     OPTION_FLOAT, AT(param.decay), -4, 4},
    {{"gain", "X", "contrast before the squash"}, OPTION_FLOAT, AT(param.gain), 1e-6, 1e6},
    {{"bias", "X", "brightness before a sigmoid"}, OPTION_FLOAT, AT(param.bias), -10, 10},
    {{"spread", "X", "standard deviation the phases are brought to; 0: 1"},
     OPTION_FLOAT, AT(param.phase_std), 0, 6},
    {{"param-levels", "N", "pictures a Laplacian parametrisation adds up"},
     OPTION_INT, AT(param.levels), 0, 10},
    {{"start", "scales|normal|uniform|grey|image", "the numbers before the first update"},
     OPTION_CHOICE, AT(start.kind), 1, 5},
    {{"start-mean", "X", "their mean"}, OPTION_FLOAT, AT(start.mean), -ANY, ANY},
    {{"start-sd", "X", "their standard deviation, or half their range"},
     OPTION_FLOAT, AT(start.sd), 0, ANY},
    {{"transforms", "LIST", "what the picture must survive, inside the gradient: \"pad(12) "
      "jitter(8) scale(0.9,1.1)\""}, OPTION_TRANSFORMS, AT(transforms), 0, 0},
    {{"walk", "LIST", "what happens to the pixels themselves before each update, for good"},
     OPTION_TRANSFORMS, AT(in_place_transforms), 0, 0},
    {{"regularizer", "TERMS", "added to every objective: \"- 10*tv(2) - 10*lp(6)\""},
     OPTION_TEXT, AT(regularizer.terms), 0, 0},
    {{"shrink", "X", "share the numbers lose every --regularize-every updates"},
     OPTION_FLOAT, AT(regularizer.decay), 0, 1},
    {{"smooth", "X", "sigma of a blur of the pixels every --regularize-every updates"},
     OPTION_FLOAT, AT(regularizer.blur), 0, 100},
    {{"norm", "X", "L2 norm the numbers are scaled to after each update; 0: not"},
     OPTION_FLOAT, AT(regularizer.norm), 0, ANY},
    {{"regularize-every", "N", "updates between two times of --shrink and --smooth"},
     OPTION_INT, AT(regularizer.every), 1, 1000000},
    {{"gradient", "none|max|mean|l2|rms|standard|laplacian", "what the gradient is divided by"},
     OPTION_CHOICE, AT(gradient.kind), 1, 7},
    {{"gradient-levels", "N", "levels of --gradient laplacian"},
     OPTION_INT, AT(gradient.levels), 0, 10},
    {{"gradient-clip", "X", "then cut off at +-X; 0: not"},
     OPTION_FLOAT, AT(gradient.clip), 0, ANY},
    {{"optimizer", "ascent|momentum|adam|nadam|adamw|rmsprop|lbfgs", "how to climb"},
     OPTION_CHOICE, AT(optimizer.kind), 1, 7},
    {{"rate", "X", "its step size"}, OPTION_FLOAT, AT(optimizer.rate), 0, ANY},
    {{"rate-end", "X", "share of the rate left at the last update, reached along a cosine"},
     OPTION_FLOAT, AT(optimizer.rate_end), 0, 1},
    {{"beta1", "X", "momentum"}, OPTION_FLOAT, AT(optimizer.beta1), 0, 0.999999},
    {{"beta2", "X", "memory of squared gradients (rho)"},
     OPTION_FLOAT, AT(optimizer.beta2), 0, 0.999999},
    {{"epsilon", "X", "added to the root"}, OPTION_FLOAT, AT(optimizer.epsilon), 0, ANY},
    {{"epsilon-inside", "on|off", "whether it stands under the root (Keras 3) or beside it"},
     OPTION_FLAG, AT(optimizer.epsilon_under_root), 0, 1},
    {{"weight-decay", "X", "of the numbers, by the optimiser"},
     OPTION_FLOAT, AT(optimizer.weight_decay), 0, 1},
    {{"steps", "N", "updates at each level"}, OPTION_INT, AT(schedule.steps), 1, 1000000},
    {{"copies", "N", "differently transformed copies in each update"},
     OPTION_INT, AT(schedule.copies), 1, 1024},
    {{"levels", "N", "sizes the picture goes through (octaves)"},
     OPTION_INT, AT(schedule.levels), 1, 32},
    {{"level-scale", "X", "from one size to the next"},
     OPTION_FLOAT, AT(schedule.level_scale), 1.01, 16},
    {{"levels-are", "above|below", "whether the first or the last level has the asked size"},
     OPTION_CHOICE, AT(schedule.octave_order), 1, 2},
    {{"carry", "picture|detail", "what goes on to the next size: the picture, or the start at that "
      "size and what was added to it"},
     OPTION_CHOICE, AT(schedule.octave_carry), 1, 2},
    {{"tile", "N|never", "larger pictures are evaluated in tiles of this side"},
     OPTION_INT, AT(schedule.tile), -1, 32768},
    {{"patience", "N|never", "stops a picture whose best value is that many updates old"},
     OPTION_INT, AT(schedule.patience), -1, 1000000},
    {{"keep", "best|last", "which update's picture is the result"},
     OPTION_SWITCH, AT(schedule.keep_best), 0, 0},
    {{"display", "clip|linear|standard|percentile", "how numbers become a picture at the end"},
     OPTION_CHOICE, AT(display.kind), 1, 4},
    {{"margin", "X", "share of the sides the picture is made larger by, all round, and cut at the end"},
     OPTION_FLOAT, AT(display.margin), 0, 0.5},
    {{"alpha", "on|off", "transparent where little gradient arrived"},
     OPTION_FLAG, AT(display.alpha), 0, 1},
    {{"redirect", "N|never", "updates in which ReLUs without gradient let it through, for units that "
      "have none at the start"}, OPTION_INT, AT(relu_redirect_steps), -1, 1000000},
};
/* clang-format on */

int fv_render_option_count(void) { return (int)G_N_ELEMENTS(options); }

const fv_render_option *fv_render_option_at(int index) {
    return index >= 0 && index < fv_render_option_count() ? &options[index].shown : NULL;
}

static const option *find_option(const char *name, fv_error *err) {
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
        if (strcmp(options[i].shown.name, name) == 0) return &options[i];
    fvi_fail(err, FV_NOTFOUND, "there is no option \"%.64s\"", name);
    return NULL;
}

static fv_status refuse(const option *o, const char *text, fv_error *err) {
    char range[96];
    if (o->kind == OPTION_INT && o->low < 0)
        g_snprintf(range, sizeof range, "1..%.0f or never", o->high);
    else if (o->kind == OPTION_INT)
        g_snprintf(range, sizeof range, "%.0f..%.0f", o->low, o->high);
    else if (o->kind == OPTION_FLOAT && o->high < ANY)
        g_snprintf(range, sizeof range, "%g..%g", o->low, o->high);
    else if (o->kind == OPTION_SEED)
        g_snprintf(range, sizeof range, "0..%" G_GUINT64_FORMAT, G_MAXUINT64);
    else if (o->kind == OPTION_FLOAT)
        g_snprintf(range, sizeof range, o->low == 0 ? "a number of at least 0" : "a number");
    else if (o->kind == OPTION_PAIR)
        g_snprintf(range, sizeof range, "two numbers, the lower first");
    else
        g_strlcpy(range, o->shown.value, sizeof range);
    return fvi_fail(err, FV_ARG, "%s is \"%.64s\"; allowed: %s", o->shown.name, text, range);
}

/* Place of `word` among "a|b|c", from 1; 0: none. */
static int choice_index(const char *words, const char *word) {
    char **all = g_strsplit(words, "|", -1);
    int found = 0;
    for (int i = 0; all[i] && !found; i++)
        if (strcmp(all[i], word) == 0) found = i + 1;
    g_strfreev(all);
    return found;
}

static void choice_word(const char *words, int index, char *text, size_t size) {
    char **all = g_strsplit(words, "|", -1);
    int n = (int)g_strv_length(all);
    if (index >= 1 && index <= n)
        g_strlcpy(text, all[index - 1], size);
    else
        g_snprintf(text, (gulong)size, "%d", index);
    g_strfreev(all);
}

/* A whole finite number; its end must be `stop`. NULL if it is none, else what follows the stop. */
static const char *read_number(const char *text, char stop, double *out) {
    char *end;
    if (g_ascii_isspace(*text) || strpbrk(text, "xXpP")) return NULL; /* no hexadecimal */
    double x = g_ascii_strtod(text, &end);
    if (end == text || *end != stop || !isfinite(x)) return NULL;
    *out = x;
    return stop ? end + 1 : end;
}

static fv_status set_int(const option *o, const char *text, int *field, fv_error *err) {
    double x;
    int word = o->low < 0 && strcmp(text, NEVER) == 0;
    if (word)
        x = -1;
    else if (!read_number(text, '\0', &x) || x != floor(x) || x < o->low || x > o->high ||
             (o->low < 0 && x == 0))
        return refuse(o, text, err);
    *field = (int)x;
    return FV_OK;
}

static fv_status set_float(const option *o, const char *text, float *field, fv_error *err) {
    double x;
    if (!read_number(text, '\0', &x) || x < o->low || x > o->high) return refuse(o, text, err);
    *field = (float)x;
    return FV_OK;
}

static fv_status set_pair(const option *o, const char *text, float field[2], fv_error *err) {
    double x, y;
    const char *rest = read_number(text, ',', &x);
    if (!rest || !read_number(rest, '\0', &y) || x >= y || fabs(x) > ANY || fabs(y) > ANY)
        return refuse(o, text, err);
    field[0] = (float)x;
    field[1] = (float)y;
    return FV_OK;
}

static fv_status set_size(const option *o, const char *text, int field[2], fv_error *err) {
    double w = 0, h;
    if (!strcmp(text, SEEN)) {
        field[0] = field[1] = FV_SIZE_RECEPTIVE;
        return FV_OK;
    }
    char **sides = g_strsplit(text, "x", 2);
    int fits = read_number(sides[0] ? sides[0] : "", '\0', &w) != NULL;
    h = w;
    if (fits && sides[1]) fits = read_number(sides[1], '\0', &h) != NULL;
    g_strfreev(sides);
    if (!fits) return refuse(o, text, err);
    if (w != floor(w) || h != floor(h) || w < 1 || h < 1 || w > o->high || h > o->high)
        return fvi_fail(err, FV_ARG, "size is \"%.64s\"; allowed: N or WxH, 1..%.0f, or " SEEN,
                        text, o->high);
    field[0] = (int)w;
    field[1] = (int)h;
    return FV_OK;
}

static fv_status set_seed(const option *o, const char *text, uint64_t *field, fv_error *err) {
    char *end;
    errno = 0;
    guint64 x = g_ascii_strtoull(text, &end, 10);
    if (!g_ascii_isdigit(*text) || *end || errno) return refuse(o, text, err);
    *field = x;
    return FV_OK;
}

static fv_status set_word(const option *o, const char *text, int *field, fv_error *err) {
    int index = choice_index(o->shown.value, text);
    if (!index) return refuse(o, text, err);
    *field = o->kind == OPTION_CHOICE ? index : index == 1 ? 1 : o->kind == OPTION_FLAG ? 0 : -1;
    return FV_OK;
}

static fv_status set_text(const option *o, const char *text, char *field, fv_error *err) {
    const size_t size = sizeof((fv_regularizer_desc *)0)->terms;
    if (strlen(text) >= size)
        return fvi_fail(err, FV_ARG, "%s is %zu characters long; allowed are %zu", o->shown.name,
                        strlen(text), size - 1);
    g_strlcpy(field, strcmp(text, "none") == 0 ? "" : text, size);
    return FV_OK;
}

fv_status fv_render_desc_set(fv_render_desc *desc, const char *name, const char *value,
                             fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, desc, name, value);
    if (st) return st;
    const option *o = find_option(name, err);
    if (!o) return FV_NOTFOUND;
    void *field = (char *)desc + o->offset;
    switch (o->kind) {
    case OPTION_INT: return set_int(o, value, field, err);
    case OPTION_SEED: return set_seed(o, value, field, err);
    case OPTION_FLOAT: return set_float(o, value, field, err);
    case OPTION_PAIR: return set_pair(o, value, field, err);
    case OPTION_SIZE: return set_size(o, value, field, err);
    case OPTION_TEXT: return set_text(o, value, field, err);
    case OPTION_TRANSFORMS: return fvi_transforms_parse(value, field, err);
    case OPTION_CHOICE:
    case OPTION_SWITCH:
    case OPTION_FLAG: return set_word(o, value, field, err);
    }
    return FV_ARG;
}

/* The shortest decimal that reads back as x. */
static void float_text(float x, char *text, size_t size) {
    for (int digits = 6; digits <= 9; digits++) {
        char format[8];
        g_snprintf(format, sizeof format, "%%.%dg", digits);
        g_ascii_formatd(text, (int)size, format, x);
        if ((float)g_ascii_strtod(text, NULL) == x) return;
    }
}

static void pair_text(const float x[2], char *text, size_t size) {
    char low[32], high[32];
    float_text(x[0], low, sizeof low);
    float_text(x[1], high, sizeof high);
    g_snprintf(text, (gulong)size, "%s,%s", low, high);
}

static const void *field_of(const option *o, const fv_render_desc *desc) {
    return (const char *)desc + o->offset;
}

static void size_text(const int side[2], char *text, size_t size) {
    if (side[0] == FV_SIZE_RECEPTIVE && side[1] == FV_SIZE_RECEPTIVE)
        g_strlcpy(text, SEEN, size);
    else
        g_snprintf(text, (gulong)size, "%dx%d", side[0], side[1]);
}

static void option_text(const option *o, const fv_render_desc *desc, char *text, size_t size) {
    const void *field = field_of(o, desc);
    int number = 0;
    if (o->kind == OPTION_INT || o->kind >= OPTION_CHOICE) memcpy(&number, field, sizeof number);
    switch (o->kind) {
    case OPTION_INT:
        if (o->low < 0 && number == -1)
            g_strlcpy(text, NEVER, size);
        else
            g_snprintf(text, (gulong)size, "%d", number);
        break;
    case OPTION_SEED:
        g_snprintf(text, (gulong)size, "%" G_GUINT64_FORMAT, *(const uint64_t *)field);
        break;
    case OPTION_FLOAT: float_text(*(const float *)field, text, size); break;
    case OPTION_PAIR: pair_text(field, text, size); break;
    case OPTION_SIZE: size_text(field, text, size); break;
    case OPTION_TEXT: g_strlcpy(text, *(const char *)field ? field : "none", size); break;
    case OPTION_TRANSFORMS: fvi_transforms_text(field, text, size); break;
    case OPTION_CHOICE: choice_word(o->shown.value, number, text, size); break;
    case OPTION_SWITCH: choice_word(o->shown.value, number > 0 ? 1 : 2, text, size); break;
    case OPTION_FLAG: g_strlcpy(text, number ? "on" : "off", size); break;
    }
}

fv_status fv_render_desc_get(const fv_render_desc *desc, const char *name, char *text, size_t size,
                             fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, desc, name, text);
    if (st) return st;
    if (size < 1) return fvi_fail(err, FV_ARG, "fv_render_desc_get: size is 0; at least 1");
    const option *o = find_option(name, err);
    if (!o) return FV_NOTFOUND;
    option_text(o, desc, text, size);
    return FV_OK;
}

fv_status fvi_options_check(const fv_render_desc *desc, fv_error *err) {
    char text[MAX_TEXT];
    fv_render_desc copy = *desc;
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        option_text(&options[i], desc, text, sizeof text);
        fv_status st = options[i].kind == OPTION_TRANSFORMS
                           ? fvi_transforms_check(field_of(&options[i], desc), err)
                           : fv_render_desc_set(&copy, options[i].shown.name, text, err);
        if (st) return st;
    }
    return FV_OK;
}

char *fvi_options_text(const fv_render_desc *desc) {
    GString *all = g_string_new(NULL);
    g_string_append_printf(all, "recipe=%s", desc->recipe);
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        char text[MAX_TEXT];
        option_text(&options[i], desc, text, sizeof text);
        g_string_append_printf(all, "; %s=%s", options[i].shown.name, text);
    }
    return g_string_free(all, FALSE);
}
