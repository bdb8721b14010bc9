/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands, in the order help lists them. A further command is its file and a line
 * here and in commands.h.
 */
#include "commands.h"

#include <string.h>

const cli_command *const cli_commands[] = {
    &cli_command_layers,
    &cli_command_layer,
    &cli_command_classify,
    &cli_command_run,
    &cli_command_gradient,
    &cli_command_visualize,
    &cli_command_examples,
    &cli_command_dream,
    &cli_command_activations,
    &cli_command_invert,
    &cli_command_caricature,
    &cli_command_accentuate,
    &cli_command_spectrum,
    &cli_command_weights,
    &cli_command_compare,
    &cli_command_attribute,
    &cli_command_sanity,
    &cli_command_bench,
    &cli_command_models,
    NULL,
};

const cli_command *cli_command_find(const char *name) {
    for (const cli_command *const *c = cli_commands; *c; c++)
        if (!strcmp((*c)->name, name)) return *c;
    return NULL;
}
