/* SPDX-License-Identifier: Apache-2.0 */
/* The interface of a reader of one file format.
 *
 * A reader turns a file's bytes into a description (inputs, outputs, values, metadata) and, for
 * concrete shapes of the inputs, into a graph, by way of graph/build/build.h and
 * graph/build/emit.h. All that a file of any format has (its path, bytes, limits, files it refers
 * to) is in fvi_model_file; the reader's own struct begins with one. Nothing outside a reader's
 * folder knows its format: to add one, write a folder that ends in one `const fvi_reader`, and a
 * row in readers.def.
 *
 * Everything in a file may be wrong or hostile: sizes are checked before they are used, and errors
 * name the thing, the value found and what is allowed. An open file is immutable; its functions may
 * be called from several threads at once.
 */
#ifndef FVI_MODEL_READER_H
#define FVI_MODEL_READER_H

#include "graph/build/build.h"
#include "model/input_use.h"
#include "model/model_file.h"

typedef enum fvi_probe {
    FVI_PROBE_NO,
    FVI_PROBE_MAYBE, /* nothing speaks against it */
    FVI_PROBE_YES,   /* the name's ending, or a beginning that others may have too */
    FVI_PROBE_SURE   /* the bytes are of no other format */
} fvi_probe;

/* The order of a picture's axes. */
#define FVI_NCHW 1
#define FVI_NHWC 2

/* An input of the network, as the file describes it. */
typedef struct fvi_model_input {
    const char *name;
    fvi_shape shape; /* -1 for free sizes; ndim -1: the file does not say */
    int no_size;     /* the first axis + 1 whose size in the file is none (0 or below -1, which is
                        read as free); 0: there is none */
    int64_t said;    /* that size */
    int type;        /* an fvi_dtype, or another number of the format's; 0: the file does not say */
    int layout;      /* FVI_NCHW, FVI_NHWC; 0: the file does not say */
    int unread;      /* nothing in the file reads it */
} fvi_model_input;

struct fvi_reader {
    const char *format;         /* "ONNX" */
    const char *kind;           /* of its files, "an ONNX model"; NULL: as other files */
    const char *const *endings; /* of its files' names: ".onnx"; NULL-ended */
    size_t file_size;           /* of the reader's struct that begins with an fvi_model_file */

    /* How likely the bytes are of this format. `name`: the file's, or one made up for memory. */
    fvi_probe (*probe)(const uint8_t *bytes, size_t size, const char *name);
    /* Reads and checks the file's bytes; the reader's own fields are zero before. On failure too
     * `close` is called.
     *   errors  FORMAT, UNSUPPORTED, NOMEM, IO; the file's name is put in front */
    fv_status (*open)(fvi_model_file *f, fv_error *err);
    /* Frees what open made. */
    void (*close)(fvi_model_file *f);

    /* The inputs a caller may bind, in the file's order. */
    const fvi_model_input *(*inputs)(const fvi_model_file *f, int *count);
    /* What the file does first with an input. NULL: the format always says its shapes. */
    fvi_input_use (*input_use)(const fvi_model_file *f, const char *input);
    /* Name of the first output, or NULL. */
    const char *(*output)(const fvi_model_file *f);
    /* Appends the names of all values that the file's operations make; they live as long as f. */
    void (*values)(const fvi_model_file *f, GPtrArray *names);
    /* The text the file keeps under a key, or NULL. NULL: the format has none. */
    const char *(*metadata)(const fvi_model_file *f, const char *key);
    /* Class names that the file's operations hold, or NULL; NULL: the format has none.
     *   are_texts  0: they are integers
     *   from       says which operation; to be freed with g_free */
    struct fvi_labels *(*class_names)(const fvi_model_file *f, int *are_texts, char **from);

    /* Lowers what is requested into the builder and gives it the outputs.
     *   errors  the builder's: NOTFOUND; SHAPE; FORMAT; UNSUPPORTED; NOMEM */
    fv_status (*lower)(const fvi_model_file *f, fvi_builder *b, const fvi_graph_request *request);
};

#endif
