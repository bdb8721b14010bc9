/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of UNARY, BINARY and REDUCE nodes: the rows of unary.def, binary.def and reduce.def
 * as enums, and their names. */
#ifndef FVI_GRAPH_FUNCTIONS_H
#define FVI_GRAPH_FUNCTIONS_H

/* f(x); p and q are its parameters. */
typedef enum fvi_unary {
#define FVI_UNARY_FUNCTION(NAME, ...) FVI_##NAME,
#include "graph/unary.def"
#undef FVI_UNARY_FUNCTION
    FVI_UNARY_COUNT
} fvi_unary;

/* f(a, b). */
typedef enum fvi_binary {
#define FVI_BINARY_FUNCTION(NAME, ...) FVI_##NAME,
#include "graph/binary.def"
#undef FVI_BINARY_FUNCTION
    FVI_BINARY_COUNT
} fvi_binary;

typedef enum fvi_reduce {
#define FVI_REDUCTION_FUNCTION(NAME, ...) FVI_REDUCE_##NAME,
#include "graph/reduce.def"
#undef FVI_REDUCTION_FUNCTION
    FVI_REDUCE_COUNT
} fvi_reduce;

/* A row of one of the tables. */
typedef struct fvi_function_info {
    const char *key;          /* "leaky_relu" */
    const char *word;         /* "leaky relu" */
    const char *text;         /* "leaky ReLU with scale %g"; NULL but for UNARY */
    const char *parameter[2]; /* names of p and q, or NULL */
    int is_bool;              /* its result is 0 or 1, and has no gradient */
} fvi_function_info;

const fvi_function_info *fvi_unary_info(fvi_unary f);
const fvi_function_info *fvi_binary_info(fvi_binary f);
const fvi_function_info *fvi_reduce_info(fvi_reduce f);

#endif
