/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a test of the ONNX backend suite.
 *
 * fovea computes with f32; integers and booleans are numbers known beforehand. So a test's inputs
 * are bound in up to three ways (node_run.h), and an output that folded is compared as it is, type
 * included. The tolerance is the suite's own (rtol 1e-3, atol 1e-7), plus 1e-6 of the largest
 * number for sums that cancel. Where a test has gradients, they are compared too.
 */
#include "node_run.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#include "backend/onednn/plan.h"
#include "backend/onednn/schedule/weight_cache.h"
#include "graph/const.h"
#include "node_case.h"

/* What one attempt works with. */
typedef struct attempt {
    const node_case *test;
    const node_data *data;
    fvi_dnnl_engine *backend;
    node_binding binding;
} attempt;

int node_close(const double *got, const double *wanted, int64_t count, char *text) {
    double top = 0, worst = 0;
    int64_t at = -1;
    for (int64_t i = 0; i < count; i++)
        if (isfinite(wanted[i])) top = fmax(top, fabs(wanted[i]));
    for (int64_t i = 0; i < count; i++) {
        if (isnan(wanted[i]) ? isnan(got[i]) : got[i] == wanted[i]) continue;
        double allowed = 1e-3 * fabs(wanted[i]) + 1e-6 * top + 1e-7;
        double off = fabs(got[i] - wanted[i]) / allowed;
        if (!isfinite(wanted[i]) || !isfinite(got[i])) off = INFINITY;
        if (off > worst) worst = off, at = i;
    }
    if (worst <= 1) return 1;
    g_snprintf(text, 600,
               "element %" G_GINT64_FORMAT " is %.9g, not %.9g (%.3g times what is "
               "allowed)",
               at, got[at], wanted[at], worst);
    return 0;
}

static void refuse(node_result *r, node_verdict v, const char *text) {
    r->verdict = v;
    g_strlcpy(r->text, text, sizeof r->text);
}

static int same_shape(const fvi_shape *got, const fvi_shape *wanted, const char *name,
                      node_result *r) {
    if (fvi_shape_equal(got, wanted)) return 1;
    char a[FVI_SHAPE_TEXT], b[FVI_SHAPE_TEXT], text[256];
    g_snprintf(text, sizeof text, "output %s is %s, not %s", name, fvi_shape_text(got, a),
               fvi_shape_text(wanted, b));
    refuse(r, NODE_FAILED, text);
    return 0;
}

static void compare(const double *got, const fvi_const *wanted, const char *name, node_result *r) {
    int64_t n = fvi_shape_count(&wanted->shape);
    double *ref = g_new(double, n + 1);
    char text[600];
    for (int64_t i = 0; i < n; i++) ref[i] = fvi_const_at(wanted, i);
    if (!node_close(got, ref, n, text)) {
        r->verdict = NODE_FAILED;
        g_snprintf(r->text, sizeof r->text, "output %s: %s", name, text);
    }
    g_free(ref);
}

static void compare_constant(const fvi_const *got, const fvi_const *wanted, const char *name,
                             node_result *r) {
    if (!same_shape(&got->shape, &wanted->shape, name, r)) return;
    if (got->dtype != wanted->dtype) {
        char text[256];
        g_snprintf(text, sizeof text, "output %s is of type %d, not %d", name, (int)got->dtype,
                   (int)wanted->dtype);
        refuse(r, NODE_FAILED, text);
        return;
    }
    int64_t n = fvi_shape_count(&got->shape);
    double *a = g_new(double, n + 1);
    for (int64_t i = 0; i < n; i++) a[i] = fvi_const_at(got, i);
    compare(a, wanted, name, r);
    g_free(a);
}

static fv_status lower(const attempt *t, const char *const *names, int n, fvi_graph **out,
                       fv_error *err) {
    fvi_binding b[NODE_MAX_VALUES];
    for (int i = 0; i < t->data->inputs.count; i++) {
        const fvi_const *c = t->data->inputs.value[i];
        int fixed = c->dtype != FVI_F32 || t->binding == NODE_CONSTANT ||
                    (t->binding == NODE_PARAMETERS && i > 0);
        b[i] = (fvi_binding){t->data->inputs.name[i], c->shape, fixed ? c : NULL, 0, {0}};
    }
    const fvi_graph_request request = {b, t->data->inputs.count, names, n, 0, NULL};
    return fvi_model_file_lower(&t->test->onnx->file, NULL, &request, out, err);
}

