/* SPDX-License-Identifier: Apache-2.0 */
/* The memory that work with a model takes, against what its caller allows
 * (fv_model_desc.memory). */
#ifndef FVI_RUNTIME_MEMORY_BUDGET_H
#define FVI_RUNTIME_MEMORY_BUDGET_H

#include <stddef.h>
#include <stdint.h>

#include "fovea/fovea.h"

typedef struct fvi_budget fvi_budget;

/* Without a limit.  NULL: out of memory */
fvi_budget *fvi_budget_new(void);
void fvi_budget_free(fvi_budget *b);

/* Whether there is a limit at all. Where there is none nothing needs to be counted. */
int fvi_budget_is_limited(const fv_model *m);
/* Notes that so many bytes more are held for the model, or, below 0, less. */
void fvi_budget_hold(const fv_model *m, int64_t bytes);
/* Bytes held for work with the model: the program, the file, the weights, and what was noted. */
size_t fvi_budget_held(const fv_model *m);
/* Whether so many bytes more fit. */
int fvi_budget_fits(const fv_model *m, size_t more);
/* NOMEM, naming what is needed in all for `more` besides what is held. */
fv_status fvi_budget_refuse(const fv_model *m, size_t more, fv_error *err);

#endif
