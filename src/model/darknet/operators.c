/* SPDX-License-Identifier: Apache-2.0 */
/* Lowering Darknet's layers, as their forward functions compute them when not training. What is
 * made of a detector's numbers afterwards (boxes) is not part of the network. Source:
 * convolutional_layer.c, maxpool_layer.c, yolo_layer.c, region_layer.c, ... of Darknet.
 */
#include "model/darknet/operators.h"

#include <math.h>
#include <string.h>

#include "model/darknet/measure.h"

static fvi_darknet_layer *layer_of(const fvi_site *site) {
    return (fvi_darknet_layer *)(uintptr_t)site->op->detail; /* .bad is noted, and was before */
}

static int64_t option(const fvi_site *site, const char *key, int64_t otherwise) {
    const char *bad = NULL;
    return fvi_cfg_int(layer_of(site)->section, key, otherwise, &bad);
}

static double real_option(const fvi_site *site, const char *key, double otherwise) {
    const char *bad = NULL;
    return fvi_cfg_real(layer_of(site)->section, key, otherwise, &bad);
}

/* The layer's input; fails for what is known of the layer since the file was opened. */
static int input(fvi_site *site) {
    const fvi_darknet_layer *l = layer_of(site);
    if (l->unknown) fvi_build_fail(site->b, FV_UNSUPPORTED, "%s", l->unknown);
    if (l->problem) fvi_build_fail(site->b, FV_UNSUPPORTED, "it has no weights: %s", l->problem);
    return fvi_site_need(site, 0);
}

/* ---- activations ---------------------------------------------------------------------------- */

static const struct {
    const char *name;
    fvi_unary f;
    float p, q;
} activations[] = {
    {"relu", FVI_RELU, 0, 0},
    {"leaky", FVI_LEAKY_RELU, 0.1f, 0},
    {"relie", FVI_LEAKY_RELU, 0.01f, 0},
    {"relu6", FVI_CLIP, 0, 6},
    {"logistic", FVI_SIGMOID, 0, 0},
    {"tanh", FVI_TANH, 0, 0},
    {"elu", FVI_ELU, 1, 0},
    {"selu", FVI_SELU, 1.6732f, 1.0507f},
    {"hardtan", FVI_CLIP, -1, 1},
    {"swish", FVI_SWISH, 1, 0},
    {"mish", FVI_MISH, 0, 0},
    {"gelu", FVI_GELU_TANH, 0, 0},
};

static int activate(fvi_site *site, int v, const char *usual) {
    const char *name = fvi_cfg_text(layer_of(site)->section, "activation", usual);
    if (!strcmp(name, "linear")) return v;
    for (size_t i = 0; i < G_N_ELEMENTS(activations); i++)
        if (!strcmp(activations[i].name, name))
            return fvi_emit_unary(site->b, activations[i].f, activations[i].p, activations[i].q, v);
    fvi_build_fail(site->b, FV_UNSUPPORTED, "its activation \"%s\" is not supported", name);
    return -1;
}

void fvi_darknet_lower_activation(fvi_site *site) {
    fvi_site_out(site, 0, activate(site, input(site), "linear"));
}

void fvi_darknet_lower_logistic(fvi_site *site) {
    fvi_site_out(site, 0, fvi_emit_unary(site->b, FVI_SIGMOID, 0, 0, input(site)));
}

void fvi_darknet_lower_same(fvi_site *site) { fvi_site_out(site, 0, input(site)); }

/* ---- weights -------------------------------------------------------------------------------- */

static int constant(fvi_site *site, const fvi_const *c) {
    return c ? fvi_site_constant(site, c) : -1;
}

static fvi_window window(int64_t x, int64_t y) {
    return (fvi_window){.n = 2, .groups = 1, .stride = {y, x}, .dilation = {1, 1}};
}

/* Batch normalisation, whose shifts are the layer's biases, or none. */
static int normalise(fvi_site *site, int v) {
    const fvi_darknet_layer *l = layer_of(site);
    const fvi_statistics s = {
        .gamma = l->scales, .beta = l->biases, .mean = l->mean, .variance = l->variance};
    return fvi_site_batch_norm(site, v, 1, &s);
}

void fvi_darknet_lower_conv(fvi_site *site) {
    fvi_darknet_layer *l = layer_of(site);
    const int x = input(site);
    if (x < 0 || site->b->status) return;
    const int64_t stride = option(site, "stride", 1);
    fvi_window w = window(option(site, "stride_x", stride), option(site, "stride_y", stride));
    w.groups = option(site, "groups", 1);
    for (int i = 0; i < 2; i++) {
        w.dilation[i] = option(site, "dilation", 1);
        w.pad_lo[i] = w.pad_hi[i] =
            fvi_darknet_padding(l, l->weights->shape.dim[2]) * w.dilation[i];
    }
    const int bias = l->scales ? -1 : constant(site, l->biases);
    int v = fvi_site_conv(site, x, constant(site, l->weights), bias, &w, FVI_PADDING_EXPLICIT);
    if (l->scales) v = normalise(site, v);
    fvi_site_out(site, 0, activate(site, v, "logistic"));
}

