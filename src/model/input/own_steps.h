/* SPDX-License-Identifier: Apache-2.0 */
/* What a network's graph does to its own input before anything else. */
#ifndef FVI_MODEL_INPUT_OWN_STEPS_H
#define FVI_MODEL_INPUT_OWN_STEPS_H

#include "graph/graph.h"
#include "model/input/affine.h"

#define FVI_OWN_CHANNELS FVI_AFFINE_MAX

/* The first node with weights, or else the first that is more than an affine map of each channel,
 * reads
 *   y[k] = factor[k] * x[source[k]] + offset[k]
 * of the input x. Constants that vary over the picture (a mean picture) count with their mean. */
typedef struct fvi_own_steps {
    int n;                        /* channels of y; 0: nothing was understood */
    int source[FVI_OWN_CHANNELS]; /* -1: y[k] does not depend on the picture */
    double factor[FVI_OWN_CHANNELS], offset[FVI_OWN_CHANNELS];
    double low, high; /* to which x is clipped; infinite: it is not */
    const char *node; /* the last of the nodes that compute it; NULL: y is x */
} fvi_own_steps;

/* Reads them off a graph.
 *   in  is_image: its name and axes count */
void fvi_own_steps_find(const fvi_graph *g, const fv_input *in, fvi_own_steps *out);

/* Which pixels a network wants. */
typedef enum fvi_wanted {
    FVI_WANTED_OPEN = 0, /* the graph does not say */
    FVI_WANTED_BYTES,    /* 0..255 */
    FVI_WANTED_UNIT,     /* 0..1 */
    FVI_WANTED_SIGNED,   /* -1..1 */
    FVI_WANTED_IMAGENET  /* normalised with ImageNet's mean and deviation */
} fvi_wanted;

/* What the steps' numbers say about the pixels.
 *   order  FV_RGB or FV_BGR where the means are ImageNet's in that order; else 0 */
fvi_wanted fvi_own_steps_judge(const fvi_own_steps *s, int channels, int *order);

#endif
