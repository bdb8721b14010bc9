/* SPDX-License-Identifier: Apache-2.0 */
/* rendering: a picture's pixels -> picture file values, the optimised input of the network, and
 * the texts that let the picture be made again.
 */
#include "vis/render/rendering.h"
#include "model/network/lower.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/planes.h"
#include "base/tensor.h"
#include "runtime/model_state.h"
#include "runtime/preprocess.h"
#include "runtime/session.h"
#include "vis/recipe/options.h"
#include "vis/render/display.h"

#define ROW_MAX 4 /* channels side by side, before there are several rows */

void fv_rendering_free(fv_rendering *r) {
    if (!r) return;
    fv_image_free(r->image);
    fv_tensor_free(r->input);
    free(r->objective);
    free(r->why);
    free(r);
}

/* Channels in a row of a picture of n of them. */
static int columns_of(int n) { return n <= ROW_MAX ? n : (int)ceil(sqrt((double)n)); }

/* n channels of h x w in rows, in one grey picture; what is left of the last row is black. */
static void lay_in_rows(const float *planes, int n, int h, int w, float *out) {
    const int columns = columns_of(n);
    const int64_t all = (int64_t)columns * ((n + columns - 1) / columns) * h * w;
    memset(out, 0, (size_t)all * sizeof *out);
    for (int c = 0; c < n; c++)
        for (int y = 0; y < h; y++)
            memcpy(out + (((int64_t)(c / columns) * h + y) * columns + c % columns) * w,
                   planes + ((int64_t)c * h + y) * w, (size_t)w * sizeof *out);
}

/* Planes of the level's size without the margins: [channels][h][w] of the picture; free it. */
static float *without_margins(const fvi_picture *p, const float *planes, int h, int w) {
    float *out = malloc((size_t)p->channels * (size_t)h * (size_t)w * sizeof *out);
    if (out)
        fvi_planes_crop(fvi_planes_view(p->channels, p->h, p->w, planes), p->margin[0],
                        p->margin[1], fvi_planes_of(p->channels, h, w, out));
    return out;
}

/* Fills the image's planes, and its alpha where it has one. */
static void fill_image(const fvi_picture *p, const float *pixels, const float *alpha, int h, int w,
                       float *shown, fv_image *image) {
    const fvi_settings *d = p->desc;
    int64_t plane = (int64_t)h * w;
    fvi_display(&d->display, pixels, p->channels, plane, d->param.low, d->param.high, shown);
    if (p->channels == 1 || p->channels == 3)
        memcpy(image->data, shown, (size_t)(p->channels * plane) * sizeof *shown);
    else
        lay_in_rows(shown, p->channels, h, w, image->data);
    if (alpha) fvi_display_alpha(alpha, p->channels, plane, image->data + p->channels * plane);
}

fv_status fvi_rendering_image(const fvi_picture *p, fv_image **out, fv_error *err) {
    int h = p->h - 2 * p->margin[0], w = p->w - 2 * p->margin[1];
    int is_picture = p->channels == 1 || p->channels == 3;
    int has_alpha = p->alpha && is_picture, columns = columns_of(p->channels);
    fv_image *image = NULL;
    float *pixels = without_margins(p, p->pixels, h, w);
    float *shown = malloc((size_t)p->channels * (size_t)h * (size_t)w * sizeof *shown);
    float *alpha = has_alpha ? without_margins(p, p->alpha, h, w) : NULL;
    fv_status st = pixels && shown && (alpha || !has_alpha)
                       ? FV_OK
                       : fvi_fail(err, FV_NOMEM, "out of memory for a picture of %dx%d", w, h);
    if (!st)
        st = is_picture ? fv_image_new(p->channels + has_alpha, h, w, &image, err)
                        : fv_image_new(1, h * ((p->channels + columns - 1) / columns), w * columns,
                                       &image, err);
    if (!st) {
        fill_image(p, pixels, alpha, h, w, shown, image);
        *out = image;
    }
    free(pixels);
    free(shown);
    free(alpha);
    return st;
}

