/* SPDX-License-Identifier: Apache-2.0 */
/* An objective bound to the values of a batch, and evaluated there. */
#ifndef FVI_VIS_OBJECTIVE_BIND_H
#define FVI_VIS_OBJECTIVE_BIND_H

#include "graph/region.h"
#include "vis/objective/objective.h"

/* Objectives on the same values. */
typedef struct fvi_objective_list {
    const fvi_objective *const *list; /* [n] borrowed */
    int n;
} fvi_objective_list;

/* One axis of positions where the graph is run on a crop of the picture: its length for the whole
 * picture, and how many of its positions are before the crop's first. */
typedef struct fvi_crop_axis {
    int axis;
    int64_t size, before;
} fvi_crop_axis;

/* Finds where an objective's terms are in a graph whose outputs are, in order, o->values, run for
 * `samples` samples.
 *   o       borrowed: must outlive the bound
 *   crop    [n_values] axes along height and width where the graph is run on a crop of the picture:
 *           positions are those of the whole picture; NULL: it is run on the whole
 *   errors  NOTFOUND no such channel or position; UNSUPPORTED the graph mixes samples; SHAPE;
 *           NOMEM */
fv_status fvi_objective_locate(const fvi_objective *o, const fvi_graph *g, int64_t samples,
                               const fvi_crop_axis (*crop)[2], fvi_bound **out, fv_error *err);
/* The same, with the memory to evaluate them. */
fv_status fvi_objective_bind(const fvi_objective *o, const fvi_graph *g, int64_t samples,
                             const fvi_crop_axis (*crop)[2], fvi_bound **out, fv_error *err);
void fvi_bound_free(fvi_bound *b);

/* Keeps sample n's activations of the last forward run as the reference of terms that compare with
 * a photo. They may not be evaluated before.  errors  NOMEM */
fv_status fvi_bound_remember(fvi_bound *b, int64_t n, const float *const *targets, fv_error *err);

/* Sum of the network terms of sample n, but for the joint ones; its gradient at the values:
 *   targets  [n_values] whole values      seeds  [n_values] of sample n every element is written
 * Allocates nothing; calls for different samples may run at the same time. */
double fvi_bound_evaluate(const fvi_bound *b, int64_t n, const float *const *targets,
                          float *const *seeds);
/* Joint terms over the samples of a group: adds to c->values each one's share, and to c->seeds the
 * gradient of the sum of all shares. One call at a time.  errors  NOMEM; UNSUPPORTED; BACKEND */
fv_status fvi_bound_evaluate_joint(const fvi_bound *b, const fvi_group_call *c, fv_error *err);
/* Sum of the picture terms; adds their gradient to dp.
 *   start  the picture before the first update */
double fvi_objective_picture(const fvi_objective *o, const float *p, const float *start,
                             int channels, int h, int w, float *dp);
/* alignment(input): over the pictures p[0..count), of `size` elements each; adds to dp and values.
 */
void fvi_objective_pictures(const fvi_objective *o, const float *const *p, int count, int64_t size,
                            float *const *dp, double *values);

/* Finds what an objective depends on: of each value of a graph the part, none for most.
 *   g    the network's, at its own input size
 *   out  [n_values of the graph]; to be freed with free      errors  NOMEM */
fv_status fvi_objective_regions(const fvi_graph *g, const fvi_objective *o, fvi_region **out,
                                fv_error *err);

#endif
