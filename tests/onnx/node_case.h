/* SPDX-License-Identifier: Apache-2.0 */
/* One test of the ONNX backend suite: a folder with model.onnx and test_data_set_N/{in,out}put_K.pb
 * (TensorProto); ours may have seed_K.pb and gradient_K.pb too. Trusted data: what cannot be read
 * is reported, not defended against. */
#ifndef TESTS_ONNX_NODE_CASE_H
#define TESTS_ONNX_NODE_CASE_H

#include "support/onnx_file.h"

#define NODE_MAX_VALUES 32

typedef struct node_values {
    int count;
    const char *name[NODE_MAX_VALUES]; /* of the graph's input or output K */
    const fvi_const *value[NODE_MAX_VALUES];
} node_values;

typedef struct node_case {
    char *folder;
    Onnx__ModelProto *proto; /* our own copy, for names and ops */
    fvi_onnx *onnx;
    fvi_pool *pool;
    int data_sets;
} node_case;

/* Loads the model. Opsets below 7 are read as 7 where they mean the same (no `axis` in arithmetic).
 *   errors  as fvi_readers_open; IO, FORMAT */
fv_status node_case_open(const char *folder, node_case *out, fv_error *err);
void node_case_close(node_case *c);

/* The numbers of one data set. Gradients are those of the sum of outputs times seeds (an output
 * without a seed counts for nothing) at some of the inputs; most tests have none. */
typedef struct node_data {
    node_values inputs, outputs, seeds, gradients;
} node_data;

/* Reads data set N. */
fv_status node_case_data(node_case *c, int set, node_data *out, fv_error *err);

/* Reads one TensorProto file. */
fv_status node_tensor_read(const fvi_onnx *o, fvi_pool *pool, const char *path,
                           const fvi_const **out, fv_error *err);

/* Calls `each` for every op of a graph, also inside its branches; stops when it returns 0. */
int node_each_op(const Onnx__GraphProto *g, int (*each)(const char *op, void *user), void *user);

/* Parses a model file whole; NULL if it is none. Free with onnx__model_proto__free_unpacked. */
Onnx__ModelProto *node_proto_read(const char *path);

#endif
