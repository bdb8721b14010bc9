/* SPDX-License-Identifier: Apache-2.0 */
/* What a model's file does first with one of its inputs, as its reader tells. */
#ifndef FVI_MODEL_INPUT_USE_H
#define FVI_MODEL_INPUT_USE_H

#include <stdint.h>

/* What a file does first with an input, but for steps that only move its elements or change each
 * by itself. */
typedef enum fvi_use_op {
    FVI_USE_UNKNOWN = 0,
    FVI_USE_CONV,
    FVI_USE_FLAT,     /* a matrix product behind a reshape */
    FVI_USE_PRODUCT,  /* a matrix product over the last axis */
    FVI_USE_RECURRENT /* LSTM, GRU, RNN */
} fvi_use_op;

typedef struct fvi_input_use {
    fvi_use_op op;
    int ndim;               /* CONV: axes it wants, with samples and channels; 0: not known */
    int64_t channels;       /* CONV: how many it wants; 0: not known */
    int reshaped, permuted; /* on the way there */
    int channels_last;      /* its axes are samples, positions (or steps of time), channels */
    int time_first;         /* the first axis counts steps of time, the second samples */
} fvi_input_use;

#endif
