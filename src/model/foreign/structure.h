/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into the bytes of a file of unknown kind: numbers, words, text, zip archives, protobuf.
 */
#ifndef FVI_MODEL_FOREIGN_STRUCTURE_H
#define FVI_MODEL_FOREIGN_STRUCTURE_H

#include <stddef.h>
#include <stdint.h>

typedef struct fvi_foreign_file {
    const uint8_t *bytes;
    size_t size;
    const char *name;
} fvi_foreign_file;

/* The little-endian number at a byte; 0 beyond the end. */
uint32_t fvi_foreign_u32(const fvi_foreign_file *f, size_t at);
/* Whether a word stands in the first 64 MiB. "" stands everywhere. */
int fvi_foreign_has_word(const fvi_foreign_file *f, const char *word);
/* Whether the beginning is text: no control characters but white space. */
int fvi_foreign_is_text(const fvi_foreign_file *f);
/* Whether it begins so, white space and a byte order mark passed over; letters without case. */
int fvi_foreign_text_starts(const fvi_foreign_file *f, const char *with);
/* Whether it begins like an object or a list in JSON. */
int fvi_foreign_looks_json(const fvi_foreign_file *f);
/* Whether it is a zip archive in whose table a name holds the word. */
int fvi_foreign_zip_has(const fvi_foreign_file *f, const char *word);

/* Protobuf messages by their fields. */
int fvi_foreign_is_core_ml(const fvi_foreign_file *f);
int fvi_foreign_is_meta_graph(const fvi_foreign_file *f); /* TensorFlow's */
int fvi_foreign_is_mindspore(const fvi_foreign_file *f);
int fvi_foreign_is_caffe(const fvi_foreign_file *f);
int fvi_foreign_is_paddle(const fvi_foreign_file *f);

#endif
