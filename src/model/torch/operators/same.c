/* SPDX-License-Identifier: Apache-2.0 */
/* What passes its input on, and casts. Run-time numbers are f32: casts among real types change
 * nothing. Dropout keeps its rate in an IDENTITY node so that tables of layers can show it. */
#include "graph/build/compose.h"
#include "graph/const.h"
#include "model/torch/aten.h"

void fvi_aten_same(fvi_site *site) { fvi_site_out(site, 0, fvi_torch_need(site, "self")); }

void fvi_aten_stop_gradient(fvi_site *site) {
    fvi_site_out(site, 0, fvi_emit_stop_gradient(site->b, fvi_torch_need(site, "self")));
}

/* A view, or a copy. */
void fvi_aten_maybe_same(fvi_site *site) { fvi_aten_same(site); }

void fvi_aten_dropout(fvi_site *site) {
    const int x = fvi_torch_need(site, fvi_torch_argument(site, "self") ? "self" : "input");
    const fvi_shape s = fvi_build_shape(site->b, x);
    const double rate = fvi_torch_real(site, "p", 0.5);
    const fvi_node_attr a = {.identity = {(float)rate, 1}};
    if (fvi_torch_int(site, "train", 0) && rate > 0)
        fvi_torch_refuse(site, "train", "true", "false: export the module after .eval()");
    if (x < 0 || site->b->status) return;
    fvi_site_out(site, 0,
                 fvi_build_const(site->b, x) ? x : fvi_emit(site->b, FVI_IDENTITY, &a, &s, 1, &x));
}

/* To "dtype", or the type of "other". */
void fvi_aten_cast(fvi_site *site) {
    const int x = fvi_torch_need(site, "self"), other = fvi_torch_tensor(site, "other");
    fvi_dtype t = fvi_torch_dtype(site, "dtype");
    if (site->b->status) return;
    if (!t) t = fvi_build_dtype(site->b, other >= 0 ? other : x);
    fvi_site_out(site, 0, fvi_emit_cast(site->b, x, t));
}
