/* SPDX-License-Identifier: Apache-2.0 */
/* Chains of transforms: all random choices of one evaluation, then the picture forwards and the
 * gradient backwards through them.
 *
 * A chain owns all its buffers: two for pictures between transforms, one line of indices, one plane
 * for blurs. They fit the smallest and largest sizes that can occur before each transform, which
 * are found when the chain is made. Impossible sizes (a crop of more than the picture has) are
 * refused there, so drawing and running cannot fail.
 *
 * Consecutive shifts by whole pixels are done as one. Not done: merging neighbouring resamplings;
 * a crop is one by itself.
 */
#include "vis/transform/transform.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "vis/transform/transform_chain.h"
#include "vis/transform/transform_text.h"

#define MAX_PLANE ((int64_t)1 << 28) /* pixels, as pictures may have */

int fvi_transforms_draw_size(const fvi_transforms *t) {
    /* The last one that makes a size decides. (Of a loop from the front that keeps the last one's
     * answer gcc 12 at -O3 makes wrong code, for four transforms and more.) */
    for (int i = t->count - 1; i >= 0; i--) {
        const fvi_transform_kind k = t->list[i].kind;
        if (k == FVI_TRANSFORM_SCALE || k == FVI_TRANSFORM_OCTAVE) return 1;
        if (k == FVI_TRANSFORM_CROP || k == FVI_TRANSFORM_RESIZE || k == FVI_TRANSFORM_FIT)
            return 0;
    }
    return 0;
}

int fvi_transforms_usual_side(const fvi_transforms *t, int side) {
    for (int i = 0; i < t->count; i++) {
        const int pixels = (int)t->list[i].v[0];
        if (t->list[i].kind == FVI_TRANSFORM_PAD) side += 2 * pixels;
        if (t->list[i].kind == FVI_TRANSFORM_JITTER) side -= pixels;
    }
    return side;
}

/* ---- making one ----------------------------------------------------------------------------- */

static fv_status check_frame(const fvi_chain_frame *f, fv_error *err) {
    if (f->channels < 1 || f->h < 1 || f->w < 1 || (int64_t)f->h * f->w > MAX_PLANE)
        return fvi_fail(
            err, FV_ARG,
            "transforms: a picture of %d x %d with %d channels; allowed: 1 to 2^28 pixels, "
            "at least 1 channel",
            f->h, f->w, f->channels);
    if (!(f->low < f->high))
        return fvi_fail(err, FV_ARG, "transforms: low %g, high %g: low must be below high",
                        (double)f->low, (double)f->high);
    return FV_OK;
}

/* The sizes after transform `i`, which must be possible and not too large. */
static fv_status next_sizes(const fvi_transform *t, int i, const fvi_chain_frame *frame,
                            fvi_sizes *s, fv_error *err) {
    const fvi_transform_entry *entry = fvi_transform_find(t->kind);
    const fvi_sizes before = *s;
    if (entry->resize) entry->resize(t, frame, s);
    if (s->low[0] < 1 || s->low[1] < 1)
        return fvi_fail(err, FV_ARG,
                        "transforms: number %d, %s(%g...), makes %lld x %lld of %lld x %lld; at "
                        "least 1 x 1 must be left",
                        i + 1, entry->name, (double)t->v[0], (long long)s->low[0],
                        (long long)s->low[1], (long long)before.low[0], (long long)before.low[1]);
    if (s->high[0] > MAX_PLANE || s->high[1] > MAX_PLANE || s->high[0] * s->high[1] > MAX_PLANE)
        return fvi_fail(err, FV_ARG,
                        "transforms: number %d, %s(%g...), makes up to %lld x %lld; allowed: at "
                        "most 2^28 pixels",
                        i + 1, entry->name, (double)t->v[0], (long long)s->high[0],
                        (long long)s->high[1]);
    return FV_OK;
}

/* Checks every transform and follows the sizes.
 *   line  the longest h + w that comes out of one */
static fv_status plan(fvi_chain *c, const fvi_transforms *transforms, int64_t *line,
                      fv_error *err) {
    const fvi_chain_frame *f = &c->frame;
    fvi_sizes s = {{f->h, f->w}, {f->h, f->w}};
    c->max_plane = (int64_t)f->h * f->w;
    *line = 0;
    for (int i = 0; i < c->count; i++) {
        fv_status st = fvi_transform_check(&transforms->list[i], &c->list[i].t, err);
        if (st == FV_OK) st = next_sizes(&c->list[i].t, i, f, &s, err);
        if (st) return st;
        if (s.high[0] * s.high[1] > c->max_plane) c->max_plane = s.high[0] * s.high[1];
        if (s.high[0] + s.high[1] > *line) *line = s.high[0] + s.high[1];
    }
    for (int i = 0; i < 2; i++) c->largest[i] = (int)s.high[i];
    c->keeps_size = s.low[0] == f->h && s.high[0] == f->h && s.low[1] == f->w && s.high[1] == f->w;
    return FV_OK;
}

/* Whether two moves of whole pixels are done in one; TRANSLATE's last number has an adjoint of its
 * own. */
static int joins(const fvi_transform *a, const fvi_transform *b) {
    if (a->kind == FVI_TRANSFORM_TRANSLATE && a->v[2] > 0) return 0;
    return fvi_transform_find(a->kind)->moves && fvi_transform_find(b->kind)->never_out;
}

