/* SPDX-License-Identifier: Apache-2.0 */
/* Resizing with libvips, plane by plane.
 *
 * Pixel centres are at half-integers: output x is read at (x + 0.5) * in / out - 0.5. Shrinking
 * bilinearly or bicubically (a = -0.5) widens the kernel by the factor, as PIL does; enlarging
 * interpolates. vips_resize is not used because its enlarging places the pixels differently; the
 * operations it is made of take offsets. Inside the picture the result is within 0.1/255 of PIL's
 * on average; at the edge PIL ignores pixels outside where libvips repeats the last one. FVI_AREA
 * averages whole blocks, then resizes bilinearly.
 */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "image/image.h"
#include "image/private.h"

/* Beyond this factor libvips's kernels get too wide: whole blocks are averaged first. */
enum { SHRINK_BY_KERNEL = 16 };

/* A centre exactly between two pixels counts for the further one, whatever the rounding. */
#define NEAREST_NUDGE 1e-5

/* Shrinks one axis of length `from` to `to` by whole blocks, then by the kernel. */
static int shrink_axis(VipsImage **plane, int vertical, int from, int to, fvi_kernel kernel) {
    VipsKernel k = kernel == FVI_BICUBIC ? VIPS_KERNEL_CUBIC : VIPS_KERNEL_LINEAR;
    int block = from / to, failed;
    if (kernel != FVI_AREA) block = block > SHRINK_BY_KERNEL ? block / (SHRINK_BY_KERNEL / 2) : 1;
    VipsImage *next = NULL;
    if (block > 1) {
        failed = vertical ? vips_shrinkv(*plane, &next, block, NULL)
                          : vips_shrinkh(*plane, &next, block, NULL);
        if (fvi_vips_step(plane, failed, &next)) return -1;
        from = vertical ? vips_image_get_height(*plane) : vips_image_get_width(*plane);
    }
    if (from == to) return 0;
    double factor = (double)from / to;
    failed = vertical ? vips_reducev(*plane, &next, factor, "kernel", k, NULL)
                      : vips_reduceh(*plane, &next, factor, "kernel", k, NULL);
    return fvi_vips_step(plane, failed, &next);
}

/* Enlarges, or picks the nearest, in both axes at once. */
static int interpolate(VipsImage **plane, int height, int width, fvi_kernel kernel) {
    double sx = (double)width / vips_image_get_width(*plane);
    double sy = (double)height / vips_image_get_height(*plane);
    int nearest = kernel == FVI_NEAREST || kernel == FVI_AREA;
    /* The nearest interpolator truncates; for the others pixel centres are whole numbers. */
    double ix = nearest || sx == 1 ? 0 : 0.5, iy = nearest || sy == 1 ? 0 : 0.5;
    double ox = sx == 1 ? 0 : -0.5, oy = sy == 1 ? 0 : -0.5;
    if (nearest) ox -= NEAREST_NUDGE, oy -= NEAREST_NUDGE;
    VipsInterpolate *how = vips_interpolate_new(nearest                 ? "nearest"
                                                : kernel == FVI_BICUBIC ? "bicubic"
                                                                        : "bilinear");
    if (!how) return -1;
    VipsArrayInt *area = vips_array_int_newv(4, 0, 0, width, height);
    VipsImage *next = NULL;
    int failed =
        vips_affine(*plane, &next, sx, 0.0, 0.0, sy, "interpolate", how, "idx", ix, "idy", iy,
                    "odx", ox, "ody", oy, "oarea", area, "extend", VIPS_EXTEND_COPY, NULL);
    vips_area_unref(VIPS_AREA(area));
    g_object_unref(how);
    return fvi_vips_step(plane, failed, &next);
}

/* dst [height][width] = src [h][w] resized; 0, or -1 with libvips's error set. */
static int resize_plane(const float *src, int h, int w, float *dst, int height, int width,
                        fvi_kernel kernel) {
    VipsImage *plane = vips_image_new_from_memory(src, (size_t)h * (size_t)w * sizeof *src, w, h, 1,
                                                  VIPS_FORMAT_FLOAT);
    float *pixels = NULL;
    size_t bytes = 0;
    int st = plane ? 0 : -1;
    if (!st && kernel != FVI_NEAREST && width < w) st = shrink_axis(&plane, 0, w, width, kernel);
    if (!st && kernel != FVI_NEAREST && height < h) st = shrink_axis(&plane, 1, h, height, kernel);
    if (!st && (vips_image_get_width(plane) != width || vips_image_get_height(plane) != height))
        st = interpolate(&plane, height, width, kernel);
    if (!st) {
        pixels = vips_image_write_to_memory(plane, &bytes);
        st = pixels ? 0 : -1;
    }
    if (!st) memcpy(dst, pixels, (size_t)height * (size_t)width * sizeof *dst);
    g_free(pixels);
    if (plane) g_object_unref(plane);
    return st;
}

fv_status fvi_image_resize(const fv_image *in, int height, int width, fvi_kernel kernel,
                           fv_image **out, fv_error *err) {
    fv_image *picture = NULL;
    fv_status st = fvi_image_check(in, "what is to be resized", err);
    if (!st) st = fvi_image_start(err);
    if (!st) st = fv_image_new(in->channels, height, width, &picture, err);
    if (st) return st;
    int64_t from = (int64_t)in->height * in->width, to = (int64_t)height * width;
    for (int c = 0; c < in->channels; c++) {
        if (resize_plane(in->data + c * from, in->height, in->width, picture->data + c * to, height,
                         width, kernel)) {
            fv_image_free(picture);
            return fvi_vips_fail(err, FV_NOMEM, "resizing a picture", NULL);
        }
    }
    if (kernel == FVI_BICUBIC) /* its negative lobes overshoot */
        for (int64_t i = 0; i < in->channels * to; i++)
            picture->data[i] = fminf(fmaxf(picture->data[i], 0), 1);
    *out = picture;
    return FV_OK;
}

fv_status fv_image_resize(const fv_image *image, int height, int width, fv_image **out,
                          fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, image, out);
    if (st) return st;
    if (height < 1 || width < 1)
        return fvi_fail(err, FV_ARG, "a picture cannot be resized to %dx%d: sizes are at least 1",
                        width, height);
    return fvi_image_resize(image, height, width, FVI_BICUBIC, out, err);
}

fv_status fv_image_crop(const fv_image *image, int y, int x, int height, int width, fv_image **out,
                        fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, image, out);
    if (!st) st = fvi_image_check(image, "what is to be cropped", err);
    if (st) return st;
    return fvi_image_crop(image, y, x, height, width, out, err);
}
