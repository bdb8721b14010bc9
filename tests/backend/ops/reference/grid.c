/* SPDX-License-Identifier: Apache-2.0 */
/* reference: grid sampling as the ONNX documents and their reference implementation write it: the
 * coordinate is made one in cells, put inside, and the cells around it are weighed axis by axis. */
#include <math.h>

#include "../reference.h"

typedef struct sampled {
    const fvi_grid_sample *a;
    const fvi_ref *x;
    int axes;
    int64_t plane; /* first element */
} sampled;

static double reflect(double x, double lo, double hi) {
    if (hi <= lo) return lo;
    while (x < lo || x > hi) x = x < lo ? 2 * lo - x : 2 * hi - x;
    return x;
}

static double inside(const sampled *s, double x, int64_t n) {
    const double lo = s->a->unit == FVI_GRID_CORNERS ? 0 : -0.5, hi = (double)n - 1 - lo;
    if (s->a->padding == FVI_GRID_REFLECTION) x = reflect(x, lo, hi);
    if (s->a->padding != FVI_GRID_ZEROS) x = fmin(fmax(x, 0), (double)n - 1);
    return x;
}

static double keys(double t) {
    const double a = -0.75;
    t = fabs(t);
    if (t <= 1) return (a + 2) * pow(t, 3) - (a + 3) * t * t + 1;
    return t < 2 ? a * pow(t, 3) - 5 * a * t * t + 8 * a * t - 4 * a : 0;
}

/* The value at the coordinates c[axis..], of the elements from `at` on. */
static double value(const sampled *s, const double *c, int axis, int64_t at) {
    if (axis >= s->axes || axis >= FVI_MAX_SPATIAL) return s->x->data[s->plane + at];
    const int64_t n = s->x->shape.dim[2 + axis];
    const fvi_grid_mode mode = s->a->mode;
    const double first = mode == FVI_GRID_NEAREST        ? nearbyint(c[axis])
                         : mode == FVI_GRID_NEAREST_AWAY ? round(c[axis])
                         : mode == FVI_GRID_LINEAR       ? floor(c[axis])
                                                         : floor(c[axis]) - 1;
    const int cells = mode == FVI_GRID_LINEAR ? 2 : mode == FVI_GRID_CUBIC ? 4 : 1;
    double sum = 0;
    for (int k = 0; k < cells; k++) {
        const double cell = inside(s, first + k, n), t = c[axis] - (first + k);
        const double w = cells == 1 ? 1 : cells == 2 ? 1 - fabs(t) : keys(t);
        if (cell < 0 || cell > (double)n - 1) continue;
        sum += w * value(s, c, axis + 1, at * n + (int64_t)cell);
    }
    return sum;
}

/* The coordinate in cells of a grid's number. */
static double in_cells(fvi_grid_unit unit, double g, double size) {
    return unit == FVI_GRID_INDEX     ? g
           : unit == FVI_GRID_CORNERS ? (g + 1) / 2 * (size - 1)
                                      : ((g + 1) * size - 1) / 2;
}

void fvi_ref_grid_sample(const fvi_node *n, const fvi_ref *in, fvi_ref *out) {
    sampled s = {&n->a.grid_sample, &in[0], in[0].shape.ndim - 2, 0};
    int64_t pos[FVI_MAX_DIMS] = {0}, at[FVI_MAX_DIMS] = {0};
    for (int64_t i = 0; i < fvi_ref_count(&out->shape); i++) {
        double c[FVI_MAX_SPATIAL];
        fvi_ref_unravel(&out->shape, i, pos);
        at[0] = in[1].shape.dim[0] > 1 ? pos[0] : 0;
        for (int a = 0; a < s.axes; a++) at[1 + a] = pos[2 + a];
        for (int a = 0; a < s.axes; a++) {
            const double size = (double)in[0].shape.dim[2 + a];
            at[s.axes + 1] = s.axes - 1 - a;
            const double g = in[1].data[fvi_ref_ravel(&in[1].shape, at)];
            c[a] = in_cells(s.a->unit, g, size);
            if (s.a->mode == FVI_GRID_NEAREST || s.a->mode == FVI_GRID_LINEAR)
                c[a] = inside(&s, c[a], in[0].shape.dim[2 + a]);
        }
        s.plane = pos[1];
        if (in[0].shape.dim[0] > 1) s.plane += pos[0] * in[0].shape.dim[1];
        for (int a = 0; a < s.axes; a++) s.plane *= in[0].shape.dim[2 + a];
        out->data[i] = value(&s, c, 0, 0);
    }
}
