/* SPDX-License-Identifier: Apache-2.0 */
/* distribution: whether numbers are probabilities already, and the softmax of those that are not.
 */
#include "graph/classes/distribution.h"

#include <math.h>

#define MANY 32 /* scores: not all of so many are above 0 by chance */

int fvi_is_distribution(const float *x, int64_t n, int64_t step) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!(x[i * step] >= 0)) return 0;
        sum += x[i * step];
    }
    return n > 1 && fabs(sum - 1) < FVI_DISTRIBUTION_OFF;
}

int fvi_is_within_unit(const float *x, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (!(x[i] >= 0 && x[i] <= 1)) return 0;
    return 1;
}

int fvi_has_unit_length(const float *x, int64_t n) {
    double sum = 0;
    int64_t others = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += (double)x[i] * x[i];
        others += x[i] != 0;
    }
    return others > 1 && fabs(sum - 1) < 1e-4;
}

int fvi_has_no_negative(const float *x, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        if (!(x[i] >= 0)) return 0;
    return n >= MANY;
}

void fvi_softmax_row(float *x, int64_t n) {
    float top = x[0];
    double sum = 0;
    for (int64_t i = 1; i < n; i++) top = x[i] > top ? x[i] : top;
    for (int64_t i = 0; i < n; i++) sum += exp((double)x[i] - top);
    for (int64_t i = 0; i < n; i++) x[i] = (float)(exp((double)x[i] - top) / sum);
}
