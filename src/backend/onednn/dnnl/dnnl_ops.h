/* SPDX-License-Identifier: Apache-2.0 */
/* The primitives ops are made of, one builder each. A builder asks oneDNN for its best
 * implementation and the layouts it needs; the op then reads those layouts (fvi_prim_layout),
 * converts or makes buffers in them, and sets them (fvi_prim_set).
 *
 *     fvi_prim_conv(b, &desc, &p, err);
 *     fvi_step_source(s, 0, fvi_prim_layout(p, FVI_SRC), &src, err);
 *     fvi_step_make_dst(s, fvi_prim_layout(p, FVI_DST), err);
 *     fvi_prim_set(p, FVI_SRC, src);  fvi_prim_set(p, FVI_DST, s->dst);
 *     fvi_step_add(s, p, err);
 *
 * All builders fail with BACKEND where oneDNN refuses, or NOMEM, and then leave *out unchanged.
 * Shapes have no zero sizes. Numbers are f32, or bf16 (fvi_layout_is_f32).
 */
#ifndef FVI_BACKEND_ONEDNN_DNNL_DNNL_OPS_H
#define FVI_BACKEND_ONEDNN_DNNL_DNNL_OPS_H

#include "backend/onednn/dnnl/dnnl_act.h"
#include "backend/onednn/dnnl/dnnl_build.h"
#include "backend/onednn/dnnl/dnnl_conv.h"
#include "backend/onednn/dnnl/dnnl_layout.h"

#endif
