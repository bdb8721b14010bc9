/* SPDX-License-Identifier: Apache-2.0 */
/* fovea visualize: what its parts share. */
#ifndef FOVEA_CLI_VISUALIZE_H
#define FOVEA_CLI_VISUALIZE_H

#include "examples.h"
#include "film.h"
#include "objectives.h"
#include "progress.h"
#include "recipe.h"

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

/* What one unit's pictures have in common. */
typedef struct cli_unit {
    char *name;    /* "class:8 hen": as typed, and the class it is */
    int drawn;     /* pictures that were begun and live */
    int dead;      /* pictures whose gradient stayed zero */
    int distinct;  /* groups of like pictures; 0: not compared */
    double least, mean, most; /* distances between pictures of different groups (of one, where
                                 there is only one group) */
} cli_unit;

/* The pictures, and what becomes of them. Picture i is start i % starts of unit i / starts. */
typedef struct cli_drawing {
    const cli_visualize_args *args;
    const fv_model *model;
    cli_objectives units;
    cli_recipe recipe;
    int starts, count;   /* of each unit; of all */
    int plots;           /* inputs are no pictures: bars are drawn */
    fv_rendering **made; /* [count]; NULL: none */
    cli_unit *unit;      /* [units.count] */
    fv_image **shown;    /* [count] what is looked at: owned, or made[i]->image; NULL: not begun */
    char **label;        /* [count] what stands under it */
    int *group;          /* [count] group of like pictures of the unit; -1 */
    cli_film *film;      /* with --animate */
    fv_examples *examples; /* with --examples */
    fv_rendering **low;  /* [count] pictures that lower the units; an entry NULL: none */
    double seconds;
    int done, total;     /* updates */
    char **path;         /* [count] of --each */
    char *saved;         /* [count] it is written there, by this call or an earlier one */
    char *there;         /* [units.count] all pictures of it were, before this call */
} cli_drawing;

/* Tiles are at most so large unless --tile-size says otherwise. */
#define CLI_TILE 224

/* One picture stays bare unless something of a montage was asked for. */
int cli_drawing_is_montage(const cli_drawing *d);

/* Side of the tiles of montages. */
int cli_drawing_tile(const cli_drawing *d);

/* Fills unit, shown, label and group from what was made.
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_drawing_look(cli_drawing *d);

/* Lays the pictures out: `pictures` [count] with NULL where there is none.
 *   out  yours to free */
fv_status cli_drawing_lay_out(const cli_drawing *d, fv_image *const *pictures, fv_image **out,
                              fv_error *err);

/* Whether the endings and folders of all files that were asked for are right; nothing is made.
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_drawing_check_words(const cli_visualize_args *args);

/* What of it depends on the model, before the work; makes the folders.
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_drawing_check(const cli_drawing *d);

/* --each, before the work: names the files; finds out which of them an earlier call of the same
 * command has finished, where nothing else is asked for. */
void cli_drawing_find_finished(cli_drawing *d);
/* Writes the file of --each of one picture that is done. */
fv_status cli_drawing_save_one(cli_drawing *d, int picture, fv_image *image, fv_error *err);

/* Write what was asked for.  returns  CLI_DONE, or an exit code with one line printed */
int cli_drawing_save(cli_drawing *d);
int cli_drawing_save_film(const cli_drawing *d);

/* The --animate film: as many frames as will do; NULL without it.
 *   every    updates between two frames
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_drawing_start_film(cli_drawing *d, int *every);

/* Whether what --examples needs is given. */
int cli_drawing_check_example_words(const cli_visualize_args *args);

/* --examples: measures the units on the photos, before anything is drawn; makes the pictures that
 * lower them.  returns  CLI_DONE, or an exit code with one line printed */
int cli_drawing_find_examples(cli_drawing *d);
int cli_drawing_make_low(cli_drawing *d);
/* A row a unit: lowered, lowest and highest photos, raised.  out  yours to free */
fv_status cli_drawing_lay_beside(const cli_drawing *d, fv_image **out, fv_error *err);

/* Says what was written, and what each unit reached. */
void cli_drawing_summarise(const cli_drawing *d);

#endif
