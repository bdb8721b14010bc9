/* SPDX-License-Identifier: Apache-2.0 */
/* param_laplacian: raw = sum over levels n of the parameters [channels][h / 2^n][w / 2^n] (at least
 * one pixel), enlarged to h x w. Level 0 comes first.
 *
 * Enlarging is bilinear with pixel 0 of a level on pixel 0 of the picture and the last one repeated
 * beyond it, as TensorFlow 1's resize_bilinear does for Lucid's laplacian_pyramid_image.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "graph/build/resize_kernel.h"
#include "signal/sample.h"
#include "vis/param/param_kind.h"

/* One level: its size, the index of its first parameter, and how the picture samples it. */
typedef struct level {
    int h, w;
    int64_t first;
    fvi_sampler sampler;
} level;

static level level_at(const fvi_param *p, int n) {
    level l = {.sampler = {.edge = FVI_EDGE_REPEAT, .side = 1}};
    for (int i = 0; i <= n; i++) {
        l.first += p->channels * (int64_t)l.h * l.w;
        l.h = p->h >> i > 0 ? p->h >> i : 1;
        l.w = p->w >> i > 0 ? p->w >> i : 1;
    }
    l.sampler.map.m[0] = (float)l.h / (float)p->h;
    l.sampler.map.m[4] = (float)l.w / (float)p->w;
    return l;
}

static fv_status laplacian_prepare(fvi_param *p, fv_error *err) {
    if (p->desc.levels < 1 || p->desc.levels > 10)
        return fvi_fail(err, FV_ARG, "a Laplacian parametrisation has %d levels; allowed: 1..10",
                        p->desc.levels);
    p->count = level_at(p, p->desc.levels).first;
    return fvi_param_room(p, p->pixels, &p->centred, err);
}

/* Adds sign times level n of the parameters, enlarged. */
static void add_level(fvi_param *p, const float *z, const level *l, float sign, float *raw) {
    fvi_sample(fvi_planes_view(p->channels, l->h, l->w, z + l->first), &l->sampler,
               fvi_planes_of(p->channels, p->h, p->w, p->centred));
    for (int64_t i = 0; i < p->pixels; i++) raw[i] += sign * p->centred[i];
}

static void laplacian_raw(fvi_param *p, const float *z, float *raw) {
    memcpy(raw, z, (size_t)p->pixels * sizeof *raw); /* level 0 is the picture's size */
    for (int n = 1; n < p->desc.levels; n++) {
        level l = level_at(p, n);
        add_level(p, z, &l, 1, raw);
    }
}

static void laplacian_adjoint(fvi_param *p, const float *z, float *draw, float *dz) {
    (void)z;
    memcpy(dz, draw, (size_t)p->pixels * sizeof *dz);
    for (int n = 1; n < p->desc.levels; n++) {
        level l = level_at(p, n);
        fvi_sample_adjoint(fvi_planes_of(p->channels, p->h, p->w, draw), &l.sampler,
                           fvi_planes_of(p->channels, l.h, l.w, dz + l.first));
    }
}

/* From the smallest level to the largest: each takes the mean, under its own bilinear weights, of
 * what the smaller ones left over; level 0 takes the rest, so the sum is the picture. */
static fv_status laplacian_invert(fvi_param *p, float *raw, float *z, fv_error *err) {
    float *weight = malloc((size_t)p->plane * 2 * sizeof *weight), *ones = weight + p->plane;
    if (!weight) return fvi_fail(err, FV_NOMEM, "no memory for a pyramid of %d x %d", p->h, p->w);
    for (int64_t i = 0; i < p->plane; i++) ones[i] = 1;
    for (int n = p->desc.levels - 1; n > 0; n--) {
        level l = level_at(p, n);
        int64_t plane = (int64_t)l.h * l.w;
        fvi_sample_adjoint(fvi_planes_of(1, p->h, p->w, ones), &l.sampler,
                           fvi_planes_of(1, l.h, l.w, weight));
        fvi_sample_adjoint(fvi_planes_of(p->channels, p->h, p->w, raw), &l.sampler,
                           fvi_planes_of(p->channels, l.h, l.w, z + l.first));
        for (int64_t i = 0; i < plane * p->channels; i++)
            z[l.first + i] /= weight[i % plane] > 0 ? weight[i % plane] : 1;
        add_level(p, z, &l, -1, raw);
    }
    memcpy(z, raw, (size_t)p->pixels * sizeof *z);
    free(weight);
    return FV_OK;
}

/* Level n of z [n_pictures][count], enlarged. */
static int emit_level(const fvi_param *p, fvi_builder *b, int64_t n_pictures, int z, int n) {
    const fvi_resize_rule rule = {.coordinates = FVI_ASYMMETRIC, .mode = FVI_RESIZE_LINEAR};
    const level l = level_at(p, n);
    const fvi_shape small = {4, {n_pictures, p->channels, l.h, l.w}};
    const fvi_shape whole = {4, {n_pictures, p->channels, p->h, p->w}};
    fvi_node_attr a = {.resize = {.extrapolation = 0}};
    const int part = fvi_emit_slice(b, z, 1, l.first, fvi_shape_product(&small, 1, 4));
    const int x = fvi_emit_reshape(b, part, &small);
    for (int i = 2; i < 4 && n > 0 && !b->status; i++)
        fvi_resize_kernel_fill(b, &rule, small.dim[i], whole.dim[i],
                               (double)whole.dim[i] / (double)small.dim[i], NULL,
                               &a.resize.axis[i]);
    return n > 0 ? fvi_emit(b, FVI_RESIZE, &a, &whole, 1, &x) : x;
}

static int laplacian_emit(const fvi_param *p, fvi_given_list *given, fvi_builder *b, int64_t n,
                          int z) {
    (void)given;
    int sum = emit_level(p, b, n, z, 0);
    for (int i = 1; i < p->desc.levels; i++)
        sum = fvi_emit_binary(b, FVI_ADD, sum, emit_level(p, b, n, z, i));
    return sum;
}

const fvi_param_entry fvi_param_laplacian = {.prepare = laplacian_prepare,
                                             .raw = laplacian_raw,
                                             .adjoint = laplacian_adjoint,
                                             .invert = laplacian_invert,
                                             .emit = laplacian_emit};
