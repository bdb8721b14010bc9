/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of the tables of functions. */
#include "graph/functions.h"

#include <stddef.h>

static const fvi_function_info unary[FVI_UNARY_COUNT] = {
#define FVI_UNARY_FUNCTION(NAME, KEY, KIND, TEXT, P, Q, IS_BOOL, ...) \
    [FVI_##NAME] = {KEY, KIND, TEXT, {P, Q}, IS_BOOL},
#include "graph/unary.def"
#undef FVI_UNARY_FUNCTION
};

static const fvi_function_info binary[FVI_BINARY_COUNT] = {
#define FVI_BINARY_FUNCTION(NAME, KEY, WORD, IS_BOOL, ...) \
    [FVI_##NAME] = {KEY, WORD, NULL, {NULL, NULL}, IS_BOOL},
#include "graph/binary.def"
#undef FVI_BINARY_FUNCTION
};

static const fvi_function_info reduce[FVI_REDUCE_COUNT] = {
#define FVI_REDUCTION_FUNCTION(NAME, KEY, WORD) [FVI_REDUCE_##NAME] = {.key = KEY, .word = WORD},
#include "graph/reduce.def"
#undef FVI_REDUCTION_FUNCTION
};

const fvi_function_info *fvi_unary_info(fvi_unary f) { return &unary[f]; }

const fvi_function_info *fvi_binary_info(fvi_binary f) { return &binary[f]; }

const fvi_function_info *fvi_reduce_info(fvi_reduce f) { return &reduce[f]; }
