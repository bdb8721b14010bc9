/* SPDX-License-Identifier: Apache-2.0 */
/* A plan: a lowered graph compiled to run forward to its targets and backward to its inputs.
 *
 * The graph is truncated to what the targets need, nodes are fused unless the value between them is
 * a target, and ordered into steps. All memory is one arena, laid out by liveness; running
 * allocates nothing. One thread at a time may use a plan.
 */
#ifndef FVI_BACKEND_ONEDNN_PLAN_H
#define FVI_BACKEND_ONEDNN_PLAN_H

#include "backend/executable.h"
#include "backend/onednn/profile.h"
#include "graph/graph.h"

typedef struct fvi_plan fvi_plan;

/* clang-format off */
/* Flags besides FVI_EXEC_..., for tests: */
#define FVI_PLAN_GUARDS       0x100 /* no memory is shared, guards after every tensor */
#define FVI_PLAN_EVERY_METHOD 0x200 /* see fvi_schedule_every_method */
/* clang-format on */

/* Plans g, whose .outputs are the targets.
 *   graph   owned by the plan then, and freed also on failure
 *   flags   FVI_EXEC_... and FVI_PLAN_...
 *   errors  UNSUPPORTED; NOMEM; BACKEND, each naming the layer
 */
fv_status fvi_plan_new(fvi_graph *graph, int flags, fvi_dnnl_engine *b, fvi_weight_cache *w,
                       fvi_plan **out, fv_error *err);
void fvi_plan_free(fvi_plan *p);

/* Dry run of fvi_plan_new: counts the memory the plan would add to what w holds.
 *   bytes   of its arena, and of weights that are not in w yet */
fv_status fvi_plan_count(fvi_graph *graph, int flags, fvi_dnnl_engine *b, fvi_weight_cache *w,
                         size_t *bytes, fv_error *err);

/* The graph it runs. Inputs and targets below are counted as in its .inputs and .outputs. */
const fvi_graph *fvi_plan_graph(const fvi_plan *p);
size_t fvi_plan_bytes(const fvi_plan *p); /* of its arena */
/* What the plan costs beyond fvi_graph_cost: steps for which oneDNN has only slow code, memory that
 * is touched for the first time, results that are copied and written. */
double fvi_plan_extra_cost(const fvi_plan *p);

/* Tensors go in and out as plain f32, of the value's shape. Target t is graph output t.
 * Inputs keep their values; an input the targets do not depend on may be missing from the graph,
 * and is then ignored. Seeds are the gradients of the objective at each target; they must be set
 * after each forward run and before backward, because their memory holds other values in between.
 */
void fvi_plan_set_input(fvi_plan *p, int input, const float *data);
fv_status fvi_plan_forward(fvi_plan *p, fv_error *err);
void fvi_plan_get_target(const fvi_plan *p, int target, float *data);
void fvi_plan_set_seed(fvi_plan *p, int target, const float *data);
fv_status fvi_plan_backward(fvi_plan *p, fv_error *err);
void fvi_plan_get_gradient(const fvi_plan *p, int input, float *data);

/* The same, without a copy: a target's values until the next forward run, a seed's memory to
 * be filled in full, a gradient until the next run (NULL: it is zero everywhere). */
const float *fvi_plan_target(const fvi_plan *p, int target);
float *fvi_plan_seed(fvi_plan *p, int target);
const float *fvi_plan_gradient(const fvi_plan *p, int input);

/* The gradient at a target, plain, until the next run: its seed plus the gradients that reach it
 * from the other targets. NULL: it is zero everywhere (the target is a constant), or the plan was
 * not made with FVI_EXEC_TARGET_GRADIENTS. */
const float *fvi_plan_target_gradient(const fvi_plan *p, int target);
void fvi_plan_get_target_gradient(const fvi_plan *p, int target, float *data);

/* fvi_executable_redirect. Without memory for the copy of `samples`, none is redirected. ReLUs
 * whose samples are not contiguous in memory are left out. */
void fvi_plan_redirect(fvi_plan *p, const unsigned char *samples, int64_t n);

/* Lists the plan's operations, and times them from now on (profile.h).  errors  NOMEM */
fv_status fvi_plan_profile(fvi_plan *p, fvi_profile **out, fv_error *err);

/* How many guards were overwritten; it should be 0. */
int fvi_plan_check_guards(const fvi_plan *p);

#endif
