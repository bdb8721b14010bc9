/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that give the same elements another shape or order. Source: array_ops.cc,
 * spacetobatch_op.cc, depthtospace_op.cc. */
#include <string.h>

#include "graph/const.h"
#include "model/tensorflow/nodes/attr.h"
#include "model/tensorflow/operators/batch.h"

void fvi_tf_reshape(fvi_site *site) {
    const int x = fvi_site_need(site, 0);
    const fvi_shape in = fvi_channels_shape(site, x);
    fvi_shape out = {0};
    const int n = fvi_tf_ints(site, 1, "shape", out.dim, FVI_MAX_DIMS);
    int hole = -1;
    int64_t rest = 1;
    if (n < 0 || site->b->status) return;
    out.ndim = n;
    for (int i = 0; i < n && !site->b->status; i++) {
        if (out.dim[i] == -1 && hole < 0)
            hole = i;
        else if (out.dim[i] < 0 || fvi_mul(rest, out.dim[i], &rest) < 0)
            fvi_build_fail(site->b, FV_SHAPE, "axis %d of its shape is %" PRId64, i, out.dim[i]);
    }
    const int64_t count = fvi_shape_count(&in);
    if (hole >= 0 && !site->b->status) {
        char text[FVI_SHAPE_TEXT];
        out.dim[hole] = rest ? count / rest : 0;
        if (rest ? count % rest != 0 : count != 0)
            fvi_build_fail(site->b, FV_SHAPE, "%s cannot be divided into parts of %" PRId64,
                           fvi_shape_text(&in, text), rest);
    }
    if (!site->b->status) fvi_site_out(site, 0, fvi_site_reshape(site, x, &out));
}

void fvi_tf_squeeze(fvi_site *site) {
    const int x = fvi_site_need(site, 0);
    const fvi_shape in = fvi_channels_shape(site, x);
    int64_t axes[FVI_MAX_DIMS];
    const char *name =
        fvi_tf_attr(fvi_tf_def(site), "squeeze_dims").bytes ? "squeeze_dims" : "axis";
    const int n = fvi_tf_attr_ints(fvi_tf_def(site), name, axes, FVI_MAX_DIMS);
    unsigned set = 0;
    fvi_shape out = {0};
    for (int i = 0; i < n && i < FVI_MAX_DIMS; i++)
        set |= 1u << fvi_build_axis(site->b, axes[i], in.ndim);
    for (int i = 0; i < in.ndim && !site->b->status; i++) {
        const int goes = n > 0 ? set >> i & 1 : in.dim[i] == 1;
        if (goes && in.dim[i] != 1)
            fvi_build_fail(site->b, FV_SHAPE, "axis %d has %" PRId64 " elements; 1 is needed", i,
                           in.dim[i]);
        if (!goes) out.dim[out.ndim++] = in.dim[i];
    }
    if (!site->b->status) fvi_site_out(site, 0, fvi_site_reshape(site, x, &out));
}

void fvi_tf_expand_dims(fvi_site *site) {
    const int x = fvi_site_need(site, 0);
    const fvi_shape in = fvi_channels_shape(site, x);
    if (in.ndim >= FVI_MAX_DIMS)
        fvi_build_fail(site->b, FV_UNSUPPORTED, "its result has more than %d axes", FVI_MAX_DIMS);
    const int axis = fvi_tf_axis(site, 1, in.ndim + 1);
    fvi_shape out = {.ndim = in.ndim + 1};
    for (int i = 0; i < out.ndim && !site->b->status; i++)
        out.dim[i] = i == axis ? 1 : in.dim[i - (i > axis)];
    if (!site->b->status) fvi_site_out(site, 0, fvi_site_reshape(site, x, &out));
}

void fvi_tf_transpose(fvi_site *site) {
    const int x = fvi_site_need(site, 0), ndim = fvi_build_shape(site->b, x).ndim;
    int64_t given[FVI_MAX_DIMS];
    int perm[FVI_MAX_DIMS] = {0};
    unsigned seen = 0;
    const int n = fvi_tf_ints(site, 1, "perm", given, FVI_MAX_DIMS);
    if (n < 0) return;
    if (n != ndim) fvi_build_fail(site->b, FV_SHAPE, "perm has %d axes; its input has %d", n, ndim);
    for (int i = 0; i < n && !site->b->status; i++) {
        perm[i] = fvi_build_axis(site->b, given[i], ndim);
        seen |= 1u << perm[i];
    }
    if (!site->b->status && seen != (1u << ndim) - 1)
        fvi_build_fail(site->b, FV_FORMAT, "perm is no permutation");
    if (!site->b->status) fvi_site_out(site, 0, fvi_site_transpose(site, x, perm));
}

