/* SPDX-License-Identifier: Apache-2.0 */
/* Sharing a call's pictures among its sessions. */
#ifndef FVI_VIS_RENDER_SHARING_H
#define FVI_VIS_RENDER_SHARING_H

#include "vis/render/batch.h"

/* Makes all pictures of a call, batch by batch, with its session and, at the same time, the others
 * of its desc, and shows each to the caller in order.
 *   errors  of the first batch that fails; no others are begun then */
fv_status fvi_share_pictures(fvi_job *j, fv_error *err);

#endif
