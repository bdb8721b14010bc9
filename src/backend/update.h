/* SPDX-License-Identifier: Apache-2.0 */
/* An update: what is computed again and again on state that stays on a device, as one program.
 *
 *   step     a graph of state 0 and of numbers that are given. The gradients at its values are
 *            those of the sum of its first output
 *   between  a graph that one of these gradients passes through on its way back; or none
 *   rule     a graph of the states, of what the step computed, and of numbers that are given. Its
 *            first outputs are the next states, its further ones are results for the caller
 *
 * A run computes both; the next states become the states when the run is accepted, so that it can
 * be repeated with other numbers. One thread at a time may use an update.
 */
#ifndef FVI_BACKEND_UPDATE_H
#define FVI_BACKEND_UPDATE_H

#include "backend/device.h"
#include "graph/graph.h"

/* What an input of step or rule is. */
typedef enum fvi_update_from {
    FVI_FROM_STATE,
    FVI_FROM_GIVEN,
    FVI_FROM_OUTPUT,          /* output `index` of the step; of the rule only, as what follows */
    FVI_FROM_OUTPUT_GRADIENT, /* the gradient at that output */
} fvi_update_from;

typedef struct fvi_update_source {
    fvi_update_from from;
    int index; /* of the state, the given input, or the output */
} fvi_update_source;

struct fvi_update_desc {
    fvi_graph *step, *rule; /* the update's then, freed also on failure */
    fvi_graph *between;     /* likewise: of the gradient at output `between_at` of the step, its one
                               input; its output takes that gradient's place. NULL: none */
    int between_at;
    const fvi_update_source *step_inputs, *rule_inputs; /* [inputs of each] copied */
    int states, given;                                  /* how many */
    int64_t samples; /* of the network in the step, for fvi_update_redirect */
};

typedef struct fvi_update_desc fvi_update_desc;
typedef struct fvi_update fvi_update;

/* Compiles an update for a device that makes them.
 *   errors  UNSUPPORTED; NOMEM; BACKEND */
fv_status fvi_update_new(fvi_device *d, const fvi_update_desc *desc, fvi_update **out,
                         fv_error *err);
void fvi_update_free(fvi_update *u);

/* Sets a state, or a given input; each keeps its numbers until it is set again, and is zeros before
 * that.
 *   data  as many numbers as its shape has; read during the call only */
fv_status fvi_update_set_state(fvi_update *u, int state, const float *data, fv_error *err);
fv_status fvi_update_give(fvi_update *u, int given, const float *data, fv_error *err);

/* The samples whose ReLUs are redirected (executable.h) in the runs that follow; NULL: none. */
void fvi_update_redirect(fvi_update *u, const unsigned char *samples);

/* Runs step and rule. */
fv_status fvi_update_run(fvi_update *u, fv_error *err);
/* A result of the last run: output states + index of the rule. */
fv_status fvi_update_read_result(fvi_update *u, int index, float *to, fv_error *err);
/* The next states become the states. */
void fvi_update_accept(fvi_update *u);

fv_status fvi_update_read_state(fvi_update *u, int state, float *to, fv_error *err);

#endif
