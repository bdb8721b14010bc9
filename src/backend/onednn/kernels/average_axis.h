/* SPDX-License-Identifier: Apache-2.0 */
/* Averages under a window that slides along one axis. */
#ifndef FVI_BACKEND_ONEDNN_KERNELS_AVERAGE_AXIS_H
#define FVI_BACKEND_ONEDNN_KERNELS_AVERAGE_AXIS_H

#include "backend/onednn/kernels/pool_window.h"

/* The mean under a window along one axis: [outer][a->in][inner] -> [outer][a->out][inner], and the
 * gradient back. */
void fvi_average_axis(const fvi_pool_axis *a, int include_pad, int64_t outer, int64_t inner,
                      const float *src, float *dst);
void fvi_average_axis_adjoint(const fvi_pool_axis *a, int include_pad, int64_t outer, int64_t inner,
                              const float *ddst, float *dsrc);

#endif
