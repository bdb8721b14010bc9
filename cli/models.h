/* SPDX-License-Identifier: Apache-2.0 */
/* From what the user calls a model to a loaded model. */
#ifndef FOVEA_CLI_MODELS_H
#define FOVEA_CLI_MODELS_H

#include "command.h"

/* Options of every command that loads a model, into cli_model_args; ends with a NULL name. */
extern const cli_option cli_model_options[];

/* The folder where models are kept: $XDG_CACHE_HOME/fovea/models; caller frees. */
char *cli_models_folder(void);

/* The file of the model of that name there; NULL if there is none; caller frees. */
char *cli_models_path(const char *name);

/* Names (without their ending) of the models there, sorted, ends with NULL; caller frees. */
char **cli_models_list(void);

/* Loads the model that the first operand names.
 *   how      the options that describe its input, and what it may spend
 *   returns  CLI_DONE, or another exit code with one line printed
 */
int cli_model_load(const cli_args *args, const cli_model_args *how, fv_model **out);

/* The same for a model of that name. */
int cli_model_load_named(const cli_args *args, const cli_model_args *how, const char *name,
                         fv_model **out);

/* The same for the model that the first operand names, and the array of --input that is given to
 * its main input.
 *   input  yours to free, also on failure */
int cli_model_load_with_input(const cli_args *args, const cli_model_args *how, fv_model **out,
                              fv_tensor **input);

/* "f32", "bf16", "tf32": the word of --precision. */
const char *cli_precision_name(fv_precision precision);

/* Says on stderr where --precision is not what is multiplied in.  used  of the session */
void cli_precision_note(const cli_args *args, const cli_model_args *how, fv_precision used);

/* Says on stderr which output classes are read from, where there was something to choose. */
void cli_model_output_note(const cli_args *args, const fv_model *model);

/* Says on stderr what was assumed about the model's input, if anything was. */
void cli_model_note(const cli_args *args, const fv_model *model);

#endif
