/* SPDX-License-Identifier: Apache-2.0 */
/* plain: reads BMP (1, 4, 8, 16, 24 and 32 bits, uncompressed) and PBM, PGM and PPM (P1 to P6).
 *
 * libvips reads BMP through ImageMagick alone, which not every libvips has, and calls both loaders
 * unfit for untrusted files. Every offset is checked against the file's size before it is read: a
 * row lies in the file whole, or the picture is refused as cut short. What it does not do:
 * run-length encoded BMP and PAM (P7).
 *
 * Sources: Microsoft's BITMAPFILEHEADER to BITMAPV5HEADER; the netpbm formats' manual pages.
 */
#include "image/plain.h"

#include <string.h>

#include "base/error.h"

#define GREY      (128.0f / 255) /* what transparent pixels lie over, as in load.c */
#define FIELDS    3              /* BMP compression: masks instead of a fixed order */
#define FIELDS_V3 6              /* the same with a mask of alpha */

static fv_status damaged(const char *name, const char *why, fv_error *err) {
    return fvi_fail(err, FV_FORMAT, "%s: is damaged or cut short: %s", name, why);
}

static uint32_t le16(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8; }
static uint32_t le32(const uint8_t *p) { return le16(p) | le16(p + 2) << 16; }

fvi_plain_kind fvi_plain_find(const fvi_bytes_range *file) {
    const uint8_t *p = file->bytes;
    if (file->size < 8) return FVI_PLAIN_NONE;
    if (p[0] == 'P' && p[1] >= '1' && p[1] <= '6' && strchr(" \t\r\n#", p[2]) && p[2])
        return FVI_PLAIN_PNM;
    if (p[0] != 'B' || p[1] != 'M' || file->size < 18) return FVI_PLAIN_NONE;
    const uint32_t header = le32(p + 14);
    return header == 12 || (header >= 40 && header <= 124) ? FVI_PLAIN_BMP : FVI_PLAIN_NONE;
}

/* ---- PBM, PGM, PPM -------------------------------------------------------------------------- */

static int is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* Skips white space and comments. */
static int64_t skip(const fvi_bytes_range *file, int64_t at) {
    const uint8_t *p = file->bytes;
    const int64_t size = (int64_t)file->size;
    for (; at < size && (is_space(p[at]) || p[at] == '#'); at++)
        if (p[at] == '#')
            while (at + 1 < size && p[at] != '\n' && p[at] != '\r') at++;
    return at;
}

/* The number at *at, after white space; -1: there is none, or it is beyond 2^30. */
static int64_t number(const fvi_bytes_range *file, int64_t *at) {
    const uint8_t *p = file->bytes;
    int64_t x = -1;
    *at = skip(file, *at);
    for (; *at < (int64_t)file->size && p[*at] >= '0' && p[*at] <= '9'; (*at)++) {
        x = (x < 0 ? 0 : x * 10) + (p[*at] - '0');
        if (x > 1 << 30) return -1;
    }
    return x;
}

static fv_status pnm_header(const char *name, const fvi_bytes_range *file, fvi_plain *h,
                            fv_error *err) {
    const uint8_t *p = file->bytes;
    const int form = p[1] - '0', bits = form == 1 || form == 4;
    int64_t at = 2;
    h->width = number(file, &at);
    h->height = number(file, &at);
    const int64_t max = bits ? 1 : number(file, &at);
    if (h->width < 1 || h->height < 1) return damaged(name, "its size is no number above 0", err);
    if (max < 1 || max > 65535) return damaged(name, "its value of white is not in 1..65535", err);
    if (at >= (int64_t)file->size || !is_space(p[at])) return damaged(name, "no pixels", err);
    h->offset = at + 1;
    h->max = (uint32_t)max;
    h->channels = form == 3 || form == 6 ? 3 : 1;
    h->bits = bits ? 1 : max > 255 ? 16 : 8;
    h->row = form < 4 ? 0 : (h->width * h->channels * h->bits + 7) / 8;
    return FV_OK;
}

/* A number in digits; those of PBM need no space between them. -1: none. */
static int64_t digits(const fvi_bytes_range *file, const fvi_plain *h, int64_t *at) {
    const uint8_t *p = file->bytes;
    if (h->bits > 1) return number(file, at);
    *at = skip(file, *at);
    if (*at >= (int64_t)file->size || (p[*at] != '0' && p[*at] != '1')) return -1;
    return p[(*at)++] - '0';
}

/* The number i of a row in binary. */
static uint32_t binary(const fvi_plain *h, const uint8_t *row, int64_t i) {
    if (h->bits == 8) return row[i];
    if (h->bits == 16) return (uint32_t)row[2 * i] << 8 | row[2 * i + 1];
    return row[i / 8] >> (7 - i % 8) & 1;
}

