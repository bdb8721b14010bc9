/* SPDX-License-Identifier: Apache-2.0 */
/* Recipes of feature visualisation, as the command line has them: the library's options under
 * their names, some other programs' names for them, and the desc that comes of it all. */
#ifndef FOVEA_CLI_RECIPE_H
#define FOVEA_CLI_RECIPE_H

#include "command.h"

/* One row for each of the library's options and for each other name; ends with a NULL name. The
 * rows are of kind CLI_SETTING. */
const cli_option *cli_recipe_options(void);

/* Whether a recipe option takes that value; `option` as typed.
 *   returns  0, or -1 with `err` filled: one line that begins with the option's name */
int cli_setting_check(const char *option, const char *value, fv_error *err);

/* A desc, resolved, and what it borrows. */
typedef struct cli_recipe {
    fv_render_desc desc;
    fv_image *init, *mask;
    fv_tensor *spectrum;
} cli_recipe;

/* Resolves what the command line says of a recipe, for a model.
 *   objectives [count] of the call: the first decides the recipe where none is named, all of them
 *              a size that depends on them; none if they are not known yet
 *   out      to be cleared with cli_recipe_clear, also on failure
 *   returns  CLI_DONE, or an exit code with one line printed
 */
int cli_recipe_resolve(const cli_args *args, const cli_recipe_args *said, const fv_model *model,
                       char *const *objectives, int count, cli_recipe *out);
void cli_recipe_clear(cli_recipe *recipe);

/* Prints every resolved option, `name = value` on a line each. */
void cli_recipe_show(const fv_render_desc *desc);

#endif
