/* SPDX-License-Identifier: Apache-2.0 */
/* Maps of numbers as pictures: alone or over a photograph; and the colour bar. The colours are
 * those of palette.c.
 */
#include <float.h>
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/desc.h"
#include "base/error.h"
#include "draw/palette.h"
#include "image/image.h"

enum { BAR_WIDTH = 256, BAR_HEIGHT = 14, TEXT = 14, SPACE = 3, SIDE_MIN = 64, SIDE_MAX = 16384 };
#define STRENGTH    0.6f
#define NUMBERS_MAX ((int64_t)1 << 28) /* as pixels of a picture */

/* The least and the largest finite value; 0 and 0 if there is none. */
static void extremes(const float *values, int64_t count, float *low, float *high) {
    *low = INFINITY;
    *high = -INFINITY;
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) continue;
        *low = fminf(*low, values[i]);
        *high = fmaxf(*high, values[i]);
    }
    if (*low > *high) *low = *high = 0;
}

fv_status fv_paint_scale(const float *values, int64_t count, fv_paint_desc *desc, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, values, desc);
    if (st) return st;
    if (count < 1)
        return fvi_fail(err, FV_ARG, "a scale of %lld numbers; at least 1", (long long)count);
    fv_paint_desc d;
    st = FVI_DESC_READ(fv_paint_desc, strength, desc, &d, err);
    if (st) return st;
    if (!d.palette) d.palette = FV_PALETTE_GREY;
    if (d.low == 0 && d.high == 0) {
        extremes(values, count, &d.low, &d.high);
        if (d.palette == FV_PALETTE_DIVERGING) {
            d.high = fmaxf(fabsf(d.low), fabsf(d.high));
            d.low = -d.high;
        }
        if (!(d.low < d.high)) { /* all equal: any range will do */
            d.high += fmaxf(fabsf(d.high) * FLT_EPSILON * 16, FLT_MIN);
            if (d.palette == FV_PALETTE_DIVERGING) d.low = -d.high;
        }
    }
    st = fvi_paint_check(&d, err);
    if (st) return st;
    desc->palette = d.palette;
    desc->low = d.low;
    desc->high = d.high;
    return FV_OK;
}

/* The colour of a value; NaN has one that is not in the palette. */
static fvi_rgb color_of(const fvi_rgb *colors, const fv_paint_desc *d, float value) {
    int index = fvi_palette_at(d, value);
    return index < 0 ? (fvi_rgb){{0.5f, 0.5f, 0.5f}} : colors[index];
}

/* A grey picture has one channel, or three if a value is not finite, which is drawn red. */
static int channels_of(const fv_paint_desc *d, const float *values, int64_t count) {
    if (d->palette != FV_PALETTE_GREY) return 3;
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(values[i])) return 3;
    return 1;
}

/* Checks the size of a map.  errors  ARG */
static fv_status check_sizes(int height, int width, fv_error *err) {
    if (height >= 1 && width >= 1 && (int64_t)height * width <= NUMBERS_MAX) return FV_OK;
    return fvi_fail(err, FV_ARG,
                    "a map of height %d and width %d; sizes are at least 1, and at most %lld "
                    "numbers in all",
                    height, width, (long long)NUMBERS_MAX);
}

fv_status fv_paint(const float *values, int height, int width, const fv_paint_desc *desc,
                   fv_image **out, fv_error *err) {
    fv_paint_desc d;
    fvi_rgb colors[FVI_PALETTE_SIZE];
    fv_image *p = NULL;
    const int64_t n = (int64_t)height * width;
    fv_status st = FVI_NOT_NULL(err, values, out);
    if (!st) st = FVI_DESC_READ(fv_paint_desc, strength, desc, &d, err);
    if (!st) st = check_sizes(height, width, err);
    if (!st) st = fv_paint_scale(values, n, &d, err);
    if (!st) st = fv_image_new(channels_of(&d, values, n), height, width, &p, err);
    if (st) return st;
    fvi_palette(d.palette, colors);
    for (int64_t i = 0; i < n; i++) {
        fvi_rgb c = color_of(colors, &d, values[i]);
        if (d.palette == FV_PALETTE_GREY && !isfinite(values[i])) c = (fvi_rgb){{1, 0, 0}};
        for (int k = 0; k < p->channels; k++) p->data[k * n + i] = c.v[k];
    }
    *out = p;
    return FV_OK;
}

/* Draws a number under the bar; `align` 0, 1, 2: x is its left, its middle, its right. */
static fv_status write_number(fv_image *onto, double value, int x, int align, int room,
                              fv_error *err) {
    char text[32];
    fv_image *line = NULL;
    g_ascii_formatd(text, sizeof text, "%.4g", value);
    fv_status st = fvi_image_from_text(text, TEXT, MAX(room, 1), &line, err);
    if (st) return st;
    fvi_image_paste(onto, line, BAR_HEIGHT + SPACE, x - line->width * align / 2);
    fv_image_free(line);
    return FV_OK;
}

/* Fills white, with the palette from left to right at the top. */
static void draw_bar(fv_image *onto, const fv_paint_desc *d) {
    const int width = onto->width;
    const int64_t n = (int64_t)onto->height * width;
    fvi_rgb colors[FVI_PALETTE_SIZE];
    fvi_palette(d->palette, colors);
    for (int64_t i = 0; i < 3 * n; i++) onto->data[i] = 1;
    for (int64_t i = 0; i < (int64_t)BAR_HEIGHT * width; i++)
        for (int k = 0; k < 3; k++)
            onto->data[k * n + i] = colors[i % width * (FVI_PALETTE_SIZE - 1) / (width - 1)].v[k];
}

