/* SPDX-License-Identifier: Apache-2.0 */
/* Every command, by name: what the table of commands.c lists. */
#ifndef FOVEA_CLI_COMMANDS_H
#define FOVEA_CLI_COMMANDS_H

#include "command.h"

extern const cli_command cli_command_layers;
extern const cli_command cli_command_layer;
extern const cli_command cli_command_classify;
extern const cli_command cli_command_run;
extern const cli_command cli_command_gradient;
extern const cli_command cli_command_visualize;
extern const cli_command cli_command_examples;
extern const cli_command cli_command_dream;
extern const cli_command cli_command_activations;
extern const cli_command cli_command_invert;
extern const cli_command cli_command_caricature;
extern const cli_command cli_command_accentuate;
extern const cli_command cli_command_spectrum;
extern const cli_command cli_command_weights;
extern const cli_command cli_command_compare;
extern const cli_command cli_command_attribute;
extern const cli_command cli_command_sanity;
extern const cli_command cli_command_bench;
extern const cli_command cli_command_models;

#endif
