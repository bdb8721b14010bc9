/* SPDX-License-Identifier: Apache-2.0 */
/* attribute: the methods' options, and the call that runs one of them.
 *
 * A further method is a struct in a file of its own, a name in FVI_METHODS and one in fv_method;
 * nothing else knows which there are: what a method takes and gives is said by its struct.
 */
#include "inspect/attribution/attribute.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/desc.h"
#include "base/error.h"
#include "base/tensor.h"

#define ADDRESS(name) &fvi_method_##name,
static const fvi_method *const methods[] = {FVI_METHODS(ADDRESS)};
#undef ADDRESS
#define METHODS ((int)(sizeof methods / sizeof *methods))

int fv_method_count(void) { return METHODS; }

const fv_method_info *fv_method_at(int index) {
    return index >= 0 && index < METHODS ? &methods[index]->info : NULL;
}

void fv_attribution_free(fv_attribution *a) {
    if (!a) return;
    fv_tensor_free(a->map);
    fv_tensor_free(a->parts);
    fv_tensor_free(a->cells);
    g_free(a->objective);
    g_free(a->layer);
    free(a);
}

/* ---- options -------------------------------------------------------------------------------- */

#define MOST 1000000 /* copies, masks, steps */

static fv_status check_number(const char *name, double value, double low, double high,
                              fv_error *err) {
    if (value >= low && value <= high) return FV_OK;
    return fvi_fail(err, FV_ARG, "%s is %.9g; allowed: %.9g to %.9g", name, value, low, high);
}

static int at_least_one(int n) { return n > 1 ? n : 1; }

/* The one place where defaults are. */
static void fill_defaults(int side, fv_attribute_desc *d) {
    const fv_attribute_desc usual = {
        .samples = 50,
        .sd = 0.15f,
        .window = at_least_one(side / 7),
        .masks = 2000,
        .cells = side < 7 ? side : 7,
        .keep = 0.5f,
    };
    if (!d->method) d->method = FV_METHOD_DEFAULT;
    const fv_method_info *m = fv_method_at((int)d->method - 1);
    if (!d->baseline) d->baseline = m && m->baseline ? m->baseline : FV_BASELINE_MEAN;
    if (!d->samples) d->samples = usual.samples;
    if (!d->sd) d->sd = usual.sd;
    if (!d->window) d->window = usual.window;
    if (!d->stride) d->stride = at_least_one(d->window / 4);
    if (!d->masks) d->masks = usual.masks;
    if (!d->cells) d->cells = usual.cells;
    if (!d->keep) d->keep = usual.keep;
}

fv_status fvi_attribute_resolve(const fvi_perturbation *p, const fv_attribute_desc *desc,
                                fv_attribute_desc *out, fv_error *err) {
    fv_attribute_desc d;
    fv_status st = FVI_DESC_READ(fv_attribute_desc, seed, desc, &d, err);
    if (st) return st;
    const int side = fvi_perturbation_side(p);
    fill_defaults(side, &d);
    const struct {
        const char *name;
        double value, low, high;
    } ranges[] = {
        {"method", (int)d.method, 1, METHODS},
        {"baseline", (int)d.baseline, 1, FV_BASELINE_PICTURE},
        {"samples", d.samples, 1, MOST},
        {"sd", (double)d.sd, 0, 100},
        {"steps", d.steps, 0, 10000},
        {"window", d.window, 1, side},
        {"stride", d.stride, 1, d.window},
        {"masks", d.masks, 1, MOST},
        {"cells", d.cells, 1, side},
        {"keep", (double)d.keep, 1e-3, 1},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        st = check_number(ranges[i].name, ranges[i].value, ranges[i].low, ranges[i].high, err);
        if (st) return st;
    }
    *out = d;
    return FV_OK;
}

/* ---- the call ------------------------------------------------------------------------------- */

static fv_status run_method(fvi_perturbation *p, const fv_attribute_desc *desc, fv_attribution *a,
                            fv_error *err) {
    fv_attribute_desc d;
    fv_status st = fvi_attribute_resolve(p, desc, &d, err);
    if (st) return st;
    const fvi_method *m = methods[d.method - 1];
    p->what = m->info.title;
    a->method = d.method;
    a->objective = fvi_objective_string(&p->objective);
    st = m->run(p, &d, a, err);
    a->evaluations = p->done;
    if (st || !p->stopped || p->done >= p->total) return st;
    a->unfinished = 1;
    return a->map ? FV_OK : fvi_fail(err, FV_CANCELLED, "stopped before there was a map");
}

/* Runs the method with a perturbation batch, which is freed. */
static fv_status attribute(fvi_perturbation *p, const fv_attribute_desc *desc, fv_attribution **out,
                           fv_error *err) {
    fv_attribution *a = calloc(1, sizeof *a);
    fv_status st = a ? run_method(p, desc, a, err) : fvi_fail(err, FV_NOMEM, "out of memory");
    fvi_perturbation_free(p);
    if (st)
        fv_attribution_free(a);
    else
        *out = a;
    return st;
}

fv_status fvi_attribute(fv_session *session, const fv_tensor *input, const fvi_objective *objective,
                        const fv_attribute_desc *desc, fv_attribution **out, fv_error *err) {
    FVI_USE_THREADS(session);
    fvi_perturbation *p = NULL;
    fv_status st = fvi_perturbation_new_resolved(session, input, objective, &p, err);
    return st ? st : attribute(p, desc, out, err);
}

fv_status fv_attribute(fv_session *session, const fv_tensor *input, const fv_objective *objective,
                       const fv_attribute_desc *desc, fv_attribution **out, fv_error *err) {
    FVI_USE_THREADS(session);
    fvi_perturbation *p = NULL;
    fv_status st = FVI_NOT_NULL(err, session, input, out);
    if (!st) st = fvi_perturbation_new(session, input, objective, &p, err);
    return st ? st : attribute(p, desc, out, err);
}
