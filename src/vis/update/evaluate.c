/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate: pictures -> transformed copies -> network inputs -> objectives, and the gradient all
 * the way back.
 *
 * A picture whose size the network cannot take (a fully connected layer fixes it) is resampled to
 * the network's own size; one much larger, or larger than the tile asked for, is evaluated in
 * tiles that cover it evenly, gradients averaged where they overlap. Samples of a batch are ordered
 * [copy][picture], so that pictures of one objective are neighbours. A photo that terms compare
 * with goes the same way as its picture at every evaluation, through the very same transforms.
 */
#include "vis/update/evaluate.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/parallel.h"
#include "base/planes.h"
#include "base/text.h"
#include "signal/resize.h"
#include "vis/optimize/gradient_health.h"
#include "vis/update/gradient.h"
#include "vis/update/pass.h"
#include "vis/update/stage_timer.h"

#define PICTURE_TERMS "the objective's terms of the picture itself are not finite"
#define MUCH_LARGER   1.25 /* than the network's own size: tiles instead of shrinking */

struct fvi_evaluator {
    const fvi_settings *desc;
    const fv_input *in;
    fvi_picture *pictures;
    int n, group, channels;
    int chunk; /* copies evaluated side by side */
    fvi_pass *pass;
    GArray *routes;
    float *t;    /* [chunk * n] transformed pictures of the largest size they can have */
    float *tile; /* the same, where tiles are cut out */
    float *photo, *photo_tile; /* the same of the photos that are compared with; NULL: none are */
    double *values;            /* [chunk * n] */
    unsigned char *mask;       /* [chunk * n] */
};

/* Transforms that change the size make copies of different sizes. */
static int sizes_vary(const fvi_transforms *t) {
    for (int i = 0; i < t->count; i++)
        if (t->list[i].kind == FVI_TRANSFORM_SCALE || t->list[i].kind == FVI_TRANSFORM_OCTAVE)
            return 1;
    return 0;
}

/* The largest number of copies that divides all of them and keeps within the batch. */
int fvi_copies_at_once(const fvi_settings *d, int n) {
    int most = d->batch / n;
    if (sizes_vary(&d->transforms) || most < 1) return 1;
    for (int c = MIN(most, d->schedule.copies); c > 1; c--)
        if (d->schedule.copies % c == 0) return c;
    return 1;
}

fv_status fvi_evaluator_new(fv_session *session, const fvi_settings *desc, fvi_picture *pictures,
                            int n, int group, fvi_evaluator **out, fv_error *err) {
    fvi_evaluator *e = calloc(1, sizeof *e);
    if (!e) return fvi_fail(err, FV_NOMEM, "out of memory");
    *e = (fvi_evaluator){.desc = desc,
                         .in = fvi_network_input(fvi_session_network(session)),
                         .pictures = pictures,
                         .n = n,
                         .group = group,
                         .chunk = fvi_copies_at_once(desc, n)};
    size_t samples = (size_t)e->chunk * (size_t)n;
    e->routes = g_array_new(FALSE, FALSE, sizeof(fvi_route));
    e->values = calloc(samples, sizeof *e->values);
    e->mask = calloc(samples, 1);
    const fvi_objective **objectives = g_new(const fvi_objective *, (gsize)n);
    for (int i = 0; i < n; i++) objectives[i] = pictures[i].objective;
    fv_status st = e->values && e->mask
                       ? FV_OK
                       : fvi_fail(err, FV_NOMEM, "out of memory for %zu samples", samples);
    if (!st)
        st = fvi_pass_new(session, &(fvi_objective_list){objectives, n}, group, desc->param.low,
                          desc->param.high, &e->pass, err);
    g_free(objectives);
    if (!st) fvi_pass_time(e->pass, desc->times);
    if (st)
        fvi_evaluator_free(e);
    else
        *out = e;
    return st;
}

void fvi_evaluator_free(fvi_evaluator *e) {
    if (!e) return;
    fvi_pass_free(e->pass);
    g_array_free(e->routes, TRUE);
    free(e->t);
    free(e->tile);
    free(e->photo);
    free(e->photo_tile);
    free(e->values);
    free(e->mask);
    free(e);
}

const fvi_pass *fvi_evaluator_pass(const fvi_evaluator *e) { return e->pass; }

static int looks_at_photos(const fvi_evaluator *e) {
    for (int i = 0; i < e->n; i++)
        if (e->pictures[i].photo) return 1;
    return 0;
}

