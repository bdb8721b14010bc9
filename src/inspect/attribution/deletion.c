/* SPDX-License-Identifier: Apache-2.0 */
/* deletion: how well a map names the pixels that matter (Petsiuk, Das and Saenko 2018,
 * arXiv:1806.07421).
 *
 * Pixels are put in order, most important first. Deletion: the first k of them are replaced by a
 * fill; a good map makes the objective fall fast, so a small area is good. Insertion: the picture
 * starts as a blurred one and gets its first k pixels back; a large area is good. Both areas are of
 * the objective as it is, so it had better be a probability. A fill makes pictures unlike any the
 * network was trained on: areas of one network and one picture can be compared, others hardly.
 */
#include <stdlib.h>
#include <string.h>

#include "base/desc.h"
#include "base/error.h"
#include "base/random.h"
#include "base/tensor.h"
#include "inspect/attribution/attribute.h"
#include "inspect/attribution/baseline.h"
#include "inspect/attribution/rank.h"

#define STEPS 100

void fv_scores_free(fv_scores *s) {
    if (!s) return;
    free(s->deletion);
    free(s->insertion);
    free(s);
}

/* A curve under way: pixels of `to` take the place of those of `from`, in order. */
typedef struct curve {
    const int64_t *order; /* [plane] */
    const float *from, *to;
    int steps;
    float *values; /* [steps + 1] */
} curve;

/* The picture after `step` steps. */
static void compose(const fvi_perturbation *p, const curve *c, int step, float *x) {
    const int64_t n = p->plane * step / c->steps;
    memcpy(x, c->from, (size_t)p->count * sizeof *x);
    for (int64_t i = 0; i < n; i++)
        for (int k = 0; k < p->channels; k++) {
            const int64_t at = fvi_perturbation_at(p, k, c->order[i]);
            x[at] = c->to[at];
        }
}

static fv_status run_curve(fvi_perturbation *p, const curve *c, double *area, fv_error *err) {
    for (int done = 0; done <= c->steps; done += p->batch) {
        const int left = c->steps + 1 - done, n = left < p->batch ? left : p->batch;
        for (int k = 0; k < n; k++) compose(p, c, done + k, p->x + k * p->count);
        fv_status st = fvi_perturbation_run(p, n, 0, err);
        if (st) return st;
        if (p->stopped) return fvi_fail(err, FV_CANCELLED, "stopped before the curves were done");
        for (int k = 0; k < n; k++) c->values[done + k] = (float)p->values[k];
    }
    double sum = 0;
    for (int k = 0; k < c->steps; k++)
        sum += 0.5 * ((double)c->values[k] + (double)c->values[k + 1]);
    *area = sum / c->steps;
    return FV_OK;
}

/* Pixels in the map's order, or in a random one. */
static fv_status order_of(const fvi_perturbation *p, const fv_tensor *map, uint64_t seed,
                          int64_t **out, fv_error *err) {
    if (map) return fvi_order_pixels(map->data, p->plane, out, err);
    float *noise = malloc((size_t)p->plane * sizeof *noise);
    if (!noise) return fvi_fail(err, FV_NOMEM, "out of memory");
    fvi_random r = fvi_random_stream(seed, ~(uint64_t)0, 0, FVI_DRAW_MASK);
    for (int64_t i = 0; i < p->plane; i++) noise[i] = fvi_random_uniform(&r);
    fv_status st = fvi_order_pixels(noise, p->plane, out, err);
    free(noise);
    return st;
}

static fv_status check_map(const fvi_perturbation *p, const fv_tensor *map, fv_error *err) {
    char text[FVI_SHAPE_TEXT], wanted[FVI_SHAPE_TEXT];
    if (!map) return FV_OK;
    const fvi_shape shape = fvi_tensor_shape(map), own = fvi_perturbation_map_shape(p);
    if (fvi_shape_equal(&shape, &own)) return FV_OK;
    return fvi_fail(err, FV_SHAPE, "the map is %s; the %s is %s", fvi_shape_text(&shape, text),
                    p->in->is_image ? "picture" : "input", fvi_shape_text(&own, wanted));
}

/* What stands for absence in a curve.  errors  ARG a picture is no such baseline here */
static fv_status fill_with(fvi_perturbation *p, const char *field, fv_baseline kind, uint64_t seed,
                           float *fill, fv_error *err) {
    p->what = field;
    if (!fv_baseline_name(kind))
        return fvi_fail(err, FV_ARG, "%s is baseline %d; allowed: 1..%d, all but a picture", field,
                        (int)kind, (int)FV_BASELINE_NOISE);
    return fvi_baseline_fill(p, kind, NULL, seed, fill, err);
}

static fv_status run_scores(fvi_perturbation *p, const fv_tensor *map, const fv_scores_desc *d,
                            fv_scores *s, fv_error *err) {
    const int steps = d->steps ? d->steps : STEPS;
    int64_t *order = NULL;
    float *fill = malloc((size_t)p->count * sizeof *fill);
    s->count = steps + 1;
    s->deletion = calloc((size_t)s->count, sizeof *s->deletion);
    s->insertion = calloc((size_t)s->count, sizeof *s->insertion);
    fv_status st = FV_OK;
    if (!fill || !s->deletion || !s->insertion) st = fvi_fail(err, FV_NOMEM, "out of memory");
    p->total = 2 * s->count;
    if (!st) st = check_map(p, map, err);
    if (!st) st = order_of(p, map, d->seed, &order, err);
    if (!st)
        st = fill_with(p, "deletion", d->deletion ? d->deletion : FV_BASELINE_MEAN, d->seed, fill,
                       err);
    curve c = {order, p->picture, fill, steps, s->deletion};
    if (!st) st = run_curve(p, &c, &s->deletion_area, err);
    if (!st)
        st = fill_with(p, "insertion", d->insertion ? d->insertion : FV_BASELINE_BLUR, d->seed,
                       fill, err);
    c = (curve){order, fill, p->picture, steps, s->insertion};
    if (!st) st = run_curve(p, &c, &s->insertion_area, err);
    free(order);
    free(fill);
    return st;
}

fv_status fv_attribute_scores(fv_session *session, const fv_tensor *input,
                              const fv_objective *objective, const fv_tensor *map,
                              const fv_scores_desc *desc, fv_scores **out, fv_error *err) {
    FVI_USE_THREADS(session);
    fv_scores_desc d;
    fvi_perturbation *p = NULL;
    fv_status st = FVI_NOT_NULL(err, session, input, out);
    if (!st) st = FVI_DESC_READ(fv_scores_desc, seed, desc, &d, err);
    if (!st && map) st = fvi_tensor_check(map, "the map", err);
    if (st) return st;
    if (d.steps < 0 || d.steps > 100000)
        return fvi_fail(err, FV_ARG, "steps is %d; allowed: 0 to 100000", d.steps);
    st = fvi_perturbation_new(session, input, objective, &p, err);
    if (st) return st;
    fv_scores *s = calloc(1, sizeof *s);
    st = s ? run_scores(p, map, &d, s, err) : fvi_fail(err, FV_NOMEM, "out of memory");
    fvi_perturbation_free(p);
    if (st)
        fv_scores_free(s);
    else
        *out = s;
    return st;
}