/* Axis by axis: [before, after] -> [before, 1, after] -> [before, times, after]. */
void fvi_tf_tile(fvi_site *site) {
    int x = fvi_tf_plain(site, 0);
    fvi_shape shape = fvi_build_shape(site->b, x);
    int64_t times[FVI_MAX_DIMS];
    const int n = fvi_tf_ints(site, 1, "multiples", times, FVI_MAX_DIMS);
    if (n >= 0 && n != shape.ndim)
        fvi_build_fail(site->b, FV_SHAPE, "%d multiples for %d axes", n, shape.ndim);
    for (int i = 0; i < n && !site->b->status; i++) {
        if (times[i] < 0 || times[i] > FVI_MAX_ELEMENTS)
            fvi_build_fail(site->b, FV_SHAPE, "repeats axis %d %" PRId64 " times", i, times[i]);
        if (site->b->status || times[i] == 1) continue;
        const int64_t before = fvi_shape_product(&shape, 0, i);
        const int64_t after = fvi_shape_product(&shape, i, shape.ndim);
        x = fvi_emit_reshape(site->b, x, &(fvi_shape){3, {before, 1, after}});
        x = fvi_emit_expand(site->b, x, &(fvi_shape){3, {before, times[i], after}});
        if (site->b->status) return;
        shape.dim[i] *= times[i];
        x = fvi_emit_reshape(site->b, x, &shape);
    }
    fvi_site_out(site, 0, x);
}

/* ---- blocks of channels --------------------------------------------------------------------- */

/* Its input as [n][h][w][c] and the block's size; 0 when failed. */
static int64_t block_of(fvi_site *site, int *x, fvi_shape *in) {
    const int64_t b = fvi_tf_attr_int(fvi_tf_def(site), "block_size", 0);
    fvi_tf_data_format(site);
    *x = fvi_site_need(site, 0);
    if (!site->b->status && !site->channels_last)
        fvi_tf_refuse(site, "data_format", fvi_tf_attr_text(fvi_tf_def(site), "data_format"),
                      "NHWC");
    *x = fvi_channels_restore(site, *x);
    *in = fvi_build_shape(site->b, *x);
    if (!site->b->status && (in->ndim != 4 || b < 1 || b > 1 << 15))
        fvi_build_fail(site->b, FV_SHAPE,
                       "its block_size is %" PRId64 " over %d axes; allowed: 1..32768 over 4", b,
                       in->ndim);
    return site->b->status ? 0 : b;
}

void fvi_tf_depth_to_space(fvi_site *site) {
    fvi_shape in;
    int x;
    const int64_t b = block_of(site, &x, &in);
    if (!b) return;
    const int64_t n = in.dim[0], h = in.dim[1], w = in.dim[2], c = in.dim[3] / (b * b);
    if (c * b * b != in.dim[3]) {
        fvi_build_fail(site->b, FV_SHAPE, "%" PRId64 " channels are no blocks of %" PRId64,
                       in.dim[3], b);
        return;
    }
    int v = fvi_emit_reshape(site->b, x, &(fvi_shape){6, {n, h, w, b, b, c}});
    v = fvi_emit_transpose(site->b, v, (const int[]){0, 1, 3, 2, 4, 5});
    fvi_site_out(site, 0, fvi_emit_reshape(site->b, v, &(fvi_shape){4, {n, h * b, w * b, c}}));
}

void fvi_tf_space_to_depth(fvi_site *site) {
    fvi_shape in;
    int x;
    const int64_t b = block_of(site, &x, &in);
    if (!b) return;
    const int64_t n = in.dim[0], h = in.dim[1] / b, w = in.dim[2] / b, c = in.dim[3];
    if (h * b != in.dim[1] || w * b != in.dim[2]) {
        fvi_build_fail(site->b, FV_SHAPE,
                       "%" PRId64 "x%" PRId64 " is not made of blocks of %" PRId64, in.dim[1],
                       in.dim[2], b);
        return;
    }
    int v = fvi_emit_reshape(site->b, x, &(fvi_shape){6, {n, h, b, w, b, c}});
    v = fvi_emit_transpose(site->b, v, (const int[]){0, 1, 3, 2, 4, 5});
    fvi_site_out(site, 0, fvi_emit_reshape(site->b, v, &(fvi_shape){4, {n, h, w, c * b * b}}));
}

/* ---- blocks of samples ---------------------------------------------------------------------- */

#define BLOCK_AXES 3

/* Blocks and sizes of the axes behind the samples; how many, 0 when failed. */
static int blocks(fvi_site *site, int ndim, const char *what, int64_t *block, int64_t *sides) {
    const int n = fvi_tf_ints(site, 1, "block_shape", block, BLOCK_AXES);
    const int n_sides = fvi_tf_ints(site, 2, what, sides, 2 * BLOCK_AXES);
    int64_t all = 1;
    if (site->b->status) return 0;
    if (n < 1 || n_sides != 2 * n || ndim < n + 1 || ndim + n > FVI_MAX_DIMS)
        fvi_build_fail(site->b, FV_SHAPE,
                       "it has %d blocks and %d %s for %d axes; allowed: 1..3, twice as many", n,
                       n_sides, what, ndim);
    for (int i = 0; i < n && !site->b->status; i++)
        if (block[i] < 1 || block[i] > FVI_WINDOW_MAX || fvi_mul(all, block[i], &all) < 0 ||
            sides[2 * i] < 0 || sides[2 * i + 1] < 0)
            fvi_build_fail(site->b, FV_SHAPE,
                           "its block is %" PRId64 ", its %s %" PRId64 ", %" PRId64, block[i], what,
                           sides[2 * i], sides[2 * i + 1]);
    return site->b->status ? 0 : n;
}

