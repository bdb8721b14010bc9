/* SPDX-License-Identifier: Apache-2.0 */
/* Loading pictures with libvips: mapped file -> header -> decoded pixels -> upright -> sRGB ->
 * without alpha -> planar f32.
 *
 * The size is checked from the header, before a pixel is decoded. Formats whose readers libvips
 * itself calls untrusted (ImageMagick, PDF, SVG, ...) are refused by their name. BMP, PBM, PGM and
 * PPM are read by plain.c. 16-bit pictures keep their 16 bits. What it does not do: animations (the
 * first frame is read). Pictures of numbers that are not 8 or 16 bits are refused (in
 * floating-point TIFF the value of white is unknown).
 */
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "image/image.h"
#include "image/plain.h"
#include "image/private.h"

#define READ "JPEG, PNG, WebP, TIFF, GIF, BMP, PGM, PPM"

/* The reader for these bytes if there is one that may be used, else NULL with `err` filled. */
static const char *trusted_loader(const char *path, const fvi_bytes_range *file, fv_error *err) {
    const char *loader = file->size ? vips_foreign_find_load_buffer(file->bytes, file->size) : NULL;
#if VIPS_MAJOR_VERSION > 8 || VIPS_MINOR_VERSION >= 13
    gpointer class = loader ? g_type_class_ref(g_type_from_name(loader)) : NULL;
    if (class && (VIPS_OPERATION_CLASS(class)->flags & VIPS_OPERATION_UNTRUSTED)) loader = NULL;
    if (class) g_type_class_unref(class);
#endif
    vips_error_clear();
    if (loader) return loader;
    const char *kind = fvi_unread_kind(file);
    if (!file->size)
        fvi_fail(err, FV_FORMAT, "%s: is empty, not a picture", path);
    else
        fvi_fail(err, FV_FORMAT, "%s: is %s%snot a picture that can be read (" READ ")", path,
                 kind ? kind : "", kind ? ", " : "");
    return loader;
}

/* Checks the number of pixels in a header before decoding. */
static fv_status check_pixels(const char *path, int64_t width, int64_t height, fv_error *err) {
    if (width <= FVI_IMAGE_MAX_PIXELS / height) return FV_OK;
    return fvi_fail(err, FV_NOMEM, "%s: has %lldx%lld pixels; at most %lld in all are read", path,
                    (long long)width, (long long)height, (long long)FVI_IMAGE_MAX_PIXELS);
}

/* Checks the size in a header before decoding. */
static fv_status check_size(const char *path, const fvi_bytes_range *file, const VipsImage *image,
                            fv_error *err) {
    int width = vips_image_get_width(image), height = vips_image_get_height(image);
    int64_t pixels = (int64_t)width * height, pixel = VIPS_IMAGE_SIZEOF_PEL(image);
    fv_status st = check_pixels(path, width, height, err);
    if (st) return st;
    if (pixels > FVI_IMAGE_MAX_MEMORY / pixel)
        return fvi_fail(err, FV_NOMEM, "%s: has %dx%d pixels of %lld bytes; at most %lld in all",
                        path, width, height, (long long)pixel, (long long)FVI_IMAGE_MAX_MEMORY);
    if (pixels > FVI_IMAGE_DENSE_PIXELS && pixels / FVI_IMAGE_DENSE_RATIO > (int64_t)file->size)
        return fvi_fail(err, FV_NOMEM,
                        "%s: has %dx%d pixels in %zu bytes; so large a picture has at least one "
                        "byte for %d pixels",
                        path, width, height, file->size, FVI_IMAGE_DENSE_RATIO);
    return FV_OK;
}

/* Reads the header, checks the size, then decodes all pixels into memory. */
static fv_status decode(const char *path, const fvi_bytes_range *file, VipsImage **out,
                        fv_error *err) {
    VipsImage *image =
        vips_image_new_from_buffer(file->bytes, file->size, "", "access", VIPS_ACCESS_SEQUENTIAL,
                                   "fail_on", VIPS_FAIL_ON_ERROR, NULL);
    if (!image) return fvi_vips_fail(err, FV_FORMAT, path, "is damaged or cut short");
    fv_status st = check_size(path, file, image, err);
    if (st) {
        g_object_unref(image);
        return st;
    }
    VipsImage *memory = vips_image_copy_memory(image);
    g_object_unref(image);
    if (!memory) return fvi_vips_fail(err, FV_FORMAT, path, "is damaged or cut short");
    *out = memory;
    return FV_OK;
}