/* The network's input for the picture as it stands, without margins: [1][...]. */
static fv_status reached_input(const fvi_network *net, const fvi_picture *p, fv_tensor **out,
                               fv_error *err) {
    const fv_input *in = fvi_network_input(net);
    const fvi_param_settings *d = &p->desc->param;
    int h = p->h - 2 * p->margin[0], w = p->w - 2 * p->margin[1];
    int64_t count = (int64_t)p->channels * h * w;
    fvi_shape shape = {.ndim = in->ndim};
    for (int i = 0; i < in->ndim; i++)
        shape.dim[i] = i == 0 ? 1 : in->dim[i] > 0 ? in->dim[i] : count;
    if (in->is_image) shape = fvi_network_input_shape(net, 1, h, w);
    float *pixels = without_margins(p, p->pixels, h, w);
    fv_tensor *x = NULL;
    if (fvi_network_has_batch(net)) shape = fvi_network_file_shape(net, &shape);
    fv_status st = pixels ? fvi_tensor_new(&shape, &x, err)
                          : fvi_fail(err, FV_NOMEM, "out of memory for an input of %dx%d", w, h);
    if (!st && in->is_image) {
        for (int64_t i = 0; i < count; i++) pixels[i] = (pixels[i] - d->low) / (d->high - d->low);
        fvi_encode(in, pixels, h, w, x->data);
    } else if (!st) {
        memcpy(x->data, pixels, (size_t)count * sizeof *x->data);
    }
    free(pixels);
    if (!st) *out = x;
    return st;
}

/* Sets what the picture needs to be made again, and what it reached. */
static fv_status set_texts(const fv_session *session, const fv_rendering *r, const fvi_settings *d,
                           fv_error *err) {
    const fv_model *model = fvi_session_model(session);
    char *options = fvi_options_text(d);
    char *seed = g_strdup_printf("%" G_GUINT64_FORMAT, d->seed);
    char *start = g_strdup_printf("%d", r->start);
    char *steps = r->unfinished ? g_strdup_printf("%d of %d steps%s%s", r->steps,
                                                  d->schedule.steps * d->schedule.levels,
                                                  r->why ? ": " : "", r->why ? r->why : "")
                                : NULL;
    char reached[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_dtostr(reached, sizeof reached, r->reached);
    const char *texts[][2] = {{"fovea.objective", r->objective},
                              {"fovea.options", options},
                              {"fovea.seed", seed},
                              {"fovea.start", start},
                              {"fovea.other-start", d->other_start},
                              {"fovea.reached", reached},
                              {"fovea.model", fv_model_name(model)},
                              {"fovea.model-sha256", fv_model_sha256(model)},
                              {"fovea.version", fv_version()},
                              {"fovea.device", fv_session_accelerator(session)},
                              {"fovea.unfinished", steps},
                              {"fovea.dead", r->dead ? r->why : NULL}};
    fv_status st = FV_OK;
    for (size_t k = 0; !st && k < G_N_ELEMENTS(texts); k++)
        if (texts[k][1]) st = fv_image_set_text(r->image, texts[k][0], texts[k][1], err);
    g_free(steps);
    g_free(start);
    g_free(seed);
    g_free(options);
    return st;
}

fv_status fvi_rendering_new(const fv_session *session, const fvi_picture *p, const char *name,
                            int unfinished, fv_rendering **out, fv_error *err) {
    fv_rendering *r = calloc(1, sizeof *r);
    if (!r) return fvi_fail(err, FV_NOMEM, "out of memory");
    const fvi_gradient_health vanished = {.kind = FVI_GRADIENT_VANISHED,
                                          .largest = p->largest_gradient};
    char zero[128];
    fvi_gradient_health_text(&vanished, zero, sizeof zero);
    const char *why = p->why ? p->why : p->alive ? NULL : zero;
    int best = p->desc->schedule.keep == FVI_KEEP_BEST;
    *r = (fv_rendering){.objective = strdup(name),
                        .start = p->start,
                        .first = p->first,
                        .reached = best ? p->best_value : p->value,
                        .steps = p->steps,
                        .redirected = p->redirected,
                        .dead = !p->alive,
                        .unfinished = unfinished || (p->broken && p->alive),
                        .why = why ? strdup(why) : NULL};
    fv_status st =
        r->objective && (r->why || !why) ? FV_OK : fvi_fail(err, FV_NOMEM, "out of memory");
    if (!st) st = fvi_rendering_image(p, &r->image, err);
    if (!st) st = reached_input(fvi_session_network(session), p, &r->input, err);
    if (!st) st = set_texts(session, r, p->desc, err);
    if (st)
        fv_rendering_free(r);
    else
        *out = r;
    return st;
}
