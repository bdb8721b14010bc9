/* SPDX-License-Identifier: Apache-2.0 */
/* Attribution by covering parts of the picture and measuring how the objective changes; no
 * gradients or activations are used. With f the objective, x the picture, x0 the baseline that
 * covers it:
 *
 *   occlusion  f(x) - f(x with the window covered), given to every pixel of the window, the mean
 *              over the windows a pixel is in       Zeiler and Fergus 2014, arXiv:1311.2901
 *   RISE       sum_i f(m_i x + (1 - m_i) x0) m_i / sum_i m_i, at each pixel: the objective to be
 *              expected when the pixel is shown. m_i: cells x cells, each shown with probability
 *              `keep`, enlarged bilinearly, shifted at random
 *                                                   Petsiuk, Das and Saenko 2018, arXiv:1806.07421
 *
 * Windows begin at 0, stride, 2 stride, ... until one reaches the far edge; the last is cut there.
 * RISE as published divides by the masks' expected sum, n keep, instead of the sum itself: the two
 * have the same limit, but there the objective's mean times the chance differences in how often a
 * pixel was shown is noise on the map.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "base/tensor.h"
#include "inspect/attribution/attribute.h"
#include "inspect/attribution/baseline.h"
#include "inspect/enlarge.h"

#define MOST_WINDOWS 100000000

static fv_status out_of_memory(fv_error *err) { return fvi_fail(err, FV_NOMEM, "out of memory"); }

/* ---- occlusion ------------------------------------------------------------------------------ */

/* Windows along a side of n; an axis that is not there has one. */
static int windows(int n, const fv_attribute_desc *d) {
    return n > d->window ? (n - d->window + d->stride - 1) / d->stride + 1 : 1;
}

static int64_t all_windows(const fvi_perturbation *p, const fv_attribute_desc *d) {
    return (int64_t)windows(p->d, d) * windows(p->h, d) * windows(p->w, d);
}

/* Calls for every pixel of window `at` of the grid. */
static void each_pixel(const fvi_perturbation *p, const fv_attribute_desc *d, int at,
                       void (*each)(void *user, int64_t pixel), void *user) {
    const int columns = windows(p->w, d), rows = windows(p->h, d);
    const int y = at / columns % rows * d->stride, x = at % columns * d->stride;
    const int z = at / columns / rows * d->stride;
    for (int k = z; k < z + d->window && k < p->d; k++)
        for (int i = y; i < y + d->window && i < p->h; i++)
            for (int j = x; j < x + d->window && j < p->w; j++)
                each(user, ((int64_t)k * p->h + i) * p->w + j);
}

typedef struct cover {
    const fvi_perturbation *p;
    const float *with; /* [count] */
    float *x;
} cover;

static void cover_pixel(void *user, int64_t pixel) {
    const cover *v = user;
    for (int c = 0; c < v->p->channels; c++) {
        int64_t at = fvi_perturbation_at(v->p, c, pixel);
        v->x[at] = v->with[at];
    }
}

typedef struct loss {
    double lost;
    double *sum; /* [plane] */
    int *hits;   /* [plane] windows over each pixel */
} loss;

static void add_loss(void *user, int64_t pixel) {
    const loss *l = user;
    l->sum[pixel] += l->lost;
    l->hits[pixel]++;
}

static fv_status occlude(fvi_perturbation *p, const fv_attribute_desc *d, const float *with,
                         loss *l, fv_attribution *a, fv_error *err) {
    if (all_windows(p, d) > MOST_WINDOWS)
        return fvi_fail(err, FV_ARG,
                        "stride is %d: windows of %d at that distance are %lld; at most %d are run",
                        d->stride, d->window, (long long)all_windows(p, d), MOST_WINDOWS);
    const int count = (int)all_windows(p, d);
    p->total = 1 + count;
    fv_status st = fvi_perturbation_run_picture(p, 0, err);
    a->value = p->values[0];
    for (int done = 0; !st && done < count; done += p->batch) {
        const int n = count - done < p->batch ? count - done : p->batch;
        for (int k = 0; k < n; k++) {
            cover v = {p, with, p->x + k * p->count};
            memcpy(v.x, p->picture, (size_t)p->count * sizeof *v.x);
            each_pixel(p, d, done + k, cover_pixel, &v);
        }
        st = fvi_perturbation_run(p, n, 0, err);
        if (!st && p->stopped && done + n < count)
            st = fvi_fail(err, FV_CANCELLED, "stopped before there was a map");
        for (int k = 0; !st && k < n; k++) {
            l->lost = a->value - p->values[k];
            each_pixel(p, d, done + k, add_loss, l);
        }
    }
    return st;
}

