/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled programs, kept in a folder: compiling for an accelerator takes seconds. */
#ifndef FVI_BACKEND_STABLEHLO_KEPT_PROGRAMS_H
#define FVI_BACKEND_STABLEHLO_KEPT_PROGRAMS_H

#include "backend/stablehlo/pjrt/program.h"

/* Where programs come from. */
typedef struct fvi_kept_programs {
    const fvi_pjrt *plugin;
    int device;
    const char *folder; /* NULL: nothing is kept */
} fvi_kept_programs;

/* fvi_pjrt_compile, or the program that it made before, in this process or another, of the same
 * text by the same version of the plug-in for the same kind of device. A file that is damaged, or
 * that the plug-in does not take, is removed; that one cannot be written is no error. */
fv_status fvi_kept_compile(const fvi_kept_programs *k, const fvi_pjrt_source *from,
                           fvi_pjrt_program **out, fv_error *err);

#endif
