/* SPDX-License-Identifier: Apache-2.0 */
/* programs: walks a graph's nodes in order, or back, and has each write itself. */
#include "backend/stablehlo/programs.h"

#include "backend/executable.h"
#include "backend/stablehlo/text/constants.h"
#include "backend/stablehlo/text/elementwise.h"
#include "backend/stablehlo/text/module.h"
#include "base/error.h"

void fvi_program_text_clear(fvi_program_text *p) {
    if (p->text) g_string_free(p->text, TRUE);
    if (p->arguments) g_array_unref(p->arguments);
    if (p->results) g_array_unref(p->results);
    *p = (fvi_program_text){NULL, NULL, NULL};
}

/* ---- a program being written ----------------------------------------------------------------- */

typedef struct writing {
    fvi_hlo h;
    fvi_emitter e;
} writing;

static fvi_emitter emitter_of(fvi_hlo *h, const fvi_graph *g, fv_precision precision,
                              GArray *arguments) {
    const gsize n = (gsize)MAX(g->n_values, 1);
    fvi_emitter e = {.h = h,
                     .g = g,
                     .value = g_new(int, n),
                     .gradient = g_new(int, n),
                     .arguments = g_array_ref(arguments),
                     .redirect = -1,
                     .precision = precision};
    for (gsize i = 0; i < n; i++) e.value[i] = e.gradient[i] = -1;
    return e;
}

static void emitter_clear(fvi_emitter *e) {
    g_free(e->value);
    g_free(e->gradient);
    g_array_unref(e->arguments);
}

/* The value's address must stay. */
static void begin(writing *w, const fvi_graph *g, fv_precision precision) {
    GArray *arguments = g_array_new(FALSE, FALSE, sizeof(fvi_emitter_argument));
    fvi_hlo_begin(&w->h, FV_PRECISION_F32);
    w->e = emitter_of(&w->h, g, precision, arguments);
    g_array_unref(arguments);
}

/* Hands the text over. */
static void finish(writing *w, const GArray *results, fvi_program_text *out) {
    const int *values = (const int *)(const void *)results->data;
    out->text = fvi_hlo_module(&w->h, values, (int)results->len);
    out->arguments = g_array_ref(w->e.arguments);
    out->results = g_array_new(FALSE, FALSE, sizeof(fvi_shape));
    for (guint i = 0; i < results->len; i++) {
        const fvi_shape s = fvi_hlo_shape(&w->h, values[i]);
        g_array_append_val(out->results, s);
    }
}

static void end(writing *w) {
    emitter_clear(&w->e);
    fvi_hlo_end(&w->h);
}

/* What the library adds to a network (colours, interpolation, objectives) is f32 in any case. */
static void set_precision(fvi_emitter *e, const fvi_node *n) {
    e->h->precision = n->source_op ? e->precision : FV_PRECISION_F32;
}

/* ---- forward --------------------------------------------------------------------------------- */

/* Which values the results need. */
static char *needed_values(const fvi_graph *g, const int *kept, int n_kept) {
    char *needed = g_new0(char, MAX(g->n_values, 1));
    for (int i = 0; i < g->n_outputs; i++) needed[g->outputs[i]] = 1;
    for (int i = 0; i < n_kept; i++) needed[kept[i]] = 1;
    for (int k = g->n_nodes - 1; k >= 0; k--)
        for (int i = 0; needed[g->nodes[k].out] && i < g->nodes[k].n_in; i++)
            if (g->nodes[k].in[i] >= 0) needed[g->nodes[k].in[i]] = 1;
    return needed;
}

static fv_status write_forward(fvi_emitter *e, const char *needed, fv_error *err) {
    for (int k = 0; k < e->g->n_nodes; k++) {
        const fvi_node *n = &e->g->nodes[k];
        const fvi_emitter_rule *rule = fvi_emitter_rule_of(n->kind);
        if (!needed[n->out]) continue;
        if (!rule) return fvi_fail(err, n->a.opaque.status, "%s", n->a.opaque.why);
        set_precision(e, n);
        e->value[n->out] = rule->forward(e, n);
    }
    return FV_OK;
}

