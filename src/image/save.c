/* SPDX-License-Identifier: Apache-2.0 */
/* Saving pictures with libvips: planar f32 -> 8 bits -> encoded in memory -> written whole.
 * What it does not do: 16 bits; animations (animation.c); a picture of more colours than sRGB.
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
#define MID_GREY (128.0f / 255) /* as loading lays alpha over it */

/* The format of a name without its dot: "png". */
static save_format format_named(const char *name) {
    static const struct {
        const char *name;
        save_format format;
    } known[] = {{"png", SAVE_PNG},   {"jpg", SAVE_JPEG}, {"jpeg", SAVE_JPEG},
                 {"webp", SAVE_WEBP}, {"tif", SAVE_TIFF}, {"tiff", SAVE_TIFF}};
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (!g_ascii_strcasecmp(name, known[i].name)) return known[i].format;
    return SAVE_UNKNOWN;
}

/* The format of a path's ending. */
static save_format format_of(const char *path) {
    const char *dot = strrchr(fvi_path_base(path), '.');
    return dot ? format_named(dot + 1) : SAVE_UNKNOWN;
}

void fvi_image_to_bytes(const fv_image *image, uint8_t *pixels) {
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

fv_status fvi_image_from_bytes(const uint8_t *pixels, int channels, int height, int width,
                               const char *path, VipsImage **out, fv_error *err) {
    size_t bytes = (size_t)channels * (size_t)height * (size_t)width;
    VipsImage *raw =
        vips_image_new_from_memory(pixels, bytes, width, height, channels, VIPS_FORMAT_UCHAR);
    VipsImage *copy = NULL;
    const double per_mm = 72 / 25.4; /* the usual resolution if there is none */
    int failed =
        !raw || vips_copy(raw, &copy, "interpretation",
                          channels >= 3 ? VIPS_INTERPRETATION_sRGB : VIPS_INTERPRETATION_B_W,
                          "xres", per_mm, "yres", per_mm, NULL);
    if (raw) g_object_unref(raw);
    if (failed) return fvi_vips_fail(err, FV_NOMEM, path, "cannot be encoded");
    *out = copy;
    return FV_OK;
}

/* Writes the texts as the format stores them. */
static fv_status add_texts(const fv_image *image, const char *path, save_format format,
                           VipsImage *to, fv_error *err) {
    if (format == SAVE_PNG) {
        fvi_texts_to_png(image, to);
        return FV_OK;
    }
    size_t xmp = fvi_texts_to_xmp(image, to);
    if (format == SAVE_JPEG && xmp > JPEG_XMP_MAX)
        return fvi_fail(err, FV_ARG, "%s: the picture's texts have %zu bytes; a JPEG file holds %d",
                        path, xmp, JPEG_XMP_MAX);
    return FV_OK;
}

/* The TIFF encoder seeks in its output, so it writes to libvips' memory, which is then copied. */
static int encode_tiff(VipsImage *image, fvi_encoded *e) {
    void *bytes = NULL;
    if (vips_tiffsave_buffer(image, &bytes, &e->size, "compression",
                             VIPS_FOREIGN_TIFF_COMPRESSION_DEFLATE, "predictor",
                             VIPS_FOREIGN_TIFF_PREDICTOR_HORIZONTAL, NULL))
        return -1;
    e->bytes = malloc(e->size + 1);
    e->failed = !e->bytes;
    if (e->bytes) memcpy(e->bytes, bytes, e->size);
    g_free(bytes);
    return -e->failed;
}

/* Encodes into memory. Lossy formats have a quality that keeps the textures of these pictures. */
static int encode(VipsImage *image, save_format format, fvi_encoded *e) {
    if (format == SAVE_TIFF) return encode_tiff(image, e);
    VipsTarget *target = fvi_encoded_target(e);
    int failed = -1;
    if (format == SAVE_PNG) failed = vips_pngsave_target(image, target, "compression", 6, NULL);
    if (format == SAVE_JPEG) failed = vips_jpegsave_target(image, target, "Q", 95, NULL);
    if (format == SAVE_WEBP) failed = vips_webpsave_target(image, target, "Q", 95, NULL);
    g_object_unref(target);
    return failed || e->failed;
}

/* NaN is refused, but where alpha may hide it. */
static fv_status check_pixels(const fv_image *image, const char *what, fv_error *err) {
    fv_status st = fvi_image_check(image, what, err);
    return st || image->channels % 2 == 0 ? st : fvi_image_check_numbers(image, what, err);
}

static fv_status check(const fv_image *image, const char *path, fv_error *err) {
    if (!path[0]) return fvi_fail(err, FV_ARG, "no file to write was named");
    if (format_of(path) == SAVE_UNKNOWN)
        return fvi_fail(err, FV_ARG,
                        "%s: pictures are written as .png, .jpg, .jpeg, .webp, .tif or .tiff",
                        path);
    fv_status st = check_pixels(image, "what is to be saved", err);
    if (st) fvi_error_prefix(err, "%s", path);
    return st;
}

/* Encodes a picture; `name` stands for it in errors. `out` is to be freed, also on failure. */
static fv_status encode_image(const fv_image *image, save_format format, const char *name,
                              fvi_encoded *out, fv_error *err) {
    VipsImage *vips = NULL;
    fv_image *flat = NULL; /* without alpha, for the format that has none */
    uint8_t *pixels = NULL;
    fv_status st = fvi_image_start(err);
    if (!st && format == SAVE_JPEG && image->channels % 2 == 0)
        st = fvi_image_flatten(image, MID_GREY, &flat, err);
    if (st) return st;
    const fv_image *shown = flat ? flat : image;
    pixels = malloc((size_t)shown->channels * (size_t)shown->height * (size_t)shown->width);
    if (!pixels) {
        st = fvi_fail(err, FV_NOMEM, "%s: no memory to encode %dx%d pixels", name, image->width,
                      image->height);
        goto done;
    }
    fvi_image_to_bytes(shown, pixels);
    st = fvi_image_from_bytes(pixels, shown->channels, shown->height, shown->width, name, &vips,
                              err);
    if (!st) st = add_texts(image, name, format, vips, err);
    if (!st && encode(vips, format, out)) st = fvi_encoded_fail(out, name, err);
done:
    if (vips) g_object_unref(vips);
    free(pixels);
    fv_image_free(flat);
    return st;
}

fv_status fv_image_save(const fv_image *image, const char *path, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, image, path);
    if (!st) st = check(image, path, err);
    if (st) return st;
    fvi_encoded encoded = {0};
    st = encode_image(image, format_of(path), path, &encoded, err);
    const fvi_bytes_range part = {encoded.bytes, encoded.size};
    if (!st) st = fvi_file_write(path, &part, 1, err);
    free(encoded.bytes);
    return st;
}

fv_status fv_image_encode(const fv_image *image, const char *format, void **bytes, size_t *size,
                          fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, image, format, bytes, size);
    if (st) return st;
    const save_format as = format_named(format);
    if (as == SAVE_UNKNOWN)
        return fvi_fail(err, FV_ARG,
                        "format is \"%.60s\"; allowed: png, jpeg, jpg, webp, tiff and tif", format);
    st = check_pixels(image, "what is to be encoded", err);
    if (st) return st;
    fvi_encoded encoded = {0};
    st = encode_image(image, as, "the picture", &encoded, err);
    if (st) {
        free(encoded.bytes);
        return st;
    }
    *bytes = encoded.bytes;
    *size = encoded.size;
    return FV_OK;
}

void fv_bytes_free(void *bytes) { free(bytes); }
