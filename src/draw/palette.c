/* SPDX-License-Identifier: Apache-2.0 */
/* Palettes: from numbers to colours.
 *
 * DIVERGING and SEQUENTIAL run through a few colours in OKLab (Ottosson 2020, "A perceptual color
 * space for image processing"), in which equal steps look equal: SEQUENTIAL's lightness rises in a
 * straight line, so it is readable in grey; DIVERGING falls from white at zero equally far to blue
 * and to red, which people with the common colour deficiencies can distinguish. Between two of its
 * colours a palette is a straight line in OKLab; colours outside sRGB are clipped.
 */
#include "draw/palette.h"

#include <math.h>

#include "base/error.h"

/* Lightness 0..1; a: green to red; b: blue to yellow. */
typedef struct lab {
    double l, a, b;
} lab;

static const lab sequential[] = {{0.22, 0.010, -0.060},
                                 {0.39, 0.085, -0.130},
                                 {0.58, 0.170, -0.010},
                                 {0.77, 0.090, 0.140},
                                 {0.98, -0.025, 0.070}};
static const lab diverging[] = {{0.36, -0.015, -0.135},
                                {0.67, -0.040, -0.105},
                                {0.975, 0, 0},
                                {0.67, 0.110, 0.075},
                                {0.36, 0.125, 0.055}};
enum { KNOTS = 5 };
_Static_assert(sizeof sequential / sizeof sequential[0] == KNOTS &&
                   sizeof diverging / sizeof diverging[0] == KNOTS,
               "a palette has five colours");

static const char *const names[] = {[FV_PALETTE_GREY] = "grey",
                                    [FV_PALETTE_DIVERGING] = "diverging",
                                    [FV_PALETTE_SEQUENTIAL] = "sequential"};

const char *fv_palette_name(fv_palette palette) {
    const size_t i = (size_t)palette;
    return i < sizeof names / sizeof *names ? names[i] : NULL;
}

static float encode(double linear) {
    double x = fmin(fmax(linear, 0), 1);
    return (float)(x <= 0.0031308 ? 12.92 * x : 1.055 * pow(x, 1 / 2.4) - 0.055);
}

/* OKLab to sRGB. */
static fvi_rgb to_rgb(lab c) {
    double l = c.l + 0.3963377774 * c.a + 0.2158037573 * c.b;
    double m = c.l - 0.1055613458 * c.a - 0.0638541728 * c.b;
    double s = c.l - 0.0894841775 * c.a - 1.2914855480 * c.b;
    l = l * l * l;
    m = m * m * m;
    s = s * s * s;
    return (fvi_rgb){{encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
                      encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
                      encode(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)}};
}

/* The colour at t in 0..1. */
static lab between(const lab *knots, double t) {
    int i = (int)fmin(t * (KNOTS - 1), KNOTS - 2);
    double f = t * (KNOTS - 1) - i;
    const lab *p = knots + i, *q = p + 1;
    return (lab){p->l + f * (q->l - p->l), p->a + f * (q->a - p->a), p->b + f * (q->b - p->b)};
}

void fvi_palette(fv_palette palette, fvi_rgb colors[FVI_PALETTE_SIZE]) {
    for (int i = 0; i < FVI_PALETTE_SIZE; i++) {
        float t = (float)i / (FVI_PALETTE_SIZE - 1);
        if (palette == FV_PALETTE_SEQUENTIAL)
            colors[i] = to_rgb(between(sequential, (double)t));
        else if (palette == FV_PALETTE_DIVERGING) /* both halves reach the middle */
            colors[i] =
                to_rgb(between(diverging, i < FVI_PALETTE_SIZE / 2 ? i / 254.0 : (i - 1) / 254.0));
        else
            colors[i] = (fvi_rgb){{t, t, t}};
    }
}

fvi_rgb fvi_palette_sign(double value) {
    return to_rgb(between(diverging, value < 0 ? 0.125 : 0.875));
}

fv_status fvi_paint_check(const fv_paint_desc *d, fv_error *err) {
    if (!fv_palette_name(d->palette))
        return fvi_fail(err, FV_ARG, "there is no palette %d; there are %d..%d", (int)d->palette,
                        FV_PALETTE_GREY, FV_PALETTE_SEQUENTIAL);
    if (!isfinite(d->low) || !isfinite(d->high) || !(d->low < d->high))
        return fvi_fail(err, FV_ARG, "colours from %g to %g: the first must be below the second",
                        (double)d->low, (double)d->high);
    if (d->palette == FV_PALETTE_DIVERGING && !(d->low == -d->high))
        return fvi_fail(
            err, FV_ARG,
            "diverging colours from %g to %g: they must reach equally far below and above "
            "zero",
            (double)d->low, (double)d->high);
    return FV_OK;
}

int fvi_palette_at(const fv_paint_desc *d, float value) {
    if (!isfinite(value)) return -1;
    double t = ((double)value - (double)d->low) / ((double)d->high - (double)d->low);
    return (int)lround(fmin(fmax(t, 0), 1) * (FVI_PALETTE_SIZE - 1));
}
