/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the attributes of a node. An attribute of another type counts as absent: the lowering
 * refuses nodes in which a well-known attribute has a type that its operator does not allow. */
#include "model/onnx/attribute.h"

#include <string.h>

const Onnx__AttributeProto *fvi_onnx_attr(const Onnx__NodeProto *n, const char *name) {
    for (size_t i = 0; i < n->n_attribute; i++)
        if (n->attribute[i]->name && !strcmp(n->attribute[i]->name, name)) return n->attribute[i];
    return NULL;
}

int fvi_onnx_attr_type(const Onnx__AttributeProto *a) {
    if (a->has_type && a->type) return a->type;
    if (a->has_f) return FVI_ATTR_FLOAT;
    if (a->has_i) return FVI_ATTR_INT;
    if (a->has_s) return FVI_ATTR_STRING;
    if (a->t) return FVI_ATTR_TENSOR;
    if (a->g) return FVI_ATTR_GRAPH;
    if (a->n_floats) return FVI_ATTR_FLOATS;
    if (a->n_strings) return FVI_ATTR_STRINGS;
    return FVI_ATTR_INTS; /* also the empty list, which carries no field */
}

int64_t fvi_onnx_attr_int(const Onnx__NodeProto *n, const char *name, int64_t otherwise) {
    const Onnx__AttributeProto *a = fvi_onnx_attr(n, name);
    return a && fvi_onnx_attr_type(a) == FVI_ATTR_INT ? a->i : otherwise;
}

float fvi_onnx_attr_float(const Onnx__NodeProto *n, const char *name, float otherwise) {
    const Onnx__AttributeProto *a = fvi_onnx_attr(n, name);
    return a && fvi_onnx_attr_type(a) == FVI_ATTR_FLOAT ? a->f : otherwise;
}

int fvi_onnx_attr_is(const Onnx__NodeProto *n, const char *name, const char *text,
                     const char *otherwise) {
    const Onnx__AttributeProto *a = fvi_onnx_attr(n, name);
    if (!a || fvi_onnx_attr_type(a) != FVI_ATTR_STRING)
        return otherwise && !strcmp(text, otherwise);
    size_t length = strlen(text);
    return a->s.len == length && !memcmp(a->s.data, text, length);
}

int fvi_onnx_attr_ints(const Onnx__NodeProto *n, const char *name, const int64_t **out) {
    const Onnx__AttributeProto *a = fvi_onnx_attr(n, name);
    if (!a || fvi_onnx_attr_type(a) != FVI_ATTR_INTS || a->n_ints > INT32_MAX) return -1;
    *out = a->ints;
    return (int)a->n_ints;
}
