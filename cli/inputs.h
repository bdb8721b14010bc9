/* SPDX-License-Identifier: Apache-2.0 */
/* The inputs of a network that has several, as typed: --set, --input, --wrt. */
#ifndef FOVEA_CLI_INPUTS_H
#define FOVEA_CLI_INPUTS_H

#include <glib.h>

#include "command.h"

typedef struct cli_inputs {
    char *main;        /* name of the main input, or NULL: as the library chooses */
    GArray *values;    /* fv_named_tensor, of the others */
    fv_tensor *sample; /* what is given to the main one, or NULL */
} cli_inputs;

/* Reads them; files are loaded.
 *   out      to be cleared, also on failure
 *   returns  CLI_DONE, or another exit code with one line printed */
int cli_inputs_read(const cli_args *args, const cli_model_args *how, cli_inputs *out);
void cli_inputs_clear(cli_inputs *inputs);

/* The file of the main input among those of --input, of which there is one at least. Borrowed. */
const char *cli_inputs_main_file(const cli_model_args *how);

/* cli_fail_input for what was met while working on the inputs: the file named is that of the input
 * which the error names, else the only one; of several and none named, no file. */
int cli_inputs_fail(const cli_model_args *how, const fv_error *err);

/* Whether a word names an array of numbers, and no picture: by the ending of its file, which a
 * name of one of the file's arrays may follow (x.npy, maps.npz:conv1). */
int cli_is_array(const char *word);

/* Loads an array for a model. A picture whose channels stand last where the network has them first,
 * or first where it has them last, is turned, with a note, where its sizes leave no doubt. */
fv_status cli_array_load(const cli_args *args, const fv_model *model, const char *path,
                         fv_tensor **out, fv_error *err);

/* Loads a photo for a model: with its alpha where the network takes that. */
fv_status cli_photo_load(const fv_model *model, const char *path, fv_image **out, fv_error *err);

#endif
