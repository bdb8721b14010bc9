/* SPDX-License-Identifier: Apache-2.0 */
/* Bilinear sampling along an affine map, with its exact adjoint; nearest pixels.
 *
 * A bilinear sample is a sum of four pixels, its corners, whose weights depend only on the
 * position. So a run of output pixels takes two steps: computing the offsets and weights of the
 * corners, then a loop over the channels that reads (forward) or adds to (adjoint) them. Two kinds
 * of pixels are cheaper: those whose four corners are inside need no edge handling, and those whose
 * corners are all on a constant border read nothing. Both are found by solving for the columns of
 * each row. Corners on a constant border get weight 0; their weights are summed in `rest`.
 *
 * The adjoint works on tiles of the input, the same ones for any number of threads; a tile adds up
 * the gradient of all output pixels that read it. Within a tile the channels of a pixel are
 * adjacent, so one vector addition adds all of them. Pixels with corners outside come last, one
 * channel a thread. So every sum is added in one order.
 */
#include "signal/sample.h"

#include <math.h>
#include <string.h>

#include "base/simd.h"

#define RUN   64  /* pixels whose corners are computed at a time */
#define BAND  16  /* rows of a tile */
#define WIDE  320 /* columns of a tile, at most; 100 KB on the stack */
#define HALO  2
#define CLEAR 0.01 /* of a pixel: far more than the rounding error of float coordinates */

typedef struct corners {
    int at[4][RUN]; /* offsets into a channel; only the first for pixels inside */
    float weight[4][RUN];
    float rest[RUN]; /* of corners on the constant border */
} corners;

/* Tiles in a row of a picture of w columns. */
static int tiles_across(int w) { return (w + WIDE - 1) / WIDE; }

/* The same for all rows of a call. */
typedef struct sampling {
    int channels, h, w, oh, ow; /* h, w: of the input */
    fvi_affine map;             /* shifted to the sample within the pixel */
    fvi_edge edge;
    float share; /* weight of one sample in its pixel */
} sampling;

