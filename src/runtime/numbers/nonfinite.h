/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the origin of NaN and infinity. */
#ifndef FVI_RUNTIME_NUMBERS_NONFINITE_H
#define FVI_RUNTIME_NUMBERS_NONFINITE_H

#include <glib.h>

#include "backend/executable.h"
#include "model/network/network.h"

/* Runs a graph again, with every value kept, and finds the first that is not finite.
 *   graph   the lowered graph of the plan whose result was not finite; it is copied
 *   device  runs the copy
 *   x       the input of that run
 *   seeds   [the graph's outputs] plain gradients at the targets: gradients are searched if all
 *           values are finite. NULL: forward only
 *   why     NONFINITE, and one line that names the input, the weights of a layer, or the layer that
 *           computes it; without a cause if none is found (rounding differs without fusing), or if
 *           there is not enough memory */
void fvi_explain(fvi_graph *graph, fvi_device *device, const float *x, const float *const *seeds,
                 fv_error *why);

/* Whether numbers of an input are not finite, and how many. Checked before running, because a ReLU
 * may turn NaN into zero.
 *   x     [count]
 *   mask  1: infinity is accepted, since it may be a mask */
int fvi_explain_input(const float *x, int64_t count, int mask, fv_error *why);

/* Whether constants of a graph are not finite, and which. Checked before running, because a ReLU
 * may turn NaN into zero. Infinity is accepted where it may be a mask.
 *   net    the graph's network; its file's pages are released after reading
 *   sound  bytes of a constant -> how many of them are known to be finite, and not checked again;
 *          constants found finite are added */
int fvi_explain_weights(const fvi_graph *g, const fvi_network *net, GHashTable *sound,
                        fv_error *why);

#endif