static fv_status run_occlusion(fvi_perturbation *p, const fv_attribute_desc *d, fv_attribution *a,
                               fv_error *err) {
    float *with = malloc((size_t)p->count * sizeof *with);
    loss l = {.sum = calloc((size_t)p->plane, sizeof *l.sum),
              .hits = calloc((size_t)p->plane, sizeof *l.hits)};
    fv_status st = with && l.sum && l.hits ? FV_OK : out_of_memory(err);
    if (!st) st = fvi_baseline_fill(p, d->baseline, d->baseline_input, d->seed, with, err);
    if (!st) st = occlude(p, d, with, &l, a, err);
    const fvi_shape shape = fvi_perturbation_map_shape(p);
    if (!st) st = fvi_tensor_new(&shape, &a->map, err);
    for (int64_t i = 0; !st && i < p->plane; i++) a->map->data[i] = (float)(l.sum[i] / l.hits[i]);
    free(with);
    free(l.sum);
    free(l.hits);
    return st;
}

/* ---- RISE ----------------------------------------------------------------------------------- */

/* Buffers in which masks are made. */
typedef struct masks {
    fvi_grid cells, cell; /* how many along each axis, their size */
    fvi_grid whole;       /* an enlarged mask before it is cut */
    float *small;         /* [cells] */
    float *large;         /* [whole] */
    float *mask;          /* [batch][plane] */
    double *sum, *shown;  /* [plane] of objective times mask; of masks */
} masks;

static int64_t count_of(fvi_grid g) { return (int64_t)g.d * g.h * g.w; }

static fv_status masks_new(const fvi_perturbation *p, int cells, masks *m, fv_error *err) {
    m->cells = (fvi_grid){p->space > 2 ? cells : 1, p->space > 1 ? cells : 1, cells};
    m->cell = (fvi_grid){(p->d + m->cells.d - 1) / m->cells.d, (p->h + m->cells.h - 1) / m->cells.h,
                         (p->w + m->cells.w - 1) / m->cells.w};
    m->whole =
        (fvi_grid){p->space > 2 ? (m->cells.d + 1) * m->cell.d : 1,
                   p->space > 1 ? (m->cells.h + 1) * m->cell.h : 1, (m->cells.w + 1) * m->cell.w};
    m->small = calloc((size_t)count_of(m->cells), sizeof *m->small);
    m->large = calloc((size_t)count_of(m->whole), sizeof *m->large);
    m->mask = calloc((size_t)p->batch * (size_t)p->plane, sizeof *m->mask);
    m->sum = calloc((size_t)p->plane, sizeof *m->sum);
    m->shown = calloc((size_t)p->plane, sizeof *m->shown);
    return m->small && m->large && m->mask && m->sum && m->shown ? FV_OK : out_of_memory(err);
}

static void masks_clear(masks *m) {
    free(m->small);
    free(m->large);
    free(m->mask);
    free(m->sum);
    free(m->shown);
}

