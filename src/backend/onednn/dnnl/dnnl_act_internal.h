/* SPDX-License-Identifier: Apache-2.0 */
/* Activations as attributes of primitives. */
#ifndef FVI_BACKEND_ONEDNN_DNNL_DNNL_ACT_INTERNAL_H
#define FVI_BACKEND_ONEDNN_DNNL_DNNL_ACT_INTERNAL_H

#include "backend/onednn/dnnl/dnnl_act.h"
#include "backend/onednn/dnnl/dnnl_compat.h"

/* ---- dnnl_act.c ---- */

/* Attributes: scratch memory given by the caller, and an activation, or NULL. */
fv_status fvi_attr_new(const fvi_act *act, dnnl_primitive_attr_t *out, fv_error *err);
/* oneDNN's name of an activation. Returns 0 if oneDNN has none with exactly our definition.
 *   from_dst  the variant whose gradient needs only the output */
int fvi_act_algorithm(const fvi_act *a, int from_dst, dnnl_alg_kind_t *alg, float *alpha,
                      float *beta);

#endif
