/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of binary containers, along what leads through them: HDF5's texts, a flatbuffer's tables
 * and vectors, a protobuf's fields. No schema is needed. What it does not do: HDF5's checksums,
 * which files of its newer versions have over some blocks. */
#include <string.h>

#include "mutate.h"

#define DEPTH_MAX 32

/* ---- HDF5 ---- */

/* Length of the JSON object at `from`, 0 where it does not end. */
static size_t json_length(const GByteArray *bytes, size_t from) {
    int depth = 0, quoted = 0;
    for (size_t i = from; i < bytes->len && bytes->data[i]; i++) {
        const uint8_t c = bytes->data[i];
        if (c == '"') quoted = !quoted;
        depth += quoted ? 0 : (c == '{') - (c == '}');
        if (!depth) return i + 1 - from;
    }
    return 0;
}

/* JSON without the blanks behind commas and colons: room for what comes. */
static GByteArray *tight(const uint8_t *json, size_t n) {
    GByteArray *made = g_byte_array_new();
    for (size_t i = 0; i < n; i++)
        if (json[i] != ' ' || !i || !strchr(",:", json[i - 1]))
            g_byte_array_append(made, json + i, 1);
    return made;
}

void mutate_hdf5(GRand *random, GByteArray *bytes) {
    for (size_t i = 0; mutate_below(random, 4) && i + 2 < bytes->len; i++) {
        const size_t n = memcmp(bytes->data + i, "{\"", 2) ? 0 : json_length(bytes, i);
        if (n < 16 || !mutate_below(random, 4)) continue;
        GByteArray *json = tight(bytes->data + i, n);
        mutate_text(random, json);
        const int fits = json->len <= n;
        if (fits) {
            memset(bytes->data + i, ' ', n);
            memcpy(bytes->data + i, json->data, json->len);
        }
        g_byte_array_free(json, TRUE);
        if (fits) return;
    }
    mutate_words(random, bytes);
}

/* ---- flatbuffers ---- */

static int64_t get(const GByteArray *bytes, int64_t at, int width) {
    int64_t value = 0;
    if (at < 0 || at > (int64_t)bytes->len - width) return 0;
    memcpy(&value, bytes->data + at, (size_t)width);
    return width == 4 ? (int32_t)value : value;
}

static void put(GRand *random, GByteArray *bytes, int64_t at, int width) {
    if (at < 0 || at > (int64_t)bytes->len - width) return;
    int64_t value = get(bytes, at, width);
    value = mutate_below(random, 4) ? mutate_number(random, value)
                                    : (int64_t)mutate_below(random, bytes->len) - at;
    memcpy(bytes->data + at, &value, (size_t)width);
}

/* Where the table at `at` keeps a field taken at random, or -1. */
static int64_t field_of(GRand *random, const GByteArray *bytes, int64_t at, int64_t *entry) {
    const int64_t vtable = at - get(bytes, at, 4), size = get(bytes, vtable, 2);
    if (size < 6 || size > 256) return -1;
    *entry = vtable + 4 + 2 * (int64_t)mutate_below(random, (size_t)(size - 4) / 2);
    const int64_t offset = get(bytes, *entry, 2);
    return offset ? at + offset : -1;
}

void mutate_flatbuffer(GRand *random, GByteArray *bytes) {
    int64_t table = get(bytes, 0, 4), field = 0, entry = 0, at = 0;
    const int stop = (int)mutate_below(random, 12);
    for (int depth = 0; depth <= stop; depth++) {
        const int64_t f = field_of(random, bytes, table, &entry);
        if (f < 0) continue;
        field = f;
        at = field + get(bytes, field, 4);
        if (at <= field || at + 4 > (int64_t)bytes->len) continue; /* a number */
        const int64_t count = get(bytes, at, 4);
        const int64_t i = mutate_below(random, (size_t)MAX(count, 1));
        const int64_t element = at + 4 + 4 * i;
        const int64_t child = element + get(bytes, element, 4);
        if (count > 0 && count < (1 << 16) && field_of(random, bytes, child, &entry) >= 0)
            table = child;
        else if (field_of(random, bytes, at, &entry) >= 0)
            table = at;
        else if (mutate_below(random, 2)) /* numbers or a text */
            field = mutate_below(random, 3) ? element : at;
    }
    switch (mutate_below(random, 8)) {
    case 0: put(random, bytes, entry, 2); break;
    case 1: put(random, bytes, table, 4); break;
    case 2: mutate_words(random, bytes); break;
    case 3: put(random, bytes, field, 1); break;
    default: put(random, bytes, field, 4);
    }
}

/* ---- protobuf ---- */

typedef struct part {
    size_t at, n;        /* the whole field */
    size_t payload, len; /* of what is counted: its bytes */
    unsigned wire;
    uint64_t value; /* of a number: itself */
    unsigned tag;
} part;

