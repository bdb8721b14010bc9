/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of `fovea weights` share. */
#ifndef FOVEA_CLI_WEIGHTS_H
#define FOVEA_CLI_WEIGHTS_H

#include "command.h"
#include "json.h"

/* One layer, and what was found out about it. */
typedef struct cli_weights {
    const fv_layer *layer;
    fv_weight_stats stats;
    fv_filter_stats *filters; /* NULL: it has none */
    fv_weights *drawn;        /* NULL: no picture was asked for */
} cli_weights;

/* ---- weights_report.c ---- */

/* Prints a layer's numbers, and how values became colours, in a few lines. */
void cli_weights_print(const fv_weights_desc *desc, const cli_weights *w);

/* Adds the same to an array of JSON. */
void cli_weights_json(JsonBuilder *b, const cli_weights *w);

#endif
