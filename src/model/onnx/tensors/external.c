/* SPDX-License-Identifier: Apache-2.0 */
/* External data: weights in files of their own in the model's folder. Source: docs/ExternalData.md
 * of ONNX.
 */
#include "model/onnx/tensors/external.h"

#include <string.h>

#include "base/error.h"

static const char *entry(const Onnx__TensorProto *t, const char *key) {
    for (size_t i = 0; i < t->n_external_data; i++) {
        const Onnx__StringStringEntryProto *e = t->external_data[i];
        if (e->key && !strcmp(e->key, key)) return e->value ? e->value : "";
    }
    return NULL;
}

/* Reads an optional decimal number; `otherwise` when it is absent. */
static fv_status entry_number(const Onnx__TensorProto *t, const char *key, uint64_t otherwise,
                              uint64_t *out, fv_error *err) {
    const char *text = entry(t, key);
    guint64 v = otherwise;
    if (text && !g_ascii_string_to_unsigned(text, 10, 0, INT64_MAX, &v, NULL))
        return fvi_fail(err, FV_FORMAT, "tensor \"%s\": external %s is \"%s\", not a size",
                        fvi_tensor_name(t), key, text);
    *out = v;
    return FV_OK;
}

fv_status fvi_onnx_external(const fvi_onnx *o, const Onnx__TensorProto *t, uint64_t need,
                            const uint8_t **out, fv_error *err) {
    const char *location = entry(t, "location");
    if (!location)
        return fvi_fail(err, FV_FORMAT, "tensor \"%s\": no location of its external data",
                        fvi_tensor_name(t));
    uint64_t offset, length;
    fv_status st = entry_number(t, "offset", 0, &offset, err);
    if (!st) st = entry_number(t, "length", need, &length, err);
    if (st) return st;
    if (length != need)
        return fvi_fail(err, FV_FORMAT,
                        "tensor \"%s\": external length is %" G_GUINT64_FORMAT
                        " bytes, its shape needs %" G_GUINT64_FORMAT,
                        fvi_tensor_name(t), (guint64)length, (guint64)need);
    const fvi_mapping *m = NULL;
    st = fvi_model_file_sibling(&o->file, location, &m, err);
    if (st) {
        fvi_error_prefix(err, "tensor \"%s\"", fvi_tensor_name(t));
        return st;
    }
    if (offset > m->size || need > m->size - offset)
        return fvi_fail(err, FV_FORMAT,
                        "tensor \"%s\": %" G_GUINT64_FORMAT " bytes at %" G_GUINT64_FORMAT
                        " of \"%s\", which has %zu",
                        fvi_tensor_name(t), (guint64)need, (guint64)offset, location, m->size);
    *out = m->bytes + offset;
    return FV_OK;
}
