/* SPDX-License-Identifier: Apache-2.0 */
/* picture: one picture from its start through its levels. What pictures share (the network, the
 * order of updates) is in batch.c and evaluate.c.
 */
#include "vis/update/picture.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "image/image.h"
#include "signal/blur.h"
#include "signal/resize.h"
#include "vis/optimize/gradient_scale.h"
#include "vis/update/stage_timer.h"

#define NAME_BYTES 1024

/* FNV-1a (Fowler, Noll, Vo) of the objective's canonical text, so that a picture's random numbers
 * do not depend on the other pictures of the call; further restarts append "#1", "#2", ... */
static uint64_t unit_key(const char *name, int start) {
    char text[NAME_BYTES];
    uint64_t h = 14695981039346656037u;
    if (start)
        g_snprintf(text, sizeof text, "%s#%d", name, start);
    else
        g_strlcpy(text, name, sizeof text);
    for (const char *c = text; *c; c++) h = (h ^ (unsigned char)*c) * 1099511628211u;
    return h;
}

void fvi_picture_init(fvi_picture *p, const fvi_settings *desc, const fvi_objective *objective,
                      const char *name, int start, int index) {
    *p = (fvi_picture){.desc = desc,
                       .objective = objective,
                       .index = index,
                       .start = start,
                       .key = unit_key(name, start)};
}

/* Clears the pointers to what belongs to a level, without freeing it. */
static void forget_level(fvi_picture *p) {
    p->param = NULL;
    p->optimizer = NULL;
    p->chain = NULL;
    p->in_place = NULL;
    p->params = p->dparams = p->best = p->good = NULL;
    p->pixels = p->dpixels = p->begun = p->mask = p->alpha = p->photo = NULL;
    p->room = p->levels = NULL;
}

/* Frees what belongs to a level. */
static void leave_level(fvi_picture *p) {
    fvi_param_free(p->param);
    fvi_optimizer_free(p->optimizer);
    for (int i = 0; p->chain && i < p->desc->schedule.copies; i++) fvi_chain_free(p->chain[i]);
    free(p->chain);
    fvi_chain_free(p->in_place);
    float *all[] = {p->params, p->dparams, p->best,  p->pixels, p->dpixels, p->begun,
                    p->mask,   p->alpha,   p->photo, p->room,   p->good,    p->levels};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) free(all[i]);
    forget_level(p);
}

void fvi_picture_clear(fvi_picture *p) {
    if (p->desc) leave_level(p);
    g_free(p->why);
    p->why = NULL;
}

int fvi_picture_margin(const fvi_settings *desc, int side) {
    return (int)lround((double)desc->display.margin * side);
}

fvi_chain_frame fvi_picture_frame(const fvi_settings *desc, const fv_input *in, int h, int w) {
    const int own = in->is_image && desc->view == FVI_VIEW_MODEL;
    return (fvi_chain_frame){.channels = desc->channels,
                             .h = h + 2 * fvi_picture_margin(desc, h),
                             .w = w + 2 * fvi_picture_margin(desc, w),
                             .net_h = own ? in->height : h,
                             .net_w = own ? in->width : w,
                             .low = desc->param.low,
                             .high = desc->param.high};
}

static float *floats(int64_t n, int *failed) {
    float *x = calloc((size_t)(n > 0 ? n : 1), sizeof *x);
    if (!x) *failed = 1;
    return x;
}

/* Buffers of this level. */
static fv_status allocate_buffers(fvi_picture *p, fv_error *err) {
    const fvi_settings *d = p->desc;
    int failed = 0;
    p->params = floats(p->n_params, &failed);
    p->dparams = floats(p->n_params, &failed);
    if (d->schedule.keep == FVI_KEEP_BEST) p->best = floats(p->n_params, &failed);
    if (d->on_nan == FV_ON_NAN_KEEP) p->good = floats(p->n_params, &failed);
    p->pixels = floats(p->count, &failed);
    p->dpixels = floats(p->count, &failed);
    p->begun = floats(p->count, &failed);
    p->room = floats(p->count, &failed);
    const int64_t levels = fvi_normalise_room(&d->gradient, p->channels, p->h, p->w);
    if (levels) p->levels = floats(levels, &failed);
    if (d->start.mask) p->mask = floats((int64_t)p->h * p->w, &failed);
    if (fvi_objective_photo(p->objective)) p->photo = floats(p->count, &failed);
    if (d->display.alpha) p->alpha = floats(p->count, &failed);
    return failed ? fvi_fail(err, FV_NOMEM, "out of memory for a picture of %dx%d", p->w, p->h)
                  : FV_OK;
}

