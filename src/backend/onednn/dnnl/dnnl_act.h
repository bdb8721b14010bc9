/* SPDX-License-Identifier: Apache-2.0 */
/* Activations by oneDNN: those it has with exactly our definition, and their primitive. */
#ifndef FVI_BACKEND_ONEDNN_DNNL_DNNL_ACT_H
#define FVI_BACKEND_ONEDNN_DNNL_DNNL_ACT_H

#include "backend/onednn/dnnl/dnnl_prim.h"
#include "graph/graph.h"

/* An activation applied to a primitive's result. */
typedef struct fvi_act {
    fvi_unary f;
    float p, q;
} fvi_act;
/* Whether oneDNN computes f exactly as graph/unary.def defines it (to f32 rounding); its gradient;
 * its gradient from f's output alone. */
int fvi_act_forward(const fvi_act *a);
int fvi_act_backward(const fvi_act *a);
int fvi_act_backward_from_dst(const fvi_act *a);

/* An activation as a primitive, all operands in one layout. FVI_BY_SRC: DIFF_SRC from DIFF_DST and
 * SRC; FVI_BY_DST: from DIFF_DST and DST. */
typedef enum fvi_way { FVI_AHEAD, FVI_BY_SRC, FVI_BY_DST } fvi_way;
fv_status fvi_prim_eltwise(fvi_dnnl_engine *b, const fvi_act *a, fvi_way way,
                           const fvi_shape *shape, const fvi_layout *layout, fvi_prim **out,
                           fv_error *err);

#endif
