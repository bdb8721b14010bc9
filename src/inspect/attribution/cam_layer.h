/* SPDX-License-Identifier: Apache-2.0 */
/* The layer whose maps a class activation map is made of. */
#ifndef FVI_INSPECT_ATTRIBUTION_CAM_LAYER_H
#define FVI_INSPECT_ATTRIBUTION_CAM_LAYER_H

#include "inspect/attribution/probe.h"

/* Finds it.
 *   name    as the user gave it; NULL: the default for the objective
 *   out     index of the layer
 *   errors  NOTFOUND no such layer; SHAPE it has maps of which the objective depends on no cell, or
 *           no layer has others; NOMEM */
fv_status fvi_cam_layer(const fvi_perturbation *p, const char *name, int *out, fv_error *err);

#endif
