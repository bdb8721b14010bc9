/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into a FlatBuffer: tables, vectors and texts, each access held against the file's end.
 *
 * Positions are offsets into the file; 0 is nothing, which every function takes and gives. */
#ifndef FVI_MODEL_TFLITE_FLAT_H
#define FVI_MODEL_TFLITE_FLAT_H

#include <stddef.h>
#include <stdint.h>

typedef struct fvi_flat {
    const uint8_t *bytes;
    size_t size;
} fvi_flat;

/* A vector: where its first element is, and how many there are. */
typedef struct fvi_flat_vector {
    uint32_t at;
    uint32_t count;
} fvi_flat_vector;

/* The root table. */
uint32_t fvi_flat_root(const fvi_flat *f);
/* Where field `field` of a table is; 0: it has its default. */
uint32_t fvi_flat_field(const fvi_flat *f, uint32_t table, int field);
/* A number of 1, 2, 4 or 8 bytes, with its sign, or of 4 bytes as a real number. */
int64_t fvi_flat_int(const fvi_flat *f, uint32_t table, int field, int bytes, int64_t otherwise);
double fvi_flat_real(const fvi_flat *f, uint32_t table, int field, double otherwise);
/* A table, and a vector of elements of so many bytes, all of which are in the file. */
uint32_t fvi_flat_table(const fvi_flat *f, uint32_t table, int field);
fvi_flat_vector fvi_flat_list(const fvi_flat *f, uint32_t table, int field, uint32_t bytes);
/* A text of *size bytes, not ended by NUL; NULL: none. */
const char *fvi_flat_text(const fvi_flat *f, uint32_t table, int field, size_t *size);
/* Element i of a vector: a whole number of 4 or 8 bytes, a real number of 4, a table. */
int64_t fvi_flat_element(const fvi_flat *f, const fvi_flat_vector *v, uint32_t i, int bytes);
double fvi_flat_real_element(const fvi_flat *f, const fvi_flat_vector *v, uint32_t i);
uint32_t fvi_flat_table_element(const fvi_flat *f, const fvi_flat_vector *v, uint32_t i);

#endif
