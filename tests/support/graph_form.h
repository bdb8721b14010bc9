/* SPDX-License-Identifier: Apache-2.0 */
/* What the library emits as nodes of a graph, run by the processor's backend: a graph of one input
 * and one output. */
#ifndef TESTS_SUPPORT_GRAPH_FORM_H
#define TESTS_SUPPORT_GRAPH_FORM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "backend/backends.h"
#include "backend/executable.h"
#include "graph/build/emit.h"
#include "graph/build/given.h"
#include "graph/build/pack.h"

typedef struct graph_form {
    fvi_builder *b;
    fvi_given_list given; /* the first is the input */
    fvi_operation op;
    fvi_device *device;
    fvi_executable *e;
    fv_error err;
    int input; /* its value */
    float *x;  /* its numbers */
} graph_form;

static inline void graph_form_must(fv_status st, const graph_form *f) {
    if (st) fail_msg("%s", f->err.text);
}

/* A builder, in which the input is made. */
static inline void graph_form_begin(graph_form *f, const fvi_shape *shape) {
    static const fvi_build_limits limits = {(size_t)1 << 30, 1 << 30, 1 << 30, 1 << 16};
    *f = (graph_form){.op = {.source_op = "test", .name = "test", .label = "test", .is_own = 1}};
    graph_form_must(fvi_build_new(&limits, NULL, &f->b, &f->err), f);
    fvi_given_begin(&f->given);
    fvi_build_begin(f->b, &f->op);
    f->input = fvi_given_input(&f->given, f->b, shape, FVI_GIVEN_EACH_UPDATE, &f->x);
}

/* Makes it the graph of value v. */
static inline void graph_form_finish(graph_form *f, int v) {
    fvi_graph *g = NULL;
    if (v == f->input) {
        const fvi_shape shape = fvi_build_shape(f->b, v);
        v = fvi_emit(f->b, FVI_IDENTITY, NULL, &shape, 1, &v);
    }
    if (v >= 0) fvi_build_output(f->b, v);
    fvi_build_end(f->b);
    if (fvi_build_finish(f->b, &g)) fail_msg("%s", f->b->err->text);
    fvi_build_free(f->b);
    const fvi_device_desc desc = {.precision = FV_PRECISION_F32};
    graph_form_must(fvi_device_new(fvi_backend_processor, &desc, &f->device, &f->err), f);
    graph_form_must(fvi_executable_new(f->device, g, FVI_EXEC_BACKWARD, &f->e, &f->err), f);
}

/* Runs it on what f->x and the other inputs hold. */
static inline void graph_form_run(graph_form *f, float *y) {
    for (guint i = 0; i < f->given.list->len; i++) {
        const float *data = g_array_index(f->given.list, fvi_given, i).data;
        graph_form_must(fvi_executable_set_input(f->e, (int)i, data, &f->err), f);
    }
    graph_form_must(fvi_executable_forward(f->e, &f->err), f);
    graph_form_must(fvi_executable_read_target(f->e, 0, y, &f->err), f);
}

static inline void graph_form_end(graph_form *f) {
    fvi_executable_free(f->e);
    fvi_device_free(f->device);
    fvi_given_end(&f->given);
}

#endif
