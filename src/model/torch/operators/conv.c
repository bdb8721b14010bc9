/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions, of samples with and without their axis, and im2col. Weights are constants.
 * Source: torch.nn.functional.conv2d, conv_transpose2d, unfold. */
#include <string.h>

#include "model/torch/operators/samples.h"

/* Sets what the call says of the window but for its kernel; returns how its padding is told. */
static fvi_padding read_window(fvi_site *site, fvi_window *w) {
    const char *text = fvi_torch_text(site, "padding", NULL);
    fvi_torch_sizes(site, "stride", w->n, w->stride, 1);
    fvi_torch_sizes(site, "dilation", w->n, w->dilation, 1);
    w->groups = fvi_torch_int(site, "groups", 1);
    if (text) {
        if (!strcmp(text, "valid")) return FVI_PADDING_VALID;
        if (strcmp(text, "same") != 0) fvi_torch_refuse(site, "padding", text, "same, valid");
        return FVI_PADDING_SAME;
    }
    fvi_torch_sizes(site, "padding", w->n, w->pad_lo, 0);
    memcpy(w->pad_hi, w->pad_lo, sizeof w->pad_hi);
    return FVI_PADDING_EXPLICIT;
}

/* How many axes the window has: the parameter's, or all behind the channels. */
static int count_axes(fvi_site *site, int x) {
    const int ndim = fvi_build_shape(site->b, x).ndim;
    const int n = site->kind->param ? site->kind->param : ndim - 2;
    if (x >= 0 && (n < 1 || n > FVI_MAX_SPATIAL || (ndim != n + 1 && ndim != n + 2)))
        fvi_build_fail(site->b, FV_SHAPE, "its input has %d axes; allowed: %d, %d", ndim,
                       site->kind->param ? n + 1 : 3, site->kind->param ? n + 2 : 5);
    return site->b->status ? 0 : n;
}

static void transposed(fvi_site *site, int x, int n) {
    fvi_window w = {.n = n};
    int64_t extra[FVI_MAX_DIMS];
    const fvi_padding padding = read_window(site, &w);
    fvi_torch_sizes(site, "output_padding", n, extra, 0);
    for (int i = 0; i < n && !site->b->status; i++)
        if (extra[i] < 0 || extra[i] > FVI_WINDOW_MAX)
            fvi_build_fail(site->b, FV_SHAPE, "its output_padding is %" PRId64, extra[i]);
    const int v = fvi_site_conv_transpose(site, fvi_torch_with_samples(site, x, n),
                                          fvi_torch_need(site, "weight"),
                                          fvi_torch_tensor(site, "bias"), &w, padding, extra);
    fvi_torch_give(site, v, x, n);
}

void fvi_aten_conv_transpose(fvi_site *site) {
    const int x = fvi_torch_need(site, "input"), n = count_axes(site, x);
    if (n) transposed(site, x, n);
}

void fvi_aten_conv(fvi_site *site) {
    const int x = fvi_torch_need(site, "input"), n = count_axes(site, x);
    fvi_window w = {.n = n};
    if (!n) return;
    if (fvi_torch_int(site, "transposed", 0)) {
        transposed(site, x, n);
        return;
    }
    const fvi_padding padding = read_window(site, &w);
    const int v =
        fvi_site_conv(site, fvi_torch_with_samples(site, x, n), fvi_torch_need(site, "weight"),
                      fvi_torch_tensor(site, "bias"), &w, padding);
    fvi_torch_give(site, v, x, n);
}

/* ---- im2col --------------------------------------------------------------------------------- */

#define PLACES_MAX 1024 /* of a window */

/* Every stride[i]-th element along the axes 2 and 3, from `start` on. */
static int every(fvi_site *site, int x, const fvi_window *w, const int64_t *start,
                 const int64_t *count) {
    for (int i = 0; i < 2; i++)
        x = fvi_site_slice(site, x, 2 + i, start[i] * w->dilation[i], count[i], w->stride[i]);
    return x;
}

/* [n][c][h][w] -> [n][c places][windows]: for each place of the window the elements there. */
void fvi_aten_im2col(fvi_site *site) {
    int x = fvi_torch_with_samples(site, fvi_torch_need(site, "self"), 2);
    fvi_window w = {.n = 2};
    int64_t lo[FVI_MAX_DIMS] = {0}, count[2], at[2];
    const fvi_shape in = fvi_build_shape(site->b, x);
    read_window(site, &w);
    fvi_torch_sizes(site, "kernel_size", 2, w.kernel, 0);
    const int64_t places = w.kernel[0] * w.kernel[1];
    if (!site->b->status &&
        (in.ndim != 4 || w.kernel[0] < 1 || w.kernel[1] < 1 || w.kernel[0] > PLACES_MAX ||
         w.kernel[1] > PLACES_MAX || places > PLACES_MAX))
        fvi_build_fail(site->b, FV_UNSUPPORTED,
                       "it takes windows of %" PRId64 "x%" PRId64
                       " from %d axes; allowed: at most %d elements of 4 axes",
                       w.kernel[0], w.kernel[1], in.ndim, PLACES_MAX);
    for (int i = 0; i < 2 && !site->b->status; i++) {
        count[i] = fvi_window_positions(site->b, in.dim[2 + i], &w, i, 0);
        lo[2 + i] = w.pad_lo[i];
    }
    if (site->b->status) return;
    x = fvi_site_pad(site, x, lo, lo, FVI_PAD_CONSTANT, 0);
    int *part = g_new(int, places);
    for (at[0] = 0; at[0] < w.kernel[0]; at[0]++)
        for (at[1] = 0; at[1] < w.kernel[1]; at[1]++)
            part[at[0] * w.kernel[1] + at[1]] =
                fvi_emit_reshape(site->b, every(site, x, &w, at, count),
                                 &(fvi_shape){4, {in.dim[0], in.dim[1], 1, count[0] * count[1]}});
    const int v = site->b->status ? -1 : fvi_site_concat(site, 2, (int)places, part);
    g_free(part);
    fvi_site_out(
        site, 0,
        fvi_emit_reshape(site->b, v,
                         &(fvi_shape){3, {in.dim[0], in.dim[1] * places, count[0] * count[1]}}));
}
