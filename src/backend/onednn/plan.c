/* SPDX-License-Identifier: Apache-2.0 */
/* plan: turns a graph's nodes into steps, in the order they run: forward in the graph's own
 * (topological) order, backward in reverse.
 *
 * The graph is simplified first (fvi_graph_simplify). A step fuses the nodes after it that it can
 * compute too, if no target is between them (fvi_op.fuse). Backward, a value's gradient is the sum
 * of its readers' contributions; the step that computes the value runs after all of them, since
 * they come later in the graph. The graph holds only ancestors of its outputs.
 */
#include "backend/onednn/plan.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "backend/onednn/schedule/schedule.h"
#include "base/error.h"
#include "graph/cost.h"
#include "graph/simplify/simplify.h"

/* Measured, in fvi_graph_cost's units: how many times slower oneDNN's reference code is; a page of
 * 4096 bytes takes some microseconds to be zeroed and mapped. */
#define SLOWER 100
#define BYTE   64

struct fvi_plan {
    fvi_graph *graph;
    fvi_schedule *schedule;
    int forward_end;             /* entries before it are the forward pass */
    fvi_buffer **value;          /* [n_values] each value; NULL: constant, or fused away */
    fvi_step **producer;         /* [n_values] the step that computes it, or NULL */
    fvi_buffer **gradient;       /* [n_values] sum of the contributions so far */
    fvi_buffer **target;         /* [n_outputs] plain */
    fvi_buffer **seed;           /* [n_outputs] plain */
    fvi_buffer **input_gradient; /* [n_inputs] plain; NULL: zero */
    fvi_buffer **inner_gradient; /* [n_outputs] plain; NULL: zero, or not asked for */
    int *readers;                /* [n_values] nodes and outputs that read it */
    int *sole_reader; /* [n_values] the node that reads it if there is just one; else -1 */
    char *depends;    /* [n_values] on a run-time input, in a way that has a gradient */
    char *absorbed;   /* [n_nodes] fused into an earlier step */
    fvi_step **step;  /* [n_nodes] */
};

static fv_status allocate(fvi_plan *p, fv_error *err) {
    const fvi_graph *g = p->graph;
    size_t v = (size_t)g->n_values + 1, n = (size_t)g->n_nodes + 1;
    size_t in = (size_t)g->n_inputs + 1, out = (size_t)g->n_outputs + 1;
    p->value = fvi_pool_array(g->pool, v, sizeof *p->value);
    p->producer = fvi_pool_array(g->pool, v, sizeof *p->producer);
    p->gradient = fvi_pool_array(g->pool, v, sizeof *p->gradient);
    p->readers = fvi_pool_array(g->pool, v, sizeof *p->readers);
    p->sole_reader = fvi_pool_array(g->pool, v, sizeof *p->sole_reader);
    p->depends = fvi_pool_array(g->pool, v, 1);
    p->absorbed = fvi_pool_array(g->pool, n, 1);
    p->step = fvi_pool_array(g->pool, n, sizeof *p->step);
    p->target = fvi_pool_array(g->pool, out, sizeof *p->target);
    p->seed = fvi_pool_array(g->pool, out, sizeof *p->seed);
    p->input_gradient = fvi_pool_array(g->pool, in, sizeof *p->input_gradient);
    p->inner_gradient = fvi_pool_array(g->pool, out, sizeof *p->inner_gradient);
    if (!p->value || !p->producer || !p->gradient || !p->readers || !p->sole_reader ||
        !p->depends || !p->absorbed || !p->step || !p->target || !p->seed || !p->input_gradient ||
        !p->inner_gradient)
        return fvi_fail(err, FV_NOMEM, "out of memory while planning");
    return FV_OK;
}

/* Counts who reads each value, and marks what depends on an input and has a gradient there. */
static void survey(fvi_plan *p) {
    const fvi_graph *g = p->graph;
    for (int i = 0; i < g->n_inputs; i++) p->depends[g->inputs[i]] = 1;
    for (int k = 0; k < g->n_nodes; k++) {
        const fvi_node *n = &g->nodes[k];
        for (int i = 0; i < n->n_in; i++) {
            int v = n->in[i];
            if (v < 0) continue;
            p->sole_reader[v] = p->readers[v]++ ? -1 : k;
            if (p->depends[v] && !fvi_node_stops_gradient(n)) p->depends[n->out] = 1;
        }
    }
    for (int i = 0; i < g->n_outputs; i++) {
        p->readers[g->outputs[i]]++;
        p->sole_reader[g->outputs[i]] = -1;
    }
}

