/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of an ONNX node. */
#ifndef FVI_MODEL_ONNX_ATTRIBUTE_H
#define FVI_MODEL_ONNX_ATTRIBUTE_H

#include <stdint.h>

#include "model/onnx/onnx.pb-c.h"

/* AttributeProto.AttributeType, as ONNX numbers them. */
enum {
    FVI_ATTR_FLOAT = 1,
    FVI_ATTR_INT = 2,
    FVI_ATTR_STRING = 3,
    FVI_ATTR_TENSOR = 4,
    FVI_ATTR_GRAPH = 5,
    FVI_ATTR_FLOATS = 6,
    FVI_ATTR_INTS = 7,
    FVI_ATTR_STRINGS = 8
};

/* Attributes of a node; the default when absent. */
const Onnx__AttributeProto *fvi_onnx_attr(const Onnx__NodeProto *n, const char *name);
int64_t fvi_onnx_attr_int(const Onnx__NodeProto *n, const char *name, int64_t otherwise);
float fvi_onnx_attr_float(const Onnx__NodeProto *n, const char *name, float otherwise);
/* Whether a `string` attribute is `text`; an absent one counts as `otherwise`. */
int fvi_onnx_attr_is(const Onnx__NodeProto *n, const char *name, const char *text,
                     const char *otherwise);
/* Integers of an `ints` attribute: their number, -1 when absent. */
int fvi_onnx_attr_ints(const Onnx__NodeProto *n, const char *name, const int64_t **out);
/* The type an attribute has, or must have by the fields it carries (old files name no type). */
int fvi_onnx_attr_type(const Onnx__AttributeProto *a);

#endif
