/* SPDX-License-Identifier: Apache-2.0 */
/* Bilinear sampling along an affine map, with its exact adjoint; nearest pixels.
 *
 * A bilinear sample is a sum of four pixels with weights that depend on the place alone. So each
 * run of output pixels is done in two steps: offsets and weights of its taps once, then a pass over
 * the channels, which reads (forward) or adds (adjoint) through them: three channels at a time,
 * since neighbours add to the same pixels and would wait for each other. Pixels whose four taps
 * surely lie inside need no test of edges, and of those whose taps all lie on a constant border
 * nothing is looked up; both are found by solving for the columns of each row. Taps on a constant
 * border have weight 0 and are gathered in `rest`.
 *
 * The adjoint goes by bands of rows that it adds to, whatever the number of threads; each takes
 * from the gradient the pixels that look into it. Those that look outside come last, a channel a
 * thread. So every sum has one order.
 */
#include "vis/sample.h"

#include <math.h>
#include <string.h>

#include "base/parallel.h"

#define RUN   64   /* pixels whose taps are held at a time */
#define BAND  32   /* rows */
#define CLEAR 0.01 /* of a pixel: far more than float coordinates are off */

typedef struct taps {
    int at[4][RUN]; /* offsets into a channel; inside only the first is given */
    float weight[4][RUN];
    float rest[RUN]; /* of taps on the constant border */
} taps;

/* What all rows of one call share. */
typedef struct sampling {
    int channels, h, w, oh, ow; /* h, w: of the side that is looked at */
    fvi_affine map;             /* shifted to the sample within the pixel */
    fv_edge edge;
    float share; /* of one sample in its pixel */
} sampling;

int fvi_edge_index(int64_t i, int n, fv_edge edge) {
    if (i >= 0 && i < n) return (int)i;
    int64_t m;
    switch (edge) {
    case FV_EDGE_REFLECT:
        m = i % (2 * (int64_t)n);
        if (m < 0) m += 2 * (int64_t)n;
        return (int)(m < n ? m : 2 * (int64_t)n - 1 - m);
    case FV_EDGE_WRAP: m = i % n; return (int)(m < 0 ? m + n : m);
    case FV_EDGE_REPEAT: return i < 0 ? 0 : n - 1;
    default: return -1;
    }
}

/* ---- which columns of a row ----------------------------------------------------------------- */

/* Narrows [*a, *b) to the whole x for which low <= start + slope * x <= high. */
static void narrow(double start, double slope, double low, double high, int *a, int *b) {
    if (low > high || (fabs(slope) < 1e-12 && (start < low || start > high))) *b = *a;
    if (*a >= *b || fabs(slope) < 1e-12) return;
    double from = (low - start) / slope, to = (high - start) / slope;
    if (from > to) {
        double swap = from;
        from = to;
        to = swap;
    }
    if (from > *a) *a = from < *b ? (int)ceil(from) : *b;
    if (to < *b - 1) *b = to >= *a ? (int)floor(to) + 1 : *a;
}

/* The columns [*a, *b) of output row y, within those given, that look at rows low..high. */
static void narrow_rows(const sampling *s, int y, double low, double high, int *a, int *b) {
    const float *m = s->map.m;
    narrow((double)m[0] * y + m[2], m[1], low, high, a, b);
    if (*b < *a) *b = *a;
}

/* The same, of places at most `out` pixels outside the first and last rows and columns. */
static void find_within(const sampling *s, int y, double out, int *a, int *b) {
    const float *m = s->map.m;
    *a = 0;
    *b = s->ow;
    narrow((double)m[3] * y + m[5], m[4], -out, s->w - 1 + out, a, b);
    narrow_rows(s, y, -out, s->h - 1 + out, a, b);
}

/* Those whose taps are all inside. */
static void find_inside(const sampling *s, int y, int *a, int *b) {
    find_within(s, y, -CLEAR, a, b);
}

