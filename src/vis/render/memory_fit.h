/* SPDX-License-Identifier: Apache-2.0 */
/* The memory that rendering needs, and the batch and tile that fit in what the caller allows. */
#ifndef FVI_VIS_RENDER_MEMORY_FIT_H
#define FVI_VIS_RENDER_MEMORY_FIT_H

#include "vis/update/evaluate.h"

/* The rendering whose memory is counted, at its largest size. */
typedef struct fvi_fit {
    fv_session *session;
    const fv_model *model;
    const fvi_objective *objective;
    int h, w;  /* without margins */
    int group; /* pictures that only go together; else 1 */
    int run;   /* pictures that share batches */
    int total; /* pictures of the call: kept to its end */
} fvi_fit;

/* Bytes that n pictures in one batch hold, without the network: their buffers, and room for
 * desc->batch transformed copies.  errors  as fvi_chain_new */
fv_status fvi_fit_batch_bytes(const fvi_settings *desc, const fvi_fit *f, int n, size_t *bytes,
                              fv_error *err);

/* Bytes of a finished picture and of its network input. */
size_t fvi_fit_result_bytes(const fvi_settings *desc, const fvi_fit *f);

/* Brings desc->batch, and where that is not enough desc->schedule.tile, down to what fits in the
 * model's memory (fv_model_desc.memory), if that is limited.
 *   desc     resolved; .batch the most there may be
 *   errors   NOMEM not even one picture fits, with what it needs; as fvi_session_count */
fv_status fvi_fit_desc(const fvi_fit *f, fvi_settings *desc, fv_error *err);

/* The same of a tile's side alone, for one picture in one pass: `side` or smaller, and not below
 * `least`.
 *   each   bytes a pixel of the tile takes besides the network */
fv_status fvi_fit_tile(fv_session *session, const fvi_pass *pass, const fvi_objective *o, int least,
                       int *side, size_t each, fv_error *err);

#endif
