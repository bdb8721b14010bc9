/* SPDX-License-Identifier: Apache-2.0 */
/* Darknet's sections: the table, and the sizes and weights of a file's layers. */
#ifndef FVI_MODEL_DARKNET_LAYERS_H
#define FVI_MODEL_DARKNET_LAYERS_H

#include "model/darknet/file.h"
#include "model/operations/site.h"

/* For lowering; ended by one without a type. */
extern const fvi_op_kind fvi_darknet_kinds[];

/* Measures all layers in their order, and takes their weights from d->file.weights.
 *   errors  FORMAT the weights are fewer or more than the layers need; NOMEM */
fv_status fvi_darknet_measure(fvi_darknet *d, fv_error *err);

#endif
