/* SPDX-License-Identifier: Apache-2.0 */
/* harness: makes a graph of a case, runs it through a plan, and compares (harness.h says with
 * what).
 *
 * Data are random but fixed: stream 17, one unit an input or seed. A gradient is compared with
 *   (L(x + h) - L(x - h)) / 2h,   L = sum over targets of seed . value,   h = 1e-6,
 * L computed by the double-precision references of the whole chain. */
#include "harness.h"

#include <math.h>
#include <omp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/executable.h"
#include "backend/onednn/plan.h"
#include "backend/onednn/profile.h"
#include "backend/onednn/schedule/weight_cache.h"
#include "base/random.h"
#include "graph/const.h"
#include "reference.h"

#define MAX_TARGETS (1 + FVI_CASE_THEN)
#define MAX_VALUES  (4 * FVI_CASE_INPUTS + MAX_TARGETS)
#define CHECKED_MOST \
    400 /* elements of a gradient that are compared; fewer where tensors are large */
#define CHECKED_LEAST 60
#define CHECKED_WORK  4000000 /* elements of input and output per comparison, in all */
#define STEP          1e-6

/* One case made concrete: shapes and numbers, of the whole batch or of one sample. */
typedef struct problem {
    const fvi_case *c;
    int n_all, n_first;        /* inputs in all; of the first node */
    int n_nodes, first_target; /* nodes; targets are the outputs of first_target.. */
    int behind;                /* pictures come out of a convolution: behind_convolution */
    fvi_shape in[FVI_CASE_INPUTS], out;
    float *data[FVI_CASE_INPUTS]; /* NULL: absent */
    float *seed[MAX_TARGETS];
} problem;

/* What a plan gave. */
typedef struct result {
    float *value[MAX_TARGETS], *gradient[FVI_CASE_INPUTS];
} result;