fv_status fv_paint_bar(const fv_paint_desc *desc, int width, fv_image **out, fv_error *err) {
    fv_paint_desc d;
    fv_status st = FVI_NOT_NULL(err, desc, out);
    if (!st) st = FVI_DESC_READ(fv_paint_desc, strength, desc, &d, err);
    if (st) return st;
    fv_image *p = NULL;
    if (!d.palette) d.palette = FV_PALETTE_GREY;
    if (!width) width = BAR_WIDTH;
    if (width < SIDE_MIN || width > SIDE_MAX)
        return fvi_fail(err, FV_ARG, "a bar of %d pixels; it may be %d..%d wide", width, SIDE_MIN,
                        SIDE_MAX);
    st = fvi_paint_check(&d, err);
    if (!st) st = fv_image_new(3, BAR_HEIGHT + SPACE + TEXT + 2, width, &p, err);
    if (st) return st;
    draw_bar(p, &d);
    st = write_number(p, (double)d.low, 0, 0, width / 2, err);
    if (!st) st = write_number(p, (double)d.high, width, 2, width / 2, err);
    if (!st && d.palette == FV_PALETTE_DIVERGING && width >= 3 * SIDE_MIN)
        st = write_number(p, 0, width / 2, 1, width / 3, err);
    if (st)
        fv_image_free(p);
    else
        *out = p;
    return st;
}

/* The map, resized to the photograph; numbers that are not finite count as 0. */
static fv_status enlarge(const float *values, int h, int w, const fv_image *photo, fv_image **out,
                         fv_error *err) {
    fv_image *map = NULL;
    fv_status st = fv_image_new(1, h, w, &map, err);
    if (st) return st;
    for (int64_t i = 0; i < (int64_t)h * w; i++) map->data[i] = isfinite(values[i]) ? values[i] : 0;
    st = fvi_image_resize(map, photo->height, photo->width, FVI_BILINEAR, out, err);
    fv_image_free(map);
    return st;
}

/* Opacity of a value's colour, 0..1: its distance from the neutral end of the scale. */
static float weight_of(const fv_paint_desc *d, float value) {
    float t = d->palette == FV_PALETTE_DIVERGING ? fabsf(value) / d->high
                                                 : (value - d->low) / (d->high - d->low);
    return sqrtf(fminf(fmaxf(t, 0), 1)); /* the root makes middle values visible */
}

/* The colour that is mixed in. The white middle of DIVERGING would whiten the photograph where
 * values are near zero, so its colours begin halfway to the ends. */
static fvi_rgb tint_of(const fvi_rgb *colors, const fv_paint_desc *d, float value) {
    if (d->palette == FV_PALETTE_DIVERGING && value != 0)
        value = copysignf(fmaxf(fabsf(value), d->high / 2), value);
    return color_of(colors, d, value);
}

/* Mixes the photograph in grey with the map's colours, by their opacity. */
static void mix(const fv_image *photo, const fv_image *map, const fv_paint_desc *d,
                fv_image *onto) {
    const int64_t n = (int64_t)onto->height * onto->width;
    fvi_rgb colors[FVI_PALETTE_SIZE];
    fvi_palette(d->palette, colors);
    for (int64_t i = 0; i < n; i++) {
        const float *px = photo->data + i;
        float grey = photo->channels == 1 ? px[0] : fvi_luma(px[0], px[n], px[2 * n]);
        float share = d->strength * weight_of(d, map->data[i]);
        fvi_rgb c = tint_of(colors, d, map->data[i]);
        for (int k = 0; k < 3; k++) onto->data[k * n + i] = (1 - share) * grey + share * c.v[k];
    }
}

fv_status fv_overlay(const fv_image *photo, const float *values, int height, int width,
                     const fv_paint_desc *desc, fv_image **out, fv_error *err) {
    fv_paint_desc d;
    fv_image *flat = NULL, *map = NULL, *p = NULL;
    fv_status st = FVI_NOT_NULL(err, photo, values, out);
    if (!st) st = FVI_DESC_READ(fv_paint_desc, strength, desc, &d, err);
    if (!st && !desc) d.palette = FV_PALETTE_SEQUENTIAL;
    if (!st) st = fvi_image_check(photo, "the photograph", err);
    if (!st) st = check_sizes(height, width, err);
    if (st) return st;
    if (d.palette == FV_PALETTE_GREY)
        return fvi_fail(err, FV_ARG, "a grey map cannot be told from the photograph under it");
    if (d.strength == 0) d.strength = STRENGTH;
    if (!(d.strength > 0 && d.strength <= 1))
        return fvi_fail(err, FV_ARG, "an overlay's strength is %g; it may be 0..1",
                        (double)d.strength);
    st = fv_paint_scale(values, (int64_t)height * width, &d, err);
    if (!st) st = fvi_image_flatten(photo, 1, &flat, err);
    if (!st) st = enlarge(values, height, width, photo, &map, err);
    if (!st) st = fv_image_new(3, photo->height, photo->width, &p, err);
    if (!st) {
        mix(flat, map, &d, p);
        *out = p;
    }
    fv_image_free(map);
    fv_image_free(flat);
    return st;
}
