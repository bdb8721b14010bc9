/* SPDX-License-Identifier: Apache-2.0 */
/* Times objective terms of a batch, value and gradient: as the processor computes them
 * (fvi_bound_evaluate), and as nodes of a graph that it runs (fvi_objectives_emit).
 *
 * Usage: terms [CHANNELS H W]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "backend/backends.h"
#include "backend/executable.h"
#include "base/clock.h"
#include "base/parallel.h"
#include "base/random.h"
#include "graph/build/emit.h"
#include "graph/build/pack.h"
#include "vis/objective/objective_graph.h"

enum { BATCH = 8, ROUNDS = 41 };

static fv_error err;

static void must(fv_status st, const fv_error *why) {
    if (!st) return;
    fprintf(stderr, "%s\n", why->text);
    exit(1);
}

static const struct {
    const char *name;
    fvi_term term;
} terms[] = {
    {"channel", {.kind = &fvi_term_channel, .channel = 3}},
    {"neuron", {.kind = &fvi_term_channel, .channel = 3, .n_position = FVI_CENTRE}},
    {"layer", {.kind = &fvi_term_layer, .channel = -1}},
    {"strong", {.kind = &fvi_term_strong, .channel = -1, .argument = {1}}},
    {"direction", {.kind = &fvi_term_direction, .channel = -1, .argument = {2}}},
    {"diversity", {.kind = &fvi_term_diversity, .channel = -1}},
};

/* A graph whose output is its input, or terms of it. */
typedef struct graph {
    fvi_builder *b;
    fvi_given_list given;
    fvi_operation op;
    fvi_device *device;
    fvi_executable *e;
    int x;
} graph;

static void begin(graph *g, const fvi_shape *s) {
    static const fvi_build_limits limits = {(size_t)1 << 32, (int64_t)1 << 32, (int64_t)1 << 32,
                                            1 << 20};
    float *data;
    *g = (graph){.op = {.source_op = "bench", .label = "bench"}};
    must(fvi_build_new(&limits, NULL, &g->b, &err), &err);
    fvi_given_begin(&g->given);
    fvi_build_begin(g->b, &g->op);
    g->x = fvi_given_input(&g->given, g->b, s, FVI_GIVEN_ONCE, &data);
    fvi_random r = fvi_random_stream(1, 2, 0, FVI_DRAW_START);
    for (int64_t i = 0; g->x >= 0 && i < fvi_shape_count(s); i++) {
        const float y = fvi_random_normal(&r);
        data[i] = y > 0 ? y : 0;
    }
}

static void finish(graph *g, int v) {
    fvi_graph *made = NULL;
    fvi_build_output(g->b, v);
    fvi_build_end(g->b);
    must(fvi_build_finish(g->b, &made), g->b->err);
    must(fvi_device_new(fvi_backend_processor, &(fvi_device_desc){.precision = FV_PRECISION_F32},
                        &g->device, &err),
         &err);
    must(fvi_executable_new(g->device, made, FVI_EXEC_BACKWARD, &g->e, &err), &err);
    for (guint i = 0; i < g->given.list->len; i++) {
        const fvi_given *in = &g_array_index(g->given.list, fvi_given, i);
        must(fvi_executable_set_input(g->e, (int)i, in->data, &err), &err);
    }
}

static void end(graph *g) {
    fvi_executable_free(g->e);
    fvi_device_free(g->device);
    fvi_given_end(&g->given);
    fvi_build_free(g->b);
}

/* Milliseconds of the fastest round. */
static double fastest(const double *t) {
    double least = t[0];
    for (int i = 1; i < ROUNDS; i++) least = t[i] < least ? t[i] : least;
    return least * 1e3;
}

/* ---- the terms' own C ------------------------------------------------------------------------ */

typedef struct evaluation {
    fvi_bound *bound;
    const float *x;
    float *seed;
    double values[BATCH];
} evaluation;

static void evaluate(void *user, int64_t i) {
    evaluation *e = user;
    e->values[i] = fvi_bound_evaluate(e->bound, i, &e->x, &e->seed);
}

static double by_c(const fvi_objective *o, const fvi_shape *s) {
    static const int64_t samples[BATCH] = {0, 1, 2, 3, 4, 5, 6, 7};
    double t[ROUNDS];
    graph g;
    begin(&g, s);
    evaluation e = {.x = g_array_index(g.given.list, fvi_given, 0).data,
                    .seed = g_new(float, fvi_shape_count(s))};
    finish(&g, fvi_emit_unary(g.b, FVI_RELU, 0, 0, g.x));
    must(fvi_objective_bind(o, fvi_executable_graph(g.e), BATCH, NULL, &e.bound, &err), &err);
    for (int i = 0; i < ROUNDS; i++) {
        const double from = fvi_clock();
        fvi_side_by_side(BATCH, evaluate, &e);
        must(fvi_bound_evaluate_joint(
                 e.bound, &(fvi_group_call){samples, BATCH, &e.x, &e.seed, e.values}, &err),
             &err);
        t[i] = fvi_clock() - from;
    }
    fvi_bound_free(e.bound);
    g_free(e.seed);
    end(&g);
    return fastest(t);
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static double by_nodes(const fvi_objective *o, const fvi_shape *s) {
    const fvi_objective *list[BATCH];
    float ones[BATCH];
    double t[ROUNDS];
    graph network, g;
    begin(&network, s);
    finish(&network, fvi_emit_unary(network.b, FVI_RELU, 0, 0, network.x));
    begin(&g, s);
    for (int i = 0; i < BATCH; i++) list[i] = o, ones[i] = 1;
    const fvi_objective_site site = {g.b, &g.given, {list, BATCH}, BATCH, NULL};
    finish(&g, fvi_objectives_emit(&site, fvi_executable_graph(network.e), BATCH, NULL, &g.x));
    for (int i = 0; i < ROUNDS; i++) {
        const double from = fvi_clock();
        must(fvi_executable_forward(g.e, &err), &err);
        must(fvi_executable_write_seed(g.e, 0, ones, &err), &err);
        must(fvi_executable_backward(g.e, &err), &err);
        t[i] = fvi_clock() - from;
    }
    end(&g);
    end(&network);
    return fastest(t);
}

int main(int argc, char **argv) {
    fvi_shape s = {4, {BATCH, 512, 14, 14}};
    for (int i = 1; i < argc && i < 4; i++) s.dim[i] = atoll(argv[i]);
    float *v = g_new0(float, s.dim[1]);
    for (int64_t c = 0; c < s.dim[1]; c++) v[c] = (float)(c % 7) - 3;
    fv_tensor vector = {1, {s.dim[1]}, v};
    printf("ms, fastest of %d: batch %d, %" PRId64 " channels, %" PRId64 " x %" PRId64 "\n", ROUNDS,
           BATCH, s.dim[1], s.dim[2], s.dim[3]);
    for (size_t k = 0; k < G_N_ELEMENTS(terms); k++) {
        fvi_objective o = {.n_values = 1, .values = {"layer"}, .layers = {"layer"}, .n_terms = 1};
        o.terms[0] = terms[k].term;
        o.terms[0].weight = 1;
        o.terms[0].vector = &vector;
        const double c = by_c(&o, &s), nodes = by_nodes(&o, &s);
        printf("%-10s processor %8.3f   nodes %8.3f\n", terms[k].name, c, nodes);
    }
    g_free(v);
    return 0;
}
