/* SPDX-License-Identifier: Apache-2.0 */
/* From a picture in optimisation to the rendering that the caller gets. */
#ifndef FVI_VIS_RENDER_RENDERING_H
#define FVI_VIS_RENDER_RENDERING_H

#include "vis/update/picture.h"

/* The picture file's values of a picture as it stands: [1 or 3][h][w], another number of channels
 * side by side in grey; with an alpha channel where the desc asks for it. No texts. */
fv_status fvi_rendering_image(const fvi_picture *p, fv_image **out, fv_error *err);

/* Everything a caller gets of a finished (or stopped) picture.
 *   session  that made it
 *   name     the objective in one spelling */
fv_status fvi_rendering_new(const fv_session *session, const fvi_picture *p, const char *name,
                            int unfinished, fv_rendering **out, fv_error *err);

#endif
