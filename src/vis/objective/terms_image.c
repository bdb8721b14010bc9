/* SPDX-License-Identifier: Apache-2.0 */
/* terms_image: regularisers, value and gradient side by side, one element at a time.
 *
 * Formulas are in the header, each as the program it is named after has it in its source (Lucid
 * 0.3.10, keras-vis 0.5.0, tf-keras-vis 0.8, Horama 0.3.0), with edges and divisors. Where a
 * formula has no derivative (a kink, a root at zero) the gradient is 0, where keras-vis has NaN.
 * Sums are taken in double.
 */
#include "vis/objective/terms_image.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#include "base/error.h"

/* Lucid's constants. */
#define L2_EPSILON  1e-6
#define COLOR_SHARE 0.8

enum { BOUNDARY_RADIUS = 2, BLUR_RADIUS = 1 };

/* What a term looks at. */
typedef struct view {
    const float *argument; /* [2] */
    const float *p, *start;
    int channels, h, w;
    int64_t n; /* elements */
    double weight;
    float *dp;
} view;

/* ---- names and arguments ---- */

typedef double (*term_fn)(const view *v);
static double total_variation(const view *v);
static double power_variation(const view *v);
static double l1(const view *v);
static double l2(const view *v);
static double p_norm(const view *v);
static double squares(const view *v);
static double distance(const view *v);
static double boundary(const view *v);
static double mean_variation(const view *v);
static double mean_norm(const view *v);
static double difference(const view *v);
static double blur(const view *v);

#define ANY 1e9

static const struct term {
    fvi_picture_kind kind;
    const char *name;
    int least, most; /* arguments that may be given */
    float fallback[2];
    double low[2], high[2];
    term_fn evaluate;
} terms[] = {
    {FVI_PICTURE_TV, "tv", 0, 0, {0}, {0}, {0}, total_variation},
    {FVI_PICTURE_TV_POWER, "tv", 1, 1, {2}, {0.1}, {100}, power_variation},
    {FVI_PICTURE_L1, "l1", 0, 1, {0}, {-ANY}, {ANY}, l1},
    {FVI_PICTURE_L2, "l2", 0, 1, {0}, {-ANY}, {ANY}, l2},
    {FVI_PICTURE_LP, "lp", 0, 1, {6}, {1}, {HUGE_VAL}, p_norm},
    {FVI_PICTURE_SQUARES, "squares", 0, 1, {0}, {-ANY}, {ANY}, squares},
    {FVI_PICTURE_MEAN_TV, "mean_tv", 0, 0, {0}, {0}, {0}, mean_variation},
    {FVI_PICTURE_MEAN_NORM, "mean_norm", 0, 1, {2}, {1}, {1000}, mean_norm},
    {FVI_PICTURE_DIFFERENCE, "difference", 0, 0, {0}, {0}, {0}, difference},
    {FVI_PICTURE_DISTANCE, "distance", 0, 0, {0}, {0}, {0}, distance},
    {FVI_PICTURE_BLUR, "blur", 0, 0, {0}, {0}, {0}, blur},
    {FVI_PICTURE_BOUNDARY, "boundary", 0, 2, {20, 0.5f}, {1, -ANY}, {32768, ANY}, boundary},
};

static const struct term *term_of(fvi_picture_kind kind) {
    for (size_t i = 0; i < G_N_ELEMENTS(terms); i++)
        if (terms[i].kind == kind) return &terms[i];
    return NULL;
}

/* Takes the arguments over, or says what is wrong with them. */
static fv_status take_arguments(const struct term *t, const double *given, int n_given,
                                float argument[2], fv_error *err) {
    float taken[2] = {t->fallback[0], t->fallback[1]};
    for (int i = 0; i < n_given; i++) {
        int whole = t->kind == FVI_PICTURE_BOUNDARY && i == 0;
        if (!(given[i] >= t->low[i] && given[i] <= t->high[i]) ||
            (whole && given[i] != floor(given[i])))
            return fvi_fail(err, FV_ARG, "%s: argument %d is %g; allowed are %s%g..%g", t->name,
                            i + 1, given[i], whole ? "whole numbers " : "", t->low[i], t->high[i]);
        taken[i] = (float)given[i];
    }
    memcpy(argument, taken, sizeof taken);
    return FV_OK;
}

