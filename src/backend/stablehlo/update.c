/* SPDX-License-Identifier: Apache-2.0 */
/* update: an update's program, with its states in slots on the device.
 *
 * There are two programs of an update, without and with redirected ReLUs; each is compiled when it
 * first runs. */
#include "backend/stablehlo/update.h"

#include "backend/stablehlo/runnable.h"

enum { PLAIN, REDIRECTED, WAYS };

typedef struct hlo_update {
    const fvi_hlo_device *d;
    fvi_update_desc desc; /* its sources are the update's own copies, its graphs are borrowed */
    fvi_shape *state_shapes, *given_shapes; /* [states], [given] */
    fvi_runnable way[WAYS];
    fvi_pjrt_array **states, **given;
    fvi_pjrt_array **next; /* [outputs of the rule] of the last run; accepted ones are NULL */
    fvi_redirection redirection;
} hlo_update;

/* Notes the shapes of what the inputs of a graph are tied to. */
static void note_shapes(hlo_update *u, const fvi_graph *g, const fvi_update_source *from) {
    for (int i = 0; i < g->n_inputs; i++) {
        const fvi_shape shape = g->values[g->inputs[i]].shape;
        if (from[i].from == FVI_FROM_STATE) u->state_shapes[from[i].index] = shape;
        if (from[i].from == FVI_FROM_GIVEN) u->given_shapes[from[i].index] = shape;
    }
}

static fvi_update_source *copy_sources(const fvi_update_source *from, int n) {
    return g_memdup2(from, (gsize)MAX(n, 1) * sizeof *from);
}

static void update_free(void *self) {
    hlo_update *u = self;
    for (int i = 0; i < WAYS; i++) fvi_runnable_clear(&u->way[i]);
    fvi_slots_free(u->states, u->desc.states);
    fvi_slots_free(u->given, u->desc.given);
    fvi_slots_free(u->next, u->desc.rule->n_outputs);
    fvi_redirection_set(&u->redirection, NULL, 0);
    g_free(u->state_shapes);
    g_free(u->given_shapes);
    g_free((fvi_update_source *)u->desc.step_inputs);
    g_free((fvi_update_source *)u->desc.rule_inputs);
    g_free(u);
}

/* Writes and compiles a program, if its weights fit the device. */
static fv_status compile(hlo_update *u, int way, fv_error *err) {
    const fvi_hlo_device *d = u->d;
    fvi_program_text text = {NULL, NULL, NULL};
    fv_status st = fvi_program_update(&u->desc, way == REDIRECTED, d->precision, &text, err);
    if (!st) st = fvi_check_memory(d, text.arguments, 0, err);
    if (!st) st = fvi_runnable_compile(d, &text, &u->way[way], err);
    fvi_program_text_clear(&text);
    return st;
}

static fv_status update_make(void *device, const fvi_update_desc *desc, void **out, fv_error *err) {
    hlo_update *u = g_new0(hlo_update, 1);
    u->d = device;
    u->desc = *desc;
    u->desc.step_inputs = copy_sources(desc->step_inputs, desc->step->n_inputs);
    u->desc.rule_inputs = copy_sources(desc->rule_inputs, desc->rule->n_inputs);
    u->state_shapes = g_new0(fvi_shape, MAX(desc->states, 1));
    u->given_shapes = g_new0(fvi_shape, MAX(desc->given, 1));
    u->states = g_new0(fvi_pjrt_array *, MAX(desc->states, 1));
    u->given = g_new0(fvi_pjrt_array *, MAX(desc->given, 1));
    u->next = g_new0(fvi_pjrt_array *, MAX(desc->rule->n_outputs, 1));
    note_shapes(u, desc->step, desc->step_inputs);
    note_shapes(u, desc->rule, desc->rule_inputs);
    const fv_status st = compile(u, PLAIN, err);
    if (st)
        update_free(u);
    else
        *out = u;
    return st;
}

static fv_status set_state(void *self, int state, const float *data, fv_error *err) {
    hlo_update *u = self;
    return fvi_slot_upload(u->d, &u->state_shapes[state], data, &u->states[state], err);
}

static fv_status give(void *self, int given, const float *data, fv_error *err) {
    hlo_update *u = self;
    return fvi_slot_upload(u->d, &u->given_shapes[given], data, &u->given[given], err);
}

static void redirect(void *self, const unsigned char *samples) {
    hlo_update *u = self;
    fvi_redirection_set(&u->redirection, samples, u->desc.samples);
}

static fvi_pjrt_array **slot_of(void *user, const fvi_emitter_argument *a) {
    hlo_update *u = user;
    if (a->source == FVI_EMITTER_STATE) return &u->states[a->index];
    return a->source == FVI_EMITTER_GIVEN ? &u->given[a->index] : &u->redirection.array;
}

static fv_status run(void *self, fv_error *err) {
    hlo_update *u = self;
    const int way = u->redirection.samples ? REDIRECTED : PLAIN;
    fv_status st = u->way[way].code ? FV_OK : compile(u, way, err);
    if (!st) st = fvi_redirection_upload(u->d, &u->redirection, err);
    if (st) return st;
    const int n = u->way[way].n_results;
    fvi_pjrt_array **results = g_new0(fvi_pjrt_array *, MAX(n, 1));
    st = fvi_runnable_run(u->d, &u->way[way], slot_of, u, results, err);
    for (int i = 0; i < n && !st; i++) fvi_slot_set(&u->next[i], results[i]);
    g_free(results);
    return st;
}

static fv_status read_result(void *self, int index, float *to, fv_error *err) {
    const hlo_update *u = self;
    return fvi_slot_download(u->next[u->desc.states + index], to, err);
}

static void accept(void *self) {
    hlo_update *u = self;
    for (int i = 0; i < u->desc.states; i++) {
        if (!u->next[i]) continue;
        fvi_slot_set(&u->states[i], u->next[i]);
        u->next[i] = NULL;
    }
}

static fv_status read_state(void *self, int state, float *to, fv_error *err) {
    const hlo_update *u = self;
    return fvi_slot_download(u->states[state], to, err);
}

const fvi_backend_updates fvi_hlo_updates = {
    .make = update_make,
    .free = update_free,
    .set_state = set_state,
    .give = give,
    .redirect = redirect,
    .run = run,
    .read_result = read_result,
    .accept = accept,
    .read_state = read_state,
};