/* Whether the value of white is known: 8 or 16 bits, or a colorimetric space. */
static int range_is_known(const VipsImage *image) {
    VipsBandFormat format = vips_image_get_format(image);
    if (format == VIPS_FORMAT_UCHAR || format == VIPS_FORMAT_USHORT) return 1;
    switch (vips_image_get_interpretation(image)) {
    case VIPS_INTERPRETATION_LAB:
    case VIPS_INTERPRETATION_LABS:
    case VIPS_INTERPRETATION_LABQ:
    case VIPS_INTERPRETATION_XYZ:
    case VIPS_INTERPRETATION_scRGB: return 1;
    default: return 0;
    }
}

/* Rotates the picture by its EXIF tag, converts it to sRGB of 8 or 16 bits and composites it over
 * grey, unless its alpha is to be kept.
 */
static int to_srgb(VipsImage **image, int keep_alpha) {
    VipsImage *next = NULL;
    if (fvi_vips_step(image, vips_autorot(*image, &next, NULL), &next)) return -1;

    VipsInterpretation from = vips_image_get_interpretation(*image);
    int deep = from == VIPS_INTERPRETATION_RGB16 || from == VIPS_INTERPRETATION_GREY16;
    VipsInterpretation to = deep ? VIPS_INTERPRETATION_RGB16 : VIPS_INTERPRETATION_sRGB;
    if (vips_image_get_typeof(*image, VIPS_META_ICC_NAME)) {
        /* A profile that cannot be used is ignored. */
        if (!vips_icc_transform(*image, &next, "srgb", "embedded", TRUE, "depth", deep ? 16 : 8,
                                NULL))
            fvi_vips_step(image, 0, &next);
        vips_error_clear();
    }
    if (fvi_vips_step(image, vips_colourspace(*image, &next, to, NULL), &next)) return -1;

    if (vips_image_hasalpha(*image) && !keep_alpha) {
        double grey = deep ? 32768 : 128;
        VipsArrayDouble *background = vips_array_double_newv(3, grey, grey, grey);
        int failed = vips_flatten(*image, &next, "background", background, "max_alpha",
                                  deep ? 65535.0 : 255.0, NULL);
        vips_area_unref(VIPS_AREA(background));
        if (fvi_vips_step(image, failed, &next)) return -1;
    }
    return fvi_vips_step(
        image, vips_cast(*image, &next, deep ? VIPS_FORMAT_USHORT : VIPS_FORMAT_UCHAR, NULL),
        &next);
}

/* Spreads the pixels of an 8- or 16-bit picture of at least three bands, four with alpha, into
 * planes. */
static fv_status to_planar(const char *path, VipsImage *image, fv_image **out, fv_error *err) {
    int width = vips_image_get_width(image), height = vips_image_get_height(image);
    int bands = vips_image_get_bands(image);
    int deep = vips_image_get_format(image) == VIPS_FORMAT_USHORT;
    int channels = vips_image_hasalpha(image) && bands > 3 ? 4 : 3;
    if (bands < 3)
        return fvi_fail(err, FV_FORMAT, "%s: has %d bands that are no colours", path, bands);
    fv_image *picture = NULL;
    fv_status st = fv_image_new(channels, height, width, &picture, err);
    if (st) {
        fvi_error_prefix(err, "%s", path);
        return st;
    }
    size_t bytes = 0;
    void *pixels = vips_image_write_to_memory(image, &bytes); /* [h][w][bands] */
    if (!pixels) {
        st = fvi_vips_fail(err, FV_FORMAT, path, "is damaged or cut short");
        goto done;
    }
    int64_t n = (int64_t)height * width;
    for (int c = 0; c < channels; c++) {
        float *plane = picture->data + c * n;
        if (deep) {
            const uint16_t *src = (const uint16_t *)pixels + c;
            for (int64_t i = 0; i < n; i++) plane[i] = (float)src[i * bands] / 65535.0f;
        } else {
            const uint8_t *src = (const uint8_t *)pixels + c;
            for (int64_t i = 0; i < n; i++) plane[i] = (float)src[i * bands] / 255.0f;
        }
    }
    *out = picture;
    picture = NULL;
done:
    g_free(pixels);
    fv_image_free(picture);
    return st;
}

