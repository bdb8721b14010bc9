/* SPDX-License-Identifier: Apache-2.0 */
/* Where results go: checked before the work, not after it. */
#ifndef FOVEA_CLI_OUTPUT_H
#define FOVEA_CLI_OUTPUT_H

#include "command.h"

/* Checks that --output can be written: its folder is there and may be written to, it is no folder
 * itself, and, for a picture, its ending is one we write. Nothing is created.
 *   returns  CLI_DONE, or an exit code with one line printed
 */
int cli_output_check(const cli_args *args, int picture);

/* The command line as a shell would take it: `fovea visualize 'a b.onnx' ...`; caller frees. */
char *cli_command_line(const cli_args *args);

/* "96x55x55": sizes from dim[from] on; "scalar" where there are none. Caller frees. */
char *cli_shape_text(int ndim, const int64_t *dim, int from);

#endif