int fvi_edge_index(int64_t i, int n, fvi_edge edge) {
    if (i >= 0 && i < n) return (int)i;
    int64_t m;
    switch (edge) {
    case FVI_EDGE_REFLECT:
        m = i % (2 * (int64_t)n);
        if (m < 0) m += 2 * (int64_t)n;
        return (int)(m < n ? m : 2 * (int64_t)n - 1 - m);
    case FVI_EDGE_WRAP: m = i % n; return (int)(m < 0 ? m + n : m);
    case FVI_EDGE_REPEAT: return i < 0 ? 0 : n - 1;
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

/* The columns with positions at most `out` pixels outside the first and last rows and columns.
 */
static void find_within(const sampling *s, int y, double out, int *a, int *b) {
    const float *m = s->map.m;
    *a = 0;
    *b = s->ow;
    narrow((double)m[3] * y + m[5], m[4], -out, s->w - 1 + out, a, b);
    narrow((double)m[0] * y + m[2], m[1], -out, s->h - 1 + out, a, b);
    if (*b < *a) *b = *a;
}

/* Columns whose corners are all inside. */
static void find_inside(const sampling *s, int y, int *a, int *b) {
    find_within(s, y, -CLEAR, a, b);
}

/* Columns with a corner that is not on a constant border. */
static void find_touched(const sampling *s, int y, int *a, int *b) {
    *a = 0;
    *b = s->ow;
    if (s->edge == FVI_EDGE_ZERO || s->edge == FVI_EDGE_GREY) find_within(s, y, 1 + CLEAR, a, b);
}

/* ---- bilinear ------------------------------------------------------------------------------- */

/* Corners of n pixels of row y from x0 on, all inside; rows are w floats apart. */
FVI_INLINE void fill_corners(const sampling *s, int y, int x0, int n, int w, corners *t) {
    const float *m = s->map.m, ys = m[0] * (float)y + m[2], xs = m[3] * (float)y + m[5];
    const float share = s->share;
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

static void fill_edge(const sampling *s, int y, int x0, int n, corners *t) {
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

/* Neighbours, left and right, of four pixels: from[at[i]] and from[at[i] + 1]. */
FVI_INLINE void read_four(const float *from, const int *at, fvi_f32x4 *left, fvi_f32x4 *right) {
    typedef float two __attribute__((vector_size(8), aligned(4), may_alias));
    const two a = *(const two *)(from + at[0]), b = *(const two *)(from + at[1]);
    const two c = *(const two *)(from + at[2]), d = *(const two *)(from + at[3]);
    const fvi_f32x4 ab = __builtin_shufflevector(a, b, 0, 1, 2, 3);
    const fvi_f32x4 cd = __builtin_shufflevector(c, d, 0, 1, 2, 3);
    *left = __builtin_shufflevector(ab, cd, 0, 2, 4, 6);
    *right = __builtin_shufflevector(ab, cd, 1, 3, 5, 7);
}

/* out[i] += sum of weight * in[at], for the n pixels of a run inside. */
FVI_INLINE void read_inside(const corners *t, int n, int w, const float *in, float *out) {
    int i = 0;
    for (; i + 4 <= n; i += 4) {
        const fvi_f32x4 p = *(const fvi_f32x4 *)(t->weight[0] + i);
        const fvi_f32x4 q = *(const fvi_f32x4 *)(t->weight[1] + i);
        const fvi_f32x4 r = *(const fvi_f32x4 *)(t->weight[2] + i);
        const fvi_f32x4 u = *(const fvi_f32x4 *)(t->weight[3] + i);
        fvi_f32x4 a, b, c, d;
        read_four(in, t->at[0] + i, &a, &b);
        read_four(in + w, t->at[0] + i, &c, &d);
        *(fvi_f32x4 *)(out + i) += p * a + q * b + r * c + u * d;
    }
    for (; i < n; i++) {
        const float *a = in + t->at[0][i], *b = a + w;
        out[i] += t->weight[0][i] * a[0] + t->weight[1][i] * a[1] + t->weight[2][i] * b[0] +
                  t->weight[3][i] * b[1];
    }
}

/* Pixels x..end - 1 of output row y, which begins at `out`. */
FVI_WIDE static void sample_inside(const sampling *s, int y, int x, int end, const float *in,
                                   float *out) {
    const int64_t plane = (int64_t)s->h * s->w, oplane = (int64_t)s->oh * s->ow;
    corners t;
    for (int n; x < end; x += n) {
        n = end - x < RUN ? end - x : RUN;
        fill_corners(s, y, x, n, s->w, &t);
        for (int c = 0; c < s->channels; c++)
            read_inside(&t, n, s->w, in + c * plane, out + c * oplane + x);
    }
}

static void sample_edge(const sampling *s, int y, int x, int end, const float *in, float border,
                        float *out) {
    const int64_t plane = (int64_t)s->h * s->w, oplane = (int64_t)s->oh * s->ow;
    corners t;
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

/* The map of sample i of side x side in each pixel. */
static sampling sample_of(sampling s, int side, int i) {
    const fvi_affine whole = s.map, *map = &whole;
    const int row = i / side, column = i % side;
    float y = ((float)row + 0.5f) / (float)side - 0.5f;
    float x = ((float)column + 0.5f) / (float)side - 0.5f;
    s.map.m[2] += map->m[0] * y + map->m[1] * x;
    s.map.m[5] += map->m[3] * y + map->m[4] * x;
    return s;
}

static sampling sampling_of(fvi_planes in, const fvi_sampler *how, fvi_planes out) {
    const float side = (float)how->side;
    return (sampling){in.channels, in.h,     in.w,      out.h,
                      out.w,       how->map, how->edge, 1 / (side * side)};
}

void fvi_sample(fvi_planes in, const fvi_sampler *how, fvi_planes out) {
    const sampling all = sampling_of(in, how, out);
    const int64_t oplane = fvi_planes_area(out);
    const float border = how->edge == FVI_EDGE_GREY ? how->grey : 0;
#pragma omp parallel for schedule(static) if (fvi_planes_count(out) > FVI_PARALLEL_MIN)
    for (int y = 0; y < out.h; y++) {
        float *row = out.data + (int64_t)y * out.w; /* out[0][y][.] */
        for (int c = 0; c < in.channels; c++)
            memset(row + c * oplane, 0, (size_t)out.w * sizeof *row);
        for (int part = 0; part < how->side * how->side; part++) {
            const sampling s = sample_of(all, how->side, part);
            sample_row(&s, y, in.data, border, row);
        }
    }
}

/* ---- its adjoint ---------------------------------------------------------------------------- */

/* A tile of the input: rows y0..y1 - 1, columns x0..x1 - 1, and HALO more on every side for what
 * pixels at its borders add outside it. That is discarded: the neighbouring tile computes it too.
 */
typedef struct tile {
    int y0, y1, x0, x1;
    fvi_f32x4 sum[BAND + 2 * HALO][WIDE + 2 * HALO]; /* of up to four channels */
} tile;

/* to[i] = element i of C <= 4 channels, which are `plane` floats apart; other lanes are not used.
 */
FVI_INLINE void interleave(const float *from, int64_t plane, int C, int n, fvi_f32x4 *to) {
    int i = 0;
    for (; i + 4 <= n; i += 4) {
        fvi_f32x4 v[4];
        for (int c = 0; c < 4; c++) v[c] = *(const fvi_f32x4 *)(from + (c < C ? c : 0) * plane + i);
        fvi_f32x4_transpose(v);
        for (int k = 0; k < 4; k++) to[i + k] = v[k];
    }
    for (; i < n; i++)
        for (int c = 0; c < 4; c++) to[i][c] = from[(c < C ? c : 0) * plane + i];
}

/* The inverse, for C channels. */
FVI_INLINE void deinterleave(const fvi_f32x4 *from, int C, int n, float *to, int64_t plane) {
    int i = 0;
    for (; i + 4 <= n; i += 4) {
        fvi_f32x4 v[4] = {from[i], from[i + 1], from[i + 2], from[i + 3]};
        fvi_f32x4_transpose(v);
        for (int c = 0; c < C; c++) *(fvi_f32x4 *)(to + c * plane + i) = v[c];
    }
    for (; i < n; i++)
        for (int c = 0; c < C; c++) to[c * plane + i] = from[i][c];
}

/* Adds pixel i, of gradient d, to a tile. */
FVI_INLINE void add_pixel(const corners *t, int i, fvi_f32x4 d, fvi_f32x4 *sum) {
    fvi_f32x4 *a = sum + t->at[0][i], *b = a + WIDE + 2 * HALO;
    a[0] += t->weight[0][i] * d;
    a[1] += t->weight[1][i] * d;
    b[0] += t->weight[2][i] * d;
    b[1] += t->weight[3][i] * d;
}

/* The same for n pixels, alternating between the two halves of the run: neighbouring pixels add to
 * the same floats, so consecutive additions would depend on each other. */
FVI_INLINE void add_run(const corners *t, int n, const fvi_f32x4 *d, fvi_f32x4 *sum) {
    const int half = n / 2;
    for (int i = 0; i < half; i++) {
        add_pixel(t, i, d[i], sum);
        add_pixel(t, half + i, d[half + i], sum);
    }
    if (n % 2) add_pixel(t, n - 1, d[n - 1], sum);
}

/* Pixels x..end - 1 of row y of the gradient, which begins at `dout`; C channels. */
FVI_INLINE void back_run(const sampling *s, int y, int x, int end, int C, const float *dout,
                         tile *k) {
    fvi_f32x4 d[RUN], *sums = (fvi_f32x4 *)k->sum; /* all rows as one array */
    corners t;
    for (int n; x < end; x += n) {
        n = end - x < RUN ? end - x : RUN;
        fill_corners(s, y, x, n, WIDE + 2 * HALO, &t);
        interleave(dout + x, (int64_t)s->oh * s->ow, C, n, d);
        add_run(&t, n, d, sums + (HALO - k->y0) * (WIDE + 2 * HALO) + HALO - k->x0);
    }
}

/* Adds row y of the gradient to a tile, except pixels at the edges. */
FVI_WIDE static void back_row(const sampling *s, int y, int C, const float *dout, tile *k) {
    const float *m = s->map.m, left = m[0] * (float)y + m[2], right = left + m[1] * (float)s->ow;
    int a, b;
    if (fminf(left, right) > (float)k->y1 + 1 || fmaxf(left, right) < (float)k->y0 - 2) return;
    find_inside(s, y, &a, &b);
    narrow((double)m[0] * y + m[2], m[1], k->y0 - 1 - CLEAR, k->y1 + CLEAR, &a, &b);
    narrow((double)m[3] * y + m[5], m[4], k->x0 - 1 - CLEAR, k->x1 + CLEAR, &a, &b);
    if (C == 3)
        back_run(s, y, a, b, 3, dout, k);
    else
        back_run(s, y, a, b, C, dout, k);
}

/* din [C][h][w] of a tile = its sums. */
FVI_WIDE static void write_tile(const sampling *s, const tile *k, int C, float *din) {
    const int64_t plane = (int64_t)s->h * s->w;
    for (int y = k->y0; y < k->y1; y++) {
        const fvi_f32x4 *from = k->sum[HALO + y - k->y0] + HALO;
        float *to = din + (int64_t)y * s->w + k->x0;
        if (C == 3)
            deinterleave(from, 3, k->x1 - k->x0, to, plane);
        else
            deinterleave(from, C, k->x1 - k->x0, to, plane);
    }
}

/* Tile number i of a picture, of C channels from dout and din on. */
static void back_tile(const sampling *all, int side, int i, int C, const float *dout, float *din) {
    const int across = tiles_across(all->w), y = i / across * BAND, x = i % across;
    tile k;
    k.y0 = y;
    k.y1 = y + BAND < all->h ? y + BAND : all->h;
    k.x0 = (int)((int64_t)x * all->w / across);
    k.x1 = (int)((int64_t)(x + 1) * all->w / across);
    for (int row = 0; row < k.y1 - k.y0 + 2 * HALO; row++)
        memset(k.sum[row], 0, (size_t)(k.x1 - k.x0 + 2 * HALO) * sizeof k.sum[row][0]);
    for (int part = 0; part < side * side; part++) {
        const sampling s = sample_of(*all, side, part);
        for (int row = 0; row < s.oh; row++) back_row(&s, row, C, dout + (int64_t)row * s.ow, &k);
    }
    write_tile(all, &k, C, din);
}

static void back_edge(const sampling *s, int y, int x, int end, const float *dout, float *din) {
    corners t;
    for (int n; x < end; x += n) {
        n = end - x < RUN ? end - x : RUN;
        fill_edge(s, y, x, n, &t);
        for (int i = 0; i < n; i++)
            for (int k = 0; k < 4; k++) din[t.at[k][i]] += t.weight[k][i] * dout[x + i];
    }
}

/* Adds the pixels at the edges of row y to a channel. */
static void back_edges(const sampling *s, int y, const float *dout, float *din) {
    int a, b, first, last;
    find_touched(s, y, &first, &last);
    find_inside(s, y, &a, &b);
    if (a >= b) a = b = first;
    back_edge(s, y, first, a, dout, din);
    back_edge(s, y, b, last, dout, din);
}

void fvi_sample_adjoint(fvi_planes dout, const fvi_sampler *how, fvi_planes din) {
    const sampling all = sampling_of(din, how, dout);
    const int64_t plane = fvi_planes_area(din), oplane = fvi_planes_area(dout);
    const int parts = how->side * how->side, bands = (din.h + BAND - 1) / BAND;
#pragma omp parallel if (fvi_planes_count(dout) > FVI_PARALLEL_MIN)
    {
#pragma omp for schedule(static)
        for (int i = 0; i < bands * tiles_across(din.w); i++)
            for (int c = 0; c < din.channels; c += 4)
                back_tile(&all, how->side, i, din.channels - c < 4 ? din.channels - c : 4,
                          dout.data + c * oplane, din.data + c * plane);
#pragma omp for schedule(static)
        for (int c = 0; c < din.channels; c++)
            for (int part = 0; part < parts; part++) {
                const sampling s = sample_of(all, how->side, part);
                for (int y = 0; y < dout.h; y++)
                    back_edges(&s, y, dout.data + c * oplane + (int64_t)y * dout.w,
                               din.data + c * plane);
            }
    }
}

/* ---- nearest -------------------------------------------------------------------------------- */

/* The input position of an output pixel. */
FVI_INLINE float row_at(const fvi_affine *map, int y, int x) {
    return map->m[0] * (float)y + map->m[1] * (float)x + map->m[2];
}
FVI_INLINE float column_at(const fvi_affine *map, int y, int x) {
    return map->m[3] * (float)y + map->m[4] * (float)x + map->m[5];
}

/* Rounds a number above -0.5, halves up (away from 0). */
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

void fvi_sample_nearest(fvi_planes in, const fvi_sampler *how, fvi_planes out) {
    const sampling s = {in.channels, in.h, in.w, out.h, out.w, how->map, how->edge, 1};
    const float border = how->edge == FVI_EDGE_GREY ? how->grey : 0;
#pragma omp parallel for schedule(static) if (fvi_planes_count(out) > FVI_PARALLEL_MIN)
    for (int y = 0; y < out.h; y++) {
        float *row = out.data + (int64_t)y * out.w; /* out[0][y][.] */
        int a, b;
        find_within(&s, y, 0.5 - CLEAR, &a, &b);
        nearest_edge(&s, y, 0, a, in.data, border, row);
        nearest_inside(&s, y, a, b, in.data, row);
        nearest_edge(&s, y, b, out.w, in.data, border, row);
    }
}
