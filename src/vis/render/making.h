/* SPDX-License-Identifier: Apache-2.0 */
/* Making some of a call's pictures. */
#ifndef FVI_VIS_RENDER_MAKING_H
#define FVI_VIS_RENDER_MAKING_H

#include "vis/render/batch.h"

/* Makes pictures first..first + *n - 1 side by side into j->made, again from other starts where
 * their gradient vanished. Where an accelerator has too little memory for all of them, fewer are
 * made, and so are all batches from there on, with a note.
 *   n  in: pictures to make; out: those made */
fv_status fvi_make_pictures(fvi_job *j, int first, int *n, int group, fv_error *err);

/* Updates of all batches from picture `first` on, as they are chosen now. */
int fvi_planned_updates(const fvi_job *j, int first);

#endif
