/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of nodes. Source: node_def.proto, attr_value.proto, tensor_shape.proto. */
#include "model/tensorflow/nodes/attr.h"

#include <string.h>

enum { NODE_ATTR = 5 };
enum { LIST = 1, TEXT = 2, INT = 3, FLOAT = 4, BOOL = 5, TYPE = 6, FUNCTION = 10 };

fvi_tf_bytes fvi_tf_attr(fvi_tf_bytes node, const char *name) {
    return fvi_tf_entry(node, NODE_ATTR, name);
}

int64_t fvi_tf_attr_int(fvi_tf_bytes node, const char *name, int64_t usual) {
    return fvi_tf_number(fvi_tf_attr(node, name), INT, usual);
}

int fvi_tf_attr_bool(fvi_tf_bytes node, const char *name, int usual) {
    return fvi_tf_number(fvi_tf_attr(node, name), BOOL, usual) != 0;
}

float fvi_tf_attr_float(fvi_tf_bytes node, const char *name, float usual) {
    fvi_wire_field f;
    float x;
    if (!fvi_tf_find(fvi_tf_attr(node, name), FLOAT, FVI_WIRE_32, &f)) return usual;
    memcpy(&x, f.bytes, sizeof x);
    return x;
}

fvi_tf_bytes fvi_tf_attr_text(fvi_tf_bytes node, const char *name) {
    return fvi_tf_part(fvi_tf_attr(node, name), TEXT);
}

int fvi_tf_attr_type(fvi_tf_bytes node, const char *name, int usual) {
    const int64_t t = fvi_tf_number(fvi_tf_attr(node, name), TYPE, usual);
    return t >= 0 && t < 1 << 16 ? (int)t : 0;
}

fvi_tf_bytes fvi_tf_attr_function(fvi_tf_bytes node, const char *name) {
    return fvi_tf_part(fvi_tf_part(fvi_tf_attr(node, name), FUNCTION), 1);
}

int fvi_tf_attr_ints(fvi_tf_bytes node, const char *name, int64_t *out, int max) {
    const fvi_tf_bytes value = fvi_tf_attr(node, name), list = fvi_tf_part(value, LIST);
    fvi_wire w = fvi_tf_wire(list);
    fvi_wire_field f, one;
    int n = 0;
    if (!list.bytes) return value.bytes ? 0 : -1;
    while (n <= max && fvi_wire_next(&w, &f) > 0) {
        if (f.number != INT) continue;
        if (f.type == FVI_WIRE_VARINT) {
            if (n < max) out[n] = (int64_t)f.value;
            n++;
            continue;
        }
        /* packed: numbers one behind the other; each is read as a field that a tag was put before
         */
        for (size_t at = 0; f.type == FVI_WIRE_BYTES && at < f.size && n <= max; n++) {
            uint8_t tagged[11] = {INT << 3};
            const size_t left = f.size - at < 10 ? f.size - at : 10;
            memcpy(tagged + 1, f.bytes + at, left);
            fvi_wire inner = {tagged, tagged + 1 + left};
            if (fvi_wire_next(&inner, &one) <= 0) return -1;
            if (n < max) out[n] = (int64_t)one.value;
            at += one.whole - 1;
        }
    }
    return n;
}

fvi_tf_bytes fvi_tf_attr_list_text(fvi_tf_bytes node, const char *name, int i) {
    fvi_wire w = fvi_tf_wire(fvi_tf_part(fvi_tf_attr(node, name), LIST));
    fvi_wire_field f;
    while (fvi_wire_next(&w, &f) > 0)
        if (f.number == TEXT && f.type == FVI_WIRE_BYTES && i-- == 0)
            return (fvi_tf_bytes){f.bytes, f.size};
    return (fvi_tf_bytes){0};
}

void fvi_tf_shape(fvi_tf_bytes m, fvi_shape *out) {
    fvi_shape s = {0};
    fvi_wire w = fvi_tf_wire(m);
    fvi_wire_field f;
    int known = m.bytes && !fvi_tf_number(m, 3, 0);
    while (known && fvi_wire_next(&w, &f) > 0) {
        if (f.number != 2 || f.type != FVI_WIRE_BYTES) continue;
        if (s.ndim == FVI_MAX_DIMS) {
            known = 0;
            continue;
        }
        const int64_t size = fvi_tf_number((fvi_tf_bytes){f.bytes, f.size}, 1, 0);
        s.dim[s.ndim++] = size < 0 ? -1 : size;
    }
    if (!known) s.ndim = -1;
    *out = s;
}
