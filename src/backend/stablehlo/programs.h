/* SPDX-License-Identifier: Apache-2.0 */
/* The two programs of a graph: forward to its targets, and backward to its inputs; and the one of
 * an update. */
#ifndef FVI_BACKEND_STABLEHLO_PROGRAMS_H
#define FVI_BACKEND_STABLEHLO_PROGRAMS_H

#include "backend/stablehlo/ops/emitter.h"
#include "backend/update.h"

/* A program as text. */
typedef struct fvi_program_text {
    GString *text;
    GArray *arguments; /* of fvi_emitter_argument */
    GArray *results;   /* of fvi_shape */
} fvi_program_text;

void fvi_program_text_clear(fvi_program_text *p);

/* Backward. Its results: the gradients at the graph's inputs, then with FVI_EXEC_TARGET_GRADIENTS
 * those at the targets.
 *   flags      FVI_EXEC_...
 *   samples    of the batch, if ReLUs can be redirected in this program; else 0
 *   precision  of the products of nodes that a model's file has (source_op), as in all programs
 *   out        yours to clear; also on failure
 *   errors     UNSUPPORTED: a gradient at an input that takes none */
fv_status fvi_program_backward(const fvi_graph *g, int flags, int64_t samples,
                               fv_precision precision, fvi_program_text *out, fv_error *err);

/* Forward. Its results: the targets, then the values that the backward program takes.
 *   kept     [n_kept] values of the graph
 *   errors   UNSUPPORTED: a node that cannot be computed */
fv_status fvi_program_forward(const fvi_graph *g, const int *kept, int n_kept,
                              fv_precision precision, fvi_program_text *out, fv_error *err);

/* Both graphs of an update. Its results: the outputs of the rule.
 *   redirected  whether ReLUs can be redirected in this program
 *   errors      UNSUPPORTED */
fv_status fvi_program_update(const fvi_update_desc *u, int redirected, fv_precision precision,
                             fvi_program_text *out, fv_error *err);

#endif
