/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures in memory: making, freeing, cutting, pasting, and the texts they carry.
 * Files are in load.c and save.c.
 */
#include "image/image.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/planes.h"
#include "image/private.h"

fv_status fvi_image_check(const fv_image *image, const char *what, fv_error *err) {
    if (!image) return fvi_fail(err, FV_ARG, "%s is no picture: it is NULL", what);
    if (image->channels < 1 || image->channels > 4)
        return fvi_fail(err, FV_ARG, "%s is no picture: it has %d channels; allowed: 1..4", what,
                        image->channels);
    if (image->height < 1 || image->width < 1 ||
        (int64_t)image->height * image->width > FVI_IMAGE_MAX_PIXELS)
        return fvi_fail(err, FV_ARG,
                        "%s is no picture: its height is %d and its width %d; allowed: sizes of "
                        "at least 1, and %lld pixels in all",
                        what, image->height, image->width, (long long)FVI_IMAGE_MAX_PIXELS);
    if (!image->data) return fvi_fail(err, FV_ARG, "%s is no picture: its data are NULL", what);
    return FV_OK;
}

static fv_status refuse_value(const fv_image *image, const char *what, int64_t i, fv_error *err) {
    const int64_t plane = (int64_t)image->height * image->width, at = i % plane;
    return fvi_fail(err, FV_ARG, "%s has the value %g at (%d, %d) of channel %d; allowed: 0..1",
                    what, (double)image->data[i], (int)(at / image->width),
                    (int)(at % image->width), (int)(i / plane));
}

fv_status fvi_image_check_values(const fv_image *image, const char *what, fv_error *err) {
    const int64_t count = (int64_t)image->channels * image->height * image->width;
    for (int64_t i = 0; i < count; i++)
        if (!(image->data[i] >= 0 && image->data[i] <= 1)) return refuse_value(image, what, i, err);
    return FV_OK;
}

fv_status fvi_image_check_numbers(const fv_image *image, const char *what, fv_error *err) {
    const int64_t count = (int64_t)image->channels * image->height * image->width;
    for (int64_t i = 0; i < count; i++)
        if (isnan(image->data[i])) return refuse_value(image, what, i, err);
    return FV_OK;
}

fv_status fv_image_new(int channels, int height, int width, fv_image **out, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, out);
    if (st) return st;
    if (channels < 1 || channels > 4)
        return fvi_fail(err, FV_ARG, "a picture has 1 to 4 channels, not %d", channels);
    if (height < 1 || width < 1)
        return fvi_fail(err, FV_ARG, "a picture of height %d and width %d cannot be made", height,
                        width);
    if ((int64_t)height * width > FVI_IMAGE_MAX_PIXELS)
        return fvi_fail(err, FV_NOMEM, "a picture of %dx%d has more than %lld pixels", width,
                        height, (long long)FVI_IMAGE_MAX_PIXELS);
    fv_image *image = calloc(1, sizeof *image);
    float *data = calloc((size_t)channels * (size_t)height * (size_t)width, sizeof *data);
    if (!image || !data) {
        free(image);
        free(data);
        return fvi_fail(err, FV_NOMEM, "no memory for a picture of %dx%d", width, height);
    }
    image->channels = channels;
    image->height = height;
    image->width = width;
    image->data = data;
    *out = image;
    return FV_OK;
}

void fv_image_free(fv_image *image) {
    if (!image) return;
    if (image->text) {
        for (int i = 0; i < image->text->count; i++) {
            free(image->text->items[i].key);
            free(image->text->items[i].value);
        }
        free(image->text->items);
        free(image->text);
    }
    free(image->data);
    free(image);
}

/* ---- texts ---- */

enum { TEXT_KEY_MAX = 60 };

static int key_is_sound(const char *key) {
    size_t n = strlen(key);
    if (n < 1 || n > TEXT_KEY_MAX) return 0;
    for (size_t i = 0; i < n; i++)
        if (!g_ascii_isalnum(key[i]) && !strchr("-_.", key[i])) return 0;
    return 1;
}

/* The item of that key, or NULL. */
static fvi_text_item *text_find(const fv_image *image, const char *key) {
    if (!image->text) return NULL;
    for (int i = 0; i < image->text->count; i++)
        if (!strcmp(image->text->items[i].key, key)) return &image->text->items[i];
    return NULL;
}

