/* SPDX-License-Identifier: Apache-2.0 */
/* The updates of a batch's pictures as one program on the session's device, on which the pictures
 * stay: only random choices go there, and only each picture's value and the size of its gradient
 * come back. */
#ifndef FVI_VIS_UPDATE_DEVICE_UPDATE_H
#define FVI_VIS_UPDATE_DEVICE_UPDATE_H

#include "vis/optimize/gradient_health.h"
#include "vis/update/update_graphs.h"

typedef struct fvi_device_update fvi_device_update;

/* For pictures at their present level, with their parameters.
 *   site    its pictures and pass outlive it
 *   errors  UNSUPPORTED: the device makes no updates, or something has no form as a graph, which is
 *           named; NOMEM, BACKEND */
fv_status fvi_device_update_new(const fvi_update_site *site, fvi_device_update **out,
                                fv_error *err);
void fvi_device_update_free(fvi_device_update *u);

/* What fvi_evaluate does, but that the pictures' gradients stay on the device.
 *   step        update of this level, counted from 0
 *   progress    of the level, 0 at its first update, 1 at its last
 *   evaluation  update counted over all levels: of random choices
 *   redirect    whether pictures marked `redirected` may use redirected ReLUs
 *   health      [pictures] written */
fv_status fvi_device_update_evaluate(fvi_device_update *u, int step, float progress,
                                     uint32_t evaluation, int redirect, fvi_gradient_health *health,
                                     fv_error *err);
/* What fvi_picture_step does for all pictures, after they were checked (fvi_picture_check). */
fv_status fvi_device_update_step(fvi_device_update *u, fv_error *err);

/* Copies the pictures' parameters, and what else is kept of them, to the host. */
fv_status fvi_device_update_fetch(fvi_device_update *u, fv_error *err);

#endif
