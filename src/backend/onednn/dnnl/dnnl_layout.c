/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts.
 *
 * A layout is one oneDNN memory descriptor; plain row-major f32 is NULL. Layouts are compared by
 * what they mean, not by how they are written: each axis becomes a list of (count, stride) factors,
 * outermost first, without factors of count 1, neighbours merged if the outer stride is the inner
 * count times the inner stride. 1x8x1x1 in blocks of 8 channels is then the same as plain. A layout
 * that is not of the blocked kind (oneDNN has such formats for some weights) equals only itself.
 */
#include "backend/onednn/dnnl/dnnl_layout.h"

#include <stdlib.h>

#include "backend/onednn/dnnl/dnnl_engine_internal.h"
#include "base/error.h"

#define MAX_FACTORS (DNNL_MAX_NDIMS + 1)

/* ---- layouts: making and freeing ---- */

fvi_layout *fvi_layout_copy(const fvi_layout *l) {
    fvi_layout *copy = NULL;
    if (!l || fvi_md_copy(&copy, fvi_layout_md(l))) return NULL;
    return copy;
}

void fvi_layout_free(fvi_layout *l) {
    if (!l) return;
    fvi_md_clear(l);
    free(l);
}

fv_status fvi_layout_make(const fvi_layout *l, const fvi_shape *shape, fvi_layout **out,
                          fv_error *err) {
    dnnl_status_t st;
    if (l) {
        st = fvi_md_copy(out, fvi_layout_md(l));
    } else {
        int64_t strides[FVI_MAX_DIMS];
        fvi_shape_strides(shape, strides);
        st = fvi_md_strided(out, shape, dnnl_f32, strides);
    }
    return st ? fvi_dnnl_fail(err, st, "describing a tensor") : FV_OK;
}

/* ---- layouts: what they mean ---- */

/* The blocks of a layout of that shape; plain for NULL. 0, or -1 if it is not of that kind. */
static int blocks_of(const fvi_layout *l, const fvi_shape *shape, fvi_blocks *out) {
    if (l) return fvi_md_blocks(fvi_layout_md(l), out);
    *out = (fvi_blocks){.type = dnnl_f32, .ndim = shape->ndim};
    int64_t strides[FVI_MAX_DIMS];
    fvi_shape_strides(shape, strides);
    for (int i = 0; i < shape->ndim; i++) {
        out->dim[i] = out->padded[i] = shape->dim[i];
        out->stride[i] = strides[i];
    }
    return 0;
}

typedef struct factor {
    int64_t count, stride;
} factor;

/* Product of the inner blocks of one axis. */
static int64_t block_of(const fvi_blocks *b, int axis) {
    int64_t n = 1;
    for (int i = 0; i < b->n_inner; i++)
        if (b->block_dim[i] == axis) n *= b->block[i];
    return n;
}

/* The factors of one axis, outermost first; returns how many. */
static int factors_of(const fvi_blocks *b, int axis, factor out[MAX_FACTORS]) {
    factor all[MAX_FACTORS];
    int n = 0, m = 0;
    all[n++] = (factor){b->padded[axis] / block_of(b, axis), b->stride[axis]};
    for (int i = 0; i < b->n_inner; i++) {
        int64_t stride = 1;
        for (int j = i + 1; j < b->n_inner; j++) stride *= b->block[j];
        if (b->block_dim[i] == axis) all[n++] = (factor){b->block[i], stride};
    }
    for (int i = 0; i < n; i++) {
        if (all[i].count == 1) continue;
        if (m && out[m - 1].stride == all[i].count * all[i].stride) {
            out[m - 1].count *= all[i].count;
            out[m - 1].stride = all[i].stride;
        } else {
            out[m++] = all[i];
        }
    }
    return m;
}

/* Whether two layouts put every element of a tensor (and the padding) at the same address. */
static int blocks_equal(const fvi_blocks *a, const fvi_blocks *b) {
    if (a->ndim != b->ndim || a->type != b->type) return 0;
    for (int d = 0; d < a->ndim; d++) {
        factor fa[MAX_FACTORS], fb[MAX_FACTORS];
        if (a->dim[d] != b->dim[d] || a->padded[d] != b->padded[d]) return 0;
        int na = factors_of(a, d, fa), nb = factors_of(b, d, fb);
        if (na != nb) return 0;
        for (int i = 0; i < na; i++)
            if (fa[i].count != fb[i].count || fa[i].stride != fb[i].stride) return 0;
    }
    return 1;
}

static int64_t blocks_count(const fvi_blocks *b) {
    int64_t n = 1;
    for (int i = 0; i < b->ndim; i++) n *= b->padded[i];
    return n;
}

int fvi_layout_equal(const fvi_layout *a, const fvi_layout *b, const fvi_shape *shape) {
    if (a == b) return 1;
    fvi_blocks ba, bb;
    int bad = blocks_of(a, shape, &ba);
    bad |= blocks_of(b, shape, &bb);
    if (bad) return a && b && dnnl_memory_desc_equal(fvi_layout_md(a), fvi_layout_md(b)) != 0;
    return blocks_equal(&ba, &bb);
}