static fv_status plan_inputs(fvi_plan *p, fv_error *err) {
    const fvi_graph *g = p->graph;
    for (int i = 0; i < g->n_inputs; i++) {
        fvi_buffer *in = NULL;
        fv_status st =
            fvi_schedule_buffer(p->schedule, &g->values[g->inputs[i]].shape, NULL, &in, err);
        if (st) return st;
        fvi_schedule_persist(in, -1, INT_MAX);
        p->value[g->inputs[i]] = in;
    }
    return FV_OK;
}

/* Fuses the nodes after step s into it, one by one; returns the last one's output value. */
static int absorb(fvi_plan *p, fvi_step *s) {
    const fvi_graph *g = p->graph;
    int out = s->node->out;
    while (s->op->fuse && s->n_fused < FVI_MAX_FUSED && p->sole_reader[out] >= 0) {
        int k = p->sole_reader[out];
        const fvi_node *next = &g->nodes[k];
        if (next->in[0] != out || !s->op->fuse(s, next)) break;
        s->fused[s->n_fused++] = next;
        p->absorbed[k] = 1;
        out = next->out;
    }
    return out;
}

static fv_status plan_node_forward(fvi_plan *p, int k, int backward, fv_error *err) {
    const fvi_node *n = &p->graph->nodes[k];
    fvi_step *s = NULL;
    fv_status st = fvi_schedule_step(p->schedule, p->graph, n, 0, &s, err);
    if (st) return st;
    p->step[k] = s;
    for (int i = 0; i < n->n_in; i++) {
        if (n->in[i] < 0) continue;
        s->src[i] = p->value[n->in[i]];
        s->wanted[i] = (char)(backward && p->depends[n->in[i]]);
        s->backward |= s->wanted[i];
    }
    if (n->n_in > 0 && n->in[0] >= 0 && p->sole_reader[n->in[0]] == k)
        s->producer = p->producer[n->in[0]];
    int out = absorb(p, s);
    st = fvi_schedule_append(p->schedule, s, FVI_FORWARD, err);
    if (st) {
        fvi_error_prefix(err, "layer \"%s\" (%s)", n->name,
                         n->source_op ? n->source_op : s->op->name);
        return st;
    }
    p->value[out] = s->dst;
    p->producer[out] = s;
    return FV_OK;
}

/* Gives targets plain layout and memory that stays valid until the next run. */
static fv_status plan_targets(fvi_plan *p, fv_error *err) {
    const fvi_graph *g = p->graph;
    for (int t = 0; t < g->n_outputs; t++) {
        const fvi_value *v = &g->values[g->outputs[t]];
        fvi_buffer *buffer = p->value[g->outputs[t]];
        if (!buffer) { /* an output that folded into a constant */
            fv_status st = fvi_weight_cache_plain(fvi_schedule_weights(p->schedule), v->constant,
                                                  &p->target[t], err);
            if (st) return st;
            continue;
        }
        fv_status st = fvi_schedule_convert(p->schedule, buffer, NULL, &p->target[t], err);
        if (st) return st;
        fvi_schedule_persist(p->target[t], fvi_schedule_length(p->schedule), INT_MAX);
    }
    return FV_OK;
}

/* Adds a contribution to a value's gradient. */
static fv_status contribute(fvi_plan *p, int value, fvi_buffer *g, fv_error *err) {
    if (!p->gradient[value]) {
        p->gradient[value] = g;
        return FV_OK;
    }
    fvi_buffer *sum = NULL;
    fv_status st = fvi_schedule_add(p->schedule, p->gradient[value], g, &sum, err);
    if (!st) p->gradient[value] = sum;
    return st;
}

static fv_status plan_seeds(fvi_plan *p, fv_error *err) {
    const fvi_graph *g = p->graph;
    for (int t = 0; t < g->n_outputs; t++) {
        int v = g->outputs[t];
        fv_status st =
            fvi_schedule_buffer(p->schedule, &g->values[v].shape, NULL, &p->seed[t], err);
        if (st) return st;
        fvi_schedule_persist(p->seed[t], p->forward_end, p->forward_end);
        if (p->depends[v]) st = contribute(p, v, p->seed[t], err);
        if (st) return st;
    }
    return FV_OK;
}

