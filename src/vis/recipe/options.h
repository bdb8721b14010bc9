/* SPDX-License-Identifier: Apache-2.0 */
/* The options of a render desc: one table that knows their names, kinds and ranges. */
#ifndef FVI_VIS_RECIPE_OPTIONS_H
#define FVI_VIS_RECIPE_OPTIONS_H

#include "fovea/fovea.h"

/* Whether every number of a resolved desc is in its range.  errors  ARG, naming the option */
fv_status fvi_options_check(const fv_render_desc *desc, fv_error *err);

/* All options as "name=value; name=value", for a picture's metadata; free with g_free. */
char *fvi_options_text(const fv_render_desc *desc);

#endif
