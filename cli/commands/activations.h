/* SPDX-License-Identifier: Apache-2.0 */
/* fovea activations: what its parts share. */
#ifndef FOVEA_CLI_ACTIVATIONS_H
#define FOVEA_CLI_ACTIVATIONS_H

#include "command.h"
#include "json.h"

/* One layer's activations on one input. */
typedef struct cli_activation {
    const char *image;   /* as typed */
    int sample, samples; /* of an NPY file: which, of how many */
    fv_activations *maps;
    fv_rect window;      /* what the network sees of the photo, in its pixels; height 0: no photo */
    fv_channel *channel; /* [count] what is chosen */
    int count;
    fv_paint_desc scale; /* of the picture; low and high 0: each tile its own, or no picture */
} cli_activation;

/* ---- activations_report.c ---- */

/* Prints what there is: a line, and with `table` a row for each chosen channel. */
void cli_activation_print(const cli_activation *a, int table);

/* Adds an object for it. */
void cli_activation_json(const cli_activation *a, JsonBuilder *b);

#endif
