/* SPDX-License-Identifier: Apache-2.0 */
/* inverse fft: half spectra [..][h][w/2+1][2] become pictures [..][h][w]; backward is the adjoint.
 * Both are signal/fft.h's, a few planes at a time, so that its scratch memory stays small. */
#include <stdlib.h>

#include "backend/onednn/schedule/step.h"
#include "base/error.h"
#include "signal/fft.h"

#define PLANES_MOST 8 /* transformed together */

typedef struct spectrum_state {
    fvi_fft *fft; /* NULL: there is nothing to transform */
    fvi_buffer *src, *ddst;
    int64_t planes, h, w;
} spectrum_state;

static fv_status plan(fvi_step *s, fv_error *err) {
    spectrum_state *x = s->state = fvi_step_alloc(s, 1, sizeof *x);
    if (!x) return fvi_fail(err, FV_NOMEM, "no memory for a plan");
    const fvi_shape *out = fvi_step_out_shape(s);
    x->planes = fvi_shape_product(out, 0, out->ndim - 2);
    x->h = out->dim[out->ndim - 2];
    x->w = out->dim[out->ndim - 1];
    fv_status st = fvi_step_source(s, 0, NULL, &x->src, err);
    if (!st) st = fvi_step_make_dst(s, NULL, err);
    if (st || !x->planes || !x->h) return st;
    const int together = (int)(x->planes < PLANES_MOST ? x->planes : PLANES_MOST);
    return fvi_fft_new((int)x->h, (int)x->w, together, &x->fft, err);
}

static int together_at(const spectrum_state *x, int64_t plane) {
    return (int)(x->planes - plane < PLANES_MOST ? x->planes - plane : PLANES_MOST);
}

static fv_status forward(const fvi_step *s) {
    const spectrum_state *x = s->state;
    const int64_t spectrum = x->h * (x->w / 2 + 1) * 2, picture = x->h * x->w;
    const float *src = x->src->data;
    float *dst = s->dst->data;
    for (int64_t i = 0; x->fft && i < x->planes; i += PLANES_MOST)
        fvi_fft_inverse(x->fft, together_at(x, i), src + i * spectrum, dst + i * picture);
    return FV_OK;
}

static fv_status plan_backward(fvi_step *s, fv_error *err) {
    spectrum_state *x = s->state;
    if (!s->wanted[0]) return FV_OK;
    const fv_status st = fvi_step_convert(s, s->ddst, NULL, &x->ddst, err);
    return st ? st : fvi_step_make_dsrc(s, 0, NULL, err);
}

static fv_status backward(const fvi_step *s) {
    const spectrum_state *x = s->state;
    const int64_t spectrum = x->h * (x->w / 2 + 1) * 2, picture = x->h * x->w;
    if (!s->wanted[0]) return FV_OK;
    const float *ddst = x->ddst->data;
    float *dsrc = s->dsrc[0]->data;
    for (int64_t i = 0; x->fft && i < x->planes; i += PLANES_MOST)
        fvi_fft_inverse_adjoint(x->fft, together_at(x, i), ddst + i * picture, dsrc + i * spectrum);
    return FV_OK;
}

static void drop(fvi_step *s) {
    spectrum_state *x = s->state;
    if (x) fvi_fft_free(x->fft);
}

const fvi_op fvi_op_inverse_fft = {"InverseFFT", NULL,     plan, plan_backward,
                                   forward,      backward, drop};
