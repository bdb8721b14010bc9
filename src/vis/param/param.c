/* SPDX-License-Identifier: Apache-2.0 */
/* param: from parameters z to a picture, and its gradient back.
 *
 * A kind (param_pixels, _fourier, _laplacian, _phase, _bounded) makes a raw picture of the
 * parameters. With C the colour map (which only pictures of 3 channels have), the picture is
 *     SIGMOID     low + (high - low) * sigmoid(C raw + bias)
 *     NONE, CLIP  low + (high - low) * (C raw + middle), middle being Lucid's mean colour of
 *                 ImageNet where there is a colour map, else 1/2
 * The parameters of PIXELS without a colour map and a sigmoid are the picture itself. Every step
 * has an exact adjoint.
 *
 * Source: Lucid's param.image and to_valid_rgb; Olah et al., "Feature Visualization", Distill 2017.
 */
#include "vis/param/param.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "graph/build/compose.h"
#include "signal/color.h"
#include "vis/param/param_kind.h"
#include "vis/param/start.h"

#define MAX_NUMBERS ((int64_t)1 << 32)
#define MAX_STD     6 /* whole turns make any picture of phases up to here (param_phase.c) */

static const float mean_color[3] = {0.48f, 0.46f, 0.41f};

/* Whether the parameters are spatial frequencies. */
static int has_waves(const fvi_param_settings *d) {
    return d->kind == FVI_PARAM_FOURIER || d->kind == FVI_PARAM_PHASE ||
           d->kind == FVI_PARAM_BOUNDED;
}

/* The settings that are numbers. */
static fv_status check_numbers(const fvi_param_settings *d, fv_error *err) {
    if (!(d->high > d->low) || !isfinite(d->low) || !isfinite(d->high))
        return fvi_fail(err, FV_ARG, "picture values from %g to %g: high must be above low",
                        (double)d->low, (double)d->high);
    if (has_waves(d) && (!(d->gain > 0) || !isfinite(d->gain) || !isfinite(d->decay)))
        return fvi_fail(err, FV_ARG, "gain %g, decay %g: a gain is above 0, both are finite",
                        (double)d->gain, (double)d->decay);
    if (!isfinite(d->bias)) return fvi_fail(err, FV_ARG, "bias %g is not finite", (double)d->bias);
    if (!(d->phase_std >= 0 && d->phase_std <= MAX_STD))
        return fvi_fail(err, FV_ARG, "phase-std %g; allowed: 0..%d", (double)d->phase_std, MAX_STD);
    return FV_OK;
}

/* Checks the settings that all kinds have. */
static fv_status check(const fvi_param_settings *d, int channels, int h, int w, fv_error *err) {
    if (d->kind < FVI_PARAM_PIXELS || d->kind > FVI_PARAM_BOUNDED)
        return fvi_fail(err, FV_ARG, "parametrisation %d does not exist (1..5)", d->kind);
    if (d->color < FV_COLOR_RGB || d->color > FV_COLOR_GREY)
        return fvi_fail(err, FV_ARG, "colour map %d does not exist (1..4)", d->color);
    if (d->output_activation < FVI_OUTPUT_NONE || d->output_activation > FVI_OUTPUT_CLIP)
        return fvi_fail(err, FV_ARG, "output activation %d does not exist (1..3)",
                        d->output_activation);
    if (channels < 1 || h < 1 || w < 1)
        return fvi_fail(err, FV_ARG, "a picture of %d x %d x %d: sizes are at least 1", channels, h,
                        w);
    if ((int64_t)h * w > MAX_NUMBERS / channels)
        return fvi_fail(err, FV_NOMEM, "a picture of %d x %d x %d has more than 2^32 elements",
                        channels, h, w);
    return check_numbers(d, err);
}

/* Whether the parameters are the picture itself. */
static int is_bare(const fvi_param *p) {
    return p->desc.kind == FVI_PARAM_PIXELS && p->desc.color == FV_COLOR_RGB &&
           p->desc.output_activation != FVI_OUTPUT_SIGMOID;
}

static fv_status prepare(fvi_param *p, fv_error *err) {
    fv_status st = fvi_param_room(p, p->pixels, &p->draw, err);
    if (!st && p->desc.output_activation == FVI_OUTPUT_SIGMOID)
        st = fvi_param_room(p, p->pixels, &p->sigmoid, err);
    if (!st && p->desc.output_activation == FVI_OUTPUT_CLIP)
        st = fvi_param_room(p, p->pixels, &p->cut, err);
    if (!st && has_waves(&p->desc)) st = fvi_fft_new(p->h, p->w, p->channels, &p->fft, err);
    return st ? st : p->kind->prepare(p, err);
}

