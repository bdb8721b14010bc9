/* SPDX-License-Identifier: Apache-2.0 */
/* Which well-known network a graph is, whose preprocessing is not in the file. */
#ifndef FVI_MODEL_TENSORFLOW_FAMILY_H
#define FVI_MODEL_TENSORFLOW_FAMILY_H

#include "model/tensorflow/tensorflow.h"

/* The name of its preprocessing (exporters.c), or NULL: none is known.
 *   how  what it was known by */
const char *fvi_tf_family(const fvi_tf *t, const char **how);

#endif
