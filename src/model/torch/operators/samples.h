/* SPDX-License-Identifier: Apache-2.0 */
/* Samples without an axis for samples, as PyTorch's windowed operators take them. */
#ifndef FVI_MODEL_TORCH_OPERATORS_SAMPLES_H
#define FVI_MODEL_TORCH_OPERATORS_SAMPLES_H

#include "model/torch/aten.h"

/* x with an axis for samples, if it has only channels and n axes. */
int fvi_torch_with_samples(fvi_site *site, int x, int n);
/* Gives v as output 0, without the axis of samples where the input x has none. */
void fvi_torch_give(fvi_site *site, int v, int x, int n);

#endif
