/* SPDX-License-Identifier: Apache-2.0 */
/* Recipes of feature visualisation, as the command line has them: the library's options under
 * their names, some other programs' names for them, and the recipe that comes of it all. */
#ifndef FOVEA_CLI_RECIPE_H
#define FOVEA_CLI_RECIPE_H

#include "command.h"
#include "objectives.h"

/* One row for each of the library's options and for each other name (a former one has no help);
 * ends with a NULL name. The rows are of kind CLI_SETTING. */
const cli_option *cli_recipe_options(void);

/* The values that an option has in the recipes: that of the first of them, then each other value
 * with the recipes that have it, "256; 513: lucid; 10: matlab, deepdream"; g_free it. "" where the
 * option is another program's name of one. */
char *cli_recipe_presets(const char *option);

/* Whether a recipe option takes that value; `option` as typed.
 *   returns  0, or -1 with `err` filled: one line that begins with the option's name */
int cli_setting_check(const char *option, const char *value, fv_error *err);

/* A recipe, and those of its numbers that the command uses. */
typedef struct cli_recipe {
    fv_recipe *recipe;
    int width, height, channels; /* of a picture */
    int restarts, steps, levels;
} cli_recipe;

/* Makes the recipe that the command line says, for a model.
 *   objectives [count] of the call: each decides its recipe where none is named, all of them
 *              a size that depends on them; none if they are not known yet
 *   out      to be cleared with cli_recipe_clear, also on failure
 *   returns  CLI_DONE, or an exit code with one line printed
 */
int cli_recipe_make(const cli_args *args, const cli_recipe_args *said, const fv_model *model,
                    fv_objective *const *objectives, int count, cli_recipe *out);
void cli_recipe_clear(cli_recipe *recipe);

/* Pictures of each unit, which can be known before the recipe is made. */
int cli_recipe_restarts(const cli_recipe_args *said);

/* Starts from an image, with the noise that start-mean and start-sd say. */
fv_status cli_recipe_start_from(fv_recipe *recipe, const fv_image *image, fv_error *err);

/* Prints every option of a recipe, `name = value` on a line each; where it has others for some of
 * the units, one such list for each set of units, under a line `units = ...`.
 *   units    or NULL
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_recipe_show(const cli_recipe_args *said, const fv_recipe *recipe,
                    const cli_objectives *units);

#endif
