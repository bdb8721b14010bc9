/* SPDX-License-Identifier: Apache-2.0 */
/* activations_draw: activations as a picture.
 *
 * Maps are painted (paint.c) and tiled (montage.c). By default all tiles of a layer are on one
 * scale, so that strong and weak channels can be compared; its bar is drawn below. Tiles on scales
 * of their own also show weak channels, and have the ends of their scale in their labels.
 * Signals are drawn as lines, together while they can be told apart, else each in a plot of its
 * own; a vector as bars.
 */
#include <glib.h>
#include <math.h>
#include <stdlib.h>

#include "base/desc.h"
#include "base/error.h"
#include "draw/plot.h"
#include "image/image.h"
#include "inspect/activations.h"
#include "inspect/enlarge.h"

enum {
    TILE_MAX = 224, /* sides of tiles, in pixels, if nothing else is asked for */
    TILE_MIN = 28,
    SIDE_MAX = 16384, /* that can be asked for */
    ACROSS = 1800,    /* about the width of a square montage of many tiles */
    LINES_MAX = 8,    /* signals in one plot */
    PLOT_WIDTH = 320, /* of one signal's plot */
    PLOT_HEIGHT = 160,
    PLOTS_MAX = 1024, /* of one signal each */
    SLICES_ROW = 24,  /* of a channel, side by side */
    SLICES_MAX = 4096,
    VALUE_ROOM = 96, /* narrower tiles have no room for a value beside the channel */
    ENDS_ROOM = 160, /* nor these for the two ends of a scale */
    BAR_MIN = 160,
    BAR_MAX = 320,
    MARGIN = 8 /* around the bar */
};

/* The drawing under way. */
typedef struct drawing {
    const fv_activations *a;
    const fv_activations_desc *desc;
    fv_channel *channel; /* [count] what is shown */
    int count, tile;
    fv_paint_desc scale; /* low and high 0: each tile has its own */
    char *title;         /* or NULL */
} drawing;

/* Maps that a channel is drawn as. */
static int slices_of(const fv_activations *a) {
    return a->kind == FV_ACTIVATION_VOLUMES ? MAX(a->depth, 1) : 1;
}

/* ---- scale and size ------------------------------------------------------------------------- */

/* The scale of channels from..to; if all their values are equal, one that contains the value. */
static fv_status scale_of(const drawing *d, int from, int to, fv_paint_desc *scale, fv_error *err) {
    float ends[2] = {NAN, NAN};
    for (int i = from; i < to; i++) { /* fminf passes over channels without a value */
        ends[0] = fminf(ends[0], d->channel[i].min);
        ends[1] = fmaxf(ends[1], d->channel[i].max);
    }
    *scale = *FV_DESC(fv_paint_desc, .palette = d->scale.palette);
    return fv_paint_scale(ends, 2, scale, err);
}

static fv_palette palette_of(const drawing *d) {
    int negative = 0;
    for (int i = 0; i < d->count; i++) negative |= d->channel[i].min < 0;
    if (d->desc->palette) return d->desc->palette;
    return negative         ? FV_PALETTE_DIVERGING
           : d->desc->photo ? FV_PALETTE_SEQUENTIAL
                            : FV_PALETTE_GREY;
}

/* A tile's side: a whole number of pixels for each of the map's where it can be. */
static int tile_of(const drawing *d) {
    if (d->desc->tile) return d->desc->tile;
    int map = MAX(d->a->height, d->a->width);
    const double tiles = (double)d->count * slices_of(d->a);
    int room = CLAMP((int)(ACROSS / sqrt(tiles)), TILE_MIN, TILE_MAX);
    if (d->desc->photo) map = MAX(d->desc->photo->height, d->desc->photo->width);
    return map > room ? room : room / map * map;
}

/* "stem/conv: 32 channels of 112x112", "the 4 strongest of 32 channels of 112x112". */
static char *title_of(const drawing *d) {
    const fv_activations *a = d->a;
    GString *s = g_string_new(a->layer);
    if (d->desc->top)
        g_string_append_printf(s, ": the %d strongest of %d channels", d->count, a->channels);
    else if (d->count < a->channels)
        g_string_append_printf(s, ": %d of %d channels", d->count, a->channels);
    else
        g_string_append_printf(s, ": %d channel%s", d->count, d->count == 1 ? "" : "s");
    if (a->kind == FV_ACTIVATION_SIGNALS)
        g_string_append_printf(s, " of %d numbers", a->width);
    else if (a->kind == FV_ACTIVATION_VOLUMES)
        g_string_append_printf(s, " of %dx%dx%d", slices_of(a), a->height, a->width);
    else if (a->kind != FV_ACTIVATION_VECTOR)
        g_string_append_printf(s, " of %dx%d", a->height, a->width);
    return g_string_free(s, FALSE);
}

