/* SPDX-License-Identifier: Apache-2.0 */
/* Where NaN and infinity come from. */
#ifndef FVI_RUNTIME_NONFINITE_H
#define FVI_RUNTIME_NONFINITE_H

#include <glib.h>

#include "backend/executable.h"
#include "model/network/network.h"

/* Runs a graph again, with every value kept, and finds the first that is not finite.
 *   graph   as it was lowered, of the plan whose result was not finite; it is copied
 *   device  that runs the copy
 *   x       the plan's input, in which the cause is
 *   seeds   [the graph's outputs] plain gradients at the targets: looks backward where the values
 *           are all finite. NULL: forward only
 *   why     NONFINITE, and one line: the input, the weights of a layer, or a layer that makes it;
 *           a line without a cause where none is found (rounding that differs without fusing), or
 *           where there is no memory to look */
void fvi_explain(fvi_graph *graph, fvi_device *device, const float *x, const float *const *seeds,
                 fv_error *why);

/* Whether constants of a graph are not finite, and which: found before anything runs, since a ReLU
 * may make a plausible zero of NaN. Infinity where it may be a mask is let pass.
 *   net    the graph's; its file's pages are given back as they are looked at
 *   sound  bytes of a constant -> how many of them are known to be finite: those are not looked at
 *          again, and what is found so is added */
int fvi_explain_weights(const fvi_graph *g, const fvi_network *net, GHashTable *sound,
                        fv_error *why);

#endif
