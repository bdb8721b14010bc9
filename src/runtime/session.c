/* SPDX-License-Identifier: Apache-2.0 */
/* session: one user of a model; caches plans, and runs raw tensors through them.
 *
 * Plans are in a list in order of last use, found by (input shape, wanted values, flags). When they
 * hold more than KEPT_BYTES in total, the least recently used are freed (loops over many sizes
 * would keep them all). If the model has a memory limit, a plan is counted before it is made, and
 * others are freed until it fits.
 */
#include "runtime/session.h"
#include "runtime/devices.h"
#include "runtime/lowered.h"
#include "runtime/memory_budget.h"
#include "runtime/numbers/whole_numbers.h"
#include "runtime/session_state.h"

#include <glib.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/abs_max.h"
#include "base/desc.h"
#include "base/error.h"
#include "base/tensor.h"
#include "graph/cost.h"
#include "model/network/find.h"
#include "model/network/lower.h"
#include "model/network/other_inputs.h"
#include "model/network/quantised.h"
#include "runtime/model_state.h"
#include "runtime/monitor.h"
#include "runtime/numbers/nonfinite.h"
#include "runtime/numbers/saturation.h"

#define MAX_THREADS 1024
#define KEPT_BYTES  ((size_t)1 << 30)

typedef struct plan_entry {
    const fv_model *model;
    fvi_shape input;
    char **wanted; /* NULL-terminated */
    int flags;
    fvi_executable *plan;
    fvi_graph *lowered; /* the graph before the plan simplified its copy */
    int64_t samples;
} plan_entry;

static void plan_entry_free(void *data) {
    plan_entry *e = data;
    fvi_budget_hold(e->model, -(int64_t)fvi_executable_bytes(e->plan));
    fvi_executable_free(e->plan);
    fvi_graph_free(e->lowered);
    g_strfreev(e->wanted);
    g_free(e);
}

/* The fields of a session's desc. */
static fv_status check_desc(const fv_session_desc *d, fv_error *err) {
    if (d->threads < 0 || d->threads > MAX_THREADS)
        return fvi_fail(err, FV_ARG, "threads is %d; allowed: 0 (all) to %d", d->threads,
                        MAX_THREADS);
    if ((int)d->on_nan < 0 || d->on_nan > FV_ON_NAN_KEEP)
        return fvi_fail(err, FV_ARG, "on_nan is %d; allowed: 0 to %d", (int)d->on_nan,
                        FV_ON_NAN_KEEP);
    if (d->device < 0) return fvi_fail(err, FV_ARG, "device is %d; allowed: 0 and more", d->device);
    if (d->or_processor < 0 || d->or_processor > 1)
        return fvi_fail(err, FV_ARG, "or_processor is %d; allowed: 0 and 1", d->or_processor);
    return FV_OK;
}

/* That the model can be run, and in its precision. */
static fv_status check_model(const fv_model *model, const fv_session_desc *d, fv_error *err) {
    if (!*fvi_network_input(model->network)->name)
        return fvi_fail(
            err, FV_UNSUPPORTED,
            "%s has no input: all that it computes is constant, and nothing can be run, "
            "drawn or explained; export it with what varies as an input",
            fvi_network_name(model->network));
    if (!d->plugin && model->precision == FV_PRECISION_TF32)
        return fvi_fail(err, FV_UNSUPPORTED,
                        "the processor does not multiply in tf32; allowed there: f32, bf16 and "
                        "auto (tf32 is for an accelerator: --device)");
    return FV_OK;
}

fv_status fv_session_new(const fv_model *model, const fv_session_desc *desc, fv_session **out,
                         fv_error *err) {
    fv_status st = FVI_NOT_NULL(err, model, out);
    fv_session_desc d;
    if (!st) st = FVI_DESC_READ(fv_session_desc, on_nan, desc, &d, err);
    if (!st) st = check_desc(&d, err);
    if (!st) st = check_model(model, &d, err);
    if (st) return st;
    fvi_device *device = NULL;
    st = fvi_model_device(model, &d, &device, err);
    if (st) return st;
    fv_session *s = calloc(1, sizeof *s);
    if (!s) return fvi_fail(err, FV_NOMEM, "out of memory while making a session");
    s->model = model;
    s->device = device;
    s->asked = d;
    s->asked.plugin = g_strdup(d.plugin);
    s->asked.programs = g_strdup(d.programs);
    s->threads = d.threads ? d.threads : omp_get_num_procs();
    s->on_nan = d.on_nan ? d.on_nan : FV_ON_NAN_STOP;
    s->plans = g_ptr_array_new_with_free_func(plan_entry_free);
    s->sound = g_hash_table_new(NULL, NULL);
    s->filled = g_hash_table_new(g_str_hash, g_str_equal);
    *out = s;
    return FV_OK;
}

