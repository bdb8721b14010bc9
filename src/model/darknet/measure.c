/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes and weights of Darknet's layers. The file of the weights is numbers only, one layer behind
 * the other, so that how many a layer has follows from the sizes of all before it: behind a layer
 * that is not known no weights can be found.
 *
 * Its head is three integers (major, minor, revision) and how many pictures it has seen: an integer
 * of 4 bytes, of 8 from version 0.2 on. A layer has its biases (or shifts) first, with batch
 * normalisation the scales, means and variances, and then its weights, [out][in][y][x].
 * Source: parser.c of Darknet (load_weights_upto, load_convolutional_weights, ...).
 */
#include "model/darknet/measure.h"

#include <math.h>
#include <string.h>

#include "graph/build/window.h"
#include "graph/const.h"

static fvi_darknet_layer *layer(fvi_darknet *d, int index) { return &d->layers[index]; }

static void set_size(fvi_darknet *d, int index, int64_t c, int64_t h, int64_t w) {
    const fvi_shape s = {3, {c, h, w}};
    if (c < 1 || h < 1 || w < 1 || fvi_shape_count(&s) < 1)
        fvi_darknet_give_up(
            d, index,
            g_strdup_printf("its result would be %" PRId64 "x%" PRId64 "x%" PRId64, c, h, w));
    else
        layer(d, index)->out = (fvi_darknet_size){c, h, w};
}

/* A whole option from 1 to 2^24, or `usual`. */
static int64_t positive(fvi_darknet *d, int index, const char *key, int64_t usual) {
    fvi_darknet_layer *l = layer(d, index);
    const int64_t x = fvi_cfg_int(l->section, key, usual, &l->bad);
    if (x >= 1 && x <= FVI_WINDOW_MAX) return x;
    fvi_darknet_give_up(
        d, index,
        g_strdup_printf("its %s is %" PRId64 "; allowed: 1..%" PRId64, key, x, FVI_WINDOW_MAX));
    return 1;
}

/* ---- weights -------------------------------------------------------------------------------- */

/* The next numbers as a constant of that shape; NULL: there are no more, or they cannot be found.
 */
static fvi_const *take(fvi_darknet *d, int index, const fvi_shape *shape) {
    const int64_t count = fvi_shape_count(shape);
    const fvi_mapping *m = &d->file.weights;
    fvi_darknet_layer *l = layer(d, index);
    if (l->problem || l->unknown) return NULL;
    if (d->lost) {
        l->problem = d->lost;
        return NULL;
    }
    d->needed += count > 0 ? (uint64_t)count * 4 : 0;
    if (count < 1 || (uint64_t)count > (m->size - d->at) / 4) {
        d->lost = l->problem = "the file of its weights is too short";
        return NULL;
    }
    fvi_const *c = fvi_pool_alloc(d->file.list->pool, sizeof *c);
    if (c) *c = (fvi_const){.dtype = FVI_F32, .shape = *shape, .bytes = m->bytes + d->at};
    d->at += (size_t)count * 4;
    return c;
}

/* Scales, means and variances of n channels; Darknet divides by sqrt(variance) + 1e-6. */
static void take_norm(fvi_darknet *d, int index, int64_t n) {
    const fvi_shape row = {1, {n}};
    fvi_darknet_layer *l = layer(d, index);
    l->scales = take(d, index, &row);
    l->mean = take(d, index, &row);
    fvi_const *raw = take(d, index, &row);
    float *made = raw ? fvi_pool_array(d->file.list->pool, (size_t)n, sizeof *made) : NULL;
    for (int64_t i = 0; made && i < n; i++) {
        const double deviation = sqrt(fvi_const_at(raw, i)) + 1e-6;
        made[i] = (float)(deviation * deviation);
    }
    if (made) raw->bytes = (const uint8_t *)made;
    l->variance = raw;
}

static int has_norm(fvi_darknet_layer *l) {
    return fvi_cfg_int(l->section, "batch_normalize", 0, &l->bad) != 0;
}

/* ---- layers --------------------------------------------------------------------------------- */

int64_t fvi_darknet_padding(fvi_darknet_layer *l, int64_t size) {
    if (fvi_cfg_int(l->section, "pad", 0, &l->bad)) return size / 2;
    return fvi_cfg_int(l->section, "padding", 0, &l->bad);
}

/* Positions of a window; 0: none. */
static int64_t positions(int64_t in, int64_t padding, int64_t extent, int64_t stride) {
    return in + padding < extent ? 0 : (in + padding - extent) / stride + 1;
}

