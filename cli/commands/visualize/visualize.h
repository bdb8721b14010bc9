/* SPDX-License-Identifier: Apache-2.0 */
/* fovea visualize: what its parts share. The work is five stages; each has a result, which the next
 * ones read.
 */
#ifndef FOVEA_CLI_VISUALIZE_H
#define FOVEA_CLI_VISUALIZE_H

#include <glib.h>

#include "examples.h"
#include "film.h"
#include "objectives.h"
#include "recipe.h"
#include "sessions.h"

/* Its options. */
typedef struct cli_visualize_args {
    cli_args common;
    cli_model_args model;
    cli_recipe_args recipe;
    cli_index_args index;
    char **expressions; /* of -e; NULL at the end */
    char *output, *each, *npy, *animate, *title;
    char *examples; /* a folder of photos */
    int format, again, frames, tile_size, columns;
} cli_visualize_args;

/* ---- 1: what is to be made ------------------------------------------------------------------- */

/* Picture i is start i % starts of unit i / starts. */
typedef struct cli_plan {
    const cli_visualize_args *args;
    const fv_model *model;
    cli_session *session; /* opened once there is something to be made */
    cli_objectives units;
    cli_recipe recipe;
    int starts, count; /* of each unit; of all */
    int plots;         /* inputs are no pictures: bars are drawn */
} cli_plan;

/* ---- visualize_plan.c ---- */

/* Whether the endings and folders of all files that were asked for are right; nothing is made.
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_visualize_check(const cli_visualize_args *args);

/* What of the files depends on the model; makes the folders.
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_plan_check(const cli_plan *p);

/* One picture is written bare unless something of a montage was asked for. */
int cli_plan_is_montage(const cli_plan *p);

/* Side of the tiles of montages: at most CLI_TILE unless --tile-size says otherwise. */
#define CLI_TILE 224
int cli_plan_tile(const cli_plan *p);

/* ---- 2: one file a picture (--each) ---------------------------------------------------------- */

typedef struct cli_each {
    char **path; /* [count]; NULL without --each */
    char *saved; /* [count] it is written, by this call or an earlier one */
    char *there; /* [units] all pictures of the unit were, before this call */
} cli_each;

/* ---- visualize_each.c ---- */

/* Names the files; finds out which of them an earlier call of the same command has finished, where
 * nothing else is asked for.  out  to be cleared with cli_each_clear */
void cli_each_find(const cli_plan *p, cli_each *out);
void cli_each_clear(cli_each *e);

/* Writes the file of one picture that is done. */
fv_status cli_each_save(const cli_plan *p, cli_each *e, int picture, fv_image *image,
                        fv_error *err);

/* A name for the file of one picture in a folder; equal names are numbered. Caller frees.
 *   taken  as in cli_path_in */
char *cli_plan_path(const cli_plan *p, int picture, const char *folder, const char *ending,
                    GHashTable *taken);

/* ---- 3: the pictures ------------------------------------------------------------------------- */

typedef struct cli_rendered {
    fv_rendering **picture;  /* [count]; NULL: none */
    fv_rendering **opposite; /* [count] pictures that lower the units; NULL without --examples */
    fv_examples *examples;   /* NULL without --examples */
    cli_film *film;          /* NULL without --animate */
    double seconds;
    int done, total;  /* updates */
    int begun, alive; /* pictures that were begun; those that are not dead */
} cli_rendered;

/* ---- visualize_render.c ---- */

/* Makes the pictures of all units that are not there yet. Ctrl-C leaves those that were begun.
 *   each     files are written as soon as their picture is done
 *   out      to be cleared with cli_rendered_clear, also on failure
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_render(const cli_plan *p, cli_each *each, cli_rendered *out);
void cli_rendered_clear(const cli_plan *p, cli_rendered *r);

/* ---- visualize_animate.c ---- */

/* The film of --animate: as many frames as will do; without it NULL.
 *   every    updates between two frames
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_film_start(const cli_plan *p, cli_film **film, int *every);

/* ---- visualize_examples.c ---- */

/* Whether what --examples needs is given; whether these units can be shown so. */
int cli_examples_check_words(const cli_visualize_args *args);
int cli_examples_check_plan(const cli_plan *p);

/* ---- 4: the tiles ---------------------------------------------------------------------------- */

/* What one unit's pictures have in common. */
typedef struct cli_unit {
    char *name;               /* "class:8 hen": as typed, and the class it is */
    int drawn;                /* pictures that were begun and live */
    int dead;                 /* pictures whose gradient stayed zero */
    int distinct;             /* groups of like pictures; 0: not compared */
    double least, mean, most; /* distances between pictures of different groups (of one, where
                                 there is only one group) */
} cli_unit;

/* The pictures as they are shown: dead ones as grey tiles, inputs that are no pictures as bars. */
typedef struct cli_tiles {
    const cli_plan *plan;
    const cli_rendered *made;
    cli_unit *unit;   /* [units] */
    fv_image **image; /* [count] owned, or the rendering's; NULL: not begun */
    char **label;     /* [count] what stands under it */
    int *group;       /* [count] group of like pictures of the unit; -1 */
} cli_tiles;

/* ---- visualize_tiles.c ---- */

/* t        borrows p and r; to be cleared with cli_tiles_clear, also on failure
 * returns  CLI_DONE, or an exit code with one line printed */
int cli_tiles_make(const cli_plan *p, const cli_rendered *r, cli_tiles *t);
void cli_tiles_clear(cli_tiles *t);

/* ---- 5: the files ---------------------------------------------------------------------------- */

/* ---- visualize_output.c ---- */

/* Lays pictures out as a montage: `pictures` [count] with NULL where there is none.
 *   out  yours to free */
fv_status cli_tiles_lay_out(const cli_tiles *t, fv_image *const *pictures, fv_image **out,
                            fv_error *err);

/* ---- visualize_examples.c ---- */

/* --examples: a row a unit: lowered, lowest and highest photos, raised.  out  yours to free */
fv_status cli_tiles_lay_out_examples(const cli_tiles *t, fv_image **out, fv_error *err);

/* ---- visualize_output.c ---- */

/* Writes what was asked for; the film of --animate.
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_tiles_save(const cli_tiles *t, cli_each *each);

/* ---- visualize_animate.c ---- */

int cli_tiles_save_film(const cli_tiles *t);

/* ---- visualize_tiles.c ---- */

/* Says what each unit reached. */
void cli_tiles_summarise(const cli_tiles *t, const cli_each *each);

#endif