fv_status fvi_session_new_like(const fv_session *like, const fv_model *model, fv_session **out,
                               fv_error *err) {
    return fv_session_new(model, &like->asked, out, err);
}

void fv_session_free(fv_session *s) {
    if (!s) return;
    fvi_last_forward_clear(&s->last);
    fvi_once_clear(&s->once);
    g_ptr_array_free(s->plans, TRUE);
    g_hash_table_destroy(s->sound);
    g_hash_table_destroy(s->filled);
    g_free((char *)s->asked.plugin);
    g_free((char *)s->asked.programs);
    free(s);
}

int fvi_session_plans_made(const fv_session *s) { return s->plans_made; }
const fv_model *fvi_session_model(const fv_session *s) { return s->model; }
const fvi_network *fvi_session_network(const fv_session *s) { return s->model->network; }
fvi_device *fvi_session_device(const fv_session *s) { return s->device; }
int fvi_session_or_processor(const fv_session *s) { return s->asked.or_processor; }

const char *fv_session_device(const fv_session *session) {
    return session ? fvi_device_name(session->device) : NULL;
}

const char *fv_session_accelerator(const fv_session *session) {
    return session && session->device != session->model->device ? fvi_device_name(session->device)
                                                                : NULL;
}

fv_precision fv_session_precision(const fv_session *session) {
    return session ? fvi_device_precision(session->device) : FV_PRECISION_F32;
}

int fvi_session_threads(const fv_session *s) { return s->threads; }
fv_on_nan fvi_session_on_nan(const fv_session *s) { return s->on_nan; }

int fvi_threads_use(const fv_session *s) {
    const int before = omp_get_max_threads();
    if (s) omp_set_num_threads(s->threads);
    return before;
}

void fvi_threads_restore(const int *before) { omp_set_num_threads(*before); }

fv_status fv_session_set_monitor(fv_session *s, fv_monitor *monitor, fv_error *err) {
    fv_status st = FVI_NOT_NULL_AS(err, "session", s);
    if (!st) s->monitor = monitor;
    return st;
}

fv_status fvi_session_piece(const fv_session *s, int64_t done, int64_t total, fv_error *err) {
    return fvi_monitor_step(s->monitor, NULL, done, total)
               ? fvi_monitor_cancelled(done, total, "samples", err)
               : FV_OK;
}

void fvi_session_done(const fv_session *s, int64_t total) {
    (void)fvi_monitor_step(s->monitor, NULL, total, total); /* it is too late to stop */
}

fv_monitor *fvi_session_monitor(const fv_session *s) { return s->monitor; }

fv_status fvi_session_nonfinite(fv_session *s, const fv_error *why, fv_error *err) {
    if (s->on_nan != FV_ON_NAN_KEEP) return fvi_fail(err, FV_NONFINITE, "%s", why->text);
    if (strcmp(s->note, why->text) != 0) {
        memcpy(s->note, why->text, sizeof s->note);
        fvi_monitor_note(s->monitor, s->note);
    }
    return FV_OK;
}

/* The graph, as lowered, that one of the session's plans was made of; or NULL. */
static fvi_graph *lowered_of(const fv_session *s, const fvi_executable *plan) {
    for (guint i = 0; i < s->plans->len; i++) {
        const plan_entry *e = s->plans->pdata[i];
        if (e->plan == plan) return e->lowered;
    }
    return s->once.plan == plan ? s->once.graph : NULL;
}

void fvi_session_explain(fv_session *s, const fvi_executable *plan, const float *x,
                         const float *const *seeds, fv_error *why) {
    fvi_graph *g = lowered_of(s, plan);
    if (g) fvi_explain(g, s->model->device, x, seeds, why);
}

void fvi_session_note_zero(fv_session *s, const fvi_executable *plan, const float *x) {
    fvi_graph *g = s->noted_saturated ? NULL : lowered_of(s, plan);
    char *text = g ? fvi_saturated_layer(g, s->model->device, x) : NULL;
    s->noted_saturated = 1; /* searched for: a picture's every update may have such a gradient */
    if (text) fvi_monitor_note(s->monitor, text);
    g_free(text);
}