fv_status fvi_param_new(const fvi_param_settings *desc, int channels, int h, int w, fvi_param **out,
                        fv_error *err) {
    static const fvi_param_entry *const kinds[] = {&fvi_param_pixels, &fvi_param_fourier,
                                                   &fvi_param_laplacian, &fvi_param_phase,
                                                   &fvi_param_bounded};
    fv_status st = check(desc, channels, h, w, err);
    if (st) return st;
    fvi_param *p = calloc(1, sizeof *p);
    if (!p) return fvi_fail(err, FV_NOMEM, "no memory for a picture of %d x %d", h, w);
    p->desc = *desc;
    if (channels != 3) p->desc.color = FV_COLOR_RGB;
    if (p->desc.phase_std == 0) p->desc.phase_std = 1;
    p->kind = kinds[desc->kind - FVI_PARAM_PIXELS];
    p->channels = channels;
    p->h = h;
    p->w = w;
    p->columns = w / 2 + 1;
    p->plane = (int64_t)h * w;
    p->pixels = channels * p->plane;
    for (int c = 0; c < 3; c++) p->middle[c] = p->desc.color == FV_COLOR_RGB ? 0.5f : mean_color[c];
    st = prepare(p, err);
    if (st)
        fvi_param_free(p);
    else
        *out = p;
    return st;
}

void fvi_param_free(fvi_param *p) {
    if (!p) return;
    for (int i = 0; i < FVI_PARAM_ROOMS; i++) free(p->rooms[i]);
    fvi_fft_free(p->fft);
    free(p);
}

int64_t fvi_param_count(const fvi_param *p) { return p->count; }

/* Laplacian: a quarter as many at each level. Frequencies: a column more than half of them. */
int64_t fvi_param_count_max(const fvi_param_settings *desc, int channels, int h, int w) {
    const int64_t pixels = (int64_t)channels * h * w;
    if (desc->kind == FVI_PARAM_LAPLACIAN) return pixels + pixels / 3 + (int64_t)channels * (h + w);
    return has_waves(desc) ? pixels + 2 * (int64_t)channels * h : pixels;
}

/* Buffers of a picture's size: the gradient, the sigmoid, and those of the kind, at most two or, of
 * phases, three. */
size_t fvi_param_bytes(const fvi_param_settings *desc, int channels, int h, int w) {
    const size_t rooms = desc->kind == FVI_PARAM_PHASE ? 5 : 4;
    const size_t count = (size_t)fvi_param_count_max(desc, channels, h, w);
    return sizeof(fvi_param) + rooms * count * sizeof(float) +
           (has_waves(desc) ? fvi_fft_bytes(h, w, channels) : 0);
}

/* ---- there, back and inverted ---- */

void fvi_param_picture(fvi_param *p, const float *z, float *picture) {
    p->picture = picture;
    p->kind->raw(p, z, picture);
    if (!p->kind->by_pieces && !is_bare(p)) fvi_param_finish_all(p, picture);
}

void fvi_param_adjoint(fvi_param *p, const float *z, const float *dpicture, float *dz) {
    if (is_bare(p)) {
        memcpy(dz, dpicture, (size_t)p->pixels * sizeof *dz);
        return;
    }
    p->dpicture = dpicture;
    if (!p->kind->by_pieces) fvi_param_finish_all_adjoint(p, p->draw);
    p->kind->adjoint(p, z, p->draw, dz);
}

fv_status fvi_param_from_picture(fvi_param *p, const float *picture, float *z, fv_error *err) {
    if (is_bare(p)) {
        memmove(z, picture, (size_t)p->pixels * sizeof *z);
        return FV_OK;
    }
    fvi_param_finish_inverse(p, picture, p->draw);
    return p->kind->invert(p, p->draw, z, err);
}

/* ---- the parameters before the first update ---- */

/* Sets z to the parameters of a start picture: noise at all scales, or one value. */
static fv_status start_picture(fvi_param *p, const fvi_start_settings *desc, fvi_random *r,
                               float *z, fv_error *err) {
    float *picture = malloc((size_t)p->pixels * sizeof *picture);
    if (!picture) return fvi_fail(err, FV_NOMEM, "no memory for a start of %d x %d", p->h, p->w);
    if (desc->kind == FVI_START_SCALES)
        fvi_start_all_scales(r, p->channels, p->h, p->w, desc->mean, desc->sd, picture);
    else
        for (int64_t i = 0; i < p->pixels; i++) picture[i] = desc->mean;
    fv_status st = fvi_param_from_picture(p, picture, z, err);
    free(picture);
    return st;
}

