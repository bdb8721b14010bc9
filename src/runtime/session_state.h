/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of a session, for the files that implement it. */
#ifndef FVI_RUNTIME_SESSION_STATE_H
#define FVI_RUNTIME_SESSION_STATE_H

#include <glib.h>

#include "backend/executable.h"
#include "runtime/model_state.h"

/* The last fv_session_forward, for fv_session_backward. */
typedef struct fvi_last_forward {
    fv_tensor *input;    /* a copy; NULL: there was none */
    fvi_shape given;     /* in which the caller gave it */
    const char **values; /* [count] the network's names */
    int count;
    const fvi_executable *fresh; /* the plan, if this was its last run and of all samples at once;
                              NULL: it must be run again */
} fvi_last_forward;

/* A plan for one run (once.h). */
typedef struct fvi_once {
    const fv_model *model;
    fvi_graph *graph; /* as lowered */
    fvi_executable *plan;
} fvi_once;

struct fv_session {
    const fv_model *model;
    fvi_device *device; /* the model's; what runs its plans */
    fv_session_desc asked; /* its texts are the session's own */
    int insists; /* fvi_session_insist */
    int threads;
    GPtrArray *plans;   /* plan_entry */
    int plans_made;     /* so far */
    fvi_once once;      /* the last plan for one run, or zeros */
    GHashTable *sound;  /* constants known to be finite (nonfinite.h) */
    GHashTable *filled; /* names of inputs that were noted to be given no numbers */
    int noted_rounded, noted_half, noted_saturated, noted_sizes, noted_whole; /* by session.c */
    fv_on_nan on_nan;
    fv_monitor *monitor; /* the caller's, or NULL */
    fvi_last_forward last;
    char note[sizeof((fv_error *)0)->text]; /* the last one given to the monitor, or "" */
};

/* Forgets the last forward. */
void fvi_last_forward_clear(fvi_last_forward *last);
/* Frees the plan and the graph, whose constants the model's devices then forget. */
void fvi_once_clear(fvi_once *once);
/* Has a model's devices forget the constants that die with a graph: besides the one that runs it,
 * the processor, which explains its numbers. */
void fvi_forget_own(const fv_model *m, const fvi_graph *g);

#endif
