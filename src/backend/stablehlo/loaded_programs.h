/* SPDX-License-Identifier: Apache-2.0 */
/* The programs that a device compiled last, for others of the same text: the batches of a call are
 * alike, and loading a program from a file takes its time too. From any thread. */
#ifndef FVI_BACKEND_STABLEHLO_LOADED_PROGRAMS_H
#define FVI_BACKEND_STABLEHLO_LOADED_PROGRAMS_H

#include "backend/stablehlo/kept_programs.h"

typedef struct fvi_loaded_programs fvi_loaded_programs;

fvi_loaded_programs *fvi_loaded_programs_new(void);
/* The programs live on with those who have them. NULL allowed. */
void fvi_loaded_programs_free(fvi_loaded_programs *l);

/* The program of that text, if it is among the last ones; else fvi_kept_compile.
 *   out  yours to free, as one of fvi_pjrt_compile */
fv_status fvi_loaded_compile(fvi_loaded_programs *l, const fvi_kept_programs *k,
                             const fvi_pjrt_source *from, fvi_pjrt_program **out, fv_error *err);

#endif
