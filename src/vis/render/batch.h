/* SPDX-License-Identifier: Apache-2.0 */
/* One call of fv_render_many, and the pictures of it that are optimised side by side. */
#ifndef FVI_VIS_RENDER_BATCH_H
#define FVI_VIS_RENDER_BATCH_H

#include "vis/render/memory_fit.h"
#include "vis/update/device_update.h"
#include "vis/update/evaluate.h"

#define FVI_MAX_LEVELS 32

/* How some of the call's units are rendered. */
typedef struct fvi_setup {
    fvi_settings desc;                    /* of the recipe, for this call */
    int n_sizes, size[FVI_MAX_LEVELS][2]; /* height, width of each level */
} fvi_setup;

/* An objective of the call. */
typedef struct fvi_unit {
    fvi_objective objective; /* with the regulariser's terms */
    char *name;              /* in one spelling, without them */
    char *label;             /* the same for messages */
    fvi_setup *setup;        /* of the job; units of one batch have the same */
} fvi_unit;

/* The whole call. */
typedef struct fvi_job {
    const fv_model *model;
    const fv_render_desc *call;
    fv_session *session;
    fvi_setup *setups; /* [n_setups] */
    fvi_unit *units;   /* [count] */
    int n_setups, count;
    int restarts;        /* pictures of each unit */
    fv_rendering **made; /* [count * restarts] */
    int done, total;     /* updates */
    int begun;           /* pictures of which there is a rendering */
    int stopped;         /* the monitor said STOP */
    int noted;           /* it was told why the processor makes the updates */
} fvi_job;

/* Pictures made side by side. */
typedef struct fvi_batch {
    fvi_job *j;
    const fvi_setup *setup; /* of all its units */
    fvi_picture *p;         /* [n] */
    int n, group;
    fvi_evaluator *evaluator;
    fvi_device_update *device;   /* of this level; NULL: the processor makes the updates */
    fvi_gradient_health *health; /* [n] of the last evaluation */
    double *values;              /* [n] */
    int *indices;                /* [n] */
    int level, step, done;       /* level now; its update now; updates of all levels */
    int planned;                 /* updates of the job once the batch is done */
    size_t bytes;                /* noted as held */
} fvi_batch;

/* The unit of picture i of the call. */
fvi_unit *fvi_job_unit(const fvi_job *j, int i);

/* The first unit that has setup `setup`. */
int fvi_job_first(const fvi_job *j, int setup);

/* Whether pictures of two units can be in one batch. */
int fvi_units_alike(const fvi_job *j, const fvi_unit *a, const fvi_unit *b);

/* How many pictures batches have among the neighbours of picture `first` that are alike: one
 * program of a device serves them all, the last batch and pictures made again too. */
int fvi_batch_room(const fvi_job *j, int first);

/* Describes the pictures from `first` on, for counting their memory. */
fvi_fit fvi_batch_fit(const fvi_job *j, int first, int run, int group);

/* Pictures first..first + n - 1, none at a level yet. To be cleared, also on failure.
 *   group  neighbouring pictures that joint terms tie together; 1: none are */
fv_status fvi_batch_new(fvi_job *j, int first, int n, int group, fvi_batch *b, fv_error *err);
void fvi_batch_clear(fvi_batch *b);

/* Brings all pictures to level b->level. */
fv_status fvi_batch_enter_level(fvi_batch *b, fv_error *err);
/* Parameters -> pixels, of all pictures. */
void fvi_batch_decode(fvi_batch *b);
/* Objectives and gradients of all pictures, into b->health and the pictures. An error names the
 * batch and the update.
 *   errors    CANCELLED the monitor says STOP, which is noted in the job, or CANCEL
 *   progress  0 at the first update, 1 at the last
 *   redirect  1: ReLUs of the pictures that are marked let a gradient through */
fv_status fvi_batch_evaluate(fvi_batch *b, float progress, int redirect, fv_error *err);

/* The whole optimisation, level by level; ends early where the monitor says STOP. */
fv_status fvi_batch_run(fvi_batch *b, fv_error *err);

/* Whether an update was made: if not, a stop leaves nothing to show. */
int fvi_batch_begun(const fvi_batch *b);

#endif
