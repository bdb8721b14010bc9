/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the quantised layer at which a gradient ends. */
#ifndef FVI_RUNTIME_NUMBERS_SATURATION_H
#define FVI_RUNTIME_NUMBERS_SATURATION_H

#include "backend/executable.h"

/* The first layer of a graph whose every number is outside the range that it is quantised to, so
 * that no gradient passes it. Runs a copy of the graph on `device`.
 *   x        the input of the run
 *   returns  one line, yours to free with g_free; NULL: there is none, or it could not be run */
char *fvi_saturated_layer(fvi_graph *graph, fvi_device *device, const float *x);

#endif
