/* SPDX-License-Identifier: Apache-2.0 */
/* Recipes for tests, from a line of options. */
#ifndef SUPPORT_RECIPES_H
#define SUPPORT_RECIPES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fovea/fovea.h"
#include "support/texts.h"

/* Sets options "steps=12; transforms=pad(4;reflect) jitter(8)", which "; " separates. */
static inline void recipe_set(fv_recipe *recipe, const char *options) {
    char line[1024], *next = line;
    fv_error err = {0};
    if (strlen(options) >= sizeof line) fail_msg("too long: %s", options);
    strcpy(line, options);
    while (next && *next) {
        char *name = next, *value = strchr(name, '=');
        next = strstr(name, "; ");
        if (next) *next = '\0', next += 2;
        if (!value) fail_msg("\"%s\" is not NAME=VALUE", name);
        *value++ = '\0';
        if (fv_recipe_set(recipe, name, value, &err)) fail_msg("%s", err.text);
    }
}

/* A recipe by name (NULL: the objective's default) with such options set over it. objective: NULL
 * for none. */
static inline fv_recipe *recipe_of(const fv_model *model, const char *name, const char *objective,
                                   const char *options) {
    fv_error err = {0};
    fv_recipe *recipe = NULL;
    if (recipe_texts(model, name, &objective, objective != NULL, &recipe, &err))
        fail_msg("%s: %s", name ? name : "default", err.text);
    recipe_set(recipe, options);
    return recipe;
}

/* One of its options. */
static inline const char *recipe_text(const fv_recipe *recipe, const char *option) {
    static char text[2048];
    fv_error err = {0};
    if (fv_recipe_get(recipe, option, text, sizeof text, &err)) fail_msg("%s", err.text);
    return text;
}

#endif
