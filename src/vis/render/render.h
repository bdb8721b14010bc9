/* SPDX-License-Identifier: Apache-2.0 */
/* Rendering, with a look at where the time goes. */
#ifndef FVI_VIS_RENDER_RENDER_H
#define FVI_VIS_RENDER_RENDER_H

#include "vis/objective/objective.h"
#include "vis/render/stage_timer.h"

/* fv_render_many, timed.
 *   desc   as long as the header has it; not NULL
 *   times  the stages' times are added here; NULL: they are not measured */
fv_status fvi_render_timed(const fv_model *model, const fv_objective *const *objectives, int count,
                           const fv_recipe *recipe, const fv_render_desc *desc,
                           fvi_stage_times *times, fv_rendering **out, fv_error *err);

#endif
