/* SPDX-License-Identifier: Apache-2.0 */
/* A perturbation batch: one picture, one objective, and as many changed copies of the picture as a
 * method asks for, run through the network in batches. All attribution methods use it.
 *
 * What is said of a picture holds for signals and volumes: positions are a grid of depth x rows x
 * columns, of which a picture has one slice, a signal (and a row of numbers) one slice of one row.
 */
#ifndef FVI_INSPECT_ATTRIBUTION_PROBE_H
#define FVI_INSPECT_ATTRIBUTION_PROBE_H

#include "inspect/layer_maps.h"
#include "runtime/session.h"
#include "vis/objective/bind.h"

typedef struct fvi_perturbation {
    fv_session *session;
    const fv_input *in;
    fvi_shape shape; /* in which plans take the picture */
    fvi_objective objective;
    int channels, d, h, w;
    int space; /* axes of positions: 2; of a signal 1, of a volume 3 */
    int channels_last;
    int64_t plane, count;         /* d h w; channels d h w */
    const float *picture;         /* [count] in the layout of the network's input; borrowed */
    int batch;                    /* copies run at once */
    float *x, *dx;                /* [batch][count] copies, filled by the caller; their gradients */
    double *values;               /* [batch] their objectives */
    float *seeds[FVI_MAX_VALUES]; /* buffers for gradients in forward runs, which are not used */
    int64_t seed_count[FVI_MAX_VALUES];
    const char *what; /* for the monitor */
    int done, total;  /* copies run, to be run */
    int stopped;      /* the monitor said STOP */
} fvi_perturbation;

/* Makes a perturbation batch.
 *   input      one picture; borrowed
 *   objective  NULL: the network's first class
 *   errors     as fv_attribute */
fv_status fvi_perturbation_new(fv_session *session, const fv_tensor *input,
                               const fv_objective *objective, fvi_perturbation **out,
                               fv_error *err);
/* The same of an objective that is resolved already. */
fv_status fvi_perturbation_new_resolved(fv_session *session, const fv_tensor *input,
                                        const fvi_objective *objective, fvi_perturbation **out,
                                        fv_error *err);
void fvi_perturbation_free(fvi_perturbation *p);

/* Place of channel c of pixel i in a copy. */
static inline int64_t fvi_perturbation_at(const fvi_perturbation *p, int c, int64_t i) {
    return p->channels_last ? i * p->channels + c : c * p->plane + i;
}

/* The shape of a map: [h][w], [w] of a signal, [d][h][w] of a volume. */
fvi_shape fvi_perturbation_map_shape(const fvi_perturbation *p);
/* The shortest side of the grid of positions. */
int fvi_perturbation_side(const fvi_perturbation *p);

/* Runs the first n copies of x; the others are ignored.
 *   flags   0: values only; FVI_EXEC_BACKWARD: also gradients; with FVI_EXEC_GUIDED: guided ones
 *   errors  CANCELLED the session's monitor says so. Where it says STOP: FV_OK, and p->stopped */
fv_status fvi_perturbation_run(fvi_perturbation *p, int n, int flags, fv_error *err);

/* Runs the picture itself, as copy 0. */
fv_status fvi_perturbation_run_picture(fvi_perturbation *p, int flags, fv_error *err);

/* "gradient, ... and rise": the methods that read no layer, for messages. g_free */
char *fvi_perturbation_other_methods(void);

/* The values of a layer at the picture, and the objective's gradient there.
 *   value     name of a value of the graph, as fvi_network_find_value gives it
 *   maps      where they lie
 *   y, dy     [channels] and as many axes of positions as the input has; yours to free
 *   errors    SHAPE the layer has no such maps */
fv_status fvi_perturbation_layer(fvi_perturbation *p, const char *value, fvi_layer_maps *maps,
                                 fv_tensor **y, fv_tensor **dy, fv_error *err);

#endif