/* The transform chains of its copies, and that of the in-place transforms. */
static fv_status make_chains(fvi_picture *p, const fvi_chain_frame *frame, fv_error *err) {
    const fvi_settings *d = p->desc;
    fv_status st = FV_OK;
    p->chain = calloc((size_t)d->schedule.copies, sizeof(fvi_chain *));
    if (!p->chain)
        return fvi_fail(err, FV_NOMEM, "out of memory for %d copies", d->schedule.copies);
    for (int i = 0; !st && i < d->schedule.copies; i++)
        st = fvi_chain_new(&d->transforms, frame, &p->chain[i], err);
    if (st || !d->in_place_transforms.count) return st;
    st = fvi_chain_new(&d->in_place_transforms, frame, &p->in_place, err);
    if (!st && !fvi_chain_keeps_size(p->in_place))
        st = fvi_fail(err, FV_ARG,
                      "in-place-transforms change the picture's size; they must keep it");
    return st;
}

static fv_status allocate(fvi_picture *p, const fvi_chain_frame *frame, fv_error *err) {
    const fvi_settings *d = p->desc;
    p->channels = frame->channels;
    p->h = frame->h;
    p->w = frame->w;
    p->count = (int64_t)frame->channels * frame->h * frame->w;
    fv_status st = fvi_param_new(&d->param, p->channels, p->h, p->w, &p->param, err);
    if (st) return st;
    p->n_params = fvi_param_count(p->param);
    st = allocate_buffers(p, err);
    if (!st) st = make_chains(p, frame, err);
    if (!st && d->optimizer.kind != FVI_OPTIMIZER_LBFGS)
        st = fvi_optimizer_new(&d->optimizer, p->n_params, &p->optimizer, err);
    return st;
}

/* A picture file's pixels at h x w in low..high: [channels][h][w]. */
static fv_status from_image(const fvi_settings *d, const fv_image *image, int channels, int h,
                            int w, float *out, fv_error *err) {
    fv_image *flat = NULL, *sized = NULL;
    fv_status st = fvi_image_flatten(image, 0.5f, &flat, err);
    if (!st) st = fvi_image_resize(flat, h, w, FVI_BICUBIC, &sized, err);
    fv_image_free(flat);
    if (st) return st;
    int64_t plane = (int64_t)h * w;
    for (int c = 0; c < channels; c++)
        for (int64_t i = 0; i < plane; i++) {
            float x = sized->data[(c < sized->channels ? c : 0) * plane + i];
            if (channels == 1 && sized->channels >= 3)
                x = fvi_luma(x, sized->data[plane + i], sized->data[2 * plane + i]);
            out[c * plane + i] = d->param.low + (d->param.high - d->param.low) * x;
        }
    fv_image_free(sized);
    return FV_OK;
}

/* Parameters of the start picture at this level's size. */
static fv_status start_params(fvi_picture *p, fv_error *err) {
    const fvi_settings *d = p->desc;
    fvi_random r = fvi_random_stream(d->seed, p->key, 0, FVI_DRAW_START);
    if (d->start.kind != FVI_START_IMAGE)
        return fvi_param_start(p->param, &d->start, &r, p->params, err);
    fv_status st = from_image(d, d->start.image, p->channels, p->h, p->w, p->room, err);
    if (st) return st;
    if (d->start.sd > 0) {
        fvi_random_normals(&r, p->count, p->dpixels);
        for (int64_t i = 0; i < p->count; i++) p->room[i] += d->start.sd * p->dpixels[i];
    }
    return fvi_param_from_picture(p->param, p->room, p->params, err);
}

