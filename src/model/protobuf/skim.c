/* SPDX-License-Identifier: Apache-2.0 */
/* Skimming: a copy of the model's message without the weights, which stay in the mapped file.
 *
 * protobuf-c copies every byte of a message it unpacks. So the main graph's initialisers are
 * visited first: `raw_data`, and `float_data` / `double_data` where they are packed in one piece
 * (then they are little-endian elements too), are noted and left out of the copy; all other fields
 * of the model that fovea knows are copied as they are, the lengths around them written anew.
 * The same walk bounds the nesting of graphs in graphs, as protobuf-c unpacks them by recursion.
 *
 * What it does not do: leave out the payloads of tensors in attributes (they are small).
 * Field numbers: onnx.proto.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/onnx/file_internal.h"
#include "model/protobuf/wire.h"

#define NESTING_MAX 64                      /* graphs within graphs */
#define SLIM_MAX    ((size_t)256 << 20)     /* bytes of a model that are not weights */
#define MODEL_MAX   (((size_t)1 << 31) - 1) /* protobuf's own limit of a message */

enum { MODEL_GRAPH = 7, MODEL_FUNCTION = 25, GRAPH_NODE = 1, GRAPH_INITIALIZER = 5 };
enum { NODE_ATTRIBUTE = 5, ATTRIBUTE_GRAPH = 6, FUNCTION_NODE = 7, FUNCTION_ATTRIBUTE = 11 };
enum { TENSOR_FLOATS = 4, TENSOR_RAW = 9, TENSOR_DOUBLES = 10 };

/* A buffer that grows. */
typedef struct buffer {
    uint8_t *bytes;
    size_t size, room;
} buffer;

typedef struct skimmer {
    const uint8_t *file; /* for the offsets in messages */
    buffer graph, model;
    fvi_payload *payloads;
    size_t count, room;
    int64_t nodes, max_nodes; /* of all graphs and functions */
    fv_error *err;
} skimmer;

static fv_status damaged(skimmer *s, const uint8_t *at, const char *where) {
    return fvi_fail(s->err, FV_FORMAT, "not an ONNX model, or damaged: %s at byte %zu", where,
                    (size_t)(at - s->file));
}

static fv_status buffer_add(skimmer *s, buffer *b, const void *bytes, size_t size) {
    if (size > SLIM_MAX || b->size + size > SLIM_MAX)
        return fvi_fail(s->err, FV_NOMEM, "more than %zu MiB besides the weights", SLIM_MAX >> 20);
    if (b->size + size > b->room) {
        size_t room = (b->size + size) * 2;
        uint8_t *p = realloc(b->bytes, room);
        if (!p) return fvi_fail(s->err, FV_NOMEM, "no memory for %zu bytes of the model", room);
        b->bytes = p;
        b->room = room;
    }
    if (size) memcpy(b->bytes + b->size, bytes, size);
    b->size += size;
    return FV_OK;
}

/* Tag and length of a field of bytes. */
static fv_status buffer_add_head(skimmer *s, buffer *b, uint32_t number, size_t length) {
    uint8_t head[20];
    size_t n = fvi_wire_varint((uint64_t)number << 3 | FVI_WIRE_BYTES, head);
    n += fvi_wire_varint(length, head + n);
    return buffer_add(s, b, head, n);
}

/* The messages that can hold graphs; which of their fields lead to which. */
typedef enum message { IN_GRAPH, IN_NODE, IN_ATTRIBUTE, IN_FUNCTION, NOWHERE } message;

static message leads_to(message m, uint32_t field) {
    switch (m) {
    case IN_GRAPH: return field == GRAPH_NODE ? IN_NODE : NOWHERE;
    case IN_NODE: return field == NODE_ATTRIBUTE ? IN_ATTRIBUTE : NOWHERE;
    case IN_ATTRIBUTE: return field == ATTRIBUTE_GRAPH ? IN_GRAPH : NOWHERE;
    case IN_FUNCTION:
        return field == FUNCTION_NODE        ? IN_NODE
               : field == FUNCTION_ATTRIBUTE ? IN_ATTRIBUTE
                                             : NOWHERE;
    default: return NOWHERE;
    }
}

/* Checks a message that can hold graphs, and all it holds. */
static fv_status walk(skimmer *s, message m, const uint8_t *bytes, size_t size, int graphs) {
    static const char *const name[] = {"a graph", "a node", "an attribute", "a function"};
    if (m == IN_GRAPH && graphs++ == NESTING_MAX)
        return fvi_fail(s->err, FV_FORMAT, "graphs nested more than %d deep", NESTING_MAX);
    fvi_wire w = {bytes, bytes + size};
    fvi_wire_field f;
    int got;
    while ((got = fvi_wire_next(&w, &f)) > 0) {
        message to = leads_to(m, f.number);
        if (to == NOWHERE) continue;
        if (f.type != FVI_WIRE_BYTES) return damaged(s, f.start, name[m]);
        if (to == IN_NODE && s->nodes++ >= s->max_nodes)
            return fvi_fail(s->err, FV_NOMEM, "more than %lld nodes (limit max_nodes)",
                            (long long)s->max_nodes);
        fv_status st = walk(s, to, f.bytes, f.size, graphs);
        if (st) return st;
    }
    return got ? damaged(s, w.at, name[m]) : FV_OK;
}

/* A network has a few initialisers a node. */
static fv_status payload_add(skimmer *s, fvi_payload p) {
    if ((int64_t)s->count >= 4 * s->max_nodes)
        return fvi_fail(s->err, FV_NOMEM, "more than %lld initialisers (4 times limit max_nodes)",
                        (long long)(4 * s->max_nodes));
    if (s->count == s->room) {
        size_t room = s->room ? s->room * 2 : 256;
        fvi_payload *grown = realloc(s->payloads, room * sizeof *grown);
        if (!grown) return fvi_fail(s->err, FV_NOMEM, "no memory for %zu initialisers", room);
        s->payloads = grown;
        s->room = room;
    }
    s->payloads[s->count++] = p;
    return FV_OK;
}