/* Those of which a tap may not be on a constant border. */
static void find_touched(const sampling *s, int y, int *a, int *b) {
    *a = 0;
    *b = s->ow;
    if (s->edge == FV_EDGE_ZERO || s->edge == FV_EDGE_GREY) find_within(s, y, 1 + CLEAR, a, b);
}

/* ---- bilinear ------------------------------------------------------------------------------- */

FVI_INLINE void fill_inside(const sampling *s, int y, int x0, int n, taps *t) {
    const float *m = s->map.m, ys = m[0] * (float)y + m[2], xs = m[3] * (float)y + m[5];
    const float share = s->share;
    const int w = s->w;
#pragma omp simd
    for (int i = 0; i < n; i++) {
        float fy = ys + m[1] * (float)(x0 + i), fx = xs + m[4] * (float)(x0 + i);
        int iy = (int)fy, ix = (int)fx;
        float dy = fy - (float)iy, dx = fx - (float)ix, low = (1 - dy) * share, high = dy * share;
        t->at[0][i] = iy * w + ix;
        t->weight[0][i] = low * (1 - dx);
        t->weight[1][i] = low * dx;
        t->weight[2][i] = high * (1 - dx);
        t->weight[3][i] = high * dx;
    }
}

static void fill_edge(const sampling *s, int y, int x0, int n, taps *t) {
    const float *m = s->map.m, ys = m[0] * (float)y + m[2], xs = m[3] * (float)y + m[5];
    for (int i = 0; i < n; i++) {
        float fy = ys + m[1] * (float)(x0 + i), fx = xs + m[4] * (float)(x0 + i);
        float floor_y = floorf(fy), floor_x = floorf(fx), dy = fy - floor_y, dx = fx - floor_x;
        const int row[2] = {fvi_edge_index((int64_t)floor_y, s->h, s->edge),
                            fvi_edge_index((int64_t)floor_y + 1, s->h, s->edge)};
        const int column[2] = {fvi_edge_index((int64_t)floor_x, s->w, s->edge),
                               fvi_edge_index((int64_t)floor_x + 1, s->w, s->edge)};
        t->rest[i] = 0;
        for (int k = 0; k < 4; k++) {
            float weight = (k >> 1 ? dy : 1 - dy) * (k & 1 ? dx : 1 - dx) * s->share;
            int inside = row[k >> 1] >= 0 && column[k & 1] >= 0;
            t->at[k][i] = inside ? row[k >> 1] * s->w + column[k & 1] : 0;
            t->weight[k][i] = inside ? weight : 0;
            t->rest[i] += inside ? 0 : weight;
        }
    }
}

/* out[c][i] += sum of weight * in[c][at], for the n pixels of a run inside; C channels. */
FVI_INLINE void read_inside(const sampling *s, const taps *t, int n, int C, const float *in,
                            float *out) {
    const int64_t plane = (int64_t)s->h * s->w, oplane = (int64_t)s->oh * s->ow;
    for (int i = 0; i < n; i++) {
        const float *a = in + t->at[0][i], *b = a + s->w;
        const float p = t->weight[0][i], q = t->weight[1][i];
        const float r = t->weight[2][i], u = t->weight[3][i];
        for (int c = 0; c < C; c++)
            out[c * oplane + i] +=
                p * a[c * plane] + q * a[c * plane + 1] + r * b[c * plane] + u * b[c * plane + 1];
    }
}

/* Pixels x..end - 1 of output row y, which begins at `out`. */
FVI_WIDE static void sample_inside(const sampling *s, int y, int x, int end, const float *in,
                                   float *out) {
    const int64_t plane = (int64_t)s->h * s->w, oplane = (int64_t)s->oh * s->ow;
    taps t;
    for (int n; x < end; x += n) {
        n = end - x < RUN ? end - x : RUN;
        fill_inside(s, y, x, n, &t);
        int c = 0;
        for (; c + 3 <= s->channels; c += 3)
            read_inside(s, &t, n, 3, in + c * plane, out + c * oplane + x);
        for (; c < s->channels; c++) read_inside(s, &t, n, 1, in + c * plane, out + c * oplane + x);
    }
}