fv_status fvi_program_forward(const fvi_graph *g, const int *kept, int n_kept,
                              fv_precision precision, fvi_program_text *out, fv_error *err) {
    writing w;
    GArray *results = g_array_new(FALSE, FALSE, sizeof(int));
    char *needed = needed_values(g, kept, n_kept);
    begin(&w, g, precision);
    const fv_status st = write_forward(&w.e, needed, err);
    for (int i = 0; i < g->n_outputs + n_kept && !st; i++) {
        const int x =
            fvi_emitter_value(&w.e, i < g->n_outputs ? g->outputs[i] : kept[i - g->n_outputs]);
        g_array_append_val(results, x);
    }
    if (!st) finish(&w, results, out);
    end(&w);
    g_free(needed);
    g_array_unref(results);
    return st;
}

/* ---- backward -------------------------------------------------------------------------------- */

/* Values that depend on an input, in a way that has a gradient.  only  of those inputs, or NULL */
static char *wanted_values(const fvi_graph *g, const char *only) {
    char *wanted = g_new0(char, MAX(g->n_values, 1));
    for (int i = 0; i < g->n_inputs; i++) wanted[g->inputs[i]] = !only || only[i];
    for (int k = 0; k < g->n_nodes; k++) {
        const fvi_node *n = &g->nodes[k];
        for (int i = 0; i < n->n_in && !fvi_node_stops_gradient(n); i++)
            if (n->in[i] >= 0 && wanted[n->in[i]]) wanted[n->out] = 1;
    }
    return wanted;
}

/* Weights that are computed at run time would need a gradient that the rules do not write. */
static fv_status check_gradients(const fvi_emitter *e, const fvi_node *n, fv_error *err) {
    const int only_first = n->kind == FVI_CONV || n->kind == FVI_CONV_TRANSPOSE ||
                           n->kind == FVI_BATCH_NORM || n->kind == FVI_RECURRENT;
    for (int i = 1; i < n->n_in && only_first; i++) {
        const int is_state = n->kind == FVI_RECURRENT && (i == 3 || i == 4);
        if (fvi_emitter_wants(e, n, i) && !is_state)
            return fvi_fail(err, FV_UNSUPPORTED,
                            "layer \"%s\" (%s): its input %d is computed at run time; gradients "
                            "are given to input 0 only",
                            n->name, n->source_op ? n->source_op : fvi_kind_name(n->kind), i);
    }
    return FV_OK;
}

/* A graph that a gradient passes through on its way back. */
typedef struct passage {
    const fvi_graph *g; /* NULL: there is none */
    int at;             /* the value at which */
} passage;

static fv_status pass_through(fvi_emitter *e, const passage *p, fv_error *err) {
    char *needed = needed_values(p->g, NULL, 0);
    fvi_emitter inner = emitter_of(e->h, p->g, e->precision, e->arguments);
    inner.value[p->g->inputs[0]] = e->gradient[p->at];
    const fv_status st = write_forward(&inner, needed, err);
    if (!st) e->gradient[p->at] = fvi_emitter_value(&inner, p->g->outputs[0]);
    emitter_clear(&inner);
    g_free(needed);
    return st;
}

static fv_status write_backward(fvi_emitter *e, const passage *p, fv_error *err) {
    for (int k = e->g->n_nodes - 1; k >= 0; k--) {
        const fvi_node *n = &e->g->nodes[k];
        const fvi_emitter_rule *rule = fvi_emitter_rule_of(n->kind);
        if (!e->wanted[n->out] || e->gradient[n->out] < 0) continue;
        if (!rule) return fvi_fail(err, n->a.opaque.status, "%s", n->a.opaque.why);
        fv_status st = check_gradients(e, n, err);
        if (!st && p->g && n->out == p->at) st = pass_through(e, p, err);
        if (st) return st;
        set_precision(e, n);
        rule->backward(e, n, e->gradient[n->out]);
    }
    return FV_OK;
}

/* The gradient at a value; zeros where none reached it. */
static int gradient_at(fvi_emitter *e, int v) {
    return e->gradient[v] >= 0 ? e->gradient[v] : fvi_hlo_number(e->h, &e->g->values[v].shape, 0);
}

static void begin_seeds(fvi_emitter *e) {
    for (int t = 0; t < e->g->n_outputs; t++) {
        const int v = e->g->outputs[t];
        const int seed = fvi_emitter_argue(e, FVI_EMITTER_SEED, t, &e->g->values[v].shape);
        e->gradient[v] = e->gradient[v] < 0 ? seed : fvi_hlo_add(e->h, e->gradient[v], seed);
    }
}