static fv_status reserve(fvi_chain *c, int64_t line, fv_error *err) {
    int64_t bytes = c->max_plane * (int64_t)sizeof(float), blurs = 0;
    int ok = 1;
    for (int i = 0; i < c->count; i++) blurs += c->list[i].t.kind == FVI_TRANSFORM_BLUR;
    for (int i = 0; i < 2; i++)
        if (c->count > i + 1)
            ok &= !!(c->between[i] = calloc((size_t)c->frame.channels, (size_t)bytes));
    if (blurs) ok &= !!(c->work = malloc((size_t)bytes));
    if (c->count) ok &= !!(c->index = calloc((size_t)line, sizeof *c->index));
    if (!ok)
        return fvi_fail(err, FV_NOMEM, "transforms: no memory for %d pictures of %lld pixels",
                        c->count > 2 ? 2 : c->count - 1, (long long)c->max_plane);
    for (int i = 0; i < c->count; i++) {
        c->list[i].frame = &c->frame;
        c->list[i].grey = (c->frame.low + c->frame.high) / 2;
        c->list[i].index = c->index;
        c->list[i].work = c->work;
        if (i > 0 && joins(&c->list[i - 1].t, &c->list[i].t)) c->list[i].before = &c->list[i - 1];
    }
    return FV_OK;
}

fv_status fvi_chain_new(const fvi_transforms *transforms, const fvi_chain_frame *frame,
                        fvi_chain **out, fv_error *err) {
    fv_status st = fvi_transforms_check(transforms, err);
    if (!st) st = check_frame(frame, err);
    if (st) return st;
    fvi_chain *c = calloc(1, sizeof *c);
    if (!c) return fvi_fail(err, FV_NOMEM, "transforms: no memory");
    int64_t line;
    c->frame = *frame;
    c->count = transforms->count;
    st = plan(c, transforms, &line, err);
    if (st == FV_OK) st = reserve(c, line, err);
    if (st) {
        fvi_chain_free(c);
        return st;
    }
    const fvi_draw_key first = {.use = FVI_DRAW_TRANSFORM};
    int h, w;
    fvi_chain_draw(c, &first, &h, &w); /* so that a chain can be run as it comes */
    *out = c;
    return FV_OK;
}

void fvi_chain_free(fvi_chain *c) {
    if (!c) return;
    free(c->between[0]);
    free(c->between[1]);
    free(c->work);
    free(c->index);
    free(c);
}

int64_t fvi_chain_max_plane(const fvi_chain *c) { return c->max_plane; }

void fvi_chain_largest(const fvi_chain *c, int *h, int *w) {
    *h = c->largest[0];
    *w = c->largest[1];
}

size_t fvi_chain_bytes(const fvi_chain *c) {
    const size_t plane = (size_t)c->max_plane * sizeof(float);
    const int rooms = c->count > 2 ? 2 : c->count > 1;
    return sizeof *c + plane * ((size_t)(rooms * c->frame.channels) + (c->work != NULL));
}

int fvi_chain_keeps_size(const fvi_chain *c) { return c->keeps_size; }

/* ---- running one ---------------------------------------------------------------------------- */

void fvi_chain_draw(fvi_chain *c, const fvi_draw_key *key, int *h, int *w) {
    *h = c->frame.h;
    *w = c->frame.w;
    for (int i = 0; i < c->count; i++) {
        fvi_drawn *d = &c->list[i];
        const fvi_transform_entry *entry = fvi_transform_find(d->t.kind);
        uint64_t unit = entry->one_for_all ? 0 : key->unit;
        fvi_random r =
            fvi_random_stream(key->seed, unit, key->evaluation, (fvi_draw)(key->use + i));
        d->h = d->oh = *h;
        d->w = d->ow = *w;
        d->evaluation = key->evaluation;
        if (entry->draw) entry->draw(d, &r, fminf(1, fmaxf(0, key->progress)));
        *h = d->oh;
        *w = d->ow;
    }
}

void fvi_chain_apply(fvi_chain *c, const float *in, float *out) {
    int room = 0; /* which of `between` is free */
    if (c->count == 0) memcpy(out, in, (size_t)(c->frame.channels * c->max_plane) * sizeof *out);
    for (int i = 0; i < c->count; i++) {
        if (fvi_chain_joins(c, i)) continue;
        float *to = i == c->count - 1 ? out : c->between[room++ % 2];
        fvi_transform_find(c->list[i].t.kind)->apply(&c->list[i], in, to);
        in = to;
    }
}

/* Whether it is done in the adjoint. */
static int has_adjoint(const fvi_chain *c, int i) {
    return !fvi_chain_joins(c, i) && fvi_transform_find(c->list[i].t.kind)->adjoint != NULL;
}

void fvi_chain_adjoint(fvi_chain *c, const float *dout, float *din) {
    int first = 0, room = 0;
    while (first < c->count && !has_adjoint(c, first)) first++;
    for (int i = c->count - 1; i >= first; i--) {
        if (!has_adjoint(c, i)) continue;
        float *to = i == first ? din : c->between[room++ % 2];
        fvi_transform_find(c->list[i].t.kind)->adjoint(&c->list[i], dout, to);
        dout = to;
    }
    if (first == c->count)
        memcpy(din, dout, (size_t)(c->frame.channels * c->max_plane) * sizeof *din);
}