/* ---- maps ----------------------------------------------------------------------------------- */

/* "17", "17: 3.21", "17: -0.4..3.21", "17: no number", of slice 4 "17, slice 4"; caller frees. */
static char *label_of(const drawing *d, int i, int slice) {
    const fv_channel *c = &d->channel[i];
    if (d->a->kind == FV_ACTIVATION_VOLUMES)
        return g_strdup_printf(d->tile >= VALUE_ROOM ? "%d, slice %d" : "%d:%d", c->channel, slice);
    const double strength = d->desc->by == FV_SCORE_MEAN ? c->mean : c->max;
    if (isnan(c->max) && d->tile >= VALUE_ROOM) return g_strdup_printf("%d: no number", c->channel);
    if (d->desc->scale_tile && d->tile >= ENDS_ROOM)
        return g_strdup_printf("%d: %.3g to %.3g", c->channel, (double)c->min, (double)c->max);
    if (d->tile >= VALUE_ROOM && d->a->kind != FV_ACTIVATION_SIGNALS)
        return g_strdup_printf("%d: %s %.3g", c->channel,
                               d->desc->by == FV_SCORE_MEAN ? "mean" : "max", strength);
    return g_strdup_printf("%d", c->channel);
}

/* Lays a map over the part of the photo that it is of. */
static fv_status lay_over(const drawing *d, const float *map, const fv_paint_desc *scale,
                          fv_image **out, fv_error *err) {
    const fv_activations *a = d->a;
    const fv_image *photo = d->desc->photo;
    fvi_token_grid grid = {.rows = a->height, .columns = a->width};
    const int is_set = a->over[2] > a->over[0] && a->over[3] > a->over[1];
    for (int k = 0; k < 2; k++) {
        grid.over[k] = is_set ? (fvi_stretch){a->over[k], a->over[2 + k]} : (fvi_stretch){0, 1};
        grid.seen[k] = is_set ? (fvi_stretch){a->seen[k], a->seen[2 + k]} : (fvi_stretch){0, 1};
    }
    if (fvi_lies_over_all(&grid))
        return fv_overlay(photo, map, a->height, a->width, scale, out, err);
    float *large = malloc((size_t)photo->height * (size_t)photo->width * sizeof *large);
    if (!large) return fvi_fail(err, FV_NOMEM, "out of memory");
    fvi_enlarge_over(&grid, map, fvi_planes_of(1, photo->height, photo->width, large), 0);
    const fv_status st = fv_overlay(photo, large, photo->height, photo->width, scale, out, err);
    free(large);
    return st;
}

static fv_status draw_map(const drawing *d, int i, int slice, fv_image **out, fv_error *err) {
    const fv_activations *a = d->a;
    const float *map = a->data + d->channel[i].channel * fvi_activations_plane(a) +
                       (int64_t)slice * a->height * a->width;
    fv_paint_desc scale = d->scale;
    fv_status st = d->desc->scale_tile ? scale_of(d, i, i + 1, &scale, err) : FV_OK;
    if (st) return st;
    return d->desc->photo ? lay_over(d, map, &scale, out, err)
                          : fv_paint(map, a->height, a->width, &scale, out, err);
}

/* The tiles' montage with the bar of their scale beneath. */
static fv_status add_bar(const drawing *d, const fv_image *montage, fv_image **out, fv_error *err) {
    fv_image *bar = NULL, *whole = NULL;
    const int width = CLAMP(montage->width - 2 * MARGIN, BAR_MIN, BAR_MAX);
    fv_status st = fv_paint_bar(&d->scale, width, &bar, err);
    if (!st)
        st = fv_image_new(MAX(montage->channels, bar->channels),
                          montage->height + bar->height + MARGIN,
                          MAX(montage->width, bar->width + 2 * MARGIN), &whole, err);
    if (!st) {
        const int64_t n = (int64_t)whole->channels * whole->height * whole->width;
        for (int64_t i = 0; i < n; i++) whole->data[i] = 1;
        fvi_image_paste(whole, montage, 0, 0);
        fvi_image_paste(whole, bar, montage->height, MARGIN);
        *out = whole;
    }
    fv_image_free(bar);
    return st;
}

