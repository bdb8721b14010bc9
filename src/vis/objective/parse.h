/* SPDX-License-Identifier: Apache-2.0 */
/* Reading an expression: a sum of weighted terms. */
#ifndef FVI_VIS_OBJECTIVE_PARSE_H
#define FVI_VIS_OBJECTIVE_PARSE_H

#include "vis/objective/reader.h"

/* Reads an expression into the reader's terms.  errors  as fv_objective_new */
fv_status fvi_parse(fvi_reader *r, const char *text, fv_error *err);

#endif