static void set_inputs(const attempt *t, fvi_plan *p) {
    const fvi_graph *g = fvi_plan_graph(p);
    for (int k = 0; k < g->n_inputs; k++)
        for (int i = 0; i < t->data->inputs.count; i++) {
            const fvi_const *c = t->data->inputs.value[i];
            if (strcmp(g->values[g->inputs[k]].name, t->data->inputs.name[i]) != 0) continue;
            float *x = g_new(float, fvi_shape_count(&c->shape) + 1);
            fvi_const_to_f32(c, x);
            fvi_plan_set_input(p, k, x);
            g_free(x);
        }
}

/* ---- gradients ---- */

/* Value i of those with that name, or NULL. */
static const fvi_const *find_value(const node_values *values, const char *name) {
    for (int i = 0; i < values->count; i++)
        if (!strcmp(values->name[i], name)) return values->value[i];
    return NULL;
}

static void set_seeds(const attempt *t, fvi_plan *p) {
    const fvi_graph *g = fvi_plan_graph(p);
    for (int k = 0; k < g->n_outputs; k++) {
        const fvi_value *v = &g->values[g->outputs[k]];
        const fvi_const *c = find_value(&t->data->seeds, v->name);
        float *seed = g_new0(float, fvi_shape_count(&v->shape) + 1);
        if (c) fvi_const_to_f32(c, seed);
        fvi_plan_set_seed(p, k, seed);
        g_free(seed);
    }
}

/* Index among the graph's inputs, or -1. */
static int find_input(const fvi_graph *g, const char *name) {
    for (int k = 0; k < g->n_inputs; k++)
        if (!strcmp(g->values[g->inputs[k]].name, name)) return k;
    return -1;
}

/* Errors of a gradient are relative to its largest number. */
static void compare_gradient(fvi_plan *p, const char *name, const fvi_const *wanted,
                             node_result *r) {
    const int64_t n = fvi_shape_count(&wanted->shape);
    const int k = find_input(fvi_plan_graph(p), name);
    float *got = g_new0(float, n + 1);
    double top = 0;
    if (k >= 0) fvi_plan_get_gradient(p, k, got);
    for (int64_t i = 0; i < n; i++) top = fmax(top, fabs(fvi_const_at(wanted, i)));
    for (int64_t i = 0; i < n && r->verdict == NODE_PASSED; i++) {
        const double want = fvi_const_at(wanted, i);
        if (k >= 0 && fabs(got[i] - want) <= 2e-4 * top) continue;
        r->verdict = NODE_FAILED;
        g_snprintf(r->text, sizeof r->text,
                   "gradient at %s: element %" G_GINT64_FORMAT " is %.9g, not %.9g%s", name, i,
                   got[i], want, k < 0 ? " (it is no input at run time)" : "");
    }
    g_free(got);
}

static void compare_gradients(const attempt *t, fvi_plan *p, node_result *r) {
    const node_values *wanted = &t->data->gradients;
    fv_error err;
    if (!wanted->count) return;
    set_seeds(t, p);
    if (fvi_plan_backward(p, &err)) refuse(r, NODE_FAILED, err.text);
    for (int i = 0; i < wanted->count && r->verdict == NODE_PASSED; i++)
        compare_gradient(p, wanted->name[i], wanted->value[i], r);
}

