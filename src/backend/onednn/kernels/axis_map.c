/* SPDX-License-Identifier: Apache-2.0 */
/* axis_map: a sparse matrix applied along one axis.
 *
 * Stored by rows (first, index, weight), so that both directions gather: an output is written once,
 * by one thread, and two threads never add to the same element. With elements behind the axis
 * (inner > 1) an output row is a weighted sum of source rows; on the innermost axis it is a dot
 * product per element, with its length known to the compiler where it is 1, 2 or 4. */
#include "backend/onednn/kernels/axis_map.h"

#include <assert.h>
#include <string.h>

#include "backend/onednn/kernels/strided_loops.h"
#include "base/error.h"

/* Elements of a row computed at a time, so that the sums stay in the first-level cache. */
#define CHUNK 4096

static void note_uniform(fvi_axis_map *m) {
    m->uniform = m->rows > 0 ? (int)m->first[1] : 0;
    for (int64_t i = 0; i < m->rows; i++)
        if (m->first[i + 1] - m->first[i] != m->uniform) m->uniform = 0;
}

static fv_status map_alloc(fvi_step *s, int64_t rows, int64_t cols, int64_t entries, int weighted,
                           fvi_axis_map *m, fv_error *err) {
    memset(m, 0, sizeof *m);
    m->rows = rows;
    m->cols = cols;
    m->first = fvi_step_alloc(s, (size_t)rows + 1, sizeof *m->first);
    m->index = fvi_step_alloc(s, (size_t)entries + 1, sizeof *m->index);
    if (weighted) m->weight = fvi_step_alloc(s, (size_t)entries + 1, sizeof *m->weight);
    if (!m->first || !m->index || (weighted && !m->weight))
        return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    return FV_OK;
}

fv_status fvi_axis_map_new(fvi_step *s, const fvi_axis_rows *from, fvi_axis_map *out,
                           fv_error *err) {
    const int64_t rows = from->rows;
    const float *weight = from->weight;
    fv_status st = map_alloc(s, rows, from->cols, rows * from->entries, weight != NULL, out, err);
    if (st) return st;
    int64_t n = 0;
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t e = i * from->entries; e < (i + 1) * from->entries; e++) {
            const float w = weight ? weight[e] : 1;
            const int32_t index = from->index[e];
            assert(index >= -1 && index < from->cols);
            if (index >= 0) {
                out->index[n] = index;
                if (weight) out->weight[n] = w;
                n++;
            } else if (from->outside != 0) {
                if (!out->bias) out->bias = fvi_step_alloc(s, (size_t)rows, sizeof *out->bias);
                if (!out->bias) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
                out->bias[i] += w * from->outside;
            }
        }
        out->first[i + 1] = n;
    }
    note_uniform(out);
    return FV_OK;
}

fv_status fvi_axis_map_transpose(fvi_step *s, const fvi_axis_map *m, fvi_axis_map *out,
                                 fv_error *err) {
    int64_t entries = m->first[m->rows];
    fv_status st = map_alloc(s, m->cols, m->rows, entries, m->weight != NULL, out, err);
    if (st) return st;
    for (int64_t e = 0; e < entries; e++) out->first[m->index[e] + 1]++;
    for (int64_t c = 0; c < m->cols; c++) out->first[c + 1] += out->first[c];
    int64_t *at = fvi_step_alloc(s, (size_t)m->cols, sizeof *at); /* next free entry of a row */
    if (!at) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    memcpy(at, out->first, (size_t)m->cols * sizeof *at);
    for (int64_t i = 0; i < m->rows; i++)
        for (int64_t e = m->first[i]; e < m->first[i + 1]; e++) {
            int64_t to = at[m->index[e]]++;
            out->index[to] = (int32_t)i;
            if (m->weight) out->weight[to] = m->weight[e];
        }
    note_uniform(out);
    return FV_OK;
}

/* dst[0..n) = b + u x + v y */
static void set_two(float *restrict dst, float b, float u, const float *restrict x, float v,
                    const float *restrict y, int64_t n) {
#pragma omp simd
    for (int64_t i = 0; i < n; i++) dst[i] = b + u * x[i] + v * y[i];
}

