/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling of boxes of pictures, to one size. Boxes that are pooled alike are a group. */
#ifndef FVI_MODEL_ONNX_OPERATORS_REGION_REGIONS_H
#define FVI_MODEL_ONNX_OPERATORS_REGION_REGIONS_H

#include "model/onnx/node.h"

#define FVI_REGION_MAX 1024 /* output's sizes, and samples along a side of a bin */

/* What boxes of a group have in common. */
typedef struct fvi_region {
    int64_t picture;
    int64_t samples[2]; /* along y and x of a bin */
} fvi_region;

typedef struct fvi_regions {
    fvi_onnx_node *node;
    int x;           /* the pictures [n][c][h][w] */
    fvi_shape shape; /* of x */
    int64_t n;       /* boxes */
    int64_t out[2];  /* rows and columns of the output */
    double scale;    /* of the boxes' coordinates */
    fvi_region *of;  /* [n] */
} fvi_regions;

typedef struct fvi_region_group {
    fvi_region of;
    const int64_t *box; /* [n] their numbers, rising */
    int64_t n;
} fvi_region_group;

/* Reads x (input 0) and spatial_scale; n boxes, `rows` x `columns` of output. 0 when failed; then
 * fvi_regions_free still is to be called. */
int fvi_regions_init(fvi_regions *r, fvi_onnx_node *node, int64_t n, const int64_t *out);
void fvi_regions_free(fvi_regions *r);
/* Sets the picture of box i; 0 and fails when there is none. */
int fvi_regions_picture(fvi_regions *r, int64_t i, int input, int64_t picture);
/* [n][c][rows][columns] of what `pool` makes of the groups, [group's n][c][rows][columns]; -1 with
 * the builder's status set. */
int fvi_regions_pool(fvi_regions *r, int (*pool)(void *user, const fvi_region_group *g),
                     void *user);
/* Picture g->of.picture: [1][c][h][w]. */
int fvi_regions_view(fvi_regions *r, const fvi_region_group *g);
/* [g->n][c][rows][columns] of [c][g->n][rows][columns], in whatever shape it is. */
int fvi_regions_boxes_first(fvi_regions *r, const fvi_region_group *g, int v);
/* The largest of `count` cells each, times their weights, for all bins of the group.
 *   at      [g->n * rows * columns * count] of the picture
 *   weight  of each; -1: 1 */
int fvi_regions_largest(fvi_regions *r, const fvi_region_group *g, int at, int weight,
                        int64_t count);

#endif