void fvi_darknet_measure_conv(fvi_darknet *d, int index) {
    fvi_darknet_layer *l = layer(d, index);
    const int64_t n = positive(d, index, "filters", 1), size = positive(d, index, "size", 1);
    const int64_t stride = positive(d, index, "stride", 1);
    const int64_t sx = positive(d, index, "stride_x", stride);
    const int64_t sy = positive(d, index, "stride_y", stride);
    const int64_t dilation = positive(d, index, "dilation", 1);
    const int64_t groups = positive(d, index, "groups", 1), pad = fvi_darknet_padding(l, size);
    const int64_t extent = (size - 1) * dilation + 1, both = 2 * pad * (pad > 0 ? dilation : 1);
    if (l->unknown) return;
    if (pad < 0 || pad > FVI_WINDOW_MAX || l->in.c % groups || n % groups) {
        fvi_darknet_give_up(d, index,
                            g_strdup_printf("%" PRId64 " channels become %" PRId64 " in %" PRId64
                                            " groups with a padding of %" PRId64,
                                            l->in.c, n, groups, pad));
        return;
    }
    set_size(d, index, n, positions(l->in.h, both, extent, sy),
             positions(l->in.w, both, extent, sx));
    l->biases = take(d, index, &(fvi_shape){1, {n}});
    if (has_norm(l)) take_norm(d, index, n);
    l->weights = take(d, index, &(fvi_shape){4, {n, l->in.c / groups, size, size}});
}

void fvi_darknet_measure_deconv(fvi_darknet *d, int index) {
    fvi_darknet_layer *l = layer(d, index);
    const int64_t n = positive(d, index, "filters", 1), size = positive(d, index, "size", 1);
    const int64_t stride = positive(d, index, "stride", 1), pad = fvi_darknet_padding(l, size);
    if (l->unknown) return;
    set_size(d, index, n, (l->in.h - 1) * stride + size - 2 * pad,
             (l->in.w - 1) * stride + size - 2 * pad);
    l->biases = take(d, index, &(fvi_shape){1, {n}});
    if (has_norm(l)) take_norm(d, index, n);
    l->weights = take(d, index, &(fvi_shape){4, {l->in.c, n, size, size}});
}

void fvi_darknet_measure_connected(fvi_darknet *d, int index) {
    fvi_darknet_layer *l = layer(d, index);
    const int64_t n = positive(d, index, "output", 1);
    if (l->unknown) return;
    set_size(d, index, n, 1, 1);
    l->biases = take(d, index, &(fvi_shape){1, {n}});
    l->weights = take(d, index, &(fvi_shape){2, {n, l->in.c * l->in.h * l->in.w}});
    if (has_norm(l)) take_norm(d, index, n);
}

void fvi_darknet_measure_batchnorm(fvi_darknet *d, int index) {
    fvi_darknet_layer *l = layer(d, index);
    l->out = l->in;
    take_norm(d, index, l->in.c);
}

void fvi_darknet_measure_maxpool(fvi_darknet *d, int index) {
    fvi_darknet_layer *l = layer(d, index);
    const int64_t stride = positive(d, index, "stride", 1);
    const int64_t size = positive(d, index, "size", stride);
    const int64_t sx = positive(d, index, "stride_x", stride);
    const int64_t sy = positive(d, index, "stride_y", stride);
    const int64_t pad = fvi_cfg_int(l->section, "padding", size - 1, &l->bad);
    if (l->unknown) return;
    set_size(d, index, l->in.c, positions(l->in.h, pad, size, sy),
             positions(l->in.w, pad, size, sx));
}

void fvi_darknet_measure_avgpool(fvi_darknet *d, int index) {
    set_size(d, index, layer(d, index)->in.c, 1, 1);
}

void fvi_darknet_measure_same(fvi_darknet *d, int index) {
    layer(d, index)->out = layer(d, index)->in;
}

/* The layer that `from` names, whose size must be known; -1 gives up. */
static int from_layer(fvi_darknet *d, int index) {
    fvi_darknet_layer *l = layer(d, index);
    const int64_t number = fvi_cfg_int(l->section, "from", 0, &l->bad);
    const int from = fvi_darknet_from(index, number);
    if (from < 0 || !fvi_cfg_text(l->section, "from", NULL))
        fvi_darknet_give_up(
            d, index,
            g_strdup_printf("its from is %" PRId64 ", which is no layer before it", number));
    else if (!layer(d, from)->out.c)
        fvi_darknet_give_up(d, index, g_strdup_printf("the size of layer %d is not known", from));
    else
        return from;
    return -1;
}

