/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up fields of messages. Where a message ends in bytes that are none, what is before them
 * is read; who must know it asks fvi_tf_is_sound. */
#include "model/tensorflow/nodes/message.h"

#include <string.h>

fvi_wire fvi_tf_wire(fvi_tf_bytes m) {
    static const uint8_t nothing[1];
    return m.bytes ? (fvi_wire){m.bytes, m.bytes + m.size} : (fvi_wire){nothing, nothing};
}

int fvi_tf_is_sound(fvi_tf_bytes m) {
    fvi_wire w = fvi_tf_wire(m);
    fvi_wire_field f;
    int got;
    while ((got = fvi_wire_next(&w, &f)) > 0) {}
    return got == 0;
}

int fvi_tf_find(fvi_tf_bytes m, uint32_t number, int type, fvi_wire_field *out) {
    fvi_wire w = fvi_tf_wire(m);
    fvi_wire_field f;
    int found = 0;
    while (fvi_wire_next(&w, &f) > 0) {
        if (f.number != number || f.type != type) continue;
        *out = f;
        found = 1;
    }
    return found;
}

fvi_tf_bytes fvi_tf_part(fvi_tf_bytes m, uint32_t number) {
    fvi_wire_field f;
    if (!fvi_tf_find(m, number, FVI_WIRE_BYTES, &f)) return (fvi_tf_bytes){0};
    return (fvi_tf_bytes){f.bytes, f.size};
}

int64_t fvi_tf_number(fvi_tf_bytes m, uint32_t number, int64_t usual) {
    fvi_wire_field f;
    return fvi_tf_find(m, number, FVI_WIRE_VARINT, &f) ? (int64_t)f.value : usual;
}

fvi_tf_bytes fvi_tf_entry(fvi_tf_bytes m, uint32_t number, const char *key) {
    fvi_wire w = fvi_tf_wire(m);
    fvi_wire_field f;
    fvi_tf_bytes found = {0};
    while (fvi_wire_next(&w, &f) > 0) {
        const fvi_tf_bytes entry = {f.bytes, f.size};
        if (f.number != number || f.type != FVI_WIRE_BYTES) continue;
        if (fvi_tf_is(fvi_tf_part(entry, 1), key)) found = fvi_tf_part(entry, 2);
    }
    return found;
}

int fvi_tf_is(fvi_tf_bytes text, const char *word) {
    const size_t n = strlen(word);
    return text.bytes && text.size == n && !memcmp(text.bytes, word, n);
}

const char *fvi_tf_text(fvi_pool *pool, fvi_tf_bytes text) {
    if (!text.bytes || memchr(text.bytes, 0, text.size)) return NULL;
    char *copy = fvi_pool_alloc(pool, text.size + 1);
    if (copy && text.size) memcpy(copy, text.bytes, text.size);
    return copy;
}