void fvi_session_note_whole(fv_session *s, const fvi_executable *plan, const float *x) {
    fvi_graph *g = s->noted_whole ? NULL : lowered_of(s, plan);
    char *text = g ? fvi_inexact_whole(g, s->model->device, x) : NULL;
    if (text) fvi_monitor_note(s->monitor, text);
    s->noted_whole |= text != NULL;
    g_free(text);
}

fv_status fvi_session_forward(fv_session *s, fvi_executable *plan, const float *x, fv_error *err) {
    const fvi_graph *g = fvi_executable_graph(plan);
    fv_status st = fvi_executable_set_input(plan, 0, x, err);
    if (!st) st = fvi_executable_forward(plan, err);
    for (int t = 0; !st && t < g->n_outputs; t++) {
        const int64_t count = fvi_shape_count(&g->values[g->outputs[t]].shape);
        const float *y = NULL;
        st = fvi_executable_view_target(plan, t, &y, err);
        if (st || isfinite(fvi_abs_max(y, count))) continue;
        fv_error why;
        fvi_session_explain(s, plan, x, NULL, &why);
        return fvi_session_nonfinite(s, &why, err);
    }
    return st;
}

static int same_names(char *const *have, const char *const *wanted, int n) {
    for (int i = 0; i < n; i++)
        if (!have[i] || strcmp(have[i], wanted[i]) != 0) return 0;
    return have[n] == NULL;
}

static plan_entry *find_plan(const fv_session *s, const fvi_plan_key *key) {
    for (guint i = 0; i < s->plans->len; i++) {
        plan_entry *e = s->plans->pdata[i];
        if (e->flags == key->flags && fvi_shape_equal(&e->input, &key->input) &&
            same_names(e->wanted, key->wanted, key->n_wanted))
            return e;
    }
    return NULL;
}

/* Moves an entry to the end of the list. */
static void touch(fv_session *s, plan_entry *e) {
    if (s->plans->pdata[s->plans->len - 1] == e) return;
    guint index;
    if (!g_ptr_array_find(s->plans, e, &index)) return;
    g_ptr_array_steal_index(s->plans, index);
    g_ptr_array_add(s->plans, e);
}

/* Frees plans from the front, but never the last. */
static void make_room(fv_session *s) {
    size_t bytes = 0;
    for (guint i = 0; i < s->plans->len; i++)
        bytes += fvi_executable_bytes(((plan_entry *)s->plans->pdata[i])->plan);
    while (bytes > KEPT_BYTES && s->plans->len > 1) {
        bytes -= fvi_executable_bytes(((plan_entry *)s->plans->pdata[0])->plan);
        g_ptr_array_remove_index(s->plans, 0);
    }
}

/* Notes, once each, inputs that nobody gave numbers to and that a graph depends on. */
static void note_filled(fv_session *s, const fvi_graph *g) {
    for (int i = 0; i < g->n_filled; i++) {
        const char *name = g->filled[i];
        if (!g_hash_table_add(s->filled, (gpointer)name)) continue;
        char *text = g_strdup_printf("input \"%s\" was given no numbers; %s stand there (option "
                                     "inputs: --set %s=NUMBER or %s=FILE.npy)",
                                     name, fvi_network_usual(s->model->network, name), name, name);
        fvi_monitor_note(s->monitor, text);
        g_free(text);
    }
}

/* Notes once what is read as a free size. */
static void note_sizes(fv_session *s, const fvi_graph *g) {
    for (int i = 0; i < g->n_inputs && !s->noted_sizes; i++) {
        char *text = fvi_network_no_size(s->model->network, g->values[g->inputs[i]].name);
        if (text) fvi_monitor_note(s->monitor, text);
        g_free(text);
    }
    s->noted_sizes = 1;
}

/* Notes once that numbers are not rounded which the file rounds, from node k on (-1: none). */
static void note_unrounded(const fv_session *s, const fvi_graph *g, int k, const char *what,
                           int *noted) {
    if (k < 0 || *noted) return;
    *noted = 1;
    char *text = g_strdup_printf("%s (\"%.200s\" is the first)", what, g->nodes[k].name);
    fvi_monitor_note(s->monitor, text);
    g_free(text);
}

static void note_rounded(fv_session *s, const fvi_graph *g) {
    note_unrounded(
        s, g, fvi_first_rounded(g),
        "quantised in the file, and run as floating point: what layers quantise stays in "
        "its range, and is not rounded",
        &s->noted_rounded);
    note_unrounded(s, g, fvi_first_half(g),
                   "half precision in the file, and run in single: layers that cast to float16 or "
                   "bfloat16 do not round",
                   &s->noted_half);
}

