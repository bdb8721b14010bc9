/* SPDX-License-Identifier: Apache-2.0 */
/* The lowered graphs of a model, each made once: by input shape and wanted values. */
#ifndef FVI_RUNTIME_LOWERED_H
#define FVI_RUNTIME_LOWERED_H

#include "fovea/fovea.h"
#include "graph/graph.h"

typedef struct fvi_lowered fvi_lowered;

/* NULL: out of memory */
fvi_lowered *fvi_lowered_new(void);
void fvi_lowered_free(fvi_lowered *l);

/* Finds or makes the graph of the part of a model's network that n values need, for an input of
 * that shape. Failures are cached too, except NOMEM.
 *   wanted  [n] names of values
 *   out     shared, not to be changed (fvi_graph_copy); yours to free with fvi_graph_free
 *   errors  as fvi_network_lower
 *   threads any */
fv_status fvi_model_lower(const fv_model *model, const fvi_shape *input, const char *const *wanted,
                          int n, fvi_graph **out, fv_error *err);

/* Whether that part of the network runs on an input of that shape.
 *   takes   untouched on failure
 *   errors  NOMEM */
fv_status fvi_model_takes(const fv_model *model, const fvi_shape *input, const char *const *wanted,
                          int n, int *takes, fv_error *err);

#endif
