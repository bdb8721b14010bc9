/* SPDX-License-Identifier: Apache-2.0 */
/* Colours as people write them: CSS' names of the plain ones, its hexadecimal digits, and numbers
 * of 0 to 255. What it does not do: CSS' other names and functions, transparency. */
#include "model/input/color.h"

#include <glib.h>
#include <string.h>

#include "base/error.h"

static const struct {
    const char *name;
    unsigned rgb;
} names[] = {{"black", 0x000000}, {"white", 0xffffff},   {"grey", 0x808080},  {"gray", 0x808080},
             {"red", 0xff0000},   {"green", 0x008000},   {"blue", 0x0000ff},  {"yellow", 0xffff00},
             {"cyan", 0x00ffff},  {"magenta", 0xff00ff}, {"orange", 0xffa500}};

static int from_hex(const char *text, unsigned *rgb) {
    const size_t n = strlen(text);
    if ((n != 3 && n != 6) || strspn(text, "0123456789abcdefABCDEF") != n) return 0;
    *rgb = 0;
    for (size_t i = 0; i < n; i++) {
        const unsigned digit = (unsigned)g_ascii_xdigit_value(text[i]);
        *rgb = n == 3 ? *rgb << 8 | digit << 4 | digit : *rgb << 4 | digit;
    }
    return 1;
}

static int from_name(const char *text, unsigned *rgb) {
    if (text[0] == '#') return from_hex(text + 1, rgb);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (!g_ascii_strcasecmp(text, names[i].name)) {
            *rgb = names[i].rgb;
            return 1;
        }
    return 0;
}

/* One number, or three with commas between. */
static int from_numbers(const char *text, float *rgb) {
    int n = 0;
    for (char *end; n < 3; text = end + 1) {
        const double v = g_ascii_strtod(text, &end);
        if (end == text || !(v >= 0 && v <= 255)) return 0;
        rgb[n++] = (float)(v / 255);
        if (!*end) break;
        if (*end != ',') return 0;
        if (n == 3) return 0;
    }
    if (n == 1) rgb[1] = rgb[2] = rgb[0];
    return n != 2;
}

fv_status fvi_color_parse(const char *text, float *rgb, fv_error *err) {
    unsigned v = 0;
    float number[3] = {0};
    if (from_name(text, &v)) {
        for (int c = 0; c < 3; c++) rgb[c] = (float)(v >> (16 - 8 * c) & 0xff) / 255;
        return FV_OK;
    }
    if (from_numbers(text, number)) {
        memcpy(rgb, number, sizeof number);
        return FV_OK;
    }
    GString *all = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        g_string_append_printf(all, "%s, ", names[i].name);
    fv_status st =
        fvi_fail(err, FV_ARG,
                 "\"%.40s\" is no colour; allowed: %s#rrggbb, #rgb, a grey from 0 to 255, "
                 "R,G,B from 0 to 255",
                 text, all->str);
    g_string_free(all, TRUE);
    return st;
}
