/* SPDX-License-Identifier: Apache-2.0 */
/* Layers that only move, add or cut elements. Shapes of configurations have no samples. */
#include "model/keras/classes.h"

/* Where channels are second, Keras moves them last before. */
void fvi_keras_flatten(fvi_site *site) {
    int x = fvi_site_need(site, 0), perm[FVI_MAX_DIMS] = {0};
    fvi_shape s = fvi_channels_shape(site, x);
    fvi_keras_data_format(site);
    if (x < 0 || site->b->status) return;
    if (!site->channels_last && s.ndim > 2) {
        for (int i = 1; i < s.ndim; i++) perm[i] = i + 1 < s.ndim ? i + 1 : 1;
        x = fvi_site_transpose(site, x, perm);
        s = fvi_build_shape(site->b, x);
    }
    const fvi_shape flat = {2, {s.dim[0], fvi_shape_product(&s, 1, s.ndim)}};
    fvi_site_out(site, 0, fvi_site_reshape(site, x, &flat));
}

/* At most one size is -1, and follows from the others. */
void fvi_keras_reshape(fvi_site *site) {
    const int x = fvi_site_need(site, 0);
    const fvi_shape s = fvi_channels_shape(site, x);
    fvi_shape target, to = {0};
    int open = -1;
    if (x < 0) return;
    if (!fvi_keras_shape(fvi_keras_member(fvi_keras_of(site)->config, "target_shape"), &target) ||
        target.ndim >= FVI_MAX_DIMS) {
        fvi_build_fail(site->b, FV_FORMAT, "its target_shape is no shape");
        return;
    }
    int64_t rest = fvi_shape_product(&s, 1, s.ndim), known = 1;
    to = (fvi_shape){.ndim = target.ndim + 1, .dim = {s.dim[0]}};
    for (int i = 0; i < target.ndim; i++) {
        to.dim[i + 1] = target.dim[i];
        if (target.dim[i] < 0) open = i + 1;
        if (target.dim[i] >= 0 && fvi_mul(known, target.dim[i], &known) < 0) known = 0;
    }
    if (open > 0) to.dim[open] = known > 0 ? rest / known : 0;
    fvi_site_out(site, 0, fvi_site_reshape(site, x, &to));
}

void fvi_keras_permute(fvi_site *site) {
    const int x = fvi_site_need(site, 0), ndim = fvi_build_shape(site->b, x).ndim;
    int64_t dims[FVI_MAX_DIMS] = {0};
    int perm[FVI_MAX_DIMS] = {0};
    unsigned seen = 1;
    if (x < 0) return;
    if (!fvi_keras_sizes(fvi_keras_of(site)->config, "dims", ndim - 1, dims))
        fvi_build_fail(site->b, FV_FORMAT, "its dims are no %d numbers", ndim - 1);
    for (int i = 1; i < ndim && !site->b->status; i++) {
        if (dims[i - 1] < 1 || dims[i - 1] >= ndim || seen >> dims[i - 1] & 1)
            fvi_build_fail(site->b, FV_FORMAT, "its dims are no order of 1..%d", ndim - 1);
        perm[i] = (int)dims[i - 1];
        seen |= 1u << perm[i];
    }
    if (!site->b->status) fvi_site_out(site, 0, fvi_site_transpose(site, x, perm));
}

/* [n][c] as [n][times][c]. */
void fvi_keras_repeat_vector(fvi_site *site) {
    const int x = fvi_site_need(site, 0);
    const fvi_shape s = fvi_build_shape(site->b, x);
    const int64_t n = fvi_keras_int(fvi_keras_of(site)->config, "n", 0);
    if (!site->b->status && (s.ndim != 2 || n < 1))
        fvi_build_fail(site->b, FV_SHAPE, "it repeats %d axes %" PRId64 " times", s.ndim, n);
    const fvi_shape one = {3, {s.dim[0], 1, s.dim[1]}}, all = {3, {s.dim[0], n, s.dim[1]}};
    fvi_site_out(site, 0, fvi_emit_expand(site->b, fvi_emit_reshape(site->b, x, &one), &all));
}

/* Sizes before and after each of n axes: ((1, 2), (3, 4)), (1, 3) for both sides, or 1 for all. */
static int read_sides(JsonObject *config, const char *key, int n, int64_t *lo, int64_t *hi) {
    JsonNode *node = fvi_keras_member(config, key);
    JsonArray *a = fvi_keras_is_array(node) ? json_node_get_array(node) : NULL;
    int64_t two[2];
    if (n == 1 && a && fvi_keras_ints(node, two, 2) == 2) {
        lo[0] = two[0];
        hi[0] = two[1];
        return 1;
    }
    for (int i = 0; i < n; i++) {
        JsonNode *own = a && (guint)i < json_array_get_length(a)
                            ? json_array_get_element(a, (guint)i)
                        : a ? NULL
                            : node;
        if (fvi_keras_ints(own, two, 2) != 2) return 0;
        lo[i] = two[0];
        hi[i] = two[1];
    }
    return 1;
}

/* Pads, or with sign -1 cuts, the axes between samples and channels. */
static void change_sides(fvi_site *site, const char *key, int64_t usual, int sign) {
    JsonObject *config = fvi_keras_of(site)->config;
    const int n = site->kind->param, x = fvi_site_need(site, 0);
    int64_t lo[FVI_MAX_DIMS] = {0}, hi[FVI_MAX_DIMS] = {0};
    fvi_keras_data_format(site);
    int64_t *first_lo = lo + (site->channels_last ? 1 : 2);
    int64_t *first_hi = hi + (site->channels_last ? 1 : 2);
    if (!fvi_keras_member(config, key))
        for (int i = 0; i < n; i++) first_lo[i] = first_hi[i] = usual;
    else if (!read_sides(config, key, n, first_lo, first_hi))
        fvi_build_fail(site->b, FV_FORMAT, "its %s is no %d pairs of numbers", key, n);
    if (!site->b->status && fvi_build_shape(site->b, x).ndim != n + 2)
        fvi_build_fail(site->b, FV_SHAPE, "its input has %d axes; %d are needed",
                       fvi_build_shape(site->b, x).ndim, n + 2);
    for (int i = 0; i < FVI_MAX_DIMS && !site->b->status; i++) {
        if (lo[i] < 0 || hi[i] < 0 || lo[i] > FVI_MAX_ELEMENTS || hi[i] > FVI_MAX_ELEMENTS)
            fvi_build_fail(site->b, FV_SHAPE, "its %s is %" PRId64 ", %" PRId64, key, lo[i], hi[i]);
        lo[i] *= sign;
        hi[i] *= sign;
    }
    fvi_site_out(site, 0,
                 site->b->status ? -1 : fvi_site_pad(site, x, lo, hi, FVI_PAD_CONSTANT, 0));
}

void fvi_keras_zero_padding(fvi_site *site) { change_sides(site, "padding", 1, 1); }

void fvi_keras_cropping(fvi_site *site) { change_sides(site, "cropping", 0, -1); }
