/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that make up the ONNX reader (onnx*.c) share. */
#ifndef FVI_MODEL_ONNX_FILE_INTERNAL_H
#define FVI_MODEL_ONNX_FILE_INTERNAL_H

#include <glib.h>

#include "base/file.h"
#include "model/onnx/file.h"

/* Payload of one initialiser that was left in the mapped file. */
typedef struct fvi_payload {
    const uint8_t *bytes; /* NULL: the payload is in the message */
    size_t size;
} fvi_payload;

/* The message without those payloads. */
typedef struct fvi_skim {
    uint8_t *slim;
    size_t size;
    fvi_payload *payloads; /* one an initialiser of the main graph, in the file's order */
    size_t count;
} fvi_skim;

/* An initialiser as fvi_onnx_initializer gives it out. */
typedef struct fvi_init {
    fvi_const c;
    const char *problem; /* or NULL: c is good */
} fvi_init;

struct fvi_onnx {
    char *path;
    const char *base; /* the file's name in messages */
    fvi_mapping file;
    fvi_pool *pool; /* owns the message and what typed fields were converted to */
    Onnx__ModelProto *proto;
    const Onnx__NodeProto **nodes;
    int n_nodes;
    fvi_init *inits;
    GHashTable *init_by_name; /* name -> fvi_init * */
    GHashTable *external;     /* real path -> fvi_mapping *, one an external file */
    GMutex lock;              /* of `external`: lowering may run in several threads */
    fvi_limits limits;
};

/* A tensor's name in messages; tensors in attributes often have none. */
static inline const char *fvi_tensor_name(const Onnx__TensorProto *t) {
    return t->name ? t->name : "";
}

/* Walks the whole message, checks lengths and nesting, and makes the slim copy.
 *   max_nodes  of all graphs and functions together
 *   errors     FORMAT; NOMEM */
fv_status fvi_skim_make(const uint8_t *bytes, size_t size, int64_t max_nodes, fvi_skim *out,
                        fv_error *err);
void fvi_skim_free(fvi_skim *s);

/* Reads a tensor; `payload` replaces the message's own data fields where it is not NULL.
 *   problem  where a type we do not read is explained (then FV_OK and bytes NULL)
 *   errors   FORMAT; IO; NOMEM */
fv_status fvi_tensor_read(const fvi_onnx *o, const Onnx__TensorProto *t, const fvi_payload *payload,
                          fvi_pool *pool, fvi_const *out, const char **problem, fv_error *err);

/* Finds the bytes of an external tensor, mapping its file at the first use.
 *   need    bytes it must have
 *   errors  FORMAT; IO */
fv_status fvi_external_find(const fvi_onnx *o, const Onnx__TensorProto *t, uint64_t need,
                            const uint8_t **out, fv_error *err);
void fvi_external_free(gpointer mapping);

/* Fills what may be absent, checks the attributes' types, in all graphs.  errors  FORMAT */
fv_status fvi_onnx_normalize(fvi_onnx *o, fv_error *err);
/* Replaces nodes that call the file's own functions by these functions' bodies.
 *   errors  FORMAT; NOMEM */
fv_status fvi_onnx_inline(fvi_onnx *o, fv_error *err);
/* Checks who makes and who uses every value, and sorts the nodes.  errors  FORMAT; NOMEM */
fv_status fvi_onnx_sort(fvi_onnx *o, fv_error *err);

#endif
