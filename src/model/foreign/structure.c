/* SPDX-License-Identifier: Apache-2.0 */
/* Looking into the bytes of a file of unknown kind.
 *
 * Protobuf messages are told apart by which fields they have, of which type, and what the first one
 * holds; field numbers are those of Model.proto (Core ML), meta_graph.proto (TensorFlow),
 * mind_ir.proto (MindSpore), caffe.proto, framework.proto (PaddlePaddle).
 *
 * What it does not do: check a file. What it says is a guess, good enough for advice.
 */
#include "model/foreign/structure.h"

#include <glib.h>
#include <string.h>

#include "model/protobuf/wire.h"

#define WORD_MAX   ((size_t)64 << 20) /* bytes that are looked through for a word */
#define TEXT_MAX   4096               /* bytes that tell text from other things */
#define TEXT_MIN   4                  /* fewer may be anything */
#define TABLE_MAX  ((size_t)4 << 20)  /* of a zip archive, from its end */
#define FIELDS_MAX 4096               /* of a message, from its beginning */

/* ---- numbers and words ---------------------------------------------------------------------- */

uint32_t fvi_foreign_u32(const fvi_foreign_file *f, size_t at) {
    uint32_t v = 0;
    for (size_t i = 0; i < 4 && at + i < f->size; i++) v |= (uint32_t)f->bytes[at + i] << (8 * i);
    return v;
}

/* Where a word begins in [from, size), or size. */
static size_t find(const uint8_t *bytes, size_t from, size_t size, const char *word) {
    const size_t n = strlen(word);
    for (size_t at = from; n && at + n <= size; at++) {
        const uint8_t *next = memchr(bytes + at, word[0], size - n + 1 - at);
        if (!next) return size;
        at = (size_t)(next - bytes);
        if (!memcmp(next, word, n)) return at;
    }
    return size;
}

int fvi_foreign_has_word(const fvi_foreign_file *f, const char *word) {
    const size_t size = MIN(f->size, WORD_MAX);
    return !word[0] || find(f->bytes, 0, size, word) < size;
}

/* ---- text ----------------------------------------------------------------------------------- */

int fvi_foreign_is_text(const fvi_foreign_file *f) {
    const size_t n = MIN(f->size, TEXT_MAX);
    for (size_t i = 0; i < n; i++)
        if (f->bytes[i] < ' ' && !strchr("\t\n\r\f", f->bytes[i])) return 0;
    const char *end = NULL;
    const int valid = g_utf8_validate((const char *)f->bytes, (gssize)n, &end);
    const size_t cut = valid ? 0 : n - (size_t)(end - (const char *)f->bytes); /* of a character */
    return n >= TEXT_MIN && (valid || (n < f->size && cut < 4)) && !memchr(f->bytes, '\0', n);
}