static fv_status pnm_read(const char *name, const fvi_bytes_range *file, const fvi_plain *h,
                          fv_image *out, fv_error *err) {
    const int64_t plane = h->width * h->height, n = h->width * h->channels;
    int64_t at = h->offset;
    for (int64_t y = 0; y < h->height; y++)
        for (int64_t i = 0; i < n; i++) {
            const uint8_t *row = (const uint8_t *)file->bytes + h->offset + y * h->row;
            const int64_t v = h->row ? binary(h, row, i) : digits(file, h, &at);
            if (v < 0) return damaged(name, "a number is missing", err);
            if (v > h->max) return damaged(name, "a number is above that of white", err);
            float x = (float)v / (float)h->max;
            if (h->bits == 1) x = 1 - x; /* 1 is black */
            float *to = out->data + y * h->width + i / h->channels;
            if (h->channels == 3)
                to[i % 3 * plane] = x;
            else
                to[0] = to[plane] = to[2 * plane] = x;
        }
    return FV_OK;
}

/* ---- BMP ------------------------------------------------------------------------------------ */

/* The colour masks of 16 and 32 bits. */
static fv_status bmp_masks(const char *name, const fvi_bytes_range *file, uint32_t header,
                           uint32_t compression, fvi_plain *h, fv_error *err) {
    const uint8_t *p = file->bytes;
    static const uint32_t fixed[2][4] = {{0x7c00, 0x3e0, 0x1f, 0}, {0xff0000, 0xff00, 0xff, 0}};
    memcpy(h->mask, fixed[h->bits == 32], sizeof h->mask);
    if (compression == 0) return FV_OK;
    const int with_alpha = header >= 56 || compression == FIELDS_V3;
    if (file->size < 54 + (with_alpha ? 16 : 12)) return damaged(name, "no colour masks", err);
    for (int c = 0; c < 3 + with_alpha; c++) h->mask[c] = le32(p + 54 + 4 * c);
    if (!h->mask[0] || !h->mask[1] || !h->mask[2])
        return damaged(name, "a colour mask is empty", err);
    return FV_OK;
}

/* Where the palette of 1, 4 and 8 bits is. */
static fv_status bmp_palette(const char *name, const fvi_bytes_range *file, uint32_t header,
                             fvi_plain *h, fv_error *err) {
    const int old = header == 12;
    if (h->bits != 1 && h->bits != 4 && h->bits != 8)
        return fvi_fail(err, FV_UNSUPPORTED,
                        "%s: is a BMP picture of %d bits; read are 1, 4, 8, 16, 24 and 32", name,
                        h->bits);
    const uint32_t used = old ? 0 : le32((const uint8_t *)file->bytes + 46);
    h->colors = used && used < 1u << h->bits ? (int)used : 1 << h->bits;
    h->color_bytes = old ? 3 : 4;
    h->palette = 14 + (int64_t)header;
    if (h->palette + (int64_t)h->colors * h->color_bytes > (int64_t)file->size)
        return damaged(name, "no palette", err);
    return FV_OK;
}

static fv_status bmp_layout(const char *name, const fvi_bytes_range *file, fvi_plain *h,
                            fv_error *err) {
    const uint8_t *p = file->bytes;
    const uint32_t header = le32(p + 14);
    const uint32_t compression = header == 12 ? 0 : le32(p + 30);
    const int deep = h->bits == 16 || h->bits == 32;
    if (compression && !(deep && (compression == FIELDS || compression == FIELDS_V3)))
        return fvi_fail(err, FV_UNSUPPORTED,
                        "%s: is a compressed BMP picture (kind %u); read are uncompressed ones",
                        name, (unsigned)compression);
    if (deep) return bmp_masks(name, file, header, compression, h, err);
    return h->bits == 24 ? FV_OK : bmp_palette(name, file, header, h, err);
}

static fv_status bmp_header(const char *name, const fvi_bytes_range *file, fvi_plain *h,
                            fv_error *err) {
    const uint8_t *p = file->bytes;
    const uint32_t header = le32(p + 14);
    if (file->size < 14 + (size_t)header) return damaged(name, "no whole header", err);
    h->offset = le32(p + 10);
    if (header == 12) {
        h->width = le16(p + 18);
        h->height = le16(p + 20);
        h->bits = (int)le16(p + 24);
    } else {
        h->width = (int32_t)le32(p + 18);
        h->height = (int32_t)le32(p + 22);
        h->bits = (int)le16(p + 28);
    }
    h->top_down = h->height < 0;
    if (h->top_down) h->height = -h->height;
    if (h->width < 1 || h->height < 1) return damaged(name, "its size is not above 0", err);
    h->row = (h->width * h->bits + 31) / 32 * 4;
    return bmp_layout(name, file, h, err);
}

/* The part of a pixel under a mask, 0..1. */
static float masked(uint32_t pixel, uint32_t mask) {
    const int shift = __builtin_ctz(mask);
    return (float)((double)((pixel & mask) >> shift) / (double)(mask >> shift));
}

