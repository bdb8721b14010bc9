/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that choose, repeat or add elements. Source: keras/src/ops/core.py, numpy.py;
 * tensorflow/python/ops/array_ops.py. */
#include <string.h>

#include "graph/const.h"
#include "model/keras/arguments.h"

#define PARTS_MAX 1024 /* of a value that is split or repeated by parts */

/* ---- x[...] --------------------------------------------------------------------------------- */

/* One element of a key. */
typedef struct key {
    enum { KEY_RANGE, KEY_NUMBER, KEY_NEW, KEY_REST } kind;
    JsonNode *start, *stop, *step;
} key;

static int read_key(JsonNode *node, key *k) {
    *k = (key){.kind = KEY_NEW};
    if (!node || JSON_NODE_HOLDS_NULL(node)) return 1;
    if (fvi_keras_is_number(node)) {
        k->kind = KEY_NUMBER;
        k->start = node;
        return 1;
    }
    if (!fvi_keras_is_object(node)) return 0;
    JsonObject *o = json_node_get_object(node);
    const char *name = fvi_keras_text(o, "class_name", "__slice__");
    if (!strcmp(name, "__ellipsis__")) return k->kind = KEY_REST, 1;
    if (strcmp(name, "__slice__") != 0) return 0;
    if (fvi_keras_object(o, "config")) o = fvi_keras_object(o, "config");
    k->kind = KEY_RANGE;
    k->start = fvi_keras_member(o, "start");
    k->stop = fvi_keras_member(o, "stop");
    k->step = fvi_keras_member(o, "step");
    return (!k->start || fvi_keras_is_number(k->start)) &&
           (!k->stop || fvi_keras_is_number(k->stop)) && (!k->step || fvi_keras_is_number(k->step));
}

static int64_t number_or(JsonNode *node, int64_t otherwise) {
    int64_t x;
    return node && fvi_keras_ints(node, &x, 1) == 1 ? x : otherwise;
}

/* The elements of axis i that a key chooses. */
static int choose(fvi_site *site, int v, int axis, const key *k) {
    const int64_t n = fvi_channels_shape(site, v).dim[axis];
    if (k->kind == KEY_NUMBER) {
        int64_t at = number_or(k->start, 0);
        return fvi_site_slice(site, v, axis, at < 0 ? at + n : at, 1, 1);
    }
    const int64_t step = number_or(k->step, 1);
    if (!step || step > FVI_MAX_ELEMENTS || step < -FVI_MAX_ELEMENTS) {
        fvi_build_fail(site->b, FV_FORMAT, "its step is %" PRId64, step);
        return -1;
    }
    int64_t from;
    const int64_t count =
        fvi_slice_range(n, number_or(k->start, step > 0 ? 0 : INT64_MAX),
                        number_or(k->stop, step > 0 ? INT64_MAX : INT64_MIN), step, &from);
    return count == n && step == 1 ? v : fvi_site_slice(site, v, axis, from, count, step);
}

/* How many axes of x the keys are for, without an ellipsis. */
static int count_axes(const key *keys, int n) {
    int axes = 0;
    for (int i = 0; i < n; i++) axes += keys[i].kind == KEY_RANGE || keys[i].kind == KEY_NUMBER;
    return axes;
}

static int read_keys(fvi_site *site, key *keys) {
    JsonNode *node = fvi_keras_argument(site, "key");
    JsonArray *a = fvi_keras_is_array(node) ? json_node_get_array(node) : NULL;
    const guint n = a ? json_array_get_length(a) : 1;
    int ok = n <= 2 * FVI_MAX_DIMS;
    for (guint i = 0; i < n && ok; i++)
        ok = read_key(a ? json_array_get_element(a, i) : node, &keys[i]);
    if (!ok)
        fvi_build_fail(site->b, FV_UNSUPPORTED,
                       "it chooses by more than numbers, slices, None and ...");
    return ok ? (int)n : 0;
}

/* What is done so far: axis `axis` of v is next, and `to` has the result's sizes. */
typedef struct chosen {
    int v, axis, changed;
    int rest; /* axes that an ellipsis, or the end, stands for; 0 when they are done */
    fvi_shape to;
} chosen;

static void apply_key(fvi_site *site, const key *k, chosen *c) {
    const int more = k->kind == KEY_REST ? c->rest : 1;
    if (c->to.ndim + more > FVI_MAX_DIMS) {
        fvi_build_fail(site->b, FV_UNSUPPORTED, "it makes too many axes");
        return;
    }
    if (k->kind == KEY_NEW) {
        c->to.dim[c->to.ndim++] = 1;
        c->changed = 1;
        return;
    }
    if (k->kind == KEY_REST) {
        const fvi_shape s = fvi_channels_shape(site, c->v);
        for (; c->rest > 0; c->rest--) c->to.dim[c->to.ndim++] = s.dim[c->axis++];
        return;
    }
    c->v = choose(site, c->v, c->axis, k);
    c->changed |= k->kind == KEY_NUMBER;
    if (c->v >= 0 && k->kind == KEY_RANGE)
        c->to.dim[c->to.ndim++] = fvi_channels_shape(site, c->v).dim[c->axis];
    c->axis++;
}

