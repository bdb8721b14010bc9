/* SPDX-License-Identifier: Apache-2.0 */
/* Small ONNX files made in a test: a model, its nodes, initialisers, inputs and outputs, packed to
 * bytes or into a file of a temporary folder.
 *
 *   builder *b = builder_new(17);
 *   builder_input(b, "x", FVI_F32, "N,3,8,8");
 *   builder_f32(b, "w", "4,3,3,3", NULL);
 *   Onnx__NodeProto *n = builder_node(b, "Conv", "conv1", "x,w", "y");
 *   builder_ints(b, n, "pads", "1,1,1,1");
 *   builder_output(b, "y");
 *   char *path = builder_save(b, "net.onnx");      (removed by builder_free)
 *   builder_free(b);
 *
 * Lists are written as texts, comma between entries. All that a builder gave lives as long as it.
 * The message can be reached (builder_model) to make it wrong in ways the functions do not offer.
 */
#ifndef FVI_TESTS_MODEL_BUILDER_H
#define FVI_TESTS_MODEL_BUILDER_H

#include "graph/graph.h"
#include "model/onnx/onnx.pb-c.h"

typedef struct builder builder;

builder *builder_new(int opset);
void builder_free(builder *b);

/* Imports the operators of another domain than ONNX's own. */
void builder_opset(builder *b, const char *domain, int version);

/* The message, to change it. */
Onnx__ModelProto *builder_model(builder *b);
/* Memory that lives as long as the builder. */
fvi_pool *builder_pool(builder *b);

/* Appends a node to the main graph; an empty entry in a list is an absent input or output. */
Onnx__NodeProto *builder_node(builder *b, const char *op, const char *name, const char *inputs,
                              const char *outputs);
/* Makes a node that stands in no graph yet, and appends one to a graph. */
Onnx__NodeProto *builder_node_new(builder *b, const char *op, const char *name, const char *inputs,
                                  const char *outputs);
void builder_node_append(builder *b, Onnx__GraphProto *g, Onnx__NodeProto *n);
/* An empty graph for an attribute. */
Onnx__GraphProto *builder_graph_new(builder *b);
void builder_graph_output(builder *b, Onnx__GraphProto *g, const char *name);
/* An input of a body, of open shape. */
void builder_graph_input(builder *b, Onnx__GraphProto *g, const char *name, int dtype);

Onnx__AttributeProto *builder_attr(builder *b, Onnx__NodeProto *n, const char *name, int type);
void builder_int(builder *b, Onnx__NodeProto *n, const char *name, int64_t v);
void builder_float(builder *b, Onnx__NodeProto *n, const char *name, float v);
void builder_string(builder *b, Onnx__NodeProto *n, const char *name, const char *v);
void builder_ints(builder *b, Onnx__NodeProto *n, const char *name, const char *list);
void builder_tensor_attr(builder *b, Onnx__NodeProto *n, const char *name, Onnx__TensorProto *t);
void builder_graph_attr(builder *b, Onnx__NodeProto *n, const char *name, Onnx__GraphProto *g);

/* Makes a tensor of raw data that stands nowhere yet; bytes NULL: zeros. */
Onnx__TensorProto *builder_tensor(builder *b, const char *name, int dtype, const char *dims,
                                  const void *bytes);
/* Appends an initialiser to the main graph. f32 with data NULL: small numbers that all differ. */
Onnx__TensorProto *builder_init(builder *b, const char *name, int dtype, const char *dims,
                                const void *bytes);
Onnx__TensorProto *builder_f32(builder *b, const char *name, const char *dims, const float *data);
/* An i64 vector given as a list. */
Onnx__TensorProto *builder_i64(builder *b, const char *name, const char *list);

/* A graph input; an entry of dims that is no number is a free dimension of that name. */
void builder_input(builder *b, const char *name, int dtype, const char *dims);
void builder_output(builder *b, const char *name);
/* An output whose shape the file states. */
void builder_shaped_output(builder *b, const char *name, const char *dims);
void builder_metadata(builder *b, const char *key, const char *value);

/* The packed message. */
uint8_t *builder_pack(builder *b, size_t *size);
/* Path of a file of that name in the builder's own temporary folder. */
char *builder_path(builder *b, const char *file);
/* Writes bytes, or the packed message, there and returns the path. */
char *builder_write(builder *b, const char *file, const void *bytes, size_t size);
char *builder_save(builder *b, const char *file);

#endif
