/* SPDX-License-Identifier: Apache-2.0 */
/* What the ops with weights share: fused activations, and biases. */
#ifndef FVI_BACKEND_ONEDNN_KERNELS_FUSED_H
#define FVI_BACKEND_ONEDNN_KERNELS_FUSED_H

#include "backend/onednn/dnnl/dnnl_ops.h"
#include "backend/onednn/schedule/step.h"

/* Whether `next` is an activation that can be fused into this step: oneDNN supports it and, if a
 * gradient is needed, can compute that from the output alone. */
int fvi_fuse_act(const fvi_step *s, const fvi_node *next);
/* The activation among the fused nodes, in *act; 0 if there is none. */
int fvi_fused_act(const fvi_step *s, fvi_act *act);
/* The gradient before that activation (s->ddst itself if there is none), in layout `want`. */
fv_status fvi_fused_ddst(fvi_step *s, const fvi_layout *want, fvi_buffer **out, fv_error *err);

/* Tries to fold the producer's activation backward into this op's backward loop, which writes the
 * gradient of input 0 in `layout` and can multiply it by the activation's slopes. Returns 1 and the
 * activation if it may; the producer then skips its own activation-backward pass, except in
 * redirected runs. */
int fvi_fused_mask_producer(fvi_step *s, const fvi_layout *layout, fvi_act *act);

/* The constant of input i, from the graph alone (also while fusing), or NULL. */
const fvi_const *fvi_node_constant(const fvi_graph *g, const fvi_node *n, int i);
/* The bias of `s` (its input i, perhaps absent) under a fused BATCH_NORM `norm` (or NULL):
 * bias * scale + shift, [n].  out: NULL if there is nothing to add */
fv_status fvi_fused_bias(fvi_step *s, int i, const fvi_node *norm, int64_t n, fvi_buffer **out,
                         fv_error *err);
/* Fails if a gradient of inputs from..n_in-1 is wanted: ops with weights do not compute it. */
fv_status fvi_refuse_gradients(const fvi_step *s, int from, fv_error *err);

#endif
