/* SPDX-License-Identifier: Apache-2.0 */
/* A recurrent layer as a matrix product for all steps at once, and a RECURRENT node. */
#include "model/operations/recurrent.h"

static void check_state(fvi_site *site, int v, int64_t n, int64_t h) {
    const fvi_shape s = fvi_build_shape(site->b, v);
    char text[FVI_SHAPE_TEXT];
    if (v >= 0 && (s.ndim != 2 || s.dim[0] != n || s.dim[1] != h))
        fvi_build_fail(site->b, FV_SHAPE,
                       "a state it begins with is %s; %" PRId64 "x%" PRId64 " is needed",
                       fvi_shape_text(&s, text), n, h);
}

int fvi_site_recurrent(fvi_site *site, int x, const fvi_recurrent *a,
                       const fvi_recurrent_weights *w) {
    fvi_builder *b = site->b;
    const fvi_shape s = fvi_build_shape(b, x), r = fvi_build_shape(b, w->r);
    if (b->status || x < 0 || w->w < 0 || w->r < 0) return -1;
    const int64_t n = s.dim[0], t = s.dim[1], h = r.dim[0];
    check_state(site, w->h0, n, h);
    check_state(site, w->c0, n, h);
    const int steps = fvi_emit_transpose(b, x, (int[]){1, 0, 2});
    const int gates =
        fvi_emit_matmul(b, steps, w->w, w->bias, &(fvi_node_attr){.matmul = {0, 0, 1}});
    const int in[] = {gates, fvi_emit_transpose(b, w->r, (int[]){1, 0}), w->inner, w->h0, w->c0, -1,
                      -1};
    if (b->status) return -1;
    const fvi_node_attr attr = {.recurrent = *a};
    const int v =
        fvi_emit(b, FVI_RECURRENT, &attr, &(fvi_shape){3, {t, n, a->cells ? 2 * h : h}}, 7, in);
    return fvi_emit_transpose(b, v, (int[]){1, 0, 2});
}
