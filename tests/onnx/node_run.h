/* SPDX-License-Identifier: Apache-2.0 */
/* Runs one test of the ONNX backend suite through lowering and plan, and compares. */
#ifndef TESTS_ONNX_NODE_RUN_H
#define TESTS_ONNX_NODE_RUN_H

#include "backend/onednn/dnnl/dnnl_engine.h"
#include "graph/graph.h"

typedef enum node_verdict {
    NODE_PASSED,
    NODE_REFUSED, /* fovea says it does not do this */
    NODE_FAILED
} node_verdict;

/* How much was known before the run. Each is tried only when the one before is UNSUPPORTED. */
typedef enum node_binding {
    NODE_RUNTIME,    /* every f32 input is computed with; other types are constants */
    NODE_PARAMETERS, /* all inputs but the first are constants */
    NODE_CONSTANT,   /* all inputs are constants: the output must fold */
    NODE_BINDINGS
} node_binding;

typedef struct node_result {
    node_verdict verdict;
    node_binding binding; /* the one that decided */
    char text[600];       /* why not */
} node_result;

/* Runs every data set of a folder; the worst result is given. */
void node_run(const char *folder, fvi_dnnl_engine *backend, node_result *out);

/* Compares count numbers, and says where they differ most in text [600].
 * |a - b| <= 1e-3 |b| + 1e-6 max |b| + 1e-7; infinities and NaN must be the same.  1: equal */
int node_close(const double *got, const double *wanted, int64_t count, char *text);

#endif
