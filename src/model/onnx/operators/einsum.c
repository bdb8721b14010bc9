/* SPDX-License-Identifier: Apache-2.0 */
/* Einsum (graph/build/einsum.c). Source: ONNX operator specification (Einsum-12). */
#include "graph/build/einsum.h"
#include "model/onnx/attribute.h"
#include "model/onnx/operators.h"

fv_status fvi_lower_einsum(fvi_onnx_node *node) {
    const Onnx__AttributeProto *a = fvi_onnx_attr(node->proto, "equation");
    for (int i = 0; i < node->n_in; i++) fvi_onnx_need(node, i);
    if (node->b->status) return node->b->status;
    return fvi_onnx_out(node, 0,
                        fvi_emit_einsum(node->b, a ? (const char *)a->s.data : "", a ? a->s.len : 0,
                                        node->n_in, node->in));
}
