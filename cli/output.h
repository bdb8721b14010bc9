/* SPDX-License-Identifier: Apache-2.0 */
/* Where results go: checked before the work, not after it. */
#ifndef FOVEA_CLI_OUTPUT_H
#define FOVEA_CLI_OUTPUT_H

#include "command.h"

/* Endings, separated by blanks, of the files we write. */
#define CLI_PICTURES   "png jpg jpeg webp tif tiff"
#define CLI_ANIMATIONS "webp gif"

/* Whether a path has one of those endings, in any case. */
int cli_has_ending(const char *path, const char *endings);

/* Checks that a file can be written: its folder is there and may be written to, it is no folder
 * itself, and its ending is one of `endings` (NULL: any). Nothing is created.
 *   option   that named it: "output"
 *   returns  CLI_DONE, or an exit code with one line printed
 */
int cli_path_check(const cli_args *args, const char *option, const char *path, const char *endings);

/* The same for --output.  picture  whether it must be one */
int cli_output_check(const cli_args *args, int picture);

/* Makes a folder, with those above it, if it is not there, and sees whether it may be written to.
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_folder_make(const char *path);

/* The command line as a shell would take it: `fovea visualize 'a b.onnx' ...`; caller frees. */
char *cli_command_line(const cli_args *args);

/* Sets the command line as a picture's text; copies all texts that pictures of networks have. */
fv_status cli_set_command(const cli_args *args, fv_image *image, fv_error *err);
fv_status cli_copy_texts(const fv_image *from, fv_image *to, fv_error *err);

/* "96x55x55": sizes from dim[from] on; "scalar" where there are none. Caller frees. */
char *cli_shape_text(int ndim, const int64_t *dim, int from);

#endif
