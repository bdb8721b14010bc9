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

#include "base/pool.h"
#include "fovea/fovea.h"

#define FVI_MODULE_PATH_MAX 512

/* An operation, and the module it is from. */
typedef struct fvi_module_op {
    const char *path; /* "layer1.0.conv1"; "": the whole network. NULL: not known */
    const char *part; /* what the operation does in it: "add" */
    char separator;   /* between the parts of a path */
    int counts_only; /* it makes sizes, not numbers: what reads them does not depend on its input */
    const char *own; /* its name, which it keeps where its module is not known; NULL: none */
    int n_in, n_out;
    const int *in, *out; /* values; -1: absent */
    const char *name;    /* what it is called now; NULL: as before */
} fvi_module_op;

/* Names n operations.
 *   pool      of the names
 *   n_values  values are 0..n_values-1
 *   inputs    [n_inputs] of the network: values
 *   errors    NOMEM */
fv_status fvi_modules_name(fvi_pool *pool, fvi_module_op *ops, int n, int n_values,
                           const int *inputs, int n_inputs, fv_error *err);

#endif
