/* SPDX-License-Identifier: Apache-2.0 */
/* Activations as attributes of primitives. */
#ifndef FVI_BACKEND_ONEDNN_DNNL_DNNL_ACT_INTERNAL_H
#define FVI_BACKEND_ONEDNN_DNNL_DNNL_ACT_INTERNAL_H

#include "backend/onednn/dnnl/dnnl_act.h"
#include "backend/onednn/dnnl/dnnl_compat.h"

/* ---- dnnl_act.c ---- */

/* Attributes: scratch memory from outside, then perhaps an activation. */
fv_status fvi_attr_new(const fvi_act *act, dnnl_primitive_attr_t *out, fv_error *err);
/* oneDNN's name of an activation.  from_dst: the variant whose gradient needs only its output
 * returns 0 if it has none that is exactly ours. */
int fvi_act_algorithm(const fvi_act *a, int from_dst, dnnl_alg_kind_t *alg, float *alpha,
                      float *beta);

#endif