/* A new item without key and value, the last; NULL when out of memory. */
static fvi_text_item *text_append(fv_image *image) {
    if (!image->text) image->text = calloc(1, sizeof *image->text);
    if (!image->text) return NULL;
    size_t n = (size_t)image->text->count + 1;
    fvi_text_item *items = realloc(image->text->items, n * sizeof *items);
    if (!items) return NULL;
    image->text->items = items;
    image->text->count = (int)n;
    items[n - 1] = (fvi_text_item){NULL, NULL};
    return &items[n - 1];
}

fv_status fv_image_set_text(fv_image *image, const char *key, const char *value, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, image, key, value);
    if (st) return st;
    if (!key_is_sound(key))
        return fvi_fail(err, FV_ARG,
                        "text key \"%s\": a key is 1..%d letters, digits, '-', '_' and '.'", key,
                        TEXT_KEY_MAX);
    fvi_text_item *item = text_find(image, key);
    char *copy = strdup(value), *name = item ? NULL : strdup(key);
    if (copy && !item && name) {
        item = text_append(image);
        if (item) item->key = name;
    }
    if (!copy || !item) {
        free(copy);
        free(name);
        return fvi_fail(err, FV_NOMEM, "no memory for the text \"%s\" of a picture", key);
    }
    char *was = item->value;
    item->value = copy;
    free(was);
    return FV_OK;
}

const char *fv_image_text(const fv_image *image, const char *key) {
    const fvi_text_item *item = image && key ? text_find(image, key) : NULL;
    return item ? item->value : NULL;
}

fv_status fvi_image_copy_texts(fv_image *to, const fv_image *from, fv_error *err) {
    for (int i = 0; from->text && i < from->text->count; i++) {
        const fvi_text_item *item = &from->text->items[i];
        if (text_find(to, item->key)) continue;
        fv_status st = fv_image_set_text(to, item->key, item->value, err);
        if (st) return st;
    }
    return FV_OK;
}

/* ---- parts of pictures ---- */

fv_status fvi_image_crop(const fv_image *in, int y, int x, int height, int width, fv_image **out,
                         fv_error *err) {
    if (height < 1 || width < 1 || y < 0 || x < 0 || y > in->height - height ||
        x > in->width - width)
        return fvi_fail(err, FV_ARG, "a part of %dx%d at (%d, %d) is not inside a picture of %dx%d",
                        width, height, x, y, in->width, in->height);
    fv_image *part = NULL;
    fv_status st = fv_image_new(in->channels, height, width, &part, err);
    if (st) return st;
    fvi_planes_crop(fvi_planes_of(in->channels, in->height, in->width, in->data), y, x,
                    fvi_planes_of(in->channels, height, width, part->data));
    *out = part;
    return FV_OK;
}

fv_status fvi_image_flatten(const fv_image *in, float grey, fv_image **out, fv_error *err) {
    int colours = in->channels <= 2 ? 1 : 3, has_alpha = in->channels % 2 == 0;
    int64_t n = (int64_t)in->height * in->width;
    fv_image *flat = NULL;
    fv_status st = fv_image_new(colours, in->height, in->width, &flat, err);
    if (st) return st;
    for (int c = 0; c < colours; c++)
        for (int64_t i = 0; i < n; i++) {
            float colour = in->data[c * n + i], alpha = has_alpha ? in->data[colours * n + i] : 1;
            if (alpha > 0 && alpha < 1)
                colour = grey + alpha * (colour - grey);
            else if (!(alpha > 0)) /* NaN counts as transparent */
                colour = grey;
            flat->data[c * n + i] = colour;
        }
    *out = flat;
    return FV_OK;
}

void fvi_image_paste(fv_image *onto, const fv_image *in, int y, int x) {
    /* The part of `in` that falls inside: rows y0..y1-1, columns x0..x1-1. 64 bits: y + height may
     * exceed an int. */
    int64_t y0 = y < 0 ? -(int64_t)y : 0, x0 = x < 0 ? -(int64_t)x : 0;
    int64_t y1 = MIN((int64_t)in->height, (int64_t)onto->height - y);
    int64_t x1 = MIN((int64_t)in->width, (int64_t)onto->width - x);
    if (x0 >= x1) return;
    for (int c = 0; c < onto->channels; c++)
        for (int64_t row = y0; row < y1; row++) {
            int from = MIN(c, in->channels - 1);
            const float *src = in->data + (from * (int64_t)in->height + row) * in->width + x0;
            float *dst = onto->data + (c * (int64_t)onto->height + y + row) * onto->width + x + x0;
            memcpy(dst, src, (size_t)(x1 - x0) * sizeof *src);
        }
}