/* Applies the session's on_nan to weights that are not finite. */
static fv_status check_weights(fv_session *s, const fvi_graph *g, fv_error *err) {
    fv_error why;
    return fvi_explain_weights(g, s->model->network, s->sound, &why)
               ? fvi_session_nonfinite(s, &why, err)
               : FV_OK;
}

fv_status fvi_session_graph(const fv_session *s, const fvi_shape *input, const char *const *wanted,
                            int n, fvi_graph **graph, int64_t *samples, fv_error *err) {
    fvi_shape shape = *input;
    fv_status st = fvi_model_lower(s->model, &shape, wanted, n, graph, err);
    const int64_t own = fvi_network_file_batch(s->model->network);
    *samples = input->ndim > 0 ? input->dim[0] : 1;
    if (st != FV_UNSUPPORTED || own < 1 || own == *samples || *samples % own) return st;
    fv_error second;
    shape.dim[0] = own;
    if (fvi_model_lower(s->model, &shape, wanted, n, graph, &second)) return st;
    *samples = own;
    return FV_OK;
}

fv_status fvi_session_takes(const fv_session *s, const fvi_shape *input, const char *const *wanted,
                            int n, int *takes, fv_error *err) {
    fvi_graph *g = NULL;
    int64_t samples;
    fv_error why = {0};
    const fv_status st = fvi_session_graph(s, input, wanted, n, &g, &samples, &why);
    if (st == FV_NOMEM) return fvi_fail(err, st, "%s", why.text);
    *takes = !st;
    if (!st) fvi_graph_free(g);
    return FV_OK;
}

fv_status fvi_session_check_cost(const fv_session *s, const fvi_shape *input, double cost,
                                 fv_error *err) {
    const fvi_network *net = s->model->network;
    fvi_shape own = fvi_network_input_shape(net, MAX(fvi_network_file_batch(net), 1), 0, 0);
    double more = (double)fvi_shape_count(input) / (double)MAX(fvi_shape_count(&own), 1);
    double limit = (double)fvi_network_limits(net)->work * MAX(more, 1);
    if (cost <= limit) return FV_OK;
    return fvi_fail(
        err, FV_NOMEM,
        "%s: running it takes about %.3g multiply-adds; at most %.3g are done " FVI_LIMIT("work"),
        fvi_network_name(net), cost, limit);
}

void fvi_session_insist(fv_session *s, int on) { s->insists = on; }

void fvi_session_drop_plans(fv_session *s) {
    s->last.fresh = NULL;
    g_ptr_array_set_size(s->plans, 0);
}

/* On the session's device; what that cannot run, with or_processor, on the processor, and then all
 * that follows. */
static fv_status compile_on(fv_session *s, fvi_graph *lowered, fvi_graph *graph, int flags,
                            fvi_executable **out, fv_error *err) {
    fv_error why = {0};
    fv_status st = fvi_executable_new(s->device, graph, flags, out, &why);
    const int stays = st == FV_NOMEM && s->insists;
    if (st && !stays && s->asked.or_processor && s->device != s->model->device) {
        char *text = g_strdup_printf("the processor runs this: %s", why.text);
        fvi_monitor_note(s->monitor, text);
        g_free(text);
        s->device = s->model->device;
        st = fvi_graph_copy(lowered, &graph, &why);
        if (!st) st = fvi_executable_new(s->device, graph, flags, out, &why);
    }
    return st ? fvi_fail(err, st, "%s", why.text) : FV_OK;
}

fv_status fvi_session_check_graph(fv_session *s, const fvi_plan_key *key, fvi_graph *lowered,
                                  fv_error *err) {
    const fv_status st = check_weights(s, lowered, err);
    if (st) return st;
    note_filled(s, lowered);
    note_sizes(s, lowered);
    note_rounded(s, lowered);
    return fvi_session_check_cost(s, &key->input,
                                  fvi_graph_cost(lowered, key->flags & FVI_EXEC_BACKWARD), err);
}

fv_status fvi_session_compile(fv_session *s, const fvi_plan_key *key, fvi_graph *lowered,
                              fvi_executable **plan, fv_error *err) {
    fvi_graph *graph = NULL;
    fvi_executable *made = NULL;
    const double cost = fvi_graph_cost(lowered, key->flags & FVI_EXEC_BACKWARD);
    fv_status st = fvi_session_check_graph(s, key, lowered, err);
    if (!st) st = fvi_graph_copy(lowered, &graph, err);
    if (!st) st = compile_on(s, lowered, graph, key->flags, &made, err);
    if (!st)
        st = fvi_session_check_cost(s, &key->input, cost + fvi_executable_extra_cost(made), err);
    if (st)
        fvi_executable_free(made);
    else
        *plan = made;
    return st;
}

