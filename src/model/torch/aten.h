/* SPDX-License-Identifier: Apache-2.0 */
/* ATen's operators: the table, and what their handlers (operators/) read. */
#ifndef FVI_MODEL_TORCH_ATEN_H
#define FVI_MODEL_TORCH_ATEN_H

#include "model/operations/layers.h"
#include "model/torch/file.h"

/* The operation that is a tensor of the file. */
#define FVI_TORCH_TENSOR_TYPE "tensor"

/* By operations' types, "aten.conv2d.default"; ended by one without a type. */
extern const fvi_op_kind fvi_torch_kinds[];

/* Whether the operator's outputs may be views of its first input. */
int fvi_torch_is_view(const char *type);
/* For fvi_torch_view.scatter. */
const char *fvi_torch_scatter_of(const char *type);

/* ---- for the handlers ---- */

/* Arguments are found by their names in ATen's schema; what is absent or None has the default that
 * the caller gives. A value where a number is needed must be a constant. */
const fvi_torch_arg *fvi_torch_argument(const fvi_site *site, const char *name);

/* The tensor's value, -1 where it is absent; fvi_torch_need fails then. */
int fvi_torch_tensor(const fvi_site *site, const char *name);
int fvi_torch_need(fvi_site *site, const char *name);
/* The tensor's value, or a scalar constant of the number: int64, bool, else float. -1: absent. */
int fvi_torch_operand(fvi_site *site, const char *name);
/* The values of a list of tensors, -1 for absent ones; *n of them, to be freed with g_free. */
int *fvi_torch_tensors(fvi_site *site, const char *name, int *n);
/* The constant, or NULL where it is absent; fails where it depends on the network's input. */
const fvi_const *fvi_torch_fixed(fvi_site *site, const char *name);

int64_t fvi_torch_int(fvi_site *site, const char *name, int64_t otherwise); /* bools too */
double fvi_torch_real(fvi_site *site, const char *name, double otherwise);
const char *fvi_torch_text(const fvi_site *site, const char *name, const char *otherwise);
/* Numbers of a list, at most `max`. Returns how many, -1: absent. */
int fvi_torch_ints(fvi_site *site, const char *name, int64_t *out, int max);
/* A list of n numbers, or one for all. Returns whether it is there. */
int fvi_torch_sizes(fvi_site *site, const char *name, int n, int64_t *out, int64_t otherwise);
/* An element type, 0: absent. Fails for one that is not read. */
fvi_dtype fvi_torch_dtype(fvi_site *site, const char *name);
/* An axis of x in 0..ndim-1, the axes of a list as bits: all where it is absent or empty. */
int fvi_torch_axis(fvi_site *site, const char *name, int64_t otherwise, int x);
unsigned fvi_torch_axes(fvi_site *site, const char *name, int x);

/* Fails: an argument has a value that is not supported. */
void fvi_torch_refuse(fvi_site *site, const char *name, const char *value, const char *allowed);

/* Element-wise, with PyTorch's promotion of types.
 *   scalars  bit 0, 1: x, y is a number of the call, which does not widen the other one's type */
int fvi_torch_binary(fvi_site *site, fvi_binary f, int x, int y, unsigned scalars);
/* Casts x and y to the type of a result of both. */
void fvi_torch_promote(fvi_site *site, int *x, int *y, unsigned scalars);
/* Whether the argument is a number, for `scalars`. */
int fvi_torch_is_number(const fvi_site *site, const char *name);

#define FVI_ATEN(type, handler, ...)      void fvi_aten_##handler(fvi_site *site);
#define FVI_ATEN_VIEW(type, handler, ...) FVI_ATEN(type, handler, )
#include "model/torch/operators.def"
#undef FVI_ATEN
#undef FVI_ATEN_VIEW

#endif
