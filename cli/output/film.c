/* SPDX-License-Identifier: Apache-2.0 */
/* Films: frames are shrunk to the size they will have and kept as bytes, so that their memory does
 * not depend on the size of the pictures they are made from.
 */
#include "film.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#include "report.h"

#define FILM_MS   5000 /* a film of few frames lasts this long */
#define DELAY_MIN 40   /* milliseconds a frame */
#define DELAY_MAX 200
#define HOLD_MS   1500 /* of the last frame */

struct cli_film {
    int count, height, width;
    int lost;           /* there was no memory for a frame */
    GPtrArray **frames; /* [count] of uint8_t [3][height][width] */
};

fv_status cli_image_flatten(const fv_image *in, fv_image **out, fv_error *err) {
    const int64_t plane = (int64_t)in->height * in->width;
    const int colours = in->channels == 1 ? 1 : 3;
    fv_image *made = NULL;
    fv_status st = fv_image_new(colours, in->height, in->width, &made, err);
    if (st) return st;
    memcpy(made->data, in->data, (size_t)(plane * colours) * sizeof(float));
    for (int64_t i = 0; in->channels == 4 && i < 3 * plane; i++)
        made->data[i] = 1 - in->data[3 * plane + i % plane] * (1 - made->data[i]);
    *out = made;
    return FV_OK;
}

cli_film *cli_film_new(int count, int height, int width) {
    cli_film *f = g_new0(cli_film, 1);
    *f = (cli_film){
        .count = count, .height = height, .width = width, .frames = g_new0(GPtrArray *, count)};
    for (int i = 0; i < count; i++) f->frames[i] = g_ptr_array_new_with_free_func(g_free);
    return f;
}

void cli_film_free(cli_film *film) {
    if (!film) return;
    for (int i = 0; i < film->count; i++) g_ptr_array_free(film->frames[i], TRUE);
    g_free(film->frames);
    g_free(film);
}

void cli_film_add(cli_film *film, int picture, const fv_image *image) {
    if (picture < 0 || picture >= film->count) return;
    fv_image *flat = NULL, *small = NULL;
    const size_t plane = (size_t)film->height * (size_t)film->width;
    uint8_t *bytes = g_try_malloc(3 * plane);
    fv_status st = cli_image_flatten(image, &flat, NULL);
    if (!st) st = fv_image_resize(flat, film->height, film->width, &small, NULL);
    for (size_t i = 0; bytes && !st && i < 3 * plane; i++) {
        float v = small->data[small->channels == 1 ? i % plane : i];
        bytes[i] = (uint8_t)(255 * fminf(fmaxf(v, 0), 1) + 0.5f);
    }
    if (bytes && !st)
        g_ptr_array_add(film->frames[picture], bytes);
    else
        g_free(bytes);
    film->lost |= st || !bytes;
    fv_image_free(small);
    fv_image_free(flat);
}

void cli_film_restart(cli_film *film, int picture) {
    if (picture >= 0 && picture < film->count) g_ptr_array_set_size(film->frames[picture], 0);
}

int cli_film_check(const cli_film *film, const char *path) {
    return film->lost ? cli_fail("%s: there was no memory for all frames", path) : CLI_DONE;
}

int cli_film_length(const cli_film *film) {
    guint most = 0;
    for (int i = 0; i < film->count; i++) most = MAX(most, film->frames[i]->len);
    return (int)most;
}

fv_status cli_film_frame(const cli_film *film, int picture, int frame, fv_image **out,
                         fv_error *err) {
    const GPtrArray *list = picture < 0 ? NULL : film->frames[picture];
    const uint8_t *bytes = NULL;
    if (list && list->len) bytes = list->pdata[MIN((guint)frame, list->len - 1)];
    fv_status st = fv_image_new(3, film->height, film->width, out, err);
    if (st) return st;
    const int64_t n = 3 * (int64_t)film->height * film->width;
    for (int64_t i = 0; i < n; i++) (*out)->data[i] = bytes ? (float)bytes[i] / 255 : 0.5f;
    return FV_OK;
}

int cli_film_save(fv_image *const *frames, int count, const char *path) {
    const int delay = CLAMP(FILM_MS / MAX(count, 1), DELAY_MIN, DELAY_MAX), held = HOLD_MS / delay;
    const fv_image **all = g_new(const fv_image *, count + held);
    fv_error err = {0};
    for (int i = 0; i < count + held; i++) all[i] = frames[MIN(i, count - 1)];
    fv_status st = fv_animation_save(all, count + held, delay, 1, path, &err);
    g_free(all);
    return st ? cli_fail_error(&err) : CLI_DONE;
}

void cli_fit(int side, int *height, int *width) {
    int longest = MAX(*height, *width);
    if (longest <= side) return;
    *height = MAX(1, (int)lround((double)*height * side / longest));
    *width = MAX(1, (int)lround((double)*width * side / longest));
}
