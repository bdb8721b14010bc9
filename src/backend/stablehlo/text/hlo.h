/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a StableHLO program as text, operation by operation.
 *
 * Values are numbered in the order they are made; every function appends one operation and returns
 * the number of its value. Shapes are those the operation's definition gives, so what is asked for
 * must fit: it comes from a graph whose shapes were checked. Names and meanings of operations are
 * those of the StableHLO specification (openxla/stablehlo, docs/spec.md); all are written in MLIR's
 * generic form, which has one syntax for all.
 */
#ifndef FVI_BACKEND_STABLEHLO_TEXT_HLO_H
#define FVI_BACKEND_STABLEHLO_TEXT_HLO_H

#include <glib.h>

#include "base/shape.h"

typedef enum fvi_hlo_type {
    FVI_HLO_F32,
    FVI_HLO_I32,
    FVI_HLO_BOOL,
    FVI_HLO_BF16,
    FVI_HLO_U32,
    FVI_HLO_U64,
    FVI_HLO_COMPLEX /* of two f32 */
} fvi_hlo_type;

typedef struct fvi_hlo_value {
    fvi_hlo_type type;
    fvi_shape shape;
    int name, part; /* written "%name", or "%name#part" where an operation has several results */
} fvi_hlo_value;

/* A program being written. */
typedef struct fvi_hlo {
    GString *body;
    GArray *values;    /* of fvi_hlo_value */
    GArray *arguments; /* of int: the values that are given to it */
    int names;
    fv_precision precision; /* of products that are written now (products.h); never AUTO */
} fvi_hlo;

void fvi_hlo_begin(fvi_hlo *h, fv_precision precision);
void fvi_hlo_end(fvi_hlo *h);

/* Value x; its address is good until the next one is made. */
const fvi_hlo_value *fvi_hlo_value_of(const fvi_hlo *h, int x);
fvi_shape fvi_hlo_shape(const fvi_hlo *h, int x);
fvi_hlo_type fvi_hlo_type_of(const fvi_hlo *h, int x);

/* A new value with a name of its own, or part of a name, for the operation that is being written.
 */
int fvi_hlo_new(fvi_hlo *h, fvi_hlo_type type, const fvi_shape *shape);
int fvi_hlo_new_part(fvi_hlo *h, fvi_hlo_type type, const fvi_shape *shape, int name, int part);

/* A value that is given to the program. */
int fvi_hlo_argument(fvi_hlo *h, const fvi_shape *shape);

#endif
