/* SPDX-License-Identifier: Apache-2.0 */
/* unused: options that others leave without effect, by one table of what each depends on. What
 * depends on the picture's size, on the objective or on the transforms is not in it.
 */
#include "vis/recipe/unused.h"

#include <string.h>

#include "vis/recipe/option_table.h"
#include "vis/recipe/options.h"
#include "vis/recipe/recipes.h"

#define VALUE_MAX 2048

/* `option` has an effect where one of `of` has one of `values`; after '!' another than that. */
static const struct {
    const char *option, *of, *values;
} needs[] = {
    {"decay", "param", "fourier|phase|bounded"},
    {"gain", "param", "fourier|phase|bounded"},
    {"phase-std", "param", "phase"},
    {"param-levels", "param", "laplacian"},
    {"bias", "output-activation", "sigmoid"},
    {"start-sd", "start", "!grey"},
    {"gradient-levels", "gradient", "laplacian"},
    {"level-scale", "levels", "!1"},
    {"octave-order", "levels", "!1"},
    {"octave-carry", "levels", "!1"},
    {"regularize-every", "parameter-decay|blur", "!0"},
    {"beta1", "optimizer", "momentum|adam|nadam|adamw"},
    {"beta2", "optimizer", "adam|nadam|adamw|rmsprop"},
    {"epsilon", "optimizer", "adam|nadam|adamw|rmsprop"},
    {"epsilon-under-root", "optimizer", "rmsprop"},
    /* L-BFGS goes its own way along the gradient as it is */
    {"rate", "optimizer", "!lbfgs"},
    {"rate-end", "optimizer", "!lbfgs"},
    {"weight-decay", "optimizer", "!lbfgs"},
    {"parameter-decay", "optimizer", "!lbfgs"},
    {"blur", "optimizer", "!lbfgs"},
    {"gradient", "optimizer", "!lbfgs"},
    {"gradient-clip", "optimizer", "!lbfgs"},
    {"patience", "optimizer", "!lbfgs"},
    {"keep", "optimizer", "!lbfgs"},
};

static int is_among(const char *values, const char *value) {
    if (values[0] == '!') return strcmp(values + 1, value) != 0;
    char **all = g_strsplit(values, "|", -1);
    const int found = g_strv_contains((const char *const *)all, value);
    g_strfreev(all);
    return found;
}

/* Whether one of the options `of` has one of the values; *found is what they are, in words. */
static int is_met(const fvi_settings *s, const char *of, const char *values, char **found) {
    char **options = g_strsplit(of, "|", -1), value[VALUE_MAX];
    GString *text = g_string_new(NULL);
    int met = 0;
    for (char **o = options; *o; o++) {
        fvi_option_get(s, *o, value, sizeof value, NULL);
        met = met || is_among(values, value);
        g_string_append_printf(text, "%s%s %s", text->len ? " and " : "", *o, value);
    }
    g_strfreev(options);
    *found = g_string_free(text, FALSE);
    return met;
}

/* Whether an option has another value than in the recipe of that name. */
static int differs(const fvi_settings *s, const char *option) {
    char here[VALUE_MAX], there[VALUE_MAX];
    fvi_settings named = {0};
    if (fvi_recipes_find(s->recipe, &named, NULL)) return 1;
    fvi_option_get(s, option, here, sizeof here, NULL);
    fvi_option_get(&named, option, there, sizeof there, NULL);
    return strcmp(here, there) != 0;
}

void fvi_options_unused(const fvi_call_settings *call, uint64_t set, GPtrArray *out) {
    for (size_t i = 0; i < G_N_ELEMENTS(needs); i++) {
        int met = 0, told = 0;
        char *found = NULL;
        if (!(set >> fvi_option_index(needs[i].option) & 1)) continue;
        for (int k = 0; k < call->n && !met; k++) {
            g_free(found);
            met = is_met(&call->list[k], needs[i].of, needs[i].values, &found);
            told = told || differs(&call->list[k], needs[i].option);
        }
        char **names = g_strsplit(needs[i].values, "|", -1), *list = g_strjoinv(", ", names);
        const int excludes = needs[i].values[0] == '!';
        if (!met && told)
            g_ptr_array_add(out, g_strdup_printf("%s has no effect with %s%s%s", needs[i].option,
                                                 found, excludes ? "" : "; it has with ",
                                                 excludes ? "" : list));
        g_strfreev(names);
        g_free(list);
        g_free(found);
    }
}
