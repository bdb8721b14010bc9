/* SPDX-License-Identifier: Apache-2.0 */
/* An ONNX file, parsed and checked, with its weights still in the mapped file.
 *
 * Only files of src/model/ include this. `proto` is protobuf-c's tree of the whole file except the
 * payloads (`raw_data`, packed `float_data` and `double_data`) of the main graph's initialisers:
 * those bytes are found beforehand and stay mapped.
 *
 * After fvi_onnx_open these hold in the main graph and in every graph inside it: op_type, name and
 * domain of a node are never NULL ("" when absent; the domain "ai.onnx" is written ""), names of
 * attributes and values are never NULL, and the well-known attributes of the domain "" have the
 * type their operators give them.
 */
#ifndef FVI_MODEL_ONNX_FILE_H
#define FVI_MODEL_ONNX_FILE_H

#include "graph/graph.h"
#include "model/limits.h"
#include "model/onnx/onnx.pb-c.h"

#define FVI_OPSET_MIN 7
#define FVI_OPSET_MAX 22

/* TensorProto.DataLocation and AttributeProto.AttributeType, as ONNX numbers them. */
enum { FVI_LOCATION_EXTERNAL = 1 };
enum {
    FVI_ATTR_FLOAT = 1, FVI_ATTR_INT = 2, FVI_ATTR_STRING = 3, FVI_ATTR_TENSOR = 4,
    FVI_ATTR_GRAPH = 5, FVI_ATTR_FLOATS = 6, FVI_ATTR_INTS = 7, FVI_ATTR_STRINGS = 8
};

typedef struct fvi_onnx fvi_onnx;

/* Opens, parses and checks: names, references (no cycles, no value made twice), opset 7..22.
 *   limits  NULL: the defaults
 *   errors  as fv_model_load, each naming the file */
fv_status fvi_onnx_open(const char *path, const fvi_limits *limits, fvi_onnx **out, fv_error *err);
void fvi_onnx_close(fvi_onnx *o);
const fvi_limits *fvi_onnx_limits(const fvi_onnx *o);

const Onnx__ModelProto *fvi_onnx_proto(const fvi_onnx *o);
/* The bytes of the file. */
const uint8_t *fvi_onnx_bytes(const fvi_onnx *o, size_t *size);
/* Bytes of it and its external data that were read whole, and of what is mapped. */
void fvi_onnx_file_bytes(const fvi_onnx *o, size_t *copied, size_t *mapped);
/* The SHA-256 of the file, 64 hex digits; to be freed with g_free. */
char *fvi_onnx_sha256(const fvi_onnx *o);
/* Gives back the memory of a mapped file's pages, where the bytes are of one; they can be read all
 * the same. */
void fvi_onnx_release(const fvi_onnx *o, const void *bytes, size_t size);
/* Nodes of the main graph in topological order (files are not always sorted). */
const Onnx__NodeProto *const *fvi_onnx_nodes(const fvi_onnx *o, int *count);
/* Version imported for a domain ("" is ai.onnx), or 0. */
int64_t fvi_onnx_opset(const fvi_onnx *o, const char *domain);
/* The initialiser of that name in the main graph, or NULL. Stable for the life of `o`. */
const fvi_const *fvi_onnx_initializer(const fvi_onnx *o, const char *name);
/* Why an initialiser of that name is there but cannot be read ("has element type string, which
 * fovea does not read"), or NULL. */
const char *fvi_onnx_initializer_problem(const fvi_onnx *o, const char *name);
/* Value of a metadata key, or NULL. */
const char *fvi_onnx_metadata(const fvi_onnx *o, const char *key);
/* Reads any TensorProto (an attribute's, a test's) into the pool.  errors  FORMAT; UNSUPPORTED */
fv_status fvi_onnx_tensor(const fvi_onnx *o, const Onnx__TensorProto *t, fvi_pool *pool,
                          const fvi_const **out, fv_error *err);

/* Attributes of a node; the default when absent. */
const Onnx__AttributeProto *fvi_onnx_attr(const Onnx__NodeProto *n, const char *name);
int64_t fvi_onnx_attr_int(const Onnx__NodeProto *n, const char *name, int64_t otherwise);
float fvi_onnx_attr_float(const Onnx__NodeProto *n, const char *name, float otherwise);
/* Whether a `string` attribute is `text`; an absent one counts as `otherwise`. */
int fvi_onnx_attr_is(const Onnx__NodeProto *n, const char *name, const char *text,
                     const char *otherwise);
/* Integers of an `ints` attribute: their number, -1 when absent. */
int fvi_onnx_attr_ints(const Onnx__NodeProto *n, const char *name, const int64_t **out);
/* The type an attribute has, or must have by the fields it carries (old files name no type). */
int fvi_onnx_attr_type(const Onnx__AttributeProto *a);

#endif
