/* SPDX-License-Identifier: Apache-2.0 */
/* An open file of torch.export.save: the list of operations made of it. */
#ifndef FVI_MODEL_TORCH_FILE_H
#define FVI_MODEL_TORCH_FILE_H

#include <json-glib/json-glib.h>

#include "model/operations/list.h"
#include "model/zip/zip.h"

typedef struct fvi_torch {
    fvi_model_file file;
    fvi_zip *zip;       /* while the file is opened */
    JsonNode *program;  /* the same: models/model.json */
    GPtrArray *members; /* unpacked ones that are used in place; freed with free() */
} fvi_torch;

/* ---- the detail of an operation ---- */

typedef enum fvi_torch_type {
    FVI_TORCH_NONE,
    FVI_TORCH_TENSOR,
    FVI_TORCH_INT,
    FVI_TORCH_REAL,
    FVI_TORCH_BOOL,
    FVI_TORCH_TEXT,
    FVI_TORCH_DTYPE,
    FVI_TORCH_OTHER /* a device, a memory format, a graph, ...: never read */
} fvi_torch_type;

/* An element of an argument: an input of the operation, or a number. */
typedef struct fvi_torch_item {
    int in; /* which input; -1: a number, or of tensors an absent one */
    int64_t i;
    double x;
} fvi_torch_item;

/* An argument of a call, which the file names as ATen's schema does. Those that have their default
 * value may be left out. */
typedef struct fvi_torch_arg {
    const char *name;
    fvi_torch_type type;
    int n;                      /* elements; 1 where it is no list */
    const fvi_torch_item *item; /* [n] */
    const char *text;           /* TEXT */
} fvi_torch_arg;

/* A node of the file's graph, or a tensor that the file holds. */
typedef struct fvi_torch_call {
    int n_args;
    const fvi_torch_arg *arg;
    const fvi_const *numbers; /* of a tensor that the file holds; NULL: another operation */
    const char *problem;      /* why it cannot be computed; NULL: nothing is known against it */
} fvi_torch_call;

#endif
