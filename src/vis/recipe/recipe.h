/* SPDX-License-Identifier: Apache-2.0 */
/* Recipes: complete sets of options under a name. */
#ifndef FVI_VIS_RECIPE_RECIPE_H
#define FVI_VIS_RECIPE_RECIPE_H

#include "fovea/fovea.h"

/* Fills every part of *desc as the recipe has it; other fields are zero.
 *   errors  NOTFOUND no such recipe, with the names there are */
fv_status fvi_recipe_find(const char *name, fv_render_desc *desc, fv_error *err);

#endif
