/* SPDX-License-Identifier: Apache-2.0 */
/* Finding whole numbers that single precision does not hold. */
#ifndef FVI_RUNTIME_NUMBERS_WHOLE_NUMBERS_H
#define FVI_RUNTIME_NUMBERS_WHOLE_NUMBERS_H

#include "backend/executable.h"

/* The first of a graph's sums, products and powers of integers that comes beyond 2^24 on an input.
 * A graph without such nodes costs nothing; of others the part up to these is run again on
 * `device`.
 *   x        the input of the run
 *   returns  one line, yours to free with g_free; NULL: there is none, or it could not be run */
char *fvi_inexact_whole(fvi_graph *graph, fvi_device *device, const float *x);

#endif
