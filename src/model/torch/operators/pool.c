/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling. Adaptive pooling has windows of unequal sizes where the output's size does not divide
 * the input's: element i of n of an axis is made of floor(i m / n) .. ceil((i + 1) m / n) - 1. The
 * mean of such is a RESIZE by that matrix; the maximum is not done. Positions of maxima, a second
 * output, are not computed. Source: torch.nn.functional, AdaptivePooling.h of ATen. */
#include <string.h>

#include "model/torch/operators/samples.h"

static fvi_kind kind_of(const fvi_site *site) {
    return site->kind->param > 0 ? FVI_MAX_POOL : FVI_AVERAGE_POOL;
}

void fvi_aten_pool(fvi_site *site) {
    const int n = ABS(site->kind->param), x = fvi_torch_need(site, "self");
    fvi_window w = {.n = n};
    fvi_torch_sizes(site, "kernel_size", n, w.kernel, 0);
    if (!fvi_torch_sizes(site, "stride", n, w.stride, 0))
        memcpy(w.stride, w.kernel, sizeof w.stride);
    fvi_torch_sizes(site, "padding", n, w.pad_lo, 0);
    memcpy(w.pad_hi, w.pad_lo, sizeof w.pad_hi);
    fvi_torch_sizes(site, "dilation", n, w.dilation, 1);
    w.count_include_pad = fvi_torch_int(site, "count_include_pad", 1) != 0;
    if (fvi_torch_argument(site, "divisor_override"))
        fvi_torch_refuse(site, "divisor_override", "a number", "None");
    const int ceil_mode = fvi_torch_int(site, "ceil_mode", 0) != 0;
    if (site->b->status) return;
    fvi_torch_give(site,
                   fvi_site_pool(site, kind_of(site), fvi_torch_with_samples(site, x, n), &w,
                                 FVI_PADDING_EXPLICIT, ceil_mode),
                   x, n);
}

/* ---- adaptive ------------------------------------------------------------------------------- */

static int64_t first_of(int64_t i, int64_t in, int64_t out) { return i * in / out; }

static int64_t end_of(int64_t i, int64_t in, int64_t out) { return ((i + 1) * in + out - 1) / out; }

#define WEIGHTS_MAX ((int64_t)1 << 24) /* of an axis */

static void fill_means(fvi_builder *b, int64_t in, int64_t out, fvi_resize_kernel *kernel) {
    const int64_t n = in / out + 2; /* the largest window */
    if (n > WEIGHTS_MAX / out) {
        fvi_build_fail(b, FV_SHAPE, "it pools %" PRId64 " elements into %" PRId64, in, out);
        return;
    }
    int32_t *index = fvi_pool_array(b->pool, (size_t)(out * n) + 1, sizeof *index);
    float *weight = fvi_pool_array(b->pool, (size_t)(out * n) + 1, sizeof *weight);
    if (!index || !weight) {
        fvi_build_nomem(b);
        return;
    }
    *kernel = (fvi_resize_kernel){(int)n, index, weight};
    for (int64_t i = 0; i < out; i++) {
        const int64_t first = first_of(i, in, out), end = end_of(i, in, out);
        for (int64_t k = 0; k < n; k++) {
            index[i * n + k] = (int32_t)MIN(first + k, in - 1);
            weight[i * n + k] = first + k < end ? 1.0f / (float)(end - first) : 0;
        }
    }
}

static int unequal_means(fvi_site *site, int x, int n, const int64_t *size) {
    const fvi_shape in = fvi_build_shape(site->b, x);
    fvi_shape out = in;
    fvi_node_attr a = {0};
    for (int i = 0; i < n && !site->b->status; i++) {
        out.dim[2 + i] = size[i];
        if (in.dim[2 + i] != size[i])
            fill_means(site->b, in.dim[2 + i], size[i], &a.resize.axis[2 + i]);
    }
    return site->b->status ? -1 : fvi_emit(site->b, FVI_RESIZE, &a, &out, 1, &x);
}

static int adaptive(fvi_site *site, int x, int n, const int64_t *size) {
    const fvi_shape in = fvi_build_shape(site->b, x);
    fvi_window w = {.n = n};
    int equal = 1, all = 1;
    for (int i = 0; i < n; i++) {
        w.kernel[i] = w.stride[i] = in.dim[2 + i] / size[i];
        w.dilation[i] = 1;
        equal = equal && in.dim[2 + i] % size[i] == 0;
        all = all && size[i] == 1;
    }
    if (all) return fvi_site_global_pool(site, kind_of(site), x, 1);
    if (equal) return fvi_site_pool(site, kind_of(site), x, &w, FVI_PADDING_VALID, 0);
    if (site->kind->param < 0) return unequal_means(site, x, n, size);
    fvi_build_fail(site->b, FV_UNSUPPORTED,
                   "its windows are of unequal sizes, since its output_size does not divide its "
                   "input's; that is supported of the mean only");
    return -1;
}

void fvi_aten_adaptive_pool(fvi_site *site) {
    const int n = ABS(site->kind->param), x = fvi_torch_need(site, "self");
    const int full = fvi_torch_with_samples(site, x, n);
    const fvi_shape in = fvi_build_shape(site->b, full);
    int64_t size[FVI_MAX_DIMS];
    char text[FVI_SHAPE_TEXT];
    fvi_torch_sizes(site, "output_size", n, size, 0);
    if (site->b->status) return;
    if (in.ndim != n + 2) {
        fvi_build_fail(site->b, FV_SHAPE, "it cannot pool %s over %d axes",
                       fvi_shape_text(&in, text), n);
        return;
    }
    for (int i = 0; i < n; i++)
        if (size[i] < 1 || size[i] > FVI_WINDOW_MAX || in.dim[2 + i] < 1)
            fvi_build_fail(site->b, FV_SHAPE, "it pools %" PRId64 " elements into %" PRId64,
                           in.dim[2 + i], size[i]);
    if (!site->b->status) fvi_torch_give(site, adaptive(site, full, n, size), x, n);
}
