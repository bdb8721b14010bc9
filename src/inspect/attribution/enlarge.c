/* SPDX-License-Identifier: Apache-2.0 */
/* enlarge: bilinear resizing (signal/resize.h) for signals and volumes too. A volume is resized
 * slice by slice, and then as one plane of depth x (h w), of which only the rows change.
 */
#include "inspect/attribution/enlarge.h"

#include <stdlib.h>

#include "base/error.h"
#include "signal/resize.h"

fvi_grid fvi_grid_of(const int64_t *dim, int n) {
    return (fvi_grid){n > 2 ? (int)dim[n - 3] : 1, n > 1 ? (int)dim[n - 2] : 1, (int)dim[n - 1]};
}

fv_status fvi_enlarge(fvi_grid from, const float *in, fvi_grid to, float *out, fv_error *err) {
    if (from.d == 1 && to.d == 1) {
        fvi_resize(fvi_planes_view(1, from.h, from.w, in), fvi_planes_of(1, to.h, to.w, out),
                   FVI_ALIGN_CENTRES);
        return FV_OK;
    }
    const int plane = to.h * to.w;
    float *slices = malloc((size_t)from.d * (size_t)plane * sizeof *slices);
    if (!slices) return fvi_fail(err, FV_NOMEM, "out of memory");
    fvi_resize(fvi_planes_view(from.d, from.h, from.w, in),
               fvi_planes_of(from.d, to.h, to.w, slices), FVI_ALIGN_CENTRES);
    fvi_resize(fvi_planes_of(1, from.d, plane, slices), fvi_planes_of(1, to.d, plane, out),
               FVI_ALIGN_CENTRES);
    free(slices);
    return FV_OK;
}