/* Mask i, whatever batch it is in. */
static fv_status draw_mask(const fvi_perturbation *p, const masks *m, const fv_attribute_desc *d,
                           int i, float *mask, fv_error *err) {
    fvi_random r = fvi_random_stream(d->seed, (uint64_t)i, 0, FVI_DRAW_MASK);
    for (int64_t k = 0; k < count_of(m->cells); k++)
        m->small[k] = fvi_random_uniform(&r) < d->keep ? 1 : 0;
    const int y = p->space > 1 ? fvi_random_int(&r, 0, m->cell.h - 1) : 0;
    const int x = fvi_random_int(&r, 0, m->cell.w - 1);
    const int z = p->space > 2 ? fvi_random_int(&r, 0, m->cell.d - 1) : 0;
    fv_status st = fvi_enlarge(m->cells, m->small, m->whole, m->large, err);
    for (int64_t row = 0; !st && row < (int64_t)p->d * p->h; row++) {
        const int64_t from = (z + row / p->h) * m->whole.h + y + row % p->h;
        memcpy(mask + row * p->w, m->large + from * m->whole.w + x, (size_t)p->w * sizeof *mask);
    }
    return st;
}

static void apply_mask(const fvi_perturbation *p, const float *mask, const float *with, float *x) {
    for (int c = 0; c < p->channels; c++)
        for (int64_t i = 0; i < p->plane; i++) {
            const int64_t at = fvi_perturbation_at(p, c, i);
            x[at] = with[at] + mask[i] * (p->picture[at] - with[at]);
        }
}

static fv_status run_masks(fvi_perturbation *p, const fv_attribute_desc *d, const float *with,
                           masks *m, fv_attribution *a, fv_error *err) {
    p->total = 1 + d->masks;
    fv_status st = fvi_perturbation_run_picture(p, 0, err);
    a->value = p->values[0];
    for (int done = 0; !st && done < d->masks && !(p->stopped && done); done += p->batch) {
        const int n = d->masks - done < p->batch ? d->masks - done : p->batch;
        for (int k = 0; !st && k < n; k++) {
            st = draw_mask(p, m, d, done + k, m->mask + k * p->plane, err);
            if (!st) apply_mask(p, m->mask + k * p->plane, with, p->x + k * p->count);
        }
        if (!st) st = fvi_perturbation_run(p, n, 0, err);
        for (int k = 0; !st && k < n; k++)
            for (int64_t i = 0; i < p->plane; i++) {
                const double shown = (double)m->mask[k * p->plane + i];
                m->sum[i] += p->values[k] * shown;
                m->shown[i] += shown;
            }
        a->steps += n;
    }
    return st;
}

static fv_status run_rise(fvi_perturbation *p, const fv_attribute_desc *d, fv_attribution *a,
                          fv_error *err) {
    masks m = {0};
    float *with = malloc((size_t)p->count * sizeof *with);
    fv_status st = with ? masks_new(p, d->cells, &m, err) : out_of_memory(err);
    if (!st) st = fvi_baseline_fill(p, d->baseline, d->baseline_input, d->seed, with, err);
    if (!st) st = run_masks(p, d, with, &m, a, err);
    const fvi_shape shape = fvi_perturbation_map_shape(p);
    if (!st) st = fvi_tensor_new(&shape, &a->map, err);
    for (int64_t i = 0; !st && i < p->plane; i++) /* never shown: nothing is known of it */
        a->map->data[i] = m.shown[i] > 0 ? (float)(m.sum[i] / m.shown[i]) : NAN;
    masks_clear(&m);
    free(with);
    return st;
}

const fvi_method fvi_method_occlusion = {
    .info = {.method = FV_METHOD_OCCLUSION,
             .name = "occlusion",
             .title = "Occlusion",
             .summary = "what the objective loses when a window is covered",
             .options = "window stride baseline",
             .baseline = FV_BASELINE_MEAN,
             .is_signed = 1},
    .run = run_occlusion,
};
const fvi_method fvi_method_rise = {
    .info = {.method = FV_METHOD_RISE,
             .name = "rise",
             .title = "RISE",
             .summary = "mean of the objective under random masks that show a pixel",
             .options = "masks cells keep baseline seed",
             .steps = "masks",
             .baseline = FV_BASELINE_MEAN,
             .of_probability = 1},
    .run = run_rise,
};
