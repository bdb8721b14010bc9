/* SPDX-License-Identifier: Apache-2.0 */
/* opaque: a node that cannot be computed. Graphs that hold one are refused before they come to a
 * backend, with what stands in the way; this is for those that were not. */
#include "backend/onednn/schedule/step.h"
#include "base/error.h"

static fv_status plan(fvi_step *s, fv_error *err) {
    return fvi_fail(err, s->node->a.opaque.status, "%s", s->node->a.opaque.why);
}

const fvi_op fvi_op_opaque = {"Opaque", NULL, plan, NULL, NULL, NULL, NULL};