static fv_status plan_node_backward(fvi_plan *p, int k, fv_error *err) {
    const fvi_node *n = &p->graph->nodes[k];
    fvi_step *s = p->step[k];
    const fvi_node *last = s->n_fused ? s->fused[s->n_fused - 1] : n;
    s->ddst = p->gradient[last->out];
    if (!s->ddst || !s->backward) return FV_OK; /* nothing downstream has a gradient for it */
    fv_status st = fvi_schedule_append(p->schedule, s, FVI_BACKWARD, err);
    if (st) {
        fvi_error_prefix(err, "layer \"%s\" (%s), backward", n->name,
                         n->source_op ? n->source_op : s->op->name);
        return st;
    }
    for (int i = 0; !st && i < n->n_in; i++)
        if (s->wanted[i] && s->dsrc[i]) st = contribute(p, n->in[i], s->dsrc[i], err);
    return st;
}

/* Gives gradients plain layout and memory that stays valid until the next run. */
static fv_status keep_gradients(fvi_plan *p, const int *values, int n, fvi_buffer **out,
                                fv_error *err) {
    for (int i = 0; i < n; i++) {
        fvi_buffer *d = p->gradient[values[i]];
        if (!d) continue;
        fv_status st = fvi_schedule_convert(p->schedule, d, NULL, &out[i], err);
        if (st) return st;
        fvi_schedule_persist(out[i], fvi_schedule_length(p->schedule), INT_MAX);
    }
    return FV_OK;
}

static fv_status plan_backward(fvi_plan *p, int inner, fv_error *err) {
    const fvi_graph *g = p->graph;
    fv_status st = plan_seeds(p, err);
    for (int k = g->n_nodes - 1; !st && k >= 0; k--)
        if (p->step[k]) st = plan_node_backward(p, k, err);
    if (!st) st = keep_gradients(p, g->inputs, g->n_inputs, p->input_gradient, err);
    if (!st && inner) st = keep_gradients(p, g->outputs, g->n_outputs, p->inner_gradient, err);
    return st;
}

/* Bytes of what callers copy: targets, and gradients at the inputs. */
static size_t result_bytes(const fvi_plan *p) {
    size_t sum = 0; /* each is at most 2^33 */
    for (int t = 0; t < p->graph->n_outputs; t++) sum += p->target[t]->bytes;
    for (int i = 0; i < p->graph->n_inputs; i++)
        if (p->input_gradient[i]) sum += p->input_gradient[i]->bytes;
    return sum;
}

static fv_status plan_all(fvi_plan *p, int flags, fv_error *err) {
    int backward = flags & FVI_EXEC_BACKWARD;
    fv_status st = fvi_graph_simplify(p->graph, err);
    if (!st) st = allocate(p, err);
    if (st) return st;
    survey(p);
    if (flags & FVI_PLAN_EVERY_METHOD) fvi_schedule_every_method(p->schedule);
    st = plan_inputs(p, err);
    for (int k = 0; !st && k < p->graph->n_nodes; k++)
        if (!p->absorbed[k]) st = plan_node_forward(p, k, backward, err);
    if (!st) st = plan_targets(p, err);
    p->forward_end = fvi_schedule_length(p->schedule);
    if (flags & FVI_EXEC_GUIDED) fvi_schedule_guide(p->schedule);
    if (!st && backward) st = plan_backward(p, flags & FVI_EXEC_TARGET_GRADIENTS, err);
    return st ? st : fvi_schedule_finish(p->schedule, result_bytes(p), err);
}

fv_status fvi_plan_new(fvi_graph *graph, int flags, fvi_dnnl_engine *b, fvi_weight_cache *w,
                       fvi_plan **out, fv_error *err) {
    fvi_plan *p = calloc(1, sizeof *p);
    if (!p) {
        fvi_graph_free(graph);
        return fvi_fail(err, FV_NOMEM, "out of memory while planning");
    }
    p->graph = graph;
    fv_status st = fvi_schedule_new(b, w, flags & FVI_PLAN_GUARDS, &p->schedule, err);
    if (!st) st = plan_all(p, flags, err);
    if (st) {
        fvi_plan_free(p);
        return st;
    }
    *out = p;
    return FV_OK;
}

