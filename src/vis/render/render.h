/* SPDX-License-Identifier: Apache-2.0 */
/* Rendering, with the time that each part of it takes. */
#ifndef FVI_VIS_RENDER_RENDER_H
#define FVI_VIS_RENDER_RENDER_H

#include "vis/objective/objective.h"
#include "vis/update/stage_timer.h"

/* What is to be rendered, as in fv_render_many. */
typedef struct fvi_render_request {
    const fv_objective *const *objectives; /* [count] */
    int count;
    const fv_recipe *recipe; /* or NULL */
    int restarts;            /* instead of the recipe's; 0: the recipe's */
    fv_render_desc desc;     /* as long as the header has it */
    fvi_stage_times *times;  /* the stages' times are added here; NULL: they are not measured */
} fvi_render_request;

/* fv_render_many, on the session's threads. */
fv_status fvi_render(fv_session *session, const fvi_render_request *request, fv_rendering **out,
                     fv_error *err);

#endif
