/* SPDX-License-Identifier: Apache-2.0 */
/* gradient_health: finds gradients that vanished, exploded or are not finite. One pass finds the
 * largest magnitude; the norm is computed only where it could exceed the bound.
 * What it does not do: find the layer that NaN comes from (runtime/numbers/nonfinite.h).
 */
#include "vis/optimize/gradient_health.h"

#include <float.h>
#include <glib.h>
#include <math.h>

#include "base/abs_max.h"

fvi_gradient_health fvi_gradient_health_of(double value, const float *gradient, int64_t n) {
    const float largest = fvi_abs_max(gradient, n);
    double sum = 0;
    if (isfinite(largest) && largest * sqrt((double)n) > FV_GRADIENT_MOST)
        for (int64_t i = 0; i < n; i++) sum += (double)gradient[i] * gradient[i];
    return fvi_gradient_health_known(value, largest, sqrt(sum));
}

fvi_gradient_health fvi_gradient_health_known(double value, float largest, double norm) {
    fvi_gradient_health v = {.largest = largest};
    if (!isfinite(value) || !isfinite(largest) || isnan(norm))
        v.kind = FVI_GRADIENT_BROKEN;
    else if (largest < FLT_MIN)
        v.kind = FVI_GRADIENT_VANISHED;
    else if (norm > FV_GRADIENT_MOST)
        v.kind = FVI_GRADIENT_EXPLODED, v.norm = norm;
    return v;
}

void fvi_gradient_health_text(const fvi_gradient_health *v, char *text, size_t size) {
    if (v->kind == FVI_GRADIENT_EXPLODED)
        g_snprintf(text, (gulong)size, "its gradient explodes: its norm is %.2g, beyond %.2g",
                   v->norm, FV_GRADIENT_MOST);
    else if (v->kind == FVI_GRADIENT_BROKEN)
        g_strlcpy(text, "its value or gradient is not finite", size);
    else if (v->largest > 0)
        g_snprintf(text, (gulong)size, "its gradient vanishes: no number of it exceeds %.2g",
                   (double)v->largest);
    else
        g_strlcpy(text, "its gradient is zero", size);
}