fv_status fvi_evaluator_level(fvi_evaluator *e, fv_error *err) {
    int samples = e->chunk * e->n;
    int64_t plane = 0;
    for (int i = 0; i < e->n; i++) plane = MAX(plane, fvi_chain_max_plane(e->pictures[i].chain[0]));
    plane = MAX(plane, (int64_t)e->in->height * e->in->width); /* resampled pictures */
    float **all[] = {&e->t, &e->tile, &e->photo, &e->photo_tile};
    int n = looks_at_photos(e) ? 4 : 2, failed = 0;
    e->channels = e->pictures[0].channels;
    size_t count = (size_t)samples * (size_t)(e->channels * plane);
    for (int i = 0; i < n; i++) {
        free(*all[i]);
        *all[i] = malloc(count * sizeof(float));
        failed |= !*all[i];
    }
    char needed[FVI_MEMORY_TEXT_BYTES];
    if (failed)
        return fvi_fail(err, FV_NOMEM, "out of memory for %d pictures of up to %s in all", samples,
                        fvi_memory_text(count * sizeof(float), needed));
    return fvi_pass_reserve(e->pass, samples, e->channels * plane, err);
}

fv_status fvi_route_find(const fvi_settings *desc, const fvi_pass *pass, int samples, int h, int w,
                         fvi_route *out, fv_error *err) {
    const fv_input *in = fvi_pass_input(pass);
    int tile = desc->schedule.tile, nh = in->height, nw = in->width, takes = 1;
    fvi_route r = {h, w, h, w, 0};
    if (tile > 0) {
        r.eh = MIN(h, tile);
        r.ew = MIN(w, tile);
    }
    fv_status st = fvi_pass_takes_size(pass, samples, r.eh, r.ew, &takes, err);
    if (!takes) {
        r.resample = h < nh || w < nw || (h <= MUCH_LARGER * nh && w <= MUCH_LARGER * nw);
        r.eh = nh;
        r.ew = nw;
    }
    *out = r;
    return st;
}

static fv_status find_route(fvi_evaluator *e, int h, int w, fvi_route *out, fv_error *err) {
    for (guint i = 0; i < e->routes->len; i++) {
        fvi_route *r = &g_array_index(e->routes, fvi_route, i);
        if (r->h != h || r->w != w) continue;
        *out = *r;
        return FV_OK;
    }
    fv_status st = fvi_route_find(e->desc, e->pass, e->chunk * e->n, h, w, out, err);
    if (!st) g_array_append_val(e->routes, *out);
    return st;
}

/* Who may have redirected ReLUs: [chunk * n], or NULL. */
static const unsigned char *redirected(fvi_evaluator *e, int redirect) {
    for (int i = 0; redirect && i < e->chunk * e->n; i++)
        e->mask[i] = e->pictures[i % e->n].redirected != 0;
    return redirect ? e->mask : NULL;
}

/* Runs the samples' pictures of h x w, or their tiles of that size; they become the gradients
 * there. */
static fv_status run_network(fvi_evaluator *e, int samples, int h, int w, int tiles, int redirect,
                             fv_error *err) {
    const fvi_pass_samples a = {.samples = samples,
                                .channels = e->channels,
                                .h = h,
                                .w = w,
                                .t = tiles ? e->tile : e->t,
                                .photo = tiles ? e->photo_tile : e->photo,
                                .redirect = redirected(e, redirect),
                                .values = e->values};
    fvi_stage_timer(e->desc->times, FV_STAGE_TRANSFORM);
    return fvi_pass_run(e->pass, &a, err);
}

/* Resampled to the network's own size, and back. */
static fv_status run_resampled(fvi_evaluator *e, int samples, const fvi_route *r, int redirect,
                               fv_error *err) {
    int64_t from = (int64_t)e->channels * r->h * r->w, to = (int64_t)e->channels * r->eh * r->ew;
    for (int i = 0; i < samples; i++)
        fvi_resize(fvi_planes_of(e->channels, r->h, r->w, e->t + i * from),
                   fvi_planes_of(e->channels, r->eh, r->ew, e->tile + i * to), FVI_ALIGN_CENTRES);
    for (int i = 0; e->photo && i < samples; i++)
        fvi_resize(fvi_planes_of(e->channels, r->h, r->w, e->photo + i * from),
                   fvi_planes_of(e->channels, r->eh, r->ew, e->photo_tile + i * to),
                   FVI_ALIGN_CENTRES);
    fv_status st = run_network(e, samples, r->eh, r->ew, 1, redirect, err);
    for (int i = 0; !st && i < samples; i++)
        fvi_resize_adjoint(fvi_planes_of(e->channels, r->eh, r->ew, e->tile + i * to),
                           fvi_planes_of(e->channels, r->h, r->w, e->t + i * from),
                           FVI_ALIGN_CENTRES);
    return st;
}

/* How many of n tiles cover each row (column). */
static void count_cover(int *cover, int n, int size, int tile) {
    memset(cover, 0, (size_t)size * sizeof *cover);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < tile; k++) cover[fvi_tile_begin(i, n, size, tile) + k]++;
}

