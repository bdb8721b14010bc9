/* SPDX-License-Identifier: Apache-2.0 */
/* direction: the lists of primitives and touched buffers. */
#include "backend/onednn/schedule/direction.h"

#include <glib.h>

void fvi_direction_add(fvi_direction *d, fvi_prim *prim) {
    d->prims = g_renew(fvi_prim *, d->prims, d->n_prims + 1);
    d->prims[d->n_prims++] = prim;
}

void fvi_direction_touch(fvi_direction *d, fvi_buffer *buffer, fvi_access access) {
    const int n = d->n_touched++;
    d->touched = g_renew(fvi_buffer *, d->touched, n + 1);
    d->access = g_renew(int, d->access, n + 1);
    d->touched[n] = buffer;
    d->access[n] = access;
}

int fvi_direction_is_slow(const fvi_direction *d) {
    for (int i = 0; i < d->n_prims; i++)
        if (fvi_prim_is_slow(d->prims[i])) return 1;
    return 0;
}

fv_status fvi_direction_run(const fvi_direction *d) {
    for (int i = 0; i < d->n_prims; i++) {
        fv_status st = fvi_prim_run(d->prims[i]);
        if (st) return st;
    }
    return FV_OK;
}

void fvi_direction_clear(fvi_direction *d) {
    for (int i = 0; i < d->n_prims; i++) fvi_prim_free(d->prims[i]);
    g_free(d->prims);
    g_free(d->touched);
    g_free(d->access);
}
