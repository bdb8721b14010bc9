/* SPDX-License-Identifier: Apache-2.0 */
/* Dilated convolutions that are written in three nodes. */
#ifndef FVI_MODEL_TENSORFLOW_OPERATORS_BATCH_H
#define FVI_MODEL_TENSORFLOW_OPERATORS_BATCH_H

#include "model/tensorflow/kinds.h"

/* ---- conv.c ---- */

/* Of a BatchToSpaceND behind a convolution behind a SpaceToBatchND: the one dilated convolution
 * that they are; -1: they are none, or it failed. */
int fvi_tf_atrous(fvi_site *site);

#endif