void fvi_darknet_lower_deconv(fvi_site *site) {
    fvi_darknet_layer *l = layer_of(site);
    const int x = input(site);
    if (x < 0 || site->b->status) return;
    fvi_window w = window(option(site, "stride", 1), option(site, "stride", 1));
    for (int i = 0; i < 2; i++)
        w.pad_lo[i] = w.pad_hi[i] = fvi_darknet_padding(l, l->weights->shape.dim[2]);
    const int bias = l->scales ? -1 : constant(site, l->biases);
    int v = fvi_site_conv_transpose(site, x, constant(site, l->weights), bias, &w,
                                    FVI_PADDING_EXPLICIT, NULL);
    if (l->scales) v = normalise(site, v);
    fvi_site_out(site, 0, activate(site, v, "logistic"));
}

/* A value of [n][c] or [n][c][y][x] as [n][all]. */
static int flat(fvi_site *site, int v) {
    const fvi_shape s = fvi_build_shape(site->b, v);
    if (v < 0) return -1;
    return fvi_emit_reshape(site->b, v,
                            &(fvi_shape){2, {s.dim[0], fvi_shape_product(&s, 1, s.ndim)}});
}

void fvi_darknet_lower_connected(fvi_site *site) {
    const fvi_darknet_layer *l = layer_of(site);
    const int x = flat(site, input(site));
    if (x < 0 || site->b->status) return;
    const int bias = l->scales ? -1 : constant(site, l->biases);
    int v = fvi_site_dense(site, x, constant(site, l->weights), bias, 1);
    if (l->scales) v = normalise(site, v);
    fvi_site_out(site, 0, activate(site, v, "logistic"));
}

void fvi_darknet_lower_batchnorm(fvi_site *site) {
    fvi_site_out(site, 0, normalise(site, input(site)));
}

/* ---- pooling and sizes ---------------------------------------------------------------------- */

/* Half of the padding, rounded down, lies before. */
void fvi_darknet_lower_maxpool(fvi_site *site) {
    const int64_t stride = option(site, "stride", 1), size = option(site, "size", stride);
    const int64_t padding = option(site, "padding", size - 1);
    const int x = input(site);
    fvi_window w = window(option(site, "stride_x", stride), option(site, "stride_y", stride));
    for (int i = 0; i < 2; i++) {
        w.kernel[i] = size;
        w.pad_lo[i] = padding / 2;
        w.pad_hi[i] = padding - padding / 2;
    }
    fvi_site_out(site, 0, fvi_site_pool(site, FVI_MAX_POOL, x, &w, FVI_PADDING_EXPLICIT, 0));
}

void fvi_darknet_lower_avgpool(fvi_site *site) {
    fvi_site_out(site, 0, fvi_site_global_pool(site, FVI_AVERAGE_POOL, input(site), 1));
}

void fvi_darknet_lower_lrn(fvi_site *site) {
    const int x = input(site);
    const fvi_shape shape = fvi_build_shape(site->b, x);
    const int64_t size = option(site, "size", 5);
    /* Darknet's alpha is not divided by the size */
    const fvi_node_attr a = {.lrn = {size, (float)(real_option(site, "alpha", 1e-4) * (double)size),
                                     (float)real_option(site, "beta", 0.75),
                                     (float)real_option(site, "kappa", 1)}};
    if (x < 0 || site->b->status) return;
    if (size < 1 || size > FVI_WINDOW_MAX)
        fvi_build_fail(site->b, FV_SHAPE, "its size is %" PRId64 "; at least 1 is allowed", size);
    fvi_site_out(site, 0, fvi_emit(site->b, FVI_LRN, &a, &shape, 1, &x));
}

void fvi_darknet_lower_upsample(fvi_site *site) {
    static const fvi_resize_rule rule = {
        .coordinates = FVI_ASYMMETRIC, .mode = FVI_RESIZE_NEAREST, .nearest = FVI_ROUND_FLOOR};
    const int x = input(site);
    const fvi_shape s = fvi_build_shape(site->b, x);
    const int64_t stride = option(site, "stride", 2),
                  size[] = {s.dim[2] * stride, s.dim[3] * stride};
    const float scale = (float)real_option(site, "scale", 1);
    if (x < 0 || site->b->status) return;
    const int v = fvi_site_resize(site, x, &rule, size);
    fvi_site_out(site, 0, scale == 1 ? v : fvi_emit_unary(site->b, FVI_LINEAR, scale, 0, v));
}

