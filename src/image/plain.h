/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures that are stored as plain pixels, which libvips reads only through loaders that are not
 * for untrusted files: BMP, and PBM, PGM and PPM. */
#ifndef FVI_IMAGE_PLAIN_H
#define FVI_IMAGE_PLAIN_H

#include <stdint.h>

#include "base/file.h"
#include "fovea/fovea.h"

typedef enum fvi_plain_kind { FVI_PLAIN_NONE, FVI_PLAIN_PNM, FVI_PLAIN_BMP } fvi_plain_kind;

/* Where the pixels of such a file are, and how they are stored. */
typedef struct fvi_plain {
    fvi_plain_kind kind;
    int64_t width, height;
    int64_t offset;          /* of the first pixel */
    int64_t row;             /* bytes from one row to the next; PNM written in digits: 0 */
    int channels;            /* PNM: 1 or 3 numbers a pixel */
    int bits;                /* BMP: of a pixel; PNM: of a number: 1, 8 or 16 */
    int top_down;            /* BMP: whether the first row is the top one */
    uint32_t max;            /* PNM: the value of white */
    uint32_t mask[4];        /* BMP of 16 and 32 bits: of red, green, blue, alpha; 0: has none */
    int64_t palette;         /* BMP of 1, 4 and 8 bits: offset of the colours */
    int colors, color_bytes; /* their number, and the bytes of each */
} fvi_plain;

/* What a file's first bytes say it is. */
fvi_plain_kind fvi_plain_find(const fvi_bytes_range *file);
/* Reads the header of such a file. Its size is positive, and not yet compared with any limit.
 *   name    stands for the file in errors
 *   errors  FORMAT damaged; UNSUPPORTED compressed */
fv_status fvi_plain_header(const char *name, const fvi_bytes_range *file, fvi_plain *out,
                           fv_error *err);
/* Decodes the pixels: three channels, alpha composited over grey.
 *   errors  FORMAT cut short, or a number that is too large; NOMEM */
fv_status fvi_plain_read(const char *name, const fvi_bytes_range *file, const fvi_plain *header,
                         fv_image **out, fv_error *err);

/* The name of a picture or document format that is not read, with its article ("a PDF document"),
 * by a file's first bytes; NULL: not known. */
const char *fvi_unread_kind(const fvi_bytes_range *file);

#endif
