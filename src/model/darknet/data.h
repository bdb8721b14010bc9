/* SPDX-License-Identifier: Apache-2.0 */
/* Darknet's .data file, which names the list of classes. */
#ifndef FVI_MODEL_DARKNET_DATA_H
#define FVI_MODEL_DARKNET_DATA_H

#include "model/labels.h"
#include "model/model_file.h"

/* The class names of a network; NULL: nothing says them, or they cannot be read.
 *   from  names both files; to be freed with g_free */
fvi_labels *fvi_darknet_class_names(const fvi_model_file *f, char **from);

#endif