/* dst[0..n) += u x + v y */
static void add_two(float *restrict dst, float u, const float *restrict x, float v,
                    const float *restrict y, int64_t n) {
#pragma omp simd
    for (int64_t i = 0; i < n; i++) dst[i] = dst[i] + u * x[i] + v * y[i];
}

/* One output row of n elements; src is column 0, and columns are `inner` elements apart. */
static void map_row(const fvi_axis_map *m, int64_t row, int64_t inner, const float *src,
                    float *restrict dst, int64_t n) {
    int64_t e = m->first[row], end = m->first[row + 1];
    float b = m->bias ? m->bias[row] : 0;
    const float *w = m->weight;
    if (e == end) {
        for (int64_t i = 0; i < n; i++) dst[i] = b;
        return;
    }
    if (end - e == 1) {
        const float *x = src + m->index[e] * inner;
        float u = w ? w[e] : 1;
        if (u == 1 && b == 0) {
            memcpy(dst, x, (size_t)n * sizeof *dst);
        } else {
#pragma omp simd
            for (int64_t i = 0; i < n; i++) dst[i] = b + u * x[i];
        }
        return;
    }
    for (int add = 0; e < end; e += 2, add = 1) {
        int both = e + 1 < end;
        const float *x = src + m->index[e] * inner, *y = both ? src + m->index[e + 1] * inner : x;
        const float u = w ? w[e] : 1, v = !both ? 0 : w ? w[e + 1] : 1;
        if (add)
            add_two(dst, u, x, v, y, n);
        else
            set_two(dst, b, u, x, v, y, n);
    }
}

/* The innermost axis, where every row has `entries` entries. */
static inline void line_uniform(const fvi_axis_map *m, const int entries, const float *restrict src,
                                float *restrict dst) {
    const int32_t *index = m->index;
    const float *w = m->weight;
    for (int64_t i = 0; i < m->rows; i++, index += entries) {
        float a = m->bias ? m->bias[i] : 0;
        for (int t = 0; t < entries; t++) a += (w ? w[i * entries + t] : 1) * src[index[t]];
        dst[i] = a;
    }
}

static void line_any(const fvi_axis_map *m, const float *restrict src, float *restrict dst) {
    for (int64_t i = 0; i < m->rows; i++) {
        float a = m->bias ? m->bias[i] : 0;
        for (int64_t e = m->first[i]; e < m->first[i + 1]; e++)
            a += (m->weight ? m->weight[e] : 1) * src[m->index[e]];
        dst[i] = a;
    }
}

static void apply_lines(const fvi_axis_map *m, int64_t outer, const float *src, float *dst) {
#pragma omp parallel for schedule(static) if (outer * m->rows > FVI_PARALLEL_MIN)
    for (int64_t o = 0; o < outer; o++) {
        const float *from = src + o * m->cols;
        float *to = dst + o * m->rows;
        if (m->uniform == 1)
            line_uniform(m, 1, from, to);
        else if (m->uniform == 2)
            line_uniform(m, 2, from, to);
        else if (m->uniform == 4)
            line_uniform(m, 4, from, to);
        else
            line_any(m, from, to);
    }
}

void fvi_axis_map_apply(const fvi_axis_map *m, int64_t outer, int64_t inner, const float *src,
                        float *dst) {
    if (outer * m->rows * inner == 0) return;
    if (inner == 1) {
        apply_lines(m, outer, src, dst);
        return;
    }
    int64_t parts = (inner + CHUNK - 1) / CHUNK, units = outer * m->rows * parts;
#pragma omp parallel if (outer * m->rows * inner > FVI_PARALLEL_MIN)
    {
        int64_t from, to;
        fvi_thread_share(units, &from, &to);
        for (int64_t u = from; u < to; u++) {
            int64_t x = u % parts * CHUNK, r = u / parts % m->rows, o = u / parts / m->rows;
            map_row(m, r, inner, src + o * m->cols * inner + x, dst + (o * m->rows + r) * inner + x,
                    inner - x < CHUNK ? inner - x : CHUNK);
        }
    }
}
