/* SPDX-License-Identifier: Apache-2.0 */
/* The names of layers after the modules of the training program that their operations come from.
 *
 *   a module that holds no other      the operation that computes its output has the module's name,
 *                                     "layer1.0.conv1"; operations before that add what they do,
 *                                     "mlp.0.matmul"
 *   a module called several times     "layer1.0.relu", "layer1.0.relu_1", ..., in order
 *   a module that holds others        its own operations: "layer1.0.add", "layer1.0.add_1"; those
 *                                     of the whole network stand without a module, "flatten"
 */
#ifndef FVI_MODEL_OPERATIONS_MODULES_H
#define FVI_MODEL_OPERATIONS_MODULES_H

#include "model/operations/list.h"

#define FVI_MODULE_PATH_MAX 512

/* Which module an operation is from. */
typedef struct fvi_module {
    const char *path; /* "layer1.0.conv1"; "": the whole network. NULL: not known */
    const char *part; /* what the operation does in it: "add" */
    char separator;   /* between the parts of a path */
    int counts_only; /* it makes sizes, not numbers: what reads them does not depend on its input */
} fvi_module;

/* Names the operations of a list.
 *   modules  [n] of its operations, in their order
 *   errors   NOMEM */
fv_status fvi_modules_name(fvi_op_list *l, const fvi_module *modules, fv_error *err);

#endif