fv_status fvi_param_start(fvi_param *p, const fvi_start_settings *desc, fvi_random *r, float *z,
                          fv_error *err) {
    switch (desc->kind) {
    case FVI_START_NORMAL:
        fvi_random_normals(r, p->count, z);
        for (int64_t i = 0; i < p->count; i++) z[i] = desc->mean + desc->sd * z[i];
        return FV_OK;
    case FVI_START_UNIFORM:
        for (int64_t i = 0; i < p->count; i++)
            z[i] = desc->mean + desc->sd * (2 * fvi_random_uniform(r) - 1);
        return FV_OK;
    case FVI_START_SCALES:
    case FVI_START_GREY: return start_picture(p, desc, r, z, err);
    default: return fvi_fail(err, FV_ARG, "start %d is not made of random numbers", desc->kind);
    }
}

/* Cuts a picture off at low and high; returns how many values were outside. */
static int64_t cut(const fvi_param *p, float *picture) {
    int64_t outside = 0;
    for (int64_t i = 0; i < p->pixels; i++) {
        float v = fminf(fmaxf(picture[i], p->desc.low), p->desc.high);
        outside += v != picture[i];
        picture[i] = v;
    }
    return outside;
}

void fvi_param_constrain(fvi_param *p, float *z) {
    if (p->desc.output_activation != FVI_OUTPUT_CLIP || p->desc.kind == FVI_PARAM_PHASE) return;
    if (is_bare(p)) {
        cut(p, z);
        return;
    }
    fvi_param_picture(p, z, p->cut);
    if (!cut(p, p->cut)) return;
    fvi_param_finish_inverse(p, p->cut, p->draw);
    if (p->desc.kind == FVI_PARAM_LAPLACIAN) { /* level 0 takes the difference */
        p->kind->raw(p, z, p->cut);
        for (int64_t i = 0; i < p->pixels; i++) z[i] += p->draw[i] - p->cut[i];
    } else {
        p->kind->invert(p, p->draw, z, NULL);
    }
}

/* ---- in a graph ------------------------------------------------------------------------------ */

/* raw's channels times the colour map. */
static int emit_color(const fvi_param *p, fvi_builder *b, int64_t n, int raw) {
    const fvi_shape matrix = {2, {3, 3}}, rows = {3, {n, 3, p->plane}};
    const fvi_shape planes = {4, {n, 3, p->h, p->w}};
    float *m = NULL;
    if (p->desc.color == FV_COLOR_RGB) return raw;
    const int map = fvi_emit_constant(b, FVI_F32, &matrix, &m);
    for (int i = 0; map >= 0 && i < 3; i++) m[4 * i] = 1; /* each channel alone */
    if (map >= 0) fvi_color_apply(p->desc.color, 3, 3, m);
    const int mixed = fvi_emit_matmul(b, map, fvi_emit_reshape(b, raw, &rows), -1,
                                      &(fvi_node_attr){.matmul = {.alpha = 1}});
    return fvi_emit_reshape(b, mixed, &planes);
}

/* raw + middle of each channel, where they differ. */
static int emit_middle(const fvi_param *p, fvi_builder *b, int raw) {
    const fvi_shape shape = {3, {p->channels, 1, 1}};
    float *m = NULL;
    if (p->desc.color == FV_COLOR_RGB) return fvi_emit_unary(b, FVI_LINEAR, 1, p->middle[0], raw);
    const int middle = fvi_emit_constant(b, FVI_F32, &shape, &m);
    for (int c = 0; middle >= 0 && c < p->channels; c++) m[c] = p->middle[c];
    return fvi_emit_binary(b, FVI_ADD, raw, middle);
}

int fvi_param_emit(const fvi_param *p, fvi_given_list *given, fvi_builder *b, int64_t n, int z) {
    const float low = p->desc.low, range = p->desc.high - low;
    const int raw = p->kind->emit(p, given, b, n, z);
    if (is_bare(p)) return raw;
    int x = emit_color(p, b, n, raw);
    if (p->desc.output_activation == FVI_OUTPUT_SIGMOID)
        x = fvi_emit_unary(b, FVI_SIGMOID, 0, 0, fvi_emit_unary(b, FVI_LINEAR, 1, p->desc.bias, x));
    else
        x = emit_middle(p, b, x);
    return fvi_emit_unary(b, FVI_LINEAR, range, low, x);
}

int fvi_param_emit_constrain(const fvi_param *p, fvi_builder *b, int z) {
    if (p->desc.output_activation != FVI_OUTPUT_CLIP || p->desc.kind == FVI_PARAM_PHASE) return z;
    if (is_bare(p)) return fvi_emit_unary(b, FVI_CLIP, p->desc.low, p->desc.high, z);
    fvi_build_fail(b, FV_UNSUPPORTED,
                   "clipping parameters that are no pixels has no form as a graph");
    return -1;
}
