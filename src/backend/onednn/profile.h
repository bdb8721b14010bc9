/* SPDX-License-Identifier: Apache-2.0 */
/* How long each thing takes that a program does: every primitive by itself, and what an op does in
 * loops of its own. A program that is not profiled is not timed.
 */
#ifndef FVI_BACKEND_ONEDNN_PROFILE_H
#define FVI_BACKEND_ONEDNN_PROFILE_H

#include "backend/onednn/program.h"

typedef struct fvi_profile fvi_profile;

/* One thing a program does. */
typedef struct fvi_work {
    const fvi_node *node;       /* whose step it belongs to; of a conversion or a sum between
                                   steps: of the next step of the pass, else of the last */
    const char *kind;           /* "convolution", "reorder": the primitive's; of a loop, the op's;
                                   backward through a ReLU or clip "activation" */
    const char *implementation; /* oneDNN's name for it, or ours; NULL: any loop of ours */
    int beside;                 /* a loop of a step that has primitives too */
    int phase;                  /* 0 forward, 1 backward */
    fvi_shape shape;            /* of what it writes */
    double multiply_adds;       /* of convolutions and matrix products, as defined; else 0 */
    double bytes;               /* of all tensors it reads and writes, each once */
} fvi_work;

/* Lists what a finished program does, and times it from now on.
 *   program      borrowed; at most one profile a program at a time
 *   forward_end  actions before it are the forward pass
 *   errors       NOMEM
 */
fv_status fvi_profile_new(fvi_schedule *program, int forward_end, fvi_profile **out, fv_error *err);
/* Ends the timing. */
void fvi_profile_free(fvi_profile *p);

int fvi_profile_count(const fvi_profile *p);
const fvi_work *fvi_profile_work(const fvi_profile *p, int i);

/* Writes the seconds each took since the last call, and begins anew.  seconds  [count] */
void fvi_profile_take(fvi_profile *p, double *seconds);

#endif
