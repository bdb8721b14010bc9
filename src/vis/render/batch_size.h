/* SPDX-License-Identifier: Apache-2.0 */
/* How many pictures are optimised side by side. */
#ifndef FVI_VIS_RENDER_BATCH_SIZE_H
#define FVI_VIS_RENDER_BATCH_SIZE_H

#include "vis/render/batch.h"

/* How many pictures from `from` on share a batch: those of the same values and settings, and of
 * joint objectives only whole ones.
 *   group  how many neighbours joint terms tie together */
int fvi_batch_length(const fvi_job *j, int from, int *group);

/* Sets the batch (and the tile) of each of the job's setups: what is asked for, or what a trial
 * finds best, within the memory.  errors  as fvi_fit_desc */
fv_status fvi_batch_size_choose(fvi_job *j, fv_error *err);

#endif
