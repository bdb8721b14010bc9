/* SPDX-License-Identifier: Apache-2.0 */
/* One ONNX node while it is lowered: where its handler reads it. What the handler makes goes into
 * the builder, by graph/build/emit.h; failure is the builder's. */
#ifndef FVI_MODEL_ONNX_NODE_H
#define FVI_MODEL_ONNX_NODE_H

#include "graph/build/emit.h"
#include "graph/build/window.h"
#include "model/onnx/file.h"

/* Names visible in one (sub)graph. */
typedef struct fvi_scope {
    const struct fvi_scope *outer;
    const Onnx__GraphProto *graph;
    GHashTable *values; /* name -> index + 1 */
    GHashTable *needed; /* names that something reads */
    GHashTable *inits;  /* name -> Onnx__TensorProto of a subgraph; NULL: the main graph */
    GHashTable *stated; /* name -> Onnx__ValueInfoProto of its values; filled when asked for */
    GHashTable *given;  /* names of values inside the main graph that the caller gives; or NULL */
} fvi_scope;

typedef struct fvi_lowering {
    fvi_builder *b;
    const fvi_onnx *onnx;
    int64_t opset;
    int depth; /* of subgraphs */
    const fvi_graph_request *request;
} fvi_lowering;

typedef struct fvi_onnx_node fvi_onnx_node;

/* A row of operators.def. */
typedef struct fvi_onnx_op {
    const char *name;
    int first, last; /* opsets */
    fv_status (*lower)(fvi_onnx_node *node);
    int param; /* the handler's own: a fvi_unary, ... */
} fvi_onnx_op;

struct fvi_onnx_node {
    fvi_builder *b;
    fvi_lowering *l;
    const fvi_scope *scope;
    const Onnx__NodeProto *proto;
    const fvi_onnx_op *op;
    fvi_operation operation;
    int n_in, *in;      /* value indices; -1 absent */
    int n_out, *out;    /* value indices; -1 not made */
    const char *unmade; /* why the handler leaves outputs out, for the message; or NULL */
};

/* Value of input i: -1 when absent; fvi_onnx_need fails then. */
int fvi_onnx_in(fvi_onnx_node *node, int i);
int fvi_onnx_need(fvi_onnx_node *node, int i);
/* Whether something reads output i. */
int fvi_onnx_wants(const fvi_onnx_node *node, int i);
/* Whether output i is one of those that the whole graph is lowered for. */
int fvi_onnx_is_asked(const fvi_onnx_node *node, int i);
/* The numbers of input i, which is that constant from then on: where they depend on the network's
 * input they are computed by the builder's runner; fails with UNSUPPORTED, naming `what`, where
 * it has none. NULL also when the input is absent (status unchanged). */
const fvi_const *fvi_onnx_fixed(fvi_onnx_node *node, int i, const char *what);
/* The same of an input that only decides (which element is the largest), so that the gradient does
 * not go through it: where fvi_onnx_fixed computes real numbers, the graph has no gradient. */
const fvi_const *fvi_onnx_deciding(fvi_onnx_node *node, int i, const char *what);
/* Integers of an attribute, else of constant input i (i < 0: attribute only), at most `max`.
 * Their number, -1 when absent or failed. */
int fvi_onnx_ints(fvi_onnx_node *node, const char *attr, int i, int64_t *out, int max);
/* One number of an attribute, else of constant input i, the first of several. */
double fvi_onnx_real(fvi_onnx_node *node, const char *attr, int i, double otherwise);
/* Fails because input i has an index outside of an axis of n elements (they may count from the
 * end). */
fv_status fvi_onnx_fail_index(fvi_onnx_node *node, int i, int64_t index, int64_t n);
/* The "axes" attribute or input i as a bit set; 0 with *absent 1 when there are none. */
unsigned fvi_onnx_axes(fvi_onnx_node *node, int i, int ndim, int *absent);
/* Index of the attribute's text among the NULL-ended choices (0 is the default), or fails. */
int fvi_onnx_choice(fvi_onnx_node *node, const char *attr, const char *const *choices);
/* Reads the window of a convolution or pooling over x's axes 2.. into w.
 *   kernel  sizes from the weights, or NULL: the attribute says
 *   out     sizes of the sliding output axes, NULL for a transposed convolution */
void fvi_onnx_window(fvi_onnx_node *node, const fvi_shape *x, const int64_t *kernel, fvi_window *w,
                     int64_t *out);
/* Names v output i of the node. */
fv_status fvi_onnx_out(fvi_onnx_node *node, int i, int v);
/* The same of a value that is run; its numbers are of type t in the file. */
fv_status fvi_onnx_out_as(fvi_onnx_node *node, int i, int v, fvi_dtype t);

#endif