static void sample_edge(const sampling *s, int y, int x, int end, const float *in, float border,
                        float *out) {
    const int64_t plane = (int64_t)s->h * s->w, oplane = (int64_t)s->oh * s->ow;
    taps t;
    for (int n; x < end; x += n) {
        n = end - x < RUN ? end - x : RUN;
        fill_edge(s, y, x, n, &t);
        for (int c = 0; c < s->channels; c++)
            for (int i = 0; i < n; i++) {
                float sum = t.rest[i] * border;
                for (int k = 0; k < 4; k++) sum += t.weight[k][i] * in[c * plane + t.at[k][i]];
                out[c * oplane + x + i] += sum;
            }
    }
}

/* One sample of each pixel of output row y, added to `out`. */
static void sample_row(const sampling *s, int y, const float *in, float border, float *out) {
    int a, b, first, last;
    find_touched(s, y, &first, &last);
    find_inside(s, y, &a, &b);
    if (a >= b) a = b = first;
    for (int c = 0; border != 0 && c < s->channels; c++) {
        float *row = out + (int64_t)c * s->oh * s->ow;
        for (int x = 0; x < first; x++) row[x] += s->share * border;
        for (int x = last; x < s->ow; x++) row[x] += s->share * border;
    }
    sample_edge(s, y, first, a, in, border, out);
    sample_inside(s, y, a, b, in, out);
    sample_edge(s, y, b, last, in, border, out);
}

/* The map of sample number `part` of side x side in each pixel. */
static sampling part_of(sampling s, int side, int part) {
    const fvi_affine whole = s.map, *map = &whole;
    const int row = part / side, column = part % side;
    float y = ((float)row + 0.5f) / (float)side - 0.5f;
    float x = ((float)column + 0.5f) / (float)side - 0.5f;
    s.map.m[2] += map->m[0] * y + map->m[1] * x;
    s.map.m[5] += map->m[3] * y + map->m[4] * x;
    return s;
}

void fvi_sample_mean(const float *in, int channels, int h, int w, const fvi_affine *map, int side,
                     fv_edge edge, float grey, float *out, int oh, int ow) {
    const sampling all = {channels, h, w, oh, ow, *map, edge, 1 / ((float)side * (float)side)};
    const int64_t oplane = (int64_t)oh * ow;
    const float border = edge == FV_EDGE_GREY ? grey : 0;
#pragma omp parallel for schedule(static) if (channels * oplane > FVI_PARALLEL_MIN)
    for (int y = 0; y < oh; y++) {
        float *row = out + (int64_t)y * ow; /* out[0][y][.] */
        for (int c = 0; c < channels; c++) memset(row + c * oplane, 0, (size_t)ow * sizeof *row);
        for (int part = 0; part < side * side; part++) {
            const sampling s = part_of(all, side, part);
            sample_row(&s, y, in, border, row);
        }
    }
}

/* ---- its adjoint ---------------------------------------------------------------------------- */

/* The other way; of a run that is not wholly in its band, only to offsets low..high - 1. Left taps
 * first, then right ones: neighbours rarely have the same left one, so none waits for the other. */
FVI_INLINE void add_inside(const sampling *s, const taps *t, int n, int C, int whole, int64_t low,
                           int64_t high, const float *dout, float *din) {
    const int64_t plane = (int64_t)s->h * s->w, oplane = (int64_t)s->oh * s->ow;
    for (int side = 0; side < 2; side++)
        for (int i = 0; i < n; i++) {
            const int64_t at = t->at[0][i], below = at + s->w;
            const int upper = whole || (at >= low && at < high);
            const int lower = whole || (below >= low && below < high);
            const float p = t->weight[side][i], q = t->weight[2 + side][i];
            for (int c = 0; c < C; c++) {
                const float d = dout[c * oplane + i];
                if (upper) din[c * plane + at + side] += p * d;
                if (lower) din[c * plane + below + side] += q * d;
            }
        }
}

