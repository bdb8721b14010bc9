/* SPDX-License-Identifier: Apache-2.0 */
/* --animate: how the pictures came about. Frames are kept at the size of a tile while the pictures
 * are made; afterwards they are laid out as the montage is. Pictures are made in batches, so that a
 * frame's tiles were not made at the same time, but after equally many updates.
 */
#include <glib.h>
#include <math.h>
#include <string.h>

#include "output.h"
#include "report.h"
#include "visualize.h"

#define FRAMES       50
#define LARGEST_BARE 512
#define LEAST_TILE   16
#define FILM_BYTES   ((int64_t)512 << 20) /* of all frames, as floats */
#define MOST_BYTES   (4 * FILM_BYTES)     /* where --tile-size says so */

/* Bytes of all frames, with tiles of height x width. */
static int64_t bytes_of(const cli_drawing *d, int frames, int height, int width) {
    return (int64_t)d->count * frames * height * width * 3 * (int64_t)sizeof(float);
}

int cli_drawing_start_film(cli_drawing *d, int *every) {
    const cli_visualize_args *a = d->args;
    const fv_render_desc *r = &d->recipe.desc;
    const int total = r->schedule.steps * r->schedule.levels;
    if (!a->animate) return CLI_DONE;
    const int wanted = a->frames ? a->frames : FRAMES;
    *every = MAX(1, (int)lround((double)total / wanted));
    const int frames = total / *every + 1, montage = cli_drawing_is_montage(d);
    const int channels = r->channels == 1 || r->channels == 3 ? 1 : r->channels;
    int side = montage ? cli_drawing_tile(d) : LARGEST_BARE, h, w;
    for (;; side = side * 7 / 8) {
        h = r->height;
        w = r->width * channels; /* several channels lie side by side */
        cli_fit(side, &h, &w);
        if (a->tile_size || side <= LEAST_TILE || bytes_of(d, frames, h, w) <= FILM_BYTES) break;
    }
    if (bytes_of(d, frames, h, w) > MOST_BYTES)
        return cli_usage(a->common.command,
                         "--animate: %d frames of %d pictures need %.0f GB; fewer --frames or a "
                         "smaller --tile-size would do",
                         frames, d->count, (double)bytes_of(d, frames, h, w) / 1e9);
    d->film = cli_film_new(d->count, h, w);
    return CLI_DONE;
}

/* Frame k of all pictures: bare, or laid out. */
static fv_status make_frame(const cli_drawing *d, int k, fv_image **out, fv_error *err) {
    fv_image **tiles = g_new0(fv_image *, d->count);
    fv_status st = FV_OK;
    for (int i = 0; i < d->count && !st; i++)
        if (d->shown[i]) st = cli_film_frame(d->film, d->made[i]->dead ? -1 : i, k, &tiles[i], err);
    if (!st && cli_drawing_is_montage(d)) {
        st = cli_drawing_lay_out(d, tiles, out, err);
    } else if (!st) {
        st = cli_copy_texts(d->shown[0], tiles[0], err);
        *out = tiles[0];
        tiles[0] = NULL;
    }
    if (!st) st = cli_set_command(&d->args->common, *out, err);
    for (int i = 0; i < d->count; i++) fv_image_free(tiles[i]);
    g_free(tiles);
    return st;
}

int cli_drawing_save_film(const cli_drawing *d) {
    fv_error err = {0};
    fv_status st = FV_OK;
    const int before = cli_film_length(d->film), count = before + 1;
    for (int i = 0; i < d->count; i++) /* one that stopped early waits for the others */
        if (d->shown[i]) cli_film_add(d->film, i, d->shown[i]);
    fv_image **frames = g_new0(fv_image *, count);
    for (int k = 0; k < count && !st; k++) st = make_frame(d, k, &frames[k], &err);
    int code = st ? cli_fail_error(&err) : cli_film_check(d->film, d->args->animate);
    if (!code) code = cli_film_save(frames, count, d->args->animate);
    if (!code && !d->args->common.quiet) {
        char *clean = cli_clean(d->args->animate);
        cli_putf("%s: %dx%d, %d frames\n", clean, frames[0]->width, frames[0]->height, count);
        g_free(clean);
    }
    for (int k = 0; k < count; k++) fv_image_free(frames[k]);
    g_free(frames);
    return code;
}