void fvi_keras_get_item(fvi_site *site) {
    key keys[2 * FVI_MAX_DIMS + 1];
    const int n = read_keys(site, keys);
    chosen c = {.v = fvi_keras_operand(site, "x", 1)};
    c.rest = fvi_build_shape(site->b, c.v).ndim - count_axes(keys, n);
    if (c.rest < 0) fvi_build_fail(site->b, FV_SHAPE, "it has %d axes too many", -c.rest);
    keys[n] = (key){.kind = KEY_REST};
    for (int i = 0; i <= n && !site->b->status; i++) apply_key(site, &keys[i], &c);
    if (!site->b->status)
        fvi_site_out(site, 0, c.changed ? fvi_site_reshape(site, c.v, &c.to) : c.v);
}

/* ---- parts ---------------------------------------------------------------------------------- */

static int axis_of(fvi_site *site, int x, int64_t usual) {
    return fvi_build_axis(site->b, fvi_keras_argument_int(site, "axis", usual),
                          fvi_build_shape(site->b, x).ndim);
}

/* The size of part i: equal parts, a list of sizes, or (not `sizes`) of where parts begin. */
static int64_t part_size(const int64_t *list, int n, int64_t i, int sizes, int64_t from,
                         int64_t size) {
    const int64_t end = i < n ? list[i] : size;
    if (!sizes) return end - from;
    return end < 0 ? size - from : end; /* TensorFlow's -1: the rest */
}

/* param: a list has sizes, not positions. */
void fvi_keras_split(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1), axis = axis_of(site, x, 0);
    int64_t *list = g_new0(int64_t, PARTS_MAX + 1), from = 0;
    const int n = fvi_keras_argument_ints(site, "parts", list, PARTS_MAX);
    const int equal = fvi_keras_is_number(fvi_keras_argument(site, "parts"));
    const int64_t size = x >= 0 ? fvi_channels_shape(site, x).dim[axis] : 0;
    if (n < 1 || (equal && (list[0] < 1 || size % list[0])))
        fvi_build_fail(site->b, FV_SHAPE, "%" PRId64 " elements cannot be split so", size);
    const int64_t each = equal && !site->b->status ? size / list[0] : 0;
    for (int i = 0; i < site->n_out && !site->b->status; i++) {
        const int64_t count = equal ? each : part_size(list, n, i, site->kind->param, from, size);
        fvi_site_out(site, i, fvi_site_slice(site, x, axis, from, count, 1));
        from += count;
    }
    g_free(list);
}

void fvi_keras_unstack(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1), axis = axis_of(site, x, 0);
    const fvi_shape s = fvi_channels_shape(site, x);
    fvi_shape to = {.ndim = s.ndim - 1};
    for (int k = 0; k < to.ndim; k++) to.dim[k] = s.dim[k + (k >= axis)];
    for (int i = 0; i < site->n_out && !site->b->status; i++)
        fvi_site_out(site, i, fvi_site_reshape(site, fvi_site_slice(site, x, axis, i, 1, 1), &to));
}

/* x `times` times along an axis. */
static int repeat_whole(fvi_site *site, int x, int axis, int64_t times) {
    if (times == 1 || x < 0) return x;
    if (times < 1 || times > PARTS_MAX) {
        fvi_build_fail(site->b, FV_UNSUPPORTED, "it repeats %" PRId64 " times; allowed: 1..%d",
                       times, PARTS_MAX);
        return -1;
    }
    int *in = g_new(int, times);
    for (int64_t i = 0; i < times; i++) in[i] = x;
    const int v = fvi_site_concat(site, axis, (int)times, in);
    g_free(in);
    return v;
}

void fvi_keras_tile(fvi_site *site) {
    int v = fvi_keras_operand(site, "x", 1);
    int64_t times[FVI_MAX_DIMS];
    const int ndim = fvi_build_shape(site->b, v).ndim;
    const int n = fvi_keras_argument_ints(site, "times", times, FVI_MAX_DIMS);
    if (n < 0 || n > ndim)
        fvi_build_fail(site->b, FV_UNSUPPORTED, "it repeats %d axes of %d", n, ndim);
    for (int i = 0; i < n && !site->b->status; i++)
        v = repeat_whole(site, v, ndim - n + i, times[i]);
    fvi_site_out(site, 0, v);
}

