/* SPDX-License-Identifier: Apache-2.0 */
/* Recipes, the struct behind the public handle. */
#ifndef FVI_VIS_RECIPE_RECIPE_H
#define FVI_VIS_RECIPE_RECIPE_H

#include "vis/recipe/receptive_size.h"
#include "vis/recipe/settings.h"

struct fv_recipe {
    const fv_model *model;        /* it was made for; borrowed */
    fvi_settings settings;        /* complete, but for a receptive size */
    fvi_units_extent extent;      /* of the objectives it was made for */
    fvi_receptive_size receptive; /* known once it has been asked for */
    fv_image *start, *mask; /* `settings` points to these; `start` also while it is not used */
    fv_tensor *spectrum;
    fv_objective *regularizer;
};

/* Gets the settings that a call renders with: the recipe's, with a receptive size filled in.
 *   recipe      NULL: the default of the first objective
 *   objectives  [count] of the call; they decide the size where the recipe was made without any
 *   owner       of what *out points to: free it after *out; NULL where that is `recipe`
 *   errors      ARG the recipe was made for another model, or settings that do not go together; as
 *               fv_recipe_new */
fv_status fvi_recipe_settings(const fv_recipe *recipe, const fv_model *model,
                              const fv_objective *const *objectives, int count, fvi_settings *out,
                              fv_recipe **owner, fv_error *err);

#endif