/* fvi_session_graph for a key. */
static fv_status lower(const fv_session *s, const fvi_plan_key *key, fvi_graph **graph,
                       int64_t *samples, fv_error *err) {
    return fvi_session_graph(s, &key->input, key->wanted, key->n_wanted, graph, samples, err);
}

fv_status fvi_session_count(fv_session *s, const fvi_plan_key *key, size_t *bytes, fv_error *err) {
    fvi_graph *lowered = NULL, *graph = NULL;
    int64_t samples;
    *bytes = 0;
    if (find_plan(s, key)) return FV_OK;
    fv_status st = lower(s, key, &lowered, &samples, err);
    if (st) return st;
    st = fvi_graph_copy(lowered, &graph, err);
    if (!st) st = fvi_executable_count(s->device, graph, key->flags, bytes, err);
    fvi_graph_free(lowered);
    return st;
}

int fvi_session_make_room(fv_session *s, const fvi_plan_key *key, size_t *bytes) {
    const plan_entry *own = find_plan(s, key);
    size_t others = 0;
    for (guint i = 0; i < s->plans->len; i++) {
        const plan_entry *e = s->plans->pdata[i];
        if (e != own) others += fvi_executable_bytes(e->plan);
    }
    if (!fvi_budget_fits(s->model, *bytes - MIN(*bytes, others))) {
        *bytes -= MIN(*bytes, others);
        return 0;
    }
    for (guint i = 0; i < s->plans->len && !fvi_budget_fits(s->model, *bytes);) {
        if (s->plans->pdata[i] == own) {
            i++;
            continue;
        }
        s->last.fresh = NULL; /* it may be that one */
        g_ptr_array_remove_index(s->plans, i);
    }
    return 1;
}

fv_status fvi_session_fit(fv_session *s, const fvi_plan_key *key, int most, size_t each,
                          int *samples, fv_error *err) {
    fv_status st = FV_OK;
    int n = most;
    for (; fvi_budget_is_limited(s->model) && n > 1; n /= 2) {
        fvi_plan_key batch = *key;
        size_t bytes;
        batch.input.dim[0] = n;
        st = fvi_session_count(s, &batch, &bytes, err);
        bytes += (size_t)n * each;
        if (st || fvi_session_make_room(s, &batch, &bytes)) break;
    }
    if (!st) *samples = n;
    return st;
}

/* Frees older plans until a new one fits the model's memory budget, or refuses it. */
static fv_status afford(fv_session *s, const fvi_plan_key *key, fv_error *err) {
    size_t bytes;
    if (!fvi_budget_is_limited(s->model)) return FV_OK;
    fv_status st = fvi_session_count(s, key, &bytes, err);
    if (st) return st;
    return fvi_session_make_room(s, key, &bytes) ? FV_OK : fvi_budget_refuse(s->model, bytes, err);
}

/* Makes a plan for any numbers, and keeps it. */
static fv_status add_plan(fv_session *s, const fvi_plan_key *key, plan_entry **out, fv_error *err) {
    fvi_executable *made = NULL;
    fvi_graph *lowered = NULL;
    int64_t count;
    fv_status st = afford(s, key, err);
    if (!st) st = lower(s, key, &lowered, &count, err);
    if (st) return st;
    st = fvi_session_compile(s, key, lowered, &made, err);
    if (st) {
        fvi_graph_free(lowered);
        return st;
    }
    plan_entry *e = *out = g_new0(plan_entry, 1);
    e->model = s->model;
    e->input = key->input;
    e->wanted = g_new0(char *, (gsize)key->n_wanted + 1);
    for (int i = 0; i < key->n_wanted; i++) e->wanted[i] = g_strdup(key->wanted[i]);
    e->flags = key->flags;
    e->plan = made;
    e->lowered = lowered;
    e->samples = count;
    s->plans_made++;
    fvi_budget_hold(e->model, (int64_t)fvi_executable_bytes(made));
    g_ptr_array_add(s->plans, e);
    make_room(s);
    return FV_OK;
}

fv_status fvi_session_plan(fv_session *s, const fvi_plan_key *key, fvi_executable **plan,
                           int64_t *samples, fv_error *err) {
    s->last.fresh = NULL; /* the caller will run it */
    plan_entry *e = find_plan(s, key);
    const fv_status st = e ? FV_OK : add_plan(s, key, &e, err);
    if (st) return st;
    touch(s, e);
    *plan = e->plan;
    *samples = e->samples;
    return FV_OK;
}
