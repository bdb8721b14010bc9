/* SPDX-License-Identifier: Apache-2.0 */
/* Saving pictures with libvips: planar f32 -> 8 bits -> encoded in memory -> written whole.
 * What it does not do: 16 bits; animations; a picture of more colours than sRGB.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "image/image.h"
#include "image/private.h"

typedef enum save_format { SAVE_PNG, SAVE_JPEG, SAVE_WEBP, SAVE_TIFF, SAVE_UNKNOWN } save_format;

/* JPEG keeps an XMP packet in one segment; libvips drops what is larger. */
enum { JPEG_XMP_MAX = 60000 };

static save_format format_of(const char *path) {
    static const struct {
        const char *ending;
        save_format format;
    } known[] = {{".png", SAVE_PNG},   {".jpg", SAVE_JPEG}, {".jpeg", SAVE_JPEG},
                 {".webp", SAVE_WEBP}, {".tif", SAVE_TIFF}, {".tiff", SAVE_TIFF}};
    const char *dot = strrchr(fvi_path_base(path), '.');
    for (size_t i = 0; dot && i < G_N_ELEMENTS(known); i++)
        if (!g_ascii_strcasecmp(dot, known[i].ending)) return known[i].format;
    return SAVE_UNKNOWN;
}

/* pixels [h][w][c] = the planes, rounded to 8 bits; what is no number becomes black. */
static void to_bytes(const fv_image *image, uint8_t *pixels) {
    int64_t n = (int64_t)image->height * image->width;
    for (int c = 0; c < image->channels; c++) {
        const float *plane = image->data + c * n;
        for (int64_t i = 0; i < n; i++) {
            float v = plane[i];
            pixels[i * image->channels + c] =
                (uint8_t)(v > 0 ? (v < 1 ? lrintf(v * 255.0f) : 255) : 0);
        }
    }
}

/* A libvips picture over `pixels`, with the texts where the format keeps them. */
static fv_status to_vips(const fv_image *image, const char *path, save_format format,
                         const uint8_t *pixels, VipsImage **out, fv_error *err) {
    size_t bytes = (size_t)image->channels * (size_t)image->height * (size_t)image->width;
    VipsImage *raw = vips_image_new_from_memory(pixels, bytes, image->width, image->height,
                                                image->channels, VIPS_FORMAT_UCHAR);
    VipsImage *copy = NULL;
    const double per_mm = 72 / 25.4; /* the usual resolution when none is meant */
    int failed =
        !raw || vips_copy(raw, &copy, "interpretation",
                          image->channels == 3 ? VIPS_INTERPRETATION_sRGB : VIPS_INTERPRETATION_B_W,
                          "xres", per_mm, "yres", per_mm, NULL);
    if (raw) g_object_unref(raw);
    if (failed) return fvi_vips_fail(err, FV_NOMEM, path, "cannot be encoded");
    if (format == SAVE_PNG) {
        fvi_texts_to_png(image, copy);
    } else {
        size_t xmp = fvi_texts_to_xmp(image, copy);
        if (format == SAVE_JPEG && xmp > JPEG_XMP_MAX) {
            g_object_unref(copy);
            return fvi_fail(err, FV_ARG,
                            "%s: the picture's texts have %zu bytes; a JPEG file holds %d", path,
                            xmp, JPEG_XMP_MAX);
        }
    }
    *out = copy;
    return FV_OK;
}

/* Encodes into a buffer to be freed with g_free. Quality where the format loses something: so high
 * that the textures these pictures are about stay. */
static int encode(VipsImage *image, save_format format, void **bytes, size_t *size) {
    switch (format) {
    case SAVE_PNG: return vips_pngsave_buffer(image, bytes, size, "compression", 6, NULL);
    case SAVE_JPEG: return vips_jpegsave_buffer(image, bytes, size, "Q", 95, NULL);
    case SAVE_WEBP: return vips_webpsave_buffer(image, bytes, size, "Q", 95, NULL);
    case SAVE_TIFF:
        return vips_tiffsave_buffer(image, bytes, size, "compression",
                                    VIPS_FOREIGN_TIFF_COMPRESSION_DEFLATE, "predictor",
                                    VIPS_FOREIGN_TIFF_PREDICTOR_HORIZONTAL, NULL);
    case SAVE_UNKNOWN: break;
    }
    return -1;
}

fv_status fv_image_save(const fv_image *image, const char *path, fv_error *err) {
    if (!path || !path[0]) return fvi_fail(err, FV_ARG, "no file to write was named");
    save_format format = format_of(path);
    if (format == SAVE_UNKNOWN)
        return fvi_fail(err, FV_ARG,
                        "%s: pictures are written as .png, .jpg, .jpeg, .webp, .tif or .tiff",
                        path);
    if (!fvi_image_is_sound(image)) return fvi_fail(err, FV_ARG, "%s: no picture to save", path);
    VipsImage *vips = NULL;
    void *encoded = NULL;
    size_t size = 0;
    uint8_t *pixels = NULL;
    fv_status st = fvi_image_start(err);
    if (st) return st;
    pixels = malloc((size_t)image->channels * (size_t)image->height * (size_t)image->width);
    if (!pixels) {
        st = fvi_fail(err, FV_NOMEM, "%s: no memory to encode %dx%d pixels", path, image->width,
                      image->height);
        goto done;
    }
    to_bytes(image, pixels);
    st = to_vips(image, path, format, pixels, &vips, err);
    if (st) goto done;
    if (encode(vips, format, &encoded, &size)) {
        st = fvi_vips_fail(err, FV_IO, path, "cannot be encoded");
        goto done;
    }
    fvi_part part = {encoded, size};
    st = fvi_file_write(path, &part, 1, err);
done:
    g_free(encoded);
    if (vips) g_object_unref(vips);
    free(pixels);
    return st;
}
