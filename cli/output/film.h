/* SPDX-License-Identifier: Apache-2.0 */
/* Films: pictures kept small while something goes on, to be animated at its end. */
#ifndef FOVEA_CLI_FILM_H
#define FOVEA_CLI_FILM_H

#include "command.h"

/* Copies a picture, without texts; alpha is laid over white.
 *   out  1 or 3 channels; yours to free */
fv_status cli_image_flatten(const fv_image *in, fv_image **out, fv_error *err);

typedef struct cli_film cli_film;

/* Makes a film of `count` pictures side by side, each height x width. */
cli_film *cli_film_new(int count, int height, int width);
void cli_film_free(cli_film *film);

/* Adds a picture's next frame; where there is no memory for it, cli_film_check says so. */
void cli_film_add(cli_film *film, int picture, const fv_image *image);

/* Drops the frames of a picture that is made again. */
void cli_film_restart(cli_film *film, int picture);

/* Whether all frames that were added are there; `path` is where the film is to go.
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_film_check(const cli_film *film, const char *path);

/* The number of frames of the picture that has most. */
int cli_film_length(const cli_film *film);

/* Makes a picture's frame; of one that has fewer, its last. Of a picture that has none, and of
 * picture -1, it is grey.
 *   out  3 channels, yours to free */
fv_status cli_film_frame(const cli_film *film, int picture, int frame, fv_image **out,
                         fv_error *err);

/* Saves frames as an animation of some seconds whose last frame is held.
 *   returns  CLI_DONE, or an exit code with one line printed */
int cli_film_save(fv_image *const *frames, int count, const char *path);

/* Height and width fitted into a square of `side`, never enlarged. */
void cli_fit(int side, int *height, int *width);

#endif
