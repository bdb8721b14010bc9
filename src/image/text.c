/* SPDX-License-Identifier: Apache-2.0 */
/* Text on pictures, by libvips (Pango). At 72 dots an inch a point is a pixel, whatever the screen.
 *
 * The line is set so that all texts of one height share a baseline. A text that is too wide loses
 * characters from its end, or, where it ends in ":NUMBER" (layer:channel), from before that.
 * What it does not do: several lines, colours. Without any font Pango draws boxes.
 */
#include <string.h>

#include "base/error.h"
#include "image/image.h"
#include "image/private.h"

/* A tail is at most 8 characters; before it at least 3 are kept, or none. */
enum { TEXT_MAX_CHARS = 1000, TEXT_TAIL_MAX = 8, TEXT_HEAD_MIN = 3 };
#define TEXT_INK 0.1f /* of the darkest pixel */

/* Of DejaVu Sans, in units of its size: capitals are 0.73 high, lines start 0.93 above the baseline
 * but nothing unaccented rises above 0.77, and descenders end 0.24 below. */
#define TEXT_EM_PER_PIXEL 0.96
#define TEXT_SPARE_ASCENT 0.15

/* Renders the text as an ink mask of 8 bits, whose offset is its position in the line. */
static int render_mask(const char *utf8, int pixels, VipsImage **mask) {
    char *markup = g_markup_escape_text(utf8, -1);
    char size[G_ASCII_DTOSTR_BUF_SIZE]; /* with a point in every locale */
    g_ascii_formatd(size, sizeof size, "%.2f", pixels * TEXT_EM_PER_PIXEL);
    char *font = g_strdup_printf("DejaVu Sans, sans %s", size);
    VipsImage *lazy = NULL;
    int failed = vips_text(&lazy, markup, "font", font, "dpi", 72, NULL);
    *mask = failed ? NULL : vips_image_copy_memory(lazy);
    if (lazy) g_object_unref(lazy);
    g_free(font);
    g_free(markup);
    return *mask ? 0 : -1;
}

/* Joins the first `keep` characters, an ellipsis and the tail, to be freed. */
static char *shorten(const char *utf8, long keep, const char *tail) {
    const char *end = g_utf8_offset_to_pointer(utf8, keep);
    while (end > utf8 && end[-1] == ' ') end--;
    return g_strdup_printf("%.*s\xE2\x80\xA6%s", (int)(end - utf8), utf8, tail);
}

/* Renders the longest form of the text that is at most max_width wide; -1 with libvips's error set,
 * *mask NULL if not even the ellipsis fits. */
static int render_fitting(const char *utf8, int pixels, int max_width, VipsImage **mask) {
    if (render_mask(utf8, pixels, mask)) return -1;
    if (vips_image_get_width(*mask) <= max_width) return 0;
    g_clear_object(mask);
    long length = g_utf8_strlen(utf8, -1);
    const char *colon = strrchr(utf8, ':'), *tail = "";
    if (colon && g_utf8_strlen(colon, -1) <= TEXT_TAIL_MAX) tail = colon;
    long most = length - g_utf8_strlen(tail, -1) - 1, least = 0;
    while (least <= most) { /* by halving: widths grow with the number of characters */
        long keep = (least + most) / 2;
        VipsImage *tried = NULL;
        char *text = shorten(utf8, keep, tail);
        int failed = render_mask(text, pixels, &tried);
        g_free(text);
        if (failed) {
            g_clear_object(mask);
            return -1;
        }
        if (vips_image_get_width(tried) <= max_width) {
            g_clear_object(mask);
            *mask = tried;
            least = keep + 1;
        } else {
            g_object_unref(tried);
            most = keep - 1;
        }
    }
    if (*mask && tail[0] && least - 1 > 0 && least - 1 < TEXT_HEAD_MIN) {
        char *text = shorten(utf8, 0, tail);
        g_clear_object(mask);
        int failed = render_mask(text, pixels, mask);
        g_free(text);
        return failed;
    }
    return 0;
}

/* Draws the mask in dark on a white line of that height. */
static fv_status mask_to_line(VipsImage *mask, int pixels, fv_image **out, fv_error *err) {
    int width = vips_image_get_width(mask), height = vips_image_get_height(mask);
    int bands = vips_image_get_bands(mask);
    fv_image *line = NULL;
    fv_status st = fv_image_new(1, pixels, width, &line, err);
    if (st) return st;
    int64_t n = (int64_t)pixels * width;
    for (int64_t i = 0; i < n; i++) line->data[i] = 1;
    int top =
        vips_image_get_yoffset(mask) - (int)(pixels * TEXT_EM_PER_PIXEL * TEXT_SPARE_ASCENT + 0.5);
    if (top + height > pixels) top = pixels - height;
    if (top < 0) top = 0;
    for (int y = 0; y < height && top + y < pixels; y++) {
        const uint8_t *ink = VIPS_IMAGE_ADDR(mask, 0, y);
        float *row = line->data + (int64_t)(top + y) * width;
        for (int x = 0; x < width; x++) row[x] = 1 - (1 - TEXT_INK) * ((float)ink[x * bands] / 255);
    }
    *out = line;
    return FV_OK;
}

char *fvi_text_line(const char *utf8) {
    char *text = g_utf8_make_valid(utf8, -1);
    if (g_utf8_strlen(text, -1) > TEXT_MAX_CHARS) {
        char *cut = shorten(text, TEXT_MAX_CHARS, "");
        g_free(text);
        text = cut;
    }
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7F) *p = ' ';
    return g_strstrip(text);
}

fv_status fvi_image_from_text(const char *utf8, int pixels, int max_width, fv_image **out,
                              fv_error *err) {
    if (!utf8 || pixels < 4 || pixels > 1000 || max_width < 1)
        return fvi_fail(err, FV_ARG, "a text of height %d in a width of %d cannot be drawn", pixels,
                        max_width);
    fv_status st = fvi_image_start(err);
    if (st) return st;
    char *text = fvi_text_line(utf8);
    VipsImage *mask = NULL;
    if (text[0]) {
        render_fitting(text, pixels, max_width, &mask);
        int height = mask ? vips_image_get_height(mask) : 0;
        if (height > pixels) { /* accents, other scripts: smaller rather than cut off */
            g_clear_object(&mask);
            render_fitting(text, pixels * pixels / height, max_width, &mask);
        }
        vips_error_clear(); /* a text that cannot be rendered (blanks of some script) counts as
                               empty */
    }
    fv_image *line = NULL;
    if (mask) {
        st = mask_to_line(mask, pixels, &line, err);
        g_object_unref(mask);
    } else {
        st = fv_image_new(1, pixels, 1, &line, err);
        for (int i = 0; !st && i < pixels; i++) line->data[i] = 1;
    }
    g_free(text);
    if (!st) *out = line;
    return st;
}