fv_status fvi_picture_term_find(const char *name, const double *given, int n_given,
                                fvi_picture_kind *kind, float argument[2], fv_error *err) {
    const struct term *found = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(terms); i++) {
        const struct term *t = &terms[i];
        if (strcmp(t->name, name) != 0) continue;
        found = t;
        if (n_given < t->least || n_given > t->most) continue;
        fv_status st = take_arguments(t, given, n_given, argument, err);
        if (!st) *kind = t->kind;
        return st;
    }
    if (found && found->most == 0)
        return fvi_fail(err, FV_ARG, "%s takes no arguments; %d were given", name, n_given);
    if (found)
        return fvi_fail(err, FV_ARG, "%s takes at most %d argument%s; %d were given", name,
                        found->most, found->most == 1 ? "" : "s", n_given);
    *kind = FVI_PICTURE_NONE;
    return FV_OK;
}

int fvi_picture_term_is(const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(terms); i++)
        if (!strcmp(terms[i].name, name)) return 1;
    return 0;
}

void fvi_picture_term_names(GString *s) {
    for (size_t i = 0; i < G_N_ELEMENTS(terms); i++)
        if (!i || strcmp(terms[i].name, terms[i - 1].name) != 0)
            g_string_append_printf(s, "%s%s", i ? ", " : "", terms[i].name);
}

/* A decimal that reads back as x, with as few digits beyond six as that takes. */
static void append_number(GString *text, float x) {
    char number[G_ASCII_DTOSTR_BUF_SIZE] = "inf";
    for (int digits = 6; isfinite(x) && digits <= 9; digits++) {
        char format[8];
        g_snprintf(format, sizeof format, "%%.%dg", digits);
        g_ascii_formatd(number, sizeof number, format, x);
        if ((float)g_ascii_strtod(number, NULL) == x) break;
    }
    g_string_append(text, number);
}

void fvi_picture_term_text(fvi_picture_kind kind, const float argument[2], char *text,
                           size_t size) {
    const struct term *t = term_of(kind);
    GString *all = g_string_new(t ? t->name : "");
    for (int i = 0; t && i < t->most; i++) {
        g_string_append_c(all, i ? ',' : '(');
        append_number(all, argument[i]);
    }
    if (t && t->most) g_string_append_c(all, ')');
    g_strlcpy(text, all->str, size);
    g_string_free(all, TRUE);
}

double fvi_picture_term(fvi_picture_kind kind, const float argument[2], const float *p,
                        const float *start, int channels, int h, int w, float weight, float *dp) {
    const struct term *t = term_of(kind);
    const view v = {argument, p, start, channels, h, w, (int64_t)channels * h * w, weight, dp};
    return t ? t->evaluate(&v) : 0;
}

/* ---- neighbours ---- */

static float sign(float x) { return (float)((x > 0) - (x < 0)); }

/* Sum of |differences| along a line of `count` pairs, `step` apart; adds share * gradient. */
static double line_variation(const float *p, int64_t step, int64_t count, float share, float *dp) {
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        float d = p[i + step] - p[i], s = share * sign(d);
        sum += fabsf(d);
        dp[i + step] += s;
        dp[i] -= s;
    }
    return sum;
}

static double variation(const view *v, double share) {
    double sum = 0;
    int64_t plane = (int64_t)v->h * v->w;
    for (int c = 0; c < v->channels; c++) {
        const float *p = v->p + c * plane;
        float *dp = v->dp + c * plane;
        sum += line_variation(p, v->w, plane - v->w, (float)share, dp); /* all rows but the last */
        for (int y = 0; y < v->h; y++)
            sum += line_variation(p + (int64_t)y * v->w, 1, v->w - 1, (float)share,
                                  dp + (int64_t)y * v->w);
    }
    return sum;
}

static double total_variation(const view *v) { return variation(v, v->weight); }

