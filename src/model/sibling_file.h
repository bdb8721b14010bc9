/* SPDX-License-Identifier: Apache-2.0 */
/* Files that a model refers to, which must be in its folder. */
#ifndef FVI_MODEL_SIBLING_FILE_H
#define FVI_MODEL_SIBLING_FILE_H

#include "fovea/fovea.h"

/* Finds the file `location` in the folder of the file `path`.
 *   location  a relative path without ".."; what it leads to is in that folder too
 *   real      its path with all links resolved; g_free it
 *   errors    FORMAT a location that is not allowed; IO not there */
fv_status fvi_sibling_path(const char *path, const char *location, char **real, fv_error *err);

#endif
