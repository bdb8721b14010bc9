/* SPDX-License-Identifier: Apache-2.0 */
/* fovea invert, caricature, accentuate: what their parts share. */
#ifndef FOVEA_CLI_PHOTO_H
#define FOVEA_CLI_PHOTO_H

#include "recipe.h"
#include "sessions.h"

/* The options of all three. */
typedef struct cli_photo_args {
    cli_args common;
    cli_model_args model;
    cli_recipe_args recipe;
    char *output, *npy, *title;
    int alone, tile_size, columns, json;
    double power;    /* caricature; -1: not given */
    char *near;      /* accentuate */
    double strength; /* accentuate; -1: not given */
} cli_photo_args;

/* The work: result i has operand 2 + i, or what that expands to. */
typedef struct cli_photo_job {
    const cli_photo_args *args;
    const fv_model *model;
    cli_session session;
    const char *name;         /* the command's, and that of its recipe */
    int accentuates;          /* words are objectives, and the photo is where it starts */
    char **word;              /* [count] layers or objectives; NULL at the end */
    fv_objective **wanted;    /* [count] of an accentuation: the words, read */
    fv_objective **objective; /* [count] what is raised */
    char **label;             /* [count + 1] under the photo and the results, once written */
    int count;
    fv_image *photo;
    fv_image *seen; /* what the network sees of the photo */
    fv_tensor *input;
    cli_recipe recipe;
    fv_rendering **made; /* [count] */
    double seconds;
} cli_photo_job;

/* ---- photo_output.c ---- */

/* Measures the results, writes their pictures (-o) and inputs (--npy), and prints what came of
 * them.
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_photo_save(cli_photo_job *j);

#endif