/* Decodes a picture of plain pixels. */
static fv_status load_plain(const char *name, const fvi_bytes_range *file, fv_image **out,
                            fv_error *err) {
    fvi_plain header;
    fv_status st = fvi_plain_header(name, file, &header, err);
    if (!st) st = check_pixels(name, header.width, header.height, err);
    return st ? st : fvi_plain_read(name, file, &header, out, err);
}

/* Whether a picture's header gives it more pixels than are read. */
static int has_too_many_pixels(const char *path, const fvi_bytes_range *file) {
    fvi_plain plain;
    if (fvi_plain_find(file))
        return !fvi_plain_header(path, file, &plain, NULL) &&
               check_pixels(path, plain.width, plain.height, NULL);
    if (!trusted_loader(path, file, NULL)) return 0;
    VipsImage *image = vips_image_new_from_buffer(file->bytes, file->size, "", NULL);
    const int too_many = image && check_pixels(path, vips_image_get_width(image),
                                               vips_image_get_height(image), NULL);
    if (image) g_object_unref(image);
    vips_error_clear();
    return too_many;
}

int fvi_image_is_too_large(const char *path) {
    fvi_mapping file = {0};
    if (fvi_image_start(NULL)) return 0;
    if (fvi_mapping_open(path, INT64_MAX, &file, NULL)) return 0;
    const int too_large = (int64_t)file.size > FVI_IMAGE_MAX_BYTES ||
                          has_too_many_pixels(path, &(fvi_bytes_range){file.bytes, file.size});
    fvi_mapping_close(&file);
    return too_large;
}

/* Decodes the bytes of a file; `name` stands for it in errors. */
static fv_status load(const char *name, const fvi_bytes_range *file, int keep_alpha, fv_image **out,
                      fv_error *err) {
    VipsImage *image = NULL;
    fv_image *picture = NULL;
    if (fvi_plain_find(file)) return load_plain(name, file, out, err);
    if (!trusted_loader(name, file, err)) return FV_FORMAT;
    fv_status st = decode(name, file, &image, err);
    if (st) goto done;
    if (!range_is_known(image)) {
        st = fvi_fail(err, FV_UNSUPPORTED, "%s: its pixels are of type %s; read are 8 and 16 bits",
                      name, vips_enum_nick(VIPS_TYPE_BAND_FORMAT, vips_image_get_format(image)));
        goto done;
    }
    if (to_srgb(&image, keep_alpha)) {
        st = fvi_vips_fail(err, FV_FORMAT, name, "its colours cannot be read");
        goto done;
    }
    st = to_planar(name, image, &picture, err);
    if (!st) st = fvi_texts_read(image, picture, err);
    if (st) goto done;
    *out = picture;
    picture = NULL;
done:
    if (image) g_object_unref(image);
    fv_image_free(picture);
    return st;
}

static fv_status load_file(const char *path, int keep_alpha, fv_image **out, fv_error *err) {
    fvi_mapping file = {0};
    fv_status st = FVI_NOT_NULL(err, path, out);
    if (!st) st = fvi_image_start(err);
    if (!st) st = fvi_mapping_open(path, FVI_IMAGE_MAX_BYTES, &file, err);
    if (st) return st;
    st = load(path, &(fvi_bytes_range){file.bytes, file.size}, keep_alpha, out, err);
    fvi_mapping_close(&file);
    return st;
}

fv_status fv_image_load(const char *path, fv_image **out, fv_error *err) {
    return load_file(path, 0, out, err);
}

fv_status fv_image_load_alpha(const char *path, fv_image **out, fv_error *err) {
    return load_file(path, 1, out, err);
}

fv_status fv_image_load_memory(const void *bytes, size_t size, fv_image **out, fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, bytes, out);
    if (!st && size > FVI_IMAGE_MAX_BYTES)
        st = fvi_fail(err, FV_NOMEM, "the picture has %zu bytes; at most %lld are read", size,
                      (long long)FVI_IMAGE_MAX_BYTES);
    if (!st) st = fvi_image_start(err);
    return st ? st : load("the picture", &(fvi_bytes_range){bytes, size}, 0, out, err);
}
