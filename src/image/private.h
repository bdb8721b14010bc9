/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of src/image/ share. */
#ifndef FVI_IMAGE_PRIVATE_H
#define FVI_IMAGE_PRIVATE_H

#include <vips/vips.h>

#include "fovea/fovea.h"

#define FVI_IMAGE_MAX_PIXELS ((int64_t)1 << 28)
#define FVI_IMAGE_MAX_BYTES  ((int64_t)1 << 30) /* of a picture's file */
#define FVI_IMAGE_MAX_MEMORY ((int64_t)1 << 31) /* bytes of its decoded pixels */
/* A picture larger than this may not have more than so many pixels for each byte of its file. Only
 * blank pictures have more (PNG: 340 and more), and files made to exhaust memory. */
#define FVI_IMAGE_DENSE_PIXELS ((int64_t)1 << 24)
#define FVI_IMAGE_DENSE_RATIO  200

/* The texts of a picture, in the order in which they were set. */
typedef struct fvi_text_item {
    char *key, *value;
} fvi_text_item;
struct fv_text {
    int count;
    fvi_text_item *items;
};

/* ---- start.c ---- */

/* Fails with "SUBJECT: WHAT: libvips's reason", in one line, and clears libvips's error buffer.
 * subject: the file or the operation; what: may be NULL. */
fv_status fvi_vips_fail(fv_error *err, fv_status status, const char *subject, const char *what);

/* One step of a chain of operations: replaces *at by *next, unless the operation failed (then *next
 * is not read). Returns 0, or -1 if it failed. */
int fvi_vips_step(VipsImage **at, int failed, VipsImage **next);

/* ---- save.c ---- */

/* pixels [h][w][channels] = the planes, rounded to 8 bits; NaN becomes black. */
void fvi_image_to_bytes(const fv_image *image, uint8_t *pixels);
/* A libvips picture over pixels [height][width][channels], which must outlive it. `path` is for the
 * error.  errors  NOMEM */
fv_status fvi_image_from_bytes(const uint8_t *pixels, int channels, int height, int width,
                               const char *path, VipsImage **out, fv_error *err);

/* ---- texts.c ---- */

/* Puts the picture's texts where PNG files keep theirs: one tEXt chunk a key. */
void fvi_texts_to_png(const fv_image *image, VipsImage *to);
/* Puts the picture's texts into an XMP packet, which JPEG, WebP and TIFF files carry.
 * Returns its size in bytes, 0 if there is no text. */
size_t fvi_texts_to_xmp(const fv_image *image, VipsImage *to);
/* Reads the texts of a loaded picture, as the two functions above write them. Damaged texts and
 * those of others are ignored.  errors  NOMEM */
fv_status fvi_texts_read(VipsImage *from, fv_image *image, fv_error *err);

/* ---- target.c ---- */

/* A file's bytes as they are encoded; zeroed, then free(bytes). */
typedef struct fvi_encoded {
    void *bytes;
    size_t size, room;
    int failed; /* out of memory */
} fvi_encoded;

/* A target that encoders fill `e` through; g_object_unref (target.c). */
VipsTarget *fvi_encoded_target(fvi_encoded *e);
/* Fails with the reason for which encoding failed: NOMEM, or IO with libvips' reason. */
fv_status fvi_encoded_fail(const fvi_encoded *e, const char *path, fv_error *err);

#endif
