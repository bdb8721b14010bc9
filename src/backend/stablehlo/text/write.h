/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that write operations share. */
#ifndef FVI_BACKEND_STABLEHLO_TEXT_WRITE_H
#define FVI_BACKEND_STABLEHLO_TEXT_WRITE_H

#include "backend/stablehlo/text/hlo.h"

/* "%12", "tensor<2x3xf32>", "array<i64: 1, 2>", "[1, 2]", appended. */
void fvi_hlo_append_name(GString *to, const fvi_hlo *h, int x);
void fvi_hlo_write_name(fvi_hlo *h, int x);
void fvi_hlo_write_type(GString *to, fvi_hlo_type type, const fvi_shape *shape);
void fvi_hlo_write_array(fvi_hlo *h, const int64_t *x, int n);
void fvi_hlo_write_list(fvi_hlo *h, const int64_t *x, int n);

/* Appends an operation: %new = "op"(operands) REGIONS {ATTRIBUTES} : types. */
typedef struct fvi_hlo_op {
    const char *name; /* without "stablehlo." */
    int operands[4], n;
    fvi_hlo_type type;
    fvi_shape shape;
} fvi_hlo_op;
/* Writes up to and with the operands; returns the new value. */
int fvi_hlo_open(fvi_hlo *h, const fvi_hlo_op *op);
/* Writes the types. */
int fvi_hlo_close(fvi_hlo *h, const fvi_hlo_op *op, int value);
/* Both, without attributes. */
int fvi_hlo_write(fvi_hlo *h, const fvi_hlo_op *op);

/* " ({ one operation on two scalars, returned })": what reductions do. */
void fvi_hlo_write_scalar_function(fvi_hlo *h, const char *op);

#endif