/* Pixels x..end - 1 of row y of the gradient, which begins at `dout`, to rows from..to - 1. */
FVI_WIDE static void back_inside(const sampling *s, int y, int x, int end, int whole, int from,
                                 int to, const float *dout, float *din) {
    const int64_t plane = (int64_t)s->h * s->w, oplane = (int64_t)s->oh * s->ow;
    const int64_t low = (int64_t)from * s->w, high = (int64_t)to * s->w;
    taps t;
    for (int n; x < end; x += n) {
        n = end - x < RUN ? end - x : RUN;
        fill_inside(s, y, x, n, &t);
        int c = 0;
        for (; whole && c + 3 <= s->channels; c += 3)
            add_inside(s, &t, n, 3, 1, low, high, dout + c * oplane + x, din + c * plane);
        for (; whole && c < s->channels; c++)
            add_inside(s, &t, n, 1, 1, low, high, dout + c * oplane + x, din + c * plane);
        for (; c < s->channels; c++)
            add_inside(s, &t, n, 1, 0, low, high, dout + c * oplane + x, din + c * plane);
    }
}

/* What row y of the gradient adds to rows from..to - 1, but for pixels at the edges. */
static void back_row(const sampling *s, int y, int from, int to, const float *dout, float *din) {
    const float *m = s->map.m, left = m[0] * (float)y + m[2], right = left + m[1] * (float)s->ow;
    int a, b;
    if (fminf(left, right) > (float)to + 1 || fmaxf(left, right) < (float)from - 2) return;
    find_inside(s, y, &a, &b);
    narrow_rows(s, y, from - 1 - CLEAR, to + CLEAR, &a, &b);
    int first = a, last = b; /* of pixels wholly in the band */
    narrow_rows(s, y, from + CLEAR, to - 1 - CLEAR, &first, &last);
    if (first >= last) first = last = b;
    back_inside(s, y, a, first, 0, from, to, dout, din);
    back_inside(s, y, first, last, 1, from, to, dout, din);
    back_inside(s, y, last, b, 0, from, to, dout, din);
}

static void back_edge(const sampling *s, int y, int x, int end, const float *dout, float *din) {
    taps t;
    for (int n; x < end; x += n) {
        n = end - x < RUN ? end - x : RUN;
        fill_edge(s, y, x, n, &t);
        for (int i = 0; i < n; i++)
            for (int k = 0; k < 4; k++) din[t.at[k][i]] += t.weight[k][i] * dout[x + i];
    }
}

/* What the pixels at the edges of row y add to a channel. */
static void back_edges(const sampling *s, int y, const float *dout, float *din) {
    int a, b, first, last;
    find_touched(s, y, &first, &last);
    find_inside(s, y, &a, &b);
    if (a >= b) a = b = first;
    back_edge(s, y, first, a, dout, din);
    back_edge(s, y, b, last, dout, din);
}

void fvi_sample_mean_adjoint(const float *dout, int channels, int oh, int ow, const fvi_affine *map,
                             int side, fv_edge edge, float *din, int h, int w) {
    const sampling all = {channels, h, w, oh, ow, *map, edge, 1 / ((float)side * (float)side)};
    const int64_t plane = (int64_t)h * w, oplane = (int64_t)oh * ow;
    const int parts = side * side;
#pragma omp parallel if (channels * oplane > FVI_PARALLEL_MIN)
    {
#pragma omp for schedule(dynamic)
        for (int from = 0; from < h; from += BAND) {
            const int to = from + BAND < h ? from + BAND : h;
            for (int c = 0; c < channels; c++)
                memset(din + c * plane + (int64_t)from * w, 0,
                       (size_t)((int64_t)(to - from) * w) * sizeof *din);
            for (int part = 0; part < parts; part++) {
                const sampling s = part_of(all, side, part);
                for (int y = 0; y < oh; y++) back_row(&s, y, from, to, dout + (int64_t)y * ow, din);
            }
        }
#pragma omp for schedule(static)
        for (int c = 0; c < channels; c++)
            for (int part = 0; part < parts; part++) {
                const sampling s = part_of(all, side, part);
                for (int y = 0; y < oh; y++)
                    back_edges(&s, y, dout + c * oplane + (int64_t)y * ow, din + c * plane);
            }
    }
}