/* The red, green and blue of a pixel; 0 if its colour is not in the palette. */
static int bmp_pixel(const uint8_t *bytes, const fvi_plain *h, const uint8_t *row, int64_t x,
                     float rgb[3]) {
    const uint8_t *color = row + 3 * x; /* blue, green, red */
    if (h->bits == 16 || h->bits == 32) {
        const uint32_t v = h->bits == 16 ? le16(row + 2 * x) : le32(row + 4 * x);
        const float alpha = h->mask[3] ? masked(v, h->mask[3]) : 1;
        for (int c = 0; c < 3; c++) rgb[c] = GREY + alpha * (masked(v, h->mask[c]) - GREY);
        return 1;
    }
    if (h->bits < 24) {
        const int64_t bit = x * h->bits;
        const int index = row[bit / 8] >> (8 - h->bits - bit % 8) & ((1 << h->bits) - 1);
        if (index >= h->colors) return 0;
        color = bytes + h->palette + (int64_t)index * h->color_bytes;
    }
    for (int c = 0; c < 3; c++) rgb[c] = (float)color[2 - c] / 255.0f;
    return 1;
}

static fv_status bmp_read(const char *name, const fvi_bytes_range *file, const fvi_plain *h,
                          fv_image *out, fv_error *err) {
    const uint8_t *p = file->bytes;
    const int64_t plane = h->width * h->height;
    for (int64_t y = 0; y < h->height; y++) {
        const uint8_t *row = p + h->offset + (h->top_down ? y : h->height - 1 - y) * h->row;
        for (int64_t x = 0; x < h->width; x++) {
            float rgb[3];
            if (!bmp_pixel(p, h, row, x, rgb))
                return damaged(name, "a colour is not in the palette", err);
            for (int c = 0; c < 3; c++)
                out->data[c * plane + y * h->width + x] = rgb[c] < 0 ? 0 : rgb[c] > 1 ? 1 : rgb[c];
        }
    }
    return FV_OK;
}

/* ---- both ----------------------------------------------------------------------------------- */

fv_status fvi_plain_header(const char *name, const fvi_bytes_range *file, fvi_plain *out,
                           fv_error *err) {
    *out = (fvi_plain){.kind = fvi_plain_find(file)};
    return out->kind == FVI_PLAIN_PNM ? pnm_header(name, file, out, err)
                                      : bmp_header(name, file, out, err);
}

fv_status fvi_plain_read(const char *name, const fvi_bytes_range *file, const fvi_plain *header,
                         fv_image **out, fv_error *err) {
    const int64_t room = (int64_t)file->size - header->offset;
    const int64_t row = header->row ? header->row : header->width * header->channels;
    if (room < 0 || room / row < header->height)
        return damaged(name, "its pixels do not fit into it", err);
    fv_image *picture = NULL;
    fv_status st = fv_image_new(3, (int)header->height, (int)header->width, &picture, err);
    if (st) {
        fvi_error_prefix(err, "%s", name);
        return st;
    }
    st = header->kind == FVI_PLAIN_PNM ? pnm_read(name, file, header, picture, err)
                                       : bmp_read(name, file, header, picture, err);
    if (st)
        fv_image_free(picture);
    else
        *out = picture;
    return st;
}

/* ---- what is not read ----------------------------------------------------------------------- */

const char *fvi_unread_kind(const fvi_bytes_range *file) {
    static const struct {
        int at, length;
        const char *bytes, *name;
    } kinds[] = {
        {4, 8, "ftypheic", "a HEIC picture"},
        {4, 8, "ftypheix", "a HEIC picture"},
        {4, 8, "ftypmif1", "a HEIF picture"},
        {4, 8, "ftypavif", "an AVIF picture"},
        {4, 7, "ftypcrx", "a camera's raw picture (CR3)"},
        {4, 4, "ftyp", "a film or a picture in an MP4 container"},
        {0, 2, "\xff\x0a", "a JPEG XL picture"},
        {4, 8, "JXL \r\n\x87\n", "a JPEG XL picture"},
        {4, 4, "jP  ", "a JPEG 2000 picture"},
        {0, 4, "\xff\x4f\xff\x51", "a JPEG 2000 picture"},
        {0, 5, "%PDF-", "a PDF document"},
        {0, 4, "%!PS", "a PostScript document"},
        {0, 4, "8BPS", "a Photoshop picture"},
        {0, 9, "gimp xcf ", "a GIMP picture"},
        {0, 4, "qoif", "a QOI picture"},
        {0, 4, "\x76\x2f\x31\x01", "an OpenEXR picture"},
        {0, 10, "#?RADIANCE", "a Radiance HDR picture"},
        {0, 9, "SIMPLE  =", "a FITS picture"},
        {128, 4, "DICM", "a DICOM picture"},
        {0, 15, "FUJIFILMCCD-RAW", "a camera's raw picture (RAF)"},
        {0, 4, "IIU\0", "a camera's raw picture (RW2)"},
        {0, 4, "IIRO", "a camera's raw picture (ORF)"},
        {0, 2, "P7", "a PAM picture"},
        {0, 4, "\0\0\x01\0", "a Windows icon"},
        {0, 4, "<svg", "an SVG drawing"},
        {0, 5, "<?xml", "an XML text or an SVG drawing"},
        {0, 6, "\x93NUMPY", "an array of NumPy's"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (file->size >= (size_t)(kinds[i].at + kinds[i].length) &&
            !memcmp((const char *)file->bytes + kinds[i].at, kinds[i].bytes,
                    (size_t)kinds[i].length))
            return kinds[i].name;
    return NULL;
}
