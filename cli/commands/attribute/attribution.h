/* SPDX-License-Identifier: Apache-2.0 */
/* What `fovea attribute` and `fovea sanity` share: a photo, an objective, maps over the photo. */
#ifndef FOVEA_CLI_ATTRIBUTION_H
#define FOVEA_CLI_ATTRIBUTION_H

#include "command.h"
#include "sessions.h"

/* What both commands say of a map. */
typedef struct cli_attribution_args {
    int method; /* 1, 2, ...: as cli_method_name counts; 0: not given */
    char *class, *objective, *layer, *baseline;
    int samples, path_steps, window, stride, masks, cells, tile_size;
    double noise, keep;
    uint64_t seed;
    int draws; /* the command itself uses random numbers: the curves of --scores, sanity */
} cli_attribution_args;

/* The n-th of the methods, and "all" behind them; n from 1, NULL beyond. */
const char *cli_method_name(int n);
/* The n-th of the baselines, from 1; NULL beyond. */
const char *cli_baseline_name(int n);
/* Help on the methods. */
extern const cli_names cli_method_names;

/* clang-format off */
/* Rows of both commands; T is the struct that has a cli_attribution_args `asked`. */
#define CLI_ATTRIBUTION_OPTIONS(T) \
    {"method", 'm', CLI_CHOICE, offsetof(T, asked.method), 0, 0, "NAME", "gradcam", \
     "attribution method, see the list below", .choice = cli_method_name}, \
    {"class", 'c', CLI_TEXT, offsetof(T, asked.class), 0, 0, "C", \
     "the class the network puts first", "the class to be explained: its number or name"}, \
    {"objective", 'e', CLI_TEXT, offsetof(T, asked.objective), 0, 0, "OBJ", "none", \
     "explain this objective instead: LAYER:C, LAYER:C@y,x, or an expression of such terms", \
     .without = "class"}, \
    {"layer", 'l', CLI_TEXT, offsetof(T, asked.layer), 0, 0, "LAYER", \
     "the last one with maps over the picture", "layer whose activation maps are weighted"}, \
    {"baseline", 'b', CLI_TEXT, offsetof(T, asked.baseline), 0, 0, "FILE", \
     "black for integrated, else mean", \
     "input that stands for absence: a kind, or a picture file", .choice = cli_baseline_name}, \
    {"samples", 0, CLI_INT, offsetof(T, asked.samples), 1, 1000000, "N", "50", \
     "noisy copies of the photo"}, \
    {"noise", 0, CLI_REAL, offsetof(T, asked.noise), 0, 100, "X", "0.15", \
     "standard deviation of the noise, as a share of the input's range"}, \
    {"steps", 0, CLI_INT, offsetof(T, asked.path_steps), 1, 10000, "N", "as many as it takes", \
     "points of the path; by default where and as many as it needs, up to 1000"}, \
    {"window", 0, CLI_INT, offsetof(T, asked.window), 1, 8192, "N", "a seventh of the side", \
     "side of the window, in the network's pixels"}, \
    {"stride", 0, CLI_INT, offsetof(T, asked.stride), 1, 8192, "N", "a quarter of the window", \
     "from one window to the next"}, \
    {"masks", 0, CLI_INT, offsetof(T, asked.masks), 1, 1000000, "N", "2000", \
     "random masks"}, \
    {"cells", 0, CLI_INT, offsetof(T, asked.cells), 1, 8192, "N", "7", \
     "cells of a mask, each way"}, \
    {"keep", 0, CLI_REAL, offsetof(T, asked.keep), 0, 1, "P", "0.5", \
     "probability that a cell is shown"}, \
    {"seed", 0, CLI_SEED, offsetof(T, asked.seed), 0, 0, "N", "0", "seed of every random choice"}, \
    {"tile-size", 0, CLI_INT, offsetof(T, asked.tile_size), 16, 4096, "N", "see above", \
     "longer side of a tile", .with = "output"}
/* clang-format on */

/* What is explained, where. To be cleared also after a failure. */
typedef struct cli_subject {
    const cli_args *args;
    const cli_attribution_args *asked;
    fv_model *model;
    cli_session session;
    fv_image *photo;     /* the part of the photo the network sees, as large as tiles are; NULL: the
                            input is an array of numbers */
    fv_tensor *input;    /* [1][...] */
    fv_tensor *baseline; /* of a picture file, or NULL */
    fv_baseline kind;    /* 0: each method's own */
    char *text;          /* the objective as it was given */
    fv_objective *objective;   /* for the maps: a class before the softmax */
    fv_objective *probability; /* for RISE and curves: its probability; NULL: the objective */
    char *label;               /* "class 8 hen" */
    int class;                 /* its index, or -1 */
} cli_subject;

/* Checks the words, loads all of it.
 *   tile     longer side of the photo where --tile-size does not say; 0: the network's, 224 at
 *            least
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_subject_load(cli_subject *s, const cli_args *args, const cli_model_args *how,
                     const cli_attribution_args *asked, int tile);
void cli_subject_clear(cli_subject *s);

/* Begins to tell how far a call is; to be ended by cli_progress_stop(&s->session.progress).
 *   on_signal  as cli_progress_start's */
void cli_subject_begin(cli_subject *s, int on_signal);

/* A method's options, and the objective it takes. */
fv_attribute_desc cli_subject_desc(const cli_subject *s, const fv_method_info *method);
const fv_objective *cli_subject_objective(const cli_subject *s, const fv_method_info *method);
/* What curves are of: a class's probability, or the objective. */
const fv_objective *cli_subject_probability(const cli_subject *s);

/* The methods that were asked for; ends with NULL, caller frees. */
const fv_method_info **cli_methods(const cli_attribution_args *asked);
/* Whether that is all of them. */
int cli_methods_all(const cli_attribution_args *asked);

/* ---- attribution_output.c ---- */

/* A map over the photo, with its scale beneath. */
fv_status cli_map_tile(const cli_subject *s, const fv_attribution *a, fv_image **out,
                       fv_error *err);
/* The photo alone, as high as such a tile; of an array of numbers what it is, beside that map. */
fv_status cli_photo_tile(const cli_subject *s, const fv_tensor *map, fv_image **out, fv_error *err);

/* Texts a picture of maps carries: command, objective, seed, model, version. */
fv_status cli_subject_describe(const cli_subject *s, fv_image *onto, fv_error *err);

/* ---- attribution_plain.c ---- */

/* Whether the input is drawn as lines: a signal, a row of numbers. */
int cli_is_line(const cli_subject *s);
/* Numbers of a map's shape without a photo.
 *   d  the scale of all; lines have none */
fv_status cli_plain_map(const cli_subject *s, const float *x, const fv_tensor *map,
                        const fv_paint_desc *d, fv_image **out, fv_error *err);
/* The input itself, at the positions of a map. */
fv_status cli_plain_input(const cli_subject *s, const fv_tensor *map, fv_image **out,
                          fv_error *err);

#endif
