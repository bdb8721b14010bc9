/* SPDX-License-Identifier: Apache-2.0 */
/* The list of operations of an exported program. */
#ifndef FVI_MODEL_TORCH_PROGRAM_H
#define FVI_MODEL_TORCH_PROGRAM_H

#include "model/torch/file.h"

/* The members that hold the graph: of torch 2.8 and later, and before. */
#define FVI_TORCH_MODEL     "models/model.json"
#define FVI_TORCH_OLD_MODEL "serialized_exported_program.json"

/* Fills t->file.list out of t->zip.
 *   errors  FORMAT, UNSUPPORTED, NOMEM */
fv_status fvi_torch_read_program(fvi_torch *t, fv_error *err);

#endif
