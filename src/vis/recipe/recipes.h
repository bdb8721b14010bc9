/* SPDX-License-Identifier: Apache-2.0 */
/* The recipes there are: complete settings under a name. */
#ifndef FVI_VIS_RECIPE_RECIPES_H
#define FVI_VIS_RECIPE_RECIPES_H

#include "vis/recipe/settings.h"

/* Fills *settings as the recipe has it: a size of 0 is the model's own, channels are 0.
 *   errors  NOTFOUND no such recipe, with the names there are */
fv_status fvi_recipes_find(const char *name, fvi_settings *settings, fv_error *err);

#endif
