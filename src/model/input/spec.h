/* SPDX-License-Identifier: Apache-2.0 */
/* The properties of a network's input that one source gives; it may leave some open. */
#ifndef FVI_MODEL_INPUT_SPEC_H
#define FVI_MODEL_INPUT_SPEC_H

#include "model/labels.h"

#define FVI_INPUT_SIZE_MAX 32768

/* Numbers for the channels: 0 none said, 1 for all, else one a channel. */
typedef struct fvi_per_channel {
    int n;
    float v[4];
    char *from; /* the source: `net.fovea.json: "mean"` */
} fvi_per_channel;

typedef struct fvi_input_spec {
    char *input; /* name of the picture input, or NULL */
    int height, width;
    int channel_order;
    int layout;
    float range;
    fvi_per_channel mean, scale;
    fvi_labels *labels;
} fvi_input_spec;

void fvi_input_spec_clear(fvi_input_spec *s);

/* Takes a list of 1..4 finite numbers; `invert`: they are divisors, not 0.
 *   from  names file and key in the message and in spec->from */
fv_status fvi_per_channel_set(fvi_per_channel *p, const double *v, int n, int invert,
                              const char *from, fv_error *err);

#endif
