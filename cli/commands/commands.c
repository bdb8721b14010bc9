/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands. */
#include "commands.h"

#include <string.h>

#define POINTER(name) &cli_command_##name,
const cli_command *const cli_commands[] = {CLI_COMMANDS(POINTER) NULL};
#undef POINTER

const cli_command *cli_command_find(const char *name) {
    for (const cli_command *const *c = cli_commands; *c; c++)
        if (!strcmp((*c)->name, name)) return *c;
    return NULL;
}
