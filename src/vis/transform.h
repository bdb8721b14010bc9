/* SPDX-License-Identifier: Apache-2.0 */
/* Transforms: what the picture must survive. Each is linear, with its adjoint beside it. */
#ifndef FVI_VIS_TRANSFORM_H
#define FVI_VIS_TRANSFORM_H

/* Shifts a picture down by dy and right by dx, around the edges ("roll"): out[y][x] =
 * in[y - dy][x - dx]. The adjoint of a roll by (dy, dx) is the roll by (-dy, -dx).
 *   in, out   [channels][h][w], not the same memory; any dy, dx */
void fvi_roll(const float *in, int channels, int h, int w, int dy, int dx, float *out);

#endif
