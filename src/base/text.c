/* SPDX-License-Identifier: Apache-2.0 */
/* Floats: 6 digits are what most numbers are written with; 9 are enough for every float. The
 * decimal point is '.' in every locale. Texts are compared by their first COMPARED bytes.
 */
#include "base/text.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#define COMPARED 200

enum { DIGITS_MIN = 6, DIGITS_MAX = 9 };

void fvi_float_text(float x, char *text, size_t size) {
    if (!isfinite(x)) {
        g_strlcpy(text, isnan(x) ? "nan" : x > 0 ? "inf" : "-inf", size);
        return;
    }
    for (int digits = DIGITS_MIN; digits <= DIGITS_MAX; digits++) {
        char format[8];
        g_snprintf(format, sizeof format, "%%.%dg", digits);
        g_ascii_formatd(text, (int)size, format, x);
        if ((float)g_ascii_strtod(text, NULL) == x) return;
    }
}

char *fvi_memory_text(size_t bytes, char text[FVI_MEMORY_TEXT_BYTES]) {
    static const char *const units[] = {"bytes", "KB", "MB", "GB", "TB"};
    int unit = 0;
    while (unit < 4 && bytes >> (10 * unit) >= 10 * 1024) unit++;
    const size_t one = (size_t)1 << (10 * unit);
    g_snprintf(text, FVI_MEMORY_TEXT_BYTES, "%zu %s", bytes / one + (bytes % one != 0),
               units[unit]);
    return text;
}

static int edits(const char *a, const char *b) {
    int row[COMPARED + 1];
    int na = (int)strnlen(a, COMPARED), nb = (int)strnlen(b, COMPARED);
    for (int j = 0; j <= nb; j++) row[j] = j;
    for (int i = 1; i <= na; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= nb; j++) {
            int replaced = diagonal + (g_ascii_tolower(a[i - 1]) != g_ascii_tolower(b[j - 1]));
            int shifted = MIN(row[j], row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = MIN(replaced, shifted);
        }
    }
    return row[nb];
}

/* Whether two neighbours are swapped, and nothing else. */
static int is_swap(const char *a, const char *b) {
    size_t i = 0;
    while (a[i] && g_ascii_tolower(a[i]) == g_ascii_tolower(b[i])) i++;
    return a[i] && a[i + 1] && b[i] && g_ascii_tolower(a[i]) == g_ascii_tolower(b[i + 1]) &&
           g_ascii_tolower(a[i + 1]) == g_ascii_tolower(b[i]) &&
           !g_ascii_strcasecmp(a + i + 2, b + i + 2);
}

static int contains(const char *hay, const char *needle) {
    char *h = g_ascii_strdown(hay, -1), *n = g_ascii_strdown(needle, -1);
    int found = n[0] && strstr(h, n);
    g_free(h);
    g_free(n);
    return found;
}

int fvi_text_distance(const char *typed, const char *name) {
    int d = is_swap(typed, name) ? 1 : edits(typed, name),
        longest = (int)MAX(strlen(typed), strlen(name));
    if (contains(name, typed) || (strlen(name) > 2 && contains(typed, name))) return MIN(d, 2);
    return d * 2 <= longest ? d : G_MAXINT;
}