static fv_status load_mask(fvi_picture *p, fv_error *err) {
    fv_image *sized = NULL;
    if (!p->mask) return FV_OK;
    fv_status st = fvi_image_resize(p->desc->start.mask, p->h, p->w, FVI_BILINEAR, &sized, err);
    if (st) return st;
    memcpy(p->mask, sized->data, (size_t)p->h * (size_t)p->w * sizeof(float));
    fv_image_free(sized);
    return FV_OK;
}

/* The photo that terms compare with, at this level's size. */
static fv_status load_photo(fvi_picture *p, fv_error *err) {
    const fv_tensor *t = fvi_objective_photo(p->objective);
    if (!t) return FV_OK;
    const fv_image photo = {.channels = (int)t->dim[0],
                            .height = (int)t->dim[1],
                            .width = (int)t->dim[2],
                            .data = t->data};
    return from_image(p->desc, &photo, p->channels, p->h, p->w, p->photo, err);
}

/* Where the mask is 0 the picture stays as it began. */
static void apply_mask(fvi_picture *p) {
    int64_t plane = (int64_t)p->h * p->w;
    for (int64_t i = 0; p->mask && i < p->count; i++)
        p->pixels[i] = p->begun[i] + p->mask[i % plane] * (p->pixels[i] - p->begun[i]);
}

/* A random start is made at the full size and resized to a smaller level, so that all octaves begin
 * with the same picture. */
static fv_status start_of_size(const fvi_picture *p, const fvi_chain_frame *frame, int full_h,
                               int full_w, float *out, fv_error *err) {
    fvi_chain_frame full = *frame;
    fvi_picture q;
    full.h = full_h;
    full.w = full_w;
    fvi_picture_init(&q, p->desc, p->objective, "", p->start, p->index);
    q.key = p->key;
    fv_status st = allocate(&q, &full, err);
    if (!st) st = start_params(&q, err);
    if (!st) {
        fvi_param_picture(q.param, q.params, q.pixels);
        fvi_resize(fvi_planes_of(q.channels, full_h, full_w, q.pixels),
                   fvi_planes_of(q.channels, frame->h, frame->w, out), FVI_ALIGN_CENTRES);
    }
    fvi_picture_clear(&q);
    return st;
}

/* The result of the level before, resized: [channels][h][w]. */
static fv_status carry_over(fvi_picture *p, const fvi_picture *before, float *out, fv_error *err) {
    const int h = before->h, w = before->w, channels = p->channels;
    const fvi_planes to = fvi_planes_of(channels, p->h, p->w, out);
    if (p->desc->schedule.octave_carry == FVI_OCTAVE_CARRY_DETAIL) {
        for (int64_t i = 0; i < before->count; i++)
            before->room[i] = before->pixels[i] - before->begun[i];
        fvi_resize(fvi_planes_of(channels, h, w, before->room), to, FVI_ALIGN_CENTRES);
        for (int64_t i = 0; i < p->count; i++) out[i] += p->begun[i];
    } else {
        fvi_resize(fvi_planes_of(channels, h, w, before->pixels), to, FVI_ALIGN_CENTRES);
    }
    return fvi_param_from_picture(p->param, out, p->params, err);
}

/* Sets p->begun at a level whose start is given elsewhere: by an image, or by the full size. */
static fv_status begin_at(fvi_picture *p, const fvi_chain_frame *frame, int full_h, int full_w,
                          fv_error *err) {
    const fvi_settings *d = p->desc;
    if (d->start.kind == FVI_START_IMAGE)
        return from_image(d, d->start.image, p->channels, p->h, p->w, p->begun, err);
    return start_of_size(p, frame, full_h, full_w, p->begun, err);
}

/* The first level: the start itself; at a smaller size than the full one, the start resized. */
static fv_status enter_first(fvi_picture *p, const fvi_chain_frame *frame, int full_h, int full_w,
                             fv_error *err) {
    int smaller =
        p->desc->schedule.octave_order == FVI_OCTAVES_TO_SIZE && (p->h < full_h || p->w < full_w);
    if (!smaller || p->desc->start.kind == FVI_START_IMAGE) return start_params(p, err);
    fv_status st = begin_at(p, frame, full_h, full_w, err);
    return st ? st : fvi_param_from_picture(p->param, p->begun, p->params, err);
}

