/* SPDX-License-Identifier: Apache-2.0 */
/* Guided dreams: an objective that brings out the features of another picture. */
#ifndef FVI_VIS_OBJECTIVE_GUIDE_H
#define FVI_VIS_OBJECTIVE_GUIDE_H

#include "runtime/session.h"
#include "vis/objective/objective.h"

/* Turns an objective that is one plain layer into that of the DeepDream notebook's guide: at every
 * position, the dot product with the guide's feature vector that fits best, summed.
 *   errors  ARG the objective is not one plain layer; as fv_session_run */
fv_status fvi_guide(fv_session *session, const fv_model *model, const fv_image *guide,
                    fvi_objective *o, fv_error *err);

#endif
