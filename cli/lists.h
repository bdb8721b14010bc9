/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of indices, and shapes, as typed. */
#ifndef FOVEA_CLI_LISTS_H
#define FOVEA_CLI_LISTS_H

#include "command.h"

#define CLI_LIST_MAX 65536

/* Reads "0-15,40": numbers and ranges, commas between.
 *   text     NULL: nothing was given, and nothing is set
 *   out      the numbers in the order typed; caller frees
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_list_parse(const cli_args *args, const char *option, const char *text, int **out, int *n);

#define CLI_SIDE_MAX 32768

/* Reads "CxHxW" or "HxW", each 1..CLI_SIDE_MAX.
 *   size     [3] the numbers in their order; [0] is 1 if there are only two
 *   returns  0, or -1: it is neither */
int cli_sizes_parse(const char *text, int64_t size[3]);

/* Reads "CxHxW", "HxW", or, where only the last number is 1 or 3, "HxWxC".
 *   shape    [3] channels, height, width
 *   returns  0, or -1: it is none of these */
int cli_shape_parse(const char *text, int shape[3], int *channels_last);

#endif
