/* SPDX-License-Identifier: Apache-2.0 */
/* An executable: a lowered graph compiled for one device, run forward to its targets and backward
 * to its inputs. The rest of the library uses a backend through this header and device.h only.
 *
 * Values go in and out as plain row-major f32 of the value's shape. Inputs are counted as in the
 * graph's .inputs, targets as in its .outputs. If the values are not in host memory, reading and
 * writing are transfers, and any call may fail. One thread at a time may use an executable.
 */
#ifndef FVI_BACKEND_EXECUTABLE_H
#define FVI_BACKEND_EXECUTABLE_H

#include "backend/device.h"
#include "graph/graph.h"

typedef struct fvi_executable fvi_executable;

/* clang-format off */
#define FVI_EXEC_BACKWARD         1 /* gradients at every input, seeded at the targets */
#define FVI_EXEC_GUIDED           2 /* backward, ReLUs pass positive gradients only: guided
                                       backpropagation (Springenberg et al. 2015) */
#define FVI_EXEC_TARGET_GRADIENTS 4 /* the gradients at the targets are kept */
#define FVI_EXEC_FLAGS            0xff /* flags beyond belong to a backend's own tests */
/* clang-format on */

/* Compiles a graph, whose .outputs are the targets.
 *   graph   owned by the executable then, and freed also on failure
 *   flags   FVI_EXEC_...
 *   errors  UNSUPPORTED; NOMEM; BACKEND, each naming the layer
 */
fv_status fvi_executable_new(fvi_device *d, fvi_graph *graph, int flags, fvi_executable **out,
                             fv_error *err);
void fvi_executable_free(fvi_executable *e);

/* Dry run: the bytes that fvi_executable_new would allocate in addition, weights included. Frees
 * the graph. */
fv_status fvi_executable_count(fvi_device *d, fvi_graph *graph, int flags, size_t *bytes,
                               fv_error *err);

/* The graph as it is run (simplified: it may have fewer values than the graph given). */
const fvi_graph *fvi_executable_graph(const fvi_executable *e);
/* Bytes of its own memory, without weights. */
size_t fvi_executable_bytes(const fvi_executable *e);
/* What a run costs beyond fvi_graph_cost, in the same unit. */
double fvi_executable_extra_cost(const fvi_executable *e);

/* Bytes of a device's memory that an executable's programs take, as who compiled them says; all 0:
 * it does not say. Of several programs the sum of the code, and the largest's else. */
typedef struct fvi_program_memory {
    size_t code, arguments, results, temporary;
} fvi_program_memory;
fvi_program_memory fvi_executable_program_memory(const fvi_executable *e);

/* ---- running -------------------------------------------------------------------------------- */

/* Inputs keep their values from run to run. An input the targets do not depend on may be missing
 * from the graph, and is then ignored. */
fv_status fvi_executable_set_input(fvi_executable *e, int input, const float *data, fv_error *err);
fv_status fvi_executable_forward(fvi_executable *e, fv_error *err);
/* Every seed must be written after each forward run and before backward, because its memory holds
 * other values during the runs. */
fv_status fvi_executable_backward(fvi_executable *e, fv_error *err);

/* Lets gradients through dead ReLUs and clips: if one blocks a sample's gradient completely, it
 * passes the part that would move the sample's elements back between its bounds (Lucid's redirected
 * ReLU gradient).
 *   samples  [n] nonzero: redirected for sample i; copied. NULL: for none. Stays until changed
 *   n        samples the executable takes
 * A backend may leave out ReLUs whose samples are not contiguous in memory. */
void fvi_executable_redirect(fvi_executable *e, const unsigned char *samples, int64_t n);

/* ---- results and seeds, copied -------------------------------------------------------------- */

fv_status fvi_executable_read_target(fvi_executable *e, int target, float *to, fv_error *err);
/* The objective's gradient at a target. */
fv_status fvi_executable_write_seed(fvi_executable *e, int target, const float *from,
                                    fv_error *err);
/* At an input; zeros where the targets do not depend on it. */
fv_status fvi_executable_read_gradient(fvi_executable *e, int input, float *to, fv_error *err);
/* At a target: its seed plus the gradients that reach it from the other targets. To get the
 * gradient of an objective at an inner layer, make the layer a target too, with a seed of zeros.
 * Needs FVI_EXEC_TARGET_GRADIENTS. */
fv_status fvi_executable_read_target_gradient(fvi_executable *e, int target, float *to,
                                              fv_error *err);

/* ---- the same, without a copy where the values are in host memory --------------------------- */

/* A host pointer to the values: the backend's own memory, or a copy kept by the executable. Targets
 * are valid until the next forward run, gradients until the next run of either kind. */
fv_status fvi_executable_view_target(fvi_executable *e, int target, const float **out,
                                     fv_error *err);
fv_status fvi_executable_view_gradient(fvi_executable *e, int input, const float **out,
                                       fv_error *err);
fv_status fvi_executable_view_target_gradient(fvi_executable *e, int target, const float **out,
                                              fv_error *err);
/* Host memory for a seed, to be filled completely after a forward run; the backward run reads it.
 */
fv_status fvi_executable_edit_seed(fvi_executable *e, int target, float **out, fv_error *err);

/* ---- timing --------------------------------------------------------------------------------- */

/* One timed operation of an executable: a kernel, or a loop. */
typedef struct fvi_timed_op {
    const fvi_node *node;       /* the layer it belongs to */
    const char *kind;           /* "convolution", "reorder", ... */
    const char *implementation; /* the backend's name for it; NULL: an unnamed loop */
    int is_side_loop;           /* a loop of a layer that has kernels too */
    int backward;
    fvi_shape shape;      /* of what it writes */
    double multiply_adds; /* of convolutions and matrix products, as defined; else 0 */
    double bytes;         /* of all tensors it reads and writes, each once */
} fvi_timed_op;

/* Lists the operations of the executable, and times them from now on. One profile at a time.
 *   errors  NOMEM */
fv_status fvi_executable_profile_begin(fvi_executable *e, int *count, fv_error *err);
const fvi_timed_op *fvi_executable_profile_op(const fvi_executable *e, int i);
/* Writes the seconds each took since the last call, and starts at 0 again.  seconds  [count] */
void fvi_executable_profile_take(fvi_executable *e, double *seconds);
void fvi_executable_profile_end(fvi_executable *e);

/* Seconds spent in kernels since the last call; measured only while `on` was last set. */
double fvi_executable_kernel_seconds(fvi_executable *e, int on);

#endif
