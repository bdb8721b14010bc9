/* SPDX-License-Identifier: Apache-2.0 */
/* A network as a list of operations on named values: what the readers of formats make of a file
 * when it is opened, and what lower.h lowers. (ONNX files have their own, since they hold graphs
 * within graphs.)
 */
#ifndef FVI_MODEL_OPERATIONS_LIST_H
#define FVI_MODEL_OPERATIONS_LIST_H

#include <glib.h>

#include "model/reader.h"

/* One operation of the file. */
typedef struct fvi_op {
    const char *type;        /* the format's name of the operator: "Conv2D" */
    const char *name;        /* for the layer table; NULL: that of its first output */
    const char *source_name; /* of the operation in the file, where `name` is another; or NULL */
    int n_in, *in;           /* values; -1: absent */
    int n_out, *out;         /* values */
    const void *detail;      /* the reader's: attributes, weights */
} fvi_op;

/* Values are numbered from 0. Everything lives in the pool. */
struct fvi_op_list {
    fvi_pool *pool;
    GArray *ops;         /* fvi_op; each after those whose outputs it reads */
    GPtrArray *names;    /* of the values */
    GArray *stated;      /* fvi_shape of the values, in the file's order of axes, as far as the file
                            states it; ndim -1: not, dim -1: free */
    GHashTable *by_name; /* name -> value + 1 */
    GArray *inputs;      /* fvi_model_input */
    GArray *input_values; /* int */
    GArray *outputs;      /* int */
};

/* An empty list whose pool holds at most so many bytes; NULL: no memory. */
fvi_op_list *fvi_op_list_new(size_t max_bytes);
/* NULL allowed. */
void fvi_op_list_free(fvi_op_list *l);

/* Appends a value and returns its number, -1: no memory. Where the name is taken, it gets a number
 * behind: "name/2". */
int fvi_op_list_value(fvi_op_list *l, const char *name);
/* The value of that name, or -1. */
int fvi_op_list_find(const fvi_op_list *l, const char *name);
const char *fvi_op_list_name(const fvi_op_list *l, int value);
/* Appends an operation, whose arrays are copied. Returns 0: no memory. */
int fvi_op_list_add(fvi_op_list *l, const fvi_op *op);
/* Appends an input of that shape and type, and returns its value, -1: no memory. */
int fvi_op_list_input(fvi_op_list *l, const char *name, const fvi_shape *shape, int type,
                      int layout);
void fvi_op_list_output(fvi_op_list *l, int value);
/* Notes which inputs no operation reads. To be called when the list is complete. */
void fvi_op_list_finish(fvi_op_list *l);

/* fvi_reader.inputs, .output and .values of a format whose files have a list. */
const fvi_model_input *fvi_op_list_inputs(const fvi_model_file *f, int *count);
const char *fvi_op_list_output_name(const fvi_model_file *f);
void fvi_op_list_values(const fvi_model_file *f, GPtrArray *names);

#endif
