/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs of a network, for given shapes or numbers of its inputs. */
#ifndef FVI_MODEL_NETWORK_LOWER_H
#define FVI_MODEL_NETWORK_LOWER_H

#include "model/model_file.h"

typedef struct fvi_network fvi_network; /* network.h */

/* Lowers the part of the network that the named values need, which is then free of OPAQUE nodes.
 *   bindings   inputs not named here take the shape the file says (free sizes: batch 1, own size)
 *   wanted     names of values; NULL: the file's outputs
 *   out        yours to free with fvi_graph_free; .outputs holds `wanted` in order. Constants point
 *              into the network, which must outlive it
 *   errors     NOTFOUND no such value; SHAPE; UNSUPPORTED operator, with node and opset; NOMEM
 * A file whose batch is written in as a number still runs at another batch (graph/batch.h).
 */
fv_status fvi_network_lower(const fvi_network *net, const fvi_binding *bindings, int n_bindings,
                            const char *const *wanted, int n_wanted, fvi_graph **out,
                            fv_error *err);

/* Lowers for one run on given numbers: with the request's runner, which runs parts of the graph on
 * them. Its bindings may name values inside the network, which then are inputs. Before the graph is
 * freed the device must forget its own constants (fvi_graph.own). */
fv_status fvi_network_lower_once(const fvi_network *net, const fvi_graph_request *r,
                                 fvi_graph **out, fv_error *err);

/* How many times fvi_network_lower has been called for this network, loading included: tests hold
 * that no shape is lowered twice. */
int fvi_network_lowerings(const fvi_network *net);

/* The shape in which the main input is given, for that batch and size (0: the model's own); a
 * picture's is [n][c][h][w] or [n][h][w][c] whatever axes the file has. */
fvi_shape fvi_network_input_shape(const fvi_network *net, int64_t batch, int64_t height,
                                  int64_t width);
/* Whether the file's main input has an axis of samples. */
int fvi_network_has_batch(const fvi_network *net);
/* Samples of the main input as the file has them: -1 any number; 0 it is a scalar. */
int64_t fvi_network_file_batch(const fvi_network *net);
/* The file's shape of an input that is given in that shape. */
fvi_shape fvi_network_file_shape(const fvi_network *net, const fvi_shape *given);
/* Whether the network takes an array of that shape, which may be the one above or the file's.
 *   out  the one above */
int fvi_network_takes_shape(const fvi_network *net, const fvi_shape *have, fvi_shape *out);

/* Makes the graph at the network's own input size and batch 1. */
fv_status fvi_network_lower_own(fvi_network *net, fv_error *err);

#endif
