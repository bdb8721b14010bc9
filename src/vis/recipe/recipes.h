/* SPDX-License-Identifier: Apache-2.0 */
/* The recipes there are: complete settings under a name. */
#ifndef FVI_VIS_RECIPE_RECIPES_H
#define FVI_VIS_RECIPE_RECIPES_H

#include "vis/recipe/settings.h"

/* Fills *settings as the recipe has it: a size of 0 is the model's own, channels are 0.
 *   errors  NOTFOUND no such recipe, with the names there are */
fv_status fvi_recipes_find(const char *name, fvi_settings *settings, fv_error *err);

/* Which of the values for units of early layers a recipe has for a unit: 0 none, else for
 * fvi_recipes_adapt.
 *   field  pixels that the unit sees along the picture's sides, at most
 *   share  the same as a share of the model's own sides */
int fvi_recipes_early(const char *name, int64_t field, double share);
/* Changes settings, as fvi_recipes_find made them, to those; 0: not. */
void fvi_recipes_adapt(int early, fvi_settings *settings);

#endif