/* Erhan et al.'s constraint: the parameters have a fixed norm. */
static void scale_to_norm(fvi_picture *p) {
    float norm = p->desc->regularizer.norm;
    double square = 0;
    for (int64_t i = 0; norm > 0 && i < p->n_params; i++)
        square += (double)p->params[i] * p->params[i];
    float scale = square > 0 ? norm / (float)sqrt(square) : 1;
    for (int64_t i = 0; norm > 0 && i < p->n_params; i++) p->params[i] *= scale;
}

fv_status fvi_picture_level(fvi_picture *p, const fvi_chain_frame *frame, int full_h, int full_w,
                            fv_error *err) {
    fvi_picture before = *p;
    forget_level(p);
    p->best_value = -INFINITY;
    p->age = 0;
    p->frozen = p->broken;
    fv_status st = allocate(p, frame, err);
    if (!st) st = load_mask(p, err);
    if (!st) st = load_photo(p, err);
    if (!st && !before.param) {
        st = enter_first(p, frame, full_h, full_w, err);
    } else if (!st) {
        if (p->desc->schedule.octave_carry == FVI_OCTAVE_CARRY_DETAIL)
            st = begin_at(p, frame, full_h, full_w, err);
        if (!st) st = carry_over(p, &before, p->room, err);
    }
    if (!st) {
        scale_to_norm(p);
        if (p->good) memcpy(p->good, p->params, (size_t)p->n_params * sizeof *p->params);
        fvi_param_picture(p->param, p->params, p->pixels);
        if (!before.param || p->desc->schedule.octave_carry == FVI_OCTAVE_CARRY_PICTURE)
            memcpy(p->begun, p->pixels, (size_t)p->count * sizeof *p->begun);
    }
    leave_level(&before);
    return st;
}

/* As large as the parameters are: they, their gradient, two moments, the best and the last finite
 * ones. As large as the picture: pixels, their gradient, the start, scratch, a mask, alpha, a
 * photo. Then the parametrisation, the gradient's pyramid and the chains. */
size_t fvi_picture_bytes(const fvi_settings *desc, const fvi_objective *objective,
                         const fvi_chain_frame *frame, const fvi_chain *chain,
                         const fvi_chain *in_place) {
    const int c = frame->channels, h = frame->h, w = frame->w;
    const size_t pixels = (size_t)c * (size_t)h * (size_t)w;
    const size_t n_params = (size_t)fvi_param_count_max(&desc->param, c, h, w);
    const size_t param_arrays =
        4 + (desc->schedule.keep == FVI_KEEP_BEST) + (desc->on_nan == FV_ON_NAN_KEEP);
    const size_t pixel_arrays = 4 + (desc->start.mask != NULL) + (desc->display.alpha != 0) +
                                (fvi_objective_photo(objective) != NULL);
    const size_t levels = (size_t)fvi_normalise_room(&desc->gradient, c, h, w);
    return (param_arrays * n_params + pixel_arrays * pixels + levels) * sizeof(float) +
           fvi_param_bytes(&desc->param, c, h, w) +
           (size_t)desc->schedule.copies * fvi_chain_bytes(chain) +
           (in_place ? fvi_chain_bytes(in_place) : 0) + sizeof(fvi_picture);
}

void fvi_picture_decode(fvi_picture *p, uint32_t step) {
    if (p->in_place && !p->frozen) {
        fvi_draw_key key = {p->desc->seed, p->key, step, FVI_DRAW_IN_PLACE, 0};
        int h, w;
        fvi_chain_draw(p->in_place, &key, &h, &w);
        fvi_chain_apply(p->in_place, p->params, p->room);
        memcpy(p->params, p->room, (size_t)p->count * sizeof *p->params);
        fvi_stage_timer(p->desc->times, FV_STAGE_TRANSFORM);
    }
    fvi_param_picture(p->param, p->params, p->pixels);
    apply_mask(p);
    fvi_stage_timer(p->desc->times, FV_STAGE_PARAM);
}

