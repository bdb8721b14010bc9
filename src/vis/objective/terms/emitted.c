/* SPDX-License-Identifier: Apache-2.0 */
/* emitted: the nodes of a term over the pictures of one group, compiled for the processor, with the
 * group's activations as their input, [pictures][outer][channels][inner].
 */
#include "vis/objective/terms/emitted.h"

#include <string.h>

#include "backend/backends.h"
#include "backend/executable.h"
#include "base/error.h"
#include "graph/build/pack.h"
#include "vis/objective/term_graph.h"

struct fvi_emitted {
    int count; /* pictures */
    fvi_given_list given;
    fvi_device *device;
    fvi_executable *plan;
    float *x;      /* [count][elements]; the given list's */
    float *values; /* [count] */
};

fvi_emitted *fvi_emitted_new(void) { return g_new0(fvi_emitted, 1); }

/* Back to what fvi_emitted_new makes. */
static void clear(fvi_emitted *e) {
    fvi_executable_free(e->plan);
    fvi_device_free(e->device);
    fvi_given_end(&e->given);
    g_free(e->values);
    *e = (fvi_emitted){0};
}

void fvi_emitted_drop(fvi_bound_term *t) {
    clear(t->emitted);
    g_free(t->emitted);
    t->emitted = NULL;
}

/* The graph of the term. */
static fv_status build(fvi_emitted *e, const fvi_bound *b, const fvi_bound_term *t, fvi_graph **out,
                       fv_error *err) {
    static const fvi_build_limits limits = {(size_t)1 << 30, FVI_MAX_ELEMENTS, FVI_MAX_ELEMENTS,
                                            1 << 20};
    const int v = t->term->value;
    const fvi_extent *l = &b->layout[v];
    fvi_operation op = {.source_op = "term", .label = b->objective->layers[v], .is_own = 1};
    fvi_builder *builder = NULL;
    fv_status st = fvi_build_new(&limits, NULL, &builder, err);
    if (st) return st;
    fvi_term_graph g = {.b = builder,
                        .given = &e->given,
                        .pictures = 1,
                        .samples = e->count,
                        .group = e->count,
                        .pixels = -1,
                        .start = -1};
    const fvi_shape shape = {4, {e->count, l->outer, l->channels, l->inner}};
    fvi_build_begin(builder, &op);
    g.layer[v] = fvi_given_input(&e->given, builder, &shape, FVI_GIVEN_EACH_UPDATE, &e->x);
    const int value = t->kind->emit(&g, t);
    if (!builder->status) fvi_build_output(builder, value);
    fvi_build_end(builder);
    st = fvi_build_finish(builder, out);
    fvi_build_free(builder);
    return st;
}

static fv_status compile(const fvi_bound *b, const fvi_bound_term *t, int count, fv_error *err) {
    fvi_emitted *e = t->emitted;
    fvi_graph *graph = NULL;
    e->count = count;
    e->values = g_new0(float, (gsize)count);
    fvi_given_begin(&e->given);
    fv_status st = build(e, b, t, &graph, err);
    if (!st)
        st = fvi_device_new(fvi_backend_processor,
                            &(fvi_device_desc){.precision = FV_PRECISION_F32}, &e->device, err);
    if (!st)
        st = fvi_executable_new(e->device, graph, FVI_EXEC_BACKWARD, &e->plan, err);
    else
        fvi_graph_free(graph);
    for (guint i = 0; !st && i < e->given.list->len; i++) {
        const fvi_given *in = &g_array_index(e->given.list, fvi_given, i);
        st = fvi_executable_set_input(e->plan, (int)i, in->data, err);
    }
    return st;
}

static fv_status run(const fvi_emitted *e, float weight, const float **dx, fv_error *err) {
    float *seed;
    fv_status st = fvi_executable_set_input(e->plan, 0, e->x, err);
    if (!st) st = fvi_executable_forward(e->plan, err);
    if (!st) st = fvi_executable_read_target(e->plan, 0, e->values, err);
    if (!st) st = fvi_executable_edit_seed(e->plan, 0, &seed, err);
    for (int i = 0; !st && i < e->count; i++) seed[i] = weight;
    if (!st) st = fvi_executable_backward(e->plan, err);
    return st ? st : fvi_executable_view_gradient(e->plan, 0, dx, err);
}

fv_status fvi_emitted_evaluate(const fvi_bound *b, const fvi_bound_term *t, const fvi_group_call *c,
                               fv_error *err) {
    const int v = t->term->value;
    const fvi_extent *l = &b->layout[v];
    const int64_t size = fvi_extent_count(l);
    fvi_emitted *e = t->emitted;
    const float *dx;
    fv_status st = FV_OK;
    if (e->count != c->count) {
        clear(e);
        st = compile(b, t, c->count, err);
        if (st) clear(e);
    }
    for (int k = 0; !st && k < c->count; k++)
        for (int64_t i = 0; i < size; i += l->run)
            memcpy(e->x + k * size + i, c->targets[v] + fvi_extent_offset(l, c->sample[k], i),
                   (size_t)l->run * sizeof(float));
    if (!st) st = run(e, t->term->weight, &dx, err);
    for (int k = 0; !st && k < c->count; k++) {
        c->values[k] += (double)t->term->weight * e->values[k];
        for (int64_t i = 0; i < size; i += l->run) {
            float *to = c->seeds[v] + fvi_extent_offset(l, c->sample[k], i);
            for (int64_t j = 0; j < l->run; j++) to[j] += dx[k * size + i + j];
        }
    }
    return st;
}
