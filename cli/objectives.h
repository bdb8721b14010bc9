/* SPDX-License-Identifier: Apache-2.0 */
/* From the objectives as typed (ranges, lists, class names) to single ones the library reads. */
#ifndef FOVEA_CLI_OBJECTIVES_H
#define FOVEA_CLI_OBJECTIVES_H

#include "command.h"

#define CLI_MAX_OBJECTIVES 4096

typedef struct cli_objectives {
    int count;
    char **text;  /* [count] "conv1:3"; NULL at the end */
    char **label; /* [count] what stands under the tile: "3", "8 hen", "conv1:3"; NULL at the end */
    int *class;   /* [count] index of the class it is, or -1 */
    char *title;  /* "Layer conv1 Features" */
    fv_objective **list; /* [count] once they are read; else NULL */
} cli_objectives;

/* Expands words: `LAYER:0-15`, `LAYER:3,7,9`, `LAYER:0-3,8@5,5` become one objective a channel, and
 * so do the classes of `class:` and `prob:`; `class:NAME`, and `LAYER:NAME` where LAYER has one
 * channel a class, become the class's index. Anything else is left to the library as it is.
 *   words    n_words of them
 *   whole    more objectives, never expanded; NULL, or ends with NULL
 *   out      to be freed with cli_objectives_clear; untouched on failure
 *   returns  CLI_DONE, or an exit code with one line printed
 */
int cli_objectives_expand(const cli_args *args, const fv_model *model, char *const *words,
                          int n_words, char *const *whole, cli_objectives *out);
void cli_objectives_clear(cli_objectives *o);

/* Reads all of them into o->list.
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_objectives_read(const fv_model *model, cli_objectives *o);
/* The same of any texts.
 *   out  [count]; to be freed with cli_objectives_free, also on failure */
int cli_objectives_parse(const fv_model *model, char *const *text, int count, fv_objective ***out);
void cli_objectives_free(fv_objective **list, int count);
/* One of them.  out  yours to free with fv_objective_free */
int cli_objective_parse(const fv_model *model, const char *text, fv_objective **out);

#endif
