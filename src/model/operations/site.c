/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs, outputs and constants of an operation that is lowered. */
#include "model/operations/site.h"

#include <string.h>

int fvi_site_in(const fvi_site *site, int i) { return i >= 0 && i < site->n_in ? site->in[i] : -1; }

int fvi_site_need(fvi_site *site, int i) {
    const int v = fvi_site_in(site, i);
    if (v < 0) fvi_build_fail(site->b, FV_FORMAT, "input %d is missing", i);
    return v;
}

int fvi_site_wants(const fvi_site *site, int i) {
    return i < site->n_out && site->l->needed[site->op->out[i]];
}

int fvi_site_constant(fvi_site *site, const fvi_const *c) {
    return fvi_emit_alias(site->b, c, c->dtype, 1);
}

int fvi_site_permuted(fvi_site *site, int v, const int *perm) {
    const fvi_const *c = fvi_build_const(site->b, v);
    char key[FVI_MAX_DIMS + 1] = "";
    int unused;
    if (!c || site->b->status) return -1;
    for (int i = 0; i < c->shape.ndim; i++) key[i] = (char)('0' + perm[i]);
    const fvi_const *made = fvi_constant_cache_find(site->b->cache, c->bytes, key, &unused);
    if (made) return fvi_site_constant(site, made);
    const int outer = site->operation.file_constant;
    site->operation.file_constant = fvi_build_value(site->b, v)->file_constant;
    const int moved = fvi_emit_transpose(site->b, v, perm);
    site->operation.file_constant = outer;
    if (moved >= 0 && fvi_build_value(site->b, moved)->file_constant)
        fvi_constant_cache_keep(site->b->cache, c->bytes, key, fvi_build_const(site->b, moved));
    return moved;
}