void fvi_sample(const float *in, int channels, int h, int w, const fvi_affine *map, fv_edge edge,
                float grey, float *out, int oh, int ow) {
    fvi_sample_mean(in, channels, h, w, map, 1, edge, grey, out, oh, ow);
}
void fvi_sample_adjoint(const float *dout, int channels, int oh, int ow, const fvi_affine *map,
                        fv_edge edge, float *din, int h, int w) {
    fvi_sample_mean_adjoint(dout, channels, oh, ow, map, 1, edge, din, h, w);
}

/* ---- nearest -------------------------------------------------------------------------------- */

/* Where an output pixel looks. */
FVI_INLINE float row_at(const fvi_affine *map, int y, int x) {
    return map->m[0] * (float)y + map->m[1] * (float)x + map->m[2];
}
FVI_INLINE float column_at(const fvi_affine *map, int y, int x) {
    return map->m[3] * (float)y + map->m[4] * (float)x + map->m[5];
}

/* The nearest whole number to one above -0.5; halves upwards, which is away from 0. */
FVI_INLINE int nearest(float f) {
    const int i = (int)f;
    return i + (f - (float)i >= 0.5f);
}

/* Pixels x..end - 1 of output row y, which begins at `out`. */
FVI_WIDE static void nearest_inside(const sampling *s, int y, int x, int end, const float *in,
                                    float *out) {
    const int64_t plane = (int64_t)s->h * s->w, oplane = (int64_t)s->oh * s->ow;
    int at[RUN];
    for (int n; x < end; x += n) {
        n = end - x < RUN ? end - x : RUN;
#pragma omp simd
        for (int i = 0; i < n; i++)
            at[i] =
                nearest(row_at(&s->map, y, x + i)) * s->w + nearest(column_at(&s->map, y, x + i));
        for (int c = 0; c < s->channels; c++)
            for (int i = 0; i < n; i++) out[c * oplane + x + i] = in[c * plane + at[i]];
    }
}

static void nearest_edge(const sampling *s, int y, int x, int end, const float *in, float border,
                         float *out) {
    for (; x < end; x++) {
        const int row = fvi_edge_index(llroundf(row_at(&s->map, y, x)), s->h, s->edge);
        const int column = fvi_edge_index(llroundf(column_at(&s->map, y, x)), s->w, s->edge);
        const float *from = in + (int64_t)row * s->w + column;
        for (int c = 0; c < s->channels; c++)
            out[(int64_t)c * s->oh * s->ow + x] =
                row < 0 || column < 0 ? border : from[(int64_t)c * s->h * s->w];
    }
}

void fvi_sample_nearest(const float *in, int channels, int h, int w, const fvi_affine *map,
                        fv_edge edge, float grey, float *out, int oh, int ow) {
    const sampling s = {channels, h, w, oh, ow, *map, edge, 1};
    const float border = edge == FV_EDGE_GREY ? grey : 0;
#pragma omp parallel for schedule(static) if ((int64_t)channels * oh * ow > FVI_PARALLEL_MIN)
    for (int y = 0; y < oh; y++) {
        float *row = out + (int64_t)y * ow; /* out[0][y][.] */
        int a, b;
        find_within(&s, y, 0.5 - CLEAR, &a, &b);
        nearest_edge(&s, y, 0, a, in, border, row);
        nearest_inside(&s, y, a, b, in, row);
        nearest_edge(&s, y, b, ow, in, border, row);
    }
}
