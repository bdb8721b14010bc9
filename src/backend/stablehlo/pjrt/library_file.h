/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a shared library, before it is loaded. */
#ifndef FVI_BACKEND_STABLEHLO_PJRT_LIBRARY_FILE_H
#define FVI_BACKEND_STABLEHLO_PJRT_LIBRARY_FILE_H

#include "base/error.h"

/* Refuses what the loader does not refuse itself, but waits for or crashes on.
 *   errors  IO there is no such file, or it cannot be read; FORMAT it is no regular file, or
 * shorter than its own header says */
fv_status fvi_library_check(const char *path, fv_error *err);

#endif
