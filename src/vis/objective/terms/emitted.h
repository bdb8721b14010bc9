/* SPDX-License-Identifier: Apache-2.0 */
/* A term of several pictures that the processor computes by running its nodes
 * (fvi_term_kind.emit): for kinds whose work is matrix products.
 */
#ifndef FVI_VIS_OBJECTIVE_TERMS_EMITTED_H
#define FVI_VIS_OBJECTIVE_TERMS_EMITTED_H

#include "vis/objective/term.h"

typedef struct fvi_emitted fvi_emitted;

/* What a term keeps of its nodes, for t->emitted. */
fvi_emitted *fvi_emitted_new(void);
/* Evaluates a term as fvi_term_kind.group says. The nodes are compiled at the first call, and anew
 * for another number of pictures. One call at a time.
 *   errors  NOMEM; UNSUPPORTED; BACKEND */
fv_status fvi_emitted_evaluate(const fvi_bound *b, const fvi_bound_term *t, const fvi_group_call *c,
                               fv_error *err);
/* Frees it. */
void fvi_emitted_drop(fvi_bound_term *t);

#endif
