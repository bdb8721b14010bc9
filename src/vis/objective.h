/* SPDX-License-Identifier: Apache-2.0 */
/* Objectives: what to look for. Each is a number to raise, one per sample, computed from a value of
 * the graph; its gradient with respect to that value is the seed of the backward pass.
 */
#ifndef FVI_VIS_OBJECTIVE_H
#define FVI_VIS_OBJECTIVE_H

#include "model/network.h"

#define FVI_MAX_POSITION 3

/* An objective as the user named it, resolved to a value of the network. */
typedef struct fvi_objective {
    const char *value; /* name of the value; borrowed from the network */
    int64_t channel;   /* -1: the whole layer, mean of squares */
    int n_position;    /* 0: the mean over all positions */
    int64_t position[FVI_MAX_POSITION];
} fvi_objective;

/* Reads `LAYER`, `LAYER:C` or `LAYER:C@y,x` (as many coordinates as the layer has positions' axes).
 *   errors  ARG cannot be read; NOTFOUND no such layer */
fv_status fvi_objective_parse(const fvi_network *net, const char *text, fvi_objective *out,
                              fv_error *err);

/* The objective in one spelling, "VALUE:C@y,x", for labels and random keys; at most `size` bytes.
 */
void fvi_objective_text(const fvi_objective *o, char *text, size_t size);

/* An objective on a value of a batch: which elements of each sample it is the mean of.
 *
 * A sample's elements, in order, are [outer][channels][inner], the channels' axis where the layer's
 * kind has it. In the value they lie in runs: of each sample `run` elements, sample after sample.
 */
typedef struct fvi_unit {
    int64_t outer, channels, inner; /* positions before and after the channels' axis */
    int64_t channel;                /* -1: all */
    int64_t position;               /* index into outer x inner; -1: all */
    int64_t samples, run;
} fvi_unit;

/* Ties an objective to value `v` of a graph that runs `samples` samples.
 *   errors  NOTFOUND no such channel or position; UNSUPPORTED the graph mixes samples */
fv_status fvi_objective_bind(const fvi_objective *o, const fvi_graph *g, int v, int64_t samples,
                             fvi_unit *out, fv_error *err);

/* Elements of one sample. */
int64_t fvi_unit_count(const fvi_unit *u);
/* The objective of sample n; x is the whole value. */
double fvi_unit_value(const fvi_unit *u, int64_t n, const float *x);
/* Its gradient with respect to x: every element of sample n is written, no other is touched. */
void fvi_unit_seed(const fvi_unit *u, int64_t n, const float *x, float *seed);

#endif