/* Adds a tile's gradient at (y, x), divided by how many tiles have each pixel. */
static void add_tile(fvi_planes tile, fvi_planes to, int y, int x, const int *cover_y,
                     const int *cover_x) {
    for (int c = 0; c < tile.channels; c++)
        for (int k = 0; k < tile.h; k++) {
            const float *in = fvi_planes_row(tile, c, k);
            float *row = fvi_planes_row(to, c, y + k) + x;
            for (int i = 0; i < tile.w; i++)
                row[i] += in[i] / (float)(cover_y[y + k] * cover_x[x + i]);
        }
}

/* The tiles at (y, x) of all samples' pictures. */
static void cut_tiles(const fvi_evaluator *e, int samples, const fvi_route *r, int y, int x,
                      float *pictures, float *tiles) {
    fvi_planes whole = fvi_planes_of(e->channels, r->h, r->w, pictures);
    fvi_planes tile = fvi_planes_of(e->channels, r->eh, r->ew, tiles);
    for (int i = 0; i < samples; i++) {
        fvi_planes_crop(whole, y, x, tile);
        whole.data += fvi_planes_count(whole);
        tile.data += fvi_planes_count(tile);
    }
}

static fv_status run_tiles(fvi_evaluator *e, int samples, const fvi_route *r, int redirect,
                           fv_error *err) {
    const int ny = fvi_tile_count(r->h, r->eh), nx = fvi_tile_count(r->w, r->ew);
    int64_t whole = (int64_t)e->channels * r->h * r->w, part = (int64_t)e->channels * r->eh * r->ew;
    float *sum = calloc((size_t)(samples * whole), sizeof *sum);
    double *values = calloc((size_t)samples, sizeof *values);
    int *cover = malloc((size_t)(r->h + r->w) * sizeof *cover);
    fv_status st = sum && values && cover ? FV_OK : fvi_fail(err, FV_NOMEM, "out of memory");
    if (!st) {
        count_cover(cover, ny, r->h, r->eh);
        count_cover(cover + r->h, nx, r->w, r->ew);
    }
    for (int k = 0; !st && k < ny * nx; k++) {
        int y = fvi_tile_begin(k / nx, ny, r->h, r->eh),
            x = fvi_tile_begin(k % nx, nx, r->w, r->ew);
        cut_tiles(e, samples, r, y, x, e->t, e->tile);
        if (e->photo) cut_tiles(e, samples, r, y, x, e->photo, e->photo_tile);
        st = run_network(e, samples, r->eh, r->ew, 1, redirect, err);
        for (int i = 0; !st && i < samples; i++) {
            values[i] += e->values[i] / (ny * nx);
            add_tile(fvi_planes_of(e->channels, r->eh, r->ew, e->tile + i * part),
                     fvi_planes_of(e->channels, r->h, r->w, sum + i * whole), y, x, cover,
                     cover + r->h);
        }
    }
    if (!st) {
        memcpy(e->t, sum, (size_t)(samples * whole) * sizeof *sum);
        memcpy(e->values, values, (size_t)samples * sizeof *values);
    }
    free(cover);
    free(values);
    free(sum);
    return st;
}

/* Copies copy, copy + 1, ... of all pictures, `count` values each after their transforms. */
typedef struct chunk {
    fvi_evaluator *e;
    int copy;
    int64_t count;
} chunk;

/* Picture -> sample i. */
static void transform(void *user, int64_t i) {
    const chunk *c = user;
    const fvi_evaluator *e = c->e;
    const fvi_picture *p = &e->pictures[i % e->n];
    fvi_chain *chain = p->chain[c->copy + i / e->n];
    fvi_chain_apply(chain, p->pixels, e->t + i * c->count);
    if (e->photo) /* a picture without one in the company of others: anything will do */
        fvi_chain_apply(chain, p->photo ? p->photo : p->pixels, e->photo + i * c->count);
}

/* The samples' gradients and values -> those of picture k. */
static void bring_back(void *user, int64_t k) {
    const chunk *c = user;
    const fvi_evaluator *e = c->e;
    const int copies = e->desc->schedule.copies;
    fvi_picture *p = &e->pictures[k];
    for (int n = 0; n < e->chunk; n++) {
        const int64_t i = (int64_t)n * e->n + k;
        float *to = copies > 1 ? p->room : p->dpixels;
        fvi_chain_adjoint(p->chain[c->copy + n], e->t + i * c->count, to);
        for (int64_t j = 0; copies > 1 && j < p->count; j++)
            p->dpixels[j] += p->room[j] / (float)copies;
        p->value += e->values[i] / copies;
    }
}

