/* SPDX-License-Identifier: Apache-2.0 */
/* fovea: feature visualisation, the pictures that excite a unit; dreams. Include fovea/fovea.h. */
#ifndef FOVEA_RENDER_H
#define FOVEA_RENDER_H

#include "fovea/recipe.h"
#include "fovea/session.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- feature visualisation ------------------------------------------------------------------ */

/* Linear maps from decorrelated to RGB colour; pictures of other than 3 channels take none. */
typedef enum fv_color {
    FV_COLOR_RGB = 1, /* none */
    FV_COLOR_LUCID,   /* Lucid's square root of ImageNet's colour covariance, largest column 1 */
    FV_COLOR_MACO,    /* Horama's and Xplique's matrix */
    FV_COLOR_GREY     /* all three channels are the first: grey pictures of a network of colours */
} fv_color;

/* Takes a picture on its way; `image` is borrowed for the call. */
typedef void (*fv_snapshot_fn)(void *user, int picture, int step, const fv_image *image);

/* A gradient whose norm is beyond this counts as exploding, and no picture is made of it: its
 * square does not fit a float, so optimisers that square it divide by infinity. A gradient has
 * vanished if all its numbers are below 1.2e-38, the smallest normal float. */
#define FV_GRADIENT_MOST 1.8e19

/* One optimised picture and what is known about it. */
typedef struct fv_rendering {
    fv_image *image;       /* with its texts: objective, seed, every option, model SHA-256, version.
                              [3][h][w], [1][h][w] where the input has one channel; n channels side
                              by side in grey. NULL if the call was stopped before it was begun */
    fv_tensor *input;      /* the optimised input of the network: [1][...] */
    char *objective;       /* in one spelling */
    int start;             /* which of its starts: 0.. */
    double first, reached; /* objective before the first and at the last update (the best, where
                              that is kept), each on the transformed picture of that update */
    int steps;             /* updates made */
    int batch;             /* pictures that were made side by side, this one among them */
    int redirected;        /* its gradient was zero at the start; ReLUs were redirected */
    int dead;              /* its gradient vanished or exploded, or it met NaN: the picture says
                              nothing */
    int unfinished; /* stopped: by the session's monitor, or (FV_ON_NAN_KEEP) where it met NaN
                       or its gradient exploded; it is the last good picture */
    char *why;      /* NULL, or why it is dead, or is unfinished: "its gradient is zero",
                       "layer \"exp1\" (Exp) makes infinity of finite numbers, ..." */
} fv_rendering;
FV_API void fv_rendering_free(fv_rendering *rendering);

/* Makes the picture that excites one unit.
 *   session    whose model, threads and on_nan it is made with, and whose monitor is asked after
 *              each update; plans made for it stay with the session
 *   objective  terms to raise, with weights, as fv_objective_new reads them: "mixed4a:3 - 0.1*tv"
 *   recipe     NULL: the default for the objective
 *   out        [3][height][width] (1 channel where the input has one), with texts; yours to free
 *   errors     as fv_objective_new and fv_session_gradient; SHAPE the network's input is no
 *              picture; NOTFOUND the unit is dead: its gradient is zero whatever was tried, or
 *              explodes; NONFINITE; CANCELLED. STOP gives the picture as it stands, with the text
 *              fovea.unfinished; CANCELLED before there is one
 */
FV_API fv_status fv_render(fv_session *session, const char *objective, const fv_recipe *recipe,
                           fv_image **out, fv_error *err);

/* Takes a picture that is done, while others are still to be made.
 *   picture    its index in `out`
 *   rendering  borrowed for the call, unless *taken is set to 1: then it is the callee's to free
 *              with fv_rendering_free, and `out` has NULL there
 *   returns    FV_OK; anything else, with err filled, ends the whole call with that */
typedef fv_status (*fv_finished_fn)(void *user, int picture, fv_rendering *rendering, int *taken,
                                    fv_error *err);

typedef struct fv_render_desc {
    size_t struct_size;      /* FV_DESC */
    int batch;               /* pictures at a time, at most, 1..1024: fewer where
                                fv_model_desc.memory says so; 0: of many pictures what a short trial
                                finds fastest. Never changes the pictures */
    int snapshot_every;      /* updates; 0: no snapshots */
    fv_snapshot_fn snapshot; /* or NULL */
    fv_finished_fn finished; /* or NULL */
    void *user;              /* of snapshot and finished */
    fv_session *const *others; /* [other_count] more sessions of the same model, each on a device of
                                  its own, that make batches at the same time; or NULL. Order,
                                  progress and pictures are those of one session. The first
                                  session's monitor is told and asked; it and the callbacks above
                                  are called from other threads then, never two at once */
    int64_t other_count;       /* 0..255 */
} fv_render_desc;

/* Makes pictures for several objectives, as many of each as the recipe's option restarts says, in
 * batches of one layer where it can.
 *   session     as in fv_render; of one session, as of a fresh one, the same call makes the same
 *               pictures
 *   objectives  [count]
 *   recipe      NULL: the default of each objective; it must not change during the call
 *   desc        how the call runs; NULL: defaults
 *   out         [count * restarts], objective by objective; all filled on success, all untouched on
 *               failure. Where the monitor says STOP, pictures not begun are NULL, and the others
 *               that were not finished are marked so; NULL are also those that `finished` has taken
 *   errors      ARG settings of the recipe that do not go together, a session that is there twice
 *               or of another model; as fv_render;
 *               CANCELLED also where the monitor says STOP before any picture is begun */