/* The picture's centre, from -1 to 1 unless noadjust is 1. */
void fvi_darknet_lower_crop(fvi_site *site) {
    const fvi_darknet_layer *l = layer_of(site);
    int v = input(site);
    const fvi_shape s = fvi_build_shape(site->b, v);
    if (v < 0 || site->b->status) return;
    v = fvi_site_slice(site, v, 2, (s.dim[2] - l->out.h) / 2, l->out.h, 1);
    v = fvi_site_slice(site, v, 3, (s.dim[3] - l->out.w) / 2, l->out.w, 1);
    if (!option(site, "noadjust", 0)) v = fvi_emit_unary(site->b, FVI_LINEAR, 2, -1, v);
    fvi_site_out(site, 0, v);
}

/* Darknet reads the elements of x [c][h][w] as if they were [c / s^2][h s][w s] and takes those
 * apart into [s][s][c / s^2][h][w], which it then calls [c s^2][h / s][w / s]. */
void fvi_darknet_lower_reorg(fvi_site *site) {
    static const int perm[] = {0, 3, 5, 1, 2, 4};
    int v = input(site);
    const fvi_shape x = fvi_build_shape(site->b, v);
    const int64_t s = option(site, "stride", 1);
    if (v < 0 || site->b->status) return;
    const int64_t c = x.dim[1] / (s * s);
    v = fvi_emit_reshape(site->b, v, &(fvi_shape){6, {x.dim[0], c, x.dim[2], s, x.dim[3], s}});
    v = fvi_emit_transpose(site->b, v, perm);
    fvi_site_out(
        site, 0,
        fvi_emit_reshape(
            site->b, v, &(fvi_shape){4, {x.dim[0], x.dim[1] * s * s, x.dim[2] / s, x.dim[3] / s}}));
}

/* ---- several inputs ------------------------------------------------------------------------- */

/* Of each layer all channels, or one of several groups of them. */
void fvi_darknet_lower_route(fvi_site *site) {
    const int64_t groups = option(site, "groups", 1), id = option(site, "group_id", 0);
    int parts[FVI_ROUTE_MAX];
    input(site);
    for (int i = 0; i < site->n_in && !site->b->status; i++) {
        const int64_t c = fvi_build_shape(site->b, site->in[i]).dim[1];
        parts[i] = groups == 1
                       ? site->in[i]
                       : fvi_site_slice(site, site->in[i], 1, c / groups * id, c / groups, 1);
    }
    if (!site->b->status) fvi_site_out(site, 0, fvi_site_concat(site, 1, site->n_in, parts));
}

/* Every so many'th row and column of x, as many as `like` has; its first channels, and zeros for
 * those it does not have. */
static int made_alike(fvi_site *site, int x, const fvi_darknet_size *like) {
    const fvi_shape s = fvi_build_shape(site->b, x);
    if (x < 0 || site->b->status) return -1;
    const int64_t step = s.dim[2] / like->h, more = like->c - s.dim[1];
    if (step > 1 || s.dim[2] > like->h) x = fvi_site_slice(site, x, 2, 0, like->h, step);
    if (step > 1 || s.dim[3] > like->w) x = fvi_site_slice(site, x, 3, 0, like->w, step);
    if (!more) return x;
    return fvi_emit_pad(site->b, x, (int64_t[4]){0}, (int64_t[4]){0, more, 0, 0}, FVI_PAD_CONSTANT,
                        0);
}

/* The layer's input joined with that of `from`, which is made as large as `like` (NULL: it is).
 * What is known of the layer is said before the other input is asked for. */
static int joined(fvi_site *site, fvi_binary f, const fvi_darknet_size *like) {
    const int x = input(site);
    int other = x < 0 ? -1 : fvi_site_need(site, 1);
    if (like) other = made_alike(site, other, like);
    return activate(site, fvi_emit_binary(site->b, f, x, other), "linear");
}

void fvi_darknet_lower_shortcut(fvi_site *site) {
    fvi_site_out(site, 0, joined(site, FVI_ADD, &layer_of(site)->in));
}

void fvi_darknet_lower_scale_channels(fvi_site *site) {
    fvi_site_out(site, 0, joined(site, FVI_MUL, NULL));
}

void fvi_darknet_lower_sam(fvi_site *site) { fvi_site_out(site, 0, joined(site, FVI_MUL, NULL)); }

/* ---- ends ----------------------------------------------------------------------------------- */

/* Over all numbers, those of each of `groups` parts, or with spatial=1 the channels at each place.
 */
