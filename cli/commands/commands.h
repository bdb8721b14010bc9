/* SPDX-License-Identifier: Apache-2.0 */
/* The commands: each is a cli_command in a file of its own, and a name here. */
#ifndef FOVEA_CLI_COMMANDS_H
#define FOVEA_CLI_COMMANDS_H

#include "command.h"

/* All of them, in the order help lists them: X(name) stands for cli_command_name. */
#define CLI_COMMANDS(X)                                                                        \
    X(layers)                                                                                  \
    X(layer)                                                                                   \
    X(classes) X(classify) X(run) X(gradient) X(visualize) X(examples) X(dream) X(activations) \
        X(invert) X(caricature) X(accentuate) X(spectrum) X(weights) X(compare) X(attribute)   \
            X(sanity) X(bench) X(models) X(devices)

#define CLI_COMMAND_EXTERN(name) extern const cli_command cli_command_##name;
CLI_COMMANDS(CLI_COMMAND_EXTERN)
#undef CLI_COMMAND_EXTERN

#endif
