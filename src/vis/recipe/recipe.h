/* SPDX-License-Identifier: Apache-2.0 */
/* Recipes, the struct behind the public handle. */
#ifndef FVI_VIS_RECIPE_RECIPE_H
#define FVI_VIS_RECIPE_RECIPE_H

#include "vis/recipe/receptive_size.h"
#include "vis/recipe/settings.h"

/* What a recipe's settings depend on in a unit: those of units of one kind are the same. */
typedef struct fvi_unit_kind {
    const char *recipe; /* its name, static */
    int early;          /* as fvi_recipes_early */
} fvi_unit_kind;

struct fv_recipe {
    const fv_model *model;        /* it was made for; borrowed */
    int by_unit;                  /* 1: no name was given, and each unit has its default */
    fvi_settings settings;        /* complete, but for what depends on the unit */
    uint64_t set;                 /* the options that the caller has set, as fvi_options_copy */
    fvi_units_extent extent;      /* of the objectives it was made for */
    fvi_unit_kind first;          /* of the first of them: whose values are read */
    fvi_receptive_size receptive; /* known once it has been asked for */
    fv_image *start, *mask; /* `settings` points to these; `start` also while it is not used */
    fv_tensor *spectrum;
    fv_objective *regularizer;
};

/* The settings of the units of a call. */
typedef struct fvi_call_settings {
    fvi_settings *list; /* [n] different ones */
    int n;
    int *of;          /* [count] which of them each objective has */
    fv_recipe *owner; /* of what they point to; NULL where that is the recipe itself */
} fvi_call_settings;

/* Gets the settings that a call renders with: for each objective the recipe's, with a receptive
 * size filled in, which is the same for all.
 *   recipe      NULL: the default of each objective
 *   objectives  [count] of the call; they decide the size where the recipe was made without any
 *   out         to be cleared with fvi_call_settings_clear; untouched on failure
 *   errors      ARG the recipe was made for another model, or settings that do not go together; as
 *               fv_recipe_new */
fv_status fvi_recipe_settings(const fv_recipe *recipe, const fv_model *model,
                              const fv_objective *const *objectives, int count,
                              fvi_call_settings *out, fv_error *err);
void fvi_call_settings_clear(fvi_call_settings *c);

#endif
