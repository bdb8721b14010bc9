/* SPDX-License-Identifier: Apache-2.0 */
/* Options: a recipe's settings by name, as text (recipe.h has the list). */
#ifndef FVI_VIS_RECIPE_OPTIONS_H
#define FVI_VIS_RECIPE_OPTIONS_H

#include "vis/recipe/settings.h"

/* Sets one option from text, under its name or its former one; untouched on failure.
 *   errors  NOTFOUND no such option; ARG a value it does not allow, with what it allows */
fv_status fvi_option_set(fvi_settings *settings, const char *name, const char *value,
                         fv_error *err);

/* Writes one option as the text that sets it; cut to `size` bytes.  errors  NOTFOUND */
fv_status fvi_option_get(const fvi_settings *settings, const char *name, char *text, size_t size,
                         fv_error *err);

/* Copies some options from one to the other: bit i of `which` is option i of the table. */
void fvi_options_copy(const fvi_settings *from, uint64_t which, fvi_settings *to);

/* "recipe=lucid; size=128x128; ..." with every option; g_free it. */
char *fvi_options_text(const fvi_settings *settings);

#endif
