/* SPDX-License-Identifier: Apache-2.0 */
/* Where results go: checked before the work, not after it. */
#ifndef FOVEA_CLI_OUTPUT_H
#define FOVEA_CLI_OUTPUT_H

#include <glib.h>

#include "command.h"

/* Endings, separated by blanks, of the files we write. */
#define CLI_PICTURES   "png jpg jpeg webp tif tiff"
#define CLI_ANIMATIONS "webp gif"

/* Whether a path has one of those endings, in any case. */
int cli_has_ending(const char *path, const char *endings);

/* Checks that a file can be written: its folder is there and may be written to, it is no folder
 * itself, and its ending is one of `endings` (NULL: any). Nothing is created.
 *   option   that named it: "output"
 *   path     NULL: the option was not given, and nothing is checked
 *   returns  CLI_DONE, or an exit code with one line printed
 */
int cli_path_check(const cli_args *args, const char *option, const char *path, const char *endings);

/* The same for a file of numbers, whose ending, where it has one, is .npy. */
int cli_numbers_check(const cli_args *args, const char *option, const char *path);

/* Makes a folder, with those above it, if it is not there, and sees whether it may be written to.
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_folder_make(const char *path);

/* A name for a file: at most 160 bytes of a text, in which all but ASCII letters, digits, '-' and
 * '.' is '_', also a '.' that stands first. Caller frees. */
char *cli_stem(const char *text);

/* FOLDER/STEM.ENDING; names that fall together are numbered: STEM_2.ENDING.
 *   taken    the names that were given before, owns its keys; this one is added
 *   returns  the path; caller frees */
char *cli_path_in(const char *folder, const char *stem, const char *ending, GHashTable *taken);

/* Whether --npy can be written (NULL: it is not given): a file that ends in .npy, or a folder,
 * which is made. The first says it of the words alone.
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_npy_check(const cli_args *args, const char *where);
int cli_npy_make_folder(const char *where);

/* Saves tensors of one size one after the other along dimension 0. */
fv_status cli_save_together(const fv_tensor *const *tensors, int count, const char *path,
                            fv_error *err);

/* The command line as a shell would take it: `fovea visualize 'a b.onnx' ...`; caller frees. */
char *cli_command_line(const cli_args *args);

/* Sets the command line as a picture's text; the accelerator that ran the network, if one did;
 * copies all texts that pictures of networks have. */
fv_status cli_set_command(const cli_args *args, fv_image *image, fv_error *err);
fv_status cli_set_device(const fv_session *session, fv_image *image, fv_error *err);
fv_status cli_copy_texts(const fv_image *from, fv_image *to, fv_error *err);

/* "96x55x55": sizes from dim[from] on; "scalar" where there are none, "unknown" for
 * ndim -1. Caller frees. */
char *cli_shape_text(int ndim, const int64_t *dim, int from);

#endif