fv_status fvi_plan_count(fvi_graph *graph, int flags, fvi_dnnl_engine *b, fvi_weight_cache *w,
                         size_t *bytes, fv_error *err) {
    fvi_weight_cache *counter = fvi_weight_cache_counter(w);
    fvi_plan *p = NULL;
    if (!counter) {
        fvi_graph_free(graph);
        return fvi_fail(err, FV_NOMEM, "out of memory while planning");
    }
    fv_status st = fvi_plan_new(graph, flags, b, counter, &p, err);
    if (!st) {
        size_t weights, largest, arena = fvi_plan_bytes(p);
        fvi_weight_cache_counted(counter, &weights, &largest);
        *bytes =
            weights + (largest > arena ? largest : arena); /* copies go before the arena is used */
    }
    fvi_plan_free(p);
    fvi_weight_cache_free(counter);
    return st;
}

void fvi_plan_free(fvi_plan *p) {
    if (!p) return;
    fvi_schedule_free(p->schedule);
    fvi_graph_free(p->graph);
    free(p);
}

const fvi_graph *fvi_plan_graph(const fvi_plan *p) { return p->graph; }
double fvi_plan_extra_cost(const fvi_plan *p) {
    double sum = BYTE * ((double)fvi_plan_bytes(p) + 2 * (double)result_bytes(p));
    for (int k = 0; k < p->graph->n_nodes; k++)
        for (int i = 0; p->step[k] && i < 2; i++)
            if (fvi_direction_is_slow(&p->step[k]->direction[i]))
                sum += SLOWER * fvi_node_cost(p->graph, &p->graph->nodes[k]);
    return sum;
}

size_t fvi_plan_bytes(const fvi_plan *p) { return fvi_schedule_bytes(p->schedule); }
int fvi_plan_check_guards(const fvi_plan *p) { return fvi_schedule_check_guards(p->schedule); }

fv_status fvi_plan_profile(fvi_plan *p, fvi_profile **out, fv_error *err) {
    return fvi_profile_new(p->schedule, p->forward_end, out, err);
}

fv_status fvi_plan_forward(fvi_plan *p, fv_error *err) {
    return fvi_schedule_run(p->schedule, 0, p->forward_end, err);
}

fv_status fvi_plan_backward(fvi_plan *p, fv_error *err) {
    return fvi_schedule_run(p->schedule, p->forward_end, fvi_schedule_length(p->schedule), err);
}

void fvi_plan_redirect(fvi_plan *p, const unsigned char *samples, int64_t n) {
    fvi_schedule_redirect(p->schedule, samples, n);
}

void fvi_plan_set_input(fvi_plan *p, int input, const float *data) {
    if (input >= p->graph->n_inputs) return; /* the targets are constants */
    fvi_buffer_write(p->value[p->graph->inputs[input]], data);
}

void fvi_plan_get_target(const fvi_plan *p, int target, float *data) {
    fvi_buffer_read(p->target[target], data);
}

void fvi_plan_set_seed(fvi_plan *p, int target, const float *data) {
    fvi_buffer_write(p->seed[target], data);
}

/* A gradient of value `value`; NULL: zeros. */
static void read_gradient(const fvi_plan *p, const fvi_buffer *gradient, int value, float *data) {
    if (gradient)
        fvi_buffer_read(gradient, data);
    else
        memset(data, 0, (size_t)fvi_shape_count(&p->graph->values[value].shape) * sizeof *data);
}

void fvi_plan_get_gradient(const fvi_plan *p, int input, float *data) {
    if (input >= p->graph->n_inputs) return;
    read_gradient(p, p->input_gradient[input], p->graph->inputs[input], data);
}

void fvi_plan_get_target_gradient(const fvi_plan *p, int target, float *data) {
    read_gradient(p, p->inner_gradient[target], p->graph->outputs[target], data);
}

const float *fvi_plan_target(const fvi_plan *p, int target) { return p->target[target]->data; }
float *fvi_plan_seed(fvi_plan *p, int target) { return p->seed[target]->data; }

const float *fvi_plan_gradient(const fvi_plan *p, int input) {
    return p->input_gradient[input] ? p->input_gradient[input]->data : NULL;
}

const float *fvi_plan_target_gradient(const fvi_plan *p, int target) {
    return p->inner_gradient[target] ? p->inner_gradient[target]->data : NULL;
}