/* Each element so many times. */
void fvi_keras_repeat(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1), axis = axis_of(site, x, 0);
    const int64_t times = fvi_keras_argument_int(site, "times", 0);
    fvi_shape s = fvi_channels_shape(site, x), wide = {.ndim = s.ndim + 1};
    if (!fvi_keras_argument(site, "axis")) fvi_keras_refuse(site, "axis", "None");
    if (times < 1 || times > FVI_MAX_ELEMENTS || wide.ndim > FVI_MAX_DIMS)
        fvi_build_fail(site->b, FV_UNSUPPORTED, "it repeats %" PRId64 " times", times);
    if (site->b->status) return;
    for (int i = 0; i < wide.ndim; i++)
        wide.dim[i] = i <= axis ? s.dim[i] : i == axis + 1 ? 1 : s.dim[i - 1];
    int v = fvi_emit_reshape(site->b, fvi_channels_restore(site, x), &wide);
    wide.dim[axis + 1] = times;
    v = fvi_emit_expand(site->b, v, &wide);
    if (fvi_mul(s.dim[axis], times, &s.dim[axis]) < 0)
        fvi_build_fail(site->b, FV_SHAPE, "it repeats %" PRId64 " times", times);
    fvi_site_out(site, 0, fvi_emit_reshape(site->b, v, &s));
}

void fvi_keras_flip(fvi_site *site) {
    int v = fvi_keras_operand(site, "x", 1);
    const int ndim = fvi_build_shape(site->b, v).ndim;
    const unsigned axes = fvi_keras_argument_axes(site, "axis", ndim);
    for (int i = 0; i < ndim && !site->b->status; i++) {
        const int64_t n = fvi_channels_shape(site, v).dim[i];
        if (axes >> i & 1 && n > 1) v = fvi_site_slice(site, v, i, n - 1, n, -1);
    }
    fvi_site_out(site, 0, v);
}

/* One axis, or several of a list. */
void fvi_keras_roll(fvi_site *site) {
    int v = fvi_keras_operand(site, "x", 1);
    const int ndim = fvi_build_shape(site->b, v).ndim;
    int64_t shift[FVI_MAX_DIMS], axes[FVI_MAX_DIMS];
    const int n = fvi_keras_argument_ints(site, "axis", axes, FVI_MAX_DIMS);
    if (n < 1 || fvi_keras_argument_ints(site, "shift", shift, FVI_MAX_DIMS) != n)
        fvi_build_fail(site->b, FV_UNSUPPORTED, "its shifts are not one an axis");
    for (int i = 0; i < n && !site->b->status; i++) {
        const int axis = fvi_build_axis(site->b, axes[i], ndim);
        const int64_t size = fvi_channels_shape(site, v).dim[axis];
        const int64_t by = size ? (shift[i] % size + size) % size : 0;
        if (!by || site->b->status) continue;
        const int parts[] = {fvi_site_slice(site, v, axis, size - by, by, 1),
                             fvi_site_slice(site, v, axis, 0, size - by, 1)};
        v = fvi_site_concat(site, axis, 2, parts);
    }
    fvi_site_out(site, 0, v);
}

void fvi_keras_take(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1), axis = axis_of(site, x, 0);
    const int indices = fvi_keras_operand(site, "indices", 1);
    fvi_site_out(site, 0, fvi_site_gather(site, x, axis, indices));
}

void fvi_keras_pad_call(fvi_site *site) {
    const int x = fvi_keras_operand(site, "x", 1), ndim = fvi_build_shape(site->b, x).ndim;
    int64_t lo[FVI_MAX_DIMS] = {0}, hi[FVI_MAX_DIMS] = {0};
    JsonNode *node = fvi_keras_argument(site, "width");
    JsonArray *a = fvi_keras_is_array(node) ? json_node_get_array(node) : NULL;
    char *mode = g_ascii_strdown(fvi_keras_argument_text(site, "mode", "constant"), -1);
    fvi_pad_mode how = FVI_PAD_CONSTANT;
    if (!strcmp(mode, "reflect"))
        how = FVI_PAD_REFLECT;
    else if (!strcmp(mode, "edge"))
        how = FVI_PAD_EDGE;
    else if (!strcmp(mode, "wrap"))
        how = FVI_PAD_WRAP;
    else if (strcmp(mode, "constant") != 0)
        fvi_keras_refuse(site, "mode", mode);
    g_free(mode);
    int ok = a && fvi_keras_length(a) == (guint)ndim;
    for (int i = 0; i < ndim && ok; i++) {
        int64_t two[2];
        ok = fvi_keras_ints(json_array_get_element(a, (guint)i), two, 2) == 2 && two[0] >= 0 &&
             two[1] >= 0;
        lo[i] = ok ? two[0] : 0;
        hi[i] = ok ? two[1] : 0;
    }
    if (!ok) fvi_build_fail(site->b, FV_UNSUPPORTED, "its widths are not %d pairs", ndim);
    if (site->b->status) return;
    fvi_site_out(
        site, 0,
        fvi_site_pad(site, x, lo, hi, how, (float)fvi_keras_argument_real(site, "value", 0)));
}
