/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling of boxes of pictures. The boxes of a picture that are pooled alike are pooled together;
 * the groups' results stand one after the other, and are brought into the boxes' order by a GATHER.
 */
#include "model/onnx/operators/region/regions.h"

#include <string.h>

#include "graph/const.h"
#include "model/onnx/attribute.h"

int fvi_regions_init(fvi_regions *r, fvi_onnx_node *node, int64_t n, const int64_t *out) {
    char text[FVI_SHAPE_TEXT];
    *r = (fvi_regions){.node = node, .n = n, .x = fvi_onnx_need(node, 0)};
    r->shape = fvi_build_shape(node->b, r->x);
    r->scale = fvi_onnx_attr_float(node->proto, "spatial_scale", 1);
    if (node->b->status) return 0;
    if (r->shape.ndim != 4 || !fvi_shape_count(&r->shape)) {
        fvi_build_fail(node->b, FV_SHAPE, "its input is %s; allowed: NxCxHxW",
                       fvi_shape_text(&r->shape, text));
        return 0;
    }
    for (int i = 0; i < 2; i++) {
        r->out[i] = out[i];
        if (out[i] >= 1 && out[i] <= FVI_REGION_MAX) continue;
        fvi_build_fail(node->b, FV_SHAPE, "its output has %" PRId64 " %s; allowed: 1 to %d", out[i],
                       i ? "columns" : "rows", FVI_REGION_MAX);
        return 0;
    }
    if (!fvi_build_charge(node->b, 8 * n)) return 0;
    r->of = g_try_new0(fvi_region, (gsize)n + 1);
    if (!r->of) fvi_build_nomem(node->b);
    return r->of != NULL;
}

void fvi_regions_free(fvi_regions *r) {
    g_free(r->of);
    r->of = NULL;
}

int fvi_regions_picture(fvi_regions *r, int64_t i, int input, int64_t picture) {
    r->of[i].picture = picture;
    if (picture >= 0 && picture < r->shape.dim[0]) return 1;
    fvi_build_fail(r->node->b, FV_SHAPE, "\"%s\" has picture %" PRId64 "; allowed: 0 to %" PRId64,
                   r->node->proto->input[input], picture, r->shape.dim[0] - 1);
    return 0;
}

/* The boxes from order[0] on that are like box `first`, which are put there; returns how many. */
static int64_t collect(const fvi_regions *r, int64_t first, uint8_t *done, int64_t *order) {
    int64_t n = 0;
    for (int64_t i = first; i < r->n; i++) {
        if (done[i] || memcmp(&r->of[i], &r->of[first], sizeof *r->of) != 0) continue;
        done[i] = 1;
        order[n++] = i;
    }
    return n;
}

/* Rows of v, which are the boxes order[0..], in the boxes' order. */
static int reorder(fvi_regions *r, int v, const int64_t *order) {
    uint8_t *data;
    fvi_shape s = fvi_build_shape(r->node->b, v);
    const int at = fvi_emit_constant(r->node->b, FVI_I64, &(fvi_shape){1, {r->n}}, &data);
    if (r->node->b->status) return -1;
    for (int64_t i = 0; i < r->n; i++) fvi_put_int(FVI_I64, data, order[i], i);
    return fvi_emit(r->node->b, FVI_GATHER, &(fvi_node_attr){.axis = {0}}, &s, 2, (int[]){v, at});
}

int fvi_regions_pool(fvi_regions *r, int (*pool)(void *user, const fvi_region_group *g),
                     void *user) {
    fvi_builder *b = r->node->b;
    const fvi_shape shape = {4, {r->n, r->shape.dim[1], r->out[0], r->out[1]}};
    uint8_t *done = g_try_malloc0((gsize)r->n + 1);
    int64_t *order = g_try_new(int64_t, (gsize)r->n + 1), n = 0;
    GArray *parts = g_array_new(FALSE, FALSE, sizeof(int));
    int v = -1;
    if (!done || !order) fvi_build_nomem(b);
    if (!r->n) v = fvi_emit_expand(b, fvi_emit_scalar(b, FVI_F32, 0), &shape);
    for (int64_t i = 0; i < r->n && !b->status; i++) {
        if (done[i] || !fvi_build_charge(b, r->n - i)) continue;
        const fvi_region_group g = {r->of[i], order + n, collect(r, i, done, order + n)};
        const int part = pool(user, &g);
        g_array_append_val(parts, part);
        n += g.n;
    }
    if (!b->status && r->n) {
        v = fvi_emit_concat(b, 0, (int)parts->len, (const int *)(const void *)parts->data);
        if (parts->len > 1) v = reorder(r, v, order);
    }
    g_array_unref(parts);
    g_free(order);
    g_free(done);
    return v;
}

int fvi_regions_view(fvi_regions *r, const fvi_region_group *g) {
    if (r->shape.dim[0] == 1) return r->x;
    return fvi_emit_slice(r->node->b, r->x, 0, g->of.picture, 1);
}

int fvi_regions_boxes_first(fvi_regions *r, const fvi_region_group *g, int v) {
    const fvi_shape s = {4, {r->shape.dim[1], g->n, r->out[0], r->out[1]}};
    return fvi_emit_transpose(r->node->b, fvi_emit_reshape(r->node->b, v, &s), (int[]){1, 0, 2, 3});
}

int fvi_regions_largest(fvi_regions *r, const fvi_region_group *g, int at, int weight,
                        int64_t count) {
    fvi_builder *b = r->node->b;
    const int64_t c = r->shape.dim[1], bins = g->n * r->out[0] * r->out[1];
    const int64_t cells = r->shape.dim[2] * r->shape.dim[3];
    int v = fvi_emit_reshape(b, fvi_regions_view(r, g), &(fvi_shape){2, {c, cells}});
    if (b->status) return -1;
    v = fvi_emit(b, FVI_GATHER, &(fvi_node_attr){.axis = {1}}, &(fvi_shape){2, {c, bins * count}},
                 2, (int[]){v, at});
    if (weight >= 0) v = fvi_emit_binary(b, FVI_MUL, v, weight);
    v = fvi_emit_reshape(b, v, &(fvi_shape){3, {c, bins, count}});
    return fvi_regions_boxes_first(r, g, fvi_emit_reduce(b, FVI_REDUCE_MAX, 1u << 2, 0, v));
}
