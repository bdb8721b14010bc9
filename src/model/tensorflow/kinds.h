/* SPDX-License-Identifier: Apache-2.0 */
/* TensorFlow's operators: the table of those that are lowered, and what their handlers share. */
#ifndef FVI_MODEL_TENSORFLOW_KINDS_H
#define FVI_MODEL_TENSORFLOW_KINDS_H

#include "model/operations/layers.h"
#include "model/tensorflow/tensorflow.h"

/* By operators' names; ended by one without a type. */
extern const fvi_op_kind fvi_tf_kinds[];

/* ---- for the handlers (operators/) ---- */

/* The node's message, for attr.h. */
fvi_tf_bytes fvi_tf_def(const fvi_site *site);
/* Fails: an attribute has a value that is not supported. */
void fvi_tf_refuse(fvi_site *site, const char *name, fvi_tf_bytes value, const char *allowed);
/* Reads data_format, or `usual` where there is none, into site->channels_last. */
void fvi_tf_data_format(fvi_site *site);
/* Numbers of input i, which must be known; fails and gives NULL otherwise. */
const fvi_const *fvi_tf_fixed(fvi_site *site, int i, const char *what);
/* The same as whole numbers into out [max]; returns how many, -1 when failed. */
int fvi_tf_ints(fvi_site *site, int i, const char *what, int64_t *out, int max);
/* The one number of input i; 0 when failed. */
int64_t fvi_tf_single(fvi_site *site, int i, const char *what);
/* The axis that input i says, in 0..ndim-1. */
int fvi_tf_axis(fvi_site *site, int i, int ndim);
/* Input i in the file's order of axes. */
int fvi_tf_plain(fvi_site *site, int i);
/* The fvi_dtype that a type attribute names. */
fvi_dtype fvi_tf_type_of(fvi_site *site, const char *name, int usual);
/* A constant row of n whole numbers. */
int fvi_tf_row(fvi_site *site, fvi_dtype t, int64_t n, const int64_t *x);
/* Whether this operation alone reads input i, and nobody asked for that value. */
int fvi_tf_reads_alone(const fvi_site *site, int i);

#define FVI_TF_OP(op, handler, param) void fvi_tf_##handler(fvi_site *site);
#include "model/tensorflow/kinds.def"
#undef FVI_TF_OP

#endif