static double mean_variation(const view *v) {
    return variation(v, v->weight / (double)v->n) / (double)v->n;
}

static double power_variation(const view *v) {
    double sum = 0, half = v->argument[0] / 2, share = v->weight / (double)v->n;
    for (int c = 0; c < v->channels; c++)
        for (int y = 0; y + 1 < v->h; y++) {
            int64_t at = ((int64_t)c * v->h + y) * v->w;
            const float *p = v->p + at, *below = p + v->w;
            float *dp = v->dp + at, *d_below = dp + v->w;
            for (int x = 0; x + 1 < v->w; x++) {
                double dy = below[x] - p[x], dx = p[x + 1] - p[x], square = dy * dy + dx * dx;
                double slope = half == 1 ? 1 : square > 0 ? half * pow(square, half - 1) : 0;
                sum += half == 1 ? square : pow(square, half);
                float gy = (float)(share * slope * 2 * dy), gx = (float)(share * slope * 2 * dx);
                d_below[x] += gy;
                dp[x + 1] += gx;
                dp[x] -= gy + gx;
            }
        }
    return sum / (double)v->n;
}

/* ---- each element by itself ---- */

static double l1(const view *v) {
    double sum = 0;
    float c = v->argument[0], share = (float)v->weight;
    for (int64_t i = 0; i < v->n; i++) {
        sum += fabsf(v->p[i] - c);
        v->dp[i] += share * sign(v->p[i] - c);
    }
    return sum;
}

/* Sum of (p - c)^2, or of (p - start)^2 with `start`; the gradient is add_squares' business. */
static double sum_squares(const view *v, const float *start, float c) {
    double sum = 0;
    for (int64_t i = 0; i < v->n; i++) {
        double d = v->p[i] - (start ? start[i] : c);
        sum += d * d;
    }
    return sum;
}

static void add_squares(const view *v, const float *start, float c, double share) {
    float twice = (float)(2 * share);
    for (int64_t i = 0; i < v->n; i++) v->dp[i] += twice * (v->p[i] - (start ? start[i] : c));
}

static double squares(const view *v) {
    add_squares(v, NULL, v->argument[0], v->weight);
    return sum_squares(v, NULL, v->argument[0]);
}

static double l2(const view *v) {
    double root = sqrt(L2_EPSILON + sum_squares(v, NULL, v->argument[0]));
    add_squares(v, NULL, v->argument[0], v->weight / (2 * root));
    return root;
}

static double distance(const view *v) {
    add_squares(v, v->start, 0, v->weight / (double)v->n);
    return sum_squares(v, v->start, 0) / (double)v->n;
}

static double difference(const view *v) {
    double root = sqrt(sum_squares(v, v->start, 0) / (double)v->n);
    if (root > 0) add_squares(v, v->start, 0, v->weight / (2 * root * (double)v->n));
    return root;
}

/* ---- norms ---- */

/* x^e for x >= 0; whole exponents by squaring, which is several times faster than pow. */
static double power(double x, double e) {
    if (e != floor(e) || e > 64) return pow(x, e);
    double result = 1;
    for (int left = (int)e; left; left >>= 1) {
        if (left & 1) result *= x;
        x *= x;
    }
    return result;
}

/* scale * (sum of |p|^e)^(1/e). Elements are taken relative to the largest, so that no power of
 * them overflows. */
static double scaled_norm(const view *v, double e, double scale) {
    float top = 0;
    for (int64_t i = 0; i < v->n; i++) top = fmaxf(top, fabsf(v->p[i]));
    if (!(top > 0)) return 0;
    double sum = 0, inverse = 1 / (double)top;
    for (int64_t i = 0; i < v->n; i++) sum += power(fabsf(v->p[i]) * inverse, e);
    /* d/dp = scale * (|p| / norm)^(e-1) * sign(p), and norm = top * sum^(1/e) */
    double share = v->weight * scale * pow(sum, 1 / e - 1);
    for (int64_t i = 0; i < v->n; i++)
        v->dp[i] += (float)(share * power(fabsf(v->p[i]) * inverse, e - 1)) * sign(v->p[i]);
    return scale * top * pow(sum, 1 / e);
}