/* Arranges the tiles; if they are drawn over the photo, the photo is the first tile. */
static fv_status lay_out(const drawing *d, fv_image **tile, char **label, int n, fv_image **out,
                         fv_error *err) {
    const int slices = slices_of(d->a); /* a row a channel while it is short */
    const int columns = slices > 1 && slices <= SLICES_ROW ? slices : 0;
    const fv_montage_desc m = {.struct_size = sizeof m,
                               .columns = d->desc->columns ? d->desc->columns : columns,
                               .tile = d->tile,
                               .title = d->title};
    fv_image *montage = NULL;
    fv_status st =
        fv_montage((const fv_image *const *)tile, (const char *const *)label, n, &m, &montage, err);
    if (!st && d->scale.low < d->scale.high) {
        st = add_bar(d, montage, out, err);
        fv_image_free(montage);
    } else if (!st) {
        *out = montage;
    }
    return st;
}

static fv_status draw_maps(drawing *d, fv_image **out, fv_error *err) {
    const int slices = slices_of(d->a), first = d->desc->photo != NULL;
    if ((int64_t)d->count * slices > SLICES_MAX && slices > 1)
        return fvi_fail(err, FV_ARG,
                        "%d channels of \"%s\" with %d slices are too many to be drawn; at most %d "
                        "slices; choose channels",
                        d->count, d->a->layer, slices, SLICES_MAX);
    const int n = d->count * slices + first;
    fv_image **tile = g_new0(fv_image *, (gsize)n);
    char **label = g_new0(char *, (gsize)n + 1);
    fv_status st = FV_OK;
    d->scale.palette = palette_of(d);
    d->tile = tile_of(d);
    if (!d->desc->scale_tile) st = scale_of(d, 0, d->count, &d->scale, err);
    if (first) {
        tile[0] = (fv_image *)(uintptr_t)d->desc->photo; /* only read */
        label[0] = g_strdup("input");
    }
    for (int i = 0; !st && i < n - first; i++) {
        label[first + i] = label_of(d, i / slices, i % slices);
        st = draw_map(d, i / slices, i % slices, &tile[first + i], err);
    }
    if (!st) st = lay_out(d, tile, label, n, out, err);
    for (int i = first; i < n; i++) fv_image_free(tile[i]);
    for (int i = 0; i < n; i++) g_free(label[i]);
    g_free(label);
    g_free(tile);
    return st;
}

/* ---- signals and vectors -------------------------------------------------------------------- */

/* All signals as lines of one plot. */
static fv_status draw_lines(const drawing *d, const float *x, fv_image **out, fv_error *err) {
    const float *line[LINES_MAX];
    char name[LINES_MAX][16];
    const char *names[LINES_MAX];
    for (int i = 0; i < d->count; i++) {
        line[i] = x + (int64_t)d->channel[i].channel * d->a->width;
        g_snprintf(name[i], sizeof name[i], "%d", d->channel[i].channel);
        names[i] = name[i];
    }
    const fv_plot_desc plot = {.struct_size = sizeof plot, .title = d->title};
    return fv_plot_lines(line, names, d->count, d->a->width, &plot, out, err);
}

/* A plot a signal, tiled. */
static fv_status draw_plots(drawing *d, const float *x, fv_image **out, fv_error *err) {
    if (d->count > PLOTS_MAX)
        return fvi_fail(err, FV_ARG,
                        "%d signals of \"%s\" are too many to be drawn; at most %d can be chosen",
                        d->count, d->a->layer, PLOTS_MAX);
    const fv_plot_desc plot = {
        .struct_size = sizeof plot, .width = PLOT_WIDTH, .height = PLOT_HEIGHT};
    fv_image **tile = g_new0(fv_image *, (gsize)d->count);
    char **label = g_new0(char *, (gsize)d->count + 1);
    fv_status st = FV_OK;
    d->tile = d->desc->tile ? d->desc->tile : PLOT_WIDTH;
    for (int i = 0; !st && i < d->count; i++) {
        const float *line = x + (int64_t)d->channel[i].channel * d->a->width;
        label[i] = label_of(d, i, 0);
        st = fv_plot_lines(&line, NULL, 1, d->a->width, &plot, &tile[i], err);
    }
    if (!st) st = lay_out(d, tile, label, d->count, out, err);
    for (int i = 0; i < d->count; i++) fv_image_free(tile[i]);
    g_strfreev(label);
    g_free(tile);
    return st;
}

