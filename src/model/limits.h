/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of the memory and work that a model's file may cause (docs/limits.md). */
#ifndef FVI_MODEL_LIMITS_H
#define FVI_MODEL_LIMITS_H

#include <stddef.h>

#include "base/file.h"

typedef struct fvi_limits {
    int64_t file_bytes;  /* of each file mapped */
    int64_t memory;      /* bytes of a plan, its results and the rearranged weights together */
    int64_t work;        /* of a plan, as fvi_graph_cost estimates it */
    int64_t work_a_byte; /* of the file, added to `work`; 0 where the caller gave it */
    int64_t folds;       /* elements that constants computed while loading may read and write */
    int64_t elements;    /* of one tensor */
    int64_t budget; /* bytes of all that is held for work with the model: runtime/memory_budget.h */
    int64_t nodes;  /* of the file with all its subgraphs; of a lowered graph */
} fvi_limits;

/* The caller's limits, and the defaults where desc is NULL or says 0.
 *   errors  ARG a negative one, or one beyond what the code can do */
fv_status fvi_limits_resolve(const fv_model_desc *desc, fvi_limits *out, fv_error *err);

/* fvi_mapping_open of a file of at most l->file_bytes; the message names the option. */
fv_status fvi_limits_map(const fvi_limits *l, const char *path, fvi_mapping *out, fv_error *err);

/* Adds to the defaults of `work` and `folds` what a file of so many bytes may do more. */
void fvi_limits_add_bytes(fvi_limits *l, int64_t bytes);
/* The limit on constants computed while loading, in bytes: a quarter of that on memory, by default
 * 1 GiB (once for what is kept, once for one lowering). */
size_t fvi_limits_constants(const fvi_limits *l);

#endif
