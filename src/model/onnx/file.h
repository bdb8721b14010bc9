/* SPDX-License-Identifier: Apache-2.0 */
/* An ONNX file, parsed and checked, with its weights still in the mapped file, and functions that
 * find its parts.
 *
 * `proto` is protobuf-c's tree of the whole file except the payloads (`raw_data`, packed
 * `float_data` and `double_data`) of the main graph's initialisers: those bytes are found
 * beforehand and stay mapped.
 *
 * After fvi_onnx_open these hold in the main graph and in every graph inside it: op_type, name and
 * domain of a node are never NULL ("" when absent; the domain "ai.onnx" is written ""), names of
 * attributes and values are never NULL. The attributes may have any type.
 */
#ifndef FVI_MODEL_ONNX_FILE_H
#define FVI_MODEL_ONNX_FILE_H

#include "model/onnx/onnx.pb-c.h"
#include "model/reader.h"

/* An initialiser as fvi_onnx_initializer gives it out. */
typedef struct fvi_init {
    fvi_const c;
    const char *problem; /* or NULL: c is good */
} fvi_init;

typedef struct fvi_onnx {
    fvi_model_file file;
    fvi_pool *pool; /* owns the message and what typed fields were converted to */
    Onnx__ModelProto *proto;
    const Onnx__NodeProto **nodes; /* of the main graph, in topological order */
    int n_nodes;
    fvi_init *inits;
    GHashTable *init_by_name; /* name -> fvi_init * */
    fvi_model_input *inputs;  /* without those that have an initialiser */
    int n_inputs;
    GHashTable *layer_names; /* node -> its name, where it is not its own; or NULL */
} fvi_onnx;

/* The same file by its first member. */
static inline const fvi_onnx *fvi_onnx_of(const fvi_model_file *f) {
    return (const fvi_onnx *)(const void *)f;
}

const Onnx__ModelProto *fvi_onnx_proto(const fvi_onnx *o);
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

/* Adds all names that a node reads, itself and in its subgraphs, to a set. */
void fvi_onnx_add_reads(GHashTable *names, const Onnx__NodeProto *n);

/* A graph's input as the file describes it: -1 for free sizes; ndim -1 where it gives no shape or
 * more than 8 dimensions. */
fvi_model_input fvi_onnx_input(const Onnx__ValueInfoProto *v);

#endif
