/* SPDX-License-Identifier: Apache-2.0 */
/* safetensors files: the length of a header (8 bytes, little-endian), the header, the numbers.
 *
 *   {"NAME": {"dtype": "F32", "shape": [2, 3], "data_offsets": [FROM, TO]}, "__metadata__": {...}}
 *
 * Offsets are counted from the end of the header. An array is checked when it is asked for: that
 * its bytes are in the file, and as many as its shape needs. What it does not read: 8-bit and
 * smaller floats, complex numbers. Source: the README of github.com/huggingface/safetensors. */
#include <string.h>

#include "base/error.h"
#include "base/tensor.h"
#include "model/array/array.h"
#include "model/json.h"

#define LENGTH_BYTES 8
#define HEADER_MAX   ((uint64_t)16 << 20) /* of bytes; a header of 100000 arrays has about 10 MB */

static const struct {
    const char *dtype;
    fvi_elements type;
} types[] = {{"F32", {'f', 4, 0}}, {"F16", {'f', 2, 0}}, {"BF16", {'B', 2, 0}},
             {"F64", {'f', 8, 0}}, {"I8", {'i', 1, 0}},  {"I16", {'i', 2, 0}},
             {"I32", {'i', 4, 0}}, {"I64", {'i', 8, 0}}, {"U8", {'u', 1, 0}},
             {"U16", {'u', 2, 0}}, {"U32", {'u', 4, 0}}, {"U64", {'u', 8, 0}},
             {"BOOL", {'b', 1, 0}}};

static uint64_t header_length(const uint8_t *bytes) {
    uint64_t n = 0;
    for (int i = LENGTH_BYTES - 1; i >= 0; i--) n = n << 8 | bytes[i];
    return n;
}

static int probe(const uint8_t *bytes, size_t size) {
    return size > LENGTH_BYTES + 1 && bytes[LENGTH_BYTES] == '{' &&
           header_length(bytes) <= size - LENGTH_BYTES;
}

/* What the header says of an array. */
typedef struct entry {
    fvi_elements type;
    fvi_shape shape;
    int64_t from; /* of its bytes, from the end of the header */
} entry;

static fv_status read_type(JsonObject *o, entry *e, fv_error *err) {
    const char *dtype = fvi_json_text(o, "dtype", "");
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (!strcmp(types[i].dtype, dtype)) {
            e->type = types[i].type;
            return FV_OK;
        }
    return fvi_fail(err, FV_UNSUPPORTED,
                    "is of dtype \"%.20s\"; read are F16 BF16 F32 F64 I8..I64 U8..U64 BOOL", dtype);
}

/* Reads an array of whole numbers of 0 or more; how many there are, or -1. */
static int read_sizes(JsonArray *array, int most, int64_t *out) {
    const guint n = array ? json_array_get_length(array) : 0;
    double x;
    if (!array || n > (guint)most) return -1;
    for (guint i = 0; i < n; i++)
        if (!fvi_json_as_number(json_array_get_element(array, i), &out[i], &x) || out[i] < 0 ||
            (double)out[i] != x)
            return -1;
    return (int)n;
}

static fv_status read_entry(JsonObject *o, int64_t have, entry *e, fv_error *err) {
    int64_t offsets[2], need = 0;
    char text[FVI_SHAPE_TEXT];
    fv_status st = read_type(o, e, err);
    if (st) return st;
    e->shape.ndim = read_sizes(fvi_json_array(o, "shape"), FVI_MAX_DIMS, e->shape.dim);
    if (e->shape.ndim < 0)
        return fvi_fail(err, FV_FORMAT, "has no shape of at most %d sizes", FVI_MAX_DIMS);
    const int64_t count = fvi_shape_count(&e->shape);
    if (count < 0 || fvi_mul(count, e->type.size, &need))
        return fvi_fail(err, FV_FORMAT, "has a shape %s; at most %lld elements are read",
                        fvi_shape_text(&e->shape, text), (long long)FVI_MAX_ELEMENTS);
    if (read_sizes(fvi_json_array(o, "data_offsets"), 2, offsets) != 2 || offsets[0] > offsets[1] ||
        offsets[1] > have)
        return fvi_fail(err, FV_FORMAT, "has data_offsets outside the file's %lld bytes of numbers",
                        (long long)have);
    if (offsets[1] - offsets[0] != need)
        return fvi_fail(err, FV_FORMAT, "has %lld bytes; its shape %s needs %lld",
                        (long long)(offsets[1] - offsets[0]), fvi_shape_text(&e->shape, text),
                        (long long)need);
    e->from = offsets[0];
    return FV_OK;
}

static fv_status read_array(JsonObject *header, const uint8_t *numbers, int64_t have,
                            const char *name, fv_tensor **out, fv_error *err) {
    entry e = {0};
    GPtrArray *names = g_ptr_array_new();
    GList *members = json_object_get_members(header);
    for (GList *m = members; m; m = m->next)
        if (strcmp(m->data, "__metadata__")) g_ptr_array_add(names, m->data);
    fv_status st = fvi_array_choose(names, name, &name, err);
    if (!st) {
        st = read_entry(fvi_json_object(header, name), have, &e, err);
        if (!st) st = fvi_array_make(&e.type, &e.shape, numbers + e.from, out, err);
        if (st) fvi_error_prefix(err, "array \"%.80s\"", name);
    }
    g_list_free(members);
    g_ptr_array_unref(names);
    return st;
}

static fv_status read_named(const uint8_t *bytes, size_t size, const char *name, fv_tensor **out,
                            fv_error *err) {
    const uint64_t length = header_length(bytes);
    JsonNode *node = NULL;
    if (length > HEADER_MAX)
        return fvi_fail(err, FV_NOMEM, "has a header of %llu bytes; at most %llu are read",
                        (unsigned long long)length, (unsigned long long)HEADER_MAX);
    fv_status st = fvi_json_parse((const char *)bytes + LENGTH_BYTES, (size_t)length, &node, err);
    if (st) return st;
    JsonObject *header = fvi_json_as_object(node);
    const size_t start = LENGTH_BYTES + (size_t)length;
    st = header ? read_array(header, bytes + start, (int64_t)(size - start), name, out, err)
                : fvi_fail(err, FV_FORMAT, "has a header that is no object");
    json_node_unref(node);
    return st;
}

const fvi_array_format fvi_array_safetensors = {"safetensors", probe, read_named};
