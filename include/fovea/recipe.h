/* SPDX-License-Identifier: Apache-2.0 */
/* fovea: recipes, the settings a picture is rendered with. Include fovea/fovea.h. */
#ifndef FOVEA_RECIPE_H
#define FOVEA_RECIPE_H

#include "fovea/objective.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A picture that excites a unit is made by a loop: parameters -> picture -> transforms -> network
 * -> objective, and the gradient all the way back. A recipe says how each of these is done: the
 * parametrisation, the start, transforms, regularisers, optimiser, schedule and display, as options
 * with a name and a value. The field's programs have one each, and there are some of our own;
 * docs/recipes.md describes them.
 *
 * A recipe handle holds a value for every option. It can be read by several threads at a time;
 * setting anything needs it alone. */
typedef struct fv_recipe fv_recipe;

/* ---- what there is -------------------------------------------------------------------------- */

/* Returns the number of recipes; the name and a line about one of them, static, NULL where there is
 * none of that index. */
FV_API int fv_recipe_count(void);
FV_API const char *fv_recipe_name(int index);
FV_API const char *fv_recipe_summary(int index);

/* Returns the name of the recipe an objective gets where none is named, static: "fovea" where it
 * asks for classes (or anything that is one number a channel), "fovea-layer" for the maps of inner
 * layers, "erhan" for inputs that are no pictures.
 *   objective  NULL for "fovea" or "erhan" */
FV_API const char *fv_recipe_default(const fv_model *model, const fv_objective *objective);

/* One of the options, which are the same for all recipes. */
typedef struct fv_recipe_option {
    const char *name;   /* "level-scale" */
    const char *value;  /* what stands for its value: "N", "pixels|fourier|laplacian|phase" */
    const char *help;   /* a line, without a full stop */
    const char *former; /* a name it had before, which is accepted too; or NULL */
} fv_recipe_option;

/* Returns the number of options; one of them, static, NULL where there is none of that index. */
FV_API int fv_recipe_option_count(void);
FV_API const fv_recipe_option *fv_recipe_option_at(int index);

/* Says whether an option takes a value, where that does not depend on a model: of a regularizer,
 * whose terms may name layers, only the length is checked.
 *   errors  NOTFOUND no such option; ARG a value it does not allow, with what it allows */
FV_API fv_status fv_recipe_option_check(const char *option, const char *value, fv_error *err);

/* Writes the value that an option has in a recipe, as fv_recipe_get does, without a model: of
 * "size" an empty text where it is the model's own. "fovea-layer" has other values for units of
 * early layers (fv_recipe_for). recipe  a name of fv_recipe_name text    [size] caller's array;
 * what does not fit is cut off. 2048 bytes are always enough size    at least 1 errors  NOTFOUND no
 * such recipe or option; ARG size is 0 */
FV_API fv_status fv_recipe_preset(const char *recipe, const char *option, char *text, size_t size,
                                  fv_error *err);

/* ---- one recipe ----------------------------------------------------------------------------- */

/* Makes a recipe for a model and the units that are to be rendered.
 *   model       borrowed, as long as the recipe is used
 *   name        NULL: of each objective that is rendered its default
 *   objectives  [count] they decide the default, and the size of all pictures where that is
 *               "receptive"; NULL with count 0: they are not known yet, and the default is "fovea"
 *               or "erhan"
 *   out         yours to free with fv_recipe_free
 *   errors      NOTFOUND no such recipe, with the names there are; ARG another
 *               model's objective */
FV_API fv_status fv_recipe_new(const fv_model *model, const char *name,
                               const fv_objective *const *objectives, int count, fv_recipe **out,
                               fv_error *err);
/* Copies a recipe, with the pictures and numbers it holds.
 *   out     yours to free with fv_recipe_free
 *   errors  NOMEM */
FV_API fv_status fv_recipe_copy(const fv_recipe *recipe, fv_recipe **out, fv_error *err);
/* Copies a recipe for one of its units: fv_recipe_get then reads the values that unit is rendered
 * with. They depend on the unit where no name was given, and of "fovea-layer", which has values of
 * its own for units of early layers; what has been set is the same for all. The size stays that of
 * all units the recipe was made for.
 *   out     yours to free with fv_recipe_free
 *   errors  ARG another model's objective; NOMEM */
FV_API fv_status fv_recipe_for(const fv_recipe *recipe, const fv_objective *objective,
                               fv_recipe **out, fv_error *err);
/* Frees a recipe. */
FV_API void fv_recipe_free(fv_recipe *recipe);

/* Sets an option from text; the recipe is untouched on failure. Setting `start` to or from "image"
 * also sets start-mean and start-sd: to 0 for the picture the recipe holds, else to those of the
 * recipe's name.
 *   option  "size", "steps", "transforms", ...
 *   errors  NOTFOUND no such option; ARG a value it does not allow, with what it allows; of
 *           "regularizer" as fv_objective_new; NOMEM */
FV_API fv_status fv_recipe_set(fv_recipe *recipe, const char *option, const char *value,
                               fv_error *err);

/* Writes an option as the text that sets it; of "recipe", the recipe's name. Of a recipe that was
 * made for several units, as the first of them has it (fv_recipe_for).
 *   text    [size] caller's array; what does not fit is cut off. 2048 bytes are always enough
 *   size    at least 1
 *   errors  NOTFOUND no such option; ARG size is 0 */
FV_API fv_status fv_recipe_get(const fv_recipe *recipe, const char *option, char *text, size_t size,
                               fv_error *err);

/* Gives the recipe a picture, which is copied.
 *   input   "start": what the optimisation begins with, resized to the picture's size. A grey one
 *           is the same in all colours, colours become grey for a grey network, alpha is laid over
 *           mid grey. Sets the options start to image, start-mean and start-sd to 0; a start-sd
 *           that is set afterwards is the deviation of noise added to it. A `start` that is set
 *           afterwards counts instead; the picture is kept for when it is "image" again
 *           "mask": where the picture may change, 1 yes .. 0 no (its first channel, resized);
 *           elsewhere it stays the start
 *   image   values in 0..1. NULL: takes it away again; the start is then the one of the recipe's
 *           name
 *   errors  NOTFOUND another input; ARG no picture, or a value that is not in 0..1; NOMEM */
FV_API fv_status fv_recipe_set_image(fv_recipe *recipe, const char *input, const fv_image *image,
                                     fv_error *err);

/* Gives the recipe numbers, which are copied.
 *   input   "spectrum": magnitudes [channels][h][w/2+1] as fv_spectrum makes them, of the picture's
 *           channels and any h, w of 1..2^20, for the parametrisations phase and bounded, which
 *           have one built in. With another parametrisation, rendering fails with ARG
 *   tensor  finite values of at least 0. NULL: takes it away again
 *   errors  NOTFOUND another input; SHAPE another shape; ARG no tensor, or a value that is no
 *           magnitude; NOMEM */
FV_API fv_status fv_recipe_set_tensor(fv_recipe *recipe, const char *input, const fv_tensor *tensor,
                                      fv_error *err);

/* For inputs that are no pictures: takes their elements as a picture of [channels][height][width];
 * a new recipe takes them as [1][1][elements].
 *   errors  ARG the input is a picture, or a size below 1; SHAPE another number of elements */
FV_API fv_status fv_recipe_set_shape(fv_recipe *recipe, int channels, int height, int width,
                                     fv_error *err);

#ifdef __cplusplus
}
#endif
#endif
