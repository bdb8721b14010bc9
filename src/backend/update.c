/* SPDX-License-Identifier: Apache-2.0 */
/* update: calls the functions of the backend's table. */
#include "backend/update.h"

#include <stdlib.h>

#include "backend/device_internal.h"
#include "base/error.h"

struct fvi_update {
    fvi_device *device;
    const fvi_backend_updates *backend;
    void *self;          /* the backend's */
    fvi_graph *graph[3]; /* step, rule, between: their constants die with them */
};

fv_status fvi_update_new(fvi_device *d, const fvi_update_desc *desc, fvi_update **out,
                         fv_error *err) {
    fvi_update *u = calloc(1, sizeof *u);
    fv_status st = u ? FV_OK : fvi_fail(err, FV_NOMEM, "out of memory for an update");
    if (st) {
        fvi_graph_free(desc->step);
        fvi_graph_free(desc->rule);
        fvi_graph_free(desc->between);
        return st;
    }
    *u = (fvi_update){d, d->backend->updates, NULL, {desc->step, desc->rule, desc->between}};
    st = u->backend->make(d->self, desc, &u->self, err);
    if (st)
        fvi_update_free(u);
    else
        *out = u;
    return st;
}

void fvi_update_free(fvi_update *u) {
    if (!u) return;
    if (u->self) u->backend->free(u->self);
    for (int i = 0; i < 3; i++) {
        for (int k = 0; u->graph[i] && k < u->graph[i]->n_own; k++)
            fvi_device_forget(u->device, u->graph[i]->own[k]->bytes);
        fvi_graph_free(u->graph[i]);
    }
    free(u);
}

fv_status fvi_update_set_state(fvi_update *u, int state, const float *data, fv_error *err) {
    return u->backend->set_state(u->self, state, data, err);
}

fv_status fvi_update_give(fvi_update *u, int given, const float *data, fv_error *err) {
    return u->backend->give(u->self, given, data, err);
}

void fvi_update_redirect(fvi_update *u, const unsigned char *samples) {
    u->backend->redirect(u->self, samples);
}

fv_status fvi_update_run(fvi_update *u, fv_error *err) { return u->backend->run(u->self, err); }

fv_status fvi_update_read_result(fvi_update *u, int index, float *to, fv_error *err) {
    return u->backend->read_result(u->self, index, to, err);
}

void fvi_update_accept(fvi_update *u) { u->backend->accept(u->self); }

fv_status fvi_update_read_state(fvi_update *u, int state, float *to, fv_error *err) {
    return u->backend->read_state(u->self, state, to, err);
}
