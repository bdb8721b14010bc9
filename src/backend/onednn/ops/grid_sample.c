/* SPDX-License-Identifier: Apache-2.0 */
/* grid sample: x [n][c][s..] read at the points of a grid [n][o..][d], d 1 to 3:
 *   dst[n][c][o] = sum over the cells k around the point of w_k(grid[n][o]) x[n][c][k]
 * The gradient of x is the transposed sum, that of the grid the sum with one axis' weights replaced
 * by their slopes. Every number is summed by one thread in one order.
 */
#include "backend/onednn/kernels/grid_cells.h"
#include "backend/onednn/kernels/strided_loops.h"
#include "backend/onednn/schedule/step.h"
#include "base/error.h"
#include "base/parallel.h"

typedef struct grid_state {
    fvi_grid grid;
    fvi_buffer *src, *points_of, *ddst;
    int64_t n, c, plane, points, src_n, grid_n;
} grid_state;

static fv_status plan(fvi_step *step, fv_error *err) {
    grid_state *s = step->state = fvi_step_alloc(step, 1, sizeof *s);
    if (!s) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    const fvi_shape *x = fvi_step_shape(step, 0), *grid = fvi_step_shape(step, 1);
    const fvi_shape *out = fvi_step_out_shape(step);
    s->grid.a = &step->node->a.grid_sample;
    s->grid.axes = x->ndim - 2;
    s->n = out->dim[0];
    s->c = x->dim[1];
    s->src_n = x->dim[0];
    s->grid_n = grid->dim[0];
    for (int a = 0; a < s->grid.axes; a++) s->grid.size[a] = x->dim[2 + a];
    s->plane = fvi_shape_product(x, 2, x->ndim);
    s->points = fvi_shape_product(out, 2, out->ndim);
    fv_status st = fvi_step_source(step, 0, NULL, &s->src, err);
    if (!st) st = fvi_step_source(step, 1, NULL, &s->points_of, err);
    return st ? st : fvi_step_make_dst(step, NULL, err);
}

/* Operands with one sample for all have that one. */
static int64_t sample_of(int64_t samples, int64_t n) { return samples > 1 ? n : 0; }

/* Point p of sample n. */
static const float *point(const grid_state *s, int64_t n, int64_t p) {
    return (const float *)s->points_of->data +
           (sample_of(s->grid_n, n) * s->points + p) * s->grid.axes;
}

static void forward_point(const grid_state *s, int64_t n, int64_t p, float *dst) {
    fvi_grid_cells cells;
    const float *src = s->src->data;
    fvi_grid_find(&s->grid, point(s, n, p), 0, &cells);
    src += sample_of(s->src_n, n) * s->c * s->plane;
    for (int64_t c = 0; c < s->c; c++, src += s->plane) {
        float sum = 0;
        for (int i = 0; i < cells.n; i++)
            if (cells.at[i] >= 0) sum += cells.weight[i] * src[cells.at[i]];
        dst[(n * s->c + c) * s->points + p] = sum;
    }
}

static fv_status forward(const fvi_step *step) {
    const grid_state *s = step->state;
    const int64_t all = s->n * s->points;
    float *dst = step->dst->data;
#pragma omp parallel for schedule(static) if (all * s->c > FVI_PARALLEL_MIN)
    for (int64_t i = 0; i < all; i++) forward_point(s, i / s->points, i % s->points, dst);
    return FV_OK;
}

static fv_status plan_backward(fvi_step *step, fv_error *err) {
    grid_state *s = step->state;
    fv_status st = fvi_step_convert(step, step->ddst, NULL, &s->ddst, err);
    if (!st) st = fvi_step_source(step, 0, NULL, &s->src, err);
    if (!st) st = fvi_step_source(step, 1, NULL, &s->points_of, err);
    for (int i = 0; i < 2 && !st; i++)
        if (step->wanted[i]) st = fvi_step_make_dsrc(step, i, NULL, err);
    return st;
}

/* The gradient of one channel of x from one sample of the output. */
static void backward_plane(const grid_state *s, int64_t n, int64_t c, float *dx) {
    fvi_grid_cells cells;
    const float *ddst = (const float *)s->ddst->data + (n * s->c + c) * s->points;
    for (int64_t p = 0; p < s->points; p++) {
        fvi_grid_find(&s->grid, point(s, n, p), 0, &cells);
        for (int i = 0; i < cells.n; i++)
            if (cells.at[i] >= 0) dx[cells.at[i]] += cells.weight[i] * ddst[p];
    }
}

static void backward_source(const grid_state *s, float *dx) {
    const int64_t planes = s->src_n * s->c, each = s->src_n > 1 ? 1 : s->n;
#pragma omp parallel for schedule(static) if (planes * s->points > FVI_PARALLEL_MIN)
    for (int64_t k = 0; k < planes; k++) {
        float *to = dx + k * s->plane;
        fvi_fill(to, s->plane, 0);
        for (int64_t j = 0; j < each; j++) backward_plane(s, each > 1 ? j : k / s->c, k % s->c, to);
    }
}

/* Adds the gradient of point p of the grid from sample n to dpoint. */
static void backward_point(const grid_state *s, int64_t n, int64_t p, float *dpoint) {
    fvi_grid_cells cells;
    fvi_grid_find(&s->grid, point(s, n, p), 1, &cells);
    const float *src = (const float *)s->src->data + sample_of(s->src_n, n) * s->c * s->plane;
    for (int a = 0; a < s->grid.axes; a++) {
        float sum = 0;
        for (int64_t c = 0; c < s->c; c++) {
            const float g = ((const float *)s->ddst->data)[(n * s->c + c) * s->points + p];
            float moved = 0;
            for (int i = 0; i < cells.n; i++)
                if (cells.at[i] >= 0) moved += cells.slope[a][i] * src[c * s->plane + cells.at[i]];
            sum += g * moved;
        }
        dpoint[s->grid.axes - 1 - a] += sum;
    }
}

static void backward_grid(const grid_state *s, float *dgrid) {
    const int64_t all = s->grid_n * s->points, each = s->grid_n > 1 ? 1 : s->n;
    fvi_fill(dgrid, all * s->grid.axes, 0);
#pragma omp parallel for schedule(static) if (all * s->c > FVI_PARALLEL_MIN)
    for (int64_t i = 0; i < all; i++)
        for (int64_t j = 0; j < each; j++)
            backward_point(s, each > 1 ? j : i / s->points, i % s->points,
                           dgrid + i * s->grid.axes);
}

static fv_status backward(const fvi_step *step) {
    const grid_state *s = step->state;
    if (step->wanted[0]) backward_source(s, step->dsrc[0]->data);
    if (step->wanted[1]) backward_grid(s, step->dsrc[1]->data);
    return FV_OK;
}

const fvi_op fvi_op_grid_sample = {"GridSample", NULL,     plan, plan_backward,
                                   forward,      backward, NULL};