static int is_space(uint8_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* The first byte from `at` that is no white space, or size. */
static size_t skip_space(const fvi_foreign_file *f, size_t at) {
    while (at < f->size && is_space(f->bytes[at])) at++;
    return at;
}

static size_t text_start(const fvi_foreign_file *f) {
    const int mark = f->size >= 3 && !memcmp(f->bytes, "\xef\xbb\xbf", 3);
    return skip_space(f, mark ? 3 : 0);
}

int fvi_foreign_text_starts(const fvi_foreign_file *f, const char *with) {
    const size_t at = text_start(f), n = strlen(with);
    return f->size - at >= n && !g_ascii_strncasecmp((const char *)f->bytes + at, with, n);
}

int fvi_foreign_looks_json(const fvi_foreign_file *f) {
    const size_t at = text_start(f);
    if (!fvi_foreign_is_text(f) || at >= f->size || !memchr("{[", f->bytes[at], 2)) return 0;
    const size_t next = skip_space(f, at + 1);
    return next < f->size && memchr("\"{[]}-0123456789", f->bytes[next], 16) != NULL;
}

/* ---- zip ------------------------------------------------------------------------------------ */

int fvi_foreign_zip_has(const fvi_foreign_file *f, const char *word) {
    if (f->size < 22 || memcmp(f->bytes, "PK\3\4", 4) != 0) return 0;
    const size_t from = f->size > TABLE_MAX ? f->size - TABLE_MAX : 0;
    const size_t table = find(f->bytes, from, f->size, "PK\1\2");
    return find(f->bytes, table, f->size, word) < f->size;
}

/* ---- protobuf ------------------------------------------------------------------------------- */

/* The first field of that number and type, looking at no more than FIELDS_MAX; 0: none. */
static int field(const uint8_t *bytes, size_t size, uint32_t number, int type,
                 fvi_wire_field *out) {
    fvi_wire w = {bytes, bytes + size};
    for (int i = 0; i < FIELDS_MAX && fvi_wire_next(&w, out) == 1; i++)
        if (out->number == number && out->type == type) return 1;
    return 0;
}

static int has_field(const fvi_foreign_file *f, uint32_t number, int type, fvi_wire_field *out) {
    return field(f->bytes, f->size, number, type, out);
}

/* Whether a field holds a name: printable and not empty. */
static int is_name(const fvi_wire_field *f) {
    for (size_t i = 0; i < f->size; i++)
        if (f->bytes[i] < ' ' || f->bytes[i] > '~') return 0;
    return f->size > 0 && f->size < 1000;
}

int fvi_foreign_is_core_ml(const fvi_foreign_file *f) {
    fvi_wire_field version, part;
    if (!has_field(f, 1, FVI_WIRE_VARINT, &version) || !has_field(f, 2, FVI_WIRE_BYTES, &part))
        return 0;
    fvi_wire w = {f->bytes, f->bytes + f->size};
    for (int i = 0; i < FIELDS_MAX && fvi_wire_next(&w, &part) == 1; i++)
        if (part.number >= 200 && part.number < 4000 && part.type == FVI_WIRE_BYTES) return 1;
    return 0;
}

/* What is said of the graph, then a graph whose first node has a name and an operator. */
int fvi_foreign_is_meta_graph(const fvi_foreign_file *f) {
    fvi_wire_field about, graph, node, name, op;
    return has_field(f, 1, FVI_WIRE_BYTES, &about) && !is_name(&about) &&
           has_field(f, 2, FVI_WIRE_BYTES, &graph) &&
           field(graph.bytes, graph.size, 1, FVI_WIRE_BYTES, &node) &&
           field(node.bytes, node.size, 1, FVI_WIRE_BYTES, &name) && is_name(&name) &&
           field(node.bytes, node.size, 2, FVI_WIRE_BYTES, &op) && is_name(&op);
}

int fvi_foreign_is_mindspore(const fvi_foreign_file *f) {
    fvi_wire_field producer;
    return has_field(f, 2, FVI_WIRE_BYTES, &producer) && producer.size == strlen("MindSpore") &&
           !memcmp(producer.bytes, "MindSpore", producer.size);
}

/* Whether a field holds a message, to its end. */
static int is_message(const fvi_wire_field *f) {
    fvi_wire w = {f->bytes, f->bytes + f->size};
    fvi_wire_field inner;
    int more = 1;
    for (int i = 0; i < FIELDS_MAX && more == 1; i++) more = fvi_wire_next(&w, &inner);
    return more >= 0;
}

/* A name, and layers of the first or the second kind. */
int fvi_foreign_is_caffe(const fvi_foreign_file *f) {
    fvi_wire_field name, layer;
    const int named = has_field(f, 1, FVI_WIRE_BYTES, &name) && is_name(&name);
    if (has_field(f, 100, FVI_WIRE_BYTES, &layer)) return is_message(&layer);
    return named && has_field(f, 2, FVI_WIRE_BYTES, &layer) && is_message(&layer);
}

/* Blocks, each with two numbers: its own and its parent's. */
int fvi_foreign_is_paddle(const fvi_foreign_file *f) {
    fvi_wire_field block, number;
    return f->size && f->bytes[0] == 0x0a && has_field(f, 1, FVI_WIRE_BYTES, &block) &&
           block.size > 4 && block.bytes[0] == 0x08 &&
           field(block.bytes, block.size, 2, FVI_WIRE_VARINT, &number);
}
