/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of one number, for nodes and for the gates of recurrent layers. */
#ifndef FVI_BACKEND_STABLEHLO_OPS_FUNCTION_H
#define FVI_BACKEND_STABLEHLO_OPS_FUNCTION_H

#include "backend/stablehlo/text/hlo.h"
#include "graph/functions.h"

/* f(x), p and q its parameters (unary.def). */
int fvi_emitter_function(fvi_hlo *h, fvi_unary f, int x, double p, double q);
/* f'(x); -1 where it is 0 everywhere. */
int fvi_emitter_slope(fvi_hlo *h, fvi_unary f, int x, double p, double q);

#endif
