/* SPDX-License-Identifier: Apache-2.0 */
/* fit: computes the memory that rendering needs before it is allocated, and reduces it.
 *
 * The largest level counts, with its margins and the largest draw of its transforms. First the
 * batch is halved until all fits, then, with one picture, the tile is made smaller, a quarter at a
 * time and down to the network's own size. The batch never changes a picture. A tile does: it is a
 * resolved option, and is written into the picture's metadata.
 */
#include "vis/render/memory_fit.h"

#include <glib.h>

#include "base/error.h"
#include "runtime/memory_budget.h"
#include "runtime/model_state.h"

#define STEP 32 /* sides of tiles are multiples of it: what networks reduce pictures by */

static fvi_chain_frame frame_of(const fvi_settings *d, const fvi_fit *f) {
    return fvi_picture_frame(d, fvi_network_input(f->model->network), f->h, f->w);
}

/* Copies of transformed pictures: of the evaluator, of its photo, of the pass. */
static size_t sample_bytes(const fvi_settings *d, const fvi_fit *f, const fvi_chain *chain) {
    const fv_input *in = fvi_network_input(f->model->network);
    const int64_t plane = MAX(fvi_chain_max_plane(chain), (int64_t)in->height * MAX(in->width, 1));
    const int arrays = fvi_objective_photo(f->objective) ? 6 : 4;
    return (size_t)(arrays * d->channels * plane) * sizeof(float);
}

fv_status fvi_fit_batch_bytes(const fvi_settings *desc, const fvi_fit *f, int n, size_t *bytes,
                              fv_error *err) {
    const fvi_chain_frame frame = frame_of(desc, f);
    fvi_chain *chain = NULL, *in_place = NULL;
    fv_status st = fvi_chain_new(&desc->transforms, &frame, &chain, err);
    if (!st && desc->in_place_transforms.count)
        st = fvi_chain_new(&desc->in_place_transforms, &frame, &in_place, err);
    if (!st)
        *bytes = (size_t)n * (fvi_picture_bytes(desc, f->objective, &frame, chain, in_place) +
                              (size_t)fvi_copies_at_once(desc, n) * sample_bytes(desc, f, chain));
    fvi_chain_free(chain);
    fvi_chain_free(in_place);
    return st;
}

size_t fvi_fit_result_bytes(const fvi_settings *desc, const fvi_fit *f) {
    return 2 * (size_t)desc->channels * (size_t)f->h * (size_t)f->w * sizeof(float);
}

/* Pictures in a batch. */
static int pictures(const fvi_settings *d, const fvi_fit *f) {
    const int n = MIN(d->batch, f->run) / f->group * f->group;
    return MAX(n, f->group);
}

/* *fits: whether all fits with these settings; *bytes: the memory needed in addition to that held.
 */
static fv_status try_fit(const fvi_fit *f, const fvi_pass *pass, const fvi_settings *d, int *fits,
                         size_t *bytes, fv_error *err) {
    const fvi_chain_frame frame = frame_of(d, f);
    const int n = pictures(d, f), samples = n * fvi_copies_at_once(d, n);
    size_t plan = 0, batch = 0;
    fvi_chain *chain = NULL;
    fvi_route r;
    int h, w;
    fv_status st = fvi_chain_new(&d->transforms, &frame, &chain, err);
    if (st) return st;
    fvi_chain_largest(chain, &h, &w);
    fvi_chain_free(chain);
    st = fvi_route_find(d, pass, samples, h, w, &r, err);
    if (st) return st;
    const fvi_plan_key key = {fvi_pass_shape(pass, samples, d->channels, r.eh, r.ew),
                              f->objective->values, f->objective->n_values, FVI_EXEC_BACKWARD};
    st = fvi_session_count(f->session, &key, &plan, err);
    if (!st) st = fvi_fit_batch_bytes(d, f, n, &batch, err);
    if (st) return st;
    *bytes = plan + batch + (size_t)f->total * fvi_fit_result_bytes(d, f);
    *fits = fvi_session_make_room(f->session, &key, bytes);
    return FV_OK;
}

/* The next smaller tile than `side`, not below `least`; 0: there is none. */
static int smaller(int side, int least) {
    const int next = MAX(side * 3 / 4 / STEP * STEP, least);
    return next < side ? next : 0;
}

fv_status fvi_fit_desc(const fvi_fit *f, fvi_settings *desc, fv_error *err) {
    const fv_input *in = fvi_network_input(f->model->network);
    const int own = MAX(in->height, in->width), side = MAX(f->h, f->w);
    fvi_settings d = *desc;
    fvi_pass *pass = NULL;
    size_t bytes = 0;
    int fits = 0;
    if (!fvi_budget_is_limited(f->model)) return FV_OK;
    fv_status st = fvi_pass_new(f->session, &(fvi_objective_list){&f->objective, 1}, 1, d.param.low,
                                d.param.high, &pass, err);
    if (!st) st = try_fit(f, pass, &d, &fits, &bytes, err);
    while (!st && !fits) {
        const int tile = d.schedule.tile > 0 ? MIN(d.schedule.tile, side) : side;
        if (d.batch > f->group)
            d.batch = MAX(d.batch / 2, f->group);
        else if (in->is_image && smaller(tile, own))
            d.schedule.tile = smaller(tile, own);
        else
            st = fvi_budget_refuse(f->model, bytes, err);
        if (!st) st = try_fit(f, pass, &d, &fits, &bytes, err);
    }
    fvi_pass_free(pass);
    if (!st) *desc = d;
    return st;
}

fv_status fvi_fit_tile(fv_session *session, const fvi_pass *pass, const fvi_objective *o, int least,
                       int *side, size_t each, fv_error *err) {
    const fv_model *model = fvi_session_model(session);
    const fv_input *in = fvi_network_input(model->network);
    fv_status st = FV_OK;
    int now = *side;
    while (!st && fvi_budget_is_limited(model)) {
        int h = now, w = now, takes = 1;
        size_t bytes = 0;
        st = fvi_pass_takes_size(pass, 1, h, w, &takes, err);
        if (!takes) { /* a fixed size: no tile is smaller */
            h = in->height;
            w = in->width;
        }
        const fvi_plan_key key = {fvi_pass_shape(pass, 1, in->channels, h, w), o->values,
                                  o->n_values, FVI_EXEC_BACKWARD};
        if (!st) st = fvi_session_count(session, &key, &bytes, err);
        bytes += (size_t)h * (size_t)w * each;
        if (st || fvi_session_make_room(session, &key, &bytes)) break;
        if (takes && smaller(now, least))
            now = smaller(now, least);
        else
            st = fvi_budget_refuse(model, bytes, err);
    }
    if (!st) *side = now;
    return st;
}
