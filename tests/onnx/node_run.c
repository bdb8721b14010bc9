/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a test of the ONNX backend suite.
 *
 * fovea computes with f32; integers and booleans are numbers known beforehand. So a test's inputs
 * are bound in up to three ways (node_run.h), and an output that folded is compared as it is, type
 * included. The tolerance is the suite's own (rtol 1e-3, atol 1e-7), plus 1e-6 of the largest
 * number for sums that cancel.
 */
#include "node_run.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#include "backend/onednn/plan.h"
#include "graph/const.h"
#include "node_case.h"
#include "backend/onednn/schedule/weight_cache.h"

/* What one attempt works with. */
typedef struct attempt {
    const node_case *test;
    const node_values *in, *wanted;
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
    for (int i = 0; i < t->in->count; i++) {
        const fvi_const *c = t->in->value[i];
        int fixed = c->dtype != FVI_F32 || t->binding == NODE_CONSTANT ||
                    (t->binding == NODE_PARAMETERS && i > 0);
        b[i] = (fvi_binding){t->in->name[i], c->shape, fixed ? c : NULL, 0};
    }
    const fvi_graph_request request = {b, t->in->count, names, n, 0, NULL};
    return fvi_model_file_lower(&t->test->onnx->file, NULL, &request, out, err);
}

static void set_inputs(const attempt *t, fvi_plan *p) {
    const fvi_graph *g = fvi_plan_graph(p);
    for (int k = 0; k < g->n_inputs; k++)
        for (int i = 0; i < t->in->count; i++) {
            const fvi_const *c = t->in->value[i];
            if (strcmp(g->values[g->inputs[k]].name, t->in->name[i]) != 0) continue;
            float *x = g_new(float, fvi_shape_count(&c->shape) + 1);
            fvi_const_to_f32(c, x);
            fvi_plan_set_input(p, k, x);
            g_free(x);
        }
}

/* Runs the graph (taken over) and compares its targets with the outputs of those indices. */
static void run_graph(const attempt *t, fvi_graph *graph, const int *which, node_result *r) {
    fvi_weight_cache *weights = fvi_weight_cache_new();
    fvi_plan *p = NULL;
    fv_error err;
    fv_status st = fvi_plan_new(graph, 0, t->backend, weights, &p, &err);
    if (!st) {
        set_inputs(t, p);
        st = fvi_plan_forward(p, &err);
    }
    if (st) refuse(r, NODE_FAILED, err.text);
    for (int k = 0; !st && k < fvi_plan_graph(p)->n_outputs && r->verdict == NODE_PASSED; k++) {
        const fvi_graph *g = fvi_plan_graph(p);
        const fvi_const *wanted = t->wanted->value[which[k]];
        const char *name = t->wanted->name[which[k]];
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
    fv_status st = lower(t, t->wanted->name, t->wanted->count, &g, &err);
    if (st) {
        refuse(r, st == FV_UNSUPPORTED ? NODE_REFUSED : NODE_FAILED, err.text);
        return st != FV_UNSUPPORTED;
    }
    r->verdict = NODE_PASSED;
    for (int k = 0; k < g->n_outputs && r->verdict == NODE_PASSED; k++) {
        const fvi_const *c = g->values[g->outputs[k]].constant;
        if (c) {
            compare_constant(c, t->wanted->value[k], t->wanted->name[k], r);
        } else {
            names[n] = t->wanted->name[k];
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
        node_values in, wanted;
        if (!all_tensors(c.proto->graph, out)) break;
        st = node_case_data(&c, s, &in, &wanted, &err);
        if (st) refuse(out, st == FV_UNSUPPORTED ? NODE_REFUSED : NODE_FAILED, err.text);
        attempt t = {&c, &in, &wanted, backend, NODE_RUNTIME};
        for (; !st && t.binding < NODE_BINDINGS; t.binding++)
            if (try_binding(&t, out)) break;
    }
    node_case_close(&c);
}
