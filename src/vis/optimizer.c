/* SPDX-License-Identifier: Apache-2.0 */
/* optimizer: steps along the gradient whose length does not depend on how steep the unit is. */
#include "vis/optimizer.h"

#include <math.h>

float fvi_ascend(float *p, const float *g, int64_t n, float step) {
    float top = 0;
    for (int64_t i = 0; i < n; i++) {
        float a = fabsf(g[i]);
        if (!(a <= top) && !isnan(top)) top = a; /* a NaN stays, and shows */
    }
    if (!isfinite(top) || top == 0) return top;
    float scale = step / top;
    for (int64_t i = 0; i < n; i++) p[i] += scale * g[i];
    return top;
}