void fvi_darknet_measure_shortcut(fvi_darknet *d, int index) {
    fvi_darknet_layer *l = layer(d, index);
    const int from = from_layer(d, index);
    if (from < 0) return;
    const fvi_darknet_size other = layer(d, from)->out;
    l->out = l->in;
    if (other.h < l->in.h || other.w < l->in.w || other.h / l->in.h != other.w / l->in.w)
        fvi_darknet_give_up(
            d, index,
            g_strdup_printf("it adds %" PRId64 "x%" PRId64 "x%" PRId64 " of layer %d to %" PRId64
                            "x%" PRId64 "x%" PRId64 "; height and width may be equal, or as many "
                            "times as large for both",
                            other.c, other.h, other.w, from, l->in.c, l->in.h, l->in.w));
}

void fvi_darknet_measure_same_as_from(fvi_darknet *d, int index) {
    const int from = from_layer(d, index);
    if (from >= 0) layer(d, index)->out = layer(d, from)->out;
}

void fvi_darknet_measure_scale_channels(fvi_darknet *d, int index) {
    fvi_darknet_layer *l = layer(d, index);
    const int from = from_layer(d, index);
    if (from < 0) return;
    const fvi_darknet_size s = layer(d, from)->out;
    if (l->in.h != 1 || l->in.w != 1 || l->in.c != s.c)
        fvi_darknet_give_up(d, index,
                            g_strdup_printf("it has %" PRId64 "x%" PRId64 "x%" PRId64
                                            " scales for %" PRId64 " channels",
                                            l->in.c, l->in.h, l->in.w, s.c));
    else
        l->out = s;
}

void fvi_darknet_measure_route(fvi_darknet *d, int index) {
    fvi_darknet_layer *l = layer(d, index);
    int64_t numbers[FVI_ROUTE_MAX], c = 0;
    const int n = fvi_cfg_ints(l->section, "layers", numbers, FVI_ROUTE_MAX, &l->bad);
    const int64_t groups = positive(d, index, "groups", 1);
    fvi_darknet_size first = {0};
    for (int i = 0; i < n && !l->unknown; i++) {
        const int from = fvi_darknet_from(index, numbers[i]);
        const fvi_darknet_size s = from >= 0 ? layer(d, from)->out : (fvi_darknet_size){0};
        if (!i) first = s;
        if (!s.c || s.h != first.h || s.w != first.w)
            fvi_darknet_give_up(d, index,
                                g_strdup_printf("it joins layer %" PRId64 ", which %s", numbers[i],
                                                from < 0 ? "is none before it"
                                                : !s.c   ? "has no known size"
                                                         : "is of another size"));
        c += s.c / groups;
    }
    if (!l->unknown) set_size(d, index, c, first.h, first.w);
}

void fvi_darknet_measure_upsample(fvi_darknet *d, int index) {
    fvi_darknet_layer *l = layer(d, index);
    const int64_t stride = positive(d, index, "stride", 2);
    if (!l->unknown) set_size(d, index, l->in.c, l->in.h * stride, l->in.w * stride);
}

void fvi_darknet_measure_reorg(fvi_darknet *d, int index) {
    fvi_darknet_layer *l = layer(d, index);
    const int64_t s = positive(d, index, "stride", 1);
    const int reverse = fvi_cfg_int(l->section, "reverse", 0, &l->bad) != 0;
    if (l->unknown) return;
    if (reverse || l->in.h % s || l->in.w % s || l->in.c % (s * s))
        fvi_darknet_give_up(d, index,
                            g_strdup_printf("it takes %" PRId64 "x%" PRId64 "x%" PRId64
                                            " apart by %" PRId64 "%s",
                                            l->in.c, l->in.h, l->in.w, s,
                                            reverse ? " in reverse, which is not supported" : ""));
    else
        set_size(d, index, l->in.c * s * s, l->in.h / s, l->in.w / s);
}

void fvi_darknet_measure_crop(fvi_darknet *d, int index) {
    fvi_darknet_layer *l = layer(d, index);
    const int64_t h = positive(d, index, "crop_height", 1), w = positive(d, index, "crop_width", 1);
    if (l->unknown) return;
    if (h > l->in.h || w > l->in.w)
        fvi_darknet_give_up(d, index,
                            g_strdup_printf("it cuts %" PRId64 "x%" PRId64 " out of %" PRId64
                                            "x%" PRId64,
                                            h, w, l->in.h, l->in.w));
    else
        set_size(d, index, l->in.c, h, w);
}
