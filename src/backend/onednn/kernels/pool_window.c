/* SPDX-License-Identifier: Apache-2.0 */
/* pool_window: a pooling's window on each axis of its source. */
#include "backend/onednn/kernels/pool_window.h"

#include "graph/fold/node_rules.h"

void fvi_pool_axes(const fvi_step *s, fvi_window *window, fvi_pool_axis axis[3]) {
    const fvi_shape *src = fvi_step_shape(s, 0), *dst = fvi_step_out_shape(s);
    const fvi_window *w = window;
    *window = fvi_pool_window(s->node, src);
    for (int i = 0; i < 3; i++) {
        int k = i - (3 - w->n);
        axis[i] =
            k < 0 ? (fvi_pool_axis){1, 1, 1, 1, 1, 0, 0}
                  : (fvi_pool_axis){src->dim[k + 2], dst->dim[k + 2], w->kernel[k], w->stride[k],
                                    w->dilation[k],  w->pad_lo[k],    w->pad_hi[k]};
    }
}