FV_API fv_status fv_render_many(fv_session *session, const fv_objective *const *objectives,
                                int count, const fv_recipe *recipe, const fv_render_desc *desc,
                                fv_rendering **out, fv_error *err);

typedef struct fv_group_desc {
    size_t struct_size; /* FV_DESC */
    float threshold;    /* distance below which two pictures are the same, 0..2; 0: 0.5, without
                           shifts 0.1 */
    int fixed;          /* 1: compared without shifts (vectors); 0: over all circular shifts */
} fv_group_desc;

/* Groups pictures of one unit that are the same up to a shift.
 *   images     [count] of them at least one
 *   desc       NULL: defaults
 *   groups     [count] group of each, counted from 0 in order of appearance; caller's array
 *   distances  [count * count] 1 - the largest correlation over all shifts, 0..2; caller's, or NULL
 *   distinct   the number of groups
 *   errors     ARG count < 1, a threshold beyond 0..2, a picture that is none; NOMEM */
FV_API fv_status fv_images_group(const fv_image *const *images, int count,
                                 const fv_group_desc *desc, int *groups, double *distances,
                                 int *distinct, fv_error *err);

typedef struct fv_spectrum_desc {
    size_t struct_size;  /* FV_DESC */
    int size;            /* side of the squares that photos are brought to, 1..8192; 0: 512 */
    fv_color color;      /* the map to decorrelated colours; 0: FV_COLOR_MACO */
    int channels;        /* 3, or 1 for grey; 0: 3 */
    fv_monitor *monitor; /* is asked after each file; NULL: none */
} fv_spectrum_desc;

/* Measures the mean magnitudes of the spatial frequencies of photographs, for fv_recipe_set_tensor.
 *   paths    [count] picture files; what cannot be read is skipped
 *   desc     NULL: defaults
 *   out      [channels][size][size/2+1]; yours to free with fv_tensor_free
 *   skipped  how many files could not be read; or NULL
 *   errors   ARG; IO, FORMAT none of the files can be read; CANCELLED; NOMEM. STOP gives the
 *            spectrum of the files so far
 */
FV_API fv_status fv_spectrum(const char *const *paths, int count, const fv_spectrum_desc *desc,
                             fv_tensor **out, int *skipped, fv_error *err);

/* ---- dreams --------------------------------------------------------------------------------- */

typedef struct fv_dream_desc {
    size_t struct_size;        /* FV_DESC */
    int steps;                 /* updates at each octave; 0: 10 */
    int octaves;               /* 0: 4 */
    float octave_scale;        /* > 1; 0: 1.4 */
    float rate;                /* mean change of a pixel in an update, 0..1; 0: 1.5/255 */
    int jitter;                /* tiles are laid from a random corner; 0: a tile's side; -1: none */
    int tile;                  /* side of the pieces the gradient is computed on; 0: 512 */
    int original_colors;       /* 1: only the lightness changes */
    const fv_image *reference; /* a picture whose features are to be brought out, or NULL */
    uint64_t seed;
    int snapshot_every;      /* updates; 0: no snapshots */
    fv_snapshot_fn snapshot; /* or NULL */
    void *user;              /* of snapshot */
} fv_dream_desc;

/* Amplifies in a picture the features that a layer detects (DeepDream, Mordvintsev et al. 2015).
 *   session    as in fv_render; its monitor is asked after each update and each tile
 *   image      any size; it is changed: the result replaces it, with texts as fv_render's
 *   objective  terms of the network; a reference takes a plain LAYER only
 *   memory     the picture, its change, 3 bytes a pixel, and one tile's plan
 *   desc       NULL: defaults
 *   errors     as fv_render; ARG NaN in the picture; CANCELLED leaves the picture as it was, as do
 *              all errors, but for rounding to 8 bits. STOP gives the dream so far, marked
 *              unfinished. With FV_ON_NAN_KEEP a dream that meets NaN after its first tile ends
 *              there, marked unfinished, with FV_OK
 */
FV_API fv_status fv_dream(fv_session *session, fv_image *image, const fv_objective *objective,
                          const fv_dream_desc *desc, fv_error *err);

/* Saves pictures of one size and one number of channels as an animation: .webp (with the texts of
 * the first) or .gif (256 colours a frame, alpha on or off, no texts). The file appears whole or
 * not at all.
 *   delay_ms  between frames, 10..60000; GIF counts in hundredths of a second
 *   loop      1: for ever; 0: once
 *   errors    ARG no frames, frames that differ in size or channels, another ending, a delay out of
 *             range, a frame larger than the format holds (WebP 16383, GIF 65535 a side);
 *             UNSUPPORTED this libvips does not write the format; NOMEM; IO
 */
FV_API fv_status fv_animation_save(const fv_image *const *frames, int count, int delay_ms, int loop,
                                   const char *path, fv_error *err);

#ifdef __cplusplus
}
#endif
#endif