fv_status fvi_program_backward(const fvi_graph *g, int flags, int64_t samples,
                               fv_precision precision, fvi_program_text *out, fv_error *err) {
    writing w;
    GArray *results = g_array_new(FALSE, FALSE, sizeof(int));
    char *wanted = wanted_values(g, NULL);
    begin(&w, g, precision);
    w.e.wanted = wanted;
    w.e.guided = (flags & FVI_EXEC_GUIDED) != 0;
    w.e.samples = samples;
    if (samples)
        w.e.redirect = fvi_emitter_argue(&w.e, FVI_EMITTER_REDIRECT, 0, &(fvi_shape){1, {samples}});
    begin_seeds(&w.e);
    const fv_status st = write_backward(&w.e, &(passage){NULL, -1}, err);
    const int n_targets = flags & FVI_EXEC_TARGET_GRADIENTS ? g->n_outputs : 0;
    for (int i = 0; i < g->n_inputs + n_targets && !st; i++) {
        const int v = i < g->n_inputs ? g->inputs[i] : g->outputs[i - g->n_inputs];
        const int x = gradient_at(&w.e, v);
        g_array_append_val(results, x);
    }
    if (!st) finish(&w, results, out);
    end(&w);
    g_free(wanted);
    g_array_unref(results);
    return st;
}

/* ---- an update ------------------------------------------------------------------------------- */

/* Ties an input to what both graphs may take. */
static void tie(fvi_emitter *e, int input, const fvi_update_source *from) {
    const int v = e->g->inputs[input];
    const fvi_emitter_source source =
        from->from == FVI_FROM_STATE ? FVI_EMITTER_STATE : FVI_EMITTER_GIVEN;
    e->value[v] = fvi_emitter_argue(e, source, from->index, &e->g->values[v].shape);
}

/* The whole graph forward, and back from the sum of its first output to state 0. */
static fv_status write_step(fvi_emitter *e, const fvi_update_desc *u, int redirected,
                            fv_error *err) {
    const fvi_graph *g = u->step;
    char *needed = needed_values(g, NULL, 0), *first = g_new0(char, MAX(g->n_inputs, 1));
    for (int i = 0; i < g->n_inputs; i++) {
        tie(e, i, &u->step_inputs[i]);
        first[i] = u->step_inputs[i].from == FVI_FROM_STATE && u->step_inputs[i].index == 0;
    }
    char *wanted = wanted_values(g, first);
    e->wanted = wanted;
    if (redirected) {
        e->samples = u->samples;
        e->redirect = fvi_emitter_argue(e, FVI_EMITTER_REDIRECT, 0, &(fvi_shape){1, {u->samples}});
    }
    fv_status st = write_forward(e, needed, err);
    if (!st) {
        e->gradient[g->outputs[0]] = fvi_hlo_number(e->h, &g->values[g->outputs[0]].shape, 1);
        const passage between = {u->between, u->between ? g->outputs[u->between_at] : -1};
        st = write_backward(e, &between, err);
    }
    e->wanted = NULL;
    g_free(wanted);
    g_free(first);
    g_free(needed);
    return st;
}

/* What an input of the rule is that comes from the step. */
static int rule_input(fvi_emitter *step, const fvi_update_source *from) {
    const int v = step->g->outputs[from->index];
    return from->from == FVI_FROM_OUTPUT ? fvi_emitter_value(step, v) : gradient_at(step, v);
}

fv_status fvi_program_update(const fvi_update_desc *u, int redirected, fv_precision precision,
                             fvi_program_text *out, fv_error *err) {
    writing w;
    GArray *results = g_array_new(FALSE, FALSE, sizeof(int));
    begin(&w, u->step, precision);
    fv_status st = write_step(&w.e, u, redirected, err);
    fvi_emitter rule = emitter_of(&w.h, u->rule, precision, w.e.arguments);
    for (int i = 0; i < u->rule->n_inputs && !st; i++) {
        const fvi_update_source *from = &u->rule_inputs[i];
        if (from->from == FVI_FROM_STATE || from->from == FVI_FROM_GIVEN)
            tie(&rule, i, from);
        else
            rule.value[u->rule->inputs[i]] = rule_input(&w.e, from);
    }
    char *needed = needed_values(u->rule, NULL, 0);
    if (!st) st = write_forward(&rule, needed, err);
    for (int i = 0; i < u->rule->n_outputs && !st; i++) {
        const int x = fvi_emitter_value(&rule, u->rule->outputs[i]);
        g_array_append_val(results, x);
    }
    if (!st) finish(&w, results, out);
    emitter_clear(&rule);
    end(&w);
    g_free(needed);
    g_array_unref(results);
    return st;
}