/* Blurs the picture in pixels, whatever the parametrisation is. */
static fv_status blur(fvi_picture *p, float sigma, fv_error *err) {
    fvi_param_picture(p->param, p->params, p->room);
    fvi_blur(fvi_planes_of(p->channels, p->h, p->w, p->room), sigma, p->dpixels);
    return fvi_param_from_picture(p->param, p->room, p->params, err);
}

/* After an update. */
static fv_status regularise(fvi_picture *p, int step, fv_error *err) {
    const fvi_regularizer_settings *r = &p->desc->regularizer;
    fv_status st = FV_OK;
    if ((step + 1) % r->every == 0) {
        for (int64_t i = 0; r->decay > 0 && i < p->n_params; i++) p->params[i] *= 1 - r->decay;
        if (r->blur > 0) st = blur(p, r->blur, err);
    }
    scale_to_norm(p);
    fvi_param_constrain(p->param, p->params);
    return st;
}

/* Keeps track of the best value, and of how long it has stood. */
static void remember(fvi_picture *p) {
    p->age++;
    if (p->value > p->best_value) {
        p->best_value = p->value;
        p->age = 0;
        if (p->best) memcpy(p->best, p->params, (size_t)p->n_params * sizeof *p->params);
    }
    int patience = p->desc->schedule.patience;
    if (patience > 0 && p->age >= patience) p->frozen = 1;
}

void fvi_picture_check(fvi_picture *p, const fvi_gradient_health *v, const char *why) {
    char text[128];
    if (!p->broken && v->kind < FVI_GRADIENT_EXPLODED) {
        if (v->kind == FVI_GRADIENT_VANISHED)
            p->largest_gradient = fmaxf(p->largest_gradient, v->largest);
        p->sound = 1;
        p->sound_value = p->value;
        return;
    }
    if (!p->broken) {
        fvi_gradient_health_text(v, text, sizeof text);
        p->why = g_strdup(v->kind == FVI_GRADIENT_BROKEN && why ? why : text);
        p->broken = p->frozen = 1;
        if (!p->good || !p->sound) p->alive = 0;
        if (p->good && p->steps > 0) p->steps--; /* the last update led here */
    }
    if (p->good) memcpy(p->params, p->good, (size_t)p->n_params * sizeof *p->params);
    p->value = p->sound_value;
}

int fvi_picture_begin_step(fvi_picture *p) {
    if (p->broken) return 0;
    if (p->good) memcpy(p->good, p->params, (size_t)p->n_params * sizeof *p->params);
    if (p->steps == 0) p->first = p->value;
    remember(p);
    if (p->frozen) return 0;
    p->steps++;
    return 1;
}

fv_status fvi_picture_step(fvi_picture *p, int step, int steps, fv_error *err) {
    int64_t plane = (int64_t)p->h * p->w;
    if (!fvi_picture_begin_step(p)) return FV_OK;
    for (int64_t i = 0; p->alpha && i < p->count; i++) p->alpha[i] += fabsf(p->dpixels[i]);
    for (int64_t i = 0; p->mask && i < p->count; i++) p->dpixels[i] *= p->mask[i % plane];
    fv_status st =
        fvi_normalise(&p->desc->gradient, p->dpixels, p->channels, p->h, p->w, p->levels, err);
    if (st) return st;
    fvi_stage_timer(p->desc->times, FV_STAGE_OPTIMIZER);
    fvi_param_adjoint(p->param, p->params, p->dpixels, p->dparams);
    fvi_stage_timer(p->desc->times, FV_STAGE_PARAM);
    fvi_optimizer_step(p->optimizer, p->dparams, steps > 1 ? (float)step / (float)(steps - 1) : 0,
                       p->params);
    st = regularise(p, step, err);
    fvi_stage_timer(p->desc->times, FV_STAGE_OPTIMIZER);
    return st;
}

void fvi_picture_finish(fvi_picture *p) {
    if (p->best && isfinite(p->best_value))
        memcpy(p->params, p->best, (size_t)p->n_params * sizeof *p->params);
    fvi_param_picture(p->param, p->params, p->pixels);
    apply_mask(p);
}