static int varint(const uint8_t *p, size_t n, size_t *at, uint64_t *value) {
    *value = 0;
    for (unsigned shift = 0; shift < 64 && *at < n; shift += 7) {
        const uint8_t c = p[(*at)++];
        *value |= (uint64_t)(c & 127) << shift;
        if (!(c & 128)) return 1;
    }
    return 0;
}

static void append_varint(GByteArray *to, uint64_t value) {
    do {
        const uint8_t c = (uint8_t)((value & 127) | (value > 127 ? 128 : 0));
        g_byte_array_append(to, &c, 1);
        value >>= 7;
    } while (value);
}

/* The fields of a message; NULL: it is none. */
static GArray *parts_of(const uint8_t *p, size_t n) {
    GArray *parts = g_array_new(FALSE, FALSE, sizeof(part));
    size_t at = 0;
    while (at < n) {
        part f = {.at = at};
        uint64_t tag = 0;
        int ok = varint(p, n, &at, &tag) && tag >= 8 && tag < ((uint64_t)1 << 20);
        f.wire = tag & 7;
        f.tag = (unsigned)tag;
        if (ok && (f.wire == 0 || f.wire == 2)) ok = varint(p, n, &at, &f.value);
        f.payload = at;
        f.len = f.wire == 2 ? f.value : f.wire == 1 ? 8 : f.wire == 5 ? 4 : 0;
        if (!ok || f.wire == 3 || f.wire == 4 || f.wire > 5 || f.len > n - at) {
            g_array_free(parts, TRUE);
            return NULL;
        }
        at += f.len;
        f.n = at - f.at;
        g_array_append_val(parts, f);
    }
    return parts;
}

static int is_printable(const uint8_t *p, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (p[i] < 32 || p[i] > 126) return 0;
    return 1;
}

static void write_field(GByteArray *message, const part *f, const void *bytes, size_t n) {
    GByteArray *made = g_byte_array_new();
    append_varint(made, f->tag);
    if (f->wire == 2) append_varint(made, n);
    g_byte_array_append(made, bytes, (guint)n);
    mutate_replace(message, f->at, f->n, made->data, made->len);
    g_byte_array_free(made, TRUE);
}

/* Another value for a number, a text, or what is packed. */
static void change_value(GRand *random, GByteArray *message, const part *f) {
    GByteArray *made = g_byte_array_new();
    if (f->wire == 0) {
        append_varint(made, (uint64_t)mutate_number(random, (int64_t)f->value));
    } else {
        g_byte_array_append(made, message->data + f->payload, (guint)f->len);
        if (f->wire == 2 && is_printable(made->data, made->len)) {
            const char *word = mutate_word(random);
            mutate_replace(made, 0, made->len, word, strlen(word));
        } else if (made->len) {
            const guint size = made->len;
            mutate_words(random, made);
            if (f->wire != 2) g_byte_array_set_size(made, size);
        }
    }
    write_field(message, f, made->data, made->len);
    g_byte_array_free(made, TRUE);
}

/* One field of a message goes, comes again, stands elsewhere, or becomes another one of its
 * kind. */
static void change_field(GRand *random, GByteArray *message, GArray *parts, const part *f) {
    const part *g = &g_array_index(parts, part, mutate_below(random, parts->len));
    for (int tries = 0; tries < 8 && (g == f || g->tag != f->tag); tries++)
        g = &g_array_index(parts, part, mutate_below(random, parts->len));
    uint8_t *other = g_memdup2(message->data + g->at, g->n);
    switch (mutate_below(random, 8)) {
    case 0: mutate_replace(message, f->at, f->n, NULL, 0); break;
    case 1: mutate_replace(message, f->at, 0, other, g->n); break;
    case 2: mutate_replace(message, f->at, f->n, other, g->n); break;
    default: change_value(random, message, f);
    }
    g_free(other);
}

static int change_message(GRand *random, GByteArray *message, int depth) {
    GArray *parts = parts_of(message->data, message->len);
    if (!parts || !parts->len) {
        if (parts) g_array_free(parts, TRUE);
        return 0;
    }
    const part *f = &g_array_index(parts, part, mutate_below(random, parts->len));
    const size_t byte = mutate_below(random, message->len);
    if (mutate_below(random, 2)) /* large ones as often as they are large */
        for (guint i = 0; i < parts->len; i++)
            if (byte >= g_array_index(parts, part, i).at) f = &g_array_index(parts, part, i);
    GByteArray *inside = g_byte_array_new();
    int done = 0;
    if (f->wire == 2 && f->len && depth < DEPTH_MAX && mutate_below(random, 8)) {
        g_byte_array_append(inside, message->data + f->payload, (guint)f->len);
        if (!is_printable(inside->data, inside->len))
            done = change_message(random, inside, depth + 1);
        if (done) write_field(message, f, inside->data, inside->len);
    }
    if (!done) change_field(random, message, parts, f);
    g_byte_array_free(inside, TRUE);
    g_array_free(parts, TRUE);
    return 1;
}

int mutate_protobuf(GRand *random, GByteArray *bytes) { return change_message(random, bytes, 0); }