size_t fvi_layout_bytes(const fvi_layout *l, const fvi_shape *shape) {
    if (l) return dnnl_memory_desc_get_size(fvi_layout_md(l));
    int64_t n = fvi_shape_count(shape);
    return n < 0 ? 0 : (size_t)n * sizeof(float);
}

int fvi_layout_is_f32(const fvi_layout *l) {
    fvi_blocks b;
    return !l || fvi_md_blocks(fvi_layout_md(l), &b) || b.type == dnnl_f32;
}

int fvi_layout_is_dense(const fvi_layout *l, const fvi_shape *shape) {
    if (!l) return 1;
    fvi_blocks b = {0};
    if (fvi_md_blocks(fvi_layout_md(l), &b)) return 0;
    int64_t n = fvi_shape_count(shape);
    return blocks_count(&b) == n && fvi_layout_bytes(l, shape) == (size_t)n * sizeof(float);
}

int fvi_layout_channel_block(const fvi_layout *l, const fvi_shape *shape, int64_t *block,
                             int64_t *padded) {
    fvi_blocks b = {0};
    if (!l || fvi_md_blocks(fvi_layout_md(l), &b) || b.ndim != shape->ndim || b.ndim < 2) return 0;
    int64_t size = b.n_inner ? b.block[0] : b.dim[1], stride = size;
    if (b.n_inner > 1 || (b.n_inner ? b.block_dim[0] != 1 : b.stride[1] != 1)) return 0;
    for (int i = b.ndim - 1; i >= 0; i--) {
        int64_t count = i == 1 ? b.padded[1] / size : b.padded[i];
        if ((i != 1 && b.padded[i] != b.dim[i]) || (count > 1 && b.stride[i] != stride)) return 0;
        stride *= count;
    }
    *block = size;
    *padded = b.padded[1];
    return 1;
}

fv_status fvi_layout_blocked(const fvi_shape *shape, int64_t block, fvi_layout **out,
                             fv_error *err) {
    dnnl_status_t st = fvi_md_channel_blocked(out, shape, dnnl_f32, block);
    return st ? fvi_dnnl_fail(err, st, "describing a tensor") : FV_OK;
}

int64_t fvi_layout_cut(const fvi_layout *l, int axis) {
    fvi_blocks b = {0};
    if (!l) return 1;
    return fvi_md_blocks(fvi_layout_md(l), &b) ? 0 : block_of(&b, axis);
}

int64_t fvi_layout_part_offset(const fvi_layout *whole, const fvi_shape *shape,
                               const fvi_layout *part, const fvi_shape *part_shape, int axis,
                               int64_t offset) {
    fvi_blocks w, p;
    if (blocks_of(whole, shape, &w) || blocks_of(part, part_shape, &p) || w.ndim != p.ndim ||
        axis < 0 || axis >= w.ndim)
        return -1;
    int64_t block = block_of(&w, axis), n = p.dim[axis], step = w.stride[axis];
    int last = offset + n == w.dim[axis];
    if (offset % block || (n % block && !last)) return -1;
    /* The whole's blocks with the part's size: they must be the part's own layout, without gaps. */
    w.dim[axis] = n;
    w.padded[axis] = last ? w.padded[axis] - offset : n;
    if (!blocks_equal(&w, &p)) return -1;
    if (fvi_layout_bytes(part, part_shape) != (size_t)blocks_count(&p) * sizeof(float)) return -1;
    return offset / block * step * (int64_t)sizeof(float);
}

/* Order of the outer axes of `b`: order[0] has the largest stride. */
static void outer_order(const fvi_blocks *b, int order[DNNL_MAX_NDIMS]) {
    for (int i = 0; i < b->ndim; i++) {
        int j = i;
        for (; j > 0 && b->stride[order[j - 1]] < b->stride[i]; j--) order[j] = order[j - 1];
        order[j] = i;
    }
}

/* oneDNN makes blocked descriptors only from tags: nC..8c and nC..16c are those it uses for
 * activations; channels-last orders are given by strides. */
fvi_layout *fvi_layout_like(const fvi_layout *l, const fvi_shape *shape) {
    fvi_blocks b = {0};
    fvi_layout *out = NULL;
    if (!l || fvi_md_blocks(fvi_layout_md(l), &b) || b.ndim != shape->ndim) return NULL;
    if (b.n_inner == 0) {
        int order[DNNL_MAX_NDIMS];
        int64_t strides[FVI_MAX_DIMS] = {0}, n = 1;
        outer_order(&b, order);
        for (int i = b.ndim - 1; i >= 0; i--) {
            strides[order[i]] = n;
            n *= shape->dim[order[i]];
        }
        return fvi_md_strided(&out, shape, dnnl_f32, strides) ? NULL : out;
    }
    if (b.n_inner != 1 || b.block_dim[0] != 1) return NULL;
    if (fvi_md_channel_blocked(&out, shape, dnnl_f32, b.block[0])) return NULL;
    return out;
}
