/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of a session that several files use. */
#include "runtime/session_state.h"

#include "runtime/devices.h"

void fvi_last_forward_clear(fvi_last_forward *last) {
    fv_tensor_free(last->input);
    g_free(last->values);
    *last = (fvi_last_forward){0};
}

void fvi_forget_own(const fv_model *m, const fvi_graph *g) {
    for (int i = 0; i < g->n_own; i++) fvi_model_forget(m, g->own[i]->bytes);
}

void fvi_once_clear(fvi_once *once) {
    fvi_executable_free(once->plan);
    if (once->graph) fvi_forget_own(once->model, once->graph);
    fvi_graph_free(once->graph);
    *once = (fvi_once){0};
}