/* Runs the graph (taken over) and compares its targets with the outputs of those indices. */
static void run_graph(const attempt *t, fvi_graph *graph, const int *which, node_result *r) {
    fvi_weight_cache *weights = fvi_weight_cache_new();
    fvi_plan *p = NULL;
    fv_error err;
    const int flags = t->data->gradients.count ? FVI_EXEC_BACKWARD : 0;
    fv_status st = fvi_plan_new(graph, flags, t->backend, weights, &p, &err);
    if (!st) {
        set_inputs(t, p);
        st = fvi_plan_forward(p, &err);
    }
    if (st) refuse(r, NODE_FAILED, err.text);
    for (int k = 0; !st && k < fvi_plan_graph(p)->n_outputs && r->verdict == NODE_PASSED; k++) {
        const fvi_graph *g = fvi_plan_graph(p);
        const fvi_const *wanted = t->data->outputs.value[which[k]];
        const char *name = t->data->outputs.name[which[k]];
        const fvi_shape *shape = &g->values[g->outputs[k]].shape;
        if (!same_shape(shape, &wanted->shape, name, r)) break;
        int64_t n = fvi_shape_count(shape);
        float *y = g_new(float, n + 1);
        double *yd = g_new(double, n + 1);
        fvi_plan_get_target(p, k, y);
        for (int64_t i = 0; i < n; i++) yd[i] = y[i];
        compare(yd, wanted, name, r);
        g_free(y);
        g_free(yd);
    }
    if (!st && r->verdict == NODE_PASSED) compare_gradients(t, p, r);
    fvi_plan_free(p);
    fvi_weight_cache_free(weights);
}

/* One way of binding; returns 0 when the next is to be tried. */
static int try_binding(const attempt *t, node_result *r) {
    fvi_graph *g = NULL;
    fv_error err;
    const char *names[NODE_MAX_VALUES];
    int which[NODE_MAX_VALUES], n = 0;
    r->binding = t->binding;
    fv_status st = lower(t, t->data->outputs.name, t->data->outputs.count, &g, &err);
    if (st) {
        refuse(r, st == FV_UNSUPPORTED ? NODE_REFUSED : NODE_FAILED, err.text);
        return st != FV_UNSUPPORTED;
    }
    r->verdict = NODE_PASSED;
    for (int k = 0; k < g->n_outputs && r->verdict == NODE_PASSED; k++) {
        const fvi_const *c = g->values[g->outputs[k]].constant;
        if (c) {
            compare_constant(c, t->data->outputs.value[k], t->data->outputs.name[k], r);
        } else {
            names[n] = t->data->outputs.name[k];
            which[n++] = k;
        }
    }
    int again = n > 0 && n < g->n_outputs; /* plans take only what runs */
    if (again || n == 0 || r->verdict != NODE_PASSED) {
        fvi_graph_free(g);
        g = NULL;
    }
    if (r->verdict != NODE_PASSED || n == 0) return 1;
    if (again && lower(t, names, n, &g, &err)) {
        refuse(r, NODE_FAILED, err.text);
        return 1;
    }
    run_graph(t, g, which, r);
    return 1;
}

/* Whether every output is a tensor (the suite also has sequences and optionals). */
static int all_tensors(const Onnx__GraphProto *g, node_result *r) {
    for (size_t i = 0; i < g->n_input + g->n_output; i++) {
        const Onnx__ValueInfoProto *v = i < g->n_input ? g->input[i] : g->output[i - g->n_input];
        if (v->type && v->type->tensor_type) continue;
        refuse(r, NODE_REFUSED, "an input or output is no tensor");
        return 0;
    }
    return 1;
}

void node_run(const char *folder, fvi_dnnl_engine *backend, node_result *out) {
    node_case c;
    fv_error err;
    *out = (node_result){.verdict = NODE_PASSED};
    fv_status st = node_case_open(folder, &c, &err);
    if (st) {
        refuse(out, st == FV_UNSUPPORTED ? NODE_REFUSED : NODE_FAILED, err.text);
        return;
    }
    if (!c.data_sets) refuse(out, NODE_FAILED, "no data set");
    for (int s = 0; s < c.data_sets && out->verdict == NODE_PASSED; s++) {
        node_data data;
        if (!all_tensors(c.proto->graph, out)) break;
        st = node_case_data(&c, s, &data, &err);
        if (st) refuse(out, st == FV_UNSUPPORTED ? NODE_REFUSED : NODE_FAILED, err.text);
        attempt t = {&c, &data, backend, NODE_RUNTIME};
        for (; !st && t.binding < NODE_BINDINGS; t.binding++)
            if (try_binding(&t, out)) break;
    }
    node_case_close(&c);
}
