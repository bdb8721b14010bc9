/* SPDX-License-Identifier: Apache-2.0 */
/* Windows over one sample without an axis for samples: it gets one, which the result loses. */
#include "model/torch/operators/samples.h"

#include <string.h>

int fvi_torch_with_samples(fvi_site *site, int x, int n) {
    fvi_shape s = fvi_build_shape(site->b, x);
    if (x < 0 || s.ndim != n + 1) return x;
    memmove(s.dim + 1, s.dim, (size_t)s.ndim++ * sizeof *s.dim);
    s.dim[0] = 1;
    return fvi_emit_reshape(site->b, x, &s);
}

void fvi_torch_give(fvi_site *site, int v, int x, int n) {
    fvi_shape s = fvi_build_shape(site->b, v);
    if (v >= 0 && fvi_build_shape(site->b, x).ndim == n + 1) {
        memmove(s.dim, s.dim + 1, (size_t)--s.ndim * sizeof *s.dim);
        v = fvi_emit_reshape(site->b, v, &s);
    }
    fvi_site_out(site, 0, v);
}
