/* SPDX-License-Identifier: Apache-2.0 */
/* Help, and docs/commands.md, made from the declarations of the commands. */
#ifndef FOVEA_CLI_HELP_H
#define FOVEA_CLI_HELP_H

#include "command.h"

/* Print on stdout. */
void cli_help_program(void);
/* On stderr: the commands, a line each. */
void cli_help_short(void);
void cli_help_command(const cli_command *command);
void cli_help_markdown(void);
void cli_help_version(void);

#endif
