/* SPDX-License-Identifier: Apache-2.0 */
/* Reading one ONNX node: its inputs, and its parameters wherever that opset keeps them. Everything
 * comes from a file, so everything is checked, and what is wrong is named with the node. */
#include "model/onnx/node.h"

#include <string.h>

#include "graph/build/evaluate.h"
#include "graph/const.h"
#include "model/onnx/attribute.h"

/* -1 when absent. */
int fvi_onnx_in(fvi_onnx_node *node, int i) { return i >= 0 && i < node->n_in ? node->in[i] : -1; }

int fvi_onnx_need(fvi_onnx_node *node, int i) {
    int v = fvi_onnx_in(node, i);
    if (v < 0) fvi_build_fail(node->b, FV_FORMAT, "input %d is missing", i);
    return v;
}

int fvi_onnx_wants(const fvi_onnx_node *node, int i) {
    const fvi_scope *scope = node->scope;
    const char *name = i < node->n_out ? node->proto->output[i] : "";
    if (scope->given && g_hash_table_contains(scope->given, name)) return 0;
    return name[0] && g_hash_table_contains(scope->needed, name);
}

int fvi_onnx_is_asked(const fvi_onnx_node *node, int i) {
    const fvi_graph_request *r = node->l->request;
    const Onnx__GraphProto *g = node->scope->graph;
    const char *name = i < node->n_out ? node->proto->output[i] : "";
    for (int k = 0; k < r->n_wanted; k++)
        if (!strcmp(r->wanted[k], name)) return 1;
    for (size_t k = 0; k < g->n_output && (!r->n_wanted || node->scope->outer); k++)
        if (!strcmp(g->output[k]->name, name)) return 1;
    return 0;
}

/* The numbers of input i, which is that constant from then on; NULL: absent, or failed. */
static const fvi_const *evaluated(fvi_onnx_node *node, int i, const char *what) {
    const int v = fvi_onnx_in(node, i);
    if (v < 0 || node->b->status) return NULL;
    node->in[i] = fvi_build_evaluate(node->b, v, what);
    return fvi_build_const(node->b, node->in[i]);
}

const fvi_const *fvi_onnx_deciding(fvi_onnx_node *node, int i, const char *what) {
    const int v = fvi_onnx_in(node, i);
    if (v < 0 || node->b->status) return NULL;
    if (!node->b->runner && !fvi_build_const(node->b, v)) {
        const char *name = fvi_build_value(node->b, v)->v.name;
        fvi_build_fail(
            node->b, FV_UNSUPPORTED,
            "it chooses by the numbers of its %s, \"%s\", and the choice has no gradient; "
            "only `run` and `gradient` compute it: explain a layer before it, or name "
            "another output (--output-name)",
            what, name ? name : "?");
        return NULL;
    }
    return evaluated(node, i, what);
}

const fvi_const *fvi_onnx_fixed(fvi_onnx_node *node, int i, const char *what) {
    const int v = fvi_onnx_in(node, i);
    const int computed = v >= 0 && !node->b->status && !fvi_build_const(node->b, v);
    const fvi_const *c = evaluated(node, i, what);
    if (computed && c && !fvi_dtype_is_int(fvi_build_dtype(node->b, v)))
        fvi_build_freeze(node->b, v, what);
    return c;
}

int fvi_onnx_ints(fvi_onnx_node *node, const char *attr, int i, int64_t *out, int max) {
    const int64_t *ints = NULL;
    int n = attr ? fvi_onnx_attr_ints(node->proto, attr, &ints) : -1;
    const fvi_const *c = n < 0 ? fvi_onnx_fixed(node, i, attr) : NULL;
    if (node->b->status || (n < 0 && !c)) return -1;
    int64_t count = n >= 0 ? n : fvi_shape_count(&c->shape);
    if (count > max) {
        fvi_build_fail(node->b, FV_FORMAT, "%s has %" PRId64 " numbers; at most %d fit", attr,
                       count, max);
        return -1;
    }
    for (int64_t k = 0; k < count; k++) out[k] = c ? fvi_const_int(c, k) : ints[k];
    return (int)count;
}

/* The first element when it has several. */
double fvi_onnx_real(fvi_onnx_node *node, const char *attr, int i, double otherwise) {
    if (fvi_onnx_attr(node->proto, attr))
        return fvi_onnx_attr_float(node->proto, attr, (float)otherwise);
    const fvi_const *c = fvi_onnx_fixed(node, i, attr);
    return c && fvi_shape_count(&c->shape) > 0 ? fvi_const_at(c, 0) : otherwise;
}

fv_status fvi_onnx_fail_index(fvi_onnx_node *node, int i, int64_t index, int64_t n) {
    const char *name = i < node->n_in ? node->proto->input[i] : "?";
    if (n < 1)
        return fvi_build_fail(node->b, FV_SHAPE,
                              "\"%s\" has index %" PRId64 ", of an axis without elements", name,
                              index);
    return fvi_build_fail(node->b, FV_SHAPE,
                          "\"%s\" has index %" PRId64 "; allowed: %" PRId64 " to %" PRId64, name,
                          index, -n, n - 1);
}

unsigned fvi_onnx_axes(fvi_onnx_node *node, int i, int ndim, int *absent) {
    int64_t axes[FVI_MAX_DIMS];
    unsigned set = 0;
    int n = fvi_onnx_ints(node, "axes", i, axes, FVI_MAX_DIMS);
    *absent = n < 1;
    for (int k = 0; k < n; k++) set |= 1u << fvi_build_axis(node->b, axes[k], ndim);
    return set;
}

