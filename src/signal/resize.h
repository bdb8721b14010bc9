/* SPDX-License-Identifier: Apache-2.0 */
/* Bilinear resizing without antialiasing, with its adjoint. */
#ifndef FVI_SIGNAL_RESIZE_H
#define FVI_SIGNAL_RESIZE_H

#include "base/planes.h"

/* Which input position output pixel i reads, along a side resized from n to m pixels. */
typedef enum fvi_resize_align {
    FVI_ALIGN_CENTRES = 0, /* borders on borders: (i + 0.5) n/m - 0.5 (PyTorch) */
    FVI_ALIGN_CORNER,      /* first pixel on first pixel: i n/m (TensorFlow 1) */
    FVI_ALIGN_ENDS         /* and last on last: i (n-1)/(m-1) (align_corners=True, Darknet) */
} fvi_resize_align;

/* The input position that output i of m reads, 0..n-1: linear between the two beside it. */
double fvi_resize_position(fvi_resize_align align, int i, int m, int n);

/* Writes `out`: `in` at out's size. */
void fvi_resize(fvi_planes in, fvi_planes out, fvi_resize_align align);
/* Its adjoint: writes `din`. */
void fvi_resize_adjoint(fvi_planes dout, fvi_planes din, fvi_resize_align align);

#endif
