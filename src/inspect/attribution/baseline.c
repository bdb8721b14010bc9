/* SPDX-License-Identifier: Apache-2.0 */
/* baseline: the picture that means "no information", as the network's input.
 *
 * Of inputs that are no pictures there are zeros, the mean of each channel, and the blur: along a
 * signal, within the slices of a volume. Pixels of 0, 0.5, 1 or noise are encoded like any picture.
 * Mean and blur are computed from the encoded picture: encoding is affine in each channel, so the
 * result is the same as in pixels.
 *
 * The blur is a Gaussian with a deviation of 10 pixels where the shorter side is 224. (The code of
 * Petsiuk, Das and Saenko 2018, arXiv:1806.07421, has 5, cut off at 11 x 11. A whole Gaussian of 5
 * leaves EfficientNet-Lite0 sure, p > 0.1, of 9 of 30 photos, one of 10 of none.)
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/random.h"
#include "base/tensor.h"
#include "inspect/attribution/baseline.h"
#include "model/network/lower.h"
#include "runtime/preprocess.h"
#include "signal/blur.h"

#define BLUR (10.0f / 224)

const char *fv_baseline_name(fv_baseline baseline) {
    static const char *const names[] = {NULL,
                                        [FV_BASELINE_BLACK] = "black",
                                        [FV_BASELINE_WHITE] = "white",
                                        [FV_BASELINE_GREY] = "grey",
                                        [FV_BASELINE_MEAN] = "mean",
                                        [FV_BASELINE_BLUR] = "blur",
                                        [FV_BASELINE_NOISE] = "noise"};
    const unsigned i = (unsigned)baseline;
    return i < sizeof names / sizeof *names ? names[i] : NULL;
}

/* A picture of one brightness, or of noise. */
static fv_status encoded(const fvi_perturbation *p, fv_baseline kind, uint64_t seed, float *out,
                         fv_error *err) {
    float *pixels = malloc((size_t)p->count * sizeof *pixels);
    if (!pixels) return fvi_fail(err, FV_NOMEM, "out of memory");
    if (!p->in->is_image) {
        free(pixels);
        if (kind != FV_BASELINE_BLACK)
            return fvi_fail(
                err, FV_ARG,
                "baseline \"%s\" is one of pictures; the input \"%s\" is none; allowed: "
                "black (zeros), mean, blur, an input of its own",
                fv_baseline_name(kind), p->in->name);
        memset(out, 0, (size_t)p->count * sizeof *out);
        return FV_OK;
    }
    fvi_random r = fvi_random_stream(seed, 0, 0, FVI_DRAW_NOISE);
    const float level = kind == FV_BASELINE_WHITE ? 1 : kind == FV_BASELINE_GREY ? 0.5f : 0;
    for (int64_t i = 0; i < p->count; i++)
        pixels[i] = kind == FV_BASELINE_NOISE ? fvi_random_uniform(&r) : level;
    fvi_encode(p->in, pixels, p->h, p->w, out);
    free(pixels);
    return FV_OK;
}

static void mean_colour(const fvi_perturbation *p, float *out) {
    for (int c = 0; c < p->channels; c++) {
        double sum = 0;
        for (int64_t i = 0; i < p->plane; i++) sum += p->picture[fvi_perturbation_at(p, c, i)];
        for (int64_t i = 0; i < p->plane; i++)
            out[fvi_perturbation_at(p, c, i)] = (float)(sum / (double)p->plane);
    }
}

static fv_status blurred(const fvi_perturbation *p, float *out, fv_error *err) {
    float *plane = malloc(2 * (size_t)p->plane * sizeof *plane);
    if (!plane) return fvi_fail(err, FV_NOMEM, "out of memory");
    const int side = p->space == 1 ? p->w : p->h < p->w ? p->h : p->w;
    const float sigma = fminf(BLUR * (float)side, FVI_BLUR_MAX);
    for (int c = 0; c < p->channels; c++) {
        for (int64_t i = 0; i < p->plane; i++) plane[i] = p->picture[fvi_perturbation_at(p, c, i)];
        for (int z = 0; z < p->d; z++)
            fvi_blur(fvi_planes_of(1, p->h, p->w, plane + (int64_t)z * p->h * p->w), sigma,
                     plane + p->plane);
        for (int64_t i = 0; i < p->plane; i++) out[fvi_perturbation_at(p, c, i)] = plane[i];
    }
    free(plane);
    return FV_OK;
}

static fv_status given_picture(const fvi_perturbation *p, const fv_tensor *given, float *out,
                               fv_error *err) {
    char have[FVI_SHAPE_TEXT], want[FVI_SHAPE_TEXT];
    if (!given) return fvi_fail(err, FV_ARG, "the baseline is a picture, and none is given");
    fv_status st = fvi_tensor_check(given, "the baseline", err);
    if (st) return st;
    fvi_shape shape = fvi_tensor_shape(given), seen;
    const fvi_network *net = fvi_session_network(p->session);
    const fvi_shape own = p->shape;
    if (!fvi_network_takes_shape(net, &shape, &seen) || !fvi_shape_equal(&seen, &own))
        return fvi_fail(err, FV_SHAPE, "the baseline is %s; the input is %s",
                        fvi_shape_text(&shape, have), fvi_shape_text(&own, want));
    memcpy(out, given->data, (size_t)p->count * sizeof *out);
    return FV_OK;
}

fv_status fvi_baseline_fill(const fvi_perturbation *p, fv_baseline kind, const fv_tensor *given,
                            uint64_t seed, float *out, fv_error *err) {
    switch (kind) {
    case FV_BASELINE_BLACK:
    case FV_BASELINE_WHITE:
    case FV_BASELINE_GREY:
    case FV_BASELINE_NOISE: return encoded(p, kind, seed, out, err);
    case FV_BASELINE_MEAN: mean_colour(p, out); return FV_OK;
    case FV_BASELINE_BLUR: return blurred(p, out, err);
    case FV_BASELINE_PICTURE: return given_picture(p, given, out, err);
    }
    return fvi_fail(err, FV_ARG, "baseline %d; allowed: 1..%d", (int)kind,
                    (int)FV_BASELINE_PICTURE);
}
