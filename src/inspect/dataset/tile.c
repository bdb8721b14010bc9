/* SPDX-License-Identifier: Apache-2.0 */
/* tile: one example to be looked at: cut out, or framed in its photo; and a square of
 * several, as part of a larger picture.
 *
 * A frame is an orange line between two black ones, outside what it marks: seen on any photo, and
 * by colour-blind people. Cut-outs of less than a quarter of the tile's side keep their pixels,
 * which a montage enlarges without blurring; larger ones are resized (bicubic).
 */
#include <math.h>

#include "base/error.h"
#include "image/image.h"
#include "inspect/dataset/dataset.h"

#define SIDE_MAX 16384
#define LINES    4 /* of a frame, one pixel each */
#define ENLARGE  4 /* more is left to the montage */

typedef struct box {
    int top, left, height, width;
} box;

/* Brings a picture to at most side x side. */
static fv_status fit(fv_image **image, int side, fv_error *err) {
    const fv_image *p = *image;
    const double scale = (double)side / MAX(p->height, p->width);
    if (scale > ENLARGE || scale == 1) return FV_OK;
    const int h = CLAMP((int)lround(p->height * scale), 1, side);
    const int w = CLAMP((int)lround(p->width * scale), 1, side);
    fv_image *resized = NULL;
    fv_status st = fvi_image_resize(p, h, w, FVI_BICUBIC, &resized, err);
    if (st) return st;
    fv_image_free(*image);
    *image = resized;
    return FV_OK;
}

/* A line one pixel wide along the border of a box. */
static void outline(fv_image *p, box b, const float color[3]) {
    for (int y = MAX(b.top, 0); y < MIN(b.top + b.height, p->height); y++)
        for (int x = MAX(b.left, 0); x < MIN(b.left + b.width, p->width); x++) {
            const int edge =
                y == b.top || y == b.top + b.height - 1 || x == b.left || x == b.left + b.width - 1;
            for (int c = 0; c < 3 && edge; c++)
                p->data[((int64_t)c * p->height + y) * p->width + x] = color[c];
        }
}

/* Draws a frame around a rectangle; `of` is in pixels of the photo of h x w, p is that resized. */
static void frame(fv_image *p, int h, int w, const box *of) {
    static const float black[3] = {0, 0, 0}, orange[3] = {1, 0.6f, 0};
    const double sy = (double)p->height / h, sx = (double)p->width / w;
    box b = {(int)floor(of->top * sy) - LINES, (int)floor(of->left * sx) - LINES, 0, 0};
    b.height = (int)ceil((of->top + of->height) * sy) + LINES - b.top;
    b.width = (int)ceil((of->left + of->width) * sx) + LINES - b.left;
    b.height = MIN(b.height, p->height);
    b.width = MIN(b.width, p->width);
    b.top = CLAMP(b.top, 0, p->height - b.height);
    b.left = CLAMP(b.left, 0, p->width - b.width);
    for (int i = 0; i < LINES; i++) {
        outline(p, b, i == 0 || i == LINES - 1 ? black : orange);
        b = (box){b.top + 1, b.left + 1, b.height - 2, b.width - 2};
    }
}

static fv_status cut(fv_image **image, const fv_example *ex, fv_error *err) {
    fv_image *piece = NULL;
    fv_status st = fv_image_crop(*image, ex->top, ex->left, ex->height, ex->width, &piece, err);
    if (st) return st;
    fv_image_free(*image);
    *image = piece;
    return FV_OK;
}

/* Whether a rectangle lies in a photo. */
static int is_inside(box b, const fvi_photo_entry *photo) {
    return b.top >= 0 && b.left >= 0 && b.height >= 1 && b.width >= 1 &&
           b.top <= photo->height - b.height && b.left <= photo->width - b.width;
}

static box region_of(const fv_example *ex) {
    return (box){ex->top, ex->left, ex->height, ex->width};
}

static box spot_of(const fv_example *ex) {
    return (box){ex->center_top, ex->center_left, ex->center_height, ex->center_width};
}

static fv_status check(const fv_examples *e, const fv_example *ex, fv_example_view view, int side,
                       fv_error *err) {
    if (ex->photo < 0 || ex->photo >= (int)e->photos->len)
        return fvi_fail(err, FV_ARG, "examples: photo %d; there are 0..%d", ex->photo,
                        (int)e->photos->len - 1);
    if (view < 0 || view > FV_EXAMPLE_PHOTO)
        return fvi_fail(err, FV_ARG, "view is %d; allowed: 0..%d", (int)view, FV_EXAMPLE_PHOTO);
    if (side < 8 || side > SIDE_MAX)
        return fvi_fail(err, FV_ARG, "examples: a tile of %d pixels; 8..%d can be made", side,
                        SIDE_MAX);
    const fvi_photo_entry *photo = &g_array_index(e->photos, fvi_photo_entry, ex->photo);
    if (!is_inside(region_of(ex), photo) ||
        (ex->whole && ex->y >= 0 && !is_inside(spot_of(ex), photo)))
        return fvi_fail(err, FV_ARG, "examples: a part of %dx%d at (%d, %d) of a photo of %dx%d",
                        ex->width, ex->height, ex->left, ex->top, photo->width, photo->height);
    return FV_OK;
}

/* Cuts the loaded photo, or frames what the position sees, at the side asked for. */
static fv_status show(fv_image **image, const fv_example *ex, fv_example_view view, int side,
                      const fvi_photo_entry *photo, fv_error *err) {
    const int whole_photo = view == FV_EXAMPLE_PHOTO || (!view && ex->whole);
    const box framed = ex->whole ? spot_of(ex) : region_of(ex);
    fv_status st = whole_photo ? FV_OK : cut(image, ex, err);
    if (!st) st = fit(image, side, err);
    if (!st && whole_photo && ex->y >= 0) frame(*image, photo->height, photo->width, &framed);
    return st;
}

fv_status fv_examples_tile(fv_examples *e, const fv_example *ex, fv_example_view view, int side,
                           fv_image **out, fv_error *err) {
    fv_image *image = NULL;
    fv_status st = FVI_NOT_NULL_AS(err, "examples, example, out", e, ex, out);
    if (!st) st = check(e, ex, view, side, err);
    if (st) return st;
    const fvi_photo_entry *photo = &g_array_index(e->photos, fvi_photo_entry, ex->photo);
    char *path = g_build_filename(e->folder, photo->file->path, NULL);
    st = fv_image_load(path, &image, err);
    if (!st && (image->height != photo->height || image->width != photo->width))
        st = fvi_fail(err, FV_IO, "%s: has changed since it was measured: %dx%d, not %dx%d", path,
                      image->width, image->height, photo->width, photo->height);
    g_free(path);
    if (!st) st = show(&image, ex, view, side, photo, err);
    if (st)
        fv_image_free(image);
    else
        *out = image;
    return st;
}
