/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf's wire format: a field is a tag (number << 3 | type, a varint) and a value whose length
 * the type gives. Every length is held against the end of the message before it is used.
 * Groups (types 3 and 4), which ONNX never had, are refused.
 * Source: the "Encoding" page of the Protocol Buffers documentation. */
#include "model/protobuf/wire.h"

static int varint_read(fvi_wire *w, uint64_t *out) {
    uint64_t v = 0;
    for (int i = 0; i < 10 && w->at < w->end; i++) {
        uint8_t b = *w->at++;
        if (i == 9 && b > 1) return -1; /* the tenth byte carries bit 63 and no more */
        v |= (uint64_t)(b & 0x7f) << (7 * i);
        if (!(b & 0x80)) {
            *out = v;
            return 0;
        }
    }
    return -1;
}

int fvi_wire_next(fvi_wire *w, fvi_wire_field *f) {
    if (w->at == w->end) return 0;
    fvi_wire r = *w; /* moved on only when the whole field is sound */
    uint64_t tag, length = 0;
    if (varint_read(&r, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff) return -1;
    *f = (fvi_wire_field){.number = (uint32_t)(tag >> 3), .type = (int)(tag & 7), .start = w->at};
    switch (f->type) {
    case FVI_WIRE_VARINT:
        if (varint_read(&r, &f->value)) return -1;
        break;
    case FVI_WIRE_64: length = 8; break;
    case FVI_WIRE_32: length = 4; break;
    case FVI_WIRE_BYTES:
        if (varint_read(&r, &length)) return -1;
        break;
    default: return -1;
    }
    if (length > (uint64_t)(r.end - r.at)) return -1;
    f->bytes = r.at;
    f->size = (size_t)length;
    r.at += length;
    f->whole = (size_t)(r.at - w->at);
    *w = r;
    return 1;
}

size_t fvi_wire_varint(uint64_t v, uint8_t *to) {
    size_t n = 0;
    while (v >= 0x80) {
        to[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    to[n++] = (uint8_t)v;
    return n;
}
