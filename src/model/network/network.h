/* SPDX-License-Identifier: Apache-2.0 */
/* A network as its file says it, and its lowering to a graph for given input shapes.
 *
 * Nothing outside model/ sees a file's format: a network is loaded, described (inputs, classes,
 * layers) and lowered. It is immutable after loading and may be shared between threads.
 */
#ifndef FVI_MODEL_NETWORK_NETWORK_H
#define FVI_MODEL_NETWORK_NETWORK_H

#include "graph/build/build.h"
#include "model/input/axes.h"
#include "model/limits.h"
#include "model/model_file.h"

typedef struct fvi_network fvi_network;

/* Loads and checks a model; desc may be NULL. Errors and limits: fv_model_load. Lowers once at the
 * model's own input size, for the layer table. */
fv_status fvi_network_open(const fvi_model_source *from, const fv_model_desc *desc,
                           fvi_network **out, fv_error *err);
/* The same, of a file. */
fv_status fvi_network_load(const char *path, const fv_model_desc *desc, fvi_network **out,
                           fv_error *err);
/* The same, of bytes, which are copied.
 *   name  what messages call the model; its ending may tell the format. NULL: "model" */
fv_status fvi_network_load_memory(const void *bytes, size_t size, const char *name,
                                  const fv_model_desc *desc, fvi_network **out, fv_error *err);
void fvi_network_free(fvi_network *net);

const fvi_limits *fvi_network_limits(const fvi_network *net);
const char *fvi_network_name(const fvi_network *net);   /* "googlenet" */
const char *fvi_network_sha256(const fvi_network *net); /* computed at the first call, locked */
/* The text its file keeps under a key, or NULL. */
const char *fvi_network_metadata(const fvi_network *net, const char *key);
/* Bytes of its files that were read whole, and of those that are mapped. */
void fvi_network_file_bytes(const fvi_network *net, size_t *copied, size_t *mapped);
/* Has another thread compute it, for a call that will come; once is enough. */
void fvi_network_hash_early(const fvi_network *net);
/* Gives back the memory of a mapped file's pages that hold these bytes; they can still be read. */
void fvi_network_release(const fvi_network *net, const void *bytes, size_t size);
const fv_input *fvi_network_input(const fvi_network *net);
/* What each axis of the file's input counts, fv_input.dim. */
const fvi_input_axes *fvi_network_input_axes(const fvi_network *net);
int fvi_network_input_part_count(const fvi_network *net);
const fv_input_part *fvi_network_input_part(const fvi_network *net, int index);
int fvi_network_class_count(const fvi_network *net);
const char *fvi_network_class_name(const fvi_network *net, int index);

/* The element type of an input in the file; F32 where it does not say, or of another value. */
fvi_dtype fvi_network_input_type(const fvi_network *net, const char *input);
/* A line where the file gives an input a size that is none (0, -5), which is read as a free one; to
 * be freed with g_free. NULL: it does not. */
char *fvi_network_no_size(const fvi_network *net, const char *input);
/* That a main input of integers is given numbers that its type has; a picture's may be fractions.
 *   errors  ARG */
fv_status fvi_network_check_numbers(const fvi_network *net, const fv_tensor *input, fv_error *err);
/* What stands in an input that was given no numbers: "ones", "zeros"; static. */
const char *fvi_network_usual(const fvi_network *net, const char *input);

/* The network whose file, input and layers it has: itself, unless it was shuffled. */
const fvi_network *fvi_network_origin(const fvi_network *net);
/* The graph at the model's own input size and batch 1, all outputs asked for. It is for looking up
 * layers: nodes that cannot be computed are OPAQUE, and shapes behind them may not be known. */
const fvi_graph *fvi_network_graph(const fvi_network *net);

/* The layers of that graph (one per node, in its order). */
int fvi_network_layer_count(const fvi_network *net);
const fv_layer *fvi_network_layer(const fvi_network *net, int index);

#endif
