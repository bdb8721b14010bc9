/* SPDX-License-Identifier: Apache-2.0 */
/* The inputs of a network besides the one that pictures and arrays go to: numbers that the caller
 * gave for them, or numbers that usually stand there. */
#ifndef FVI_MODEL_NETWORK_OTHER_INPUTS_H
#define FVI_MODEL_NETWORK_OTHER_INPUTS_H

#include "model/reader.h"

/* What a caller gave for inputs, by name. */
typedef struct fvi_given_inputs {
    int count;
    char **names;
    fv_tensor **values;
} fvi_given_inputs;

/* Copies them out of a desc, NULL allowed.
 *   main    the input that pictures and arrays go to
 *   errors  ARG no name, no usable tensor, or the main input; NOTFOUND no such input, with those
 *           there are; NOMEM */
fv_status fvi_given_inputs_read(const fvi_model_file *f, const fv_model_desc *desc,
                                const char *main, fvi_given_inputs *out, fv_error *err);
void fvi_given_inputs_clear(fvi_given_inputs *g);

/* What the other inputs' numbers depend on. */
typedef struct fvi_other_inputs {
    const fvi_given_inputs *given;
    const fv_input *main; /* the main input */
    fvi_shape shape;      /* of the main input in this run */
} fvi_other_inputs;

/* Makes the numbers of an input that is not the main one.
 *   shape   of the input, whole; one number that was given fills it, and a given array of batch 1
 *           is repeated; any other given array replaces it where the file leaves the size open
 *   filled  1: nobody gave numbers. A mask or a scale is then 1, a size that of the picture, a
 *           length that of the sequence, positions are counted from 0, all else is 0
 *   out     its bytes are to be freed with g_free
 *   errors  SHAPE given numbers that do not fit; NOMEM */
fv_status fvi_other_input_make(const fvi_other_inputs *o, const fvi_model_input *in,
                               fvi_shape shape, fvi_const *out, int *filled, fv_error *err);

/* That an input of integers is given numbers that its type has.
 *   fractions  whether they may lie between integers: pixels of a photo that was resized do
 *   errors     ARG, with the number and what is allowed */
fv_status fvi_model_input_check(const fvi_model_input *in, const fv_tensor *own, int fractions,
                                fv_error *err);

/* What stands in an input that was given no numbers: "ones", "zeros"; static. */
const char *fvi_other_input_usual(const fv_input *main, const fvi_model_input *in);

#endif
