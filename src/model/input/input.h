/* SPDX-License-Identifier: Apache-2.0 */
/* How a picture becomes the network's input, from what several sources say about it.
 *
 * A source fills an fvi_input_spec as far as it says anything. In falling priority: options of the
 * caller, the sidecar, the file's metadata, the shape of the file's input, what its graph does to
 * the input, what is assumed.
 */
#ifndef FVI_MODEL_INPUT_INPUT_H
#define FVI_MODEL_INPUT_INPUT_H

#include <glib.h>

#include "model/input/axes.h"
#include "model/input/spec.h"
#include "model/reader.h"

/* The input of the network that a picture goes into, with the class names. */
typedef struct fvi_input_info {
    fv_input in; /* .name and .assumed point into the file and below */
    fvi_input_axes axes; /* of the file's shape, in.dim */
    char *assumed;
    int size_assumed;    /* height and width are no source's */
    fvi_shape sample;    /* of an array as it will be given; ndim -1: nobody said */
    fvi_labels *labels;  /* or NULL */
    fvi_input_spec spec; /* what the sources say */
    int type;            /* of the input's elements, an fvi_dtype; 0: not known */
    GPtrArray *parts;    /* of fv_input_part with texts of its own: for fv_model_input_part */
    GString *notes;      /* what was assumed so far, as a list; NULL once it is complete */
} fvi_input_info;

/* Asks all sources and resolves the input's shape: the graph is made for it.
 *   errors  FORMAT, NOTFOUND, IO, naming file, key and value */
fv_status fvi_input_resolve(const fvi_model_file *f, const fv_model_desc *desc, fvi_input_info *out,
                            fv_error *err);
void fvi_input_info_clear(fvi_input_info *i);

#endif