static int64_t product(const int64_t *x, int n) {
    int64_t p = 1;
    for (int i = 0; i < n; i++) p *= x[i];
    return p;
}

/* [n][s..][rest] -> [n][s/b, b..][rest] -> [b..][n][s/b..][rest] */
void fvi_tf_space_to_batch(fvi_site *site) {
    int64_t block[BLOCK_AXES], pads[2 * BLOCK_AXES];
    int64_t lo[FVI_MAX_DIMS] = {0}, hi[FVI_MAX_DIMS] = {0};
    int x = fvi_tf_plain(site, 0);
    const int n = blocks(site, fvi_build_shape(site->b, x).ndim, "paddings", block, pads);
    if (!n) return;
    for (int i = 0; i < n; i++) {
        lo[1 + i] = pads[2 * i];
        hi[1 + i] = pads[2 * i + 1];
    }
    x = fvi_emit_pad(site->b, x, lo, hi, FVI_PAD_CONSTANT, 0);
    const fvi_shape in = fvi_build_shape(site->b, x);
    fvi_shape split = {.ndim = in.ndim + n}, out = in;
    int perm[FVI_MAX_DIMS];
    if (x < 0) return;
    split.dim[0] = in.dim[0];
    for (int i = 0; i < n; i++) {
        if (in.dim[1 + i] % block[i]) {
            fvi_build_fail(site->b, FV_SHAPE,
                           "%" PRId64 " elements are not made of blocks of %" PRId64, in.dim[1 + i],
                           block[i]);
            return;
        }
        split.dim[1 + 2 * i] = out.dim[1 + i] = in.dim[1 + i] / block[i];
        split.dim[2 + 2 * i] = block[i];
        perm[i] = 2 + 2 * i;
        perm[n + 1 + i] = 1 + 2 * i;
    }
    perm[n] = 0;
    for (int i = 1 + n; i < in.ndim; i++) {
        split.dim[n + i] = in.dim[i];
        perm[n + i] = n + i;
    }
    if (fvi_mul(in.dim[0], product(block, n), &out.dim[0]) < 0) return;
    const int v = fvi_emit_transpose(site->b, fvi_emit_reshape(site->b, x, &split), perm);
    fvi_site_out(site, 0, fvi_emit_reshape(site->b, v, &out));
}

/* [b.. n][s..][rest] -> [b..][n][s..][rest] -> [n][s b..][rest], cropped */
static int from_batch(fvi_site *site) {
    int64_t block[BLOCK_AXES], crops[2 * BLOCK_AXES];
    int64_t lo[FVI_MAX_DIMS] = {0}, hi[FVI_MAX_DIMS] = {0};
    const int x = fvi_tf_plain(site, 0);
    const fvi_shape in = fvi_build_shape(site->b, x);
    const int n = blocks(site, in.ndim, "crops", block, crops);
    if (!n) return -1;
    const int64_t all = product(block, n);
    fvi_shape split = {.ndim = in.ndim + n}, out = in;
    int perm[FVI_MAX_DIMS] = {n};
    if (in.dim[0] % all) {
        fvi_build_fail(site->b, FV_SHAPE, "%" PRId64 " samples are not made of blocks of %" PRId64,
                       in.dim[0], all);
        return -1;
    }
    split.dim[n] = out.dim[0] = in.dim[0] / all;
    for (int i = 0; i < n; i++) {
        split.dim[i] = block[i];
        split.dim[n + 1 + i] = in.dim[1 + i];
        perm[1 + 2 * i] = n + 1 + i;
        perm[2 + 2 * i] = i;
        if (fvi_mul(in.dim[1 + i], block[i], &out.dim[1 + i]) < 0) return -1;
        lo[1 + i] = -crops[2 * i];
        hi[1 + i] = -crops[2 * i + 1];
    }
    for (int i = 1 + n; i < in.ndim; i++) {
        split.dim[n + i] = in.dim[i];
        perm[n + i] = n + i;
    }
    int v = fvi_emit_transpose(site->b, fvi_emit_reshape(site->b, x, &split), perm);
    v = fvi_emit_reshape(site->b, v, &out);
    return fvi_emit_pad(site->b, v, lo, hi, FVI_PAD_CONSTANT, 0);
}

void fvi_tf_batch_to_space(fvi_site *site) {
    int v = fvi_tf_atrous(site);
    if (v < 0 && !site->b->status) v = from_batch(site);
    fvi_site_out(site, 0, v);
}