int fvi_onnx_choice(fvi_onnx_node *node, const char *attr, const char *const *choices) {
    for (int i = 0; choices[i]; i++)
        if (fvi_onnx_attr_is(node->proto, attr, choices[i], choices[0])) return i;
    char *list = g_strjoinv(", ", (char **)choices);
    fvi_build_fail(node->b, FV_FORMAT, "%s is none of %s", attr, list);
    g_free(list);
    return 0;
}

/* One attribute of a window: n numbers in lo..FVI_WINDOW_MAX, `otherwise` when absent. */
static void window_numbers(fvi_onnx_node *node, const char *attr, int n, int64_t lo,
                           int64_t otherwise, int64_t *out) {
    const int64_t *ints = NULL;
    int count = fvi_onnx_attr_ints(node->proto, attr, &ints);
    if (count == 0) count = -1;
    if (count > 0 && count != n) {
        fvi_build_fail(node->b, FV_FORMAT, "%s has %d numbers; %d are needed", attr, count, n);
        return;
    }
    for (int i = 0; i < n; i++) {
        out[i] = count < 0 ? otherwise : ints[i];
        if (out[i] < lo || out[i] > FVI_WINDOW_MAX)
            fvi_build_fail(node->b, FV_SHAPE, "%s is %" PRId64 "; allowed: %" PRId64 "..%" PRId64,
                           attr, out[i], lo, FVI_WINDOW_MAX);
    }
}

enum { NOTSET, SAME_UPPER, SAME_LOWER, VALID };

/* Everything but the padding that auto_pad makes; 0 when failed. */
static int read_window(fvi_onnx_node *node, const int64_t *kernel, fvi_window *w, int n) {
    int64_t pads[2 * FVI_MAX_SPATIAL] = {0};
    int named = fvi_onnx_attr(node->proto, "kernel_shape") != NULL;
    if (!kernel && !named) fvi_build_fail(node->b, FV_FORMAT, "kernel_shape is missing");
    window_numbers(node, "strides", n, 1, 1, w->stride);
    window_numbers(node, "dilations", n, 1, 1, w->dilation);
    window_numbers(node, "kernel_shape", n, 1, 1, w->kernel);
    window_numbers(node, "pads", 2 * n, 0, 0, pads);
    for (int i = 0; i < n && !node->b->status; i++) {
        w->pad_lo[i] = pads[i];
        w->pad_hi[i] = pads[n + i];
        if (!kernel) continue;
        if (named && kernel[i] != w->kernel[i])
            fvi_build_fail(node->b, FV_SHAPE,
                           "kernel_shape is %" PRId64 " but the weights have %" PRId64,
                           w->kernel[i], kernel[i]);
        w->kernel[i] = kernel[i];
        if (kernel[i] < 1 || kernel[i] > FVI_WINDOW_MAX)
            fvi_build_fail(node->b, FV_SHAPE, "its kernel is %" PRId64 "; allowed: 1..%" PRId64,
                           kernel[i], FVI_WINDOW_MAX);
    }
    return !node->b->status;
}

void fvi_onnx_window(fvi_onnx_node *node, const fvi_shape *x, const int64_t *kernel, fvi_window *w,
                     int64_t *out) {
    int n = x->ndim - 2, ceil_mode = fvi_onnx_attr_int(node->proto, "ceil_mode", 0) != 0;
    *w = (fvi_window){.n = n, .groups = 1};
    if (n < 1 || n > FVI_MAX_SPATIAL) {
        char text[FVI_SHAPE_TEXT];
        fvi_build_fail(node->b, n < 1 ? FV_SHAPE : FV_UNSUPPORTED,
                       "its input is %s; 1 to %d axes after batch and channels are supported",
                       fvi_shape_text(x, text), FVI_MAX_SPATIAL);
        return;
    }
    int mode =
        fvi_onnx_choice(node, "auto_pad",
                        (const char *const[]){"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", NULL});
    if (!read_window(node, kernel, w, n)) return;
    for (int i = 0; i < n; i++) {
        int64_t in = x->dim[2 + i];
        if (mode != NOTSET) w->pad_lo[i] = w->pad_hi[i] = 0;
        if (!out) continue;
        out[i] = mode == SAME_UPPER || mode == SAME_LOWER
                     ? fvi_window_same(in, w, i, mode == SAME_LOWER)
                     : fvi_window_positions(node->b, in, w, i, ceil_mode);
    }
}

fv_status fvi_onnx_out(fvi_onnx_node *node, int i, int v) {
    if (node->b->status || v < 0 || i >= node->n_out || !node->proto->output[i][0])
        return node->b->status;
    const char *name = node->proto->output[i];
    if (fvi_build_shape(node->b, v).ndim < 0) return fvi_build_blame(node->b, v);
    if (node->scope->outer) name = fvi_build_unique(node->b, name);
    if (!name) return fvi_build_nomem(node->b);
    v = fvi_emit_named(node->b, v, name);
    if (v >= 0) node->out[i] = v;
    return node->b->status;
}

fv_status fvi_onnx_out_as(fvi_onnx_node *node, int i, int v, fvi_dtype t) {
    if (fvi_onnx_out(node, i, v)) return node->b->status;
    const int named = i < node->n_out ? node->out[i] : -1; /* -1: nobody reads it */
    if (named >= 0 && !fvi_build_const(node->b, named)) fvi_build_value(node->b, named)->dtype = t;
    return FV_OK;
}
