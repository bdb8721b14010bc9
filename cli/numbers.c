/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as typed. No blanks, no '+', no hexadecimal, no infinities; nothing here depends on the
 * locale.
 */
#include "numbers.h"

#include <errno.h>
#include <glib.h>
#include <math.h>
#include <string.h>

int cli_parse_int(const char *text, int64_t min, int64_t max, int64_t *out) {
    char *end = NULL;
    if (!g_ascii_isdigit(text[*text == '-'])) return -1; /* no blanks, no '+' */
    errno = 0;
    gint64 v = g_ascii_strtoll(text, &end, 10);
    if (errno || *end || v < min || v > max) return -1;
    *out = v;
    return 0;
}

int cli_parse_seed(const char *text, uint64_t *out) {
    char *end = NULL;
    if (!g_ascii_isdigit(text[0])) return -1;
    errno = 0;
    guint64 v = g_ascii_strtoull(text, &end, 10);
    if (errno || *end) return -1;
    *out = v;
    return 0;
}

/* A finite decimal number at the start of `text`.  returns  its end, or NULL */
static const char *real_at(const char *text, double *out) {
    const char *digit = text + (*text == '-');
    char *end = NULL;
    if (!g_ascii_isdigit(*digit) && !(*digit == '.' && g_ascii_isdigit(digit[1]))) return NULL;
    if (digit[0] == '0' && (digit[1] | 32) == 'x') return NULL;
    *out = g_ascii_strtod(text, &end);
    return isfinite(*out) ? end : NULL;
}

int cli_parse_real(const char *text, double *out) {
    double number = 0;
    const char *end = real_at(text, &number);
    if (!end || *end) return -1;
    *out = number;
    return 0;
}

int cli_parse_numbers(const char *text, int above_zero, cli_numbers *out) {
    cli_numbers list = {0};
    for (const char *p = text;; p++) {
        double number = 0;
        if (list.count == CLI_MAX_CHANNELS) return -1;
        const char *end = real_at(p, &number);
        float v = (float)number;
        if (!end || !isfinite(v) || (above_zero && !(v > 0)) || (*end && *end != ',')) return -1;
        list.value[list.count++] = v;
        if (!*end) break;
        p = end;
    }
    *out = list;
    return 0;
}

int cli_parse_amount(const char *text, int64_t *out) {
    static const char units[] = "KMGT";
    size_t n = strlen(text);
    const char *unit = n ? strchr(units, g_ascii_toupper(text[n - 1])) : NULL;
    int shift = unit && *unit ? 10 * (int)(unit - units + 1) : 0;
    char *digits = g_strndup(text, n - (shift > 0));
    int code = cli_parse_int(digits, 1, G_MAXINT64 >> shift, out);
    g_free(digits);
    if (!code) *out <<= shift;
    return code;
}
