/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of one command, read strictly. */
#ifndef FOVEA_CLI_OPTIONS_H
#define FOVEA_CLI_OPTIONS_H

#include "command.h"

/* clang-format off */
/* Rows that several commands have; T is the command's struct of options. */
#define CLI_OPTION_SIZE(T) {"size", 0, CLI_INT, offsetof(T, model.size), 1, 8192, "N", \
    "as the model's file says", "height and width of the network's input picture"}
#define CLI_OPTION_SHAPE(T) {"shape", 0, CLI_TEXT, offsetof(T, model.shape), 0, 0, "CxHxW", \
    "as the model's file says", "shape of the picture that the input's elements are: channels, height, " \
    "width; or HxW, or HxWxC where the last is 1, 3 or 4"}
#define CLI_OPTION_JSON(T) {"json", 0, CLI_FLAG, offsetof(T, json), 0, 0, NULL, NULL, \
    "print JSON instead of a table"}
#define CLI_OPTION_ON_NAN(T) {"on-nan", 0, CLI_CHOICE, offsetof(T, model.on_nan), 0, 0, \
    "stop|keep", "stop", "where results become NaN or infinite: end with an error that names the " \
    "layer, or keep what there is and say so"}
#define CLI_OPTION_INPUT(T) {"input", 'i', CLI_LIST, offsetof(T, model.inputs), 0, 0, \
    "[NAME=]X.npy", "", "the network's input as it is, dim 0 the batch; nothing is preprocessed. " \
    "An NPY file, or FILE:NAME of a safetensors, NPZ or HDF5 file. Once for each input of a " \
    "network that has several: the one without a name is given to the main one; where all have " \
    "names, the first is it"}
#define CLI_OPTION_OUTPUT(T, value, text) {"output", 'o', CLI_OUTPUT, offsetof(T, output), 0, 0, \
    value, "", text}
/* clang-format on */

/* Options of every command, into cli_args; ends with a NULL name. */
extern const cli_option cli_common_options[];

/* Calls `each` for every option of a command: its own, the model's, the common ones; or, with
 * `of_recipes`, the options of recipes where it takes them. `base` is what the option's offset
 * counts from, in the command's struct. */
void cli_each_option(const cli_command *command, int of_recipes,
                     void (*each)(const cli_option *option, size_t base, void *user), void *user);

/* Reads the words after the command's name (argv[0] is the command's name). Options and operands
 * may be mixed; `--` ends the options; of repeated options the last counts.
 *   out      the command's struct of options, to be freed with cli_args_free, also on failure
 *   returns  CLI_DONE, or CLI_USAGE with one line printed. `--help` is left to the caller: where
 *            it is given nothing is required
 */
int cli_args_parse(const cli_command *command, int argc, char **argv, cli_args **out);
void cli_args_free(cli_args *args);

/* The words of a CLI_CHOICE; ends with NULL, caller frees. */
char **cli_option_choices(const cli_option *option);

/* "--output, --each and --npy" of "output|each|npy" and `last` " and "; caller frees. */
char *cli_option_names(const char *names, const char *last);

/* "1..1000", "1 or 255", "a number above 0, ...": what an option allows; caller frees. */
char *cli_option_range(const cli_option *option);

#endif