void fvi_darknet_lower_softmax(fvi_site *site) {
    const float heat = (float)real_option(site, "temperature", 1);
    const int64_t groups = option(site, "groups", 1);
    int v = input(site);
    const fvi_shape s = fvi_build_shape(site->b, v);
    if (v < 0 || site->b->status) return;
    const int64_t all = fvi_shape_product(&s, 1, s.ndim);
    if (!(heat > 0) || groups < 1 || all % groups)
        fvi_build_fail(site->b, FV_SHAPE,
                       "%" PRId64 " numbers in %" PRId64 " groups, at a temperature of %g", all,
                       groups, (double)heat);
    if (heat != 1) v = fvi_emit_unary(site->b, FVI_LINEAR, 1 / heat, 0, v);
    if (option(site, "spatial", 0)) {
        fvi_site_out(site, 0, fvi_site_softmax(site, v, 1, 0));
        return;
    }
    const fvi_shape parts = {3, {s.dim[0], groups, all / MAX(groups, 1)}},
                    row = {2, {s.dim[0], all}};
    v = fvi_emit_reshape(site->b, v, groups == 1 ? &row : &parts);
    v = fvi_site_softmax(site, v, -1, 0);
    fvi_site_out(site, 0, fvi_emit_reshape(site->b, v, &row));
}

/* The channels of a detector are [boxes][x y w h, whether there is a thing, classes..]. */
typedef struct boxes {
    int64_t n, classes, coords;
} boxes;

/* Some channels of one box. */
static int channels(fvi_site *site, int x, const boxes *b, int64_t box, int64_t from,
                    int64_t count) {
    return fvi_site_slice(site, x, 1, box * (b->coords + 1 + b->classes) + from, count, 1);
}

static int sigmoid(fvi_site *site, int v) { return fvi_emit_unary(site->b, FVI_SIGMOID, 0, 0, v); }

/* Fails unless x has that many channels. */
static int fits(fvi_site *site, int x, const boxes *b) {
    const fvi_shape s = fvi_build_shape(site->b, x);
    if (x < 0 || site->b->status) return 0;
    if (b->n >= 1 && b->n <= 16 && b->classes >= 1 && b->coords >= 3 && s.ndim == 4 &&
        s.dim[1] == b->n * (b->coords + 1 + b->classes))
        return 1;
    fvi_build_fail(site->b, FV_SHAPE,
                   "%" PRId64 " boxes of %" PRId64 " numbers and %" PRId64
                   " classes do not fit %" PRId64 " channels",
                   b->n, b->coords, b->classes, s.dim[1]);
    return 0;
}

/* The place of each box, whether there is a thing, and the classes are logistic. */
void fvi_darknet_lower_yolo(fvi_site *site) {
    int64_t mask[16];
    const char *bad = NULL;
    const int n = fvi_cfg_ints(layer_of(site)->section, "mask", mask, 16, &bad);
    const boxes b = {n ? n : option(site, "num", 1), option(site, "classes", 20), 4};
    const double scale = real_option(site, "scale_x_y", 1);
    const int x = input(site);
    int parts[48];
    if (!fits(site, x, &b)) return;
    for (int64_t i = 0; i < b.n; i++) {
        int place = sigmoid(site, channels(site, x, &b, i, 0, 2));
        if (scale != 1)
            place = fvi_emit_unary(site->b, FVI_LINEAR, (float)scale, (float)(-0.5 * (scale - 1)),
                                   place);
        parts[3 * i] = place;
        parts[3 * i + 1] = channels(site, x, &b, i, 2, 2);
        parts[3 * i + 2] = sigmoid(site, channels(site, x, &b, i, 4, 1 + b.classes));
    }
    fvi_site_out(site, 0, fvi_site_concat(site, 1, (int)(3 * b.n), parts));
}

/* The same, but the classes are a softmax if the section says so. */
void fvi_darknet_lower_region(fvi_site *site) {
    const boxes b = {option(site, "num", 1), option(site, "classes", 20),
                     option(site, "coords", 4)};
    const int x = input(site), soft = option(site, "softmax", 0) != 0;
    int parts[64];
    if (!fits(site, x, &b)) return;
    for (int64_t i = 0; i < b.n && !site->b->status; i++) {
        int *p = parts + 4 * i;
        p[0] = sigmoid(site, channels(site, x, &b, i, 0, 2));
        p[1] = channels(site, x, &b, i, 2, b.coords - 2);
        p[2] = sigmoid(site, channels(site, x, &b, i, b.coords, 1));
        p[3] = channels(site, x, &b, i, b.coords + 1, b.classes);
        if (soft) p[3] = fvi_site_softmax(site, p[3], 1, 0);
    }
    fvi_site_out(site, 0, fvi_site_concat(site, 1, (int)(4 * b.n), parts));
}
