/* SPDX-License-Identifier: Apache-2.0 */
/* fv_image: functions inside the library. */
#ifndef FVI_IMAGE_IMAGE_H
#define FVI_IMAGE_IMAGE_H

#include "fovea/fovea.h"

/* Fails unless a caller's picture is valid: 1 to 4 channels, sizes of at least 1, at most 2^28
 * pixels, data.   what  "the photo"    errors  ARG */
fv_status fvi_image_check(const fv_image *image, const char *what, fv_error *err);
/* Fails unless all values of such a picture are in [0,1].  errors  ARG */
fv_status fvi_image_check_values(const fv_image *image, const char *what, fv_error *err);
/* Fails if a value of such a picture is NaN; resizing leaves [0,1] a little.  errors  ARG */
fv_status fvi_image_check_numbers(const fv_image *image, const char *what, fv_error *err);

/* Copies the rectangle at (y, x).  errors  ARG outside the picture */
fv_status fvi_image_crop(const fv_image *in, int y, int x, int height, int width, fv_image **out,
                         fv_error *err);

/* Lightness of a colour: Rec. 601 luma, as PIL's "L". */
static inline float fvi_luma(float r, float g, float b) {
    return 0.299f * r + 0.587f * g + 0.114f * b;
}

/* Composites a picture over a grey of that value: out has its 1 or 3 colours and no alpha. A
 * picture without alpha is copied. Texts are not copied. */
fv_status fvi_image_flatten(const fv_image *in, float grey, fv_image **out, fv_error *err);

/* Copies `in` over `onto` with its corner at (y, x), clipped; grey is copied to all channels of
 * RGB. Neither has alpha. */
void fvi_image_paste(fv_image *onto, const fv_image *in, int y, int x);

/* Copies all texts of `from` that `to` does not have. */
fv_status fvi_image_copy_texts(fv_image *to, const fv_image *from, fv_error *err);

/* ---- start.c ---- */

/* Starts libvips once a process (thread-safe); called by everything here.  errors  BACKEND */
fv_status fvi_image_start(fv_error *err);
/* "libvips 8.14.1", static. */
const char *fvi_image_version(void);

/* ---- load.c ---- */

/* Whether a file is a picture beyond the limits of fv_image_load, which is the file's fault, unlike
 * a failed allocation. Reads its header. */
int fvi_image_is_too_large(const char *path);

/* ---- resize.c ---- */

typedef enum fvi_kernel {
    FVI_NEAREST,
    FVI_BILINEAR,
    FVI_BICUBIC,
    FVI_AREA /* shrinks by means; enlarges like FVI_NEAREST */
} fvi_kernel;

/* Resizes to height x width; bicubic and bilinear are antialiased when shrinking (like PIL, with
 * which networks were evaluated). */
fv_status fvi_image_resize(const fv_image *in, int height, int width, fvi_kernel kernel,
                           fv_image **out, fv_error *err);

/* ---- text.c ---- */

/* A text as one line of valid UTF-8 without control characters or blanks at its ends, of at most
 * 1000 characters and then an ellipsis; g_free it. */
char *fvi_text_line(const char *utf8);

/* Renders one line of UTF-8 text, dark on white, `pixels` high (cap height about 0.7 of it),
 * shortened with an ellipsis to at most max_width. Grey, 1 channel. */
fv_status fvi_image_from_text(const char *utf8, int pixels, int max_width, fv_image **out,
                              fv_error *err);

#endif
