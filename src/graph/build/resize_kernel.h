/* SPDX-License-Identifier: Apache-2.0 */
/* The interpolation weights of one axis of a resize. */
#ifndef FVI_GRAPH_BUILD_RESIZE_KERNEL_H
#define FVI_GRAPH_BUILD_RESIZE_KERNEL_H

#include "graph/build/build.h"

/* How one axis is mapped. */
typedef struct fvi_resize_rule {
    enum {
        FVI_HALF_PIXEL,
        FVI_HALF_PIXEL_SYMMETRIC,
        FVI_PYTORCH_HALF_PIXEL,
        FVI_ALIGN_CORNERS,
        FVI_ASYMMETRIC,
        FVI_TF_HALF_PIXEL_FOR_NN,
        FVI_TF_CROP_AND_RESIZE
    } coordinates;
    enum { FVI_RESIZE_NEAREST, FVI_RESIZE_LINEAR, FVI_RESIZE_CUBIC } mode;
    enum { FVI_ROUND_PREFER_FLOOR, FVI_ROUND_PREFER_CEIL, FVI_ROUND_FLOOR, FVI_ROUND_CEIL } nearest;
    double cubic_a;
    int exclude_outside, antialias;
    int places; /* coordinates are rounded to so many places between two elements; 0: they are not
                 */
} fvi_resize_rule;

/* Fills the interpolation weights of one axis of `in` elements becoming `out`.
 *   scale     out / in, as the file means it;  roi  start and end, TF_CROP_AND_RESIZE only
 *   An output outside the picture (TF_CROP_AND_RESIZE) has index -1 in all its entries.
 */
void fvi_resize_kernel_fill(fvi_builder *b, const fvi_resize_rule *r, int64_t in, int64_t out,
                            double scale, const double roi[2], fvi_resize_kernel *kernel);

#endif
