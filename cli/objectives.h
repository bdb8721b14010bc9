/* SPDX-License-Identifier: Apache-2.0 */
/* From the objectives as typed (ranges, lists, class names) to single ones the library reads. */
#ifndef FOVEA_CLI_OBJECTIVES_H
#define FOVEA_CLI_OBJECTIVES_H

#include "command.h"

#define CLI_MAX_OBJECTIVES 4096

typedef struct cli_objectives {
    int count;
    char **text;  /* [count] "conv1:3" */
    char **label; /* [count] what stands under the tile: "3", "8 hen", "conv1:3" */
    char *title;  /* "Layer conv1 Features" */
} cli_objectives;

/* Expands words: `LAYER:0-15`, `LAYER:3,7,9`, `LAYER:0-3,8@5,5` become one objective a channel;
 * `LAYER:NAME` becomes the index of a class where LAYER has one channel a class. Anything else is
 * left to the library as it is.
 *   out      to be freed with cli_objectives_clear; untouched on failure
 *   returns  CLI_DONE, or an exit code with one line printed
 */
int cli_objectives_expand(const cli_args *args, const fv_model *model, char *const *words,
                          int n_words, cli_objectives *out);
void cli_objectives_clear(cli_objectives *o);

#endif