/* Which field of a tensor stays in the file: the last raw_data, else the only packed piece of
 * floats or doubles; 0 for none. `left_out` counts the bytes of all fields of that number. */
static int payload_choose(fvi_wire w, fvi_payload *p, size_t *left_out) {
    fvi_wire_field f, piece[TENSOR_DOUBLES + 1];
    int n[TENSOR_DOUBLES + 1] = {0};
    size_t bytes[TENSOR_DOUBLES + 1] = {0};
    while (fvi_wire_next(&w, &f) > 0) {
        if (f.number != TENSOR_RAW && f.number != TENSOR_FLOATS && f.number != TENSOR_DOUBLES)
            continue;
        n[f.number] += f.type == FVI_WIRE_BYTES ? 1 : 2; /* unpacked: never the only piece */
        bytes[f.number] += f.whole;
        piece[f.number] = f;
    }
    int which = n[TENSOR_RAW] && piece[TENSOR_RAW].type == FVI_WIRE_BYTES ? TENSOR_RAW
                : n[TENSOR_FLOATS] == 1                                   ? TENSOR_FLOATS
                : n[TENSOR_DOUBLES] == 1                                  ? TENSOR_DOUBLES
                                                                          : 0;
    *p = which ? (fvi_payload){piece[which].bytes, piece[which].size} : (fvi_payload){0};
    *left_out = which ? bytes[which] : 0;
    return which;
}

static fv_status skim_initializer(skimmer *s, const fvi_wire_field *t) {
    if (t->type != FVI_WIRE_BYTES) return damaged(s, t->start, "an initialiser");
    fvi_payload p;
    size_t left_out;
    fvi_wire w = {t->bytes, t->bytes + t->size};
    uint32_t which = (uint32_t)payload_choose(w, &p, &left_out);
    fv_status st = payload_add(s, p);
    if (!st) st = buffer_add_head(s, &s->graph, GRAPH_INITIALIZER, t->size - left_out);
    fvi_wire_field f;
    int got = 0;
    while (!st && (got = fvi_wire_next(&w, &f)) > 0)
        if (!which || f.number != which) st = buffer_add(s, &s->graph, f.start, f.whole);
    if (st) return st;
    return got ? damaged(s, w.at, "an initialiser") : FV_OK;
}

static int graph_field_known(uint32_t number) {
    return number <= 2 || (number >= 11 && number <= 13);
}

static fv_status skim_graph(skimmer *s, const fvi_wire_field *g) {
    if (g->type != FVI_WIRE_BYTES) return damaged(s, g->start, "the graph");
    if (s->graph.bytes) return fvi_fail(s->err, FV_FORMAT, "the file holds two graphs");
    fv_status st = walk(s, IN_GRAPH, g->bytes, g->size, 0);
    fvi_wire w = {g->bytes, g->bytes + g->size};
    fvi_wire_field f;
    while (!st && fvi_wire_next(&w, &f) > 0) {
        if (f.number == GRAPH_INITIALIZER)
            st = skim_initializer(s, &f);
        else if (graph_field_known(f.number))
            st = buffer_add(s, &s->graph, f.start, f.whole);
    }
    if (!st) st = buffer_add_head(s, &s->model, MODEL_GRAPH, s->graph.size);
    if (!st) st = buffer_add(s, &s->model, s->graph.bytes, s->graph.size);
    return st;
}

static int model_field_known(uint32_t number) {
    return number <= 5 || number == 8 || number == 14 || number == MODEL_FUNCTION;
}

static fv_status skim_model(skimmer *s, const uint8_t *bytes, size_t size) {
    fvi_wire w = {bytes, bytes + size};
    fvi_wire_field f;
    int got = 0;
    fv_status st = FV_OK;
    while (!st && (got = fvi_wire_next(&w, &f)) > 0) {
        if (f.number == MODEL_GRAPH) {
            st = skim_graph(s, &f);
            continue;
        }
        if (!model_field_known(f.number)) continue;
        if (f.number == MODEL_FUNCTION) {
            if (f.type != FVI_WIRE_BYTES) return damaged(s, f.start, "a function");
            st = walk(s, IN_FUNCTION, f.bytes, f.size, 0);
        }
        if (!st) st = buffer_add(s, &s->model, f.start, f.whole);
    }
    if (!st && got) st = damaged(s, w.at, "the model");
    return st;
}

fv_status fvi_skim_make(const uint8_t *bytes, size_t size, int64_t max_nodes, fvi_skim *out,
                        fv_error *err) {
    if (!size) return fvi_fail(err, FV_FORMAT, "the file is empty");
    if (size > MODEL_MAX)
        return fvi_fail(err, FV_FORMAT,
                        "%zu bytes, but an ONNX file ends at 2 GiB; larger models keep their "
                        "weights in external data files",
                        size);
    skimmer s = {.file = bytes, .max_nodes = max_nodes, .err = err};
    fv_status st = skim_model(&s, bytes, size);
    if (!st && !s.graph.bytes && !s.model.bytes)
        st = fvi_fail(err, FV_FORMAT, "not an ONNX model: it holds no graph");
    free(s.graph.bytes);
    if (st) {
        free(s.model.bytes);
        free(s.payloads);
        return st;
    }
    *out = (fvi_skim){s.model.bytes, s.model.size, s.payloads, s.count};
    return FV_OK;
}

void fvi_skim_free(fvi_skim *s) {
    free(s->slim);
    free(s->payloads);
    *s = (fvi_skim){0};
}
