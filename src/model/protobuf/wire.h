/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf's wire format, read field by field without copying: what is needed to look into a
 * message before protobuf-c unpacks it. */
#ifndef FVI_MODEL_PROTOBUF_WIRE_H
#define FVI_MODEL_PROTOBUF_WIRE_H

#include <stddef.h>
#include <stdint.h>

enum { FVI_WIRE_VARINT = 0, FVI_WIRE_64 = 1, FVI_WIRE_BYTES = 2, FVI_WIRE_32 = 5 };

/* What is left of a message. */
typedef struct fvi_wire {
    const uint8_t *at, *end;
} fvi_wire;

/* One field of it. */
typedef struct fvi_wire_field {
    uint32_t number;
    int type;
    uint64_t value;       /* of a VARINT */
    const uint8_t *bytes; /* of BYTES, 64 and 32 */
    size_t size;
    const uint8_t *start; /* the whole field with its tag ... */
    size_t whole;         /* ... and its length */
} fvi_wire_field;

/* Reads the next field: 1 and *f filled; 0 at the end; -1 where the bytes are no protobuf (an
 * overlong varint, a length beyond the end, field number 0, a group), with w->at where. */
int fvi_wire_next(fvi_wire *w, fvi_wire_field *f);

/* Writes v as a varint into to [10] and returns its length. */
size_t fvi_wire_varint(uint64_t v, uint8_t *to);

#endif