/* keras-vis takes the largest number, not magnitude, for p = inf; equal largest ones share. */
static double largest(const view *v) {
    float top = v->p[0];
    int64_t equal = 0;
    for (int64_t i = 1; i < v->n; i++) top = fmaxf(top, v->p[i]);
    for (int64_t i = 0; i < v->n; i++) equal += v->p[i] == top;
    for (int64_t i = 0; i < v->n; i++)
        if (v->p[i] == top) v->dp[i] += (float)(v->weight / ((double)equal * (double)v->n));
    return top / (double)v->n;
}

static double p_norm(const view *v) {
    return isinf(v->argument[0]) ? largest(v) : scaled_norm(v, v->argument[0], 1 / (double)v->n);
}

static double mean_norm(const view *v) {
    return scaled_norm(v, v->argument[0], pow((double)v->n, -1 / (double)v->argument[0]));
}

/* ---- blurs ---- */

/* Lucid's blur kernel of 2 radius + 1: 1, and 0.5 at its rim. */
static double tap(int dy, int dx, int radius) {
    return abs(dy) == radius || abs(dx) == radius ? 0.5 : 1;
}

/* The kernel's weight inside the picture around (y, x), and the mean it takes there. */
static double local_mean(const view *v, const float *p, int y, int x, int radius, double *total) {
    double sum = 0, taps = 0;
    for (int dy = -MIN(radius, y); dy <= MIN(radius, v->h - 1 - y); dy++)
        for (int dx = -MIN(radius, x); dx <= MIN(radius, v->w - 1 - x); dx++) {
            double k = tap(dy, dx, radius);
            sum += k * p[(int64_t)(y + dy) * v->w + x + dx];
            taps += k;
        }
    *total = taps;
    return sum / taps;
}

/* The adjoint of local_mean: adds `gradient`, at the mean around (y, x), to the elements. */
static void spread(const view *v, float *dp, int y, int x, int radius, double gradient,
                   double total) {
    for (int dy = -MIN(radius, y); dy <= MIN(radius, v->h - 1 - y); dy++)
        for (int dx = -MIN(radius, x); dx <= MIN(radius, v->w - 1 - x); dx++)
            dp[(int64_t)(y + dy) * v->w + x + dx] +=
                (float)(gradient * tap(dy, dx, radius) / total);
}

static double boundary(const view *v) {
    double sum = 0, total;
    int width = (int)v->argument[0];
    for (int c = 0; c < v->channels; c++) {
        int64_t plane = (int64_t)v->h * v->w;
        const float *p = v->p + c * plane;
        float *dp = v->dp + c * plane;
        for (int y = 0; y < v->h; y++)
            for (int x = 0; x < v->w; x++) {
                if (y >= width && x >= width && y < v->h - width && x < v->w - width) {
                    x = v->w - width - 1; /* the inside of this row is none of our business */
                    continue;
                }
                double here = p[(int64_t)y * v->w + x], away = here - v->argument[1];
                double d = local_mean(v, p, y, x, BOUNDARY_RADIUS, &total) - here;
                sum += d * d + COLOR_SHARE * away * away;
                spread(v, dp, y, x, BOUNDARY_RADIUS, v->weight * 2 * d, total);
                dp[(int64_t)y * v->w + x] += (float)(v->weight * 2 * (COLOR_SHARE * away - d));
            }
    }
    return sum;
}

static double blur(const view *v) {
    double sum = 0, total;
    for (int c = 0; c < v->channels; c++) {
        int64_t plane = (int64_t)v->h * v->w;
        const float *p = v->p + c * plane;
        float *dp = v->dp + c * plane;
        for (int y = 0; y < v->h; y++)
            for (int x = 0; x < v->w; x++) {
                int64_t i = (int64_t)y * v->w + x;
                double d = p[i] - local_mean(v, p, y, x, BLUR_RADIUS, &total);
                sum += d * d;
                dp[i] += (float)(v->weight * d);
            }
    }
    return sum / 2;
}
