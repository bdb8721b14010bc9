/* SPDX-License-Identifier: Apache-2.0 */
/* Saving animations with libvips: the frames are stacked in one tall picture with a page height,
 * which is encoded in memory and written at once.
 * What it does not do: delays that differ between frames; texts in GIF files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "image/image.h"
#include "image/private.h"

/* The animated formats: which libvips operation writes them, and their largest side. */
typedef struct animation {
    const char *ending, *operation;
    int side_max;
} animation;

static const animation formats[] = {{".webp", "webpsave_target", 16383},
                                    {".gif", "gifsave_target", 65535}};

enum { DELAY_MIN = 10, DELAY_MAX = 60000 };

static const animation *format_of(const char *path) {
    const char *dot = strrchr(fvi_path_base(path), '.');
    for (size_t i = 0; dot && i < G_N_ELEMENTS(formats); i++)
        if (!g_ascii_strcasecmp(dot, formats[i].ending)) return &formats[i];
    return NULL;
}

static fv_status check_frames(const fv_image *const *frames, int count, const animation *format,
                              const char *path, fv_error *err) {
    if (count < 1)
        return fvi_fail(err, FV_ARG, "%s: an animation of %d frames cannot be made", path, count);
    for (int i = 0; i < count; i++) {
        const fv_image *p = frames[i], *first = frames[0];
        char what[32];
        snprintf(what, sizeof what, "frame %d", i);
        fv_status st = fvi_image_check(p, what, err);
        if (st) {
            fvi_error_prefix(err, "%s", path);
            return st;
        }
        if (p->height != first->height || p->width != first->width ||
            p->channels != first->channels)
            return fvi_fail(err, FV_ARG,
                            "%s: frame %d has %dx%d pixels of %d channels, frame 0 %dx%d of %d; "
                            "all must be the same",
                            path, i, p->width, p->height, p->channels, first->width, first->height,
                            first->channels);
    }
    if (frames[0]->height > format->side_max || frames[0]->width > format->side_max)
        return fvi_fail(err, FV_ARG, "%s: frames of %dx%d; at most %d a side fit the format", path,
                        frames[0]->width, frames[0]->height, format->side_max);
    if (count > VIPS_MAX_COORD / frames[0]->height)
        return fvi_fail(err, FV_NOMEM, "%s: %d frames of height %d; at most %d rows in all", path,
                        count, frames[0]->height, VIPS_MAX_COORD);
    return FV_OK;
}

static fv_status encode(VipsImage *tall, const animation *format, const char *path, fvi_encoded *e,
                        fv_error *err) {
    if (!vips_type_find("VipsOperation", format->operation))
        return fvi_fail(err, FV_UNSUPPORTED, "%s: the installed libvips cannot write %s files",
                        path, format->ending);
    VipsTarget *target = fvi_encoded_target(e);
    int failed = format == &formats[0] ? vips_webpsave_target(tall, target, "Q", 90, NULL)
                                       : vips_gifsave_target(tall, target, NULL);
    g_object_unref(target);
    return failed || e->failed ? fvi_encoded_fail(e, path, err) : FV_OK;
}

/* Sets the page height, how long each page is shown, and how often all are (0: for ever). */
static fv_status add_timing(VipsImage *tall, int height, int count, int delay_ms, int loop,
                            const char *path, fv_error *err) {
    int *delays = malloc((size_t)count * sizeof *delays);
    if (!delays) return fvi_fail(err, FV_NOMEM, "%s: no memory for %d frames", path, count);
    for (int i = 0; i < count; i++) delays[i] = delay_ms;
    vips_image_set_int(tall, VIPS_META_PAGE_HEIGHT, height);
    vips_image_set_int(tall, VIPS_META_N_PAGES, count);
    vips_image_set_int(tall, "loop", loop ? 0 : 1);
    vips_image_set_array_int(tall, "delay", delays, count);
    free(delays);
    return FV_OK;
}

/* Stacks the checked frames into one picture. It uses the memory *pixels, which the caller frees
 * after it. */
static fv_status stack(const fv_image *const *frames, int count, const char *path, uint8_t **pixels,
                       VipsImage **out, fv_error *err) {
    const fv_image *first = frames[0];
    int64_t frame = (int64_t)first->channels * first->height * first->width;
    *pixels = count <= PTRDIFF_MAX / frame ? malloc((size_t)(frame * count)) : NULL;
    if (!*pixels)
        return fvi_fail(err, FV_NOMEM, "%s: no memory to encode %d frames of %dx%d", path, count,
                        first->width, first->height);
    for (int i = 0; i < count; i++) fvi_image_to_bytes(frames[i], *pixels + i * frame);
    return fvi_image_from_bytes(*pixels, first->channels, first->height * count, first->width, path,
                                out, err);
}

fv_status fv_animation_save(const fv_image *const *frames, int count, int delay_ms, int loop,
                            const char *path, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, frames, path);
    if (st) return st;
    if (!path[0]) return fvi_fail(err, FV_ARG, "no file to write was named");
    const animation *format = format_of(path);
    if (!format) return fvi_fail(err, FV_ARG, "%s: animations are written as .webp or .gif", path);
    if (delay_ms < DELAY_MIN || delay_ms > DELAY_MAX)
        return fvi_fail(err, FV_ARG, "%s: a delay of %d ms; allowed: %d..%d", path, delay_ms,
                        DELAY_MIN, DELAY_MAX);
    VipsImage *tall = NULL;
    uint8_t *pixels = NULL;
    fvi_encoded encoded = {0};
    st = check_frames(frames, count, format, path, err);
    if (!st) st = fvi_image_start(err);
    if (!st) st = stack(frames, count, path, &pixels, &tall, err);
    if (!st) st = add_timing(tall, frames[0]->height, count, delay_ms, loop, path, err);
    if (!st && format == &formats[0]) fvi_texts_to_xmp(frames[0], tall);
    if (!st) st = encode(tall, format, path, &encoded, err);
    fvi_bytes_range contents = {encoded.bytes, encoded.size};
    if (!st) st = fvi_file_write(path, &contents, 1, err);
    free(encoded.bytes);
    if (tall) g_object_unref(tall);
    free(pixels);
    return st;
}
