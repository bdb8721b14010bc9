/* SPDX-License-Identifier: Apache-2.0 */
/* Which network of keras.applications a model is. */
#ifndef FVI_MODEL_KERAS_FAMILY_H
#define FVI_MODEL_KERAS_FAMILY_H

#include "model/keras/file.h"

/* The name of its preprocessing ("vgg", "resnet", "inception", "densenet"), or NULL: none is known,
 * or the network does it itself.
 *   how  says what it was known by; to be freed with g_free */
const char *fvi_keras_family(const fvi_keras *k, char **how);

#endif
