/* SPDX-License-Identifier: Apache-2.0 */
/* The files that a command line names: none is both read and written, none is written twice. */
#ifndef FOVEA_CLI_FILES_H
#define FOVEA_CLI_FILES_H

#include "command.h"

/* Sees that no option writes what the line has read (an operand, a file of an option, a photo of a
 * folder), and that no two write one file. Files are the same by what they are, not by how they
 * are spelled.
 *   returns  CLI_DONE, or CLI_USAGE with one line printed */
int cli_files_check(const cli_args *args);

#endif