/* One chunk of copies: draws, transforms, network, and back into dpixels. */
static fv_status run_chunk(fvi_evaluator *e, int copy, uint32_t step, float progress, int redirect,
                           fv_error *err) {
    int samples = e->chunk * e->n, h = 0, w = 0, copies = e->desc->schedule.copies;
    for (int i = 0; i < samples; i++) {
        fvi_picture *p = &e->pictures[i % e->n];
        uint32_t evaluation = step * (uint32_t)copies + (uint32_t)(copy + i / e->n);
        fvi_draw_key key = {e->desc->seed, p->key, evaluation, FVI_DRAW_TRANSFORM, progress};
        fvi_chain_draw(p->chain[copy + i / e->n], &key, &h, &w);
    }
    chunk c = {e, copy, (int64_t)e->channels * h * w};
    fvi_side_by_side(samples, transform, &c);
    fvi_stage_timer(e->desc->times, FV_STAGE_TRANSFORM);
    fvi_route r;
    fv_status st = find_route(e, h, w, &r, err);
    if (st) return st;
    fvi_stage_timer(e->desc->times, FV_STAGE_PLAN);
    st = r.resample             ? run_resampled(e, samples, &r, redirect, err)
         : r.eh < h || r.ew < w ? run_tiles(e, samples, &r, redirect, err)
                                : run_network(e, samples, h, w, 0, redirect, err);
    if (st) return st;
    fvi_side_by_side(e->n, bring_back, &c);
    return FV_OK;
}

/* Terms that look at pictures alone, of one picture and of groups. */
static void add_picture_terms(fvi_evaluator *e) {
    for (int k = 0; k < e->n; k++) {
        fvi_picture *p = &e->pictures[k];
        p->value += fvi_objective_picture(p->objective, p->pixels, p->begun, p->channels, p->h,
                                          p->w, p->dpixels);
    }
    for (int k = 0; e->group > 1 && k + e->group <= e->n; k += e->group) {
        const float *pixels[FVI_MAX_GROUP];
        float *dpixels[FVI_MAX_GROUP];
        double values[FVI_MAX_GROUP] = {0};
        fvi_picture *p = &e->pictures[k];
        for (int i = 0; i < e->group; i++) {
            pixels[i] = p[i].pixels;
            dpixels[i] = p[i].dpixels;
        }
        fvi_objective_pictures(p->objective, pixels, e->group, (int64_t)p->channels * p->h * p->w,
                               dpixels, values);
        for (int i = 0; i < e->group; i++) p[i].value += values[i];
    }
}

/* Finds pictures whose gradient is finite without the terms of the picture, but not with them. */
static fv_status check_picture_terms(fvi_evaluator *e, fvi_gradient_health *verdicts,
                                     fv_error *err) {
    for (int k = 0; k < e->n; k++) {
        const fvi_picture *p = &e->pictures[k];
        if (verdicts[k].kind == FVI_GRADIENT_BROKEN) continue; /* reported by the pass */
        const fvi_gradient_health with = fvi_gradient_health_of(p->value, p->dpixels, p->count);
        if (with.kind < FVI_GRADIENT_EXPLODED) continue;
        verdicts[k] = with;
        if (with.kind == FVI_GRADIENT_BROKEN && e->desc->on_nan != FV_ON_NAN_KEEP && !p->broken)
            return fvi_fail(err, FV_NONFINITE, "%s", PICTURE_TERMS);
    }
    return FV_OK;
}

fv_status fvi_evaluate(fvi_evaluator *e, uint32_t step, float progress, int redirect,
                       fvi_gradient_health *verdicts, fv_error *err) {
    for (int k = 0; k < e->n; k++) {
        fvi_picture *p = &e->pictures[k];
        p->value = 0;
        if (e->desc->schedule.copies > 1)
            memset(p->dpixels, 0, (size_t)p->count * sizeof *p->dpixels);
    }
    for (int copy = 0; copy < e->desc->schedule.copies; copy += e->chunk) {
        fv_status st = run_chunk(e, copy, step, progress, redirect, err);
        if (st) return st;
    }
    fvi_stage_timer(e->desc->times, FV_STAGE_TRANSFORM);
    for (int k = 0; k < e->n; k++)
        verdicts[k] = fvi_gradient_health_of(e->pictures[k].value, e->pictures[k].dpixels,
                                             e->pictures[k].count);
    add_picture_terms(e);
    fvi_stage_timer(e->desc->times, FV_STAGE_OBJECTIVE);
    return check_picture_terms(e, verdicts, err);
}

const char *fvi_evaluator_why(const fvi_evaluator *e, int i) {
    const char *why = fvi_pass_why(e->pass, i);
    return why ? why : PICTURE_TERMS;
}
