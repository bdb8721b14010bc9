/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of a protobuf message without its weights. A table says what is in the messages of a
 * format: which fields are copied, looked into, or left in the file. */
#ifndef FVI_MODEL_PROTOBUF_SKIM_H
#define FVI_MODEL_PROTOBUF_SKIM_H

#include <stddef.h>
#include <stdint.h>

#include "fovea/fovea.h"

typedef enum fvi_skim_action {
    FVI_SKIM_KEEP,        /* copied as it is */
    FVI_SKIM_CHECK,       /* copied as it is, after the messages in it were checked */
    FVI_SKIM_DESCEND,     /* checked, and a skimmed copy of it is copied */
    FVI_SKIM_PAYLOAD,     /* left in the file: the last one, if it is bytes */
    FVI_SKIM_PAYLOAD_SOLE /* left in the file if it is the only one and bytes (a packed list) */
} fvi_skim_action;

/* Fields `first` to `last` of a message. Those that no row names are dropped, or copied where the
 * message says so. Of several rows of payload the earlier one is preferred. */
typedef struct fvi_skim_field {
    int message;
    uint32_t first, last;
    fvi_skim_action action;
    int to;            /* the message it holds: CHECK, DESCEND */
    const char *what;  /* it, in errors: "a function" */
    const char *twice; /* the error where a message has two; NULL: it may */
} fvi_skim_field;

typedef struct fvi_skim_message {
    const char *name; /* in errors: "a graph" */
    int keep_others;  /* fields that no row names are copied */
    const char *most; /* "nodes": these are counted against max_nodes */
    const char *deep; /* "graphs": these are counted as they nest */
} fvi_skim_message;

typedef struct fvi_skim_format {
    const char *name;                 /* "an ONNX model" */
    const char *payloads;             /* what holds one: "initialisers" */
    const fvi_skim_message *messages; /* [0]: the whole file */
    const fvi_skim_field *fields;
    size_t n_fields;
} fvi_skim_format;

/* Bytes that were left in the file. */
typedef struct fvi_payload {
    const uint8_t *bytes; /* NULL: the copy has them */
    size_t size;
} fvi_payload;

typedef struct fvi_skim {
    uint8_t *slim; /* the copy; NULL when nothing was copied */
    size_t size;
    fvi_payload *payloads; /* one for each message copied that has rows of payload, in order */
    size_t count;
} fvi_skim;

/* Reads the whole message, checks lengths and nesting, and makes the slim copy.
 *   max_nodes  of all counted messages together; four times as many payloads
 *   errors     FORMAT; NOMEM */
fv_status fvi_skim_make(const fvi_skim_format *format, const uint8_t *bytes, size_t size,
                        int64_t max_nodes, fvi_skim *out, fv_error *err);
void fvi_skim_free(fvi_skim *s);

#endif
