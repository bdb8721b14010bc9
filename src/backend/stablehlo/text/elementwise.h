/* SPDX-License-Identifier: Apache-2.0 */
/* Operations element by element. */
#ifndef FVI_BACKEND_STABLEHLO_TEXT_ELEMENTWISE_H
#define FVI_BACKEND_STABLEHLO_TEXT_ELEMENTWISE_H

#include "backend/stablehlo/text/hlo.h"

/* op: "exponential", "chlo.erf", ...; without a dot it is StableHLO's. */
int fvi_hlo_unary(fvi_hlo *h, const char *op, int x);
/* Operands of one shape and type, or numbers to broadcast (NumPy's rules). */
int fvi_hlo_binary(fvi_hlo *h, const char *op, int a, int b);
int fvi_hlo_add(fvi_hlo *h, int a, int b);
int fvi_hlo_sub(fvi_hlo *h, int a, int b);
int fvi_hlo_mul(fvi_hlo *h, int a, int b);
int fvi_hlo_div(fvi_hlo *h, int a, int b);
int fvi_hlo_max(fvi_hlo *h, int a, int b);
int fvi_hlo_min(fvi_hlo *h, int a, int b);
/* x op number */
int fvi_hlo_add_number(fvi_hlo *h, int x, double number);
int fvi_hlo_mul_number(fvi_hlo *h, int x, double number);
/* direction: "EQ", "NE", "LT", "LE", "GT", "GE"; the value is a truth value. */
int fvi_hlo_compare(fvi_hlo *h, const char *direction, int a, int b);
int fvi_hlo_compare_number(fvi_hlo *h, const char *direction, int x, double number);
/* condition ? a : b, broadcast. */
int fvi_hlo_select(fvi_hlo *h, int condition, int a, int b);
/* condition ? x : 0 */
int fvi_hlo_where(fvi_hlo *h, int condition, int x);
int fvi_hlo_convert(fvi_hlo *h, fvi_hlo_type type, int x);

#endif
