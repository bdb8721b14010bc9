/* SPDX-License-Identifier: Apache-2.0 */
/* Dreams with a reference picture (the guided dreams of the DeepDream notebook): an objective that
 * brings out the features of that picture. */
#ifndef FVI_VIS_OBJECTIVE_REFERENCE_H
#define FVI_VIS_OBJECTIVE_REFERENCE_H

#include "runtime/session.h"
#include "vis/objective/objective.h"

/* Turns an objective that is one plain layer into that of a reference: at every position, the dot
 * product with the reference's feature vector that fits best, summed.
 *   errors  ARG the objective is not one plain layer; as fv_session_run */
fv_status fvi_reference_resolve(fv_session *session, const fv_model *model,
                                const fv_image *reference, fvi_objective *o, fv_error *err);

#endif
