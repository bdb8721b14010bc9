/* SPDX-License-Identifier: Apache-2.0 */
/* The attributes of what slides over a picture. */
#ifndef FVI_MODEL_TENSORFLOW_OPERATORS_WINDOW_H
#define FVI_MODEL_TENSORFLOW_OPERATORS_WINDOW_H

#include "model/tensorflow/kinds.h"

/* Sizes of all axes, of which those of samples and channels must be 1, into those of the n axes
 * between, out [n]. */
void fvi_tf_sizes(fvi_site *site, const char *name, const int64_t *all, int count, int n,
                  int64_t *out);
/* The same of an attribute; 1 where it is not there. */
void fvi_tf_attr_sizes(fvi_site *site, const char *name, int n, int64_t *out);
/* The padding; where it is explicit, into w. */
fvi_padding fvi_tf_padding(fvi_site *site, fvi_window *w);

#endif
