/* SPDX-License-Identifier: Apache-2.0 */
/* grid sample: x [n][c][s..] read at the points of a grid [n][o..][d], d 1 to 3:
 *   dst[n][c][o] = sum over the cells k around the point of w_k(grid[n][o]) x[n][c][k]
 * The gradient of x is the transposed sum, or the output's read at the points of `back`; that of
 * the grid the sum with one axis' weights replaced by their slopes. Every number is summed by one
 * thread in one order.
 */
#include "backend/onednn/kernels/grid_cells.h"
#include "backend/onednn/kernels/strided_loops.h"
#include "backend/onednn/schedule/step.h"
#include "base/error.h"
#include "base/parallel.h"

/* A picture that is read at the points of a grid. */
typedef struct sampling {
    fvi_grid grid;
    fvi_buffer *src, *points_of;
    int64_t n, c, plane, points, src_n, grid_n;
} sampling;

typedef struct grid_state {
    sampling forward, back; /* back: of the output's gradient, where the node has such points */
    fvi_grid_sample back_how;
    fvi_buffer *ddst;
} grid_state;

static int has_back(const fvi_step *step) { return step->n_in > 2 && step->node->in[2] >= 0; }

static sampling sampling_of(const fvi_shape *x, const fvi_shape *grid, const fvi_shape *out,
                            const fvi_grid_sample *how) {
    sampling s = {.grid = {.a = how, .axes = x->ndim - 2}};
    for (int a = 0; a < s.grid.axes; a++) s.grid.size[a] = x->dim[2 + a];
    s.n = x->dim[0] == 1 ? grid->dim[0] : x->dim[0];
    s.c = x->dim[1];
    s.src_n = x->dim[0];
    s.grid_n = grid->dim[0];
    s.plane = fvi_shape_product(x, 2, x->ndim);
    s.points = fvi_shape_product(out, 2, out->ndim);
    return s;
}

static fv_status plan(fvi_step *step, fv_error *err) {
    grid_state *s = step->state = fvi_step_alloc(step, 1, sizeof *s);
    if (!s) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    const fvi_shape *x = fvi_step_shape(step, 0), *out = fvi_step_out_shape(step);
    s->forward = sampling_of(x, fvi_step_shape(step, 1), out, &step->node->a.grid_sample);
    if (has_back(step)) {
        s->back_how = step->node->a.grid_sample;
        s->back_how.padding = FVI_GRID_ZEROS;
        s->back = sampling_of(out, fvi_step_shape(step, 2), x, &s->back_how);
    }
    fv_status st = fvi_step_source(step, 0, NULL, &s->forward.src, err);
    if (!st) st = fvi_step_source(step, 1, NULL, &s->forward.points_of, err);
    return st ? st : fvi_step_make_dst(step, NULL, err);
}

/* Operands with one sample for all have that one. */
static int64_t sample_of(int64_t samples, int64_t n) { return samples > 1 ? n : 0; }

/* Point p of sample n. */
static const float *point(const sampling *s, int64_t n, int64_t p) {
    return (const float *)s->points_of->data +
           (sample_of(s->grid_n, n) * s->points + p) * s->grid.axes;
}

/* Reads all channels of sample n at point p; dst is that point of channel 0. */
static void read_point(const sampling *s, int64_t n, int64_t p, int add, float *dst) {
    fvi_grid_cells cells;
    const float *src = s->src->data;
    fvi_grid_find(&s->grid, point(s, n, p), 0, &cells);
    src += sample_of(s->src_n, n) * s->c * s->plane;
    for (int64_t c = 0; c < s->c; c++, src += s->plane, dst += s->points) {
        float sum = add ? *dst : 0;
        for (int i = 0; i < cells.n; i++)
            if (cells.at[i] >= 0) sum += cells.weight[i] * src[cells.at[i]];
        *dst = sum;
    }
}

/* dst [out_n][c][points]; out_n 1: the sum over all samples. */
static void read_all(const sampling *s, int64_t out_n, float *dst) {
    const int64_t all = out_n * s->points, each = out_n > 1 ? 1 : s->n;
#pragma omp parallel for schedule(static) if (all * s->c > FVI_PARALLEL_MIN)
    for (int64_t i = 0; i < all; i++) {
        const int64_t n = i / s->points, p = i % s->points;
        for (int64_t j = 0; j < each; j++)
            read_point(s, each > 1 ? j : n, p, j > 0, dst + n * s->c * s->points + p);
    }
}