static int fail(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static int fail(char *text, size_t size, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(text, size, format, args);
    va_end(args);
    return 1;
}

static void *need(size_t count, size_t size) {
    void *p = calloc(count ? count : 1, size);
    if (!p) abort();
    return p;
}

/* ---- data ---- */

static float draw(fvi_random *r, const fvi_case_input *in) {
    float lo = in->lo, hi = in->hi;
    if (lo == 0 && hi == 0) {
        lo = -1;
        hi = 1;
    }
    for (int tries = 0;; tries++) {
        float x = lo + (hi - lo) * fvi_random_uniform(r);
        int near = 0;
        for (int k = 0; k < in->n_away; k++) near |= fabsf(x - in->away[k]) < FVI_CASE_AWAY;
        if (!near || tries == 1000) return x;
    }
}

static float *input_data(const fvi_case_input *in, int unit) {
    if (in->how == FVI_IN_NONE) return NULL;
    int64_t n = fvi_ref_count(&in->shape);
    float *data = need((size_t)n, sizeof *data);
    fvi_random r = fvi_random_stream(17, (uint64_t)unit, 0, FVI_DRAW_START);
    for (int64_t i = 0; i < n; i++) {
        if (in->indices)
            data[i] = (float)in->indices[i];
        else
            data[i] = in->values ? in->values[i] : draw(&r, in);
    }
    return data;
}

static void problem_free(problem *p) {
    for (int i = 0; i < p->n_all; i++) free(p->data[i]);
    for (int t = 0; t < p->n_nodes; t++) free(p->seed[t]);
}

static int has_given_gradient(const fvi_case *c) {
    for (int i = 0; i < FVI_CASE_INPUTS; i++)
        if (c->in[i].gradient) return 1;
    return 0;
}

static problem problem_new(const fvi_case *c, int all_targets) {
    problem p = {.c = c, .n_nodes = 1 + c->n_then, .out = c->out};
    while (p.n_all < FVI_CASE_INPUTS && c->in[p.n_all].how != FVI_IN_END) p.n_all++;
    p.n_first = c->n_in ? c->n_in : p.n_all;
    p.first_target = all_targets ? 0 : c->n_then;
    for (int i = 0; i < p.n_all; i++) {
        p.in[i] = c->in[i].shape;
        p.data[i] = input_data(&c->in[i], i);
    }
    int64_t n = fvi_ref_count(&p.out);
    for (int t = 0; t < p.n_nodes; t++) {
        fvi_random r = fvi_random_stream(17, 100 + (uint64_t)t, 0, FVI_DRAW_START);
        p.seed[t] = need((size_t)n, sizeof(float));
        for (int64_t i = 0; i < n; i++)
            p.seed[t][i] = has_given_gradient(c) ? 1 : 2 * fvi_random_uniform(&r) - 1;
    }
    return p;
}

static int64_t batch_of(const fvi_case *c) {
    for (int i = 0; i < FVI_CASE_INPUTS; i++)
        if (c->in[i].how == FVI_IN_RUN) return c->in[i].shape.dim[0];
    return 1;
}

static int is_cut(const fvi_case *c, int i) {
    return c->in[i].how == FVI_IN_RUN && c->in[i].shape.ndim > 0 &&
           c->in[i].shape.dim[0] == batch_of(c);
}

static float *part_of(const float *all, int64_t n, int64_t from) {
    float *part = need((size_t)n, sizeof *part);
    memcpy(part, all + from, (size_t)n * sizeof *part);
    return part;
}

/* Sample k of the problem's batch, alone. */
static problem problem_sample(const problem *whole, int64_t k) {
    problem p = *whole;
    int64_t batch = batch_of(p.c);
    p.out.dim[0] /= batch;
    for (int i = 0; i < p.n_all; i++) {
        if (!p.data[i]) continue;
        if (is_cut(p.c, i)) p.in[i].dim[0] = 1;
        int64_t n = fvi_ref_count(&p.in[i]);
        p.data[i] = part_of(p.data[i], n, is_cut(p.c, i) ? k * n : 0);
    }
    int64_t n = fvi_ref_count(&p.out);
    for (int t = 0; t < p.n_nodes; t++) p.seed[t] = part_of(p.seed[t], n, k * n);
    return p;
}

/* ---- the reference of a chain ---- */

/* Second input of node k of the chain: an index into the inputs, or 0. */
static int other_of(const fvi_case *c, int k) { return k > 0 ? c->then[k - 1].other : 0; }

static fvi_node node_of(const fvi_case *c, int k, int n_first) {
    fvi_node n = {.kind = k ? c->then[k - 1].kind : c->kind,
                  .a = k ? c->then[k - 1].a : c->a,
                  .n_in = k ? 1 + (other_of(c, k) > 0) : n_first};
    return n;
}

/* Values of every node, [n_nodes][count of out], from the inputs in double. */
static void reference_run(const problem *p, double *const *x, double *value) {
    int64_t n = fvi_ref_count(&p->out);
    for (int k = 0; k < p->n_nodes; k++) {
        fvi_ref in[FVI_CASE_INPUTS] = {0}, out = {p->out, value + k * n};
        fvi_node node = node_of(p->c, k, p->n_first);
        for (int i = 0; i < p->n_first; i++) in[i] = (fvi_ref){p->in[i], x[i]};
        if (k) in[0] = (fvi_ref){p->out, value + (k - 1) * n};
        if (k && other_of(p->c, k)) {
            int o = other_of(p->c, k);
            in[1] = (fvi_ref){p->in[o], x[o]};
        }
        fvi_reference_of(node.kind)(&node, in, &out);
    }
}

static double objective(const problem *p, double *const *x, double *value) {
    int64_t n = fvi_ref_count(&p->out);
    double sum = 0;
    reference_run(p, x, value);
    for (int t = p->first_target; t < p->n_nodes; t++)
        for (int64_t i = 0; i < n; i++)
            if (p->seed[t][i] != 0) sum += p->seed[t][i] * value[t * n + i];
    return sum;
}

/* ---- the plan of a case ---- */

static void *pooled(fvi_pool *pool, const void *bytes, size_t size) {
    void *p = fvi_pool_alloc(pool, size ? size : 1);
    if (!p) abort();
    if (size) memcpy(p, bytes, size);
    return p;
}

static int new_value(fvi_graph *g, const char *name, const fvi_shape *shape, int producer) {
    g->values[g->n_values] = (fvi_value){name, *shape, producer, NULL, 0, 0};
    return g->n_values++;
}

static void set_constant(fvi_graph *g, int value, fvi_dtype type, const void *numbers) {
    const fvi_shape *shape = &g->values[value].shape;
    size_t bytes = (size_t)fvi_ref_count(shape) * fvi_dtype_size(type);
    fvi_const k = {type, *shape, pooled(g->pool, numbers, bytes), 0};
    g->values[value].constant = pooled(g->pool, &k, sizeof k);
}

/* Value i of the graph: an input, run-time or constant. */
static void graph_input(fvi_graph *g, const problem *p, int i) {
    const fvi_case_input *in = &p->c->in[i];
    int v = new_value(g, fvi_pool_printf(g->pool, "in%d", i), &p->in[i], -1);
    if (in->how == FVI_IN_RUN) g->inputs[g->n_inputs++] = v;
    if (in->how != FVI_IN_CONST) return;
    if (in->indices)
        set_constant(g, v, FVI_I64, in->indices);
    else
        set_constant(g, v, FVI_F32, p->data[i]);
}

/* One more node, of the kind and attributes of `like`.  returns its output */
static int new_node(fvi_graph *g, const fvi_node *like, int n_in, const int *in,
                    const fvi_shape *out) {
    int k = g->n_nodes++;
    fvi_node *n = &g->nodes[k];
    *n = *like;
    n->name = fvi_pool_printf(g->pool, "node%d", k);
    n->source_op = fvi_kind_name(n->kind);
    n->n_in = n_in;
    n->in = pooled(g->pool, in, (size_t)n_in * sizeof *in);
    n->out = new_value(g, fvi_pool_printf(g->pool, "out%d", k), out, k);
    return n->out;
}

int fvi_case_is_picture(const fvi_case_input *in) {
    if (in->how != FVI_IN_RUN || in->shape.ndim < 3 || in->shape.ndim > 5) return 0;
    for (int64_t i = 0; in->values && i < fvi_ref_count(&in->shape); i++)
        if (!isfinite(in->values[i])) return 0; /* 0 times it is not 0 */
    return in->shape.dim[1] > 1 && fvi_ref_count(&in->shape) > 0;
}

/* The same numbers, as a convolution leaves them in memory: value v through a convolution that is
 * the identity, and a pool of windows of one, so that nothing is fused into the convolution. */
static int behind_convolution(fvi_graph *g, int v) {
    const fvi_shape shape = g->values[v].shape;
    const int64_t c = shape.dim[1];
    fvi_shape kernel = {shape.ndim, {c, c, 1, 1, 1}};
    fvi_node n = {.kind = FVI_CONV, .a.window = {.n = shape.ndim - 2, .groups = 1}};
    for (int k = 0; k < n.a.window.n; k++)
        n.a.window.kernel[k] = n.a.window.stride[k] = n.a.window.dilation[k] = 1;
    float *identity = need((size_t)(c * c), sizeof *identity);
    for (int64_t k = 0; k < c; k++) identity[k * c + k] = 1;
    int in[] = {v, new_value(g, fvi_pool_printf(g->pool, "identity%d", v), &kernel, -1)};
    set_constant(g, in[1], FVI_F32, identity);
    free(identity);
    v = new_node(g, &n, 2, in, &shape);
    n.kind = FVI_MAX_POOL;
    return new_node(g, &n, 1, &v, &shape);
}

static fvi_graph *graph_new(const problem *p) {
    fvi_pool *pool = fvi_pool_new(0);
    fvi_graph *g = pool ? fvi_pool_alloc(pool, sizeof *g) : NULL;
    if (!g) abort();
    g->pool = pool;
    g->values = fvi_pool_array(pool, MAX_VALUES, sizeof *g->values);
    g->nodes = fvi_pool_array(pool, MAX_VALUES, sizeof *g->nodes);
    g->inputs = fvi_pool_array(pool, FVI_CASE_INPUTS, sizeof(int));
    g->outputs = fvi_pool_array(pool, MAX_TARGETS, sizeof(int));
    for (int i = 0; i < p->n_all; i++) graph_input(g, p, i);
    int from[FVI_CASE_INPUTS];
    for (int i = 0; i < p->n_all; i++) {
        from[i] = p->c->in[i].how == FVI_IN_NONE ? -1 : i;
        if (p->behind && fvi_case_is_picture(&p->c->in[i])) from[i] = behind_convolution(g, i);
    }
    for (int k = 0, out = -1; k < p->n_nodes; k++) {
        fvi_node n = node_of(p->c, k, p->n_first);
        int chain[] = {out, from[other_of(p->c, k)]};
        out = new_node(g, &n, n.n_in, k ? chain : from, &p->out);
        if (k >= p->first_target) g->outputs[g->n_outputs++] = out;
    }
    return g;
}

static void result_free(result *r) {
    for (int t = 0; t < MAX_TARGETS; t++) free(r->value[t]);
    for (int i = 0; i < FVI_CASE_INPUTS; i++) free(r->gradient[i]);
    *r = (result){0};
}

/* Runs the plan once and takes everything out of it. */
static fv_status run_once(fvi_plan *plan, const problem *p, int flags, result *r, fv_error *err) {
    const fvi_graph *g = fvi_plan_graph(plan);
    size_t n = (size_t)fvi_ref_count(&p->out);
    for (int i = 0; i < g->n_inputs; i++) fvi_plan_set_input(plan, i, p->data[g->inputs[i]]);
    fv_status st = fvi_plan_forward(plan, err);
    if (st) return st;
    for (int t = 0; t < g->n_outputs; t++) {
        r->value[t] = need(n, sizeof(float));
        fvi_plan_get_target(plan, t, r->value[t]);
    }
    if (!(flags & FVI_EXEC_BACKWARD)) return FV_OK;
    for (int t = 0; t < g->n_outputs; t++) fvi_plan_set_seed(plan, t, p->seed[p->first_target + t]);
    st = fvi_plan_backward(plan, err);
    for (int i = 0; i < g->n_inputs && !st; i++) {
        int v = g->inputs[i];
        r->gradient[v] = need((size_t)fvi_ref_count(&p->in[v]), sizeof(float));
        fvi_plan_get_gradient(plan, i, r->gradient[v]);
    }
    return st;
}

/* Whether a plan has so many loops of that method. */
static int has_method(fvi_plan *plan, const char *method, int n) {
    fvi_profile *profile = NULL;
    int count = 0;
    if (fvi_plan_profile(plan, &profile, NULL)) return 0;
    for (int i = 0; i < fvi_profile_count(profile); i++) {
        const char *by = fvi_profile_op(profile, i)->implementation;
        count += by && !strcmp(by, method);
    }
    fvi_profile_free(profile);
    return count == n;
}

/* Whether two results of one plan are the same to the bit. */
static int same_bits(const problem *p, const result *a, const result *b) {
    int same = 1;
    size_t n = (size_t)fvi_ref_count(&p->out) * sizeof(float);
    for (int t = 0; t < MAX_TARGETS; t++)
        if (a->value[t]) same &= !memcmp(a->value[t], b->value[t], n);
    for (int i = 0; i < p->n_all; i++)
        if (a->gradient[i])
            same &= !memcmp(a->gradient[i], b->gradient[i],
                            (size_t)fvi_ref_count(&p->in[i]) * sizeof(float));
    return same;
}

/* Makes a plan and runs it twice; the first result is kept.  returns 0, or 1 with text */
static int plan_run(const problem *p, int flags, result *out, char *text, size_t size) {
    fv_error err = {0};
    fvi_dnnl_engine *b = NULL;
    fvi_plan *plan = NULL;
    fvi_weight_cache *w = fvi_weight_cache_new();
    int bad = 0, backward = flags & FVI_EXEC_BACKWARD;
    if (p->c->winograd || p->c->depthwise) flags |= FVI_PLAN_EVERY_METHOD;
    fv_status st = fvi_dnnl_engine_new(&b, &err);
    if (!st) st = fvi_plan_new(graph_new(p), flags, b, w, &plan, &err);
    result again = {0};
    if (!st) st = run_once(plan, p, flags, out, &err);
    if (!st) st = run_once(plan, p, flags, &again, &err);
    if (st)
        bad = fail(text, size, "status %d: %s", st, err.text);
    else if (!same_bits(p, out, &again))
        bad = fail(text, size, "a plan's second run gives other bits than its first");
    else if (fvi_plan_check_guards(plan))
        bad = fail(text, size, "%d guards are overwritten", fvi_plan_check_guards(plan));
    else if (p->c->winograd && !has_method(plan, "winograd:f4x4", backward ? 2 : 1))
        bad = fail(text, size, "not done by Winograd's algorithm");
    else if (p->c->depthwise && !has_method(plan, "depthwise:rows", backward ? 1 : 0))
        bad = fail(text, size, "not done by depthwise.c");
    result_free(&again);
    fvi_plan_free(plan);
    fvi_weight_cache_free(w);
    fvi_dnnl_engine_free(b);
    return bad;
}

/* The same by executable.h, once. */
static fv_status execute(fvi_executable *e, const problem *p, result *r, fv_error *err) {
    const fvi_graph *g = fvi_executable_graph(e);
    const size_t n = (size_t)fvi_ref_count(&p->out);
    fv_status st = FV_OK;
    for (int i = 0; i < g->n_inputs && !st; i++)
        st = fvi_executable_set_input(e, i, p->data[g->inputs[i]], err);
    if (!st) st = fvi_executable_forward(e, err);
    for (int t = 0; t < g->n_outputs && !st; t++) {
        r->value[t] = need(n, sizeof(float));
        st = fvi_executable_read_target(e, t, r->value[t], err);
        if (!st) st = fvi_executable_write_seed(e, t, p->seed[p->first_target + t], err);
    }
    if (!st) st = fvi_executable_backward(e, err);
    for (int i = 0; i < g->n_inputs && !st; i++) {
        const int v = g->inputs[i];
        r->gradient[v] = need((size_t)fvi_ref_count(&p->in[v]), sizeof(float));
        st = fvi_executable_read_gradient(e, i, r->gradient[v], err);
    }
    return st;
}

/* ---- comparing ---- */

static double largest(const double *x, int64_t n) {
    double m = 0;
    for (int64_t i = 0; i < n; i++)
        if (isfinite(x[i])) m = fmax(m, fabs(x[i]));
    return m > 0 ? m : 1;
}

/* The largest error that was found; of the largest number. */
static double worst;

/* Elements every `stride` apart; want is dense. */
static int compare(const float *got, const double *want, int64_t n, int64_t stride, double tol,
                   const char *what, int which, char *text, size_t size) {
    double scale = largest(want, n);
    for (int64_t i = 0; i < n; i++) {
        double x = got[i * stride], y = want[i];
        if (x == y || (isnan(x) && isnan(y))) continue;
        worst = fmax(worst, fabs(x - y) / scale);
        if (fabs(x - y) <= tol * scale) continue;
        return fail(text, size, "%s %d: element %lld is %.9g, not %.9g (largest %.3g)", what, which,
                    (long long)(i * stride), x, y, scale);
    }
    return 0;
}

static int check_forward(const problem *p, const result *r, double *const *x, char *text,
                         size_t size) {
    int64_t n = fvi_ref_count(&p->out);
    double *value = need((size_t)(n * p->n_nodes), sizeof *value);
    double tol = p->c->tol_forward > 0 ? p->c->tol_forward : 1e-5;
    int bad = 0;
    reference_run(p, x, value);
    for (int t = p->first_target; t < p->n_nodes && !bad; t++)
        bad = compare(r->value[t - p->first_target], value + t * n, n, 1, tol, "output", t, text,
                      size);
    free(value);
    return bad;
}

/* Every how many elements of a gradient one is compared. */
static int64_t check_stride(int64_t in, int64_t out) {
    int64_t checked = CHECKED_WORK / (in + out + 1);
    if (checked > CHECKED_MOST) checked = CHECKED_MOST;
    if (checked < CHECKED_LEAST) checked = CHECKED_LEAST;
    return 1 + in / checked;
}

static int check_gradient(const problem *p, const result *r, double *const *x, int i, char *text,
                          size_t size) {
    const fvi_case_input *in = &p->c->in[i];
    double tol = p->c->tol_gradient > 0 ? p->c->tol_gradient : 1e-4;
    int64_t count = fvi_ref_count(&p->in[i]);
    int64_t stride = in->gradient ? 1 : check_stride(count, fvi_ref_count(&p->out));
    int64_t n = (count + stride - 1) / stride;
    double *want = need((size_t)n, sizeof *want);
    double *value = need((size_t)(fvi_ref_count(&p->out) * p->n_nodes), sizeof *value);
    for (int64_t e = 0; e < n; e++) {
        double *at = &x[i][e * stride], own = *at;
        if (in->gradient) {
            want[e] = in->gradient[e];
            continue;
        }
        *at = own + STEP;
        double above = objective(p, x, value);
        *at = own - STEP;
        want[e] = (above - objective(p, x, value)) / (2 * STEP);
        *at = own;
    }
    int bad = compare(r->gradient[i], want, n, stride, tol, "gradient of input", i, text, size);
    free(value);
    free(want);
    return bad;
}

/* A result against the reference: every target, and every gradient where there is one.
 *   off  how far the targets and the gradients are off, of the largest number of each */
static int check_result(const problem *p, const result *r, double off[2], char *text, size_t size) {
    double *x[FVI_CASE_INPUTS] = {0};
    for (int i = 0; i < p->n_all; i++) {
        int64_t n = p->data[i] ? fvi_ref_count(&p->in[i]) : 0;
        if (p->data[i]) x[i] = need((size_t)n, sizeof(double));
        for (int64_t e = 0; e < n; e++) x[i][e] = p->data[i][e];
    }
    worst = 0;
    int bad = check_forward(p, r, x, text, size);
    off[0] = worst;
    worst = 0;
    for (int i = 0; i < p->n_all && !bad; i++)
        if (r->gradient[i] && !p->c->in[i].no_gradient)
            bad = check_gradient(p, r, x, i, text, size);
    off[1] = worst;
    for (int i = 0; i < p->n_all; i++) free(x[i]);
    return bad;
}

/* Whether part of `whole` from `from` on is `part`: within tol of its largest, or exactly. */
static int check_same(const float *whole, int64_t from, const float *part, int64_t n, double tol,
                      int exact, const char *what, char *text, size_t size) {
    if (exact && memcmp(whole + from, part, (size_t)n * sizeof *part))
        return fail(text, size, "%s: the bits differ", what);
    double *want = need((size_t)n, sizeof *want);
    for (int64_t i = 0; i < n; i++) want[i] = part[i];
    int bad = compare(whole + from, want, n, 1, tol, what, 0, text, size);
    free(want);
    return bad;
}

/* Two results of the same problem; k, when not negative: b is sample k of a. */
static int check_results(const problem *p, const result *a, const result *b, int64_t k, int exact,
                         const char *what, char *text, size_t size) {
    double tol = p->c->tol_forward > 0 ? p->c->tol_forward : 1e-5;
    double tol_gradient = p->c->tol_gradient > 0 ? p->c->tol_gradient : 1e-4;
    int64_t n = fvi_ref_count(&p->out);
    int bad = 0;
    for (int t = 0; t < p->n_nodes - p->first_target && !bad; t++)
        bad = check_same(a->value[t], k > 0 ? k * n : 0, b->value[t], n, tol, exact, what, text,
                         size);
    for (int i = 0; i < p->n_all && !bad; i++) {
        int64_t m = fvi_ref_count(&p->in[i]);
        if (!a->gradient[i] || !b->gradient[i] || (k >= 0 && !is_cut(p->c, i))) continue;
        bad = check_same(a->gradient[i], k > 0 ? k * m : 0, b->gradient[i], m, tol_gradient, exact,
                         what, text, size);
    }
    return bad;
}

/* ---- what is checked ---- */

static int check_samples(const problem *p, const result *whole, char *text, size_t size) {
    int bad = 0;
    for (int64_t k = 0; k < batch_of(p->c) && !bad; k++) {
        problem one = problem_sample(p, k);
        result r = {0};
        bad = plan_run(&one, FVI_EXEC_BACKWARD | FVI_PLAN_GUARDS, &r, text, size) ||
              check_results(&one, whole, &r, k, p->c->batch == FVI_BATCH_EXACT,
                            "a sample alone and in its batch", text, size);
        result_free(&r);
        problem_free(&one);
    }
    return bad;
}

static int check_threads(const problem *p, const result *whole, char *text, size_t size) {
    int usual = omp_get_max_threads(), bad = 0;
    for (int threads = 1; threads <= 3 && !bad; threads += 2) {
        result r = {0};
        omp_set_num_threads(threads);
        bad = plan_run(p, FVI_EXEC_BACKWARD, &r, text, size) ||
              check_results(p, whole, &r, -1, 1, "another number of threads", text, size);
        result_free(&r);
    }
    omp_set_num_threads(usual);
    return bad;
}

/* The case behind convolutions: its numbers, which have been held against the reference, are the
 * same, only lie otherwise. */
static int check_behind(const problem *p, const result *plain, char *text, size_t size) {
    static const struct {
        int flags;
        const char *what;
    } ways[] = {{FVI_EXEC_BACKWARD | FVI_PLAN_GUARDS, "behind a convolution"},
                {FVI_EXEC_BACKWARD, "behind a convolution, with memory shared"},
                {0, "behind a convolution, without backward"}};
    problem behind = *p; /* its data are p's */
    int pictures = 0, bad = 0;
    behind.behind = 1;
    for (int i = 0; i < p->n_all; i++) pictures += fvi_case_is_picture(&p->c->in[i]);
    for (size_t k = 0; pictures && !bad && k < sizeof ways / sizeof *ways; k++) {
        result r = {0};
        bad = plan_run(&behind, ways[k].flags, &r, text, size) ||
              check_results(&behind, plain, &r, -1, 0, ways[k].what, text, size);
        result_free(&r);
    }
    return bad;
}

/* The case with its last value, or all its values, as targets. */
static int run_targets(const fvi_case *c, int all_targets, char *text, size_t size) {
    problem p = problem_new(c, all_targets);
    result guarded = {0}, shared = {0}, forward = {0};
    double off[2];
    int bad = plan_run(&p, FVI_EXEC_BACKWARD | FVI_PLAN_GUARDS, &guarded, text, size) ||
              check_result(&p, &guarded, off, text, size) ||
              plan_run(&p, FVI_EXEC_BACKWARD, &shared, text, size) ||
              check_results(&p, &guarded, &shared, -1, 0, "with memory shared", text, size) ||
              plan_run(&p, FVI_PLAN_GUARDS, &forward, text, size) ||
              check_results(&p, &guarded, &forward, -1, 0, "without backward", text, size) ||
              check_behind(&p, &guarded, text, size);
    if (!bad && c->batch) bad = check_samples(&p, &guarded, text, size);
    if (!bad && c->batch == FVI_BATCH_EXACT) bad = check_threads(&p, &guarded, text, size);
    result_free(&guarded);
    result_free(&shared);
    result_free(&forward);
    problem_free(&p);
    return bad;
}

int fvi_case_run(const fvi_case *c, char *text, size_t size) {
    return run_targets(c, 0, text, size) || (c->n_then > 0 && run_targets(c, 1, text, size));
}

int fvi_case_run_on(const fvi_case *c, fvi_device *d, double off[2], char *text, size_t size) {
    problem p = problem_new(c, 0);
    fvi_executable *e = NULL;
    fv_error err = {0};
    result r = {0};
    fv_status st = fvi_executable_new(d, graph_new(&p), FVI_EXEC_BACKWARD, &e, &err);
    if (!st) st = execute(e, &p, &r, &err);
    const int bad = st ? fail(text, size, "status %d: %s", st, err.text)
                       : check_result(&p, &r, off, text, size);
    fvi_executable_free(e);
    result_free(&r);
    problem_free(&p);
    return bad;
}

const fvi_case_table *const *fvi_case_tables(int *count) {
    static const fvi_case_table *const tables[] = {
#define FVI_CASES(NAME) &fvi_cases_##NAME,
#include "cases.def"
#undef FVI_CASES
        NULL};
    *count = (int)(sizeof tables / sizeof *tables) - 1;
    return tables;
}
