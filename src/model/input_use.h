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
    int laid_out;           /* by a Reshape, */
    int64_t last[3];        /* to sizes that end so; 0: not known, or there was more before it */
    int channels_last;      /* its axes are samples, positions (or steps of time), channels */
    int time_first;         /* the first axis counts steps of time, the second samples */
} fvi_input_use;

/* ---- for readers that follow an input through a file's operations ---- */

/* What a value holds of the input; SWAPPED: the first two axes have changed places, and no others;
 * ACTED_ON: an operator that is no movement, nor changes every element by itself, was on the way.
 */
enum {
    FVI_HOLDS = 1,
    FVI_HOLDS_RESHAPED = 2,
    FVI_HOLDS_PERMUTED = 4,
    FVI_HOLDS_SWAPPED = 8,
    FVI_HOLDS_ACTED_ON = 16
};

/* What a value holds whose axes are a permutation of those of one that holds `holds`.
 *   n  axes; 0: which permutation is not known */
int fvi_use_permuted(int holds, int n, const int64_t *perm);

/* Adds what an operator says that reads a value of the input. Behind a matrix product over the last
 * axis the search goes on to a recurrent operator, which says whether the time is the first axis.
 *   op             what the operator does; not UNKNOWN
 *   samples_first  RECURRENT: it reads samples, time, numbers; else the time is first
 * Returns 1 where more is to be found behind, or beside it. CONV: the caller adds axes and channels
 * where the operation became CONV. */
int fvi_use_add(fvi_input_use *use, fvi_use_op op, int holds, int samples_first);

#endif
