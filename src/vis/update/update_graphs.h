/* SPDX-License-Identifier: Apache-2.0 */
/* The update of a batch's pictures as graphs (backend/update.h). */
#ifndef FVI_VIS_UPDATE_UPDATE_GRAPHS_H
#define FVI_VIS_UPDATE_UPDATE_GRAPHS_H

#include "backend/update.h"
#include "graph/build/given.h"
#include "runtime/session.h"
#include "vis/transform/transform_graph.h"
#include "vis/update/pass.h"
#include "vis/update/picture.h"

/* What stays on the device from update to update; each is [pictures] of what is said. */
typedef enum fvi_update_state {
    FVI_STATE_PARAMS,     /* parameters */
    FVI_STATE_FIRST,      /* the optimiser's moments, where it has them */
    FVI_STATE_SECOND,     /*   of the parameters' number */
    FVI_STATE_GOOD,       /* parameters at the last finite evaluation, if they are kept */
    FVI_STATE_BEST,       /* the best parameters, if they are kept, */
    FVI_STATE_BEST_VALUE, /*   and their value */
    FVI_STATE_ALPHA,      /* summed magnitudes of the gradient at the pixels, if they are drawn */
    FVI_STATE_COUNT
} fvi_update_state;

/* What an update does with a picture. */
typedef enum fvi_update_mode {
    FVI_UPDATE_STAYS, /* it has stopped */
    FVI_UPDATE_MOVES,
    FVI_UPDATE_GOES_BACK /* to its last finite evaluation */
} fvi_update_mode;

/* The results, [pictures] each, one after the other. */
enum { FVI_RESULT_VALUE, FVI_RESULT_LARGEST, FVI_RESULT_NORM, FVI_RESULTS };

/* What a batch's pictures are at one level. */
typedef struct fvi_update_site {
    fv_session *session;
    const fvi_settings *desc;
    fvi_picture *pictures; /* [there] */
    int there, group;
    int n; /* pictures that the program is made for, `there` or more: the last one again and again
            */
    const fvi_pass *pass;
} fvi_update_site;

static inline fvi_picture *fvi_update_picture(const fvi_update_site *s, int i) {
    return &s->pictures[i < s->there ? i : s->there - 1];
}

/* The graphs under construction, and where their inputs get their numbers. */
typedef struct fvi_update_graphs {
    fvi_graph *step, *rule;
    fvi_graph
        *between;   /* normalises the gradient at the parametrisation's pixels; NULL: it is not */
    int between_at; /* their index among the step's outputs */
    fvi_update_source *step_inputs, *rule_inputs;
    fvi_given_list given[2];    /* of step and rule: the rule's are counted after the step's */
    fvi_chain_form *chain;      /* where random choices are written: of transforms, */
    fvi_chain_form *in_place;   /*   and of in-place transforms, */
    float *moves;               /*   [n] with whether they move the picture; NULL: there are none */
    int state[FVI_STATE_COUNT]; /* its index among the states; -1: it is not there */
    int states;
    int64_t samples;              /* of the network: copies of pictures */
    float *mode, *numbers, *keep; /* given to the rule before each update: [n], the optimiser's,
                                     [1] what the parameters are multiplied by; NULL: no decay */
} fvi_update_graphs;

/* Describes the update of pictures at their present level.
 *   out     yours to clear, also on failure. Its graphs may be taken (and set to NULL)
 *   errors  UNSUPPORTED, naming what has no form as a graph; NOMEM; others as of a plan */
fv_status fvi_update_graphs_make(const fvi_update_site *site, fvi_update_graphs *out,
                                 fv_error *err);
void fvi_update_graphs_clear(fvi_update_graphs *g);

#endif
