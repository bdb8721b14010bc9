/* SPDX-License-Identifier: Apache-2.0 */
/* Ranks of the pixels of a map. */
#ifndef FVI_INSPECT_ATTRIBUTION_RANK_H
#define FVI_INSPECT_ATTRIBUTION_RANK_H

#include <stdint.h>

#include "fovea/fovea.h"

/* Pixels of a map, most important first; equal ones in reading order.  errors  NOMEM */
fv_status fvi_order_pixels(const float *map, int64_t n, int64_t **out, fv_error *err);

/* Spearman's correlation of ranks, equal numbers sharing their mean rank; NaN where one of the two
 * is the same everywhere, or not finite somewhere.  errors  NOMEM */
fv_status fvi_rank_correlation(const float *a, const float *b, int64_t n, double *out,
                               fv_error *err);

#endif
