/* SPDX-License-Identifier: Apache-2.0 */
/* float_text: 6 digits are what most numbers are written with; 9 are enough for every float. The
 * decimal point is '.' in every locale.
 */
#include "base/float_text.h"

#include <glib.h>
#include <math.h>

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