static fv_status forward(const fvi_step *step) {
    const grid_state *s = step->state;
    read_all(&s->forward, s->forward.n, step->dst->data);
    return FV_OK;
}

static fv_status plan_backward(fvi_step *step, fv_error *err) {
    grid_state *s = step->state;
    fv_status st = fvi_step_convert(step, step->ddst, NULL, &s->ddst, err);
    s->back.src = s->ddst;
    if (!st) st = fvi_step_source(step, 0, NULL, &s->forward.src, err);
    if (!st) st = fvi_step_source(step, 1, NULL, &s->forward.points_of, err);
    if (!st && has_back(step)) st = fvi_step_source(step, 2, NULL, &s->back.points_of, err);
    for (int i = 0; i < step->n_in && !st; i++)
        if (step->wanted[i]) st = fvi_step_make_dsrc(step, i, NULL, err);
    return st;
}

/* The gradient of one channel of x from one sample of the output. */
static void backward_plane(const sampling *s, const float *ddst, int64_t n, int64_t c, float *dx) {
    fvi_grid_cells cells;
    ddst += (n * s->c + c) * s->points;
    for (int64_t p = 0; p < s->points; p++) {
        fvi_grid_find(&s->grid, point(s, n, p), 0, &cells);
        for (int i = 0; i < cells.n; i++)
            if (cells.at[i] >= 0) dx[cells.at[i]] += cells.weight[i] * ddst[p];
    }
}

static void backward_source(const sampling *s, const float *ddst, float *dx) {
    const int64_t planes = s->src_n * s->c, each = s->src_n > 1 ? 1 : s->n;
#pragma omp parallel for schedule(static) if (planes * s->points > FVI_PARALLEL_MIN)
    for (int64_t k = 0; k < planes; k++) {
        float *to = dx + k * s->plane;
        fvi_fill(to, s->plane, 0);
        for (int64_t j = 0; j < each; j++)
            backward_plane(s, ddst, each > 1 ? j : k / s->c, k % s->c, to);
    }
}

/* Adds the gradient of point p of the grid from sample n to dpoint. */
static void backward_point(const sampling *s, const float *ddst, int64_t n, int64_t p,
                           float *dpoint) {
    fvi_grid_cells cells;
    fvi_grid_find(&s->grid, point(s, n, p), 1, &cells);
    const float *src = (const float *)s->src->data + sample_of(s->src_n, n) * s->c * s->plane;
    for (int a = 0; a < s->grid.axes; a++) {
        float sum = 0;
        for (int64_t c = 0; c < s->c; c++) {
            const float g = ddst[(n * s->c + c) * s->points + p];
            float moved = 0;
            for (int i = 0; i < cells.n; i++)
                if (cells.at[i] >= 0) moved += cells.slope[a][i] * src[c * s->plane + cells.at[i]];
            sum += g * moved;
        }
        dpoint[s->grid.axes - 1 - a] += sum;
    }
}

static void backward_grid(const sampling *s, const float *ddst, float *dgrid) {
    const int64_t all = s->grid_n * s->points, each = s->grid_n > 1 ? 1 : s->n;
    fvi_fill(dgrid, all * s->grid.axes, 0);
#pragma omp parallel for schedule(static) if (all * s->c > FVI_PARALLEL_MIN)
    for (int64_t i = 0; i < all; i++)
        for (int64_t j = 0; j < each; j++)
            backward_point(s, ddst, each > 1 ? j : i / s->points, i % s->points,
                           dgrid + i * s->grid.axes);
}

static fv_status backward(const fvi_step *step) {
    const grid_state *s = step->state;
    if (step->wanted[0] && has_back(step))
        read_all(&s->back, s->forward.src_n, step->dsrc[0]->data);
    else if (step->wanted[0])
        backward_source(&s->forward, s->ddst->data, step->dsrc[0]->data);
    if (step->wanted[1]) backward_grid(&s->forward, s->ddst->data, step->dsrc[1]->data);
    if (has_back(step) && step->wanted[2])
        fvi_fill(step->dsrc[2]->data, s->back.grid_n * s->back.points * s->back.grid.axes, 0);
    return FV_OK;
}

const fvi_op fvi_op_grid_sample = {"GridSample", NULL,     plan, plan_backward,
                                   forward,      backward, NULL};
