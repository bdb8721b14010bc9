/* SPDX-License-Identifier: Apache-2.0 */
/* The memory that work with a model uses, and its limit (fv_model_desc.memory). */
#ifndef FVI_RUNTIME_MEMORY_BUDGET_H
#define FVI_RUNTIME_MEMORY_BUDGET_H

#include <stddef.h>
#include <stdint.h>

#include "fovea/fovea.h"

typedef struct fvi_budget fvi_budget;

/* Without a limit.  NULL: out of memory */
fvi_budget *fvi_budget_new(void);
void fvi_budget_free(fvi_budget *b);

/* Whether there is a limit. Without one nothing needs to be counted. */
int fvi_budget_is_limited(const fv_model *m);
/* Adds bytes to what is held for the model; negative: subtracts them. */
void fvi_budget_hold(const fv_model *m, int64_t bytes);
/* Bytes held for work with the model: program, file, weights, and what fvi_budget_hold added. */
size_t fvi_budget_held(const fv_model *m);
/* Whether `more` bytes fit in addition. */
int fvi_budget_fits(const fv_model *m, size_t more);
/* Fails with NOMEM, naming the total that `more` bytes in addition would need. */
fv_status fvi_budget_refuse(const fv_model *m, size_t more, fv_error *err);

#endif