static fv_status draw_bars(const drawing *d, fv_image **out, fv_error *err) {
    float *x = g_try_new(float, (gsize)d->count);
    char low[32], high[32];
    if (!x) return fvi_fail(err, FV_NOMEM, "out of memory");
    for (int i = 0; i < d->count; i++) /* of one number, or none */
        x[i] = isnan(d->channel[i].max) ? 0 : d->channel[i].max;
    g_snprintf(low, sizeof low, "channel %d", d->channel[0].channel);
    g_snprintf(high, sizeof high, "%d", d->channel[d->count - 1].channel);
    const fv_plot_desc plot = {
        .struct_size = sizeof plot, .title = d->title, .low = low, .high = high};
    fv_status st = fv_plot_bars(x, d->count, &plot, out, err);
    g_free(x);
    return st;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static fv_status draw(drawing *d, fv_image **out, fv_error *err) {
    const fv_activations *a = d->a;
    const int volumes = a->kind == FV_ACTIVATION_VOLUMES && !d->desc->photo;
    if (a->kind == FV_ACTIVATION_MAPS || a->kind == FV_ACTIVATION_TOKENS || volumes)
        return draw_maps(d, out, err);
    if (d->desc->photo)
        return fvi_fail(err, FV_ARG, "layer \"%s\" has no maps to lay over a photo: it gives %d %s",
                        a->layer, a->channels,
                        a->kind == FV_ACTIVATION_VECTOR    ? "numbers, one a channel"
                        : a->kind == FV_ACTIVATION_SIGNALS ? "signals"
                                                           : "volumes");
    if (a->kind == FV_ACTIVATION_VECTOR) return draw_bars(d, out, err);
    float *x = fvi_plot_finite(a->data, (int64_t)a->channels * a->width);
    if (!x) return fvi_fail(err, FV_NOMEM, "out of memory");
    fv_status st = d->count <= LINES_MAX ? draw_lines(d, x, out, err) : draw_plots(d, x, out, err);
    g_free(x);
    return st;
}

/* Checks the drawing options of a desc.  errors  ARG */
static fv_status check(const fv_activations *a, const fv_activations_desc *d, fv_error *err) {
    if (d->palette && !fv_palette_name(d->palette))
        return fvi_fail(err, FV_ARG, "there is no palette %d; allowed: 0..%d", (int)d->palette,
                        FV_PALETTE_SEQUENTIAL);
    if (d->columns < 0) return fvi_fail(err, FV_ARG, "columns is %d; at least 0", d->columns);
    if (d->tile < 0 || d->tile > SIDE_MAX)
        return fvi_fail(err, FV_ARG, "tile is %d; allowed: 0..%d", d->tile, SIDE_MAX);
    if (a->kind < FV_ACTIVATION_MAPS || a->kind > FV_ACTIVATION_VOLUMES)
        return fvi_fail(err, FV_ARG, "there is no kind %d of activations", (int)a->kind);
    return d->photo ? fvi_image_check(d->photo, "the photo", err) : FV_OK;
}

fv_status fv_activations_draw(const fv_activations *a, const fv_activations_desc *desc,
                              fv_paint_desc *scale, fv_image **out, fv_error *err) {
    fv_activations_desc own;
    fv_paint_desc none;
    fv_status st = FVI_NOT_NULL(err, a, out);
    if (!st) st = FVI_DESC_READ(fv_activations_desc, title, desc, &own, err);
    if (!st && scale) st = FVI_DESC_READ(fv_paint_desc, strength, scale, &none, err);
    if (st) return st;
    drawing d = {.a = a, .desc = &own, .scale = {.struct_size = sizeof d.scale}};
    d.channel = g_try_new0(fv_channel, (gsize)MAX(a->channels, 1));
    if (!d.channel) return fvi_fail(err, FV_NOMEM, "out of memory");
    st = check(a, d.desc, err);
    if (!st) st = fv_activations_choose(a, d.desc, d.channel, &d.count, err);
    if (!st) {
        d.title = d.desc->title ? g_strdup(d.desc->title) : title_of(&d);
        st = draw(&d, out, err);
    }
    if (!st && scale) {
        scale->palette = d.scale.palette;
        scale->low = d.scale.low;
        scale->high = d.scale.high;
    }
    g_free(d.title);
    g_free(d.channel);
    return st;
}
