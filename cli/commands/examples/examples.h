/* SPDX-License-Identifier: Apache-2.0 */
/* fovea examples: what its parts share, and what `fovea visualize --examples` takes of it. */
#ifndef FOVEA_CLI_EXAMPLES_H
#define FOVEA_CLI_EXAMPLES_H

#include "objectives.h"
#include "sessions.h"

#define CLI_SHEETS_MAX 64 /* units that are drawn under each other in one picture */
#define CLI_TOP        9  /* photos of a unit */

/* Where what was measured on photos is kept: --index, --no-index. */
typedef struct cli_index_args {
    char *folder;
    int none;
} cli_index_args;

/* The options of `fovea examples`. */
typedef struct cli_examples_args {
    cli_args common;
    cli_model_args model;
    cli_index_args index;
    char *output, *each, *histogram, *npy, *title, *picture;
    int top, bottom, by, crop, whole, format, scores, json, tile_size, columns;
    uint64_t seed;
} cli_examples_args;

/* A scan and what was asked of it. */
typedef struct cli_shown {
    const cli_examples_args *args;
    const fv_model *model;
    cli_session *session;
    fv_examples *examples;
    fv_score by;
    int top, bottom, scores; /* scores: whether they are asked for, and the scan is finished */
    double *score;           /* [units] of --scores: what the picture reaches; NULL: not asked */
    double seconds;          /* of the scan */
} cli_shown;

/* Measures objectives (cli_objectives_read) on the photos of a folder, with progress; names what
 * cannot be read. After Ctrl-C the result has the photos measured so far (cli_progress_signal), to
 * be shown before cli_examples_die; without any the program ends.
 *   index    the options that say where
 *   session  runs them, and outlives the result
 *   out      yours to free with fv_examples_free
 *   seconds  it took
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_examples_scan(const cli_args *args, const cli_index_args *index, cli_session *session,
                      const cli_objectives *units, const char *folder, fv_examples **out,
                      double *seconds);

/* Ends the program after Ctrl-C: says what became of the results, and that measurements are kept.
 */
_Noreturn void cli_examples_die(const cli_index_args *index, const cli_progress *progress,
                                const char *what);

/* ---- examples_report.c ---- */

/* Print what was found: a table, the scores as a table, or all of it as JSON.
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_examples_table(const cli_shown *s);
int cli_examples_score_table(const cli_shown *s);
int cli_examples_json(const cli_shown *s);

/* ---- examples_draw.c ---- */

/* Joins the pictures of several units.
 *   columns  units side by side; below 1: one
 *   title    above all, or NULL
 *   out      yours to free */
fv_status cli_sheets_join(fv_image *const *sheets, int count, int columns, const char *title,
                          fv_image **out, fv_error *err);

/* Write what was asked for: -o, --each, --histogram, --npy.
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_examples_save(const cli_shown *s);

#endif
