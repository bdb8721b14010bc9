/* SPDX-License-Identifier: Apache-2.0 */
/* Lowering a list of operations into a graph. */
#ifndef FVI_MODEL_OPERATIONS_LOWER_H
#define FVI_MODEL_OPERATIONS_LOWER_H

#include "model/operations/site.h"

/* What a format's operations are lowered by. */
typedef struct fvi_op_format {
    const fvi_op_kind *kinds; /* ended by one without a type */
    int channels_last;        /* channels are on the last axis */
    const char *unknown_help; /* what helps where a kind is not known; NULL: nothing */
} fvi_op_format;

/* For fvi_reader.lower, of a file that has a list. */
fv_status fvi_op_list_lower(const fvi_model_file *file, const fvi_op_format *format, fvi_builder *b,
                            const fvi_graph_request *request);

#endif
