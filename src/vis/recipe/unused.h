/* SPDX-License-Identifier: Apache-2.0 */
/* Options that others leave without effect. */
#ifndef FVI_VIS_RECIPE_UNUSED_H
#define FVI_VIS_RECIPE_UNUSED_H

#include "vis/recipe/recipe.h"

/* What a call must be told of options that were set and have no effect in it, each in a text of its
 * own; those that have the recipe's own value are not told.
 *   set  the options, as fvi_options_copy
 *   out  texts are appended, to be freed with g_free */
void fvi_options_unused(const fvi_call_settings *call, uint64_t set, GPtrArray *out);

#endif
