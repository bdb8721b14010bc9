/* SPDX-License-Identifier: Apache-2.0 */
/* A graph's programs, compiled for a device, with the arrays that go in and come out. */
#ifndef FVI_BACKEND_STABLEHLO_COMPILED_H
#define FVI_BACKEND_STABLEHLO_COMPILED_H

#include "backend/executable.h"
#include "backend/stablehlo/runnable.h"
#include "graph/graph.h"

typedef struct fvi_compiled fvi_compiled;

/*   graph   owned by it then, and freed also on failure
 *   flags   FVI_EXEC_...
 *   errors  UNSUPPORTED, NOMEM, BACKEND */
fv_status fvi_compiled_new(const fvi_hlo_device *d, fvi_graph *graph, int flags, fvi_compiled **out,
                           fv_error *err);
void fvi_compiled_free(fvi_compiled *c);

/* Bytes that a graph's programs would need in addition to what is there, as far as can be known
 * without compiling: its inputs, targets and kept values, weights, and the largest node's values.
 *   errors   UNSUPPORTED */
fv_status fvi_compiled_count(const fvi_hlo_device *d, const fvi_graph *g, int flags, size_t *bytes,
                             fv_error *err);

const fvi_graph *fvi_compiled_graph(const fvi_compiled *c);
size_t fvi_compiled_bytes(const fvi_compiled *c);
/* Of the programs compiled so far: the sum of their code, the larger one's else. */
fvi_program_memory fvi_compiled_program_memory(const fvi_compiled *c);

/* The functions of executable.h of these names. */
fv_status fvi_compiled_set_input(fvi_compiled *c, int input, const float *data, fv_error *err);
fv_status fvi_compiled_forward(fvi_compiled *c, fv_error *err);
fv_status fvi_compiled_backward(fvi_compiled *c, fv_error *err);
void fvi_compiled_redirect(fvi_compiled *c, const unsigned char *samples, int64_t n);
fv_status fvi_compiled_read_target(fvi_compiled *c, int target, float *to, fv_error *err);
fv_status fvi_compiled_write_seed(fvi_compiled *c, int target, const float *from, fv_error *err);
fv_status fvi_compiled_read_gradient(fvi_compiled *c, int input, float *to, fv_error *err);
fv_status fvi_compiled_read_target_gradient(fvi_compiled *c, int target, float *to, fv_error *err);

#endif
