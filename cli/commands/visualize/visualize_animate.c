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
static int64_t bytes_of(const cli_plan *p, int frames, int height, int width) {
    return (int64_t)p->count * frames * height * width * 3 * (int64_t)sizeof(float);
}

int cli_film_start(const cli_plan *p, cli_film **film, int *every) {
    const cli_visualize_args *a = p->args;
    const cli_recipe *r = &p->recipe;
    const int total = r->steps * r->levels;
    if (!a->animate) return CLI_DONE;
    const int wanted = a->frames ? a->frames : FRAMES;
    *every = MAX(1, (int)lround((double)total / wanted));
    const int frames = total / *every + 1, montage = cli_plan_is_montage(p);
    const int channels = r->channels == 1 || r->channels == 3 ? 1 : r->channels;
    int side = montage ? cli_plan_tile(p) : LARGEST_BARE, h, w;
    for (;; side = side * 7 / 8) {
        h = r->height;
        w = r->width * channels; /* several channels lie side by side */
        cli_fit(side, &h, &w);
        if (a->tile_size || side <= LEAST_TILE || bytes_of(p, frames, h, w) <= FILM_BYTES) break;
    }
    if (bytes_of(p, frames, h, w) > MOST_BYTES)
        return cli_usage(a->common.command,
                         "--animate: %d frames of %d pictures need %.0f GB; fewer --frames or a "
                         "smaller --tile-size would do",
                         frames, p->count, (double)bytes_of(p, frames, h, w) / 1e9);
    *film = cli_film_new(p->count, h, w);
    return CLI_DONE;
}

/* Frame k of all pictures: bare, or laid out. */
static fv_status make_frame(const cli_tiles *t, int k, fv_image **out, fv_error *err) {
    fv_image **frame = g_new0(fv_image *, t->plan->count);
    fv_status st = FV_OK;
    for (int i = 0; i < t->plan->count && !st; i++)
        if (t->image[i])
            st = cli_film_frame(t->made->film, t->made->picture[i]->dead ? -1 : i, k, &frame[i],
                                err);
    if (!st && cli_plan_is_montage(t->plan)) {
        st = cli_tiles_lay_out(t, frame, out, err);
    } else if (!st) {
        st = cli_copy_texts(t->image[0], frame[0], err);
        *out = frame[0];
        frame[0] = NULL;
    }
    if (!st) st = cli_set_command(&t->plan->args->common, *out, err);
    for (int i = 0; i < t->plan->count; i++) fv_image_free(frame[i]);
    g_free(frame);
    return st;
}

int cli_tiles_save_film(const cli_tiles *t) {
    fv_error err = {0};
    fv_status st = FV_OK;
    const int before = cli_film_length(t->made->film), count = before + 1;
    for (int i = 0; i < t->plan->count; i++) /* one that stopped early waits for the others */
        if (t->image[i]) cli_film_add(t->made->film, i, t->image[i]);
    fv_image **frames = g_new0(fv_image *, count);
    for (int k = 0; k < count && !st; k++) st = make_frame(t, k, &frames[k], &err);
    int code = st ? cli_fail_error(&err) : cli_film_check(t->made->film, t->plan->args->animate);
    if (!code) code = cli_film_save(frames, count, t->plan->args->animate);
    if (!code && !t->plan->args->common.quiet) {
        char *clean = cli_clean(t->plan->args->animate);
        cli_putf("%s: %dx%d, %d frames\n", clean, frames[0]->width, frames[0]->height, count);
        g_free(clean);
    }
    for (int k = 0; k < count; k++) fv_image_free(frames[k]);
    g_free(frames);
    return code;
}
