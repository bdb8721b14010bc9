/* SPDX-License-Identifier: Apache-2.0 */
/* Whether numbers are probabilities already, and the softmax of those that are not. */
#ifndef FVI_GRAPH_CLASSES_DISTRIBUTION_H
#define FVI_GRAPH_CLASSES_DISTRIBUTION_H

#include <stdint.h>

#define FVI_DISTRIBUTION_OFF 0.001 /* how far from 1 the sum of a distribution may be */

/* Whether n numbers, `step` apart, are a distribution: none below 0, their sum 1 within 0.001.
 * Logits are so by chance only, and one number never is one. */
int fvi_is_distribution(const float *x, int64_t n, int64_t step);

/* Whether all of n numbers are within 0..1, as probabilities are. */
int fvi_is_within_unit(const float *x, int64_t n);

/* Whether the squares of n numbers, more than one of which is not 0, add up to 1 within 0.0001, as
 * those of a vector that was normalised. */
int fvi_has_unit_length(const float *x, int64_t n);

/* Whether all of n numbers are at least 0, and n is so many that scores would hardly be. */
int fvi_has_no_negative(const float *x, int64_t n);

/* x_i = exp(x_i) / sum of exp(x_k), of n >= 1 numbers. */
void fvi_softmax_row(float *x, int64_t n);

#endif
